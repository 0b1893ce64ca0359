"""Reads what a domain's mail leans on, and what leans on it; each zone once in a run."""

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
from mailsync.plan.neighbours import leaned_on, lets_go, names_in, relations, zones_of


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
        self._ledgers: dict[str, Ledger] = {}
        self._listings: dict[str, Mapping[Key, RRset] | None] = {}

    def of(self, desired: Desired, listing: Mapping[Key, RRset]) -> tuple[Neighbour, ...]:
        """Give the neighbours of one domain, in the order of their names.

        ``listing``: the domain's zone, which tells whether something is to go on which others lean.
        """
        with self._lock:
            if len(self._everyone) < 2:
                return ()
            names = set(self._relations.get(desired.domain, ()))
            zones: set[str] = set()
            going = lets_go(desired, listing)
            if going or any(wish.kind == "host" for wish in desired.wishes):
                zones |= self._remembered.get(desired.zone, frozenset())
            if going:
                zones |= self._listed.get(desired.zone, frozenset())
            names |= {name for name, one in self._everyone.items() if one.zone in zones}
            return tuple(
                self._neighbour(self._everyone[name], desired)
                for name in sorted(names - {desired.domain})
            )

    def of_zone(self, zone: str) -> tuple[Desired, ...]:
        """Give all domains of one zone."""
        return tuple(one for one in self._everyone.values() if one.zone == zone)

    @cached_property
    def _everyone(self) -> Mapping[str, Desired]:
        return {desired.domain: desired for desired in self._load()}

    @cached_property
    def _relations(self) -> Mapping[str, frozenset[str]]:
        return relations(tuple(self._everyone.values()))

    @cached_property
    def _remembered(self) -> Mapping[str, frozenset[str]]:
        """Give for each zone those whose journal remembers that their mail leaned on it."""
        zones = {desired.zone for desired in self._everyone.values()}
        return _turned({zone: leaned_on(self._ledger_of(zone)) for zone in zones})

    @cached_property
    def _listed(self) -> Mapping[str, frozenset[str]]:
        """Give the same by what zones list, for those of whose MX no journal knows anything."""
        found: dict[str, frozenset[str]] = {}
        for desired in self._everyone.values():
            known = any(key[1] == "MX" for key in self._ledger_of(desired.zone).histories)
            if desired.zone not in found:
                listing = {} if known else self._listing_of(desired) or {}
                found[desired.zone] = names_in(listing.values())
        return _turned(found)

    def _ledger_of(self, zone: str) -> Ledger:
        if zone not in self._ledgers:
            try:
                self._ledgers[zone] = self._ledger(zone)
            except MailsyncError as error:
                self._tell(f"{shown(zone)}: its journal cannot be read: {error}")
                self._ledgers[zone] = Ledger()
        return self._ledgers[zone]

    def _neighbour(self, neighbour: Desired, of: Desired) -> Neighbour:
        if neighbour.zone == of.zone:
            # The plan has the zone's listing and journal at hand, and newer than any kept here.
            return Neighbour(neighbour.zone, neighbour, None, Ledger())
        ledger = self._ledger_of(neighbour.zone)
        return Neighbour(neighbour.zone, neighbour, self._listing_of(neighbour), ledger)

    def _listing_of(self, desired: Desired) -> Mapping[Key, RRset] | None:
        zone = desired.zone
        if zone not in self._listings:
            self._listings[zone] = None
            try:
                self._listings[zone] = self._listing(desired)
            except MailsyncError as error:
                self._tell(f"{shown(zone)}: a neighbour that cannot be listed: {error}")
        return self._listings[zone]


def _turned(leaning: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Give for each zone the others that lean on a name in it; ``leaning``: on what each leans."""
    found: dict[str, set[str]] = {}
    for zone, names in leaning.items():
        for other in zones_of(names, set(leaning)) - {zone}:
            found.setdefault(other, set()).add(zone)
    return {zone: frozenset(others) for zone, others in found.items()}
