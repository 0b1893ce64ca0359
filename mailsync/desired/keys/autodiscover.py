"""``autodiscover``: where mail clients look for their server's settings."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent
from mailsync.desired.structure import TTL, Either, Field, Fields
from mailsync.desired.tree import Mapping, Node

_HOST = structure.host("a host", "autodiscover.outlook.com.", but="autodiscover")
_TARGET = Field(_HOST, "The host.", missing="write the name of a host")
SHAPE = Either(Absent(), Fields("a host", {"target": _TARGET, "ttl": TTL}), _HOST)


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``autodiscover.outlook.com.``, ``{target: …, ttl: …}`` or ``absent``."""
    key = (f"autodiscover.{context.domain}", "CNAME")
    if reading.is_absent(node):
        return (context.wish("autodiscover", key, (), node.place),)
    ttl, source = None, node
    if isinstance(node, Mapping):
        ttl, source = context.own_ttl(node), node["target"]
    target = context.host(source)
    if target is None:
        return ()
    if target == key[0]:
        context.faults.add(source.place, "autodiscover points to itself: write another host")
        return ()
    return (context.wish("autodiscover", key, (target,), node.place, ttl),)


KEY = Key(
    "autodiscover",
    "The host that tells mail clients their settings: the target of a CNAME at autodiscover. "
    "'absent' removes it.",
    read,
    shape=SHAPE,
    example="autodiscover.outlook.com.",
)
