"""A zone file that is not written yet, read just as `files.load` will read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from mailsync.desired import reading, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Level, Place
from mailsync.desired.services.model import Service
from mailsync.desired.tree import Mapping

_NOTHING = Mapping((), Place("", 1, 1))


@dataclass(frozen=True)
class Trial:
    """Reads trees of zone files.

    ``layers``: what will lie under them. ``severities``: what lint's findings are to be.
    """

    layers: Layers = field(default_factory=Layers)
    severities: tuple[tuple[str, Level], ...] = ()

    @cached_property
    def ttl(self) -> int:
        """The TTL, in seconds, of records where the file names none."""
        under = self.layers.under(_NOTHING, Faults())
        ttl = reading.duration(under.get("ttl"), Faults(), "a TTL")
        return zone.TTL if ttl is None else ttl

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The services that a file may name; one whose own file is wrong is left out."""
        return tuple(self.layers.catalogue.all(Faults()))

    def read(
        self, name: str, root: Mapping, faults: Faults, *, alone: bool = False
    ) -> tuple[Desired, ...]:
        """Read the file of a zone (an absolute name); ``alone``: without what lies under it."""
        layers = Layers(catalogue=self.layers.catalogue) if alone else self.layers
        found = zone.read(name, root, layers, root.place, faults)
        return tuple(replace(desired, severities=self.severities) for desired in found)
