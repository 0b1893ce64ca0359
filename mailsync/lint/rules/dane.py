"""Which certificates mail hosts present: DANE (RFC 7671, RFC 7672)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "DANE"

RULES = (
    Rule(
        "tlsa-unsigned",
        ("error",),
        "TLSA records, and the MX, the address or the TLSA itself is not signed with DNSSEC.",
        why="Senders ignore TLSA that is not secure: there is no DANE, only the belief in it.",
        source="RFC 7672 §2.2",
        fix="Sign the zones of the domain and of the MX hosts, and publish their DS.",
        needs="world",
    ),
    Rule(
        "tlsa-usage",
        ("error", "warning", "info"),
        "A TLSA that mail does not use, or that breaks easily: usage 0 or 1, matching type 0.",
        why="Senders ignore usages 0 and 1 on port 25 (an error); whole certificates make large "
        "answers (a warning); a digest of the certificate changes with each renewal.",
        source="RFC 7672 §3.1",
        fix="Write `3 1 1` and the SHA-256 of the public key.",
        refused=True,
    ),
    Rule(
        "tlsa-mismatch",
        ("error",),
        "A combination of parameters of which no record matches the chain that the server presents.",
        why="Senders with DANE do not deliver to that host at all.",
        source="RFC 7671 §8",
        fix="Publish the new certificate's record first, wait, then change the certificate.",
        needs="world",
    ),
)
