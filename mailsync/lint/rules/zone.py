"""The zone around the mail: TTLs, name servers, tokens, parked domains."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "The zone"

RULES = (
    Rule(
        "verification",
        ("info",),
        "A verification token that is stale, or of a service that mailsync does not know.",
        why="Tokens tell the world which services a domain uses, fill the TXT answer, and let their "
        "owner verify the domain again.",
        source="RFC 8552 §1; RFC 7208 §3.4",
        fix="Remove it with `- TOKEN: absent` when the service no longer asks for it.",
    ),
    Rule(
        "ttl",
        ("warning",),
        "TTLs of one RRset that differ, or a TTL over a week.",
        why="An RRset has one TTL: the shortest is used. Resolvers cap at a week or less, and a "
        "change has to wait for the longest.",
        source="RFC 2181 §5.2, RFC 8767 §4",
        fix="Write the same `ttl` for all values of one name, a day at most.",
    ),
    Rule(
        "txt-too-long-for-host",
        ("error",),
        "A TXT value longer than the DNS host takes.",
        why="Panels cut or refuse what is over 255 characters: half a DKIM key verifies nothing.",
        source="RFC 1035 §3.3; the DNS host",
        fix="Use a shorter key or an alias (`cname`), or another DNS host.",
        needs="records",
    ),
    Rule(
        "ns-consistency",
        ("error",),
        "The parent delegates to other servers than the zone names, or these serve different zones.",
        why="Some senders then see other mail records than you do.",
        source="RFC 1034 §4.2.2, RFC 2181 §5.4, RFC 2182 §3",
        fix="Have the registrar name the servers that the zone names; mend the one that lags.",
        needs="world",
    ),
    Rule(
        "soa-negative",
        ("warning",),
        "Resolvers may remember for more than a day that a name does not exist.",
        why="A record that was asked for too early stays missing for that long.",
        source="RFC 2308 §5",
        fix="Set the SOA's last field (minimum) to an hour at the DNS host.",
        needs="lookups",
    ),
    Rule(
        "dnssec",
        ("error",),
        "A DS without its key, or a signature that has expired.",
        why="Validating resolvers answer SERVFAIL: no mail arrives from whoever uses one.",
        source="RFC 4035 §5",
        fix="Have the DNS host sign again; remove or correct the DS at the registrar.",
        needs="world",
    ),
    Rule(
        "parked",
        ("warning", "info"),
        "A domain that takes no mail, and does not say all of it: null MX, `v=spf1 -all`, "
        "`p=reject`, a revoked key under every selector.",
        why="What is left open can be used to send in the domain's name.",
        source="M3AAWG Protecting Parked Domains, RFC 7505",
        fix="Write `mail: none`.",
    ),
)
