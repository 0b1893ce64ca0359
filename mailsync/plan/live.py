"""What the world looks like at the moment of planning, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import TTL_MAX
from mailsync.mail.mta_sts import Policy
from mailsync.plan.ledger import Ledger
from mailsync.plan.model import Gate, GateState

if TYPE_CHECKING:
    from mailsync.desired.model import Desired


TtlScope = Literal["rrset", "record", "zone", "none"]
"""What has a TTL of its own at a DNS host: an RRset, each record, the zone; or nothing says it."""

Write = Literal["atomic", "in-place", "per-value", "whole-zone", "delete-then-create", "by-hand"]
"""How a DNS host's adapter writes: all changes as one; each RRset as one; value by value, in an
order that never leaves an RRset empty; the zone as a whole; or so that an RRset is gone for a
moment. By hand: a person does, at any time after the steps were printed."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What a DNS host can do. ``settable`` False: it keeps whatever TTL it has.

    ``ttl_min`` and ``ttl_max`` in seconds; a TTL outside is planned as the nearest one inside.
    ``types``: of RRsets that can be written; None: not known, and then left to the adapter.
    ``txt_max``: octets of a TXT value (its strings joined), ``txt_without``: characters that it
    must not hold, ``txt_garbles``: such as the adapter would write wrongly again in values that are
    there, ``txt_empty``: it may be empty. ``null_mx``: whether ``0 .`` is taken (RFC 7505).
    ``mx_below``: names below the zone may have MX. ``mx_preferences``: two MX may have one
    preference. ``ptr``: reverse zones can be held. ``write``: how an adapter writes; what is not
    known to leave an RRset in place is not let near an MX.
    ``compare_and_set``: the host itself refuses what was planned from a state that is no more.
    ``publish_delay``: seconds until its servers answer what it was told. None is: not known.
    ``clock``: the time that its answers tell is right.
    ``panel``: the control panel in which a person writes, by name. ``cannot``: why RRsets of a type
    (or ``*``: of any that ``types`` does not list) cannot be here, and what to do instead.
    """

    settable: bool = True
    ttl_min: int = 0
    ttl_max: int = TTL_MAX
    types: frozenset[str] | None = None
    ttl_scope: TtlScope = "rrset"
    txt_max: int | None = None
    txt_without: str = ""
    txt_garbles: str = ""
    txt_empty: bool = True
    null_mx: bool | None = None
    mx_below: bool = True
    mx_preferences: bool = True
    ptr: bool | None = None
    write: Write | None = "in-place"
    compare_and_set: bool = False
    publish_delay: int | None = None
    clock: bool = True
    panel: str = ""
    cannot: tuple[tuple[str, str], ...] = ()

    @property
    def by_hand(self) -> bool:
        """Tell whether a person writes here."""
        return self.write == "by-hand"

    def nearest(self, ttl: int) -> int:
        """Give the nearest TTL that the host takes."""
        return max(self.ttl_min, min(ttl, self.ttl_max))

    def in_zone(self, rrsets: Iterable[RRset]) -> Capability:
        """Give what the host can do in a zone that holds these RRsets.

        Where all of a zone has one TTL, a new RRset has it, too.
        """
        ttls = [one.ttl for one in rrsets]
        if self.ttl_scope not in {"zone", "none"} or not ttls:
            return self
        return replace(self, ttl_min=max(ttls), ttl_max=max(ttls))


@dataclass(frozen=True, slots=True)
class ServedPolicy:
    """What ``https://mta-sts.DOMAIN/.well-known/mta-sts.txt`` gives (RFC 8461 §3.3).

    ``unknown``: nobody looked, or the look failed, as ``detail`` says. ``none``: there is none.
    """

    state: Literal["unknown", "none", "served"] = "unknown"
    policy: Policy | None = None
    detail: str = "nobody has looked"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one address of a mail host: for which gate, and in words after its name."""

    gate: str
    host: str
    state: GateState
    detail: str


@dataclass(frozen=True, slots=True)
class Presented:
    """The certificates that a mail host presents, as TLSA values; none: not known, see ``detail``.

    All those at all of its addresses.
    """

    values: tuple[str, ...] = ()
    detail: str = "nobody has looked"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another domain of the same configuration, as far as this one's mail leans on it.

    ``desired`` is None where the zone has no file that could be read, ``rrsets`` None where nobody
    listed it: then only the ledger speaks. Of one in the very zone that is planned (a sibling, see
    ``subdomains``) the zone's own listing and ledger speak instead.
    """

    zone: str
    desired: Desired | None
    rrsets: Mapping[Key, RRset] | None
    ledger: Ledger
    negative_ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A zone as its DNS host lists it, and what its authoritative servers showed.

    ``negative_ttl``: how long absence may be remembered (RFC 2308 §5: min of SOA TTL and MINIMUM),
    None when not known. ``lagging``: RRsets that not every authoritative server serves yet, each
    with a text that names the servers. ``gates``: observed conditions for writing. ``policy``: the
    MTA-STS policy that is served. ``neighbours``: other domains that this one's mail leans on, or
    whose mail leans on this one; all others of the zone are among them. ``looks``: what was seen of
    the mail hosts to which a due switch leads. ``asked``: RRsets that a person was asked to change
    and may change at any moment, with all that each may be on the way. ``certificates``: what
    mail hosts present, where the file leaves it to them.
    """

    rrsets: Mapping[Key, RRset]
    capability: Capability = field(default_factory=Capability)
    negative_ttl: int | None = None
    lagging: Mapping[Key, str] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    policy: ServedPolicy = field(default_factory=ServedPolicy)
    neighbours: tuple[Neighbour, ...] = ()
    looks: tuple[Look, ...] = ()
    asked: Mapping[Key, frozenset[RRset | None]] = field(default_factory=dict)
    certificates: Mapping[str, Presented] = field(default_factory=dict)

    def presented(self, host: str) -> Presented:
        """Give what is known of the certificates of a host (an absolute name)."""
        return self.certificates.get(host, Presented())

    def delegates(self, name: str, zone: str) -> bool:
        """Tell whether a name of the zone lies in another zone that it delegates to."""
        cuts = (key[0] for key in self.rrsets if key[1] == "NS" and key[0] != zone)
        return any(is_at_or_below(name, cut) for cut in cuts)

    def hides(self, key: Key, zone: str) -> bool:
        """Tell whether nobody is asked for an RRset here: its name is delegated to other servers.

        A delegation's own NS and DS stand in this zone all the same (RFC 1034 §4.2, RFC 4035 §2.4).
        """
        name, rdtype = key
        if rdtype in {"NS", "DS"}:
            name = name.partition(".")[2]
        return self.delegates(name, zone)

    def get(self, key: Key) -> RRset | None:
        """Give one RRset, or None where there is none."""
        return self.rrsets.get(key)

    def answering(self, key: Key) -> RRset | None:
        """Give the RRset that answers for a name: its own, or a wildcard's (RFC 4592 §3.3.1)."""
        above, rdtype = key
        wild = ""
        while above and not any(is_at_or_below(name, above) for name, _ in self.rrsets):
            above = above.partition(".")[2]
            wild = f"*.{above}"
        return self.get((wild, rdtype) if wild else key)
