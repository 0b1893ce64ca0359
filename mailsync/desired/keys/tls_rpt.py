"""``tls_rpt``: where senders report how TLS with the domain went (RFC 8460)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text
from mailsync.desired.structure import TTL, Either, Field, Fields, Items
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import tls_rpt

_WHAT = "an address, such as mailto:tls@example.com"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read an address, a list of them, the record as text, ``{rua: …, ttl: …}`` or ``absent``."""
    key = (f"_smtp._tls.{context.domain}", "TXT")
    if reading.is_absent(node):
        return (context.wish("tls-rpt", key, (), node.place),)
    ttl, source = None, node
    if isinstance(node, Mapping):
        ttl, source = context.own_ttl(node), node["rua"]
    if isinstance(source, Scalar) and tls_rpt.is_tls_rpt(source.text):
        return _as_text(source, node, ttl, context)
    addresses: list[str] = []
    for item in reading.items(source, context.faults, _WHAT):
        text = reading.text(item, context.faults, _WHAT)
        if text is not None and tls_rpt.is_tls_rpt(text):
            addresses += _of_record(text, item, context)
        elif text is not None and not tls_rpt.is_address(text):
            message = f"{text[:60]!r} is no address: write {_WHAT[12:]}"
            context.faults.add(item.place, message, "tlsrpt-record")
        elif text is not None:
            addresses.append(text)
    if not addresses:
        return ()
    value = txt_value(tls_rpt.format(tls_rpt.Record(tuple(dict.fromkeys(addresses)))))
    return (context.wish("tls-rpt", key, (value,), node.place, ttl),)


def _as_text(source: Scalar, node: Node, ttl: int | None, context: Context) -> tuple[Wish, ...]:
    """Keep a record that is written as text as it is, once it is known to be one."""
    if not _of_record(source.text, source, context):
        return ()
    key = (f"_smtp._tls.{context.domain}", "TXT")
    return (context.wish("tls-rpt", key, (txt_value(source.text),), node.place, ttl),)


def _of_record(text: str, node: Node, context: Context) -> tuple[str, ...]:
    try:
        return tls_rpt.parse(text).rua
    except tls_rpt.BadTlsRpt as error:
        context.faults.add(node.place, str(error), "tlsrpt-record")
        return ()


_ADDRESSES = Items(
    Text(
        _WHAT,
        r"(?:[mM][aA][iI][lL][tT][oO]:|[hH][tT][tT][pP][sS]://|v=TLSRPTv1)[\s\S]*",
        no=f"address: write {_WHAT[12:]}",
        examples=("mailto:tls@example.com",),
        rule="tlsrpt-record",
        but=rf"v=TLSRPTv1(?!{ANY};\s*rua\s*=){ANY}|[mM][aA][iI][lL][tT][oO]:[^@%]*",
    ),
    _WHAT,
)
_LONG = {"rua": Field(_ADDRESSES, "Where to.", missing=f"write {_WHAT}"), "ttl": TTL}
SHAPE = Either(Absent(), Fields(_WHAT, _LONG), _ADDRESSES)

KEY = Key(
    "tls_rpt",
    "Where senders report how TLS with the domain went: one address (mailto: or https:) or a list. "
    "'absent' ends the reports.",
    read,
    shape=SHAPE,
    example="mailto:tls@example.com",
)
