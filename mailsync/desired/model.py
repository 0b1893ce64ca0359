"""What a domain's file asks for, as plain values: wishes, and the terms of the cutover."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mailsync.mail.mta_sts import Policy

Kind = Literal[
    "mx",
    "host",
    "spf",
    "dkim",
    "dmarc",
    "mta-sts",
    "tls-rpt",
    "tlsa",
    "srv",
    "ptr",
    "bimi",
    "verification",
    "autodiscover",
    "record",
    "null-key",
]
"""What a wish is for; each has its choreography in `mailsync.plan`."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Write it as ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ramp: its values, and when it may be taken.

    ``at``: not before that time (aware). ``after``: not before that many seconds after the rung
    below it was seen everywhere. Both None for the lowest.
    """

    values: tuple[str, ...]
    at: datetime | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One RRset, or our values of a shared one, as a file asks for it.

    ``values`` are canonical presentation texts; none means that the user asks for absence.
    ``named`` are values that are ours by name although not wished for (a verification token that
    is to go). ``ttl`` is in seconds; ``own_ttl`` tells that it stands at this very record and was
    not inherited from the file's default. ``ramp``: the rungs on the way, lowest first; the last
    one's values are the wish's. ``split``: the most octets that an SPF record may have before its
    addresses go into records of their own; 0 where it stays whole. ``auto``: what a mail host
    presents is wished for besides (TLSA); only a look at the world tells it.
    """

    kind: Kind
    name: str
    type: str
    values: tuple[str, ...]
    ttl: int
    place: Place
    own_ttl: bool = False
    named: tuple[str, ...] = ()
    ramp: tuple[Rung, ...] = ()
    split: int = 0
    auto: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a file that the user should know, and that is no error; ``id``: its sort."""

    id: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of the week in which a switch may run: weekdays (Monday is 0), minutes of the day.

    ``end`` is exclusive and greater than ``start``; 1440 is midnight at the end of that day.
    """

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """When a switch may run, in the cutover's time zone; no opening at all means always."""

    openings: tuple[Opening, ...] = ()
    text: str = ""

    def next_open(self, time: datetime, zone: ZoneInfo) -> datetime:
        """Find the first instant at or after ``time`` (aware) that lies inside the window."""
        if not self.openings:
            return time
        local = time.astimezone(zone)
        candidates = []
        for ahead in range(8):
            midnight = (local + timedelta(days=ahead)).replace(
                hour=0, minute=0, second=0, microsecond=0, fold=0
            )
            for opening in self.openings:
                if midnight.weekday() not in opening.days:
                    continue
                opens = _at_minute(midnight, opening.start)
                closes = _at_minute(midnight, opening.end)
                if time < closes:
                    candidates.append(max(opens, time))
            if candidates:
                break
        return min(candidates).astimezone(time.tzinfo)


