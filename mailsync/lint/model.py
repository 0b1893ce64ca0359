"""What is found, and by which rule, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mailsync.desired.model import Place
    from mailsync.lint.case import Case

Severity = Literal["error", "warning", "info"]

Needs = Literal["files", "lookups", "records", "world"]
"""What it takes to decide a rule: the files alone; DNS look-ups (``lint --online``); the records at
the DNS host (``plan``); a look at servers (``check``)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the user should know; an error stops the domain's plan.

    ``where``: ``file:line:column``, or the domain and RRset.
    """

    id: str
    severity: Severity
    message: str
    where: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule says of one place; ``severity`` where it is not the rule's first."""

    place: Place
    message: str
    severity: Severity | None = None


Judge = Callable[["Case"], Iterator[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a stable ``id``, and its story in sentences.

    ``severities``: the usual one first, then others that its findings may have. ``what`` is wrong,
    ``why`` it matters, ``source`` says so (an RFC's section), ``fix`` is what to do.
    ``needs`` is the least that decides it; ``asks``: look-ups show more of it. ``refused``: where a
    key of its own is judged, reading the file is an error already, for every command. ``judge`` is
    None where another command decides.
    """

    id: str
    severities: tuple[Severity, ...]
    what: str
    why: str
    source: str
    fix: str
    judge: Judge | None = None
    needs: Needs = "files"
    asks: bool = False
    refused: bool = False

    @property
    def severity(self) -> Severity:
        """The usual severity."""
        return self.severities[0]

    @property
    def stops_the_plan(self) -> bool:
        """Whether the planner alone decides it: then no file can acknowledge it."""
        return self.needs == "records" and self.judge is None
