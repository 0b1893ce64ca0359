"""``dmarc``: what receivers do with mail that proves nothing (RFC 9989)."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Rung, Wish
from mailsync.desired.moment import BadTime, moment_or_day
from mailsync.desired.registry import Key
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.rrset import txt_value
from mailsync.dns.ttl import BadDuration, seconds
from mailsync.mail import dmarc

_FIELDS = dmarc.TAGS[1:]
_RUNG = "a stricter policy with a date or a duration, such as {quarantine: 30d}"
_RAMP_TTL_MAX = 3600


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read a record as text, kept as it is, or as a mapping of its tags."""
    key = (f"_dmarc.{context.domain}", "TXT")
    if reading.is_absent(node):
        return (context.wish("dmarc", key, (), node.place),)
    ttl, source = None, node
    if isinstance(node, Mapping):
        known = ("txt", *_FIELDS, *dmarc.OBSOLETE, "ramp", "ttl")
        fields = reading.mapping(node, context.faults, "a record", known)
        if fields is None:
            return ()
        ttl, txt = context.own_ttl(fields), fields.get("txt")
        if txt is None:
            text = _from_fields(fields, context)
            ramp = fields.get("ramp")
            if ramp is not None and text is not None:
                return _ramp(text, ramp, node, ttl, context)
            return _wish(text, node, ttl, context)
        source = txt
        for name in (*_FIELDS, "ramp"):
            if name in fields:
                message = f"{name} stands beside txt: write the record one way"
                context.faults.add(fields.key(name).place, message)
    text = reading.text(source, context.faults, "a DMARC record")
    if text is None:
        return ()
    try:
        record = dmarc.parse(text)
    except dmarc.BadDmarc as error:
        rule = "" if dmarc.is_dmarc(text) else "dmarc-version"
        context.faults.add(source.place, str(error), rule)
        return ()
    for objection in dmarc.objections(record):
        context.faults.add(source.place, objection, _rule(objection))
    return _wish(text, node, ttl, context)


def _rule(objection: str) -> str:
    """Name the rule of lint that is behind an objection; several are of no rule of their own."""
    tag = objection.partition("=")[0]
    return {"rua": "dmarc-uri", "ruf": "dmarc-uri"}.get(
        tag, "dmarc-policy" if tag in {"p", "sp", "np"} else ""
    )


def _wish(text: str | None, node: Node, ttl: int | None, context: Context) -> tuple[Wish, ...]:
    if text is None:
        return ()
    key = (f"_dmarc.{context.domain}", "TXT")
    return (context.wish("dmarc", key, (txt_value(text),), node.place, ttl),)


def _ramp(
    text: str, node: Node, place: Node, ttl: int | None, context: Context
) -> tuple[Wish, ...]:
    """Read the rungs above ``p``: each a stricter policy, with a date or a duration."""
    rungs = [Rung((txt_value(text),))]
    base = dmarc.parse(text)
    level, last = dmarc.POLICIES.index(base.policy("p")), None
    for item in reading.items(node, context.faults, _RUNG):
        for key, value in reading.named(item, context.faults, _RUNG) or ():
            if reading.word(key, context.faults, "policy", dmarc.POLICIES) is None:
                return ()
            if dmarc.POLICIES.index(key.text) <= level:
                message = f"{key.text} is no stricter than the rung before it"
                context.faults.add(key.place, message)
                return ()
            level = dmarc.POLICIES.index(key.text)
            rung = _rung(base, key.text, value, context)
            if rung is None:
                return ()
            if rung.at is not None and last is not None and rung.at <= last:
                context.faults.add(value.place, "a rung comes after the one before it")
                return ()
            last = rung.at or last
            rungs.append(rung)
    if len(rungs) == 1:
        return ()
    # RFC 9989 §5.1's ramp is watched and corrected: not for longer than an hour per mistake.
    used = min(context.ttl, _RAMP_TTL_MAX) if ttl is None else ttl
    owner = (f"_dmarc.{context.domain}", "TXT")
    wish = context.wish("dmarc", owner, rungs[-1].values, place.place, used)
    return (replace(wish, ramp=tuple(rungs)),)


def _rung(base: dmarc.Record, policy: str, node: Node, context: Context) -> Rung | None:
    tags = tuple((name, policy if name == "p" else value) for name, value in base.tags)
    values = (txt_value(dmarc.format(dmarc.Record(tags))),)
    text = reading.text(node, context.faults, "a date or a duration")
    if text is None:
        return None
    try:
        return Rung(values, after=seconds(text[:80]))
    except BadDuration:
        pass
    try:
        return Rung(values, at=moment_or_day(text, context.timezone))
    except BadTime:
        message = f"{text[:60]!r} is no date and no duration: write such as 2026-12-20 or 30d"
        context.faults.add(node.place, message)
        return None


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
            context.faults.add(item.place, objection, _rule(objection))
        parts.append(text)
    return ",".join(parts)


KEY = Key(
    "dmarc",
    "The DMARC policy: the record as text, or its tags (p, sp, np, rua, ruf, adkim, aspf, fo, "
    "psd, t). 'ramp' makes it stricter step by step: {quarantine: 30d, reject: 2027-03-01}. "
    "'absent' removes it.",
    read,
)
