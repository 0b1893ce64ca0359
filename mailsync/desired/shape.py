"""The shape of what stands in a file: declared once, checked by the loader, shown to editors.

A shape says which kinds of node stand somewhere, which keys a mapping has, which words and patterns
a text is of. `Shape.checked` tells what is wrong, at its place, and gives the node back; what was
wrong in it says nothing any more (`tree.told`), so that whoever reads on need not tell again.
`Shape.schema` gives the same as JSON Schema (draft 2020-12). What takes more than that to judge, a
name in its zone, an SPF record as a whole, is meaning, and for the key that reads it.

What patterns are made of stands in `patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from mailsync.desired import reading
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.patterns import IPV4, anchored
from mailsync.desired.tree import Node, Scalar, told
from mailsync.dns.ttl import TTL_MAX

Schema = dict[str, Any]
"""A part of a JSON Schema."""

_BRIEF = 80
"""Texts that are longer are not handed to a parser for its message, which would quote them."""


class Shape(Protocol):
    """What may stand somewhere."""

    def takes(self, node: Node) -> bool:
        """Tell whether this shape is the one to check a node by, where there are several."""
        return isinstance(node, Scalar)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell what is wrong; give the very node where nothing is."""

    def schema(self) -> Schema:
        """Give it as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Text(Shape):
    """A text; ``what`` names it in messages, such as ``a host``.

    ``pattern`` matches every text that ``parse`` takes; what it does not match is told in the words
    with which ``parse`` refuses it (`ValueError`), or as ``no``: "'x' is no NO". ``rule`` names the
    rule of lint that such a text breaks. ``but`` matches texts that are wrong all the same: the
    key's own reader tells of them, and editors know from the schema.
    """

    what: str
    pattern: str = ""
    parse: Callable[[str], object] | None = None
    no: str = "text of that form"
    examples: tuple[str, ...] = ()
    rule: str | Callable[[str], str] = ""
    but: str = ""

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of what is no text, or none of that pattern."""
        text = reading.text(node, faults, self.what)
        if text is None:
            return told(node)
        if not self.pattern or _compiled(self.pattern).fullmatch(text):
            return node
        rule = self.rule if isinstance(self.rule, str) else self.rule(text)
        faults.add(node.place, self._refusal(text), rule)
        return told(node)

    def schema(self) -> Schema:
        """Give the types that YAML may take such a text for, and its pattern."""
        found: Schema = {"type": _types(self.pattern), "maxLength": reading.TEXT_MAX}
        if self.pattern or self.but:
            found["pattern"] = anchored(self.pattern, self.but)
            found["patternErrorMessage"] = f"{self.what} is expected here"
        if self.examples:
            found["examples"] = list(self.examples)
        return found

    def _refusal(self, text: str) -> str:
        if self.parse is not None and len(text) < _BRIEF:
            try:
                self.parse(text)
            except ValueError as error:
                return str(error)
        return f"{quoted(text)} is no {self.no}"


