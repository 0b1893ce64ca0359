"""Choreography of SRV records by which mail clients find their servers (RFC 6186, RFC 8314).

Clients go where the mailboxes are, so a change comes with the switch. They keep what they learnt
for months: the old names stay valid as long as their users do, and no TTL bounds that.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.plan.choreography import Scene, Steps
from mailsync.plan.kinds import autodiscover


def owns(_wish: Wish, _value: str) -> bool:
    """The name serves this purpose only."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Switch with the mail, as autodiscover does."""
    return autodiscover.steps(wish, owned, scene)


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """Old versions are what a switch leaves behind, not what it needs."""
    return True
