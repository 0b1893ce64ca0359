"""What the gates of a switch want to know of mail servers: of those that are MX, and are to be.

Where a file leaves TLSA records to a host (``auto``), what it presents is looked at as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync.dns.answer import Answer
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.mail import dane
from mailsync.mail.certificate import is_for
from mailsync.observe import signed
from mailsync.observe.certificate import seen
from mailsync.observe.facts import Called, Subject, exchanges_of
from mailsync.observe.gather import Gatherer
from mailsync.observe.observations import Certificate, Sight
from mailsync.observe.smtp import Endpoint, Session
from mailsync.plan.gates import ACCEPTS, OF_TLS
from mailsync.plan.model import GateState

OF_SERVERS = (ACCEPTS, *OF_TLS)
"""The gates that are seen of every server; `mailsync.observe.signed` has the others."""

_HOSTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a domain's mail hosts; ``certificates`` of those that ``auto`` is about."""

    sights: tuple[Sight, ...]
    certificates: tuple[Certificate, ...] = ()


def look(subject: Subject, gatherer: Gatherer, clock: Callable[[], datetime]) -> Seen:
    """Look at every address of every MX host, served or wished for; nothing is sent."""
    live = gatherer.lookups.ask(subject.domain, "MX")
    hosts = (*_wished(subject), *_exchanges([live]))
    if not hosts and live.state in {"failed", "unknown"}:
        reason = f"its MX could not be looked up: {live.reason}"
        return Seen(tuple(_unseen(subject.domain, subject.domain, "", reason, clock())))
    return look_at(hosts, subject, gatherer, clock, auto=_left_to_hosts(subject, gatherer))


def look_at(
    hosts: Iterable[str],
    subject: Subject,
    gatherer: Gatherer,
    clock: Callable[[], datetime],
    *,
    auto: Mapping[str, tuple[str, ...]] | None = None,
) -> Seen:
    """Look at every address of these hosts (absolute names), and at the certificates of ``auto``.

    A host whose addresses are not known is told as unknown: no gate is missing unnoticed.
    """
    auto = auto or {}
    with gatherer.errands() as errands:
        hosts = list(dict.fromkeys(hosts))[:_HOSTS_MAX]
        found = errands.all(lambda host: _addresses(host, subject, gatherer), hosts)
        known = (subject.postmaster, *subject.mailboxes)
        calls = [
            Called("mx", Session(Endpoint(host, address, gatherer.settings.smtp_port)), known)
            for host, answer in found.items()
            for address in answer.values
        ]
        gated = {(call.endpoint.host, call.endpoint.address) for call in calls}
        beside = [
            Called("mx", Session(Endpoint(host, address, gatherer.settings.smtp_port)))
            for host, addresses in auto.items()
            for address in addresses
            if (host, address) not in gated
        ]
        every = errands.all(lambda call: gatherer.call(call, errands), (*calls, *beside))
        called = {call: every[call] for call in calls if call in every}
        tlsa = errands.all(
            lambda host: signed.records(host, subject.desired, gatherer.lookups), hosts
        )
        settings = gatherer.settings
        asked = _validated(hosts, subject, gatherer)
        at = clock()
        refused = errands.all(
            lambda key: tuple(
                signed.validated([key], subject.domain, settings.canaries, settings.patience, at)
            ),
            asked,
        )
    sights = [sight for call in called.values() for sight in _sights(call, subject.domain, at)]
    for call in called.values():
        sights += signed.matches(call, tlsa.get(call.endpoint.host, ()), subject.domain, at)
    for key, told in refused.items():
        ours = key[0] == subject.zone
        sights += [replace(sight, host=subject.domain) if ours else sight for sight in told]
    reached = {(call.endpoint.host, call.endpoint.address) for call in called.values()}
    for host in hosts:
        answer = found.get(host, Answer("unknown", reason="there was no time to ask"))
        reason = "has no address" if answer.state == "void" else answer.reason
        for address in answer.values or ("",):
            if (host, address) not in reached:
                detail = reason or "there was no time to look"
                sights += _unseen(subject.domain, host, address, detail, at)
    return Seen(tuple(sights), tuple(_certificates(every.values(), auto, at)))


def _unseen(domain: str, host: str, address: str, detail: str, at: datetime) -> Iterator[Sight]:
    for gate in OF_SERVERS:
        yield Sight(domain, gate, host, address, "unknown", detail, at)


