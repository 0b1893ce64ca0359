"""Choreography of BIMI: a logo beside the mail. It routes nothing, and nothing depends on it.

A logo is shown only for mail that passes DMARC under a policy which enforces: `mailsync.lint` tells
where there is none.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.dns.rrset import txt_text
from mailsync.mail import bimi as bimi_record
from mailsync.plan.choreography import Scene, Steps, at_once


def owns(_wish: Wish, value: str) -> bool:
    """Of the values at a selector, those are ours that are such records."""
    return bimi_record.is_bimi(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], _scene: Scene) -> Steps:
    """Set it at once."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        return at_once((), "mail clients show no logo by this record any more")
    return at_once(wish.values, "changes the logo" if owned else "shows a logo beside the mail")


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """No mail depends on it."""
    return True
