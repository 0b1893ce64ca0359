"""``dkim``: public keys by selector (RFC 6376 §3.6)."""

from __future__ import annotations

from mailsync.desired import pem, reading, structure
from mailsync.desired.context import Context
from mailsync.desired.laws import one_of
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_value
from mailsync.mail import dkim, public_key

_WHAT = "a key record"

EVERY = "_domainkey"
"""Where a selector stands: all of them, which only a delegation speaks of."""

REVOKED = "revoked"
TOMBSTONE = "v=DKIM1; p="
"""A key that is no more: signatures made with it do not verify (RFC 6376 §3.6.1)."""


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{s2026: "v=DKIM1; k=rsa; p=…", sel2: {cname: sel2.example.net.}, old: absent}``.

    And ``{s: {pem: ./s.pem}}``, ``{s: {ns: [ns1.example.net.]}}``, ``{s: revoked}``.
    """
    selectors = reading.named(node, context.faults, "a selector and its key record")
    wishes: list[Wish] = []
    for selector, value in selectors or ():
        if selector.text == EVERY:
            wishes += _all(f"{EVERY}.{context.domain}", selector, value, context)
            continue
        name = context.owner(selector, "a selector", f"{selector.text.lower()}.{EVERY}")
        if name is not None:
            wishes += _selector(name, selector, value, context)
    return tuple(wishes)


def _selector(name: str, selector: Scalar, node: Node, context: Context) -> list[Wish]:
    if reading.is_absent(node):
        # It is not said which of them it is now.
        types = ("TXT", "CNAME", "NS")
        return [context.wish("dkim", (name, t), (), selector.place) for t in types]
    if isinstance(node, Scalar) and node.text == REVOKED:
        return [context.wish("dkim", (name, "TXT"), (txt_value(TOMBSTONE),), selector.place)]
    if not isinstance(node, Mapping):
        return _txt(name, selector, node, None, context)
    ways = [way for way in _WAYS if way in node]
    if len(ways) != 1:
        message = f"write one of {', '.join(_WAYS)}: a selector is one of them"
        context.faults.add(node.place, message)
        return []
    return _WAYS[ways[0]](name, selector, node[ways[0]], context.own_ttl(node), context)


def _all(name: str, selector: Scalar, node: Node, context: Context) -> list[Wish]:
    """Read what is said of all selectors at once: only their delegation can be."""
    if reading.is_absent(node):
        return [context.wish("dkim", (name, "NS"), (), selector.place)]
    others = {"txt", "cname", "pem"}
    if not isinstance(node, Mapping) or "ns" not in node or any(way in node for way in others):
        message = f"{EVERY} takes {{ns: [ns1.example.net.]}} or absent: it stands for all selectors"
        context.faults.add(node.place, message)
        return []
    return _ns(name, selector, node["ns"], context.own_ttl(node), context)


def _cname(
    name: str, selector: Scalar, node: Node, ttl: int | None, context: Context
) -> list[Wish]:
    target = context.name(node, "a name")
    if target is None:
        return []
    return [context.wish("dkim", (name, "CNAME"), (target,), selector.place, ttl)]


def _ns(name: str, selector: Scalar, node: Node, ttl: int | None, context: Context) -> list[Wish]:
    """Read the name servers to which a selector, or all of them, is delegated."""
    found = []
    for item in reading.items(node, context.faults, "a name server"):
        host = context.host(item)
        if host in found:
            context.faults.add(item.place, f"{shown(str(host))} stands twice")
        elif host is not None:
            found.append(host)
    return [context.wish("dkim", (name, "NS"), tuple(found), selector.place, ttl)] if found else []


def _pem(name: str, selector: Scalar, node: Node, ttl: int | None, context: Context) -> list[Wish]:
    """Read the public key of a file; the private one never leaves it."""
    key = pem.read(node, context)
    if key is None:
        return []
    try:
        text = public_key.dkim_record(key)
    except public_key.BadPem as error:
        context.faults.add(node.place, str(error), "dkim-key")
        return []
    return _checked(name, text, selector, node, ttl, context)


def _txt(name: str, selector: Scalar, node: Node, ttl: int | None, context: Context) -> list[Wish]:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return []
    # A key written as a block: a line break in base64 is no part of it (RFC 6376 §3.2).
    text = "".join(line.strip() for line in text.split("\n"))
    return _checked(name, text, selector, node, ttl, context)


def _checked(
    name: str, text: str, selector: Scalar, node: Node, ttl: int | None, context: Context
) -> list[Wish]:
    try:
        record = dkim.parse(text)
    except dkim.BadDkim as error:
        context.faults.add(node.place, str(error), "dkim-record")
        return []
    for objection in dkim.objections(record):
        weak = objection.startswith("an RSA key of")
        context.faults.add(node.place, objection, "dkim-key" if weak else "dkim-record")
    return [context.wish("dkim", (name, "TXT"), (txt_value(text),), selector.place, ttl)]


_WAYS = {"txt": _txt, "cname": _cname, "pem": _pem, "ns": _ns}
"""How a selector may be written in a mapping: one of these."""

# Labels, dots between (RFC 6376 §3.1). Underscores are no letters of RFC 5321 §2.3.5's sub-domains,
# but are in use everywhere.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_SELECTOR = Text(
    "a selector",
    rf"{_LABEL}(?:\.{_LABEL})*|{EVERY}",
    no="selector: labels as in s2026 (RFC 6376 §3.1)",
    but=".{241,}",  # its name would be too long for any domain (RFC 1035 §2.3.4)
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
    "pem": Field(
        Text("a PEM file", examples=("./keys/s2026.pem",)),
        "A file with the key, public or private: its public half is published.",
    ),
    "ns": Field(
        Items(structure.host("a name server", "ns1.example.net."), "a name server", once=True),
        "Name servers that a service has for its keys: the selector is delegated to them.",
    ),
    "ttl": TTL,
}
_KEY = Fields(_WHAT, _LONG, laws=(one_of(("txt",), ("cname",), ("pem",), ("ns",)),))
SHAPE = Named(
    "a selector and its key record",
    _SELECTOR,
    Either(Absent(), Word("record", (REVOKED,), only=True), _KEY, _TXT),
    laws=(
        {
            "properties": {
                EVERY: {"anyOf": [Absent().schema(), {"type": "object", "required": ["ns"]}]}
            }
        },
    ),
)

KEY = Key(
    "dkim",
    "DKIM keys by selector: the record as text, {pem: FILE} with the key, {cname: TARGET} or "
    "{ns: [SERVER]} where a service keeps it, 'revoked' or 'absent'. _domainkey stands for all "
    "selectors, where they are delegated. A new key takes a new selector.",
    read,
    shape=SHAPE,
    example='{s2026: "v=DKIM1; k=rsa; p="}',
)
