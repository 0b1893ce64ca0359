"""An octoDNS provider as a DNS host: guarded, one step at a time, one line when it goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from octodns.zone import Zone

from mailsync.dns.names import BadName, absolute, is_at_or_below, shown, whole
from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import written
from mailsync.errors import HostError, MailsyncError, StaleWrite
from mailsync.hosts.adoption import Adoption
from mailsync.hosts.capabilities import Adapter
from mailsync.hosts.failures import in_one_line, is_stale
from mailsync.hosts.records import rrsets_of
from mailsync.hosts.secrets import Secrets
from mailsync.hosts.transport import Timepiece, bounded, writing_once
from mailsync.plan.ability import objection
from mailsync.plan.live import Capability
from mailsync.plan.model import Change

_ZONES = 100
"""How many zones one provider reads at most: it may keep them all."""
_SECONDS = 60.0
"""How long it is used at most: some know from the first call on what they are asked for later."""
_NOTHING_WRITTEN = "nothing was written"
_NOT_KNOWN = "it is not known what was written: run `mailsync plan` before anything else"


@dataclass(eq=False, slots=True)
class OctodnsHost:
    """A `Host` on an octoDNS provider.

    ``provider`` makes a new one: some keep what they once read, and a second write would then be
    compared with what was live before the first. Zones that are read one after the other share one
    all the same, for some list every zone before they read the first. ``adapter`` is what is known
    of its class.
    """

    name: str
    capability: Capability
    provider: Callable[[], Any] = field(repr=False)
    adapter: Adapter = field(default_factory=Adapter)
    secrets: Secrets = field(default_factory=Secrets)
    _reader: Any = field(default=None, init=False, repr=False)
    _read: set[str] = field(default_factory=set, init=False, repr=False)
    _until: float = field(default=-1.0, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """List all RRsets of a zone, canonical; raises `HostError`, also for an unknown zone.

        What cannot be said in presentation text is left out: nobody may change it here either.
        """
        origin = absolute(zone)
        # No sub-zones: what a DNS host lists is in its zone, whatever else is configured.
        listing = Zone(origin, [])
        with self._failing_as_host_error(origin), bounded() as timepiece:
            provider, exists = self._populated(listing)
            missing = exists is False and not _lists(provider, origin)
        self._check_clock(timepiece, origin)
        if missing:
            raise HostError(
                f"DNS host {self.name!r} has no such zone: create it there, or correct `targets` "
                "in mailsync.yaml",
                where=shown(origin),
            )
        rrsets = rrsets_of(listing)
        if self.adapter.lists_ns and (origin, "NS") not in rrsets:
            raise HostError(
                f"DNS host {self.name!r} gave an empty answer, without the zone's own NS: try "
                "again later",
                where=shown(origin),
            )
        return rrsets

    def _populated(self, listing: Zone) -> tuple[Any, Any]:
        """Read a zone with a provider that has not read it yet; gives both it and its answer.

        Whoever comes while a new one reads its first zone waits: it may be listing all of them.
        """
        with self._lock:
            if listing.name in self._read:
                provider = self.provider()
            elif len(self._read) >= _ZONES or self._until < time.monotonic():
                self._reader, self._read = self.provider(), {listing.name}
                self._until = time.monotonic() + _SECONDS
                return _populate(self._reader, listing)
            else:
                provider = self._reader
                self._read.add(listing.name)
        return _populate(provider, listing)

    def _check_clock(self, timepiece: Timepiece, origin: str) -> None:
        """Refuse to go by a clock that is wrong: every wait would be."""
        ahead, host = timepiece.ahead()
        if not ahead or not self.capability.clock:
            return
        off = written(round(abs(ahead)))
        raise HostError(
            f"DNS host {self.name!r}: this machine's clock is {off} "
            f"{'ahead of' if ahead > 0 else 'behind'} what {host} says: set the clock, every wait "
            f"would be reckoned wrong (or, if {host} is wrong, 'capabilities: {{{self.name}: "
            "{clock: false}}' in mailsync.yaml)",
            where=shown(origin),
        )

    def zones(self) -> tuple[str, ...] | None:
        """Name all zones that the host serves, absolute; None where its adapter cannot list them.

        Names that are no zone's here (RFC 2317, say) are left out. Raises `HostError`.
        """
        with self._failing_as_host_error(""), bounded():
            provider = self.provider()
            listed = list(provider.list_zones()) if hasattr(provider, "list_zones") else None
        return None if listed is None else tuple(sorted(set(_names(listed))))

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Carry out the changes and nothing else, in one apply of the provider; see `Host.write`.

        Raises `StaleWrite`, and `HostError`; a message that does not say "nothing was written"
        leaves it open.
        """
        origin = absolute(zone)
        self._refuse_what_cannot_be(origin, changes)
        if not changes:
            return
        adoption = Adoption(self.name, origin, changes)
        with self._failing_as_host_error(origin, _NOTHING_WRITTEN), bounded():
            provider = self.provider()
            if getattr(provider, "apply_disabled", False):
                raise HostError(
                    f"DNS host {self.name!r} is set to apply_disabled: nothing was written",
                    where=shown(origin),
                )
            plan = provider.plan(adoption.asked(provider), processors=[adoption])
            if plan is not None and plan.exists is False:
                plan.exists = _lists(provider, origin)
            plan = adoption.only_asked(plan)
        if plan is None:
            return
        with self._failing_as_host_error(origin, _NOT_KNOWN), writing_once():
            provider.apply(plan)

    def _refuse_what_cannot_be(self, origin: str, changes: Sequence[Change]) -> None:
        seen: set[Key] = set()
        for change in changes:
            why = self._obstacle(origin, change)
            if change.key in seen:
                why = "is named by two changes of one write"
            if why:
                name, rdtype = change.key
                raise HostError(f"{name} {rdtype}: {why}; nothing was written", where=shown(origin))
            seen.add(change.key)

    def _obstacle(self, origin: str, change: Change) -> str:
        name, rdtype = change.key
        before, after = change.before, change.after
        if not is_at_or_below(name, origin):
            return f"is not in the zone {shown(origin)}"
        if rdtype == "SOA" or (rdtype == "NS" and name == origin):
            return "belongs to the DNS host and is never changed"
        if after and (before is None or before.ttl != after.ttl):
            if before and not self.capability.settable:
                return f"DNS host {self.name!r} keeps its TTLs: plan again"
            if self.capability.nearest(after.ttl) != after.ttl:
                return (
                    f"DNS host {self.name!r} takes TTLs from {self.capability.ttl_min} to "
                    f"{self.capability.ttl_max} s, not {after.ttl} s: plan again"
                )
        if after and (reason := objection(self.capability, after, before, origin)):
            return f"DNS host {self.name!r} {reason.why}"
        return ""

    @contextmanager
    def _failing_as_host_error(self, origin: str, outcome: str = "") -> Iterator[None]:
        try:
            yield
        except MailsyncError:
            raise
        except Exception as error:  # noqa: BLE001  # a provider may raise anything
            said = in_one_line(error, self.secrets)
            if is_stale(error):
                raise StaleWrite(f"DNS host {self.name!r}: {said}", where=shown(origin)) from None
            if outcome and _NOTHING_WRITTEN not in said:
                said = f"{said}; {outcome}"
            raise HostError(f"DNS host {self.name!r}: {said}", where=shown(origin)) from None


def _populate(provider: Any, listing: Zone) -> tuple[Any, Any]:
    return provider, provider.populate(listing, target=True, lenient=True)


def _lists(provider: Any, origin: str) -> bool:
    """Tell whether a zone is among those that a provider lists: some take an empty one for none."""
    return hasattr(provider, "list_zones") and origin in provider.list_zones()


def _names(listed: Iterable[str]) -> Iterator[str]:
    for name in listed:
        try:
            yield whole(name)
        except BadName:
            continue
