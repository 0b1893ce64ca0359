"""Whether mail comes over TLS, and with which certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mailsync.dns.names import shown
from mailsync.lint.model import Severity
from mailsync.mail import mta_sts
from mailsync.mail.certificate import Certificate, is_for
from mailsync.observe.facts import Called, Facts
from mailsync.observe.results import Observation
from mailsync.observe.smtp import Tls
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("tls")
_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
_SOON = timedelta(days=14)


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge TLS at each address of each MX host."""
    for called in facts.called:
        tls = called.session.tls
        if called.role == "mx" and tls is not None:
            yield from _server(called, tls, facts)


def is_enforced(facts: Facts, host: str) -> bool:
    """Tell whether an MTA-STS policy makes senders verify this host's certificate."""
    policy = facts.policy.policy if facts.policy is not None else None
    return policy is not None and policy.mode == "enforce" and mta_sts.permits(policy, host)


def has_dane(facts: Facts, host: str) -> bool:
    """Tell whether TLSA records are there: senders with DANE then go by these."""
    found = facts.tlsa.get(host)
    return found is not None and found.answer.state == "found"


def _server(called: Called, tls: Tls, facts: Facts) -> Iterator[Observation]:
    subject, host = str(called.endpoint), called.endpoint.host
    enforced = is_enforced(facts, host)
    needed = enforced or has_dane(facts, host)
    severity: Severity = "error" if needed else "warning"
    if tls.state == "stalled":
        yield _SAY.unknown("smtp-starttls", subject, tls.detail)
        return
    if tls.state == "absent":
        detail = "does not offer STARTTLS"
        if "STARTTLS" not in called.session.extensions and called.session.mail is None:
            yield _SAY.unknown("smtp-starttls", subject, called.session.problem or detail)
        else:
            yield _SAY.failed("smtp-starttls", subject, detail, severity)
        return
    if tls.state in {"refused", "broken"}:
        yield _SAY.failed("smtp-starttls", subject, tls.detail, severity)
        return
    yield _SAY.passed("smtp-starttls", subject, f"{tls.version}, {tls.cipher}")
    if tls.version in _OLD:
        yield _SAY.failed("tls-version", subject, f"speaks {tls.version}")
    if not tls.chain:
        yield _SAY.unknown("certificate-name", subject, tls.detail or "presented no certificate")
        return
    yield from _certificate(tls.chain[0], tls.trust, subject, facts, called)


def _certificate(
    leaf: Certificate, trust: str, subject: str, facts: Facts, called: Called
) -> Iterator[Observation]:
    enforced = is_enforced(facts, called.endpoint.host)
    severity: Severity = "error" if enforced else "warning"
    if is_for(leaf, called.endpoint.host):
        yield _SAY.passed("certificate-name", subject, f"is for {listed(leaf.names)}")
    else:
        names = listed(leaf.names) or "nobody"
        detail = f"is for {names}, not for {shown(called.endpoint.host)}"
        yield _SAY.failed("certificate-name", subject, detail, severity)
    yield _ends(leaf, subject, facts, severity)
    if leaf.not_before > facts.at:
        detail = f"is not valid before {leaf.not_before:%Y-%m-%d %H:%M} UTC"
        yield _SAY.failed("certificate-trust", subject, detail, severity)
    elif not trust:
        yield _SAY.passed("certificate-trust", subject, f"issued by {leaf.issuer}")
    elif leaf.not_after > facts.at:  # else that is what was meant, and has been said
        usual: Severity = "error" if enforced else "info"
        yield _SAY.failed("certificate-trust", subject, f"{trust} (issuer: {leaf.issuer})", usual)


def _ends(leaf: Certificate, subject: str, facts: Facts, severity: Severity) -> Observation:
    end = f"{leaf.not_after:%Y-%m-%d %H:%M} UTC"
    if leaf.not_after <= facts.at:
        return _SAY.failed("certificate-expiry", subject, f"expired on {end}", severity)
    left = leaf.not_after - facts.at
    if left < _SOON:
        detail = f"expires on {end}, in {left.days} days"
        return _SAY.failed("certificate-expiry", subject, detail, "warning")
    return _SAY.passed("certificate-expiry", subject, f"valid until {end}")
