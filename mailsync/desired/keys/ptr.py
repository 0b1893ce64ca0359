"""``ptr``: the names of mail servers' addresses (RFC 1035 §3.5).

They stand in the reverse zone, which is another zone than the domain's: `mailsync.desired.files`
gives them to it where a target serves it.
"""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Address
from mailsync.desired.structure import TTL, Either, Field, Fields, Named
from mailsync.desired.tree import Mapping, Node
from mailsync.mail import ptr

_WHAT = "an address and the name of its host, such as {192.0.2.10: mx1}"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{192.0.2.10: mx1, "2001:db8::10": {host: mx1, ttl: 1h}}``, or ``absent`` for one."""
    wishes = []
    for key, value in reading.named(node, context.faults, _WHAT) or ():
        address = reading.address(key, context.faults)
        if address is None:  # pragma: no cover  # its shape has told
            continue
        owner = (ptr.reverse_name(str(address)), "PTR")
        if reading.is_absent(value):
            wishes.append(context.wish("ptr", owner, (), key.place))
            continue
        ttl, source = None, value
        if isinstance(value, Mapping):
            ttl, source = context.own_ttl(value), value["host"]
        host = context.host(source)
        if host is not None:
            wishes.append(context.wish("ptr", owner, (host,), key.place, ttl))
    return tuple(wishes)


_HOST = structure.host("a host", "mx1")
_LONG = {"host": Field(_HOST, "Its name.", missing=f"write {_WHAT}"), "ttl": TTL}
SHAPE = Named(_WHAT, Address(), Either(Absent(), Fields(_WHAT, _LONG), _HOST))

KEY = Key(
    "ptr",
    "The names of mail servers' addresses: address to host. They stand in the reverse zone: where "
    "none of the targets serves it, the plan says what to ask the address's holder for.",
    read,
    shape=SHAPE,
    example="{192.0.2.10: mx1}",
)
