"""Where mail clients find their servers: SRV (RFC 6186, RFC 8314), autodiscover."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import mx_services, srv

TOPIC = "Mail clients"

_TLS = {"submission": "submissions", "imap": "imaps", "pop3": "pop3s"}
"""Services that begin in cleartext, and those that are TLS from the first octet (RFC 8314)."""

_OUTLOOK = "autodiscover.outlook.com."
_USUAL = ("submissions", "imaps", "pop3s")


def _srv(case: Case) -> Iterator[Remark]:
    services = dict(_services(case))
    if not services:
        return
    first = next(iter(services.values()))[0]
    yield from _cleartext(services)
    for wish, records in services.values():
        for record in records:
            if record.target != "." and case.ask(record.target, "CNAME").state == "found":
                yield Remark(
                    wish.place,
                    f"{shown(wish.name)} names {shown(record.target)}, which is an alias: name the "
                    "host itself (RFC 2782)",
                )
    silent = [name for name in _USUAL if name not in services]
    if silent:
        yield Remark(
            first.place,
            f"nothing is said of {', '.join(silent)}: clients guess; write '0 0 0 .' for what is "
            "not offered",
            "info",
        )


def _cleartext(services: dict[str, tuple[Wish, tuple[srv.Record, ...]]]) -> Iterator[Remark]:
    for plain, secure in _TLS.items():
        offered = _offered(services, plain)
        if not offered:
            continue
        wish = services[plain][0]
        better = _offered(services, secure)
        if not better:
            yield Remark(
                wish.place,
                f"_{plain} is offered and _{secure} is not: clients begin in cleartext; offer "
                f"_{secure}, too, with a lower priority",
            )
        elif min(offered).priority < min(better).priority:
            yield Remark(
                wish.place,
                f"_{plain} has a lower priority than _{secure}, so clients prefer it: give "
                f"_{secure} the lowest",
            )


def _autodiscover(case: Case) -> Iterator[Remark]:
    for wish in case.wishes:
        if wish.kind != "autodiscover" or wish.type != "CNAME":
            continue
        domain, target = wish.name.partition(".")[2], wish.values[0]
        of_srv = case.files.answer((f"_autodiscover._tcp.{domain}", "SRV"))
        records = [] if of_srv is None else _parsed(of_srv.values)
        if any(record.target != target for record in records):
            yield Remark(
                wish.place,
                f"{shown(wish.name)} leads to {shown(target)}, and _autodiscover._tcp to "
                f"{shown(records[0].target)}: keep one of the two",
            )
        elsewhere = _mailboxes_elsewhere(case, domain, target)
        if elsewhere:
            yield Remark(
                wish.place,
                f"{shown(wish.name)} leads to {shown(target)}, but the mailboxes are at "
                f"{elsewhere}: Outlook would set up an account at the other",
            )


def _mailboxes_elsewhere(case: Case, domain: str, target: str) -> str:
    """Name the mailbox service to which autodiscover does not lead; empty where it does."""
    used = {use.service for use in case.desired.services if use.layer == "mailbox"}
    owners = {
        service.name
        for record in case.exchanges(domain)
        if (service := mx_services.service_of(record.exchange)) is not None
    }
    at_microsoft = "microsoft365" in used or (
        not used and owners == {mx_services.MICROSOFT_365.name}
    )
    if at_microsoft and target != _OUTLOOK:
        return f"Microsoft 365 ({shown(_OUTLOOK)})"
    if target == _OUTLOOK and used and "microsoft365" not in used:
        return ", ".join(sorted(used))
    return ""


def _services(case: Case) -> Iterator[tuple[str, tuple[Wish, tuple[srv.Record, ...]]]]:
    domain = case.desired.domain
    for service in srv.SERVICES:
        for wish in case.of_type("SRV"):
            if wish.name == f"_{service}._tcp.{domain}" and service != "autodiscover":
                yield service, (wish, tuple(_parsed(wish.values)))


def _offered(
    services: dict[str, tuple[Wish, tuple[srv.Record, ...]]], name: str
) -> list[srv.Record]:
    return [record for record in services.get(name, (None, ()))[1] if record.target != "."]


def _parsed(values: tuple[str, ...]) -> list[srv.Record]:
    found = []
    for value in values:
        try:
            found.append(srv.parse(value))
        except srv.BadSrv:
            continue
    return found


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
        judge=_srv,
        asks=True,
    ),
    Rule(
        "autodiscover",
        ("warning",),
        "Autodiscover leads to another service than the mail, or two ways to it differ.",
        why="Outlook then sets up the wrong account, for months: clients keep what they found.",
        source="Microsoft: Autodiscover for Exchange; RFC 6186",
        fix="Point it at the service of the mailboxes, by one way only.",
        judge=_autodiscover,
    ),
)
