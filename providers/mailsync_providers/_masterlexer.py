"""The words of a master file (RFC 1035, section 5.1), and where they stand.

An entry is what stands on a line, or on several within parentheses. Its fields are known by their
byte offsets: nothing is unquoted, unescaped or decoded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    Token = tuple[int, int]

# Bounds for hostile files.
MAX_OCTETS = 2 * 1024 * 1024  # some 60,000 records
MAX_FIELDS = 33_000  # a TXT record's 65,535 octets have room for 32,767 strings of one

_BLANK_LINES = re.compile(rb"(?:[ \t]*(?:;[^\r\n]*)?\r?\n)*")
_SPACE = re.compile(rb"[ \t]*(?:;[^\r\n]*)?")
_SPACE_IN_PARENTHESES = re.compile(rb"[ \t\r\n]*(?:;[^\r\n]*[ \t\r\n]*)*")
_STRING = re.compile(rb'"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"')
_WORD = re.compile(rb'[^ \t\r\n;()"\\]*(?:\\[^\r\n][^ \t\r\n;()"\\]*)*')
_LONE_CR = re.compile(rb"\r(?!\n)")
_NOT_ASCII = re.compile(rb"\\[\x00-\x7f]|\\?([\x80-\xff])")


class MasterFileError(Exception):
    """A master file that cannot be read, or not safely changed: ``file:line: what``."""


class Entry(NamedTuple):
    """The fields of one entry, and its lines: from ``start`` to ``end``, line ending included."""

    line: int
    start: int
    end: int
    fields: tuple[Token, ...]


def ascii_text(data: bytes) -> str:
    r"""Master-file text with raw 8-bit octets as ``\DDD``, as RFC 1035, section 5.1 spells them.

    dnspython takes text, and would make UTF-8 of a Latin-1 octet, or IDNA of a UTF-8 name; a name
    server takes the octets.
    """
    if not data.isascii():
        data = _NOT_ASCII.sub(lambda m: b"\\%03d" % ord(m[1]) if m[1] else m[0], data)
    return data.decode("ascii")


@dataclass
class Lexer:
    """One pass over a master file; ``source`` names it in errors."""

    data: bytes
    source: str
    line: int = 1

    def __post_init__(self) -> None:
        if len(self.data) > MAX_OCTETS:
            self.fail(f"larger than {MAX_OCTETS} octets: too large to be changed in place")
        if lone := _LONE_CR.search(self.data):
            self.fail("carriage return without a line feed", lone.start())

    def fail(self, what: str, offset: int | None = None) -> NoReturn:
        """Raise with the line at ``offset``, by default that of the entry being read."""
        line = self.line if offset is None else self.data.count(b"\n", 0, offset) + 1
        raise MasterFileError(f"{self.source}:{line}: {what}")

    def text(self, field: Token) -> str:
        """A field as it is written."""
        return ascii_text(self.data[slice(*field)])

    def entries(self) -> Iterator[Entry]:
        """The entries in order; lines that hold no field are skipped."""
        end = counted = 0
        while (start := self._skip(_BLANK_LINES, end)) < len(self.data):
            self.line += self.data.count(b"\n", counted, start)
            counted = start
            fields, end = self._fields(start)
            if fields:
                yield Entry(self.line, start, end, fields)

    def _skip(self, what: re.Pattern[bytes], offset: int) -> int:
        match = what.match(self.data, offset)
        return match.end() if match else offset

    def _fields(self, offset: int) -> tuple[tuple[Token, ...], int]:
        """The fields of the entry that starts at ``offset``, and where its last line ends."""
        data, size, depth = self.data, len(self.data), 0
        fields: list[Token] = []
        if data[offset] in b"()":
            self.fail("a parenthesis where the owner name belongs")
        while True:
            offset = self._skip(_SPACE_IN_PARENTHESES if depth else _SPACE, offset)
            match data[offset : offset + 1]:
                case b"":
                    if depth:
                        self.fail("a parenthesis is never closed")
                    return tuple(fields), size
                case b"\r" | b"\n":
                    return tuple(fields), data.index(b"\n", offset) + 1
                case b"(":
                    depth += 1
                    offset += 1
                case b")":
                    depth -= 1
                    offset += 1
                    if depth < 0:
                        self.fail("a closing parenthesis without an opening one", offset)
                case _:
                    field = self._field(offset)
                    fields.append(field)
                    offset = field[1]
                    if len(fields) > MAX_FIELDS:
                        self.fail(f"more than {MAX_FIELDS} fields in one record")

    def _field(self, offset: int) -> Token:
        """The quoted string or the word at ``offset``."""
        if self.data[offset] == ord('"'):
            end = self._skip(_STRING, offset)
            if end == offset:
                self.fail("the quoted string does not end on its line", offset)
            return (offset, end)
        end = self._skip(_WORD, offset)
        after = self.data[end : end + 1]
        if after == b"\\":
            self.fail("a backslash at the end of the line", end)
        if after == b'"':
            # The value of a service parameter (RFC 9460, section 2.1). In any other word BIND
            # takes the mark for part of it, and others for the start of a string.
            if self.data[end - 1] != ord("="):
                self.fail("a quotation mark inside a word: put a space before it", end)
            return (offset, self._field(end)[1])
        return (offset, end)


def holds_string(word: str) -> bool:
    """Whether a word is ``key="value"``: only service parameters may be (RFC 9460)."""
    return not word.startswith('"') and '="' in word


def shown(text: str) -> str:
    """Text of the file for an error message: one line, printable (it is ASCII), not too long."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
