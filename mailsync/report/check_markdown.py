"""What `mailsync check` found, as Markdown; foreign text stands in code spans only."""

from __future__ import annotations

from datetime import datetime

from mailsync.observe.results import Checked, Observation, Summary, by_topic
from mailsync.report.check import SIGNS, counts, summary_line
from mailsync.report.markdown import cell, code
from mailsync.report.times import moment


class CheckMarkdown:
    """The report as Markdown: a table for each domain of what is not as it should be."""

    def head(self, at: datetime) -> str:
        """Give the title."""
        return f"## Mail check\n\nAs of {moment(at, 'UTC', at)}.\n"

    def domain(self, checked: Checked) -> str:
        """Give a heading, the table, and what is not known."""
        sign = SIGNS[checked.level]
        if checked.error:
            return f"\n### {sign} {code(checked.domain)}: {code(checked.error)}\n"
        parts = [f"\n### {sign} {code(checked.domain)}: {counts(checked)}\n"]
        rows = [
            _row(one)
            for found in by_topic(checked.observations).values()
            for one in found
            if one.level != "ok"
        ]
        if rows:
            parts += ["\n| | Topic | What | Found | To do |\n|---|---|---|---|---|\n", *rows]
        parts += [f"\nNot looked at: {code(sentence)}\n" for sentence in checked.not_known]
        return "".join(parts)

    def foot(self, summary: Summary) -> str:
        """Give how many domains there were."""
        return f"\n**{summary_line(summary)}**\n"


def _row(one: Observation) -> str:
    level = one.level
    fix = f"{one.fix.replace('|', chr(92) + '|')} ({cell(one.id)})" if one.state == "fail" else ""
    what = f"| {SIGNS[level]} {level} | {one.topic} | {cell(one.subject)} "
    return f"{what}| {cell(one.detail)} | {fix} |\n"
