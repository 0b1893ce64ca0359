"""Where mail goes: the MX, its hosts and their addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.mail.mx_services import is_placeholder
from mailsync.observe.facts import Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("mx")
_ADDRESSES_MAX = 5
"""Addresses that common senders try: Postfix five."""


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the MX and its hosts."""
    domain = facts.subject.domain
    served = facts.served(domain, "MX")
    subject = f"{shown(domain)} MX"
    if served.answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("mx-missing", subject, served.answer.reason)
        return
    if served.answer.state == "void":
        yield _missing(facts, subject)
    elif any(record.is_null for record in facts.exchanges):
        yield _null(facts, subject)
        return
    else:
        values = listed(f"{r.preference} {shown(r.exchange)}" for r in facts.exchanges)
        yield _SAY.passed("mx-missing", subject, f"{values}; TTL {served.ttl} s")
    for host in facts.hosts:
        yield from _host(host, facts)
    yield from _shared(facts)


def _missing(facts: Facts, subject: str) -> Observation:
    domain = facts.subject.domain
    if facts.zone is not None and not facts.zone.delegated:
        return _SAY.failed("mx-missing", subject, f"{facts.zone.fault}: mail goes nowhere")
    states = [facts.served(domain, family).answer.state for family in ("A", "AAAA")]
    if "found" in states:
        where = "to its own addresses (RFC 5321 §5.1), be that a mail server or not"
    elif states == ["void", "void"]:
        where = "nowhere"
    else:
        return _SAY.unknown("mx-missing", subject, "there is no MX, nor is it known what is")
    return _SAY.failed("mx-missing", subject, f"there is none: mail goes {where}")


def _null(facts: Facts, subject: str) -> Observation:
    if len(facts.exchanges) > 1 or facts.exchanges[0].preference:
        detail = "'.' says that there is no mail: it has preference 0 and stands alone"
        return _SAY.failed("null-mx", subject, detail)
    return _SAY.passed("null-mx", subject, "the domain takes no mail (RFC 7505)")


def _host(host: str, facts: Facts) -> Iterator[Observation]:
    name = shown(host)
    answer = facts.addresses.get(host)
    if is_placeholder(host):
        yield _SAY.passed("mx-target-no-address", name, "only proves who owns the domain")
        return
    if host in facts.aliases:
        detail = f"is an alias of {shown(facts.aliases[host])}"
        yield _SAY.failed("mx-target-cname", name, detail)
    if answer is None or answer.state in {"failed", "unknown"}:
        reason = "there was no time to ask for its addresses" if answer is None else answer.reason
        yield _SAY.unknown("mx-target-no-address", name, reason)
        return
    if answer.state == "void":
        yield _SAY.failed("mx-target-no-address", name, "has no address: mail cannot go there")
        return
    yield _SAY.passed("mx-target-no-address", name, listed(answer.values))
    if len(answer.values) > _ADDRESSES_MAX:
        detail = f"has {len(answer.values)} addresses: senders try about {_ADDRESSES_MAX}"
        yield _SAY.failed("mx-too-many-addresses", name, detail)
    # With servers of the configuration's own naming, the zone is a private one.
    if facts.zone is not None and facts.zone.delegation is not None:
        private = [value for value in answer.values if not ipaddress.ip_address(value).is_global]
        if private:
            yield _SAY.failed("mx-address-not-public", name, listed(private))


def _shared(facts: Facts) -> Iterator[Observation]:
    """Find hosts at the same addresses: of the MX among each other, and with those to come."""
    at: dict[str, list[str]] = {}
    for host in facts.hosts:
        for address in facts.addresses[host].values if host in facts.addresses else ():
            at.setdefault(address, []).append(host)
    together = {tuple(sorted(hosts)): address for address, hosts in at.items() if len(hosts) > 1}
    for hosts, address in together.items():
        detail = f"are one machine as far as the addresses tell: {address}"
        yield _SAY.failed("mx-same-addresses", listed(map(shown, hosts)), detail, "info")
    for host in facts.subject.new_hosts:
        if host in facts.hosts:
            continue
        answer = facts.addresses.get(host)
        shared = sorted(set(answer.values if answer else ()) & set(at))
        if shared:
            old = sorted({shown(one) for address in shared for one in at[address]})
            detail = (
                f"is to be an MX, and has addresses of the present one, {listed(old)}: "
                f"{listed(shared)}; whose mail it is, the service decides, not the MX"
            )
            yield _SAY.failed("mx-same-addresses", shown(host), detail)
