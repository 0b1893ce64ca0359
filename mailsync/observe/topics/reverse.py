"""The names of the addresses of mail servers and senders."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import is_at_or_below, shown
from mailsync.lint.model import Severity
from mailsync.observe.facts import Facts, Reverse
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("reverse")


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge each address; those of a service's own MX hosts are its business (info)."""
    own = _own(facts)
    for address, found in facts.reverse.items():
        severity: Severity = "error" if address in own else "info"
        yield _judged(found, severity)


def _own(facts: Facts) -> frozenset[str]:
    """Give the addresses that are the domain's own: its senders, and its zone's hosts."""
    zone = facts.zone.zone if facts.zone is not None else facts.subject.domain
    hosts = [host for host in facts.hosts if is_at_or_below(host, zone)]
    of_hosts = (facts.addresses[host].values for host in hosts if host in facts.addresses)
    return frozenset(facts.senders).union(*of_hosts)


def _judged(found: Reverse, severity: Severity) -> Observation:
    names, address = found.names, found.address
    if names.state in {"failed", "unknown"}:
        return _SAY.unknown("fcrdns", address, names.reason)
    if names.state == "void":
        return _SAY.failed("fcrdns", address, "has no name (PTR)", severity)
    back = [name for name, answer in found.forward.items() if address in answer.values]
    if back:
        if back[0] in found.aliases:
            detail = f"is called {shown(back[0])}, which is an alias"
            return _SAY.failed("fcrdns", address, detail, severity)
        return _SAY.passed("fcrdns", address, f"is {shown(back[0])}, and back")
    unclear = [a for a in found.forward.values() if a.state in {"failed", "unknown"}]
    if unclear or not found.forward:
        reason = unclear[0].reason if unclear else "its names were not followed"
        return _SAY.unknown("fcrdns", address, reason)
    detail = f"is called {listed(map(shown, found.forward))}, which does not lead back"
    return _SAY.failed("fcrdns", address, detail, severity)
