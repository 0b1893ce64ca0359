"""What `mailsync check` found, as text for a terminal; domain by domain, as they come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from mailsync.observe.results import Checked, Level, Observation, Summary, by_topic, changed, gone
from mailsync.plan.printable import printable
from mailsync.report.page import Page, Piece, Style
from mailsync.report.phrases import counted
from mailsync.report.times import moment

SIGNS: Mapping[Level, str] = {"error": "✗", "warning": "!", "info": "i", "unknown": "?", "ok": "✓"}
"""One cell for each level."""

_STYLE: Mapping[Level, Style] = {
    "error": "red",
    "warning": "yellow",
    "info": "cyan",
    "unknown": "yellow",
    "ok": "green",
}
_COLUMN = 10
_COUNTED: Mapping[Level, str] = {
    "error": "error",
    "warning": "warning",
    "info": "remark",
    "unknown": "not known",
    "ok": "as it should be",
}


class Form(Protocol):
    """A form of the report, written piece by piece: a run over many domains holds one at a time."""

    def head(self, at: datetime) -> str:
        """Give what stands before the first domain; ``at`` (aware): when the run began."""

    def domain(self, checked: Checked) -> str:
        """Give what stands for one domain."""

    def foot(self, summary: Summary) -> str:
        """Give what stands behind the last one."""


class CheckText:
    """The report as text. ``brief``: what is as it should be is counted, not listed."""

    def __init__(self, *, colour: bool, width: int, brief: bool) -> None:
        """Take how wide to write (cells), and whether in colours."""
        self._colour, self._width, self._brief = colour, width, brief

    def head(self, at: datetime) -> str:
        """Give the title."""
        page = self._page()
        page.put(0, ("bold", "Mail check"), ("grey", f" as of {moment(at, 'UTC', at)}"))
        return page.text()

    def domain(self, checked: Checked) -> str:
        """Give a heading, a table for each topic, and what is not known."""
        page = self._page()
        put_heading(page, checked)
        for topic, found in by_topic(checked.observations).items():
            listed = [one for one in found if not self._brief or one.level != "ok"]
            if listed:
                page.put(2, ("bold", topic))
            for one in listed:
                put_observation(page, one)
        for sentence in checked.not_known if not self._brief else ():
            page.put(2, ("grey", f"not looked at: {printable(sentence)}"), hang=2)
        return "\n" + page.text()

    def foot(self, summary: Summary) -> str:
        """Give how many domains there were."""
        page = self._page()
        page.put(0, ("bold", summary_line(summary)))
        return "\n" + page.text()

    def changes(self, before: Checked | None, after: Checked) -> str:
        """Give what stands otherwise than before; empty when nothing does."""
        found = changed(before, after)
        lost = gone(before, after)
        if not found and not lost and (before is None or before.error == after.error):
            return ""
        page = self._page()
        when = f" {moment(after.at, 'UTC', after.at)}"
        page.put(0, ("bold", printable(after.domain)), ("grey", when))
        if after.error:
            page.put(2, ("red", f"✗ {printable(after.error)}"))
        for one in found:
            put_observation(page, one, topic=True)
        for one in lost:
            words = f"- {one.topic}: {printable(one.subject)} is no longer there to look at"
            page.put(4, ("grey", words), hang=2)
        return page.text()

    def _page(self) -> Page:
        return Page(colour=self._colour, width=self._width)


def put_heading(page: Page, checked: Checked) -> None:
    """Put a domain's name and its counts."""
    name = printable(checked.domain)
    level = checked.level
    if checked.error:
        page.put(0, ("red", "✗ "), ("bold", name), ("plain", f": {printable(checked.error)}"))
        return
    page.put(
        0, (_STYLE[level], f"{SIGNS[level]} "), ("bold", name), ("plain", f": {counts(checked)}")
    )


def put_observation(page: Page, one: Observation, *, topic: bool = False) -> None:
    """Put one row: how serious, what was looked at, what was found; below, what to do."""
    level = one.level
    sign: Piece = (_STYLE[level], f"{SIGNS[level]} {level}".ljust(_COLUMN))
    subject = f"{one.topic}: {one.subject}" if topic else one.subject
    detail = f": {printable(one.detail)}" if one.detail else ""
    page.put(4, sign, ("bold", printable(subject)), ("plain", detail), hang=_COLUMN)
    if one.state == "fail":
        page.put(4 + _COLUMN, ("grey", f"→ {printable(one.fix)} ({one.id})"), hang=2)


def counts(checked: Checked) -> str:
    """Count a domain's observations: ``2 errors, 1 warning, 20 as it should be``."""
    found = []
    for level, number in checked.counts.items():
        if not number:
            continue
        if level in {"unknown", "ok"}:
            found.append(f"{number} {_COUNTED[level]}")
        else:
            found.append(counted(number, _COUNTED[level]))
    return ", ".join(found) or "nothing to look at"


_OF_DOMAINS: Mapping[Level, str] = {
    "error": "with errors",
    "warning": "with warnings",
    "info": "with remarks",
    "unknown": "not known in all",
    "ok": "as they should be",
}


def summary_line(summary: Summary) -> str:
    """Count the domains by their most urgent level."""
    parts = [f"{number} {_OF_DOMAINS[level]}" for level, number in summary.levels]
    return f"{counted(summary.domains, 'domain')}: {', '.join(parts) or 'none'}."
