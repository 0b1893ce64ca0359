"""How a topic says what it found; the fix comes from the rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailsync.lint.model import Severity
from mailsync.lint.registry import RULES
from mailsync.observe.results import Observation, Topic

_LISTED = 4


@dataclass(frozen=True, slots=True)
class Saying:
    """Makes the observations of one topic; ``rule`` is an id, ``subject`` what was looked at."""

    topic: Topic

    def passed(self, rule: str, subject: str, detail: str) -> Observation:
        """Say that it is as it should be."""
        return Observation(self.topic, rule, "pass", subject, detail)

    def failed(
        self, rule: str, subject: str, detail: str, severity: Severity | None = None, fix: str = ""
    ) -> Observation:
        """Say that it is not, as seriously as the rule usually is; ``fix`` where it is another."""
        known = RULES[rule]
        return Observation(
            self.topic, rule, "fail", subject, detail, severity or known.severity, fix or known.fix
        )

    def unknown(self, rule: str, subject: str, detail: str) -> Observation:
        """Say that nobody could find out."""
        return Observation(self.topic, rule, "unknown", subject, detail)


def listed(texts: Iterable[str], separator: str = ", ") -> str:
    """Name the first few, and count the rest."""
    found = list(texts)
    more = len(found) - _LISTED
    rest = [f"and {more} more"] if more > 0 else []
    return separator.join([*found[:_LISTED], *rest])
