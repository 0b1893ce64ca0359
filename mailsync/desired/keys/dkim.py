"""``dkim``: public keys by selector (RFC 6376 §3.6)."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text
from mailsync.desired.structure import TTL, Either, Field, Fields, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import dkim

_WHAT = "a key record"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{s2026: "v=DKIM1; k=rsa; p=…", sel2: {cname: sel2.example.net.}, old: absent}``."""
    selectors = reading.named(node, context.faults, "a selector and its key record")
    wishes: list[Wish] = []
    for selector, value in selectors or ():
        name = context.owner(selector, "a selector", f"{selector.text.lower()}._domainkey")
        if name is not None:
            wishes += _selector(name, selector, value, context)
    return tuple(wishes)


def _selector(name: str, selector: Scalar, node: Node, context: Context) -> list[Wish]:
    if reading.is_absent(node):
        # It is not said which of the two it is now.
        return [context.wish("dkim", (name, t), (), selector.place) for t in ("TXT", "CNAME")]
    if not isinstance(node, Mapping):
        return _txt(name, selector, node, None, context)
    ttl, txt, cname = context.own_ttl(node), node.get("txt"), node.get("cname")
    if (txt is None) == (cname is None):
        context.faults.add(node.place, "write either txt or cname: one selector is one of the two")
        return []
    if txt is not None:
        return _txt(name, selector, txt, ttl, context)
    target = None if cname is None else context.name(cname, "a name")
    if target is None:
        return []
    return [context.wish("dkim", (name, "CNAME"), (target,), selector.place, ttl)]


def _txt(name: str, selector: Scalar, node: Node, ttl: int | None, context: Context) -> list[Wish]:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return []
    # A key written as a block: a line break in base64 is no part of it (RFC 6376 §3.2).
    text = "".join(line.strip() for line in text.split("\n"))
    try:
        record = dkim.parse(text)
    except dkim.BadDkim as error:
        context.faults.add(node.place, str(error), "dkim-record")
        return []
    for objection in dkim.objections(record):
        weak = objection.startswith("an RSA key of")
        context.faults.add(node.place, objection, "dkim-key" if weak else "dkim-record")
    return [context.wish("dkim", (name, "TXT"), (txt_value(text),), selector.place, ttl)]


# Labels, dots between (RFC 6376 §3.1). Underscores are no letters of RFC 5321 §2.3.5's sub-domains,
# but are in use everywhere.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_SELECTOR = Text(
    "a selector",
    rf"{_LABEL}(?:\.{_LABEL})*",
    no="selector: labels as in s2026 (RFC 6376 §3.1)",
)
_TXT = Text(
    _WHAT,
    r"[^=]*[A-Za-z0-9]\s*=[\s\S]*",
    dkim.parse,
    "key record",
    ("v=DKIM1; k=rsa; p=MIIB…",),
    rule="dkim-record",
)
_LONG = {
    "txt": Field(_TXT, "The key record."),
    "cname": Field(structure.name("a name"), "Where a service keeps the key: an alias."),
    "ttl": TTL,
}
SHAPE = Named(
    "a selector and its key record", _SELECTOR, Either(Absent(), Fields(_WHAT, _LONG), _TXT)
)

KEY = Key(
    "dkim",
    "DKIM keys by selector: the record as text, {cname: TARGET} where a service keeps the key, or "
    "'absent'. A new key takes a new selector.",
    read,
    shape=SHAPE,
    example='{s2026: "v=DKIM1; k=rsa; p="}',
)
