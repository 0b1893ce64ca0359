"""Choreography of verification tokens: TXT values that prove to a service who owns the domain.

They route nothing: added at once, removed at once, each on its own among foreign TXT values.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.plan.choreography import Scene, Steps, at_once


def owns(wish: Wish, value: str) -> bool:
    """Only tokens that the file names are ours, those to be removed included."""
    return value in wish.values or value in wish.named


def steps(wish: Wish, owned: tuple[str, ...], _scene: Scene) -> Steps:
    """Add and remove at once."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    added = "adds a verification token" if set(wish.values) - set(owned) else ""
    removed = "removes a verification token" if set(owned) - set(wish.values) else ""
    return at_once(wish.values, ", ".join(filter(None, (added, removed))))


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """No mail depends on it."""
    return True
