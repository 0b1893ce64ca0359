"""Where mail clients find their servers: SRV (RFC 6186, RFC 8314), autodiscover."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "Mail clients"

RULES = (
    Rule(
        "srv",
        ("warning", "info"),
        "SRV records that lead clients astray: no `_submissions`, cleartext preferred, a service "
        "that is not offered and not said so, a target that is an alias.",
        why="Clients take what is offered first, cleartext too; where nothing is said they guess.",
        source="RFC 6186 §3.4, RFC 8314 §5.1, RFC 2782",
        fix="Offer submissions and imaps with the lowest priority; write `0 0 0 .` for what is not "
        "offered.",
        asks=True,
    ),
    Rule(
        "autodiscover",
        ("warning",),
        "Autodiscover leads to another service than the mail, or two ways to it differ.",
        why="Outlook then sets up the wrong account, for months: clients keep what they found.",
        source="Microsoft: Autodiscover for Exchange; RFC 6186",
        fix="Point it at the service of the mailboxes, by one way only.",
    ),
)
