"""``services``: who handles the domain's mail; see `mailsync.desired.services`."""

from __future__ import annotations

from mailsync.desired.registry import Key

KEY = Key(
    "services",
    "The services that handle the domain's mail, from the catalogue, from services/ beside zones/, "
    "or from a Domain Connect template: each with what only you know of it. They fill the other "
    "keys; what stands there wins.",
    read=None,
)
