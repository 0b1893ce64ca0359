"""What the GitHub action shows, as Markdown: the files' errors, what `apply` said, the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailsync.errors import MailsyncError
from mailsync.plan.model import Plan
from mailsync.report.markdown import code, fenced, plan_markdown
from mailsync.report.phrases import counted

ROOM_MIN = 8_192
"""The least octets that `markdown` keeps to."""

_SAID_LIMIT = 32_768
"""The most octets of what `apply` said; the end of it is kept, which tells how it went."""

_HOW_APPLY_ENDED = {
    0: "What was due is done.",
    1: "**There were errors.** The domains without errors were carried out.",
    3: "**Refused:** a guard or gate said no, or another run is under way.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A run's result: the plan, the errors of files that did not load, what `apply` did.

    ``plan`` is None when nothing could be planned. ``applied`` is the exit code of `apply`, None
    for a mere plan; ``said`` are its messages, one line each.
    """

    plan: Plan | None
    errors: tuple[MailsyncError, ...] = ()
    applied: int | None = None
    said: tuple[str, ...] = ()


def markdown(report: Report, limit: int) -> str:
    """Write a report as Markdown of at most ``limit`` octets (at least `ROOM_MIN`)."""
    parts = []
    room = limit
    if report.applied is not None:
        parts.append(_applied(report.applied, report.said, min(_SAID_LIMIT, room // 3)))
        room -= _octets(parts[-1])
    if report.errors:
        share = room if report.plan is None else room // 2
        parts.append(_errors(report.errors, share))
        room -= _octets(parts[-1])
    if report.plan is not None:
        parts.append(plan_markdown(report.plan, limit=room - len(parts)))
    return "\n".join(parts)


def _applied(exit_code: int, said: Sequence[str], limit: int) -> str:
    ended = _HOW_APPLY_ENDED.get(exit_code, f"**It ended with exit code {exit_code}.**")
    kept: list[str] = []
    room = limit - 256
    for line in reversed(said):
        room -= 4 * _octets(line) + 1  # what does not print is written as its escape
        if room < 0:
            kept.append("…")
            break
        kept.append(line)
    text = f"## Mail apply\n\n{ended}\n"
    return f"{text}\n{fenced(kept[::-1], 'text')}" if kept else text


def _errors(errors: Sequence[MailsyncError], limit: int) -> str:
    counts = counted(len(errors), "error")
    text = f"## Mail files\n\n**The files have {counts}.** Nothing is done for what they say.\n\n"
    for number, error in enumerate(errors):
        where = f" at {code(error.where)}" if error.where else ""
        line = f"- **error** {code(error.message)}{where}\n"
        if _octets(text) + _octets(line) > limit - 64:
            return f"{text}- and {counted(len(errors) - number, 'more error')}\n"
        text += line
    return text


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
