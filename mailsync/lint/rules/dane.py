"""Which certificates mail hosts present: DANE (RFC 7671, RFC 7672)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import dane

TOPIC = "DANE"


def _usage(case: Case) -> Iterator[Remark]:
    for wish in case.of_type("TLSA"):
        if not wish.name.startswith("_25."):
            continue
        name = shown(wish.name)
        for value in wish.values:
            try:
                record = dane.parse(value)
            except dane.BadTlsa as error:
                yield Remark(wish.place, f"{name}: {error}")
                continue
            form = f"{record.usage} {record.selector} {record.matching}"
            if record.usage in {0, 1}:
                yield Remark(
                    wish.place,
                    f"{name}: senders ignore usage {record.usage} on port 25; write 3 1 1",
                )
            elif record.matching == 0:
                yield Remark(
                    wish.place,
                    f"{name}: '{form}' puts a whole certificate or key into the DNS: write 3 1 1",
                    "warning",
                )
            elif (record.usage, record.selector) == (3, 0):
                yield Remark(
                    wish.place,
                    f"{name}: '{form}' changes with every renewal of the certificate; 3 1 1 stays "
                    "with its key",
                    "info",
                )


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
        judge=_usage,
        refused=True,
    ),
    Rule(
        "tlsa-mismatch",
        ("error",),
        "A combination of parameters of which no record matches what the server presents.",
        why="Senders with DANE do not deliver to that host at all.",
        source="RFC 7671 §8",
        fix="Publish the new certificate's record first, wait, then change the certificate.",
        needs="world",
    ),
)
