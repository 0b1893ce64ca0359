"""What senders that validate would make of a mail host: its TLSA records, its DNSSEC (RFC 7672)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mailsync.desired.model import Desired
from mailsync.dns.names import is_at_or_below, shown
from mailsync.mail import dane
from mailsync.mail.dane_chain import match
from mailsync.observe.dnssec import bogus
from mailsync.observe.facts import Called
from mailsync.observe.observations import Sight
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import Lookups
from mailsync.plan.model import GateState

TLSA, DNSSEC = "tlsa-matches", "dnssec"


def records(host: str, desired: Desired | None, lookups: Lookups) -> tuple[dane.Record, ...]:
    """Give a host's TLSA records: those that the file asks for, else those that a resolver gives.

    Of the latter only validated ones: senders go by no others (RFC 7672 §2.2). A name in the
    domain's own zone that the file does not speak of is not asked for, as it may be about to come.
    """
    name = dane.owner(host)
    wishes = desired.wishes if desired is not None else ()
    values = next((w.values for w in wishes if (w.name, w.type) == (name, "TLSA")), None)
    if values is None:
        if desired is not None and is_at_or_below(host, desired.zone):
            return ()
        found = lookups.resolve(name, "TLSA")
        values = found.answer.values if found.secure else ()
    return tuple(_parsed(values))


def _parsed(values: Iterable[str]) -> Iterator[dane.Record]:
    for value in values:
        try:
            yield dane.parse(value)
        except dane.BadTlsa:
            continue  # no sender can use it


def matches(
    called: Called, found: Sequence[dane.Record], domain: str, at: datetime
) -> Iterator[Sight]:
    """Say whether what a server presents matches its records; nothing where there are none."""
    if found:
        state, detail = _matched(called, found, at)
        yield Sight(domain, TLSA, called.endpoint.host, called.endpoint.address, state, detail, at)


def _matched(called: Called, found: Sequence[dane.Record], at: datetime) -> tuple[GateState, str]:
    tls = called.session.tls
    if tls is None or tls.state == "stalled":
        return "unknown", called.session.problem or "TLS was not looked at"
    if tls.state != "secured":
        return "fail", f"{tls.detail or 'no TLS'}, and its TLSA records ask for it"
    if match(found, tls.chain, called.endpoint.host, at).authenticates:
        return "pass", "the certificate matches a TLSA record"
    return "fail", "the certificate matches no TLSA record"


def validated(
    names: Iterable[tuple[str, str]],
    domain: str,
    resolvers: Sequence[Server],
    patience: Patience,
    at: datetime,
) -> Iterator[Sight]:
    """Tell of each (host, type) that validating resolvers refuse; the rest needs no word."""
    for host, rdtype in names:
        for resolver in resolvers:
            verdict = bogus(resolver, host, rdtype, patience)
            if verdict is None:
                continue
            if verdict:
                detail = (
                    f"{shown(host)} {rdtype}: the resolver {resolver} refuses it (SERVFAIL), and "
                    "answers when it is told not to validate: DNSSEC is broken"
                )
                yield Sight(domain, DNSSEC, host, "", "fail", detail, at)
            break
