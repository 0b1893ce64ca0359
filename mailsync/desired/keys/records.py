"""``records``: any other records, as whole RRsets, in octoDNS' syntax.

A record that a key of its own speaks of (MX at the apex, SPF, DMARC, DKIM, autodiscover) is written
there: only so is it changed in its safe order.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired import reading, structure, values
from mailsync.desired.context import Context
from mailsync.desired.faults import Faults
from mailsync.desired.laws import SINGLE, alone, never_beside, one_of
from mailsync.desired.model import Kind, Wish
from mailsync.desired.patterns import SPF, anchored
from mailsync.desired.registry import Key
from mailsync.desired.shape import Flag, Schema, Text, Word
from mailsync.desired.structure import TTL, Cases, Field, Fields, Items, Named, Single
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import absolute
from mailsync.dns.rrset import txt_text
from mailsync.mail import spf, srv

_WHAT = "a record, such as {type: A, value: 192.0.2.80}"
_LATER = ("octodns", "dynamic", "geo")
"""What octoDNS has beside; metadata that a DNS host keeps with a record stays as it is."""

_KINDS: dict[str, Kind] = {"MX": "mx", "A": "host", "AAAA": "host"}
_SINGLE = frozenset({"CNAME", "DNAME"})


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{www: {type: A, value: 192.0.2.80}}``; a name takes one record or a list of them.

    ``{type: A, absent: true}`` removes an RRset. Names are relative to the domain; ``''`` or ``@``
    is the domain itself.
    """
    names = reading.named(node, context.faults, "a name and its records")
    wishes: list[Wish] = []
    for key, value in names or ():
        name = context.owner(key, "a name", key.text or "@")
        if name is None:
            continue
        for item in reading.items(value, context.faults, _WHAT):
            wishes += _record(name, key, item, context)
    return tuple(wishes)


def _record(name: str, key: Scalar, node: Node, context: Context) -> Iterator[Wish]:
    faults = context.faults
    fields = reading.named(node, faults, _WHAT)
    if fields is None:
        return
    rdtype = _type(name, fields, context)
    ttl = context.own_ttl(fields)
    absent = fields.get("absent")
    if rdtype is None or (ttl is None and "ttl" in fields):
        return
    kind = _KINDS.get(rdtype, "record")
    if absent is not None:
        there_is_none = reading.boolean(absent, faults, "value")
        if there_is_none is False:
            faults.add(fields.key("absent").place, "absent is true, or it is left out")
        elif there_is_none and _nothing_beside(fields, faults):
            yield context.wish(kind, (name, rdtype), (), key.place)
        return
    found = _values(fields, faults)
    if found is None:
        return
    items = reading.items(found, faults, "a value")
    texts = [values.read(rdtype, item, context) for item in items]
    known = [text for text in texts if text is not None]
    if rdtype in _SINGLE and len(texts) > 1:
        faults.add(found.place, f"{rdtype} has one value (RFC 2181 §10.1)")
    elif known and len(known) == len(texts) and not _misplaced(rdtype, name, known, node, context):
        yield context.wish(kind, (name, rdtype), tuple(known), key.place, ttl)


def _type(name: str, fields: Mapping, context: Context) -> str | None:
    node = fields["type"]
    rdtype = reading.word(node, context.faults, "type", values.TYPES)
    if rdtype is None:  # pragma: no cover  # its shape has told
        return None
    if name == context.zone and rdtype in {"NS", "DS"}:
        message = f"{rdtype} of the zone itself is the delegation: change it at the DNS host"
        context.faults.add(node.place, message)
        return None
    own = _own_key(name, rdtype, context)
    if own is not None:
        message = f"write it under {own!r}: only there is it changed in its safe order"
        context.faults.add(node.place, message)
        return None
    return rdtype


def _own_key(name: str, rdtype: str, context: Context) -> str | None:
    """Name the key that speaks of such a record, if there is one."""
    domain = context.domain
    own = {
        (domain, "MX"): "mx",
        (f"_dmarc.{domain}", "TXT"): "dmarc",
        (f"autodiscover.{domain}", "CNAME"): "autodiscover",
        (f"autoconfig.{domain}", "CNAME"): "autoconfig",
        (f"_mta-sts.{domain}", "TXT"): "mta_sts",
        (f"_smtp._tls.{domain}", "TXT"): "tls_rpt",
        **{(f"_{service}._tcp.{domain}", "SRV"): "srv" for service in srv.SERVICES},
    }
    above = f"_domainkey.{domain}"
    if rdtype == "TLSA" and name.startswith("_25._tcp."):
        return "tlsa"
    selector = name.endswith(f".{above}") and name != f"*.{above}"
    if selector and rdtype in {"TXT", "CNAME", "NS"}:
        return "dkim"
    if (name, rdtype) == (above, "NS"):
        return "dkim"
    return own.get((name, rdtype))


