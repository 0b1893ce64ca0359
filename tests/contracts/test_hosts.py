"""The contract of DNS hosts, kept by octoDNS providers of every way of writing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from octodns.record import Record, Rrset
from octodns.zone import Zone

from mailsync.dns.rrset import RRset
from mailsync.hosts.loading import load_host
from tests.contracts.host_contract import LISTED, MASTER_FILE, ZONE, ExactTextContract, Laboratory
from tests.contracts.memory import MemoryProvider, WholeZoneProvider, snapshot, stored


def record(zone: Zone, rrset: RRset) -> Record:
    """An octoDNS record, as a provider would make it of what its API says."""
    return Record.from_rrset(
        zone, Rrset(rrset.name, rrset.type, rrset.ttl, rrset.values), lenient=True
    )


class TestMemory(ExactTextContract):
    @pytest.fixture(params=[MemoryProvider, WholeZoneProvider])
    def lab(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Laboratory]:
        zone = Zone(f"{ZONE}.", [])
        kind: type = request.param
        with stored(
            str(tmp_path), {zone.name: [record(zone, r) for r in LISTED.values()]}
        ) as zones:
            settings = {"class": f"{kind.__module__}.{kind.__name__}", "store": str(tmp_path)}

            def publish(rrset: RRset) -> None:
                others = [r for r in zones[zone.name] if (r.fqdn, r._type) != rrset.key]
                zones[zone.name] = [*others, record(zone, rrset)]

            yield Laboratory(
                load_host("memory", settings, tmp_path, {"write": "in-place"}),
                publish,
                lambda: snapshot(zones[zone.name]),
            )


class TestZoneFile(ExactTextContract):
    @pytest.fixture
    def lab(self, tmp_path: Path) -> Laboratory:
        path = tmp_path / "live" / f"{ZONE}.zone"
        path.parent.mkdir()
        path.write_text(MASTER_FILE)

        def publish(rrset: RRset) -> None:
            lines = path.read_text().splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith("@        MX ")]
            assert rrset.type == "MX"
            added = [f"{rrset.name} {rrset.ttl} MX {value}\n" for value in rrset.values]
            path.write_text("".join(kept + added))

        host = load_host(
            "local",
            {"class": "mailsync_providers.zonefile.ZoneFileProvider", "directory": "live"},
            tmp_path,
        )
        return Laboratory(host, publish, path.read_bytes)
