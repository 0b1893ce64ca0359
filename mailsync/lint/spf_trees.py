"""What is wrong in the whole tree of a domain's SPF, as far as files and look-ups tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark
from mailsync.mail.spf import LOOKUPS_MAX
from mailsync.mail.spf_lookups import VOIDS_MAX, Fault
from mailsync.mail.spf_survey import SURVEYED_MAX, Problem, Survey, survey

_SHOWN = 6


def too_many_lookups(case: Case) -> Iterator[Remark]:
    """Find records whose evaluation asks for more than receivers do."""
    for wish, found in _surveys(case):
        if found.lookups > LOOKUPS_MAX:
            count = "over a hundred" if found.lookups > SURVEYED_MAX else str(found.lookups)
            yield Remark(
                wish.place,
                f"the SPF of {shown(wish.name)} takes {count} look-ups, more than {LOOKUPS_MAX}: "
                f"receivers answer permerror ({_costs(wish, found)})",
            )
        for problem in found.problems:
            if problem.fault == "mx-hosts":
                yield Remark(wish.place, f"{_where(wish, problem)}{problem.text}")


def too_many_voids(case: Case) -> Iterator[Remark]:
    """Find records of which too many names have nothing; for IPv6 senders alone it is a warning."""
    for wish, found in _surveys(case):
        if len(found.voids) > VOIDS_MAX:
            yield Remark(wish.place, _void(wish, found.voids, "receivers answer permerror"))
            continue
        for_ipv6 = _survey(case, wish.name, 6).voids
        if len(for_ipv6) > VOIDS_MAX:
            what = "receivers answer permerror to senders that come by IPv6"
            yield Remark(wish.place, _void(wish, for_ipv6, what), "warning")


def include_none(case: Case) -> Iterator[Remark]:
    """Find includes and redirects of names without a record."""
    return _told(case, frozenset({"none"}), "that is a permerror for every sender")


def include_broken(case: Case) -> Iterator[Remark]:
    """Find included records that are errors themselves."""
    for wish, found in _surveys(case):
        for problem in found.problems:
            inner = problem.at.domain != shown(wish.name)
            if problem.fault in {"syntax", "multiple"} and inner:
                yield Remark(
                    wish.place,
                    f"the SPF of {shown(wish.name)} includes a broken record: {problem.text}",
                )


def loops(case: Case) -> Iterator[Remark]:
    """Find records that come back to themselves."""
    return _told(case, frozenset({"loop"}), "receivers go round until they answer permerror")


def _told(case: Case, faults: frozenset[Fault], so: str) -> Iterator[Remark]:
    for wish, found in _surveys(case):
        for problem in found.problems:
            if problem.fault in faults:
                yield Remark(wish.place, f"{_where(wish, problem)}{problem.text}: {so}")


def _surveys(case: Case) -> Iterator[tuple[Wish, Survey]]:
    for wish, _ in case.spf_records:
        yield wish, _survey(case, wish.name, 4)


def _survey(case: Case, name: str, version: Literal[4, 6]) -> Survey:
    known = case.surveys
    if (name, version) not in known:
        known[name, version] = survey(shown(name), case, version)
    return known[name, version]


def _where(wish: Wish, problem: Problem) -> str:
    return "" if problem.at.domain == shown(wish.name) else f"in {problem.at.domain}, "


def _void(wish: Wish, names: tuple[str, ...], so: str) -> str:
    few = list(dict.fromkeys(names))[:_SHOWN]
    return (
        f"{len(names)} look-ups of the SPF of {shown(wish.name)} find nothing, more than "
        f"{VOIDS_MAX}: {so} (nothing at {', '.join(few)})"
    )


def _costs(wish: Wish, found: Survey) -> str:
    """Say how many look-ups each term of the record itself takes, the dearest first."""
    costs: dict[str, int] = {}
    before = 0
    for step in found.trail:
        if step.at.depth == 0 and step.at.domain == shown(wish.name):
            costs[step.at.term] = costs.get(step.at.term, 0) + step.lookups - before
            before = step.lookups
    dear = sorted(((n, term) for term, n in costs.items() if n), key=lambda one: -one[0])
    more = f" and {len(dear) - _SHOWN} more terms" if len(dear) > _SHOWN else ""
    return ", ".join(f"{term}: {n}" for n, term in dear[:_SHOWN]) + more
