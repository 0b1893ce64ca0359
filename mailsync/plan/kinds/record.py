"""Choreography of records that route no mail: they are set as asked, at once."""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.plan.choreography import Scene, Steps, at_once


def owns(_wish: Wish, _value: str) -> bool:
    """A record named in the file is ours as a whole RRset."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], _scene: Scene) -> Steps:
    """Set what is wished for."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        return at_once((), "removed, as the file asks")
    return at_once(wish.values, "as the file asks")


def ready(_wish: Wish, _held: tuple[str, ...] | None) -> bool:
    """No mail depends on it."""
    return True
