"""What `mailsync check` found, as one HTML page: no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import datetime

from mailsync.observe.results import Checked, Observation, Summary, by_topic
from mailsync.report import svg
from mailsync.report.check import SIGNS, counts, summary_line
from mailsync.report.html import document
from mailsync.report.times import moment

_HERE = "<!-- domains -->"


class CheckHtml:
    """The report as a page: a section for each domain, a table for each topic."""

    def head(self, at: datetime) -> str:
        """Open the page."""
        when = f"<p>As of {svg.shown(moment(at, 'UTC', at))}.</p>\n"
        return document("Mail check", when + _HERE).partition(_HERE)[0]

    def domain(self, checked: Checked) -> str:
        """Give a section."""
        sign, name = SIGNS[checked.level], svg.shown(checked.domain)
        if checked.error:
            error = svg.shown(checked.error)
            return f'<section><h2>{sign} {name}</h2><p class="alert">{error}</p></section>\n'
        parts = [f"<section><h2>{sign} {name}: {svg.shown(counts(checked))}</h2>\n"]
        for topic, found in by_topic(checked.observations).items():
            rows = "".join(map(_row, found))
            head = "<tr><th>what</th><th>found</th><th>to do</th></tr>"
            parts.append(f"<h3>{topic}</h3>\n<table>{head}{rows}</table>\n")
        if checked.not_known:
            items = "".join(f"<li>{svg.shown(one)}</li>" for one in checked.not_known)
            parts.append(f"<h3>Not looked at</h3>\n<ul>{items}</ul>\n")
        return "".join([*parts, "</section>\n"])

    def foot(self, summary: Summary) -> str:
        """Close the page; how many domains there were stands at its end."""
        rest = document("", _HERE).partition(_HERE)[2]
        return f"<p><strong>{svg.shown(summary_line(summary))}</strong></p>\n{rest}"


def _row(one: Observation) -> str:
    what = f"{SIGNS[one.level]} {one.level}: {svg.shown(one.subject)}"
    fix = (
        f"{svg.shown(one.fix)} <small>({svg.shown(one.id)})</small>" if one.state == "fail" else ""
    )
    return f"<tr><td>{what}</td><td>{svg.shown(one.detail)}</td><td>{fix}</td></tr>"
