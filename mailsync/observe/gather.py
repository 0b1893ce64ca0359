"""One domain looked at from all sides: every probe that its topics need, many at once, in time."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from threading import Event as Flag
from typing import TypeVar

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.mail import dane, mta_sts
from mailsync.mail.spf_evaluation import Evaluation, Sender, check_host
from mailsync.mail.spf_survey import survey
from mailsync.observe import dnssec, policy, reporting, reverse, smtp, zones
from mailsync.observe.errands import Courtesy, Errands
from mailsync.observe.facts import Called, Canary, Facts, Role, Subject
from mailsync.observe.https import Place
from mailsync.observe.question import Patience, Reply, Server, Silence, ask
from mailsync.observe.resolving import Lookups, Resolution, resolved_by
from mailsync.observe.results import TOPICS, Topic
from mailsync.observe.smtp import Endpoint, Session
from mailsync.observe.zones import Served, ServerLook, Zones, ZoneServers

_HOSTS_MAX = 20
_ENDPOINTS_MAX = 30
"""Mail servers of one domain that are looked at."""

_APEX_LABELS_MAX = 12

_BASE: tuple[Key, ...] = (
    ("", "MX"),
    ("", "A"),
    ("", "AAAA"),
    ("", "TXT"),
    ("_dmarc.", "TXT"),
    ("_mta-sts.", "TXT"),
    ("_smtp._tls.", "TXT"),
)
"""What is asked of every domain: (what stands before its name, type)."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a look is taken. ``seconds``: for one domain as a whole; ``smtp_seconds``: for a server.

    ``canaries`` are the resolvers that are compared and that vouch for DNSSEC. ``helo``: the name
    to say in EHLO. ``roots``: a PEM file of trusted roots. ``foreign``: a recipient of nobody here.
    """

    seconds: float = 60.0
    patience: Patience = field(default_factory=Patience)
    canaries: tuple[Server, ...] = ()
    smtp_port: int = 25
    smtp_seconds: float = smtp.SECONDS_MAX
    https_port: int = 443
    helo: str = ""
    roots: str | None = None
    foreign: str = "mailsync-probe@example.net"


class Gatherer:
    """Gathers facts; what is shared by the domains of a run is asked for once."""

    def __init__(
        self,
        settings: Settings,
        lookups: Lookups,
        known_zones: Zones,
        clock: Callable[[], datetime],
        stop: Flag | None = None,
    ) -> None:
        """Take how to look, and whom to ask; ``stop`` ends every look when it is set."""
        self.settings = settings
        self.lookups = lookups
        self._zones = known_zones
        self._clock = clock
        self._stop = stop or Flag()
        self._courtesy = Courtesy()

    def errands(self) -> Errands:
        """Begin the time that one domain has."""
        return Errands(self.settings.seconds, stop=self._stop)

    def gather(self, subject: Subject, topics: Iterable[Topic] = TOPICS) -> Facts:
        """Look at a domain, as far as these topics need; ends in time whatever the world does."""
        wanted = frozenset(topics)
        with self.errands() as errands:
            facts = self._zone(Facts(subject, self._clock()), errands)
            facts = self._records(facts, errands)
            facts = self._hosts(facts, errands)
            facts = self._rest(facts, wanted, errands)
        self._zones.forget(facts.subject.zone)
        return facts

    def _zone(self, facts: Facts, errands: Errands) -> Facts:
        subject = facts.subject

        def found() -> ZoneServers:
            zone = subject.zone or self._apex(subject.domain)
            if not zone:
                fault = f"nobody knows a zone for {shown(subject.domain)}"
                return ZoneServers(subject.domain, fault=fault, delegated=False)
            return self._zones.find(zone)

        late = ZoneServers(subject.zone or subject.domain, fault="there was no time to find them")
        zone = errands.all(lambda _: found(), ("zone",)).get("zone", late)
        patience = self.settings.patience
        looks = errands.all(lambda server: zones.look(server, zone.zone, patience), zone.servers)
        no_time = [
            ServerLook(server, "was not asked in time", silent=True)
            for server in zone.servers
            if server not in looks
        ]
        return replace(
            facts,
            subject=replace(subject, zone=zone.zone),
            zone=zone,
            looks=(*looks.values(), *no_time),
        )

    def _apex(self, domain: str) -> str:
        """Find the zone in which a domain lies; empty where there is none but a top-level one."""
        labels = domain.split(".")
        for start in range(min(len(labels) - 2, _APEX_LABELS_MAX)):
            name = ".".join(labels[start:])
            found = self.lookups.resolve(name, "SOA")
            if found.answer.state == "found" and found.owner == name:
                return name
            if found.answer.state == "failed":
                return name  # whatever is wrong with it shows when its servers are looked for
        return ""

    def _records(self, facts: Facts, errands: Errands) -> Facts:
        keys = tuple(_keys(facts.subject))
        alive = [look.server for look in facts.looks if not look.fault]
        patience = self.settings.patience

        def asked(question: tuple[Server, Key]) -> Reply:
            server, key = question
            return ask(server, *key, patience)

        replies = errands.all(asked, [(server, key) for key in keys for server in alive])
        late = Silence("was not asked in time")

        def told(key: Key) -> Served:
            said = [(server, replies.get((server, key), late)) for server in alive]
            served = zones.compare(key, said)
            if served.alias:
                target = self.lookups.resolve(served.alias, key[1])
                return replace(served, answer=target.answer)
            if served.answer.state == "failed":
                return self._resolved(served)
            return served

        return replace(facts, records=errands.all(told, keys))

    def _resolved(self, served: Served) -> Served:
        """Take a resolver's word where no server of the zone gave its own."""
        found = self.lookups.resolve(*served.key)
        if found.answer.state in {"failed", "unknown"}:
            return served
        alias = found.owner if found.owner not in {"", served.key[0]} else ""
        return Served(served.key, found.answer, found.ttl, alias)

    def _hosts(self, facts: Facts, errands: Errands) -> Facts:
        subject = facts.subject
        named = (
            *facts.hosts,
            *subject.old_hosts,
            *subject.mailbox_hosts,
            *subject.new_hosts,
        )
        hosts = tuple(dict.fromkeys(named))[:_HOSTS_MAX]
        lookups = self.lookups
        addresses = errands.all(lookups.addresses, hosts)
        # The same question again, answered from what is remembered: where did the answer stand?
        owners = errands.all(lambda host: lookups.resolve(host, "A").owner, hosts)
        aliases = {host: owner for host, owner in owners.items() if owner not in {"", host}}
        return replace(facts, addresses=addresses, aliases=aliases)

    def _rest(self, facts: Facts, wanted: frozenset[Topic], errands: Errands) -> Facts:
        """Probe all that depends on the records and the hosts, everything at once."""

        def if_wanted(topic: Topic, items: Iterable[_T]) -> Iterable[_T]:
            return items if topic in wanted else ()

        domain, hosts = facts.subject.domain, facts.hosts
        calls = list(_calls(facts, wanted, self.settings))
        called = errands.start(lambda call: self.call(call, errands), calls[:_ENDPOINTS_MAX])
        tlsa = errands.start(self._tlsa, if_wanted("dane", hosts))
        secure = errands.start(self._is_secure, if_wanted("dane", _secured(facts)))
        named = errands.start(
            lambda address: reverse.look(address, self.lookups),
            if_wanted("reverse", _named_addresses(facts)),
        )
        canaries = errands.start(self._canary, if_wanted("resolvers", self._asked_of_all(facts)))
        validated = errands.start(
            lambda zone: dnssec.look(
                zone, self.settings.canaries, _alive(facts), self.settings.patience
            ),
            [facts.zone.zone]
            if facts.zone and facts.zone.delegated and wanted & {"dnssec", "dane"}
            else [],
        )
        fetched = errands.start(self._policy, if_wanted("mta-sts", _announcing(facts)))
        reports = errands.start(
            lambda name: self.lookups.ask(name, "TXT"), if_wanted("dmarc", _authorising(facts))
        )
        senders = if_wanted("spf", facts.subject.senders)
        judged = errands.start(lambda sender: self._judged(sender, domain), senders)
        surveyed = errands.start(
            lambda name: survey(shown(name), self.lookups),
            if_wanted("spf", [domain] if facts.served(domain, "TXT").answer.values else []),
        )
        return replace(
            facts,
            called=tuple(called.done().values()),
            left_out=max(len(calls) - _ENDPOINTS_MAX, 0),
            tlsa=tlsa.done(),
            secure={name: found for (name, _), found in secure.done().items()},
            reverse=named.done(),
            canaries=tuple(canaries.done().values()),
            dnssec=next(iter(validated.done().values()), None),
            policy=next(iter(fetched.done().values()), None),
            reports=reports.done(),
            spf=judged.done(),
            spf_survey=next(iter(surveyed.done().values()), None),
        )

    def call(self, call: Called, errands: Errands) -> Called:
        """Look at one mail server, when it is its address's turn."""
        settings, endpoint = self.settings, call.endpoint
        with self._courtesy.at(endpoint.address, errands.left) as turn:
            if not turn:
                problem = "was not looked at: other domains of this run took the time"
                return replace(call, session=Session(endpoint, problem=problem))
            recipients = (*call.known, *filter(None, (call.stranger, call.foreign)))
            found = smtp.probe(
                endpoint,
                recipients,
                seconds=min(settings.smtp_seconds, errands.left),
                helo=settings.helo,
                roots=settings.roots,
            )
        return replace(call, session=found)

    def _tlsa(self, host: str) -> Resolution:
        owner = dane.owner(host)
        found = self.lookups.resolve(owner, "TLSA")
        if found.answer.state == "found" and not found.secure:
            return replace(found, secure=self._is_secure((owner, "TLSA")))
        return found

    def _is_secure(self, question: tuple[str, str]) -> bool:
        """Tell whether the first resolver that answers has validated what is there."""
        for resolver in self.settings.canaries:
            found = resolved_by(resolver, *question, self.settings.patience)
            if found.answer.state in {"found", "void"}:
                return found.secure
        return False

    def _canary(self, question: tuple[Server, Key]) -> Canary:
        resolver, key = question
        return Canary(resolver, key, resolved_by(resolver, *key, self.settings.patience))

    def _asked_of_all(self, facts: Facts) -> list[tuple[Server, Key]]:
        """Ask resolvers only for what is there: what is not, they would remember as missing."""
        domain = facts.subject.domain
        keys = [
            (domain, rdtype)
            for rdtype in ("MX", "TXT")
            if facts.served(domain, rdtype).answer.state == "found"
            and not facts.served(domain, rdtype).alias
        ]
        return [(resolver, key) for resolver in self.settings.canaries for key in keys]

    def _policy(self, domain: str) -> policy.Fetched:
        settings = self.settings
        host = f"{policy.host(domain)}."
        found = self.lookups.addresses(host)
        if found.state == "void":
            return policy.Fetched("wrong", f"{shown(host)} has no address")
        fault = found.reason
        for address in found.values[:3]:
            place = Place(address, settings.https_port, settings.roots)
            fetched = policy.look(domain, place=place)
            if fetched.state != "unknown":
                return fetched
            fault = fetched.detail
        return policy.Fetched("unknown", fault)

    def _judged(self, sender: str, domain: str) -> Evaluation:
        ip = ipaddress.ip_address(sender)
        return check_host(shown(domain), Sender(ip, f"postmaster@{shown(domain)}"), self.lookups)


