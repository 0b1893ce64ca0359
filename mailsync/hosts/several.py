"""Several DNS hosts that serve one zone: written one after the other, and alike again in the end.

A run may end between two writes, and somebody may edit one host by hand. Where the hosts differ,
the version that is *not* what the file asks for is listed, so that the change is planned (again);
`write` passes over a host that has it already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mailsync.dns.rrset import Key, RRset
from mailsync.errors import MailsyncError, StaleWrite
from mailsync.hosts.interface import Host
from mailsync.plan.live import Capability, TtlScope, Write
from mailsync.plan.model import Change

_TTL_SCOPES: Final[Sequence[TtlScope]] = ("rrset", "record", "zone", "none")
"""From the one that leaves most room to the one that leaves none."""

_WRITES: Final[Sequence[Write | None]] = (
    *("atomic", "in-place", "per-value", "whole-zone", "by-hand"),
    None,
    "delete-then-create",
)
"""From the one that shows least of what lies between to the one that shows most."""


class Several:
    """Two or more DNS hosts as one, for one domain.

    ``wished``: the values that the domain's file asks for, by RRset.
    """

    def __init__(self, hosts: Sequence[Host], wished: Mapping[Key, tuple[str, ...]]) -> None:
        """Take the hosts in the order in which they are written. Raises `MailsyncError`."""
        self._hosts = tuple(hosts)
        self._wished = wished
        self._listings: dict[str, tuple[Mapping[Key, RRset], ...]] = {}
        self._capability = _narrowest(self._hosts)

    @property
    def name(self) -> str:
        """The names of all, as messages show them."""
        return " and ".join(host.name for host in self._hosts)

    @property
    def capability(self) -> Capability:
        """What all of them can do."""
        return self._capability

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """List the zone at every host, and put the listings together. Raises `HostError`."""
        listings = tuple(host.read(zone) for host in self._hosts)
        self._listings[zone] = listings
        found = {}
        for key in sorted({key for listing in listings for key in listing}):
            rrset = self._version(zone, key, [listing.get(key) for listing in listings])
            if rrset is not None:
                found[key] = rrset
        return found

    def differing(self, zone: str) -> Mapping[Key, str]:
        """Tell which RRsets were not alike at the last reading, and what each host listed."""
        listings = self._listings.get(zone, ())
        found = {}
        for key in sorted({key for listing in listings for key in listing}):
            versions = [listing.get(key) for listing in listings]
            if key != (zone, "NS") and len(set(versions)) > 1:
                each = zip(self._hosts, versions, strict=True)
                found[key] = "; ".join(f"{host.name} lists {_said(v)}" for host, v in each)
        return found

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Write to every host what it does not hold yet; compares with all before the first write.

        Raises `StaleWrite` where a host holds neither what is to change nor what it changes to.
        """
        missing = []
        for host in self._hosts:
            listing = host.read(zone)
            open_changes = [c for c in changes if listing.get(c.key) != c.after]
            for change in open_changes:
                if listing.get(change.key) != change.before:
                    held = _said(listing.get(change.key))
                    msg = (
                        f"{change.key[0]} {change.key[1]}: {host.name} lists {held}, which is "
                        f"neither {_said(change.before)} nor {_said(change.after)}: make the DNS "
                        "hosts alike"
                    )
                    raise StaleWrite(msg)
            missing.append(open_changes)
        for host, open_changes in zip(self._hosts, missing, strict=True):
            if open_changes:
                host.write(zone, open_changes)

    def _version(self, zone: str, key: Key, versions: list[RRset | None]) -> RRset | None:
        if key == (zone, "NS"):
            # Each host names its own servers; the zone's are all of them.
            named = [version for version in versions if version is not None]
            values = tuple(value for version in named for value in version.values)
            return RRset(*key, min(version.ttl for version in named), values)
        if key not in self._wished:
            # Not the file's, or to be pruned: what is there is still to be reckoned with.
            return next(version for version in reversed(versions) if version is not None)
        wished = self._wished[key]
        other = [v for v in versions if (v.values if v is not None else ()) != wished]
        return versions[-1] if len(set(versions)) == 1 or not other else other[-1]


def _narrowest(hosts: Sequence[Host]) -> Capability:
    known = [host.capability for host in hosts]
    low, high = max(c.ttl_min for c in known), min(c.ttl_max for c in known)
    if low > high:
        names = ", ".join(host.name for host in hosts)
        msg = (
            f"no TTL fits all of the DNS hosts {names}: one takes {low} or more, one {high} or less"
        )
        raise MailsyncError(msg)
    types = [c.types for c in known if c.types is not None]
    return Capability(
        settable=all(c.settable for c in known),
        ttl_min=low,
        ttl_max=high,
        types=frozenset.intersection(*types) if types else None,
        ttl_scope=max((c.ttl_scope for c in known), key=_TTL_SCOPES.index),
        txt_max=min((c.txt_max for c in known if c.txt_max is not None), default=None),
        txt_without="".join(sorted({char for c in known for char in c.txt_without})),
        txt_empty=all(c.txt_empty for c in known),
        txt_garbles="".join(sorted({char for c in known for char in c.txt_garbles})),
        null_mx=_all_of([c.null_mx for c in known]),
        mx_below=all(c.mx_below for c in known),
        mx_preferences=all(c.mx_preferences for c in known),
        ptr=_all_of([c.ptr for c in known]),
        write=max((c.write for c in known), key=_WRITES.index),
        compare_and_set=all(c.compare_and_set for c in known),
        publish_delay=max(
            (c.publish_delay for c in known if c.publish_delay is not None), default=None
        ),
    )


def _all_of(answers: Sequence[bool | None]) -> bool | None:
    """Say no where one says no, and yes where all do."""
    if False in answers:
        return False
    return None if None in answers else True


def _said(rrset: RRset | None) -> str:
    return "nothing" if rrset is None else f"TTL {rrset.ttl}: {', '.join(rrset.values)}"
