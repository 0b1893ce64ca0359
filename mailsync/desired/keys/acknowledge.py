"""``acknowledge``: findings that the user knows and accepts."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.faults import Faults
from mailsync.desired.registry import Key
from mailsync.desired.rule_ids import RULE
from mailsync.desired.structure import Items
from mailsync.desired.tree import Node

_WHAT = "the id of a finding, such as mx-mixed-services"
SHAPE = Items(RULE, _WHAT, once=True)


def findings(node: Node | None, faults: Faults) -> frozenset[str]:
    """Read ``[mx-mixed-services]``: ids as lint and plan write them."""
    found: set[str] = set()
    for item in () if node is None else reading.items(node, faults, _WHAT):
        text = reading.text(item, faults, _WHAT)
        if text is None:
            continue
        if text in found:
            faults.add(item.place, f"{text} stands twice")
        found.add(text)
    return frozenset(found)


KEY = Key(
    "acknowledge",
    "Findings of lint and plan that you know and accept, by their ids.",
    read=None,
    shape=SHAPE,
    example="[mx-mixed-services]",
)
