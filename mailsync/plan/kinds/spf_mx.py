"""What ``mx`` says in SPF while the MX changes (RFC 7208 §5.4).

The term lets the hosts of the MX send that a receiver finds when the mail arrives. With a switch it
leaves out at once what still lies in the old servers' queues, and a receiver that holds the old MX
refuses the new ones. So while mail moves, the hosts of both stand beside it: by their addresses,
where the zone has these, else by name.
"""

from __future__ import annotations

from mailsync.dns.names import is_at_or_below, shown
from mailsync.mail.spf_hosts import FAMILIES, Hosts
from mailsync.plan.choreography import Scene
from mailsync.plan.kinds.mx import hosts


def moving(name: str, scene: Scene) -> tuple[Hosts, Hosts]:
    """Give the hosts for which ``mx`` in a name's record stands before and after a switch.

    None where no switch is ahead, or where it leaves them the same.
    """
    wish = next((w for w in scene.desired.wishes if w.kind == "mx" and w.name == name), None)
    live = scene.live.get((name, "MX"))
    if not scene.moving or wish is None or live is None:
        return frozenset(), frozenset()
    before, after = _named(live.values, scene), _named(wish.values, scene, wished=True)
    return (before, after) if before != after else (frozenset(), frozenset())


def _named(values: tuple[str, ...], scene: Scene, *, wished: bool = False) -> Hosts:
    found: set[tuple[str, str]] = set()
    for host in hosts(values):
        addresses = _addresses(host, scene, wished=wished)
        found |= addresses or {("a", shown(host))}
    return frozenset(found)


def _addresses(host: str, scene: Scene, *, wished: bool) -> set[tuple[str, str]]:
    if not is_at_or_below(host, scene.desired.zone):
        return set()
    asked = {(w.name, w.type): w.values for w in scene.desired.wishes if w.kind == "host"}
    found = set()
    for family, mechanism in FAMILIES:
        live = scene.live.get((host, family))
        values = live.values if live is not None else ()
        if wished:
            values = asked.get((host, family), values)
        found |= {(mechanism, value) for value in values}
    return found
