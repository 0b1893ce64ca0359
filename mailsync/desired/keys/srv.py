"""``srv``: where mail clients find their servers (RFC 6186, RFC 8314)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.laws import alone_text
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY, NO_HOST, NUMBER_16
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.mail import srv

_WHAT = "priority, weight, port and a host, such as '0 1 465 mx1'"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{submissions: 0 1 465 mx1, pop3: absent}``: a service to its record, or several."""
    services = reading.named(node, context.faults, f"a service and {_WHAT}")
    wishes: list[Wish] = []
    for key, value in services or ():
        wishes += _service(key, value, context)
    return tuple(wishes)


def _service(key: Scalar, node: Node, context: Context) -> list[Wish]:
    owner = (f"_{key.text}._tcp.{context.domain}", "SRV")
    if reading.is_absent(node):
        return [context.wish("srv", owner, (), key.place)]
    ttl, source = None, node
    if isinstance(node, Mapping):
        ttl, source = context.own_ttl(node), node["values"]
    items = reading.items(source, context.faults, _WHAT)
    records = [_record(item, context) for item in items]
    known = tuple(srv.format(record) for record in records if record is not None)
    if not known or len(known) != len(items):
        return []
    if len(known) > 1 and any(record is not None and record.target == "." for record in records):
        message = "'.' says that the service is not offered: it stands alone (RFC 2782)"
        context.faults.add(node.place, message)
        return []
    return [context.wish("srv", owner, known, key.place, ttl)]


def _record(node: Node, context: Context) -> srv.Record | None:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    try:
        record = srv.parse(text)
    except srv.BadSrv as error:
        context.faults.add(node.place, str(error))
        return None
    if record.target == ".":
        return record
    host = context.host(node, record.target)
    if host is None:
        return None
    return srv.Record(record.priority, record.weight, record.port, host)


_RECORDS = Items(
    Text(
        _WHAT,
        r"\s*(?:\d{1,5}\s+){3}\S+\s*",
        srv.parse,
        "SRV",
        ("0 1 465 mx1", "0 0 0 ."),
        but=rf"(?!\s*(?:{NUMBER_16}\s+){{3}}){ANY}|\s*(?:\d+\s+){{3}}(?:{NO_HOST})\s*",
    ),
    _WHAT,
    laws=(alone_text(r"\s*(?:\d+\s+){3}\.\s*"),),
)
_LONG = {"values": Field(_RECORDS, "Its records.", missing=f"write {_WHAT}"), "ttl": TTL}
SHAPE = Named(
    f"a service and {_WHAT}",
    Word("service", srv.SERVICES),
    Either(Absent(), Fields(_WHAT, _LONG), _RECORDS),
)

KEY = Key(
    "srv",
    "Where mail clients find their servers: service (submissions, imaps, …) to priority, weight, "
    "port and host. '0 0 0 .' says that it is not offered; 'absent' says nothing.",
    read,
    shape=SHAPE,
    example="{imaps: 0 1 993 mx1}",
)
