"""What a service's vendor demands of records that are not its own (docs/services.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from mailsync.desired.model import Use
from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import mx_services

TOPIC = "Services"


def served_elsewhere(use: Use, zone: str, name_servers: Iterable[str]) -> str:
    """Say that a zone's name servers are not those that a service asks for; empty if they are."""
    others = [
        shown(host)
        for host in name_servers
        if not any(fnmatchcase(shown(host).lower(), glob) for glob in use.name_servers)
    ]
    if not use.name_servers or not others:
        return ""
    return (
        f"{use.service} works only in zones that {use.dns_host} serves, and {shown(zone)} has the "
        f"name server {min(others)}: move the zone there first, or take another service"
    )


def _preference(case: Case) -> Iterator[Remark]:
    records = case.exchanges(case.desired.domain)
    for use in case.desired.services:
        own = [record for record in records if record.exchange in use.mx]
        if not use.lowest_preference or not own:
            continue
        best = min(record.preference for record in own)
        for record in records:
            host = record.exchange
            if record.preference < best and not mx_services.is_placeholder(host):
                yield Remark(
                    use.place,
                    f"senders try {shown(host)} ({record.preference}) before the MX of "
                    f"{use.service} ({best}), which has to have the lowest preference: take "
                    f"{shown(host)} out, or give it a greater number",
                )


def _dns_host(case: Case) -> Iterator[Remark]:
    for use in case.desired.services:
        if use.name_servers:
            found = case.ask(case.desired.zone, "NS").values
            if message := served_elsewhere(use, case.desired.zone, found):
                yield Remark(use.place, message)


RULES = (
    Rule(
        "service-preference",
        ("error",),
        "An MX with a lower preference than those of a service that has to come first.",
        why="Mail goes to that host and not to the service, which may refuse to verify the domain "
        "or treat what arrives later as relayed.",
        source="RFC 5321 §5.1; the service's manual (`mailsync services ID`)",
        fix="Give the service's MX the lowest number, or name no other.",
        judge=_preference,
    ),
    Rule(
        "service-dns-host",
        ("warning",),
        "A service that works only where a certain DNS host serves the zone, and another does.",
        why="The service then neither makes its records nor takes the domain's mail.",
        source="the service's manual (`mailsync services ID`)",
        fix="Move the zone to that DNS host before its mail, or take another service.",
        judge=_dns_host,
        needs="records",
        asks=True,
    ),
)
