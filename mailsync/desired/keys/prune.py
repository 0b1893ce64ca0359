"""``prune``: kinds of which nothing stays but what the file names; see `mailsync.plan.prune`."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.faults import Faults
from mailsync.desired.registry import Key
from mailsync.desired.shape import Never, Word
from mailsync.desired.structure import Either, Items
from mailsync.desired.tree import Node

_WHAT = "a key, such as dkim"

PRUNABLE = (
    "autoconfig",
    "autodiscover",
    "bimi",
    "dkim",
    "dmarc",
    "mta_sts",
    "spf",
    "srv",
    "tls_rpt",
    "tlsa",
)
"""The keys of which it can be told what is live, and whose it is."""

_NEVER = {
    "mx": "'mx' names all MX of the domain as it is",
    "hosts": "nobody can tell a mail host's address from another's: write 'NAME: absent'",
    "ptr": "the reverse zone holds other people's names: write 'ADDRESS: absent'",
    "verification": "other tokens are other people's: write '- TOKEN: absent'",
    "records": "other records are other people's: write '{type: TYPE, absent: true}'",
}


def keys(node: Node | None, faults: Faults) -> frozenset[str]:
    """Read ``[dkim, srv]``."""
    found: set[str] = set()
    for item in () if node is None else reading.items(node, faults, _WHAT):
        text = reading.text(item, faults, _WHAT)
        if text in found:
            faults.add(item.place, f"{text} stands twice")
        found |= {text} if text is not None else set()
    return frozenset(found)


SHAPE = Items(
    Either(
        *(Never(key, f"{key} cannot be pruned: {why}") for key, why in _NEVER.items()),
        Word("key to prune", PRUNABLE),
    ),
    _WHAT,
    once=True,
)

KEY = Key(
    "prune",
    "Keys of which this domain has nothing but what stands here: what else of them is live is "
    "removed, in its safe order.",
    read=None,
    shape=SHAPE,
    example="[dkim]",
)
