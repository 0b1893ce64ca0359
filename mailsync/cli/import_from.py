"""Where `mailsync import` reads zones: DNS hosts, name servers, master files, octoDNS' YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from mailsync.apply.wiring import Worlds
from mailsync.config import Config
from mailsync.desired.model import Desired, Place
from mailsync.desired.services.model import Service
from mailsync.desired.target import serving
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text
from mailsync.errors import MailsyncError
from mailsync.hosts.interface import ListsZones
from mailsync.hosts.several import Several
from mailsync.importing.model import Found
from mailsync.mail import mta_sts
from mailsync.plan.live import ServedPolicy

OFFLINE = ServedPolicy(detail="files were read, the web was not asked")


class Origin(Protocol):
    """Where zones are read from."""

    def zones(self) -> tuple[str, ...]:
        """Name the zones that there are, absolute. Raises `MailsyncError` where nobody knows."""

    def read(self, zone: str) -> Found:
        """Read a zone by its absolute name. Raises `MailsyncError`."""


@dataclass(frozen=True)
class FromHosts:
    """The DNS hosts that ``targets`` in mailsync.yaml names."""

    config: Config
    worlds: Worlds

    def zones(self) -> tuple[str, ...]:
        """Name those that the DNS hosts list, each at a host that ``targets`` names for it."""
        found = set()
        silent = []
        for name in dict.fromkeys(host for target in self.config.targets for host in target.hosts):
            host = self.worlds.host(_stub(".", (name,)))
            listed = host.zones() if isinstance(host, ListsZones) else None
            if listed is None:
                silent.append(name)
            for zone in listed or ():
                target = serving(self.config.targets, zone)
                if target is not None and name in target.hosts:
                    found.add(zone)
        if silent and not found:
            raise MailsyncError(
                f"the adapter of DNS host {silent[0]!r} cannot list zones: name them one by one"
            )
        return tuple(sorted(found))

    def read(self, zone: str) -> Found:
        """Read a zone as its DNS host lists it; where several differ, what differs is left."""
        target = serving(self.config.targets, zone)
        if target is None:
            raise MailsyncError(
                "no DNS host serves it: add it under targets in mailsync.yaml, or read it from "
                "elsewhere with --from-dns, --from-zone or --from-octodns",
                where=shown(zone),
            )
        desired = _stub(zone, target.hosts)
        host = self.worlds.host(desired)
        rrsets = dict(host.read(zone))
        unlisted: tuple[str, ...] = ()
        if isinstance(host, Several):
            differing = host.differing(zone)
            rrsets = {key: rrset for key, rrset in rrsets.items() if key not in differing}
            unlisted = tuple(
                f"{shown(name)} {rdtype} is not the same at all DNS hosts, and is left as it is: "
                f"{text}"
                for (name, rdtype), text in differing.items()
            )
        found = Found(zone, rrsets, f"DNS host {host.name}", host.capability, unlisted=unlisted)
        return with_policy(found, lambda: self.worlds.open(desired).policy(zone))


@dataclass(frozen=True)
class FromDns:
    """The authoritative name servers, asked as anybody may."""

    selectors: tuple[str, ...]
    nameservers: Sequence[tuple[str, int]] | None = None

    def zones(self) -> tuple[str, ...]:
        """DNS lists no zones."""
        raise MailsyncError("DNS lists no zones: name them one by one")

    def read(self, zone: str) -> Found:
        """Ask for the usual names; say what nobody can list."""
        from mailsync.observe.authoritative import AuthoritativeObserver
        from mailsync.observe.survey import survey

        seen = survey(zone, self.selectors, self.nameservers)
        asked = ", ".join(self.selectors)
        dkim = (
            f"DNS does not list DKIM selectors. Asked for: {asked}. If your services sign with "
            "others, name those under 'dkim', or import with --selector."
        )
        unlisted = [dkim]
        unlisted += [f"{name} answers as a wildcard does: left out." for name in seen.synthesised]
        unlisted += [f"Not known, as nobody answered: {text}." for text in seen.unanswered]
        found = Found(zone, seen.rrsets, "its name servers", unlisted=tuple(unlisted))
        return with_policy(found, lambda: AuthoritativeObserver(self.nameservers).policy(zone))


@dataclass(frozen=True)
class FromMasterFile:
    """One master file (RFC 1035 §5)."""

    file: Path

    def zones(self) -> tuple[str, ...]:
        """A master file does not say of which zone it is."""
        raise MailsyncError(f"{self.file} holds one zone: name it")

    def read(self, zone: str) -> Found:
        """Read the file as that zone's."""
        from mailsync.hosts.files import of_master_file

        rrsets = of_master_file(self.file, zone)
        return Found(zone, rrsets, f"the master file {self.file}", policy=OFFLINE)


@dataclass(frozen=True)
class FromOctodns:
    """A directory of octoDNS' YAML."""

    directory: Path

    def zones(self) -> tuple[str, ...]:
        """Name the zones that have a file there."""
        from mailsync.hosts.files import octodns_zones

        return octodns_zones(self.directory)

    def read(self, zone: str) -> Found:
        """Read a zone's YAML."""
        from mailsync.hosts.files import of_octodns

        rrsets = of_octodns(self.directory, zone)
        return Found(zone, rrsets, f"octoDNS' files in {self.directory}", policy=OFFLINE)


def selectors(asked: Sequence[str], services: Sequence[Service]) -> tuple[str, ...]:
    """Give the DKIM selectors to ask DNS for: those that are named, and those of the services."""
    from mailsync.importing.selectors import usual

    return tuple(dict.fromkeys([*asked, *usual(services)]))


def _stub(zone: str, targets: tuple[str, ...]) -> Desired:
    """Stand for a domain that has no file yet."""
    return Desired(zone, zone, (), Place("", 1, 1), targets)


def with_policy(found: Found, fetch: Callable[[], ServedPolicy]) -> Found:
    """Have the MTA-STS policy fetched where the zone announces one."""
    announced = found.get(f"_mta-sts.{found.zone}", "TXT")
    if announced is None or not any(mta_sts.is_mta_sts(txt_text(v)) for v in announced.values):
        return found
    return replace(found, policy=fetch())
