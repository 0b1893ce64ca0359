"""``profile``: a named set of keys in mailsync.yaml that lies under a file; see `layers`."""

from __future__ import annotations

from mailsync.desired.registry import Key
from mailsync.desired.shape import Text

KEY = Key(
    "profile",
    "The profile of mailsync.yaml that says what this file does not; what stands here wins.",
    read=None,
    shape=Text("the name of a profile"),
    levels=frozenset({"file", "subdomain", "defaults"}),
    example="parked",
)
