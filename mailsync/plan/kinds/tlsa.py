"""Choreography of TLSA records of mail hosts (RFC 7672, RFC 7671 §8.1).

A sender that finds TLSA records delivers only to a server whose certificate matches one of them.
Before: the records of the old and of the new certificate stand side by side, until nobody holds the
old set alone. Then a person changes the certificate. After: the old records go, once no server
presents the old chain.
"""

from __future__ import annotations

import hashlib

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.mail import dane
from mailsync.plan.choreography import Scene, Steps, at_once, task


def owns(_wish: Wish, _value: str) -> bool:
    """A host's TLSA RRset is ours as a whole: each record is one more chain that is let in."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Add beside the old ones, remove when the certificate was changed; leave DANE at once."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        why = (
            "mail to this host no longer asks for a certificate; change TLS there only when no "
            "resolver holds the old records"
        )
        return at_once((), why)
    host = dane.host_of(wish.name)
    if not owned:
        what = f"see that {shown(host)} presents the certificate that its TLSA records name"
        gates = task(scene, _task("tlsa", host, wish), what) if host in scene.routed else ()
        return at_once(wish.values, "senders will ask for this certificate (DANE)", gates=gates)
    both = tuple({*owned, *wish.values})
    what = f"when every sender knows the new TLSA records, change the certificate of {shown(host)}"
    # Absence asks for no certificate at all.
    known = scene.until_all(
        (wish.name, wish.type), lambda held: not held or set(wish.values) <= set(held)
    )
    return Steps(
        both,
        both,
        wish.values,
        why_prepare="both certificates are let in, the present one and the next",
        why_settle="removes the records of the old certificate",
        wait=0,
        since=scene.now,
        settle_holds=known,
        settle_gates=task(scene, _task("certificate", host, wish), what),
    )


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """Without records a host takes mail from all; with them they match, by the order above."""
    return True


def _task(what: str, host: str, wish: Wish) -> str:
    """Name a task for these very records: one marked done says nothing about the next."""
    digest = hashlib.sha256(" ".join(sorted(wish.values)).encode()).hexdigest()
    return f"{what}-{shown(host)}-{digest[:8]}"
