"""The files themselves."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule

TOPIC = "Files"


def _key_readable(case: Case) -> Iterator[Remark]:
    """Tell what the loader saw when it read the key files."""
    for remark in case.desired.remarks:
        if remark.id == "private-key-readable":
            yield Remark(remark.place, remark.text)


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
        "private-key-readable",
        ("warning",),
        "A file with a private key that others on this machine may read.",
        why="Whoever has the key of a selector signs mail in the domain's name.",
        source="docs/files.md",
        fix="`chmod 600`, or name a file that holds the public key alone.",
        judge=_key_readable,
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
