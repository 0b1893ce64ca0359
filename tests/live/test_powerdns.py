"""The contract of DNS hosts, kept by octodns-powerdns on PowerDNS itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync.dns.rrset import Key, RRset, canonical
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from mailsync.plan.model import Change
from tests.contracts.host_contract import ZONE, HostContract, Laboratory
from tests.contracts.sample import Sample, Traits, text_with

from .powerdns import PowerDns


def _plain(text: str) -> str:
    return "takes no" if '"' in text or "\\" in text else ""


SAMPLE = Sample(Traits(text=_plain))
SOA = frozenset({(f"{ZONE}.", "SOA")})
ODD = r'"say \"hi\" \\ there"'
"""A text that octodns-powerdns reads with its backslashes, and writes back as it was."""


def master_file(sample: Sample) -> str:
    """The sample as a master file."""
    lines = [f"$ORIGIN {ZONE}.", "@ 3600 SOA ns1 hostmaster 1 7200 3600 2419200 300"]
    for one in sample.listed.values():
        lines += [f"{one.name} {one.ttl} IN {one.type} {value}" for value in one.values]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def server() -> Iterator[PowerDns]:
    """One server for all tests; each leaves the zone as it found it."""
    with PowerDns({ZONE: master_file(SAMPLE)}) as server:
        yield server


def host_of(server: PowerDns, key: str) -> Host:
    """The server as a DNS host."""
    settings: dict[str, object] = {
        "class": "octodns_powerdns.PowerDnsProvider",
        "host": server.address,
        "port": server.api_port,
        "api_key": "env/PDNS_KEY",
    }
    return load_host("powerdns", settings, Path(), environment={"PDNS_KEY": key})


class TestPowerDns(HostContract):
    @pytest.fixture
    def lab(self, server: PowerDns) -> Iterator[Laboratory]:
        host = host_of(server, server.key)

        def publish(rrset: RRset) -> None:
            server.replace(rrset.name, rrset.type, rrset.ttl, *rrset.values)

        def foreign(keys: frozenset[Key]) -> object:
            rrsets = server.rrsets(ZONE)
            return sorted(
                (one["name"], one["type"], one["ttl"], *sorted(map(str, one["records"])))
                for one in rrsets
                if (one["name"], one["type"]) not in keys | SOA
            )

        def exactly() -> object:
            return foreign(frozenset())

        yield Laboratory(host, publish, exactly, SAMPLE, foreign)
        left = host.read(ZONE)
        for name, rdtype in left.keys() - SAMPLE.listed.keys():
            server.replace(name, rdtype, 0)
        for key, rrset in SAMPLE.listed.items():
            if left.get(key) != rrset:
                publish(rrset)
        assert host.read(ZONE) == SAMPLE.listed

    def test_it_is_served(self, lab: Laboratory, server: PowerDns) -> None:
        """What the API took is what the server answers."""
        answer = server.ask(ZONE, "MX")
        assert {canonical("MX", value) for value in answer.values} == set(lab.sample.mx.values)

    def test_foreign_texts_stay(self, lab: Laboratory, server: PowerDns) -> None:
        """A text with quotation marks and backslashes beside ours is served as it was."""
        texts = lab.sample.txt
        server.replace(*texts.key, texts.ttl, *texts.values, ODD)
        before = set(server.ask(ZONE, "TXT").values)
        live = lab.host.read(lab.zone)[texts.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.host.write(lab.zone, [Change(live, changed, "SPF")])
        after = set(server.ask(ZONE, "TXT").values)
        assert (before - after, after - before) == ({lab.sample.spf}, {'"v=spf1 -all"'})
        assert ODD in after

    def test_wrong_key(self, server: PowerDns) -> None:
        """A key that the server does not take is one line that does not hold the key."""
        with pytest.raises(HostError, match="powerdns") as caught:
            host_of(server, "wr0ng-secret").read(ZONE)
        assert "wr0ng-secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
