"""What is declared of a domain before anybody looks: by its file, its journal and the user."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailsync.desired.model import Desired, Use
from mailsync.dns.names import shown
from mailsync.dns.rrset import BadValue, Key, txt_text
from mailsync.mail.ptr import BadReverse, address_of
from mailsync.observe import reporting
from mailsync.observe.facts import Subject, exchanges_of
from mailsync.observe.resolving import Planned
from mailsync.plan.ledger import Ledger
from mailsync.plan.visible import Lifetimes, remnants

_LABEL = "._domainkey."

_OWN_HOSTS: Mapping[str, tuple[str, ...]] = {
    "google_workspace": ("aspmx.l.google.com.",),
    "microsoft365": ("{dashed}.mail.protection.outlook.com.",),
}
"""Where a mailbox service takes mail itself, whatever the MX says; ``dashed``: the domain's name
with hyphens for dots, as most tenants have it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the user says on the command line or in mailsync.yaml, for all domains at once."""

    mailboxes: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    old_hosts: tuple[str, ...] = ()


def of_file(desired: Desired, ledger: Ledger, declared: Declared, now: datetime) -> Subject:
    """Put together what is known of a domain that has a file; ``now`` is aware."""
    wished = {
        record.exchange
        for wish in desired.wishes
        if (wish.name, wish.type) == (desired.domain, "MX")
        for record in exchanges_of(wish.values)
        if not record.is_null
    }
    return Subject(
        desired.domain,
        desired.zone,
        desired,
        mailboxes=_mailboxes(desired, declared),
        senders=_unique((*declared.senders, *_named(desired))),
        selectors=_unique((*declared.selectors, *_selectors(desired))),
        old_hosts=_unique((*declared.old_hosts, *_former(desired, ledger, now))),
        mailbox_hosts=_unique(
            host for use in desired.services for host in _behind(use, desired.domain)
        ),
        new_hosts=tuple(sorted(wished)),
    )


def stranger(domain: str, declared: Declared) -> Subject:
    """Put together what is known of a domain without a file: what the user says."""
    return Subject(
        domain,
        mailboxes=_at(domain, declared.mailboxes),
        senders=declared.senders,
        selectors=declared.selectors,
        old_hosts=declared.old_hosts,
    )


def planned(subjects: Iterable[tuple[Desired, Ledger]]) -> Planned:
    """Give what files wish for, and of which the journal knows no published version."""
    names: dict[str, str] = {}
    keys: dict[Key, str] = {}
    for desired, ledger in subjects:
        for wish in desired.wishes:
            key = (wish.name, wish.type)
            if not wish.values:
                continue
            if wish.name == desired.zone:
                if ledger.history(key).seen_last is None:
                    keys[key] = desired.zone
            elif not _is_published(wish.name, ledger):
                names[wish.name] = desired.zone
    return Planned(names, keys)


def _is_published(name: str, ledger: Ledger) -> bool:
    """Tell whether anything was seen at a name: the name itself then exists."""
    return any(
        history.seen_last is not None
        for (owner, _), history in ledger.histories.items()
        if owner == name
    )


def _mailboxes(desired: Desired, declared: Declared) -> tuple[str, ...]:
    """Give the user's, and those that the domain's own records send reports to."""
    texts = []
    for wish in desired.wishes:
        if wish.kind in {"dmarc", "tls-rpt"}:
            for value in wish.values:
                try:
                    texts.append(txt_text(value))
                except BadValue:  # pragma: no cover  # the loader takes none
                    continue
    reported = (address for text in texts for address in reporting.addresses(text))
    return _at(desired.domain, (*declared.mailboxes, *reported))


def _at(domain: str, mailboxes: Iterable[str]) -> tuple[str, ...]:
    wanted = shown(domain)
    found = (one for one in mailboxes if one.rpartition("@")[2].lower().rstrip(".") == wanted)
    return _unique(found)


def _named(desired: Desired) -> Iterator[str]:
    """Give the addresses that the file names (PTR): those are to send."""
    for wish in desired.wishes:
        if wish.kind == "ptr" and wish.values:
            try:
                yield str(ipaddress.ip_address(address_of(wish.name)))
            except BadReverse:  # pragma: no cover  # the loader takes none
                continue


def _selectors(desired: Desired) -> Iterator[str]:
    for wish in desired.wishes:
        if wish.kind == "dkim" and wish.values and wish.name.endswith(_LABEL + desired.domain):
            selector = wish.name.removesuffix(_LABEL + desired.domain)
            if "*" not in selector:
                yield selector


def _former(desired: Desired, ledger: Ledger, now: datetime) -> Iterator[str]:
    """Give the hosts of MX versions that no resolver holds any more, and no present one names."""
    history = ledger.history((desired.domain, "MX"))
    lifetimes = Lifetimes(desired.cutover)
    longer = timedelta(seconds=desired.cutover.retire_safety)
    visible = {id(one.version) for one in remnants(history, lifetimes, now, longer)}
    present: set[str] = set()
    former: dict[str, None] = {}
    for version in history.versions:
        values = version.rrset.values if version.rrset is not None else ()
        hosts = [r.exchange for r in exchanges_of(values) if not r.is_null]
        if id(version) in visible:
            present.update(hosts)
        else:
            former.update(dict.fromkeys(hosts))
    yield from (host for host in former if host not in present)


def _behind(use: Use, domain: str) -> Iterator[str]:
    """Give the hosts at which a mailbox service behind a gateway takes mail by itself."""
    if use.layer != "mailbox" or use.behind is None:
        return
    dashed = shown(domain).replace(".", "-")
    guessed = (name.format(dashed=dashed) for name in _OWN_HOSTS.get(use.service, ()))
    yield from use.mx or guessed


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
