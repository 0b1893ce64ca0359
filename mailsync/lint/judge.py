"""`judge`: one domain by all rules that files, and look-ups where there are any, can decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailsync.desired.model import Desired, Place
from mailsync.dns.answer import Resolver
from mailsync.dns.names import shown
from mailsync.lint.case import Case, Files
from mailsync.lint.model import Finding, Severity
from mailsync.lint.registry import RULES

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding about a domain. One that the user has acknowledged is shown, and never counts."""

    domain: str
    finding: Finding
    place: Place
    acknowledged: bool = False


def judge(
    desired: Desired, files: Files | None = None, resolver: Resolver | None = None
) -> tuple[Judgement, ...]:
    """Judge one domain; ``files`` are those of all domains. Sorted by place, the worst first there.

    Severities are as the configuration has them (``desired.severities``).
    """
    case = Case(desired, Files.of((desired,)) if files is None else files, resolver)
    found = tuple(_found(case))
    return ordered((*found, *_acknowledged_nothing(desired, found)))


def ordered(judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """Sort by place, then the worst first; what is said twice of one place is said once."""
    unique = {(one.place, one.finding): one for one in judgements}
    return tuple(
        sorted(
            unique.values(),
            key=lambda one: (
                one.place,
                _RANK[one.finding.severity],
                one.finding.id,
                one.finding.message,
            ),
        )
    )


@lru_cache(maxsize=64)
def offline(desired: Desired) -> tuple[Finding, ...]:
    """Give what a plan says of the files alone: errors and warnings that nobody has acknowledged.

    The same domain is planned many times in a run, and judged once.
    """
    return tuple(
        one.finding
        for one in judge(desired)
        if not one.acknowledged and one.finding.severity != "info"
    )


def judgement(
    desired: Desired, id_: str, severity: Severity, message: str, place: Place
) -> Iterator[Judgement]:
    """Make one finding about a domain as the configuration and its file want it; none if it is off.

    ``severity`` is what it is where the configuration says nothing.
    """
    level = dict(desired.severities).get(id_, severity)
    if level != "off":
        finding = Finding(id_, level, message, str(place))
        yield Judgement(shown(desired.domain), finding, place, id_ in desired.acknowledged)


def _found(case: Case) -> Iterator[Judgement]:
    desired = case.desired
    for said in desired.remarks:
        if said.id == "private-key-readable":
            continue  # its rule tells it, once
        yield from judgement(desired, said.id, "info", said.text, said.place)
    for rule in RULES.values():
        for remark in () if rule.judge is None else rule.judge(case):
            severity = remark.severity or rule.severity
            yield from judgement(desired, rule.id, severity, remark.message, remark.place)


def _acknowledged_nothing(desired: Desired, found: Sequence[Judgement]) -> Iterator[Judgement]:
    """Tell of what is acknowledged and not found: the day it comes back nobody would be told.

    What look-ups or other commands decide may be there all the same.
    """
    ids = {one.finding.id for one in found}
    for id_ in sorted(desired.acknowledged - ids):
        rule = RULES.get(id_)
        if rule is None:
            continue
        if rule.stops_the_plan:
            message = f"'{id_}' stops the plan, acknowledged or not: take it out"
        elif rule.judge is not None and rule.needs == "files" and not rule.asks:
            message = f"'{id_}' is acknowledged, and nothing of it is found: take it out"
        else:
            continue
        yield from judgement(desired, "acknowledged-nothing", "info", message, desired.place)
