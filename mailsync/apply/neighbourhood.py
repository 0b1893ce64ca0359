"""Reads the zones on which a domain's mail leans, and those that lean on it; each once in a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import Lock

from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import MailsyncError
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Neighbour
from mailsync.plan.neighbours import mail_went_to, relations, zones_of


class Neighbourhood:
    """Gives a domain's neighbours among all domains of the configuration."""

    def __init__(
        self,
        everyone: Callable[[], Sequence[Desired]],
        ledger: Callable[[str], Ledger],
        listing: Callable[[Desired], Mapping[Key, RRset]],
        tell: Callable[[str], None],
    ) -> None:
        """Take how all domains, a zone's ledger and a domain's listing are had; asked when needed.

        ``ledger`` and ``listing`` may raise `MailsyncError`: then that neighbour is not known.
        """
        self._load = everyone
        self._ledger = ledger
        self._listing = listing
        self._tell = tell
        self._lock = Lock()
        self._known: dict[str, Neighbour] = {}

    def of(self, desired: Desired) -> tuple[Neighbour, ...]:
        """Give the neighbours of one domain, in the order of their zones."""
        with self._lock:
            if len(self._everyone) < 2:
                return ()
            zones = set(self._relations.get(desired.zone, ()))
            if any(wish.kind == "host" for wish in desired.wishes):
                zones |= self._sent_here.get(desired.zone, frozenset())
            return tuple(self._neighbour(zone) for zone in sorted(zones - {desired.zone}))

    @cached_property
    def _everyone(self) -> Mapping[str, Desired]:
        return {desired.zone: desired for desired in self._load()}

    @cached_property
    def _relations(self) -> Mapping[str, frozenset[str]]:
        return relations(tuple(self._everyone.values()))

    @cached_property
    def _sent_here(self) -> Mapping[str, frozenset[str]]:
        """Give for each zone those whose journal remembers that their mail went to its hosts."""
        zones = set(self._everyone)
        found: dict[str, set[str]] = {}
        for zone in zones:
            for other in zones_of(mail_went_to(self._ledger_of(zone)), zones):
                found.setdefault(other, set()).add(zone)
        return {zone: frozenset(others) for zone, others in found.items()}

    def _ledger_of(self, zone: str) -> Ledger:
        try:
            return self._ledger(zone)
        except MailsyncError as error:
            self._tell(f"{shown(zone)}: its journal cannot be read: {error}")
            return Ledger()

    def _neighbour(self, zone: str) -> Neighbour:
        if zone not in self._known:
            desired = self._everyone[zone]
            rrsets = None
            try:
                rrsets = self._listing(desired)
            except MailsyncError as error:
                self._tell(f"{shown(zone)}: a neighbour that cannot be listed: {error}")
            self._known[zone] = Neighbour(zone, desired, rrsets, self._ledger_of(zone))
        return self._known[zone]
