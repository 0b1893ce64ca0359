"""Whether the zone is signed, and resolvers can validate it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mailsync.dns.names import shown
from mailsync.observe.facts import Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying

_SAY = Saying("dnssec")
_SOON = timedelta(days=2)


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge what validating resolvers said."""
    found, zone = facts.dnssec, facts.zone
    if found is None or zone is None:
        return
    name = shown(zone.zone)
    if found.state == "bogus":
        yield _SAY.failed("dnssec", name, found.detail)
    elif found.state == "unknown":
        yield _SAY.unknown("dnssec", name, found.detail)
    else:
        yield _SAY.passed("dnssec", name, found.detail)
    if found.ends is None:
        return
    when = f"{found.ends:%Y-%m-%d %H:%M} UTC"
    if found.ends <= facts.at:
        yield _SAY.failed("dnssec", name, f"the signature of the SOA expired on {when}")
    elif found.ends - facts.at < _SOON:
        yield _SAY.failed("dnssec-expiry", name, f"the signature of the SOA expires on {when}")