def _values(fields: Mapping, faults: Faults) -> Node | None:
    value, several = fields.get("value"), fields.get("values")
    if (value is None) == (several is None):
        faults.add(fields.place, "write either value or values")
        return None
    return several if value is None else value


def _nothing_beside(fields: Mapping, faults: Faults) -> bool:
    beside = [name for name in ("value", "values", "ttl") if name in fields]
    for name in beside:
        faults.add(fields.key(name).place, f"{name} stands beside absent: drop one of the two")
    return not beside


def _misplaced(rdtype: str, name: str, texts: list[str], node: Node, context: Context) -> bool:
    if rdtype != "TXT" or name != context.domain:
        return False
    if any(spf.is_spf(txt_text(text)) for text in texts):
        context.faults.add(node.place, "an SPF record of the domain: write it under 'spf'")
        return True
    return False


def _fields(rdtype: str) -> Fields:
    """Give what a record of a type looks like."""
    value = values.shape(rdtype)
    return Fields(
        _WHAT,
        {
            "type": Field(
                Word("type", (rdtype,)), "The type of the record.", missing=f"write {_WHAT}"
            ),
            "ttl": TTL,
            "value": Field(
                Single(value, "value takes one; write values for a list"), "Its only value."
            ),
            "values": Field(
                Items(value, "a value", laws=(SINGLE,) if rdtype in _SINGLE else ()), "Its values."
            ),
            "absent": Field(Flag(only=True), "There is to be none."),
        },
        laws=(one_of(("value",), ("values",), ("absent",)), never_beside("absent", "ttl")),
        gone={word: f"{word} is not supported yet by this version" for word in _LATER},
    )


_ELSEWHERE = {
    r"^@?$": ("NS", "DS", "MX"),
    r"^_dmarc$|^_mta-sts$|^_smtp\._tls$": ("TXT",),
    r"^(?:autodiscover|autoconfig)$": ("CNAME",),
    rf"^_(?:{'|'.join(srv.SERVICES)})\._tcp$": ("SRV",),
    r"^_25\._tcp\.": ("TLSA",),
    r"^(?!\*\.).+\._domainkey$": ("TXT", "CNAME", "NS"),
    r"^_domainkey$": ("NS",),
}
"""Names, and types of records there that belong elsewhere (see `_type`)."""


def _of(*types: str) -> Schema:
    """Speak of a record of one of these types."""
    properties = {"type": {"enum": list(types)}}
    return {"type": "object", "properties": properties, "required": ["type"]}


def _once(rdtype: str) -> Schema:
    """Give the law that no two records of a name are of one type."""
    return {"contains": _of(rdtype), "minContains": 0, "maxContains": 1}


def _without(record: Schema) -> Schema:
    """Give the law that a record, or each of a list, is no such one."""
    return {"not": _or_a_list_with(record)}


def _or_a_list_with(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "contains": one}]}


_SPF_TEXT: Schema = {"type": "string", "pattern": anchored(SPF)}
_SPF: Schema = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"type": {"const": "TXT"}, field: _or_a_list_with(_SPF_TEXT)},
            "required": ["type", field],
        }
        for field in ("value", "values")
    ]
}
"""A TXT that is an SPF record."""


SHAPE = Named(
    "a name and its records",
    Text("a name", f"|{structure.name('a name').pattern}", absolute, "domain name"),
    Items(
        Cases(_WHAT, "type", {rdtype: _fields(rdtype) for rdtype in values.TYPES}),
        _WHAT,
        laws=(alone(_of("CNAME")), *map(_once, values.TYPES)),
    ),
    laws=(
        {"patternProperties": {name: _without(_of(*types)) for name, types in _ELSEWHERE.items()}},
        {"patternProperties": {"^@?$": _without(_SPF)}},
    ),
)

KEY = Key(
    "records",
    "Any other records, as whole RRsets, in octoDNS' syntax: name to {type, ttl, value or values}, "
    "or to a list of them. {type: A, absent: true} removes an RRset.",
    read,
    shape=SHAPE,
    example="{www: {type: A, value: 192.0.2.80}}",
)
