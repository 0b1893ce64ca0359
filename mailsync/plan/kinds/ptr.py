"""Choreography of PTR records: the name of a mail server's address (RFC 1912 §2.1).

Receivers look up an address's name and that name's addresses, and distrust a server where the two
do not agree. Before: the host's address is known to everybody. After: the server may greet with its
new name when every resolver knows the PTR.

A PTR stands in the reverse zone, which is the address holder's: in one's own forward zone it has no
effect.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.mail import ptr as ptr_record
from mailsync.plan import abroad
from mailsync.plan.choreography import Scene, Steps, at_once
from mailsync.plan.model import Hold


def owns(_wish: Wish, _value: str) -> bool:
    """An address has one name."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Name the host when all know its address."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        return at_once((), "the address loses its name: no server may greet with it any more")
    host = wish.values[0]
    why = f"the address is {shown(host)}: it may greet with that name when the old one is out"
    return at_once(wish.values, why, holds=_address_known(wish, host, scene))


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """No mail to the domain depends on it."""
    return True


def _address_known(wish: Wish, host: str, scene: Scene) -> tuple[Hold, ...]:
    """Hold until every resolver finds the address at the host, where a file here asks for it."""
    address = ptr_record.address_of(wish.name)
    key = (host, "AAAA" if ":" in address else "A")
    neighbour = abroad.publisher(scene.desired.zone, scene.live.neighbours, key)
    if neighbour is None:
        return ()
    return abroad.until_all(neighbour, key, scene.now, lambda held: address in held)
