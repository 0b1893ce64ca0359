"""Choreography of addresses of mail hosts, and of A and AAAA records in general.

Before: a host that an MX is going to name has its address visible first (a cached absence lasts as
long as the zone's negative TTL, RFC 2308 §5). Switch: the address of a host that takes mail now
routes mail just as MX does. After: an address may go when no visible MX names its host.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.plan import abroad
from mailsync.plan.choreography import Scene, Steps, at_once, error
from mailsync.plan.kinds.mx import hosts


def owns(_wish: Wish, _value: str) -> bool:
    """A host's addresses of one family are ours as a whole."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Add what nobody is routed to at once; switch the rest; remove last what MX still names."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned, why_settle="restore the TTL")
    if not wish.values:
        return _removal(wish, owned, scene)
    takes_mail = _may_take_mail(wish, scene) and _has_address(wish.name, scene)
    if takes_mail and not _stays(wish, scene):
        return Steps(
            owned,
            owned,
            wish.values,
            why_settle="changed once no resolver holds an MX that names this host",
            wait=scene.desired.cutover.soak,
        )
    if takes_mail:
        return Steps(
            owned,
            wish.values,
            wish.values,
            routes=True,
            why_prepare="lower the TTL ahead of the switch",
            why_switch="mail for this host moves to the new address",
            why_settle="restore the TTL",
        )
    if any(wish.name in hosts(values) for values in mx_in_the_end(scene)):
        return at_once(wish.values, "the host's address must be visible before an MX names it")
    return at_once(wish.values, "sets the host's address: no MX names it")


def ready(wish: Wish, held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """A resolver that holds other addresses, or none where there are some, leads senders astray."""
    return held is not None and set(held) == set(wish.values)


def _may_take_mail(wish: Wish, scene: Scene) -> bool:
    """Tell whether some resolver may lead mail to the host: also by an MX that nobody saw."""
    return wish.name in scene.routed or scene.unseen_mx


def _stays(wish: Wish, scene: Scene) -> bool:
    """Tell whether mail is meant to go on to this host: the file's MX names it, or has no say."""
    named = [w.values for w in scene.desired.wishes if w.kind == "mx" and w.values]
    if any(
        wish.name in hosts(values) for values in abroad.wished_mx(scene.live.neighbours).values()
    ):
        return True
    return not named or any(wish.name in hosts(values) for values in named)


def _has_address(name: str, scene: Scene) -> bool:
    return any(scene.live.get((name, family)) for family in ("A", "AAAA"))


def mx_in_the_end(scene: Scene) -> list[tuple[str, ...]]:
    """Give the values of every MX RRset when all is done: as wished for, else as they are."""
    return list(_mx_in_the_end(scene).values())


def _mx_in_the_end(scene: Scene) -> dict[Key, tuple[str, ...]]:
    kept = {key: one.values for key, one in scene.live.rrsets.items() if key[1] == "MX"}
    elsewhere = abroad.wished_mx(scene.live.neighbours)
    wished = {(w.name, w.type): w.values for w in scene.desired.wishes if w.kind == "mx"}
    return {**kept, **elsewhere, **wished}


def _known_to_all(kept: Wish, scene: Scene) -> bool:
    """Tell whether every resolver finds an address of the family that stays."""
    held = scene.visible((kept.name, kept.type))
    return bool(held) and all(r.version.rrset is not None for r in held)


def _removal(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    naming = [key[0] for key, mx in _mx_in_the_end(scene).items() if wish.name in hosts(mx)]
    still_named = bool(naming)
    kept = [
        w for w in scene.desired.wishes if w.name == wish.name and w.kind == "host" and w.values
    ]
    if still_named and not kept:
        finding = error(
            "host-in-use",
            f"the address of {shown(wish.name)} cannot go: the MX of "
            f"{', '.join(map(shown, sorted(naming)))} names this host",
            wish,
        )
        return Steps(owned, owned, owned, findings=(finding,))
    led = _may_take_mail(wish, scene)
    if still_named and led and all(_known_to_all(w, scene) for w in kept):
        return Steps(
            owned,
            (),
            (),
            routes=True,
            why_prepare="lower the TTL ahead of the switch",
            why_switch="mail for this host no longer goes to this address",
        )
    if not led and (still_named or not scene.in_flight):
        return at_once((), "removed: no visible MX names this host")
    unknown = int(scene.lifetimes.of_absence().total_seconds())
    return Steps(
        owned,
        owned,
        (),
        why_settle="removed once no resolver holds an MX that names this host",
        # In use, and its other family not yet known to all: it becomes a switch then.
        wait=max(scene.desired.cutover.soak, unknown if still_named else 0),
        since=scene.now if still_named else None,
    )
