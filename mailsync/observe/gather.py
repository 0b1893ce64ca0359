"""One domain looked at from all sides: every probe that its topics need, many at once, in time."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event as Flag
from typing import TypeVar

from mailsync.dns.answer import Answer
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.mail import dane
from mailsync.mail.spf_evaluation import Evaluation, Sender, check_host
from mailsync.mail.spf_survey import survey
from mailsync.observe import dnssec, policy, reverse, selection, smtp, zones
from mailsync.observe.errands import Courtesy, Errands, Outlook
from mailsync.observe.facts import (
    NOT_ASKED,
    Called,
    Canary,
    Dnssec,
    Facts,
    Reverse,
    Subject,
)
from mailsync.observe.https import Place
from mailsync.observe.question import Patience, Reply, Server, Silence, ask
from mailsync.observe.resolving import Lookups, Resolution, resolved_by
from mailsync.observe.results import TOPICS, Topic
from mailsync.observe.smtp import Session
from mailsync.observe.zones import Served, ServerLook, Zones, ZoneServers

_HOSTS_MAX = 20
_ENDPOINTS_MAX = 30
"""Mail servers of one domain that are looked at."""

_APEX_LABELS_MAX = 12

_T = TypeVar("_T")

_NO_TIME = "there was no time to look"
_LATE = Resolution(NOT_ASKED)


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
        self._outlook = Outlook()

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
        keys = tuple(selection.keys(facts.subject))
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
            if not alive:
                fault = facts.zone.fault if facts.zone is not None else ""
                reason = fault or "none of the zone's servers answers for it"
                served = Served(key, Answer("failed", reason=reason))
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
        calls = list(selection.calls(facts, wanted, self.settings.smtp_port, self.settings.foreign))
        zone = facts.zone
        called = errands.start(lambda call: self.call(call, errands), calls[:_ENDPOINTS_MAX])
        tlsa = errands.start(
            lambda host: self.lookups.resolve(dane.owner(host), "TLSA"), if_wanted("dane", hosts)
        )
        named = errands.start(
            lambda address: reverse.look(address, self.lookups),
            if_wanted("reverse", selection.named_addresses(facts)),
        )
        canaries = errands.start(self._canary, if_wanted("resolvers", self._asked_of_all(facts)))
        validated = errands.start(
            lambda zone: dnssec.look(
                zone, self.settings.canaries, _alive(facts), self.settings.patience
            ),
            [zone.zone] if zone and zone.delegated and wanted & {"dnssec", "dane"} else [],
        )
        fetched = errands.start(self._policy, if_wanted("mta-sts", selection.announcing(facts)))
        reports = errands.start(
            lambda name: self.lookups.ask(name, "TXT"),
            if_wanted("dmarc", selection.authorising(facts)),
        )
        senders = if_wanted("spf", facts.subject.senders)
        judged = errands.start(lambda sender: self._judged(sender, domain), senders)
        surveyed = errands.start(
            lambda name: survey(shown(name), self.lookups),
            if_wanted("spf", [domain] if facts.served(domain, "TXT").answer.values else []),
        )
        records = tlsa.done(lambda _: _LATE)
        secure = errands.start(self._is_secure, selection.secured(facts, records))
        return replace(
            facts,
            called=tuple(called.done(_not_called).values()),
            left_out=max(len(calls) - _ENDPOINTS_MAX, 0),
            tlsa=records,
            secure=secure.done(),
            reverse=named.done(lambda address: Reverse(address, NOT_ASKED)),
            canaries=tuple(canaries.done(lambda asked: Canary(*asked, _LATE)).values()),
            dnssec=next(iter(validated.done(lambda _: Dnssec("unknown", _NO_TIME)).values()), None),
            policy=next(
                iter(fetched.done(lambda _: policy.Fetched("unknown", _NO_TIME)).values()), None
            ),
            reports=reports.done(),
            spf=judged.done(lambda _: Evaluation("temperror", "", 0, 0, (), _NO_TIME)),
            spf_survey=next(iter(surveyed.done().values()), None),
        )

    def call(self, call: Called, errands: Errands) -> Called:
        """Look at one mail server, when it is its address's turn."""
        settings, endpoint = self.settings, call.endpoint
        with self._courtesy.at(endpoint.address, errands.left) as turn:
            if not turn:
                problem = "was not looked at: other domains of this run took the time"
                return replace(call, session=Session(endpoint, problem=problem))
            if self._outlook.is_hopeless:
                return replace(call, session=Session(endpoint, problem=self._outlook.words))
            recipients = (*call.known, *filter(None, (call.stranger, call.foreign)))
            found = smtp.probe(
                endpoint,
                recipients,
                seconds=min(settings.smtp_seconds, errands.left),
                helo=settings.helo,
                roots=settings.roots,
            )
        if not found.no_route:
            self._outlook.learn(endpoint.address, reached=found.reached)
        return replace(call, session=found)

    def _is_secure(self, key: Key) -> bool | None:
        """Tell whether the first resolver that answers has validated what is there."""
        for resolver in self.settings.canaries:
            found = resolved_by(resolver, *key, self.settings.patience)
            if found.answer.state in {"found", "void"}:
                return found.secure
        return None

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


def _alive(facts: Facts) -> list[Server]:
    return [look.server for look in facts.looks if not look.fault]


def _not_called(call: Called) -> Called:
    return replace(call, session=Session(call.endpoint, problem=_NO_TIME))
