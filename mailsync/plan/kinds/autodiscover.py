"""Choreography of autodiscover and autoconfig: where mail clients look for their settings.

Clients go where the mailboxes are, so a change comes with the switch; with no mail on the move, a
first record is simply added. Clients keep what they learnt for months: the old service's name stays
valid as long as its users do.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.plan.choreography import Scene, Steps, at_once

_GONE = "clients no longer find settings here"


def owns(_wish: Wish, _value: str) -> bool:
    """The name serves this purpose only."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Switch with the mail; add at once where there is nothing to replace and nothing moves."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned, why_settle="restore the TTL")
    if not wish.values and not scene.moving:
        return at_once((), _GONE)
    if not owned and not scene.moving:
        return at_once(wish.values, "clients find their server's settings")
    return Steps(
        owned,
        wish.values,
        wish.values,
        routes=True,
        why_prepare="lower the TTL ahead of the switch",
        why_switch="clients find the new server's settings" if wish.values else _GONE,
        why_settle="restore the TTL",
    )


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """Old versions are what a switch leaves behind, not what it needs."""
    return True