@dataclass(frozen=True, slots=True)
class Word(Shape):
    """One of some words; ``what`` names them in messages, such as ``mode``.

    ``only``: other texts are of another shape. ``rule``: which rule of lint another word breaks.
    ``besides``: the pattern of words that nobody can list. ``listed``: where all words can be seen.
    ``never``: those of them that have no place here, of which the key's own reader tells.
    """

    what: str
    words: tuple[str, ...]
    only: bool = False
    rule: str = ""
    besides: str = ""
    listed: str = ""
    never: tuple[str, ...] = ()

    @property
    def offered(self) -> tuple[str, ...]:
        """The words that may stand here."""
        return tuple(word for word in self.words if word not in self.never)

    def takes(self, node: Node) -> bool:
        """Take any scalar, or these words only."""
        return isinstance(node, Scalar) and (not self.only or node.text in self.words)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of any other word, with the one that may have been meant."""
        text = node.text if isinstance(node, Scalar) else ""
        if self.besides and _compiled(self.besides).fullmatch(text):
            return node
        what = f"{self.what} ({self.listed})" if self.listed else self.what
        found = reading.word(node, faults, what, self.words, self.rule)
        return told(node) if found is None else node

    def schema(self) -> Schema:
        """Give the words."""
        words: Schema = {"enum": list(self.offered)}
        if not self.besides:
            return words
        return {"anyOf": [words, {"type": "string", "pattern": f"^(?:{self.besides})$"}]}


@dataclass(frozen=True, slots=True)
class Flag(Shape):
    """``true`` or ``false``, without quotes. ``only``: it is true, or it is left out."""

    only: bool = False

    def takes(self, node: Node) -> bool:
        """Take these two words."""
        return isinstance(node, Scalar) and node.text in {"true", "false"} and not node.quoted

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of anything else."""
        if self.takes(node):
            return node
        if isinstance(node, Scalar) and node.text in {"true", "false"}:
            faults.add(node.place, f"{node.text} is written without quotes")
        else:
            reading.boolean(node, faults, "value")
        return told(node)

    def schema(self) -> Schema:
        """Give the type."""
        return {"const": True} if self.only else {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Absent(Shape):
    """``absent``, without quotes; ``otherwise`` is told where it alone may stand."""

    otherwise: str = ""

    def takes(self, node: Node) -> bool:
        """Take that word."""
        return reading.is_absent(node)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of anything else."""
        if reading.is_absent(node):
            return node
        faults.add(node.place, self.otherwise)
        return told(node)

    def schema(self) -> Schema:
        """Give the word."""
        return {"const": reading.ABSENT, "description": "Removes it."}


@dataclass(frozen=True, slots=True)
class Never(Shape):
    """A word that somebody may write where it cannot stand; ``why`` is told of it."""

    word: str
    why: str

    def takes(self, node: Node) -> bool:
        """Take that word, without quotes."""
        return isinstance(node, Scalar) and node.text == self.word and not node.quoted

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell why not."""
        faults.add(node.place, self.why)
        return told(node)

    def schema(self) -> Schema:
        """Give what nothing is of."""
        return {"not": {}}


@dataclass(frozen=True, slots=True)
class Duration(Shape):
    """Seconds, or such as ``10d``; ``what`` names it in messages, such as ``a TTL``."""

    what: str

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of what is no duration."""
        return told(node) if reading.duration(node, faults, self.what) is None else node

    def schema(self) -> Schema:
        """Give both forms."""
        return {
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": TTL_MAX,
            "pattern": r"^\s*(?:\d{1,10}|(?:\d{1,10}[smhdwSMHDW])+)\s*$",
            "patternErrorMessage": "write seconds, or such as 5m, 1h30m, 10d",
            "examples": ["5m", "1h", "10d"],
        }


@dataclass(frozen=True, slots=True)
class Integer(Shape):
    """A whole number from 0 to ``highest``; ``what`` names it in messages, such as ``port``.

    ``lowest``: the key's own reader tells of what is less, and editors know from the schema.
    """

    what: str
    highest: int
    lowest: int = 0

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of what is no number, or is too large."""
        found = reading.integer(node, faults, self.what, self.highest)
        return told(node) if found is None else node

    def schema(self) -> Schema:
        """Give its bounds; in quotes it is a number all the same."""
        return {
            "type": ["integer", "string"],
            "minimum": self.lowest,
            "maximum": self.highest,
            "pattern": "^(?:0|[1-9][0-9]{0,9})$",
        }


_ADDRESSES = {4: IPV4, 6: r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"}
"""How the addresses of each version look."""


@dataclass(frozen=True, slots=True)
class Address(Shape):
    """An IPv4 or IPv6 address; ``versions``: those that may stand here, as 4 and 6."""

    versions: tuple[int, ...] = (4, 6)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of what is none."""
        return told(node) if reading.address(node, faults) is None else node

    def schema(self) -> Schema:
        """Give how they look."""
        return {
            "type": "string",
            "pattern": f"^(?:{'|'.join(_ADDRESSES[version] for version in self.versions)})$",
            "patternErrorMessage": "an address is expected here",
            "examples": [{4: "192.0.2.10", 6: "2001:db8::10"}[one] for one in self.versions],
        }


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _types(pattern: str) -> list[str]:
    """Give the types that a text without quotes may have in YAML (1.2, core schema, §10.3.2)."""
    if not pattern:
        return ["string", "number", "boolean"]
    samples = {"number": ("0.5", "10.25"), "integer": ("0", "1", "10", "465"), "boolean": ("true",)}
    matches = _compiled(pattern).fullmatch
    return ["string", *(name for name, texts in samples.items() if any(map(matches, texts)))]
