"""What `mailsync check` found, as plain values for reports: no I/O, nothing of how it was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from mailsync.lint.model import Severity
from mailsync.plan.model import GateState

Topic = Literal[
    "delegation",
    "dnssec",
    "resolvers",
    "mx",
    "smtp",
    "tls",
    "dane",
    "mta-sts",
    "spf",
    "dkim",
    "dmarc",
    "reverse",
    "services",
]
"""What is looked at, in the order of reports."""

TOPICS: tuple[Topic, ...] = get_args(Topic)

Level = Literal["error", "warning", "info", "unknown", "ok"]
"""How a result is shown, the most urgent first."""

LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was looked at.

    ``id`` is the rule's (`mailsync.lint.registry`). ``subject``: what was looked at. ``state``:
    what could not be found out is ``unknown``, never ``fail``. ``severity`` is that of a ``fail``,
    ``fix`` what to do about it.
    """

    topic: Topic
    id: str
    state: GateState
    subject: str
    detail: str
    severity: Severity = "error"
    fix: str = ""

    @property
    def level(self) -> Level:
        """How it is shown."""
        if self.state == "fail":
            return self.severity
        return "ok" if self.state == "pass" else "unknown"

    @property
    def key(self) -> tuple[Topic, str, str]:
        """What stays the same when it is looked at again."""
        return (self.topic, self.id, self.subject)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one domain, at ``at`` (aware).

    ``has_file``: it has a zone file. ``not_known``: sentences that say what could not be looked at.
    ``error``: why nothing could be; else empty.
    """

    domain: str
    at: datetime
    has_file: bool
    observations: tuple[Observation, ...] = ()
    not_known: tuple[str, ...] = ()
    error: str = ""

    @property
    def counts(self) -> Mapping[Level, int]:
        """How many observations there are of each level."""
        found = Counter(observation.level for observation in self.observations)
        return {level: found[level] for level in LEVELS}

    @property
    def level(self) -> Level:
        """The most urgent level of all."""
        if self.error:
            return "error"
        counts = self.counts
        return next((level for level in LEVELS if counts[level]), "unknown")


@dataclass(frozen=True, slots=True)
class Summary:
    """How many domains there were, and how many of each level."""

    domains: int = 0
    levels: tuple[tuple[Level, int], ...] = ()

    def plus(self, checked: Checked) -> Summary:
        """Count one more."""
        counts = Counter(dict(self.levels))
        counts[checked.level] += 1
        ordered = tuple((level, counts[level]) for level in LEVELS if counts[level])
        return Summary(self.domains + 1, ordered)


def changed(before: Checked | None, after: Checked) -> tuple[Observation, ...]:
    """Give the observations that are new, or stand otherwise than before."""
    if before is None:
        return after.observations
    known = {one.key: one.level for one in before.observations}
    return tuple(one for one in after.observations if known.get(one.key) != one.level)


def gone(before: Checked | None, after: Checked) -> tuple[Observation, ...]:
    """Give the observations of things that are no longer there to be looked at."""
    if before is None:
        return ()
    known = {one.key for one in after.observations}
    return tuple(one for one in before.observations if one.key not in known)


def by_topic(observations: Iterable[Observation]) -> dict[Topic, list[Observation]]:
    """Put observations together by topic, in the order of reports, the most urgent first."""
    found: dict[Topic, list[Observation]] = {}
    for observation in observations:
        found.setdefault(observation.topic, []).append(observation)
    for members in found.values():
        members.sort(key=lambda one: LEVELS.index(one.level))
    return {topic: found[topic] for topic in TOPICS if topic in found}
