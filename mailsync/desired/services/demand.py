"""What one service, as one file uses it, asks of one domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailsync.desired.model import Layer, Place, Task
from mailsync.desired.services.model import Constraints, RecordKey, Verdict
from mailsync.desired.tree import Node

Key = RecordKey | Literal["dmarc", "tls_rpt"]
"""The keys that may be filled: a Domain Connect template may bring two more than a service."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of the zone file and what it is to hold; all of ``node`` stands at the service."""

    key: Key
    node: Node


@dataclass(frozen=True, slots=True)
class Demand:
    """One use of a service: its layer there, its records and what only a person can do.

    ``place``: where the file names it. ``behind``: the service in front of it, and the place that
    says so. ``constraints``: what the vendor demands of other records. ``strictest``: the strictest
    ``all`` that its SPF terms allow.
    """

    service: str
    layer: Layer
    place: Place
    entries: tuple[Entry, ...] = ()
    behind: str | None = None
    behind_place: Place | None = None
    constraints: Constraints = field(default_factory=Constraints)
    strictest: Verdict = "softfail"
    tasks: tuple[Task, ...] = ()

    @property
    def takes_mail(self) -> bool:
        """Whether it could stand in front of another."""
        asks = any(entry.key == "mx" for entry in self.entries)
        return asks or self.layer in {"mailbox", "inbound_gateway", "forwarder"}