def _keys(subject: Subject) -> Iterable[Key]:
    """Give what is asked of the zone's servers: what every mail domain has, and what is wished."""
    found = {(f"{before}{subject.domain}", rdtype): None for before, rdtype in _BASE}
    if subject.zone:
        found[f"_dmarc.{subject.zone}", "TXT"] = None
    for selector in subject.selectors:
        found[f"{selector}._domainkey.{subject.domain}", "TXT"] = None
    for wish in subject.desired.wishes if subject.desired else ():
        if zones.is_asked_for(wish.type) and not wish.name.startswith("*."):
            found[wish.name, wish.type] = None
    return found


def _alive(facts: Facts) -> list[Server]:
    return [look.server for look in facts.looks if not look.fault]


def _calls(facts: Facts, wanted: frozenset[Topic], settings: Settings) -> Iterable[Called]:
    """Give the mail servers to look at, each address once for each reason."""
    subject = facts.subject
    known = (subject.postmaster, *subject.mailboxes)
    hosts: list[tuple[Role, str]] = []
    if wanted & {"smtp", "tls", "dane", "mta-sts"}:
        hosts += [("mx", host) for host in facts.hosts]
    if "services" in wanted:
        hosts += [("old", host) for host in subject.old_hosts if host not in facts.hosts]
        hosts += [("mailbox", host) for host in subject.mailbox_hosts if host not in facts.hosts]
    for role, host in hosts:
        for address in facts.addresses[host].values if host in facts.addresses else ():
            session = Session(Endpoint(host, address, settings.smtp_port))
            if role == "mx":
                # Eight random octets: whoever has such a mailbox takes everybody's mail.
                stranger = f"{secrets.token_hex(8)}@{shown(subject.domain)}"
                yield Called(role, session, known, stranger, settings.foreign)
            else:
                yield Called(role, session, known)


