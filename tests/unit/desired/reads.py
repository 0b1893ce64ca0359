"""What the tests of the keys share: one zone file, read from its text."""

from __future__ import annotations

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired, Place
from mailsync.desired.tree import Mapping

NAME = "z.yaml"


def read(text: str, defaults: str = "") -> tuple[Desired, list[str]]:
    """Read the file of example.com: what it asks for, and all that is wrong with it."""
    faults = Faults()
    root = syntax.parse(text.encode(), NAME, faults)
    under = syntax.parse(defaults.encode(), "mailsync.yaml", faults)
    assert under is None or isinstance(under, Mapping)
    desired = zone.read("example.com.", root, under, Place(NAME, 1, 1), faults)
    return desired, [str(error) for error in faults.errors()]


def good(text: str, defaults: str = "") -> Desired:
    """Read a file in which nothing is wrong."""
    desired, errors = read(text, defaults)
    assert errors == []
    return desired


def wishes(text: str, defaults: str = "") -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Give what a good file wishes for: kind, name, type and values."""
    return [(w.kind, w.name, w.type, w.values) for w in good(text, defaults).wishes]


def errors(text: str, defaults: str = "") -> list[str]:
    """Give what is wrong with a file."""
    return read(text, defaults)[1]
