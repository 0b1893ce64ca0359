"""Who else takes the domain's mail: the service that it left, and the one behind a gateway."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.observe.facts import Called, Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying

_SAY = Saying("services")


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge what servers say to which no MX leads."""
    for called in facts.called:
        if called.role == "old":
            yield _old(called)
        elif called.role == "mailbox":
            yield _behind(called)
    for rule, hosts in (
        ("old-service-accepts", facts.subject.old_hosts),
        ("gateway-bypass", facts.subject.mailbox_hosts),
    ):
        for host in hosts:
            answer = facts.addresses.get(host)
            if answer is not None and answer.state in {"failed", "unknown"}:
                yield _SAY.unknown(rule, shown(host), answer.reason)
            elif answer is not None and answer.state == "void":
                yield _SAY.passed(rule, shown(host), "has no address: nobody takes mail there")


def _old(called: Called) -> Observation:
    subject = str(called.endpoint)
    states = [called.session.takes(recipient) for recipient in called.known]
    taken = [detail for state, detail in states if state == "pass"]
    if taken:
        detail = (
            f"took the domain's mail before, and still takes it ({taken[0]}): what is sent from "
            "there may stay there"
        )
        return _SAY.failed("old-service-accepts", subject, detail)
    if states and all(state == "fail" for state, _ in states):
        return _SAY.passed("old-service-accepts", subject, f"no longer: {states[0][1]}")
    unclear = next((detail for state, detail in states if state == "unknown"), "not asked")
    return _SAY.unknown("old-service-accepts", subject, unclear)


def _behind(called: Called) -> Observation:
    subject = str(called.endpoint)
    states = [called.session.takes(recipient) for recipient in called.known]
    taken = [detail for state, detail in states if state == "pass"]
    if taken:
        detail = f"stands behind a gateway, and takes mail from anyone ({taken[0]})"
        return _SAY.failed("gateway-bypass", subject, detail)
    asked = [(state, detail) for state, detail in states if state != "unknown"]
    if asked:
        return _SAY.passed(
            "gateway-bypass", subject, f"does not take mail from here: {asked[0][1]}"
        )
    unclear = states[0][1] if states else "not asked"
    return _SAY.unknown("gateway-bypass", subject, unclear)
