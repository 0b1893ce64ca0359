"""The MTA-STS policy as it is announced and served, and where TLS reports go."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.dns.ttl import written
from mailsync.lint.model import Severity
from mailsync.mail import mta_sts, tls_rpt
from mailsync.observe.facts import Facts
from mailsync.observe.policy import Fetched
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("mta-sts")
_DAY = 86400


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the record, the policy and whether the two fit the MX."""
    domain = facts.subject.domain
    name = f"_mta-sts.{domain}"
    served = facts.served(name, "TXT")
    if served.answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("sts-record", shown(name), served.answer.reason)
        return
    announcing = [text for text in facts.texts(name) if mta_sts.is_mta_sts(text)]
    yield from _reports(facts, announced=bool(announcing))
    if not announcing:
        return
    if len(announcing) > 1:
        detail = f"{len(announcing)} records: senders take none of them"
        yield _SAY.failed("sts-record", shown(name), detail)
        return
    try:
        record = mta_sts.parse_record(announcing[0])
    except mta_sts.BadRecord as error:
        yield _SAY.failed("sts-record", shown(name), str(error))
        return
    yield _SAY.passed("sts-record", shown(name), f"announces the policy {record.id}")
    if facts.policy is not None:
        yield from _policy(facts.policy, facts)


def _policy(fetched: Fetched, facts: Facts) -> Iterator[Observation]:
    subject = f"policy of {shown(facts.subject.domain)}"
    policy = fetched.policy
    if policy is None:
        told = _SAY.unknown if fetched.state == "unknown" else _SAY.failed
        yield told("sts-policy", subject, fetched.detail)
        return
    what = f"mode {policy.mode}, max_age {written(policy.max_age)}, {listed(policy.mx)}"
    if fetched.media_type not in {"", "text/plain"}:
        yield _SAY.failed("sts-policy", subject, f"served as {fetched.media_type}, not text/plain")
    else:
        yield _SAY.passed("sts-policy", subject, what)
    if policy.mode == "none":
        return
    forbidden = [host for host in facts.hosts if not mta_sts.permits(policy, host)]
    if forbidden:
        detail = f"does not permit the MX {listed(map(shown, forbidden))}"
        severity: Severity = "error" if policy.mode == "enforce" else "warning"
        yield _SAY.failed("sts-mx-mismatch", subject, detail, severity)
    idle = [
        pattern
        for pattern in policy.mx
        if not any(mta_sts.matches(pattern, host) for host in facts.hosts)
    ]
    if idle and facts.hosts:
        detail = f"permits {listed(idle)}, and no MX is called so"
        yield _SAY.failed("sts-mx-mismatch", subject, detail, "warning")
    if policy.max_age < _DAY:
        detail = f"senders forget it after {written(policy.max_age)}"
        yield _SAY.failed("sts-max-age", subject, detail, "warning")
    if policy.mode == "testing":
        yield _SAY.failed("sts-max-age", subject, "only tests: nothing is enforced yet", "info")


def _reports(facts: Facts, *, announced: bool) -> Iterator[Observation]:
    name = f"_smtp._tls.{facts.subject.domain}"
    served = facts.served(name, "TXT")
    if served.answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("tlsrpt-record", shown(name), served.answer.reason)
        return
    records = [text for text in facts.texts(name) if tls_rpt.is_tls_rpt(text)]
    if not records:
        if announced:
            yield _SAY.failed("sts-without-tlsrpt", shown(name), "there is no TLS-RPT record")
        return
    if len(records) > 1:
        yield _SAY.failed("tlsrpt-record", shown(name), f"{len(records)} records")
        return
    try:
        record = tls_rpt.parse(records[0])
    except tls_rpt.BadTlsRpt as error:
        yield _SAY.failed("tlsrpt-record", shown(name), str(error))
        return
    yield _SAY.passed("tlsrpt-record", shown(name), f"reports go to {listed(record.rua)}")
