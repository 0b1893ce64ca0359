"""That mail comes over verified TLS: MTA-STS (RFC 8461) and its reports (RFC 8460)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.ttl import written
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import mta_sts, tls_rpt

TOPIC = "MTA-STS and TLS reports"

_DAY = 86400
_STS_LABEL = "_mta-sts."
_TLS_RPT_LABEL = "_smtp._tls."
_RESEMBLES_TLS_RPT = re.compile(r"[\s\"']*v\s*=\s*tlsrpt", re.IGNORECASE)


def _record(case: Case) -> Iterator[Remark]:
    for wish, texts in _at(case, _STS_LABEL):
        found = [text for text in texts if mta_sts.is_mta_sts(text)]
        if len(found) != 1:
            yield Remark(
                wish.place,
                f"{shown(wish.name)} has {len(found)} MTA-STS records: senders take exactly one",
            )
        for text in found:
            try:
                mta_sts.parse_record(text)
            except mta_sts.BadRecord as error:
                yield Remark(wish.place, f"{shown(wish.name)}: {error}")


def _mx_mismatch(case: Case) -> Iterator[Remark]:
    policy, domain = case.desired.policy, case.desired.domain
    hosts = [shown(r.exchange) for r in case.exchanges(domain) if not r.is_null]
    if policy is None or policy.mode == "none" or not hosts:
        return
    for host in hosts:
        if not mta_sts.permits(policy, host):
            yield Remark(
                case.place("mta-sts"),
                f"the MTA-STS policy does not permit {host}, which takes mail: name it under "
                "mta_sts.mx, or leave that out",
            )
    for pattern in policy.mx:
        if not any(mta_sts.matches(pattern, host) for host in hosts):
            yield Remark(
                case.place("mta-sts"),
                f"the MTA-STS policy permits {pattern}, which is no MX of {shown(domain)}: take it "
                "out when no mail goes there any more",
                "warning",
            )


def _max_age(case: Case) -> Iterator[Remark]:
    policy = case.desired.policy
    if policy is None or policy.mode == "none":
        return
    if policy.mode == "enforce" and policy.max_age < _DAY:
        yield Remark(
            case.place("mta-sts"),
            f"senders forget the MTA-STS policy after {written(policy.max_age)}: whoever can keep "
            "them from asking that long takes TLS away; raise max_age to a week or more",
        )
    if policy.mode == "testing":
        yield Remark(
            case.place("mta-sts"),
            "the MTA-STS policy only tests: go on to 'mode: enforce' when the reports are clean",
            "info",
        )


def _without_reports(case: Case) -> Iterator[Remark]:
    policy = case.desired.policy
    if policy is None or policy.mode == "none":
        return
    answer = case.ask(f"{_TLS_RPT_LABEL}{case.desired.domain}", "TXT")
    if answer.state != "found":
        sure = answer.state == "void"
        yield Remark(
            case.place("mta-sts"),
            f"MTA-STS without TLS reports ({'there are none' if sure else 'the file names none'}): "
            "nobody would tell you that mail is not delivered; name an address under 'tls_rpt'",
            None if sure else "info",
        )


def _tls_rpt(case: Case) -> Iterator[Remark]:
    for wish, texts in _at(case, _TLS_RPT_LABEL):
        found = [t for t in texts if tls_rpt.is_tls_rpt(t) or _RESEMBLES_TLS_RPT.match(t)]
        if len(found) > 1:
            yield Remark(wish.place, f"{shown(wish.name)} has {len(found)} records: keep one")
        for text in found:
            try:
                tls_rpt.parse(text)
            except tls_rpt.BadTlsRpt as error:
                yield Remark(wish.place, f"{shown(wish.name)}: {error}")


def _at(case: Case, label: str) -> Iterator[tuple[Wish, tuple[str, ...]]]:
    for wish, texts in case.texts:
        if wish.name.startswith(label):
            yield wish, texts


RULES = (
    Rule(
        "sts-record",
        ("error",),
        "Not exactly one MTA-STS record, or an `id` that is not 1 to 32 letters and digits.",
        why="Senders then take the domain for one without a policy.",
        source="RFC 8461 §3.1",
        fix="Write the policy under `mta_sts`: the record follows from it.",
        judge=_record,
    ),
    Rule(
        "sts-policy",
        ("error",),
        "The policy is not served as it has to be: not with HTTP 200, by a redirect, with another "
        "certificate, over 64 KB, not as text/plain, with bad keys, `max_age` over 31557600.",
        why="Senders that find no policy deliver without one; those that have one keep to the old.",
        source="RFC 8461 §3.2, §3.3",
        fix="Serve the file that the plan shows at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.",
        needs="world",
    ),
    Rule(
        "sts-mx-mismatch",
        ("error", "warning"),
        "An MX that the policy does not permit (an error), or a host in the policy that is no MX.",
        why="Senders that enforce the policy do not deliver to such an MX. `*.` is one label.",
        source="RFC 8461 §4.1",
        fix="Leave `mx` out of `mta_sts`: then the policy follows the domain's MX.",
        judge=_mx_mismatch,
        refused=True,
    ),
    Rule(
        "sts-max-age",
        ("warning", "info"),
        "An enforced policy that is forgotten within a day, or one that only tests.",
        why="Whoever can suppress a look-up for that long can take TLS away; testing enforces "
        "nothing.",
        source="RFC 8461 §3.2, §10.2",
        fix="Raise `max_age` to a week or more; write `mode: enforce` when the reports are clean.",
        judge=_max_age,
    ),
    Rule(
        "sts-id-unchanged",
        ("error",),
        "The policy has changed, and its `id` has not; or an old `id` is used again.",
        why="Senders that hold the old policy never fetch the new one.",
        source="RFC 8461 §3.1, §3.2",
        fix="Serve the new file first, then announce it with a new `id`, as the plan does.",
        needs="world",
    ),
    Rule(
        "sts-without-tlsrpt",
        ("warning", "info"),
        "MTA-STS without TLS reports.",
        why="Nobody tells you that mail was not delivered.",
        source="RFC 8460 §1, RFC 8461 §1",
        fix="Name an address under `tls_rpt`.",
        judge=_without_reports,
        asks=True,
    ),
    Rule(
        "tlsrpt-record",
        ("error",),
        "A TLS-RPT record that is none: several, no `rua`, or no address in it.",
        why="Senders then send no reports.",
        source="RFC 8460 §3",
        fix="Write one record, `v=TLSRPTv1; rua=mailto:tls@example.com`.",
        judge=_tls_rpt,
        refused=True,
    ),
)
