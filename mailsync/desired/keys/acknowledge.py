"""``acknowledge``: findings that the user knows and accepts."""

from __future__ import annotations

import re

from mailsync.desired import reading
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.registry import Key
from mailsync.desired.tree import Node

_WHAT = "the id of a finding, such as mx-mixed-services"
_ID = re.compile(r"[a-z0-9-]{1,80}\Z", re.ASCII)


def findings(node: Node | None, faults: Faults) -> frozenset[str]:
    """Read ``[mx-mixed-services]``: ids as lint and plan write them."""
    found: set[str] = set()
    for item in () if node is None else reading.items(node, faults, _WHAT):
        text = reading.text(item, faults, _WHAT)
        if text is None:
            continue
        if not _ID.match(text):
            faults.add(item.place, f"{quoted(text)} is no id of a finding: write {_WHAT}")
        elif text in found:
            faults.add(item.place, f"{text} stands twice")
        found.add(text)
    return frozenset(found)


KEY = Key(
    "acknowledge",
    "Findings of lint and plan that you know and accept, by their ids.",
    read=None,
)
