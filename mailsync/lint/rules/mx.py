"""Where mail goes: MX (RFC 5321 §5.1, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.names import is_host, shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import mx, mx_services, spf
from mailsync.mail.mx import Record

TOPIC = "MX"

_TRIED_MAX = 5
"""How many hosts or addresses common senders try: Exim 5 hosts, Postfix 5 addresses."""

_NEVER_PUBLIC = ("localhost.", "local.", "internal.", "invalid.", "onion.")
"""Names that the public DNS never has (RFC 6761, RFC 6762, RFC 7686)."""

_SENDING = frozenset({"spf", "dkim", "dmarc", "mta_sts", "tls_rpt", "srv", "autodiscover"})
"""Keys that speak of a domain with mail."""


def _target_no_address(case: Case) -> Iterator[Remark]:
    for wish, record in _hosts(case):
        if all(case.ask(record.exchange, family).state == "void" for family in ("A", "AAAA")):
            host = shown(record.exchange)
            yield Remark(
                wish.place,
                f"the MX host {host} has no address: mail for {shown(wish.name)} cannot go "
                "there; give it one, or name the server that takes the mail",
            )


def _target_cname(case: Case) -> Iterator[Remark]:
    for wish, record in _hosts(case):
        for target in case.ask(record.exchange, "CNAME").values[:1]:
            yield Remark(
                wish.place,
                f"the MX host {shown(record.exchange)} is an alias: write {target!r}, to which it "
                "points",
            )


def _missing(case: Case) -> Iterator[Remark]:
    domain = case.desired.domain
    if not case.desired.kinds & _SENDING or case.ask(domain, "MX").state != "void":
        return
    if any(wish.name == domain and not spf.sends(record) for wish, record in case.spf_records):
        return
    found = any(case.ask(domain, family).state == "found" for family in ("A", "AAAA"))
    where = "to its own addresses, be that a mail server or not" if found else "nowhere"
    yield Remark(
        case.desired.place,
        f"{shown(domain)} has no MX: mail goes {where}; write 'mx', or 'mail: none'",
    )


def _null_mx(case: Case) -> Iterator[Remark]:
    for wish, records in case.mx_records:
        nulls = [record for record in records if record.is_null]
        if nulls and (len(wish.values) > 1 or nulls[0].preference):
            yield Remark(
                wish.place,
                f"the null MX of {shown(wish.name)} has preference 0 and stands alone: write "
                "'0 .' and nothing beside it",
            )


def _null_mx_sends(case: Case) -> Iterator[Remark]:
    for wish, records in case.mx_records:
        if not any(record.is_null for record in records):
            continue
        for text in case.asked_text(wish.name) or ():
            if _sends(text):
                yield Remark(
                    wish.place,
                    f"{shown(wish.name)} takes no mail, but its SPF lets something send: write "
                    "'v=spf1 -all'",
                )


def _malformed(case: Case) -> Iterator[Remark]:
    for wish in case.of_type("MX"):
        seen: set[str] = set()
        for value in wish.values:
            try:
                record = mx.parse(value)
            except mx.BadMx as error:
                yield Remark(wish.place, str(error)[:200])
                continue
            if record.exchange in seen:
                yield Remark(wish.place, f"the MX host {shown(record.exchange)} stands twice")
            seen.add(record.exchange)
            fault = "" if record.is_null else _fault(record.exchange, wish.name)
            if fault:
                yield Remark(
                    wish.place,
                    f"{record.exchange[:80]!r} takes no mail from the world: {fault}; write the "
                    "name of a host",
                )


def _too_many_addresses(case: Case) -> Iterator[Remark]:
    for wish, records in case.mx_records:
        wishes = case.files.wishes
        addresses = sum(
            len(of_host.values)
            for record in records
            for family in ("A", "AAAA")
            for of_host in wishes.get((record.exchange, family), ())
        )
        for count, what in ((len(records), "hosts"), (addresses, "addresses")):
            if count > _TRIED_MAX:
                yield Remark(
                    wish.place,
                    f"the MX of {shown(wish.name)} come to {count} {what}: senders try about "
                    f"{_TRIED_MAX}, the rest is hardly ever reached; keep the best",
                )
                break


def _points_to_apex(case: Case) -> Iterator[Remark]:
    for wish, record in _hosts(case):
        if record.exchange in {wish.name, case.desired.zone}:
            yield Remark(
                wish.place,
                f"the MX of {shown(wish.name)} is {shown(record.exchange)} itself: whoever changes "
                "the web server's address moves the mail, too; name a host of its own under "
                "'hosts'",
            )


def _mixed_services(case: Case) -> Iterator[Remark]:
    for wish, records in case.mx_records:
        hosts = [
            record.exchange
            for record in records
            if not record.is_null and not mx_services.is_placeholder(record.exchange)
        ]
        owners = {host: _owner(case, host) for host in hosts}
        exclusive = [name for name, alone in owners.values() if alone]
        groups = {name for name, _ in owners.values() if name or exclusive}
        if len(groups) < 2:
            continue
        named = sorted(name or "a server that mailsync does not know" for name in groups)
        alone = f"; {exclusive[0]} has to be the only one" if exclusive else ""
        yield Remark(
            wish.place,
            f"the MX of {shown(wish.name)} belong to {' and '.join(named)}{alone}: that does not "
            "split users between them, as senders go on to the next host only when one cannot be "
            "reached or says 4xx, and a 5xx ends delivery (RFC 5321 §5.1); let one service take "
            "all mail, as an internal relay with a connector to the other",
            "error" if exclusive else None,
        )


def _mistaken(case: Case) -> Iterator[Remark]:
    for wish, record in _hosts(case):
        meant = mx_services.MISTAKEN.get(record.exchange)
        if meant is not None:
            yield Remark(
                wish.place,
                f"{shown(record.exchange)} stands in guides and in no public zone: write "
                f"{shown(meant)}, or look it up before mail goes there",
            )


def _owner(case: Case, host: str) -> tuple[str, bool]:
    """Name the service whose server a host is, and tell whether it has to be the only one."""
    use = next((use for use in case.desired.services if host in use.mx), None)
    known = mx_services.service_of(host)
    if known is not None:
        return known.name, known.exclusive or (use is not None and use.exclusive)
    if use is not None:
        return use.service, use.exclusive
    return ("servers of your own" if case.is_ours(host) else ""), False


def _hosts(case: Case) -> Iterator[tuple[Wish, Record]]:
    for wish, records in case.mx_records:
        for record in records:
            if not record.is_null and not mx_services.is_placeholder(record.exchange):
                yield wish, record


def _fault(host: str, owner: str) -> str:
    """Say why the public cannot deliver to a host of that name; empty where it may."""
    if host.rstrip(".").replace(".", "").isdigit() or ":" in host:
        return "it is an address (RFC 5321 §5.1)"
    if not is_host(host):
        return "it is no host's name (RFC 1123 §2.1)"
    if "." not in host.rstrip("."):
        return "it is one label, no whole name (RFC 5321 §2.3.5)"
    for end in _NEVER_PUBLIC:
        if f".{host}".endswith(f".{end}") and not f".{owner}".endswith(f".{end}"):
            return "" if mx_services.is_placeholder(host) else f"nobody finds names under {end}"
    return ""


def _sends(text: str) -> bool:
    try:
        return spf.sends(spf.parse(text))
    except spf.BadSpf:
        return False


RULES = (
    Rule(
        "mx-target-no-address",
        ("error",),
        "An MX names a host without an address.",
        why="Senders find nothing to connect to, keep the message for days and give it back.",
        source="RFC 5321 §5.1",
        fix="Give the host an address under `hosts`, or name the server that takes the mail.",
        judge=_target_no_address,
        asks=True,
    ),
    Rule(
        "mx-target-cname",
        ("error",),
        "An MX names an alias (CNAME).",
        why="The name in an MX has to own its addresses; some senders refuse an alias, others loop "
        "when it leads to themselves.",
        source="RFC 2181 §10.3, RFC 5321 §5.1",
        fix="Name the host to which the alias points.",
        judge=_target_cname,
        asks=True,
    ),
    Rule(
        "mx-missing",
        ("warning",),
        "The domain has mail records, but no MX.",
        why="Senders then deliver to the domain's own A or AAAA, which is a web server more often "
        "than not.",
        source="RFC 5321 §5.1 (implicit MX)",
        fix="Name the hosts under `mx`; write `mail: none` where there is to be no mail.",
        judge=_missing,
        needs="lookups",
    ),
    Rule(
        "null-mx",
        ("error",),
        "The null MX (`.`) stands beside other MX, or its preference is not 0.",
        why="It says that the domain takes no mail; beside others nobody knows what is meant.",
        source="RFC 7505 §3",
        fix="Write `0 .` alone, or leave it out.",
        judge=_null_mx,
        refused=True,
    ),
    Rule(
        "null-mx-sends",
        ("error",),
        "A domain that takes no mail lets something send.",
        why="Receivers may refuse mail from a domain to which no reply and no bounce can go.",
        source="RFC 7505 §4.2",
        fix="Write `v=spf1 -all`, or give the domain an MX.",
        judge=_null_mx_sends,
        asks=True,
        refused=True,
    ),
    Rule(
        "mx-malformed",
        ("error",),
        "An MX is no preference and host: an address, a relative name, localhost, a host twice, a "
        "preference over 65535.",
        why="Senders cannot use it: an address is read as a name that does not exist.",
        source="RFC 5321 §5.1, RFC 1035 §3.3.9, RFC 1912 §2.4",
        fix="Write a preference from 0 to 65535 and the whole name of a host, each host once.",
        judge=_malformed,
        refused=True,
    ),
    Rule(
        "mx-too-many-addresses",
        ("warning",),
        "More MX hosts or addresses than senders try.",
        why="Postfix tries 5 addresses, Exim 5 hosts; a backup beyond them is never reached.",
        source="Postfix smtp_mx_address_limit, Exim hosts_max_try",
        fix="Keep the hosts that really take mail, five at most.",
        judge=_too_many_addresses,
    ),
    Rule(
        "mx-mixed-services",
        ("warning", "error"),
        "The MX of one domain belong to two services.",
        why="That does not split users between them: a sender tries the second only when the first "
        "cannot be reached or answers 4xx; a 5xx, such as for a user whom the first service does "
        "not know, ends delivery. It is an error where a service has to be the only one.",
        source="RFC 5321 §5.1; the services' manuals",
        fix="Name the hosts of one service. For users in two places let that one take all mail: "
        "make the domain an internal relay there (not authoritative), with a connector to the "
        "other service. Acknowledge it where both services take every recipient.",
        judge=_mixed_services,
    ),
    Rule(
        "mx-mistaken",
        ("warning",),
        "An MX names a host that guides misspell, such as mx1.lolipop.jp.",
        why="No public zone names it: senders may find no server there.",
        source="public zones of the service's customers; RFC 5321 §5.1",
        fix="Write the name that the message gives, or the service's key under `services`.",
        judge=_mistaken,
    ),
    Rule(
        "mx-points-to-apex",
        ("warning",),
        "An MX is the domain itself.",
        why="Its address is the web site's as a rule: whoever moves the site moves the mail.",
        source="RFC 1912 §2.4",
        fix="Give the mail server a name of its own under `hosts`, and name that.",
        judge=_points_to_apex,
    ),
)
