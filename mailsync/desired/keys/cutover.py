"""``cutover``: the terms on which mail is moved; see `mailsync.desired.terms`."""

from __future__ import annotations

from mailsync.desired import terms
from mailsync.desired.registry import Key

KEY = Key(
    "cutover",
    "When and how mail is moved: at, ttl, lead, soak, window, timezone, old_until, the tasks that "
    "a person has done, and the bounds of what cannot be known (unseen_ttl, resolver_min_ttl, "
    "negative_ttl, retire_safety, queue_lifetime, verifier_delay, policy_refresh).",
    read=None,
    shape=terms.SHAPE,
    example="{at: 2026-12-05T22:00+09:00, old_until: 2026-12-31}",
)
