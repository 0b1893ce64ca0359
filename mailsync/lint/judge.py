"""`judge`: one domain by all rules that files, and look-ups where there are any, can decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mailsync.desired.model import Desired, Level, Place
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
    return ordered((*_judged(case), *_idle_acknowledgements(case)))


def ordered(judgements: Iterator[Judgement] | tuple[Judgement, ...]) -> tuple[Judgement, ...]:
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


def _judged(case: Case) -> Iterator[Judgement]:
    desired = case.desired
    levels: dict[str, Level] = dict(desired.severities)
    domain = shown(desired.domain)
    for rule in RULES.values():
        level = levels.get(rule.id)
        if rule.judge is None or level == "off":
            continue
        for remark in rule.judge(case):
            severity = level or remark.severity or rule.severity
            finding = Finding(rule.id, severity, remark.message, str(remark.place))
            yield Judgement(domain, finding, remark.place, rule.id in desired.acknowledged)


def _idle_acknowledgements(case: Case) -> Iterator[Judgement]:
    """Find what is acknowledged and not found: the day it is found again nobody would be told."""
    desired = case.desired
    level = dict(desired.severities).get("acknowledged-nothing")
    if level == "off":
        return
    found = {one.finding.id for one in _judged(case)} if desired.acknowledged else set()
    for id_ in sorted(desired.acknowledged - found):
        rule = RULES.get(id_)
        decided = rule is not None and rule.judge is not None and rule.needs == "files"
        if decided and not (rule is not None and rule.asks):
            message = f"'{id_}' is acknowledged, and nothing of it is found: take it out"
            place = desired.place
            finding = Finding("acknowledged-nothing", level or "info", message, str(place))
            yield Judgement(shown(desired.domain), finding, place)
