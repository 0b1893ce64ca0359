"""``dmarc``: what receivers do with mail that proves nothing (RFC 9989)."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.laws import never_beside, one_of
from mailsync.desired.model import Rung, Wish
from mailsync.desired.moment import BadTime, moment_or_day
from mailsync.desired.patterns import ANY, BARE_TAG, any_case
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Integer, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.dns.ttl import BadDuration, seconds
from mailsync.mail import dmarc

_FIELDS = (*dmarc.TAGS[1:], *dmarc.OBSOLETE)
_RUNG = "a stricter policy with a date or a duration, such as {quarantine: 30d}"
_RAMP_TTL_MAX = 3600


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read a record as text, kept as it is, or as a mapping of its tags."""
    key = (f"_dmarc.{context.domain}", "TXT")
    if reading.is_absent(node):
        return (context.wish("dmarc", key, (), node.place),)
    ttl, source = None, node
    if isinstance(node, Mapping):
        ttl, txt = context.own_ttl(node), node.get("txt")
        if txt is None:
            text = _from_fields(node, context)
            ramp = node.get("ramp")
            if ramp is not None and text is not None:
                return _ramp(text, ramp, node, ttl, context)
            return _wish(text, node, ttl, context)
        source = txt
        for name in (*_FIELDS, "ramp"):
            if name in node:
                message = f"{name} stands beside txt: write the record one way"
                context.faults.add(node.key(name).place, message)
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
    if "p" not in fields:
        context.faults.add(fields.place, "p is missing: write 'p: none', quarantine or reject")
    tags = [("v", "DMARC1")]
    for name in _FIELDS:
        node = fields.get(name)
        if node is not None:
            value = _value(name, node, context)
            if value is not None:
                tags.append((name, value))
    if context.faults.count() != before or any(map(_is_told, (node for _, node in fields))):
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


def _is_told(node: Node) -> bool:
    return isinstance(node, Scalar) and node.told


_TXT = Text(
    "a DMARC record",
    r"v[ \t]*=[ \t]*DMARC1[\s\S]*",
    dmarc.parse,
    "DMARC record",
    ("v=DMARC1; p=none; rua=mailto:dmarc@example.com",),
    rule="dmarc-version",
    but=rf"{ANY};\s*(?:p|sp|np)\s*=(?!\s*(?:{any_case(*dmarc.POLICIES)})\s*(?:;|$)){ANY}"
    rf"|{BARE_TAG}",
)
_POLICY = Word("policy", dmarc.POLICIES, rule="dmarc-policy")
_ALIGNMENT = Word("alignment", ("r", "s"))
_RAMP = Items(
    Named(
        _RUNG,
        replace(_POLICY, never=(dmarc.POLICIES[0],)),
        Text("a date or a duration", examples=("30d", "2027-03-01"), but=rf"(?!\s*\d){ANY}"),
    ),
    _RUNG,
)


def _addresses(name: str, doc: str) -> Field:
    address = Text(name, examples=("mailto:dmarc@example.com",), but="[^:]*")
    addresses = Items(address, "at least one")
    return Field(addresses, doc)


def _gone(tag: str) -> str:
    """Say of a tag of RFC 7489 what became of it."""
    reason = dmarc.OBSOLETE[tag]
    return f"Obsolete (RFC 9989): {reason}."


SHAPE = Either(
    Absent(),
    Fields(
        "a record",
        {
            "p": Field(_POLICY, "What receivers do with mail of the domain that proves nothing."),
            "sp": Field(_POLICY, "The same for its subdomains; as p if missing."),
            "np": Field(_POLICY, "The same for subdomains that do not exist; as sp if missing."),
            "rua": _addresses("rua", "Where receivers send their daily reports."),
            "ruf": _addresses("ruf", "Where they send reports of single messages."),
            "adkim": Field(_ALIGNMENT, "DKIM's domain is the author's: r, or the very same: s."),
            "aspf": Field(_ALIGNMENT, "SPF's domain is the author's: r, or the very same: s."),
            "fo": Field(
                Text("fo", examples=("1",), but=rf"{ANY};\s*[^\s;]{ANY}"),
                "Which failures are reported to ruf.",
            ),
            "psd": Field(Word("value", ("y", "n", "u")), "Whether this is a public suffix."),
            "t": Field(Word("value", ("y", "n")), "y: a test, receivers do one step less."),
            # Kept for whoever wrote them; lint says that receivers skip them.
            "pct": Field(Integer("percentage", 100), _gone("pct")),
            "rf": Field(Word("format", ("afrf",)), _gone("rf")),
            "ri": Field(Integer("number of seconds", 2**32 - 1), _gone("ri")),
            "ramp": Field(_RAMP, "Stricter policies, each with its date or how long after."),
            "txt": Field(_TXT, "The record as text, instead of its tags."),
            "ttl": TTL,
        },
        laws=(one_of(("p",), ("txt",)), never_beside("txt", *_FIELDS, "ramp")),
    ),
    _TXT,
)

KEY = Key(
    "dmarc",
    "The DMARC policy: the record as text, or its tags (p, sp, np, rua, ruf, adkim, aspf, fo, "
    "psd, t). 'ramp' makes it stricter step by step: {quarantine: 30d, reject: 2027-03-01}. "
    "'absent' removes it.",
    read,
    shape=SHAPE,
    example="{p: none, rua: mailto:dmarc@example.com}",
)
