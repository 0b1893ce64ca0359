"""Nodes of a zone file that is not written yet; `layout` writes them, the loader reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Entries
from dataclasses import replace

from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence
from mailsync.dns.ttl import written

_NOWHERE = Place("", 1, 1)


def word(text: str) -> Scalar:
    """Make a scalar that needs quotes only where YAML asks for them."""
    return Scalar(text, _NOWHERE)


def text(value: str) -> Scalar:
    """Make a scalar that is always quoted: free text that is nobody's syntax."""
    return Scalar(value, _NOWHERE, quoted=True)


TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}[=:][^\s;]\S*\Z", re.ASCII)
"""How services write their tokens: a name, a sign, and no spaces."""


def free(value: str) -> Scalar:
    """Make a scalar of free text: quoted where it could be read as something else."""
    return word(value) if TOKEN.match(value) else text(value)


def listed(items: Iterable[Node]) -> Sequence:
    """Make a list."""
    return Sequence(tuple(items), _NOWHERE)


def words(items: Iterable[str]) -> Sequence:
    """Make a list of words."""
    return listed(map(word, items))


def mapping(entries: Entries[str, Node]) -> Mapping:
    """Make a mapping, its keys in their order."""
    return Mapping(tuple((word(key), node) for key, node in entries.items()), _NOWHERE)


def duration(seconds: int) -> str:
    """Write seconds as files have them: ``1d``, ``1h30m``; odd ones as a number."""
    short = written(seconds).replace("min", "m")
    return short.replace(" ", "") if short.count(" ") < 4 else str(seconds)


def placed(node: Node, place: Place) -> Node:
    """Give a node, and all within it, a place, where they have none yet."""
    if node.place.file:
        return node
    if isinstance(node, Scalar):
        return replace(node, place=place)
    if isinstance(node, Sequence):
        return Sequence(tuple(placed(item, place) for item in node.items), place)
    entries = tuple((replace(key, place=place), placed(value, place)) for key, value in node)
    return Mapping(entries, place)
