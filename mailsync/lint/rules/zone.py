"""The zone around the mail: TTLs, name servers, tokens, parked domains."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.dns.ttl import TTL_MAX, written
from mailsync.lint.case import Case, texts_of
from mailsync.lint.model import Remark, Rule, Severity
from mailsync.mail import dmarc, mx_services, spf

TOPIC = "The zone"

_DAY, _WEEK = 86400, 604800

_TOKENS = (
    "MS=",
    "google-site-verification=",
    "apple-domain-verification=",
    "apple-domain=",
    "facebook-domain-verification=",
    "zoho-verification=",
    "protonmail-verification=",
    "atlassian-domain-verification=",
    "adobe-idp-site-verification=",
    "docusign=",
    "stripe-verification=",
    "amazonses:",
    "have-i-been-pwned-verification=",
)
"""How tokens begin that say by themselves whose they are."""


def _verification(case: Case) -> Iterator[Remark]:
    for wish in case.wishes:
        if wish.kind != "verification":
            continue
        for text in texts_of(wish.values):
            token = ascii(text if len(text) <= 60 else f"{text[:57]}...")
            if not text.startswith(_TOKENS):
                yield Remark(wish.place, f"nobody can tell whose token {token} is: note it beside")
            elif text.startswith("MS=") and not _microsoft(case):
                yield Remark(
                    wish.place,
                    f"{token} is Microsoft's, and nothing else here is: remove it with "
                    "'- TOKEN: absent' if the tenant is gone",
                )


def _ttl(case: Case) -> Iterator[Remark]:
    first: dict[tuple[str, str], int] = {}
    for wish in case.wishes:
        ttl = first.setdefault((wish.name, wish.type), wish.ttl)
        if ttl != wish.ttl:
            yield Remark(
                wish.place,
                f"the values of {shown(wish.name)} {wish.type} ask for TTL {ttl} and {wish.ttl}: "
                "an RRset has one, so the shorter is used; write the same for both",
            )
        if wish.ttl > _WEEK:
            yield Remark(
                wish.place,
                f"TTL {wish.ttl} of {shown(wish.name)} {wish.type} is over a week: resolvers cap "
                "it, and each change waits for it; a day is long enough",
            )


def _soa_negative(case: Case) -> Iterator[Remark]:
    zone = case.desired.zone
    fields = [value.split() for value in case.ask(zone, "SOA").values]
    for minimum in (found[-1] for found in fields if found):
        if minimum.isascii() and minimum.isdigit() and int(minimum[:10]) > _DAY:
            yield Remark(
                case.desired.place,
                f"resolvers remember for up to {written(min(int(minimum[:10]), TTL_MAX))} that a "
                f"name of {shown(zone)} does not exist: set the SOA's last field to an hour",
            )


def _parked(case: Case) -> Iterator[Remark]:
    domain = case.desired.domain
    if not case.is_parked(domain):
        return
    records = [record for wish, record in case.spf_records if wish.name == domain]
    strict = any(not spf.sends(r) and r.all == "-" and not r.mechanisms for r in records)
    texts = case.asked_text(f"_dmarc.{domain}")
    policies = [text for text in texts or () if dmarc.is_dmarc(text)]
    rejects = any("p=reject" in text.replace(" ", "").lower() for text in policies)
    revokes = any(w.name == f"*._domainkey.{domain}" for w in case.wishes)
    lacking: list[tuple[str, Severity]] = []
    if not strict:
        lacking.append(("'v=spf1 -all'", "warning" if case.speaks_of("spf") else "info"))
    if not rejects:
        lacking.append(("DMARC p=reject", "info" if texts is None else "warning"))
    if not revokes:
        lacking.append(("a revoked key under every selector", "info"))
    for what, severity in lacking:
        yield Remark(
            case.place("mx"),
            f"{shown(domain)} takes no mail, and the file has not {what}: anybody can send in its "
            "name; write 'mail: none'",
            severity,
        )


def _microsoft(case: Case) -> bool:
    """Tell whether anything else in the file is Microsoft's."""
    endings = ("outlook.com", "onmicrosoft.com", "mx.microsoft", "mail.microsoft")
    said = [use.service for use in case.desired.services]
    if "microsoft365" in said:
        return True
    hosts = [record.exchange for _, records in case.mx_records for record in records]
    if any(mx_services.MICROSOFT_365.owns(host) for host in hosts):
        return True
    texts = [value.lower() for wish in case.wishes for value in wish.values]
    return any(ending in text for text in texts for ending in endings)


RULES = (
    Rule(
        "verification",
        ("info",),
        "A verification token that is stale, or of a service that mailsync does not know.",
        why="Tokens tell the world which services a domain uses, and fill the TXT answer.",
        source="RFC 8552 §1; RFC 7208 §3.4",
        fix="Remove it with `- TOKEN: absent` when the service no longer asks for it.",
        judge=_verification,
    ),
    Rule(
        "ttl",
        ("warning",),
        "TTLs of one RRset that differ, or a TTL over a week.",
        why="An RRset has one TTL: the shortest is used. Resolvers cap at a week or less, and a "
        "change has to wait for the longest.",
        source="RFC 2181 §5.2, RFC 8767 §4",
        fix="Write the same `ttl` for all values of one name, a day at most.",
        judge=_ttl,
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
        "The parent delegates to other servers than the zone names, or these differ.",
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
        judge=_soa_negative,
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
        judge=_parked,
    ),
)
