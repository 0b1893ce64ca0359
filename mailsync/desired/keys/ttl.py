"""``ttl``: the TTL of all records of the file that carry none of their own."""

from __future__ import annotations

from mailsync.desired.registry import Key
from mailsync.desired.shape import Duration

KEY = Key(
    "ttl",
    "The TTL of all records that carry none of their own, in seconds or such as 1h; by default "
    "1 hour.",
    read=None,
    shape=Duration("a TTL"),
    example="1h",
)
