"""A page of documentation as a session: files that are written, commands, and what they print.

A fenced ``console`` block holds commands (``$ …``), each with its output. In an output, a line
``…`` stands for any lines. A comment ``<!-- WORD: TEXT -->`` on a line of its own, which a reader
does not see, belongs to the block that follows:

- ``scene: example`` (or ``empty``): from here on in a new directory, a copy of the example;
- ``clock: TIME``: from here on it is TIME (RFC 3339), and time goes on from there;
- ``file: PATH``: the block is this file; it is written;
- ``copy``: from here on in a copy of the directory; ``back``: in the one that was copied.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

WORDS: Final = frozenset({"scene", "clock", "file", "copy", "back"})
GAP: Final = "…"

_COMMENT = re.compile(r"<!-- (?P<word>\w+)(?:: (?P<text>.+?))? -->\Z")
_SECONDS = re.compile(r"(?<= \d\d:\d\d):\d\d(?= )")
_SOON = re.compile(r"\(in [^)]*(?:min|s)\)")


class BadPageError(Exception):
    """The page cannot be played; the message says why and at which line."""


@dataclass(frozen=True)
class Block:
    """A fenced block. ``line``: the number of the line after the opening fence, from 0."""

    language: str
    line: int
    lines: tuple[str, ...]
    words: tuple[tuple[str, str], ...] = ()

    def word(self, name: str) -> str | None:
        """What a comment before the block says under this name."""
        return dict(self.words).get(name)


@dataclass(frozen=True)
class Step:
    """A command, and what the page shows of its output."""

    command: str
    shown: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a page. Raises BadPageError."""
    found: list[Block] = []
    words: list[tuple[str, str]] = []
    opened: tuple[str, int] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if opened is not None:
            language, start = opened
            if line == "```":
                found.append(Block(language, start, tuple(lines[start:number]), tuple(words)))
                opened, words = None, []
        elif line.startswith("```"):
            opened = (line[3:], number + 1)
        elif match := _COMMENT.match(line):
            if match["word"] not in WORDS:
                raise BadPageError(f"line {number + 1}: {match['word']} is no word of a session")
            words.append((match["word"], match["text"] or ""))
    if opened is not None:
        raise BadPageError(f"line {opened[1]}: this block has no end")
    return found


def steps(block: Block) -> list[Step]:
    """The commands of a console block. Raises BadPageError."""
    found: list[tuple[str, list[str]]] = []
    for number, line in enumerate(block.lines, block.line + 1):
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif not found:
            raise BadPageError(f"line {number}: output, and no command yet")
        else:
            found[-1][1].append(line)
    return [Step(command, tuple(shown)) for command, shown in found]


def fits(shown: Sequence[str], real: Sequence[str], *, moving: bool) -> bool:
    """Whether an output is what the page shows.

    ``moving``: the clock goes on while commands run, so that nobody can foresee the seconds, nor
    where a line with a time is wrapped.
    """
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == GAP:
            parts.append([])
        else:
            parts[-1].append(line)
    pattern = "(?:.*\n)?".join(re.escape(_comparable(part, moving=moving)) for part in parts)
    return re.fullmatch(pattern, _comparable(real, moving=moving), re.DOTALL) is not None


def shortened(shown: Sequence[str], real: Sequence[str]) -> tuple[str, ...]:
    """The real output, with the gaps of the shown one where their edges can be found again."""
    kept = list(real)
    for before, after in _edges(shown):
        start = 0 if before is None else _place(before, kept, 0)
        if start is None:
            continue
        start += before is not None
        end = len(kept) if after is None else _place(after, kept, start)
        if end is not None and end > start:
            kept[start:end] = [GAP]
    return tuple(kept)


def _comparable(lines: Sequence[str], *, moving: bool) -> str:
    """Text in which equal outputs are equal; every part ends with a line feed."""
    if moving:
        text = _SOON.sub("(soon)", _SECONDS.sub("", " ".join(" ".join(lines).split())))
        lines = text.split(" ") if text else []
    return "".join(f"{line}\n" for line in lines)


def _edges(shown: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """The line before and the line after each gap; None at the ends of the output."""
    padded = [None, *shown, None]
    return [
        (before, after)
        for (before, gap), (_, after) in pairwise(pairwise(padded))
        if gap is not None and gap.strip() == GAP
    ]


def _place(line: str, among: Sequence[str], start: int) -> int | None:
    """Where the line stands now, or the one most like it, from ``start`` on."""
    rest = list(among[start:])
    near = difflib.get_close_matches(line, rest, n=1, cutoff=0.7)
    return start + rest.index(near[0]) if near else None
