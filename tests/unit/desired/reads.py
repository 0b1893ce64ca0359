"""What the tests of the keys share: one zone file, read from its text."""

from __future__ import annotations

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.tree import Mapping
from tests.unit.desired.instances import refusals

NAME = "z.yaml"


def read(text: str, defaults: str = "", **profiles: str) -> tuple[Desired, list[str]]:
    """Read the file of example.com: what the zone's own domain asks for, and all that is wrong."""
    (desired, *_), faults = read_all(text, defaults, **profiles)
    return desired, faults


def read_all(
    text: str, defaults: str = "", **profiles: str
) -> tuple[tuple[Desired, ...], list[str]]:
    """Read the file of example.com: all of its domains, and all that is wrong with them."""
    faults = Faults()
    root = syntax.parse(text.encode(), NAME, faults)
    layers = Layers(
        keys(defaults, faults), {name: keys(under, faults) for name, under in profiles.items()}
    )
    found = zone.read("example.com.", root, layers, Place(NAME, 1, 1), faults)
    return found, [str(error) for error in faults.errors()]


def keys(text: str, faults: Faults) -> Mapping:
    """Read keys of a zone file as they stand in mailsync.yaml."""
    found = syntax.parse(text.encode(), "mailsync.yaml", faults)
    assert found is None or isinstance(found, Mapping)
    return found or Mapping((), Place("mailsync.yaml", 1, 1))


def good(text: str, defaults: str = "", **profiles: str) -> Desired:
    """Read a file in which nothing is wrong."""
    desired, errors = read(text, defaults, **profiles)
    assert errors == []
    assert refusals(text) == []
    return desired


def wishes(
    text: str, defaults: str = "", **profiles: str
) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Give what a good file wishes for: kind, name, type and values."""
    return [(w.kind, w.name, w.type, w.values) for w in good(text, defaults, **profiles).wishes]


def errors(text: str, defaults: str = "", **profiles: str) -> list[str]:
    """Give what is wrong with a file."""
    return read(text, defaults, **profiles)[1]
