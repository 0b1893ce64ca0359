"""That mail comes over verified TLS: MTA-STS (RFC 8461) and its reports (RFC 8460)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "MTA-STS and TLS reports"

RULES = (
    Rule(
        "sts-record",
        ("error",),
        "Not exactly one MTA-STS record, or an `id` that is not 1 to 32 letters and digits.",
        why="Senders then take the domain for one without a policy.",
        source="RFC 8461 §3.1",
        fix="Write the policy under `mta_sts`: the record follows from it.",
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
        refused=True,
    ),
    Rule(
        "sts-mx-mismatch",
        ("error", "warning"),
        "An MX that the policy does not permit (an error), or a host in the policy that is no MX.",
        why="Senders that enforce the policy do not deliver to such an MX; `*.` is exactly one label.",
        source="RFC 8461 §4.1",
        fix="Leave `mx` out of `mta_sts`: then the policy follows the domain's MX.",
        refused=True,
    ),
    Rule(
        "sts-max-age",
        ("warning", "info"),
        "A policy that is forgotten within a day, or that only tests.",
        why="Whoever can suppress a look-up for that long can take TLS away; testing enforces "
        "nothing.",
        source="RFC 8461 §3.2, §10.2",
        fix="Raise `max_age` to a week or more; go on to `mode: enforce` when the reports are clean.",
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
        asks=True,
    ),
    Rule(
        "tlsrpt-record",
        ("error",),
        "A TLS-RPT record that is none: several, no `rua`, or no address in it.",
        why="Senders then send no reports.",
        source="RFC 8460 §3",
        fix="Write one record, `v=TLSRPTv1; rua=mailto:tls@example.com`.",
        refused=True,
    ),
)
