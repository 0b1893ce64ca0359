"""``mx``: the hosts that take the domain's mail (RFC 5321 §5.1)."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.laws import alone_text
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY, NO_HOST, NUMBER_16
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
    if isinstance(node, Mapping) and "host" not in node:
        ttl, found = context.own_ttl(node), node.get("values")
        if found is None:
            context.faults.add(node.place, f"values is missing: write a list of {_WHAT}")
            return ()
        values = found
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
            context.faults.add(item.place, message, "mx-malformed")
            continue
        seen[record.exchange] = item
        records.append(record)
    if "." in seen and len(seen) > 1:
        message = "the null MX '0 .' stands alone, beside no other MX (RFC 7505 §3)"
        context.faults.add(seen["."].place, message, "null-mx")
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
        context.faults.add(node.place, str(error), "mx-malformed")
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
            message = "a null MX has preference 0: write '0 .' (RFC 7505 §3)"
            context.faults.add(node.place, message, "null-mx")
            return None
        return mx.NULL
    name = context.host(host, text, "mx-malformed")
    return None if name is None else mx.Record(preference, name)


_TEXT = Text(
    _WHAT,
    r"\s*\d{1,10}\s+\S+\s*",
    mx.parse,
    "MX",
    ("10 mx1", "20 mx2.example.net."),
    rule="mx-malformed",
    but=rf"(?!\s*{NUMBER_16}\s){ANY}|\s*\d+\s+(?:{NO_HOST})\s*|\s*0*[1-9]\d*\s+\.\s*",
)
_RECORD = Fields(
    _WHAT,
    {
        "preference": Field(
            Integer("preference", _PREFERENCE_MAX),
            "The lowest is tried first.",
            missing=f"write {_WHAT}",
        ),
        "host": Field(
            structure.host("a host", "mx1"), "Who takes the mail.", missing=f"write {_WHAT}"
        ),
    },
    marks=frozenset({"preference", "host"}),
)
VALUES = Items(Either(_RECORD, _TEXT), _WHAT, once=True, laws=(alone_text(r"\s*0+\s+\.\s*"),))
SHAPE = Either(
    Never("absent", "the last MX is never just removed: write 'mail: none' instead (RFC 7505)"),
    _RECORD,
    Fields(
        "mx",
        {
            "values": Field(VALUES, "The hosts; those of 'services' where there are none."),
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
