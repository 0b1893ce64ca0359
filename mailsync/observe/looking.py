"""Looks at the mail hosts to which a switch leads: with probes of this machine, or by a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event as Flag

from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.observe import gates
from mailsync.observe.certificate import together
from mailsync.observe.delegation import Finder
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.observations import Observations, Sight, from_json
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import Lookups, Planned, dnspython_resolver, system_resolvers
from mailsync.observe.zones import Zones
from mailsync.plan.live import Look, Presented

SECONDS = 40.0
"""How long all looks for one domain may take together."""

_PATIENCE = Patience(timeout=2.0, tries=2)


@dataclass(frozen=True)
class Prober:
    """Asks mail hosts itself, up to RCPT and never further.

    ``resolvers`` find addresses, the system's where there are none; ``mailboxes`` are asked for
    beside postmaster, ``port`` is where mail servers listen.
    """

    resolvers: tuple[tuple[str, int], ...]
    mailboxes: tuple[str, ...]
    clock: Callable[[], datetime]
    stop: Flag
    port: int = 25

    def __call__(self, desired: Desired, hosts: frozenset[str]) -> tuple[Look, ...]:
        """Look at all addresses of the hosts that the domain's mail is to go to."""
        named = tuple(Server(address, address, port) for address, port in self.resolvers)
        resolvers = named or system_resolvers()
        finder = Finder(dnspython_resolver(resolvers, _PATIENCE), {}, _PATIENCE)
        gatherer = Gatherer(
            Settings(SECONDS, _PATIENCE, tuple(resolvers), self.port),
            Lookups(resolvers, _PATIENCE, Planned(keys={(desired.domain, "MX"): desired.zone})),
            Zones(finder, None, frozenset({desired.zone})),
            self.clock,
            self.stop,
        )
        domain = desired.domain.rstrip(".")
        mailboxes = tuple(one for one in self.mailboxes if one.rpartition("@")[2] == domain)
        subject = Subject(desired.domain, desired.zone, desired, mailboxes)
        seen = gates.look_at(sorted(hosts), subject, gatherer, self.clock)
        return _of(seen.sights, hosts | {desired.domain})


def told_by(
    observations: Observations, desired: Desired, hosts: frozenset[str]
) -> tuple[Look, ...]:
    """Give what a file says of the hosts; one that it does not speak of is unknown."""
    sights = observations.of(desired.domain)
    missing = hosts - {sight.host for sight in sights}
    return (
        *_of(sights, hosts | {desired.domain}),
        *(
            Look(gate, host, "unknown", "the observations say nothing of it, or did so long ago")
            for host in sorted(missing)
            for gate in gates.OF_SERVERS
        ),
    )


def presented_by(
    observations: Observations, hosts: Mapping[str, tuple[str, ...]]
) -> dict[str, Presented]:
    """Give what a file says that hosts present at these addresses: what was seen last.

    One address of which it does not speak is enough for not knowing.
    """
    known = {
        (one.host, one.address): (one.tlsa, one.detail)
        for one in sorted(observations.certificates, key=lambda one: one.at)
    }

    def seen(host: str, address: str) -> tuple[str, str]:
        detail = f"{shown(host)} ({address}): the observations hold no certificate of it"
        return known.get((host, address), ("", detail))

    return {
        host: together([seen(host, one) for one in addresses])
        if addresses
        else Presented(detail="no address of it is known")
        for host, addresses in hosts.items()
    }


def read(path: Path, now: datetime, key: bytes | None) -> Observations:
    """Read a file that `mailsync check --gates` has made. Raises `MailsyncError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise MailsyncError(f"cannot read the observations: {why}", where=str(path)) from None
    try:
        return from_json(text, now, key=key)
    except MailsyncError as error:
        raise MailsyncError(error.message, where=str(path)) from None


def _of(sights: Iterable[Sight], hosts: frozenset[str]) -> tuple[Look, ...]:
    return tuple(
        Look(sight.gate, sight.host, sight.state, _said(sight))
        for sight in sights
        if sight.host in hosts
    )


def _said(sight: Sight) -> str:
    return f"({sight.address}): {sight.detail}" if sight.address else sight.detail
