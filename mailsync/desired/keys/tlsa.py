"""``tlsa``: the certificates that mail hosts present (RFC 7672)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import canonical
from mailsync.mail import dane

_WHAT = "a record, such as '3 1 1 8bd1…'"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{mx1: "3 1 1 8bd1…", mx2: absent}``: a host to its record, or a list of them."""
    hosts = reading.named(node, context.faults, f"a host and {_WHAT}")
    wishes: list[Wish] = []
    for key, value in hosts or ():
        host = context.host(key)
        if host is None:
            continue
        if not is_at_or_below(host, context.zone):
            message = f"{shown(host)} lies outside the zone: its TLSA records are its owner's"
            context.faults.add(key.place, message)
            continue
        wishes += _host(host, key, value, context)
    return tuple(wishes)


def _host(host: str, key: Scalar, node: Node, context: Context) -> list[Wish]:
    owner = (dane.owner(host), "TLSA")
    if reading.is_absent(node):
        return [context.wish("tlsa", owner, (), key.place)]
    ttl, source = None, node
    if isinstance(node, Mapping):
        fields = reading.mapping(node, context.faults, _WHAT, ("values", "ttl"))
        if fields is None:
            return []
        ttl, found = context.own_ttl(fields), fields.get("values")
        if found is None:
            context.faults.add(node.place, f"values is missing: write {_WHAT}")
            return []
        source = found
    items = reading.items(source, context.faults, _WHAT)
    values = [_value(item, context) for item in items]
    known = tuple(value for value in values if value is not None)
    if not known or len(known) != len(items):
        return []
    return [context.wish("tlsa", owner, known, key.place, ttl)]


def _value(node: Node, context: Context) -> str | None:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    if text == "auto":
        message = "auto is not supported yet by this version: write the record"
        context.faults.add(node.place, message)
        return None
    try:
        record = dane.parse(text)
    except dane.BadTlsa as error:
        context.faults.add(node.place, str(error), "tlsa-usage")
        return None
    for objection in dane.objections(record):
        context.faults.add(node.place, objection, "tlsa-usage")
    # As a zone has it: long data is cut as everywhere.
    return canonical("TLSA", dane.format(record))


KEY = Key(
    "tlsa",
    "The certificates that mail hosts present (DANE): host to record, or to a list of them. A new "
    "certificate's record stands beside the old one's first. 'absent' leaves DANE.",
    read,
)