def _left_to_hosts(subject: Subject, gatherer: Gatherer) -> dict[str, tuple[str, ...]]:
    """Give the hosts whose TLSA records follow what they present, with all their addresses.

    Those that the file gives them, and those that they have: mail goes to both for a while.
    """
    wishes = subject.desired.wishes if subject.desired is not None else ()
    found = {}
    for host in dict.fromkeys(dane.host_of(wish.name) for wish in wishes if wish.auto):
        values = (*_written(host, subject), *gatherer.lookups.addresses(host).values)
        found[host] = tuple(dict.fromkeys(values))
    return found


def _certificates(
    called: Iterable[Called], auto: Mapping[str, tuple[str, ...]], at: datetime
) -> Iterator[Certificate]:
    for call in called:
        host, address = call.endpoint.host, call.endpoint.address
        if address in auto.get(host, ()):
            yield Certificate(host, address, *seen(call.session), at)


def _validated(hosts: Iterable[str], subject: Subject, gatherer: Gatherer) -> list[Key]:
    """Give what resolvers are asked to validate: only what is there (RFC 2308).

    The zone's SOA stands for all of it. Its MX is asked for where it is known to be published, the
    address of a host where the file asks for none at that name.
    """
    wishes = subject.desired.wishes if subject.desired is not None else ()
    coming = {wish.name for wish in wishes}
    keys = [(subject.zone, "SOA")] if subject.zone else []
    if gatherer.lookups.ask(subject.domain, "MX").state == "found":
        keys.append((subject.domain, "MX"))
    return keys + [(host, "A") for host in hosts if host not in coming]


def _wished(subject: Subject) -> Iterator[str]:
    wishes = subject.desired.wishes if subject.desired is not None else ()
    for wish in wishes:
        if (wish.name, wish.type) == (subject.domain, "MX"):
            yield from (r.exchange for r in exchanges_of(wish.values) if not r.is_null)


def _exchanges(answers: Iterable[Answer]) -> Iterator[str]:
    for answer in answers:
        yield from (r.exchange for r in exchanges_of(answer.values) if not r.is_null)


def _addresses(host: str, subject: Subject, gatherer: Gatherer) -> Answer:
    """Give the addresses that the file wishes for, else those that the DNS has."""
    written = _written(host, subject)
    return Answer("found", written) if written else gatherer.lookups.addresses(host)


def _written(host: str, subject: Subject) -> tuple[str, ...]:
    """Give the addresses that the file wishes for a host."""
    wishes = subject.desired.wishes if subject.desired is not None else ()
    return tuple(
        value
        for family in ("A", "AAAA")
        for wish in wishes
        if (wish.name, wish.type) == (host, family)
        for value in wish.values
    )


def _sights(called: Called, domain: str, at: datetime) -> Iterator[Sight]:
    for gate, judged in zip(OF_SERVERS, (_accepts, _tls, _certificate), strict=True):
        state, detail = judged(called, at)
        endpoint = called.endpoint
        yield Sight(domain, gate, endpoint.host, endpoint.address, state, detail, at)


def _accepts(called: Called, _: datetime) -> tuple[GateState, str]:
    """Every recipient that was asked for has to be taken."""
    states = [(recipient, *called.session.takes(recipient)) for recipient in called.known]
    for wanted in ("fail", "unknown"):
        for recipient, state, detail in states:
            if state == wanted:
                return state, f"{recipient}: {detail}"
    return "pass", f"takes mail for {', '.join(called.known)}"


def _tls(called: Called, _: datetime) -> tuple[GateState, str]:
    tls = called.session.tls
    if tls is None or tls.state == "stalled" or (tls.state == "absent" and not called.session.mail):
        return "unknown", called.session.problem or "TLS was not looked at"
    if tls.state == "secured":
        return "pass", tls.version
    return "fail", tls.detail or "does not offer STARTTLS"


def _certificate(called: Called, at: datetime) -> tuple[GateState, str]:
    """As a sender with an enforced MTA-STS policy sees it (RFC 8461 §4.2)."""
    state, detail = _tls(called, at)
    tls = called.session.tls
    if state != "pass" or tls is None:
        return state, detail
    if not tls.chain:
        return "unknown", tls.detail or "presented no certificate"
    leaf = tls.chain[0]
    if tls.trust:
        return "fail", tls.trust
    if not is_for(leaf, called.endpoint.host):
        return "fail", f"the certificate is not for {shown(called.endpoint.host)}"
    return "pass", f"valid until {leaf.not_after:%Y-%m-%d %H:%M} UTC"
