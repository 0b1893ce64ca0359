"""Workflow commands of GitHub Actions, escaped as the runner reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mailsync.lint.model import Severity
from mailsync.plan.printable import printable
from mailsync.report.findings import Lint

Level = Literal["error", "warning", "notice"]

_LEVEL: Mapping[Severity, Level] = {"error": "error", "warning": "warning", "info": "notice"}


def annotation(level: Level, message: str, properties: Mapping[str, str]) -> str:
    """Write the command that shows a message; ``properties`` are its title, file, line and col."""
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {said}::{_data(printable(message))}"


def lint_annotations(lint: Lint) -> str:
    """Write an annotation for each finding; what is acknowledged is none."""
    lines = [
        annotation(
            _LEVEL[one.finding.severity],
            f"{one.finding.message} [{one.finding.id}]",
            {
                "title": f"mailsync {one.finding.id}",
                "file": one.place.file,
                "line": str(one.place.line),
                "col": str(one.place.column),
            },
        )
        for one in lint.judgements
        if not one.acknowledged
    ]
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    """Escape a command's message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
