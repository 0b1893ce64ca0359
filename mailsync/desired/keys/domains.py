"""``domains``: the zones for which a file holds, where it is not the one of its name."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Place
from mailsync.desired.registry import Key
from mailsync.desired.structure import Items
from mailsync.desired.tree import Node
from mailsync.dns.names import BadName, shown, whole

_WHAT = "the name of a zone, such as example.com"
_NAME_MAX = 255  # octets of a name (RFC 1035 §2.3.4)


def zones(node: Node, faults: Faults) -> dict[str, Place]:
    """Read ``[example.jp, example.co.jp]``: absolute names of zones, each with its place."""
    found: dict[str, Place] = {}
    for item in reading.items(node, faults, _WHAT):
        text = reading.text(item, faults, _WHAT)
        if text is None:
            continue
        try:
            name = whole(text[: _NAME_MAX + 1])
        except BadName as error:
            faults.add(item.place, str(error))
            continue
        if name == "." or name.startswith("*"):
            faults.add(item.place, f"{quoted(text)} is no zone: write {_WHAT}")
            continue
        if name in found:
            faults.add(item.place, f"{shown(name)} stands twice")
        found.setdefault(name, item.place)
    return found


SHAPE = Items(structure.name(_WHAT, "example.com"), _WHAT)

KEY = Key(
    "domains",
    "The zones for which this file holds, each with all of it; the name of the file is only a "
    "label then.",
    read=None,
    shape=SHAPE,
    levels=frozenset({"file"}),
    example="[example.jp, example.co.jp]",
)
