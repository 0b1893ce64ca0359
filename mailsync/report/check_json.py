"""What `mailsync check` found, as JSON, format ``mailsync-check/1``; written domain by domain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mailsync.observe.results import Checked, Observation, Summary
from mailsync.plan.document import dumped
from mailsync.plan.times import time_json

FORMAT = "mailsync-check/1"
"""The version of the JSON format."""


class CheckJson:
    """The report as one JSON document."""

    def __init__(self) -> None:
        """Begin a document."""
        self._first = True

    def head(self, at: datetime) -> str:
        """Open the document and its list of domains."""
        opened = dumped({"format": FORMAT, "created": time_json(at), "domains": []})
        return opened.removesuffix("[]\n}\n") + "["

    def domain(self, checked: Checked) -> str:
        """Write one domain, after a comma where it is not the first."""
        comma, self._first = "" if self._first else ",", False
        lines = dumped(domain_json(checked)).removesuffix("\n").split("\n")
        return comma + "".join(f"\n    {line}" for line in lines)

    def foot(self, summary: Summary) -> str:
        """Close the list; the summary stands at the end."""
        numbers: dict[str, int] = {"domains": summary.domains}
        numbers |= dict(summary.levels)
        closed = dumped({"summary": numbers}).removeprefix("{\n")
        return f"{']' if self._first else chr(10) + '  ]'},\n{closed}"


def domain_json(checked: Checked) -> dict[str, Any]:
    """Give one domain as JSON has it."""
    return {
        "domain": checked.domain,
        "at": time_json(checked.at),
        "zone_file": checked.has_file,
        "level": checked.level,
        "observations": [_observation(one) for one in checked.observations],
        "not_known": list(checked.not_known),
        **({"error": checked.error} if checked.error else {}),
    }


def _observation(one: Observation) -> dict[str, Any]:
    failed = {"severity": one.severity, "fix": one.fix} if one.state == "fail" else {}
    return {
        "topic": one.topic,
        "id": one.id,
        "state": one.state,
        "subject": one.subject,
        "detail": one.detail,
        **failed,
    }
