"""docs/lint.md lists the rules that there are.

MAILSYNC_README=write makes the list anew, as it does the pages' outputs.
"""

from __future__ import annotations

import os
from pathlib import Path

from mailsync.lint.model import Rule
from mailsync.lint.registry import TOPICS, told_by

PAGE = Path(__file__).parents[3] / "docs" / "lint.md"
HEADING = "## All rules\n"


def row(rule: Rule) -> str:
    """Write one rule as a row."""
    told = [*(["every command"] if rule.refused else []), *told_by(rule)]
    severities = ", ".join(rule.severities)
    what = rule.what.replace("|", "\\|")
    return f"| `{rule.id}` | {severities} | {what} | {rule.source} | {', '.join(told)} |"


def table() -> str:
    """Write all rules as tables, one per topic."""
    lines = [
        "Told by *every command*: reading the file is an error already, where a key of its own is",
        "judged; what stands under `records` is lint's. `plan` compares with what is live, `check`",
        "looks at servers.",
    ]
    for topic, rules in TOPICS.items():
        lines += [
            "",
            f"### {topic}",
            "| id | severity | what is wrong | source | told by |",
            "|---|---|---|---|---|",
            *map(row, rules),
        ]
    return "".join(f"{line}\n" for line in lines)


def test_the_page_lists_every_rule() -> None:
    """Id, severity, what is wrong, who says so and who tells it are the registry's own."""
    head, heading, _ = PAGE.read_text().partition(HEADING)
    expected = f"{head}{heading}{table()}"
    if os.environ.get("MAILSYNC_README") == "write":
        PAGE.write_text(expected)
    assert PAGE.read_text() == expected
