"""An authoritative server that the test can write to and transfer from, whatever its program.

It takes TSIG-signed transfers and updates with its `key`. The test itself, and "someone else" whom
it plays, writes and transfers unsigned from an address of its own: TSIG needs the server's time,
and that may be a stepped one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.update
import dns.xfr
import dns.zone

from .clock import SteppedClock
from .server import Server, ServerError

WRITER: Final = "127.0.0.254"  # the address of the test's own, unsigned, updates and transfers


@dataclass(frozen=True)
class Key:
    """A TSIG key (RFC 8945), HMAC-SHA256; the secret is base64."""

    name: str = "laboratory"
    secret: str = "bWFpbHN5bmMncyBsYWJvcmF0b3J5LCBub3QgYSBzZWNyZXQ="
    algorithm: str = "hmac-sha256"


@dataclass(frozen=True)
class Published:
    """An RRset as a zone transfer shows it: TTL in seconds, values sorted, names absolute."""

    ttl: int
    values: tuple[str, ...]


def zone_name(name: str) -> str:
    """A zone's name as the configurations have it: lower case, no final dot but the root's."""
    return name.lower().rstrip(".") or "."


class Primary(Server):
    """An authoritative server that is fed with master files (RFC 1035) and dynamic updates."""

    def __init__(
        self,
        zones: Mapping[str, str],
        *,
        address: str = "127.0.0.1",
        clock: SteppedClock | None = None,
    ) -> None:
        super().__init__(address=address, clock=clock)
        self.key = Key()
        self.zones = tuple(zone_name(name) for name in zones)
        self._master_files = dict(zip(self.zones, zones.values(), strict=True))

    def _data(self) -> dict[Path, str]:
        return {self._master_file(zone): text for zone, text in self._master_files.items()}

    def _master_file(self, zone: str) -> Path:
        return self.directory / ("root.zone" if zone == "." else f"{zone}.zone")

    def _is_ready(self) -> bool:
        return all(self.ask(zone, "SOA", tcp=True, timeout=0.5).aa for zone in self.zones)

    def replace(self, name: str, rdtype: str, ttl: int, *values: str) -> None:
        """Make this RRset the one of that name and type; without values: remove it."""
        update = self._update_of(name)
        update.replace(dns.name.from_text(name), ttl, rdtype, *values)
        self._send(update)

    def add(self, name: str, rdtype: str, ttl: int, *values: str) -> None:
        """Add values to an RRset, whose TTL becomes `ttl` seconds."""
        update = self._update_of(name)
        update.add(dns.name.from_text(name), ttl, rdtype, *values)
        self._send(update)

    def zone(self, name: str) -> dict[tuple[str, str], Published]:
        """The zone by AXFR (RFC 5936): (absolute owner, type) → RRset."""
        zone = dns.zone.Zone(name, relativize=False)
        query, _ = dns.xfr.make_query(zone)
        dns.query.inbound_xfr(self.address, zone, query, port=self.port, source=WRITER, timeout=5)
        return {
            (owner.to_text(), dns.rdatatype.to_text(rdataset.rdtype)): Published(
                rdataset.ttl, tuple(sorted(rdata.to_text() for rdata in rdataset))
            )
            for owner, rdataset in zone.iterate_rdatasets()
        }

    def _update_of(self, name: str) -> dns.update.UpdateMessage:
        owner = dns.name.from_text(name)
        within = [zone for zone in self.zones if owner.is_subdomain(dns.name.from_text(zone))]
        return dns.update.UpdateMessage(max(within, key=len))

    def _send(self, update: dns.update.UpdateMessage) -> None:
        response = dns.query.tcp(update, self.address, 5, self.port, source=WRITER)
        if response.rcode() != dns.rcode.NOERROR:
            raise ServerError(f"update: {dns.rcode.to_text(response.rcode())}\n{self._log_end()}")
