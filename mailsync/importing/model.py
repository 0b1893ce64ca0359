"""What is imported, as plain values: the zone as it was found, and what a file says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mailsync.desired import tree
from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired
from mailsync.desired.services.model import Service
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.live import Capability, ServedPolicy


@dataclass(frozen=True, slots=True)
class Found:
    """A zone (an absolute name) as it was found, and what an import of it goes by.

    ``origin``: where it was found, in words. ``capability`` and ``policy``: as a plan would have
    them. ``everything``: records that are no mail are taken over, too. ``unlisted``: what
    ``origin`` cannot tell, in words for the file.
    """

    zone: str
    rrsets: Mapping[Key, RRset]
    origin: str
    capability: Capability = field(default_factory=Capability)
    policy: ServedPolicy = field(default_factory=ServedPolicy)
    everything: bool = False
    unlisted: tuple[str, ...] = ()
    _cuts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the delegations to other zones."""
        cuts = tuple(n for n, rdtype in self.rrsets if rdtype == "NS" and n != self.zone)
        object.__setattr__(self, "_cuts", cuts)

    def get(self, name: str, rdtype: str) -> RRset | None:
        """Give an RRset, None where there is none."""
        return self.rrsets.get((name, rdtype))

    def delegated(self, name: str) -> bool:
        """Tell whether a name lies at or below a delegation to another zone."""
        return any(is_at_or_below(name, cut) for cut in self._cuts)

    def holds(self, name: str) -> bool:
        """Tell whether the records of a name would stand in this zone."""
        return is_at_or_below(name, self.zone) and not self.delegated(name)


class Loader(Protocol):
    """How the file to come will be read."""

    @property
    def ttl(self) -> int:
        """The TTL, in seconds, of records where the file names none."""

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that a file may name."""

    def read(
        self, zone: str, root: tree.Mapping, faults: Faults, *, alone: bool = False
    ) -> tuple[Desired, ...]:
        """Read the file of a zone (an absolute name); ``alone``: without what lies under it."""


Claim = tuple[str, str, str | None, tuple[Key, ...]]
"""What an entry is about, whatever it says: its domain, key and label, and which RRsets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file may say of some live values, and how.

    ``domain``: the mail domain (an absolute name) in whose part of the file it stands. ``label``:
    the name below ``key``, None where the key has but one value. ``forms``: the ways to say it, the
    best first; the first that reads as ``live`` is taken. ``ttl`` in seconds, as all of ``live``
    have it.
    """

    domain: str
    key: str
    label: str | None
    forms: tuple[tree.Node, ...]
    live: Mapping[Key, tuple[str, ...]]
    ttl: int
    note: str = ""

    @property
    def claim(self) -> Claim:
        """What it is about."""
        return (self.domain, self.key, self.label, tuple(sorted(self.live)))


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """Live values that the file does not speak of, and why.

    ``about``: the key under which they would stand, empty where they are no mail.
    """

    domain: str
    about: str
    key: Key
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Import:
    """A zone file that is ready to be written, and the report on it.

    ``entries``: what it says; ``left``: what it does not. ``still``: what a plan would do all the
    same, as the defaults of mailsync.yaml ask for it; nothing where a plan is empty.
    """

    zone: str
    text: str
    entries: tuple[Entry, ...]
    left: tuple[Left, ...]
    still: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def entry(
    domain: str,
    place: tuple[str, str | None],
    forms: Iterable[tree.Node],
    *rrsets: RRset,
    values: tuple[str, ...] | None = None,
    note: str = "",
) -> Entry:
    """Make an entry for whole RRsets of one TTL, or for some ``values`` of one."""
    live = {one.key: one.values if values is None else values for one in rrsets}
    return Entry(domain, *place, tuple(forms), live, rrsets[0].ttl, note)
