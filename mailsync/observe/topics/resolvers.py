"""What some resolvers say: canaries, no bound for all the others."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.dns.ttl import written
from mailsync.observe.facts import Canary, Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("resolvers")


def judge(facts: Facts) -> Iterator[Observation]:
    """Compare each resolver's answer with that of the zone's servers."""
    for canary in facts.canaries:
        yield _compared(canary, facts)


def _compared(canary: Canary, facts: Facts) -> Observation:
    name, rdtype = canary.key
    subject = f"{shown(name)} {rdtype} at {canary.resolver}"
    said, served = canary.said, facts.served(name, rdtype)
    if said.answer.state in {"failed", "unknown"}:
        if said.servfail:
            return _SAY.failed("resolver-answer", subject, said.answer.reason, "error")
        return _SAY.unknown("resolver-answer", subject, said.answer.reason)
    left = f"for {written(said.ttl)} more"
    if said.answer.values == served.answer.values:
        return _SAY.passed("resolver-answer", subject, f"as the zone's servers, {left}")
    values = listed(said.answer.values)[:200] or "that there is nothing"
    detail = f"still says, {left}: {values}"
    return _SAY.failed("resolver-answer", subject, detail)
