"""What a DNS host is to mailsync: a listing of RRsets, and a guarded write of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from mailsync.dns.rrset import Key, RRset
from mailsync.plan.live import Capability
from mailsync.plan.model import Change


class Host(Protocol):
    """One configured DNS host. Nothing is kept between two calls: each read is a new listing."""

    @property
    def name(self) -> str:
        """The host's name under ``providers`` in mailsync.yaml."""

    @property
    def capability(self) -> Capability:
        """What it can do with TTLs."""

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """List all RRsets of a zone, canonical. Raises `HostError` (also for an unknown zone)."""

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Carry out the changes and nothing else, as one step where the host can.

        Reads first and compares: every RRset of the changes must still be the change's ``before``,
        else `StaleWrite` is raised and nothing is written. Never retries. Raises `HostError`; then
        it is not known whether anything was written: read before doing anything else.
        """


@runtime_checkable
class ListsZones(Protocol):
    """A DNS host that may know which zones it serves."""

    def zones(self) -> tuple[str, ...] | None:
        """Name them, absolute; None where it cannot tell. Raises `HostError`."""
