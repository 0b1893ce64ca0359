"""``mx``: the hosts that take the domain's mail (RFC 5321 §5.1)."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Integer, Never, Text
from mailsync.desired.structure import TTL, Either, Field, Fields, Items
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import shown
from mailsync.mail import mx

_WHAT = "a preference and a host, such as '10 mx1'"
_PREFERENCE_MAX = 65535


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``[10 mx1, {preference: 20, host: mx2.example.net.}]``, or the same with a TTL."""
    ttl, values = None, node
    if isinstance(node, Mapping) and "values" in node:
        ttl, values = context.own_ttl(node), node["values"]
    return read_values(values, context, context.domain, ttl)


def read_values(node: Node, context: Context, name: str, ttl: int | None) -> tuple[Wish, ...]:
    """Read the values of the MX RRset at an absolute name."""
    seen: dict[str, Node] = {}
    records = []
    for item in reading.items(node, context.faults, _WHAT):
        record = _record(item, context)
        if record is None:
            continue
        if record.exchange in seen:
            first = seen[record.exchange].place
            message = f"{shown(record.exchange)} stands twice, first at line {first.line}"
            context.faults.add(item.place, message)
            continue
        seen[record.exchange] = item
        records.append(record)
    if "." in seen and len(seen) > 1:
        message = "the null MX '0 .' stands alone, beside no other MX (RFC 7505 §3)"
        context.faults.add(seen["."].place, message)
        return ()
    if not records:
        return ()
    values = tuple(map(mx.format, records))
    return (context.wish("mx", (name, "MX"), values, node.place, ttl),)


def _record(node: Node, context: Context) -> mx.Record | None:
    if isinstance(node, Mapping):
        return _from_mapping(node, context)
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    try:
        record = mx.parse(text)
    except mx.BadMx as error:
        context.faults.add(node.place, str(error))
        return None
    return _resolved(node, record.preference, node, record.exchange, context)


def _from_mapping(node: Mapping, context: Context) -> mx.Record | None:
    number = reading.integer(node["preference"], context.faults, "preference", _PREFERENCE_MAX)
    text = reading.text(node["host"], context.faults, "a host")
    if number is None or text is None:
        return None
    return _resolved(node, number, node["host"], text, context)


def _resolved(
    node: Node, preference: int, host: Node, text: str, context: Context
) -> mx.Record | None:
    if text == ".":
        if preference:
            context.faults.add(node.place, "a null MX has preference 0: write '0 .' (RFC 7505 §3)")
            return None
        return mx.NULL
    name = context.host(host, text)
    return None if name is None else mx.Record(preference, name)


_TEXT = Text(_WHAT, r"\s*\d{1,10}\s+\S+\s*", mx.parse, "MX", ("10 mx1", "20 mx2.example.net."))
_RECORD = Fields(
    _WHAT,
    {
        "preference": Field(
            Integer("preference", _PREFERENCE_MAX),
            "The lowest is tried first.",
            missing=f"write {_WHAT}",
        ),
        "host": Field(
            structure.name("a host", "mx1"), "Who takes the mail.", missing=f"write {_WHAT}"
        ),
    },
    marks=frozenset({"preference", "host"}),
)
VALUES = Items(Either(_RECORD, _TEXT), _WHAT)
SHAPE = Either(
    Never("absent", "the last MX is never just removed: write 'mail: none' instead (RFC 7505)"),
    _RECORD,
    Fields(
        "mx",
        {
            "values": Field(VALUES, "The hosts.", missing=f"write a list of {_WHAT}"),
            "ttl": TTL,
        },
    ),
    VALUES,
)

KEY = Key(
    "mx",
    "The hosts that take the domain's mail, each with its preference; the lowest is tried first. "
    "Names without a final dot are relative to the domain.",
    read,
    shape=SHAPE,
    example="[10 mx1, 20 mx2.example.net.]",
)
