"""What only a look at servers shows: those of the zone, of the mail, and who else takes it."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "Servers"

RULES = (
    Rule(
        "ns-lame",
        ("error",),
        "A server to which the zone is delegated, and that does not answer for it.",
        why="Whoever asks it first waits, or is told that there is nothing.",
        source="RFC 1912 §2.8, RFC 2182 §3",
        fix="Have the server load the zone, or take it out of the delegation.",
        needs="world",
    ),
    Rule(
        "ns-tcp",
        ("warning",),
        "A name server that answers over UDP, and not over TCP.",
        why="Large answers (DKIM keys, many TXT, DNSSEC) come over TCP only.",
        source="RFC 7766 §5",
        fix="Open port 53 for TCP at that server.",
        needs="world",
    ),
    Rule(
        "ns-count",
        ("warning",),
        "A zone with one name server.",
        why="When it does not answer, nobody finds where the mail goes.",
        source="RFC 1034 §4.1, RFC 2182 §5",
        fix="Add a second one, in another network.",
        needs="world",
    ),
    Rule(
        "resolver-answer",
        ("info", "error"),
        "A resolver that gives no answer, or another one than the zone's own servers.",
        why="It still holds what was there before (no fault, while it lasts), or cannot resolve the "
        "domain at all: then no mail comes from whoever uses it.",
        source="RFC 2308 §7, RFC 8767",
        fix="Wait until the TTL has passed; where it answers SERVFAIL, look at the delegation and "
        "at DNSSEC.",
        needs="world",
    ),
    Rule(
        "mx-address-not-public",
        ("error",),
        "An MX host with an address that only some network of its own can reach.",
        why="The world's senders cannot deliver there.",
        source="RFC 1918, RFC 4193, RFC 6890",
        fix="Give the host its public address.",
        needs="world",
    ),
    Rule(
        "mx-same-addresses",
        ("warning", "info"),
        "MX hosts of different names at the same addresses.",
        why="Two names for one machine are no second way in. Where the old and the new service "
        "share addresses, MX does not decide between them: the service itself does.",
        source="RFC 5321 §5.1",
        fix="Have the service move the domain inside; a change of the MX alone moves nothing.",
        needs="world",
    ),
    Rule(
        "smtp-dialogue",
        ("error",),
        "A mail server that does not speak SMTP, or greets everybody with a refusal.",
        why="Senders try the next MX; where there is none, mail waits and comes back.",
        source="RFC 5321 §3.1, §4.2",
        fix="Look at what listens on port 25 there.",
        needs="world",
    ),
    Rule(
        "smtp-accepts",
        ("error", "warning"),
        "A mail server that refuses the domain's recipients.",
        why="One 5xx ends a delivery: the message goes back, and no other MX is tried. postmaster "
        "has to be accepted (a warning, where other mailboxes are).",
        source="RFC 5321 §4.5.1, §5.1",
        fix="Add the domain and its mailboxes at that server, before its MX is published.",
        needs="world",
    ),
    Rule(
        "smtp-null-sender",
        ("error",),
        "A mail server that refuses the null sender, MAIL FROM:<>.",
        why="Bounces and receipts never arrive.",
        source="RFC 5321 §4.5.5, §6.1",
        fix="Allow the null sender.",
        needs="world",
    ),
    Rule(
        "smtp-catch-all",
        ("warning",),
        "A mail server that takes mail for mailboxes that do not exist.",
        why="What cannot be delivered later comes back to forged senders; and nobody can tell from "
        "outside which mailboxes exist.",
        source="RFC 5321 §6.2, RFC 7505 §1",
        fix="Give the server the list of recipients, or have it ask the mailbox server.",
        needs="world",
    ),
    Rule(
        "smtp-open-relay",
        ("error",),
        "A mail server that takes mail from strangers for other domains.",
        why="It is used to send spam within hours, and ends on block lists.",
        source="RFC 5321 §7.1, RFC 2505 §2.1",
        fix="Restrict relaying to your own networks and authenticated users.",
        needs="world",
    ),
    Rule(
        "smtp-starttls",
        ("warning", "error"),
        "A mail server without STARTTLS, or where TLS does not come about.",
        why="Mail crosses the network in the clear; under an enforced MTA-STS policy or DANE it is "
        "not delivered at all (an error).",
        source="RFC 3207, RFC 8461 §5, RFC 7672 §2.2",
        fix="Switch STARTTLS on, with a certificate for the name in the MX.",
        needs="world",
    ),
    Rule(
        "tls-version",
        ("warning",),
        "A mail server whose TLS is older than 1.2.",
        why="Many senders do not speak it any more.",
        source="RFC 8996, RFC 9325 §3.1.1",
        fix="Switch TLS 1.2 and 1.3 on.",
        needs="world",
    ),
    Rule(
        "certificate-name",
        ("warning", "error"),
        "A certificate that does not name the host in the MX.",
        why="Senders that verify (MTA-STS: an error) do not deliver.",
        source="RFC 8461 §4.1, RFC 9525 §6",
        fix="Have a certificate issued for the name in the MX.",
        needs="world",
    ),
    Rule(
        "certificate-trust",
        ("info", "error"),
        "A certificate that no known authority vouches for.",
        why="Senders that verify (MTA-STS: an error) do not deliver; a missing intermediate "
        "certificate looks the same.",
        source="RFC 8461 §4.2",
        fix="Use a public authority's certificate, and send the whole chain.",
        needs="world",
    ),
    Rule(
        "certificate-expiry",
        ("warning", "error"),
        "A certificate that has expired, or soon will.",
        why="Senders that verify (MTA-STS: an error) do not deliver.",
        source="RFC 5280 §4.1.2.5, RFC 8461 §4.2",
        fix="Renew it, and see to it that renewal runs by itself.",
        needs="world",
    ),
    Rule(
        "old-service-accepts",
        ("warning",),
        "A server that took the domain's mail before, and still does.",
        why="What its own customers and users send to the domain stays there: it is delivered "
        "locally, without a look at the MX. RCPT cannot tell that from relaying.",
        source="RFC 5321 §3.6; Microsoft, Google and hosting companies on moving away",
        fix="Remove the domain at the old service, or set it to relay; then send a message from it "
        "to be sure.",
        needs="world",
    ),
    Rule(
        "gateway-bypass",
        ("warning",),
        "A mailbox service behind a gateway that takes mail from anyone.",
        why="Whoever knows its host name goes round the gateway, and its filter.",
        source="Microsoft: restrict a connector to the gateway; Google: inbound gateway, reject "
        "others",
        fix="Have the mailbox service take mail from the gateway only.",
        needs="world",
    ),
)
