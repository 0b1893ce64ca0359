"""Choreography of TLS reporting (RFC 8460): it asks for reports, and routes nothing."""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.dns.rrset import txt_text
from mailsync.mail import tls_rpt as tls_rpt_record
from mailsync.plan.choreography import Scene, Steps, at_once


def owns(_wish: Wish, value: str) -> bool:
    """Of the values at ``_smtp._tls``, those are ours that ask for reports (§3)."""
    return tls_rpt_record.is_tls_rpt(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], _scene: Scene) -> Steps:
    """Set it at once."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    why = "changes where" if owned and wish.values else "says where" if wish.values else "ends the"
    return at_once(wish.values, f"{why} reports on TLS {'go' if wish.values else ''}".rstrip())


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """No mail depends on it."""
    return True
