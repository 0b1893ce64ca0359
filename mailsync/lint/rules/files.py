"""The files themselves."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "Files"

RULES = (
    Rule(
        "file",
        ("error",),
        "A file that says what none may say: an unknown key, two records at one place, no value.",
        why="What is not understood is not guessed: no command does anything for such a domain.",
        source="docs/files.md",
        fix="Write what the message says.",
        refused=True,
    ),
    Rule(
        "acknowledged-nothing",
        ("info",),
        "A finding is acknowledged that is not found.",
        why="When it comes back one day nobody is told.",
        source="docs/lint.md",
        fix="Take its id out of `acknowledge`.",
    ),
)
