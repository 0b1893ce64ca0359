"""The whole tree of an SPF record: what receivers may have to ask for, and what is broken in it.

It is followed as for a sender whom no term names (RFC 7208 §4.6): no evaluation asks for more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailsync.dns.answer import Resolver
from mailsync.mail.spf_evaluation import Run
from mailsync.mail.spf_lookups import At, Broken, Facts, Fault, Step, a_labels

SURVEYED_MAX = 100
"""After so many look-ups a survey has seen enough."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a tree of records: where it stands, and what in words."""

    fault: Fault
    at: At
    text: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What the tree of a record asks for when no term matches: the worst case of all senders.

    ``voids`` are the names that have nothing, as often as they are asked for. Where the DNS did not
    tell of some part, the counts are the least that they can be.
    """

    lookups: int
    voids: tuple[str, ...]
    problems: tuple[Problem, ...]
    trail: tuple[Step, ...]


def survey(domain: str, resolver: Resolver, version: Literal[4, 6] = 4) -> Survey:
    """Follow the whole tree, as receivers do for an IPv4 or IPv6 sender whom no term names.

    What depends on the sender (macros but ``%{d}``, ``%{o}``, ``%{v}``) is counted, not asked for.
    """
    start = a_labels(domain)
    run = _Survey(Facts.nobody(start, version), resolver, SURVEYED_MAX, SURVEYED_MAX)
    try:
        run.check(start, 0)
    except Broken as broken:
        run.problems.append(Problem(broken.fault, broken.at, broken.text))
    problems = tuple(dict.fromkeys(run.problems))
    return Survey(run.lookups, tuple(run.voids), problems, tuple(run.trail))


@dataclass
class _Survey(Run):
    """An evaluation that goes on after what is broken, and remembers it."""

    problems: list[Problem] = field(default_factory=list)

    def broken(self, fault: Fault, at: At, text: str) -> None:
        """Remember what is wrong, and go on as if the term named nobody."""
        self.problems.append(Problem(fault, at, text))

    def comes_back(self, target: str, path: tuple[str, ...], at: At) -> bool:
        """Find a loop, which would go on until the look-ups are used up."""
        if target.lower() not in path:
            return False
        self.broken("loop", at, f"{at.term} comes back to {target.lower()}")
        return True
