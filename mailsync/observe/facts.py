"""All that a look at one domain gave, as plain values; `mailsync.observe.topics` judges them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Literal

from mailsync.desired.model import Desired
from mailsync.dns.answer import Answer
from mailsync.dns.names import shown
from mailsync.dns.rrset import BadValue, Key, txt_text
from mailsync.mail import mx, spf_syntax
from mailsync.mail.spf_evaluation import Evaluation
from mailsync.mail.spf_survey import Survey
from mailsync.observe.policy import Fetched
from mailsync.observe.question import Server
from mailsync.observe.resolving import Resolution
from mailsync.observe.smtp import Endpoint, Session
from mailsync.observe.zones import Served, ServerLook, ZoneServers

Role = Literal["mx", "old", "mailbox"]
"""Why a mail server is looked at: it is an MX, it was one, or it stands behind a gateway."""

_SENDERS_MAX = 16

NOT_ASKED = Answer("unknown", reason="there was no time to ask")


@dataclass(frozen=True, slots=True)
class Subject:
    """A domain to look at, and what is declared of it.

    ``domain`` and ``zone`` are absolute names; ``zone`` is empty where it is not known yet.
    ``desired`` is None for a domain without a zone file. ``mailboxes`` are addresses that exist,
    ``senders`` IP addresses that send for the domain, ``selectors`` those of DKIM. ``old_hosts``
    took its mail before, ``mailbox_hosts`` do so behind a gateway, ``new_hosts`` are to be its MX.
    """

    domain: str
    zone: str = ""
    desired: Desired | None = None
    mailboxes: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    old_hosts: tuple[str, ...] = ()
    mailbox_hosts: tuple[str, ...] = ()
    new_hosts: tuple[str, ...] = ()

    @property
    def postmaster(self) -> str:
        """The mailbox that every domain has (RFC 5321 §4.5.1)."""
        return f"postmaster@{shown(self.domain)}"


@dataclass(frozen=True, slots=True)
class Called:
    """A mail server that was looked at, and why.

    ``known``: the domain's recipients that were asked for; ``stranger``: one that does not exist;
    ``foreign``: one of another domain.
    """

    role: Role
    session: Session
    known: tuple[str, ...] = ()
    stranger: str = ""
    foreign: str = ""

    @property
    def endpoint(self) -> Endpoint:
        """Whom it was."""
        return self.session.endpoint


@dataclass(frozen=True, slots=True)
class Reverse:
    """The names of an address; where each leads, and which of them are aliases."""

    address: str
    names: Answer
    forward: Mapping[str, Answer] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Canary:
    """What one resolver says of one RRset."""

    resolver: Server
    key: Key
    said: Resolution


@dataclass(frozen=True, slots=True)
class Dnssec:
    """Whether resolvers validate the zone. ``ends``: when its first signature expires (aware)."""

    state: Literal["secure", "unsigned", "bogus", "unknown"]
    detail: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of a domain at ``at`` (aware). What nobody looked at is absent or None.

    ``records`` are the zone's own, aliases followed. ``addresses`` are those of mail hosts by name;
    ``aliases``: the mail hosts that are aliases, with their targets. ``tlsa`` are by host;
    ``secure`` tells whether what DANE needs was validated, None where nobody said. ``reports``:
    what stands at the authorisation of each outside domain that gets DMARC reports. ``spf`` are by
    sender. ``left_out`` counts the mail servers that were too many to look at.
    """

    subject: Subject
    at: datetime
    zone: ZoneServers | None = None
    looks: tuple[ServerLook, ...] = ()
    records: Mapping[Key, Served] = field(default_factory=dict)
    addresses: Mapping[str, Answer] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    called: tuple[Called, ...] = ()
    left_out: int = 0
    tlsa: Mapping[str, Resolution] = field(default_factory=dict)
    secure: Mapping[Key, bool | None] = field(default_factory=dict)
    reverse: Mapping[str, Reverse] = field(default_factory=dict)
    canaries: tuple[Canary, ...] = ()
    dnssec: Dnssec | None = None
    policy: Fetched | None = None
    reports: Mapping[str, Answer] = field(default_factory=dict)
    spf: Mapping[str, Evaluation] = field(default_factory=dict)
    spf_survey: Survey | None = None

    def served(self, name: str, rdtype: str) -> Served:
        """Give what the zone serves there; unknown where nobody looked."""
        key = (name, rdtype)
        return self.records.get(key, Served(key, NOT_ASKED))

    def texts(self, name: str) -> tuple[str, ...]:
        """Give the texts of a TXT RRset; those that are none are left out."""
        return texts_of(self.served(name, "TXT").answer.values)

    @property
    def exchanges(self) -> tuple[mx.Record, ...]:
        """The MX that is served, the best first; what is no MX is left out."""
        return exchanges_of(self.served(self.subject.domain, "MX").answer.values)

    @property
    def senders(self) -> tuple[str, ...]:
        """The declared senders: the subject's, and the addresses that the SPF record names."""
        found = dict.fromkeys(self.subject.senders)
        for text in self.texts(self.subject.domain):
            found.update(dict.fromkeys(_single_addresses(text)))
        return tuple(islice(found, _SENDERS_MAX))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that senders go to: those of the MX, or the implicit one (RFC 5321 §5.1)."""
        domain = self.subject.domain
        if self.served(domain, "MX").answer.state == "void":
            families = (self.served(domain, family).answer.state for family in ("A", "AAAA"))
            return (domain,) if "found" in families else ()
        found = (record.exchange for record in self.exchanges if not record.is_null)
        return tuple(dict.fromkeys(found))


def _single_addresses(text: str) -> Iterator[str]:
    """Give the addresses that an SPF record names one by one; networks name nobody."""
    if not spf_syntax.is_spf(text):
        return
    try:
        mechanisms = spf_syntax.parse(text).mechanisms
    except spf_syntax.BadSpf:
        return
    for mechanism in mechanisms:
        network = spf_syntax.network(mechanism)
        if network is not None and network.num_addresses == 1 and mechanism.qualifier == "+":
            yield str(network.network_address)


def texts_of(values: Iterable[str]) -> tuple[str, ...]:
    """Read the texts of TXT values; those that are none are left out."""
    found = []
    for value in values:
        try:
            found.append(txt_text(value))
        except BadValue:
            continue
    return tuple(found)


def exchanges_of(values: Iterable[str]) -> tuple[mx.Record, ...]:
    """Read MX values, the best first; those that are none are left out."""
    found = []
    for value in values:
        try:
            found.append(mx.parse(value))
        except mx.BadMx:
            continue
    return tuple(sorted(found))
