"""``tlsa``: the certificates that mail hosts present (RFC 7672)."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import pem, reading, structure
from mailsync.desired.context import Context
from mailsync.desired.laws import one_of
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import canonical
from mailsync.mail import dane, public_key

_WHAT = "a record, such as '3 1 1 8bd1…'"
AUTO = "auto"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{mx1: "3 1 1 8bd1…", mx2: auto, mx3: {pem: ./mx3.pem}, old: absent}``.

    A host to its record, or to a list of them; ``auto`` is what the host is seen to present.
    """
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
        ttl = context.own_ttl(node)
        if ("values" in node) == ("pem" in node):
            message = f"write either values or pem: {_WHAT}"
            context.faults.add(node.place, message)
            return []
        source = node.get("values") or node
    items = reading.items(source, context.faults, _WHAT)
    stated = [item for item in items if not _is_auto(item)]
    values = [_value(item, context) for item in stated]
    known = tuple(value for value in values if value is not None)
    if len(known) != len(values) or not items:
        return []
    wish = context.wish("tlsa", owner, known, key.place, ttl)
    return [replace(wish, auto=len(stated) < len(items))]


def _is_auto(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text == AUTO


def _value(node: Node, context: Context) -> str | None:
    if isinstance(node, Mapping):
        key = pem.read(node["pem"], context)
        return None if key is None else public_key.tlsa_value(key)
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
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


_PEM = Field(
    Text("a PEM file", examples=("./mx1.pem",)),
    "A file with the certificate, or with its key: the record 3 1 1 of it.",
)
_HEX = "[0-9A-Fa-f]"
_RECORD = Either(
    Word("record", (AUTO,), only=True),
    Fields("a PEM file", {"pem": replace(_PEM, missing="write such as {pem: ./mx1.pem}")}),
    Text(
        _WHAT,
        r"\s*\d{1,3}\s+\d{1,3}\s+\d{1,3}\s+[0-9A-Fa-f\s]+",
        dane.parse,
        "TLSA record",
        ("3 1 1 8bd1…",),
        rule="tlsa-usage",
        but=rf"\s*(?:\d+\s+){{3}}\s*{_HEX}(?:\s*{_HEX}\s*{_HEX})*\s*|\s*0*[01]\s{ANY}",
    ),
)
_RECORDS = Items(_RECORD, _WHAT)
_LONG = {"values": Field(_RECORDS, "Its records."), "pem": _PEM, "ttl": TTL}
SHAPE = Named(
    f"a host and {_WHAT}",
    structure.host("a host", "mx1"),
    Either(Absent(), Fields(_WHAT, _LONG, laws=(one_of(("values",), ("pem",)),)), _RECORDS),
)

KEY = Key(
    "tlsa",
    "The certificates that mail hosts present (DANE): host to record, to {pem: FILE}, to auto "
    "(what it is seen to present), or to a list of them. A new certificate's record stands beside "
    "the old one's first. 'absent' leaves DANE.",
    read,
    shape=SHAPE,
    example="{mx1: 3 1 1 8bd1b37d6bcd0d0ec4be9c3d9b0b0d1ac2fb7c0f4ec2ffb0a7a8f3bf4f3ae1c2}",
)
