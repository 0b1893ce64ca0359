"""From the journal's entries to the ledger. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailsync.journal.events import Corrupt, Entry, Intent, Seen
from mailsync.plan.ledger import Ledger


def fold(entries: Sequence[Entry], until: datetime | None = None) -> Ledger:
    """Make the ledger of a zone's entries, in their order.

    What stands before a `Corrupt` is forgotten: nobody knows what the lost part said. An event
    whose time lies before an earlier event's (a clock was set back) counts as of the later of the
    two, so that no version ever counts as replaced earlier than it was.

    ``until`` gives the ledger as it was at that time (aware): events after the last one that is
    not later are left out. A `Corrupt` among those has no time, and still counts.
    """
    ledger = Ledger()
    clock: datetime | None = None
    for entry in entries if until is None else _known_at(entries, until):
        if isinstance(entry, Corrupt):
            ledger = ledger.forgotten()
            continue
        clock = entry.at if clock is None else max(clock, entry.at)
        if isinstance(entry, Seen):
            ledger = ledger.seen(entry.key, entry.rrset, clock)
        elif isinstance(entry, Intent):
            for key, before, after in entry.changes:
                ledger = ledger.listed(key, before, clock).intended(key, after, clock)
    return ledger


def _known_at(entries: Sequence[Entry], until: datetime) -> list[Entry]:
    last = max(
        (
            index
            for index, entry in enumerate(entries)
            if not isinstance(entry, Corrupt) and entry.at <= until
        ),
        default=-1,
    )
    return [
        entry for index, entry in enumerate(entries) if index <= last or isinstance(entry, Corrupt)
    ]
