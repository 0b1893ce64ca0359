"""Which domains `mailsync check` looks at, with files and without, and whom it asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event as Flag

from mailsync.apply.wiring import open_journal
from mailsync.cli import console
from mailsync.config import Config, Observe
from mailsync.config import load as load_config
from mailsync.desired import files
from mailsync.desired.model import Desired
from mailsync.dns.names import BadName, is_host, shown, whole
from mailsync.errors import FileErrors, MailsyncError
from mailsync.journal.fold import fold
from mailsync.journal.interface import Journal
from mailsync.observe import subjects
from mailsync.observe.delegation import Finder
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import (
    PUBLIC,
    Lookups,
    Planned,
    dnspython_resolver,
    system_resolvers,
)
from mailsync.observe.subjects import Declared
from mailsync.observe.zones import Zones
from mailsync.plan.ledger import Ledger

PATIENCE = Patience(timeout=2.0, tries=2)
"""How long one question of DNS may take."""


@dataclass(frozen=True)
class Asked:
    """The domains to look at, what was wrong with the files of others, and how to look.

    ``zones`` are those of the configuration, ``planned`` the names that no resolver is asked for.
    """

    subjects: tuple[Subject, ...]
    errors: tuple[MailsyncError, ...]
    observe: Observe
    planned: Planned
    zones: frozenset[str]

    def gatherer(self, settings: Settings, stop: Flag) -> Gatherer:
        """Give what looks at domains; it remembers answers, so each round takes a new one."""
        resolvers = _resolvers(self.observe) or system_resolvers()
        finder = Finder(dnspython_resolver(resolvers, PATIENCE), {}, PATIENCE)
        named = self.observe.nameservers
        zones = Zones(finder, None if isinstance(named, str) else named, self.zones)
        lookups = Lookups(resolvers, PATIENCE, self.planned, zones.ask)
        return Gatherer(settings, lookups, zones, console.exact_now, stop)

    @property
    def canaries(self) -> tuple[Server, ...]:
        """The resolvers to compare; public ones are not told the names of private zones."""
        if self.observe.resolvers is None and not isinstance(self.observe.nameservers, str):
            return ()
        return _resolvers(self.observe) or tuple(Server(one, one) for one in PUBLIC)


def asked(path: Path, words: Sequence[str], declared: Declared, now: datetime) -> Asked:
    """Find the domains that the words mean. Raises `MailsyncError`.

    A word that is no glob, and matches no file, is a domain without one; without words it is all
    domains that have a file. Where there is no mailsync.yaml, all are without.
    """
    if words and not path.exists():
        return _strangers([_stranger(word) for word in dict.fromkeys(words)], declared, Observe())
    config = load_config(path)
    declared = Declared(
        (*declared.mailboxes, *config.observe.mailboxes),
        declared.senders,
        declared.selectors,
        declared.old_hosts,
    )
    known = files.domains(config)
    own = [word for word in words if _is_known(word, known)]
    others = [_stranger(word) for word in dict.fromkeys(words) if not _is_known(word, known)]
    found = files.load(config, own) if own or not words else files.Loaded(())
    if found.errors and not found.desired and not others:
        raise FileErrors(found.errors)
    everyone = found.desired if not words else _everyone(config, found.desired)
    ledgers = _ledgers(config, everyone)
    strangers = _strangers(others, declared, config.observe)
    return Asked(
        (
            *(subjects.of_file(one, ledgers[one.zone], declared, now) for one in found.desired),
            *strangers.subjects,
        ),
        found.errors,
        config.observe,
        subjects.planned((one, ledgers[one.zone]) for one in everyone),
        frozenset(one.zone for one in everyone),
    )


def _everyone(config: Config, some: tuple[Desired, ...]) -> tuple[Desired, ...]:
    """Read the other files, too: the mail of these domains may lean on names that they create."""
    return files.load(config).desired or some


def _ledgers(config: Config, everyone: Sequence[Desired]) -> dict[str, Ledger]:
    """Read what was published; where the journal cannot be read, nothing is known to be."""
    ledgers: dict[str, Ledger] = {}
    journal: Journal | None = None
    for zone in dict.fromkeys(one.zone for one in everyone):
        ledgers[zone] = Ledger()
        try:
            journal = journal or open_journal(config)
            ledgers[zone] = fold(journal.read(zone))
        except MailsyncError as error:
            console.say(f"warning: {error}; what was published before is not known")
    return ledgers


def _strangers(names: Sequence[str], declared: Declared, observe: Observe) -> Asked:
    found = tuple(subjects.stranger(name, declared) for name in names)
    return Asked(found, (), observe, Planned(), frozenset())


def _is_known(word: str, known: Sequence[str]) -> bool:
    """Tell whether files are meant: a glob always is, so that a typing error in one is told."""
    if any(char in word for char in "*?["):
        return True
    try:
        name = shown(whole(word))
    except BadName:
        return False
    return any(fnmatchcase(one, name) for one in known)


def _stranger(word: str) -> str:
    try:
        name = whole(word)
    except BadName:
        name = ""
    if not is_host(name) or name.count(".") < 2:
        raise MailsyncError(f"{word[:60]!r} is no mail domain: write one such as example.com")
    return name


def _resolvers(observe: Observe) -> tuple[Server, ...]:
    return tuple(Server(address, address, port) for address, port in observe.resolvers or ())


def declared_by(
    mailboxes: Sequence[str], senders: Sequence[str], selectors: Sequence[str], old: Sequence[str]
) -> Declared:
    """Read what the command line declares. Raises `MailsyncError`."""
    for mailbox in mailboxes:
        if mailbox.count("@") != 1 or not all(mailbox.split("@")) or not mailbox.isascii():
            raise MailsyncError(f"--mailbox {mailbox[:60]!r}: write such as info@example.com")
    return Declared(
        tuple(mailboxes),
        tuple(map(_address, senders)),
        tuple(_named("--selector", selector) for selector in selectors),
        tuple(f"{_named('--old-host', host)}." for host in old),
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise MailsyncError(f"--sender {text[:60]!r} is no IP address") from None


def _named(option: str, text: str) -> str:
    try:
        name = whole(text)
    except BadName as error:
        raise MailsyncError(f"{option}: {error}") from None
    if name == ".":
        raise MailsyncError(f"{option} names nobody")
    return shown(name)
