"""What there is to look at, once something is known of a domain: questions, servers, addresses."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from itertools import chain, islice

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.mail import dane, mta_sts
from mailsync.observe import reporting, zones
from mailsync.observe.facts import Called, Facts, Role, Subject
from mailsync.observe.resolving import Resolution
from mailsync.observe.results import Topic
from mailsync.observe.smtp import Endpoint, Session

_ADDRESSES_MAX = 30

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


def keys(subject: Subject) -> Iterable[Key]:
    """Give what is asked of the zone's servers: what every mail domain has, and what is wished."""
    found = {(f"{before}{subject.domain}", rdtype): None for before, rdtype in _BASE}
    found[f"_dmarc.{subject.zone}", "TXT"] = None  # holds where the domain has none of its own
    for selector in subject.selectors:
        found[f"{selector}._domainkey.{subject.domain}", "TXT"] = None
    for wish in subject.desired.wishes if subject.desired else ():
        if zones.is_asked_for(wish.type) and not wish.name.startswith("*."):
            found[wish.name, wish.type] = None
    return found


def calls(facts: Facts, wanted: frozenset[Topic], port: int, foreign: str) -> Iterable[Called]:
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
            session = Session(Endpoint(host, address, port))
            if role == "mx":
                # Eight random octets: whoever has such a mailbox takes everybody's mail.
                stranger = f"{secrets.token_hex(8)}@{shown(subject.domain)}"
                yield Called(role, session, known, stranger, foreign)
            else:
                yield Called(role, session, known)


def secured(facts: Facts, tlsa: Mapping[str, Resolution]) -> list[Key]:
    """Give what has to be validated for DANE (RFC 7672 §2.2): MX, addresses and TLSA.

    Only what is there already: resolvers are asked for it.
    """
    found: list[Key] = []
    for host, records in tlsa.items():
        if records.answer.state != "found":
            continue
        found.append((dane.owner(host), "TLSA"))
        values = facts.addresses[host].values if host in facts.addresses else ()
        if values:
            found.append((host, "AAAA" if ":" in values[0] else "A"))
    if found and facts.exchanges:
        found.append((facts.subject.domain, "MX"))
    return found


def named_addresses(facts: Facts) -> list[str]:
    """Give the addresses whose names are looked for: those of the MX hosts, and the senders'."""
    of_hosts = (facts.addresses[host].values for host in facts.hosts if host in facts.addresses)
    return [*facts.senders, *islice(chain.from_iterable(of_hosts), _ADDRESSES_MAX)]


def announcing(facts: Facts) -> list[str]:
    """Give the domain where it announces a policy: without a record, senders fetch none."""
    domain = facts.subject.domain
    announced = any(map(mta_sts.is_mta_sts, facts.texts(f"_mta-sts.{domain}")))
    return [domain] if announced else []


def authorising(facts: Facts) -> list[str]:
    """Give the names that let other domains get DMARC reports of this one (RFC 9990 §4)."""
    domain = facts.subject.domain
    return [
        f"{shown(domain)}._report._dmarc.{outside}"
        for text in facts.texts(f"_dmarc.{domain}")
        for outside in reporting.outside(text, domain)
    ]
