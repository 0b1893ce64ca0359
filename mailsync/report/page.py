"""Styled text for a terminal: pieces in a style, wrapped to a width counted in cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Literal

Style = Literal["plain", "bold", "grey", "red", "green", "yellow", "cyan", "alert"]
Piece = tuple[Style, str]

_SGR = {
    "plain": "",
    "bold": "1",
    "grey": "90",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "alert": "1;33",
}
"""ECMA-48 Select Graphic Rendition; only the sixteen colours that a terminal's theme decides."""

_WORDS = re.compile(r" +|[\u2e80-\uffef]|[^ \u2e80-\uffef]+")
"""Where a line may break: at spaces, and around every East Asian character."""

_NO_BREAK = "\N{NO-BREAK SPACE}"
"""Stands for a space inside `together` texts; never on the page, and never in printable text."""

_NARROWEST = 40


def cells(text: str) -> int:
    """Count a text's cells on a terminal: East Asian wide characters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def together(text: str) -> str:
    """Keep a short text on one line: its spaces become such as do not break."""
    return text.replace(" ", _NO_BREAK)


class Page:
    """Lines of styled pieces. Without ``colour`` the text is the same, and only the text."""

    def __init__(self, *, colour: bool, width: int) -> None:
        """Start an empty page; ``width`` in cells, at least 40."""
        self._colour = colour
        self.width = max(width, _NARROWEST)
        self._lines: list[str] = []

    def put(self, indent: int, *pieces: Piece, hang: int = 0, bar: Piece | None = None) -> None:
        """Add a line; what does not fit goes on below, ``hang`` cells deeper.

        ``bar`` stands in front of every line, those below included.
        """
        first = True
        for line in self._wrapped(pieces, indent + (cells(bar[1]) if bar else 0), hang):
            margin: list[Piece] = [("plain", " " * indent)]
            if bar:
                margin.append(bar)
            if not first:
                margin.append(("plain", " " * hang))
            self._lines.append(self._painted([*margin, *line]))
            first = False

    def gap(self) -> None:
        """Add an empty line, unless there is one or the page is empty."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        """Give the page, with a final newline."""
        return "\n".join(self._lines).rstrip("\n") + "\n"

    def _wrapped(self, pieces: tuple[Piece, ...], indent: int, hang: int) -> Iterator[list[Piece]]:
        room = self.width - indent
        line: list[Piece] = []
        used = 0
        for style, text in pieces:
            for word in _fitting(text, room - hang):
                if used and used + cells(word.rstrip()) > room:
                    yield line
                    line, used, room = [], 0, self.width - indent - hang
                line.append((style, word))
                used += cells(word)
        yield line

    def _painted(self, pieces: list[Piece]) -> str:
        while pieces and not pieces[-1][1].strip():
            pieces.pop()
        pieces = [(style, text.replace(_NO_BREAK, " ")) for style, text in pieces]
        if not self._colour:
            return "".join(text for _, text in pieces).rstrip()
        runs = groupby(pieces, key=lambda piece: piece[0])
        joined = [(style, "".join(text for _, text in run)) for style, run in runs]
        return "".join(
            f"\x1b[{_SGR[style]}m{text}\x1b[0m" if _SGR[style] else text for style, text in joined
        )


def _fitting(text: str, room: int) -> Iterator[str]:
    """Cut a text into words, and words that fit no line into pieces that do."""
    for word in _WORDS.findall(text):
        if cells(word) <= room:
            yield word
        else:
            yield from (word[start : start + room] for start in range(0, len(word), room))
