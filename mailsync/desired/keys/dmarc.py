"""``dmarc``: what receivers do with mail that proves nothing (RFC 9989)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.rrset import txt_value
from mailsync.mail import dmarc

_FIELDS = dmarc.TAGS[1:]


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read a record as text, kept as it is, or as a mapping of its tags."""
    key = (f"_dmarc.{context.domain}", "TXT")
    if reading.is_absent(node):
        return (context.wish("dmarc", key, (), node.place),)
    ttl, source = None, node
    if isinstance(node, Mapping):
        known = ("txt", *_FIELDS, *dmarc.OBSOLETE, "ttl")
        fields = reading.mapping(node, context.faults, "a record", known)
        if fields is None:
            return ()
        ttl, txt = context.own_ttl(fields), fields.get("txt")
        if txt is None:
            return _wish(_from_fields(fields, context), node, ttl, context)
        source = txt
        for name in _FIELDS:
            if name in fields:
                message = f"{name} stands beside txt: write the record one way"
                context.faults.add(fields.key(name).place, message)
    text = reading.text(source, context.faults, "a DMARC record")
    if text is None:
        return ()
    try:
        record = dmarc.parse(text)
    except dmarc.BadDmarc as error:
        context.faults.add(source.place, str(error))
        return ()
    for objection in dmarc.objections(record):
        context.faults.add(source.place, objection)
    return _wish(text, node, ttl, context)


def _wish(text: str | None, node: Node, ttl: int | None, context: Context) -> tuple[Wish, ...]:
    if text is None:
        return ()
    key = (f"_dmarc.{context.domain}", "TXT")
    return (context.wish("dmarc", key, (txt_value(text),), node.place, ttl),)


def _from_fields(fields: Mapping, context: Context) -> str | None:
    """Write the tags in their usual order; each is judged where it stands."""
    before = context.faults.count()
    for name, reason in dmarc.OBSOLETE.items():
        if name in fields:
            context.faults.add(fields.key(name).place, f"{name}: {reason} (RFC 9989)")
    if "p" not in fields:
        context.faults.add(fields.place, "p is missing: write 'p: none', quarantine or reject")
    tags = [("v", "DMARC1")]
    for name in _FIELDS:
        node = fields.get(name)
        if node is not None:
            value = _value(name, node, context)
            if value is not None:
                tags.append((name, value))
    if context.faults.count() != before:
        return None
    return dmarc.format(dmarc.Record(tuple(tags)))


def _value(name: str, node: Node, context: Context) -> str | None:
    parts = []
    listed = name in {"rua", "ruf"}
    for item in reading.items(node, context.faults, "at least one") if listed else (node,):
        text = reading.text(item, context.faults, name)
        if text is None:
            return None
        try:
            # Alone in a record, it is judged alone.
            alone = "" if name == "p" else "; p=none"
            record = dmarc.parse(f"v=DMARC1{alone}; {name}={text}")
        except dmarc.BadDmarc:
            context.faults.add(item.place, f"{text[:60]!r} cannot be the value of {name}")
            return None
        for objection in dmarc.objections(record):
            context.faults.add(item.place, objection)
        parts.append(text)
    return ",".join(parts)


KEY = Key(
    "dmarc",
    "The DMARC policy: the record as text, or its tags (p, sp, np, rua, ruf, adkim, aspf, fo, "
    "psd, t). 'absent' removes it.",
    read,
)
