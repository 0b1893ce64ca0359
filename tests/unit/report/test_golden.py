"""Every report of every sample plan, byte for byte; `golden` says how to make them again."""

from __future__ import annotations

import pytest

from mailsync.plan.document import to_json
from mailsync.report.markdown import plan_markdown
from mailsync.report.status import status_json, status_text
from mailsync.report.text import plan_text
from tests.unit.report.golden import DIRECTORY, agrees
from tests.unit.report.samples import NOW, PLANS, STATUSES


@pytest.mark.parametrize("name", PLANS)
def test_json_is_as_reviewed(name: str) -> None:
    """A plan's JSON is what it was when it was last looked at."""
    assert agrees(f"{name}.json", to_json(PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_text_is_as_reviewed(name: str) -> None:
    """A plan's text, 100 cells wide, is what it was when it was last looked at."""
    assert agrees(f"{name}.txt", plan_text(PLANS[name], colour=False, width=100))


@pytest.mark.parametrize("name", PLANS)
def test_markdown_is_as_reviewed(name: str) -> None:
    """A plan's Markdown is what it was when it was last looked at."""
    assert agrees(f"{name}.md", plan_markdown(PLANS[name]))


def test_colours_are_as_reviewed() -> None:
    """The coloured text, 80 cells wide, is what it was when it was last looked at."""
    assert agrees("many.ansi", plan_text(PLANS["many"], colour=True, width=80))


def test_status_is_as_reviewed() -> None:
    """The status, as text and as JSON, is what it was when it was last looked at."""
    assert agrees("status.txt", status_text(STATUSES, now=NOW, colour=False, width=100))
    assert agrees("status.json", status_json(STATUSES, now=NOW))


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to a sample."""
    expected = {f"{name}.{kind}" for name in PLANS for kind in ("json", "txt", "md")}
    expected |= {"many.ansi", "status.txt", "status.json"}
    assert {path.name for path in DIRECTORY.iterdir()} == expected