def _secured(facts: Facts) -> list[tuple[str, str]]:
    """Give what has to be validated for DANE (RFC 7672 §2.2): the MX, and the hosts' addresses."""
    domain = facts.subject.domain
    found = [(domain, "MX")] if facts.exchanges else []
    for host in facts.hosts:
        values = facts.addresses[host].values if host in facts.addresses else ()
        if values:
            found.append((host, "AAAA" if ":" in values[0] else "A"))
    return found


def _named_addresses(facts: Facts) -> list[str]:
    """Give the addresses whose names are looked for: those of the MX hosts, and the senders'."""
    of_hosts = (facts.addresses[host].values for host in facts.hosts if host in facts.addresses)
    return [*facts.senders, *islice(chain.from_iterable(of_hosts), _ENDPOINTS_MAX)]


def _announcing(facts: Facts) -> list[str]:
    """Give the domain where it announces a policy: without a record, senders fetch none."""
    domain = facts.subject.domain
    announced = any(map(mta_sts.is_mta_sts, facts.texts(f"_mta-sts.{domain}")))
    return [domain] if announced else []


def _authorising(facts: Facts) -> list[str]:
    """Give the names that let other domains get DMARC reports of this one (RFC 9990 §4)."""
    domain = facts.subject.domain
    return [
        f"{shown(domain)}._report._dmarc.{outside}"
        for text in facts.texts(f"_dmarc.{domain}")
        for outside in reporting.outside(text, domain)
    ]
