"""What the world looks like at the moment of planning, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import TTL_MAX
from mailsync.mail.mta_sts import Policy
from mailsync.plan.ledger import Ledger
from mailsync.plan.model import Gate, GateState

if TYPE_CHECKING:
    from mailsync.desired.model import Desired


@dataclass(frozen=True, slots=True)
class Capability:
    """What a DNS host can do with TTLs. ``settable`` False: it keeps whatever TTL it has.

    ``ttl_min`` and ``ttl_max`` in seconds; a TTL outside is planned as the nearest one inside.
    """

    settable: bool = True
    ttl_min: int = 0
    ttl_max: int = TTL_MAX

    def nearest(self, ttl: int) -> int:
        """Give the nearest TTL that the host takes."""
        return max(self.ttl_min, min(ttl, self.ttl_max))


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
    the mail hosts to which a due switch leads.
    """

    rrsets: Mapping[Key, RRset]
    capability: Capability = field(default_factory=Capability)
    negative_ttl: int | None = None
    lagging: Mapping[Key, str] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    policy: ServedPolicy = field(default_factory=ServedPolicy)
    neighbours: tuple[Neighbour, ...] = ()
    looks: tuple[Look, ...] = ()

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
