"""Whether TLSA records are signed, and match what the servers present."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.mail import dane
from mailsync.mail.dane_chain import match
from mailsync.observe.facts import Called, Facts
from mailsync.observe.resolving import Resolution
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("dane")


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the records of each MX host that has any."""
    for host in facts.hosts:
        found = facts.tlsa.get(host)
        if found is None or found.answer.state == "void":
            continue
        name = shown(dane.owner(host))
        if found.answer.state != "found":
            yield _SAY.unknown("tlsa-mismatch", name, found.answer.reason)
            continue
        yield from _security(host, name, facts)
        yield from _records(host, name, found, facts)


def _security(host: str, name: str, facts: Facts) -> Iterator[Observation]:
    """RFC 7672 §2.2: the MX, the addresses and the records have to be secure, all of them."""
    needed = [("the TLSA", facts.secure.get((dane.owner(host), "TLSA")))]
    if facts.exchanges:
        needed.append(("the MX", facts.secure.get((facts.subject.domain, "MX"))))
    of_host = [facts.secure[key] for key in ((host, "A"), (host, "AAAA")) if key in facts.secure]
    needed.append((f"the address of {shown(host)}", next(iter(of_host), None)))
    insecure = [what for what, secure in needed if secure is False]
    unclear = [what for what, secure in needed if secure is None]
    if not insecure and not unclear:
        yield _SAY.passed("tlsa-unsigned", name, "the MX, the address and the TLSA are validated")
        return
    detail = f"not validated: {listed([*insecure, *unclear])}"
    # Only whoever validates something can say that something else is not signed.
    validates = facts.dnssec is not None and facts.dnssec.state in {"secure", "unsigned"}
    told = _SAY.failed if insecure and validates else _SAY.unknown
    yield told("tlsa-unsigned", name, detail)


def _records(host: str, name: str, found: Resolution, facts: Facts) -> Iterator[Observation]:
    records = []
    for value in found.answer.values:
        try:
            records.append(dane.parse(value))
        except dane.BadTlsa as error:
            yield _SAY.failed("tlsa-usage", name, str(error), "warning")
    for record in records:
        for objection in dane.objections(record):
            yield _SAY.failed("tlsa-usage", name, objection)
    for called in facts.called:
        if called.role == "mx" and called.endpoint.host == host:
            yield from _presented(called, records, name, facts)


def _presented(
    called: Called, records: list[dane.Record], name: str, facts: Facts
) -> Iterator[Observation]:
    subject = f"{name} at {called.endpoint.address}"
    tls = called.session.tls
    if tls is None or tls.state == "stalled":
        yield _SAY.unknown("tlsa-mismatch", subject, called.session.problem or "not looked at")
        return
    if tls.state != "secured":
        yield _SAY.failed("tlsa-mismatch", subject, "there is no TLS, and TLSA says there is")
        return
    found = match(records, tls.chain, called.endpoint.host, facts.at)
    forms = listed(" ".join(map(str, form)) for form in found.unmatched)
    if found.unmatched:
        why = f" ({listed(found.reasons)})" if found.reasons else ""
        rest = "; another form does" if found.authenticates else ""
        detail = f"no record {forms} matches what the server presents{why}{rest}"
        yield _SAY.failed("tlsa-mismatch", subject, detail)
    elif found.authenticates:
        yield _SAY.passed("tlsa-mismatch", subject, "matches the certificate that is presented")
