"""What a journal store is: one append-only log of events per zone, and one lock per zone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mailsync.journal.events import Entry, Event


class Journal(Protocol):
    """A store of events; zones are absolute names."""

    def read(self, zone: str) -> Sequence[Entry]:
        """Give all events of a zone in order; `Corrupt` entries stand where trust ends.

        Never fails on what it finds in the store; raises `JournalError` when the store itself
        cannot be reached.
        """

    def append(self, zone: str, events: Sequence[Event]) -> None:
        """Add events durably, all or none: when this returns they survive a power cut.

        Raises `AnotherRun` when somebody else appended meanwhile, `JournalError` on I/O.
        """

    def lock(self, zone: str) -> AbstractContextManager[None]:
        """Hold the zone for one run; raises `AnotherRun` at once when it is held elsewhere."""