def _at_minute(midnight: datetime, minute: int) -> datetime:
    """Give the instant of a wall-clock minute of that day, across changes of daylight time."""
    day = midnight + timedelta(days=minute // 1440)
    return day.replace(hour=minute % 1440 // 60, minute=minute % 60)


GateMode = Literal["require", "warn", "off"]
"""How a gate is taken: must it be seen to pass, is only an explicit refusal a reason to stop, or is
nobody to look at all?"""


GATES = ("smtp-accepts", "smtp-tls", "smtp-certificate", "tlsa-matches", "dnssec")
"""What is looked at in a mail server before mail is led to it; a file may say how each is taken."""


@dataclass(frozen=True, slots=True)
class Cutover:
    """The terms on which mail is moved (design §2 and §4); durations in seconds.

    ``ttl``: the TTL while a switch is under way. ``lead``: how long before ``at`` TTLs go down.
    ``soak``: how long after a switch the way back stays short. ``old_until``: until when the old
    service keeps accepting mail. The rest bounds what cannot be known:

    - ``unseen_ttl``: TTL of a version that nobody saw and that may have been replaced just now;
      it may have had as much as the one that was seen after it.
    - ``resolver_min_ttl``: resolvers that keep answers longer than their TTL keep them this long.
    - ``negative_ttl``: the longest time for which a resolver remembers that a name has no RRset.
    - ``retire_safety``: how much longer the old service stays (senders reuse open connections).
    - ``queue_lifetime``: how long a sender may keep trying to deliver (RFC 5321 §4.5.4.1).
    - ``verifier_delay``: how long after delivery a DKIM signature may still be verified.
    - ``policy_refresh``: how long a sender may go by an MTA-STS policy after its id has changed.

    ``tasks`` are those that only a person can do, and that a person has marked done. ``gates`` says
    how the named ones are taken: see `GateMode`.
    """

    at: datetime | None = None
    ttl: int = 300
    lead: int = 864000
    soak: int = 864000
    window: Window = field(default_factory=Window)
    timezone: str = "UTC"
    old_until: datetime | None = None
    unseen_ttl: int = 86400
    resolver_min_ttl: int = 300
    negative_ttl: int = 10800
    retire_safety: int = 300
    queue_lifetime: int = 432000
    verifier_delay: int = 172800
    policy_refresh: int = 86400
    tasks: frozenset[str] = frozenset()
    gates: tuple[tuple[str, GateMode], ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the window is read and times are shown."""
        return ZoneInfo(self.timezone)


Level = Literal["error", "warning", "info", "off"]
"""What a configuration may make of a rule's findings."""

LEVELS: tuple[Level, ...] = ("error", "warning", "info", "off")

Layer = Literal["mailbox", "inbound_gateway", "outbound_gateway", "relay", "forwarder"]
"""What a service does for a domain's mail; a domain has one mailbox service."""


@dataclass(frozen=True, slots=True)
class Use:
    """One service that a file names under ``services``, as it stands there.

    ``mx`` are the hosts (absolute names) that it asks for as the domain's MX; none where it takes
    no mail. ``exclusive``: the vendor says that no other MX may stand beside them, and
    ``lowest_preference`` that none may come before them. ``dns_host``: who has to serve the zone,
    known by ``name_servers`` (globs, no final dot). ``behind`` is the inbound gateway in front of
    it, as the file says.
    """

    service: str
    layer: Layer
    place: Place
    mx: tuple[str, ...] = ()
    exclusive: bool = False
    behind: str | None = None
    lowest_preference: bool = False
    dns_host: str = ""
    name_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """What only a person can do, and the stage before which it has to be done.

    ``id`` is what a person writes under ``cutover.tasks``. One that does not block is only told.
    ``hosts``: the MX (absolute names) by which the service's mail comes; where mail goes to them
    already, nothing waits. Of a service that takes no mail the DNS does not tell: there are none.
    """

    id: str
    stage: Literal["prepare", "switch", "settle"]
    text: str
    place: Place
    blocks: bool = True
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """All that the files say about one mail domain.

    ``domain`` and ``zone`` are absolute names. ``kinds`` are the keys that the file names: what is
    not named is left alone. ``no_mail`` is ``mail: none``. ``targets`` are the DNS hosts' names.
    ``policy`` is the MTA-STS policy in the end, None where the file does not ask for one.
    ``pruned`` are the keys whose kind is exclusive: what is live of it and not named is removed.
    ``acknowledged`` are the ids of findings that the user accepts; ``severities`` are those that
    the configuration sets, by id. ``services`` and ``tasks`` come from the catalogue of services.
    ``remarks`` are what the loader has to say that is no error.
    """

    domain: str
    zone: str
    wishes: tuple[Wish, ...]
    place: Place
    targets: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    no_mail: bool = False
    cutover: Cutover = field(default_factory=Cutover)
    policy: Policy | None = None
    pruned: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()
    services: tuple[Use, ...] = ()
    tasks: tuple[Task, ...] = ()
    severities: tuple[tuple[str, Level], ...] = ()
    remarks: tuple[Remark, ...] = ()
