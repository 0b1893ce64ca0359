"""A DNS host that is only read, and lists each zone once: commands that write nothing use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from mailsync.dns.rrset import Key, RRset
from mailsync.hosts.interface import Host
from mailsync.plan.live import Capability
from mailsync.plan.model import Change


@dataclass(slots=True)
class _Kept:
    """A zone's listing, None while nobody has asked for it or the host did not answer."""

    lock: Lock = field(default_factory=Lock)
    listing: Mapping[Key, RRset] | None = None


class Once:
    """Keeps each listing: domains of one zone, and those that lean on it, see the same."""

    def __init__(self, host: Host) -> None:
        """Take the host to read from."""
        self._host = host
        self._lock = Lock()
        self._zones: dict[str, _Kept] = {}

    @property
    def name(self) -> str:
        """The host's name under ``providers``."""
        return self._host.name

    @property
    def capability(self) -> Capability:
        """What the host can do with TTLs."""
        return self._host.capability

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """List a zone, the first time. Raises `HostError`."""
        with self._lock:
            kept = self._zones.setdefault(zone, _Kept())
        with kept.lock:
            if kept.listing is None:
                kept.listing = self._host.read(zone)
            return kept.listing

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Refuse: what is kept here may be old."""
        msg = f"{self.name}: {zone} was opened for reading, {len(changes)} changes are not written"
        raise AssertionError(msg)
