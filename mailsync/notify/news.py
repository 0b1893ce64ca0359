"""What of a run's outcomes is news, as plain values. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from mailsync.apply.engine import Outcome
from mailsync.apply.session import Result
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.journal.events import Entry, Told
from mailsync.plan.model import DomainPlan
from mailsync.plan.printable import printable
from mailsync.plan.times import local_text

Kind = Literal["ran", "waits", "failed"]
"""A stage ran; something waits for a person; something failed or was refused."""

KINDS: tuple[Kind, ...] = get_args(Kind)

AGAIN = timedelta(days=7)
"""How long after the same was told it is told again."""

_LINE_MAX = 500
_LINES_MAX = 20


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell of one domain (without final dot), a sentence a line."""

    domain: str
    kind: Kind
    lines: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Tell apart what is said of a domain; that a stage ran is always new."""
        text = "\n".join((self.kind, *self.lines))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def news(result: Result[Outcome], now: datetime) -> tuple[News, ...]:
    """Give what is news of one domain; the most urgent last."""
    domain, outcome = shown(result.desired.domain), result.value
    if outcome is None:
        said = "it could not be done" if result.error is None else str(result.error)
        return (_news(domain, "failed", [said]),)
    found = []
    if outcome.written:
        found.append(_news(domain, "ran", _ran(outcome)))
    waits = _asks(outcome, now)
    if waits:
        found.append(_news(domain, "waits", waits))
    if outcome.state in {"failed", "refused"}:
        found.append(_news(domain, "failed", outcome.messages))
    return tuple(found)


def unread(domain: str, errors: Iterable[MailsyncError]) -> News:
    """Give what there is to tell of a zone whose file is wrong: nothing of it is done."""
    return _news(domain, "failed", map(str, errors))


def untold(
    found: Iterable[News], entries: Iterable[Entry], domain: str, now: datetime
) -> tuple[tuple[News, ...], Told | None]:
    """Give what was not told lately of a domain, and what to note once it is told; None: nothing.

    Where a domain is well again, that is noted, so that the same trouble is news when it is back.
    """
    found = tuple(found)
    standing = [one for one in found if one.kind != "ran"]
    digest = standing[-1].digest if standing else ""
    told = [e for e in entries if isinstance(e, Told) and e.domain == domain]
    last = told[-1] if told else None
    known = last is not None and last.digest == digest
    if known and (not digest or (last is not None and last.at + AGAIN > now)):
        return tuple(one for one in found if one.kind == "ran"), None
    note = None if last is None and not digest else Told(now, domain, digest)
    return found, note


def _news(domain: str, kind: Kind, lines: Iterable[str]) -> News:
    shortened = (line if len(line) <= _LINE_MAX else f"{line[: _LINE_MAX - 1]}…" for line in lines)
    return News(domain, kind, tuple(map(printable, shortened))[:_LINES_MAX])


def _ran(outcome: Outcome) -> list[str]:
    lines = [f"{outcome.written} record set{'s' if outcome.written > 1 else ''} changed"]
    plan = outcome.plan
    if outcome.state == "converged":
        lines.append("all is as the files say")
    if plan is None:
        return lines
    ahead = [stage for stage in plan.stages if stage.state == "held"]
    if ahead:
        first = min(ahead, key=lambda stage: stage.not_before)
        lines.append(f"{first.name}: not before {_local(first.not_before, plan)}")
    if plan.old_service_until is not None:
        until = _local(plan.old_service_until, plan)
        lines.append(f"the old service must keep accepting mail until {until}")
    return lines


def _asks(outcome: Outcome, now: datetime) -> list[str]:
    """Say what only a person can do, where nothing else stands before it any more."""
    lines = []
    if outcome.asked is not None:
        count = len(outcome.asked.changes)
        lines.append(
            f"{outcome.asked.name}: {count} record sets are to be changed by hand at the DNS host: "
            "`mailsync apply` prints the steps"
        )
    for stage in outcome.plan.stages if outcome.plan is not None else ():
        if stage.state != "held" or any(hold.until > now for hold in stage.holds):
            continue
        lines += [f"{stage.name}: {g.detail}" for g in stage.gates if g.state == "fail"]
    return lines


def _local(time: datetime, plan: DomainPlan) -> str:
    return local_text(time, ZoneInfo(plan.timezone))
