"""The contract of DNS hosts, kept by dynamic updates on real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from tests.contracts.host_contract import LISTED, MASTER_FILE, ZONE, HostContract, Laboratory

from .servers import Bind, Knot, Primary

SECRET_OF_NOBODY = "bm90IHRoZSBzZWNyZXQgb2YgYW55Ym9keSBhdCBhbGw="


def host_of(primary: Primary, secret: str) -> Host:
    """The server as a DNS host, by an entry such as mailsync.yaml holds."""
    settings: dict[str, object] = {
        "class": "mailsync_providers.rfc2136.Rfc2136Provider",
        "host": primary.address,
        "port": primary.port,
        "key_name": primary.key.name,
        "key_secret": "env/TSIG_SECRET",
        "key_algorithm": primary.key.algorithm,
        "timeout": 5,
    }
    return load_host("primary", settings, Path(), environment={"TSIG_SECRET": secret})


@pytest.fixture(scope="module", params=[Bind, Knot])
def primary(request: pytest.FixtureRequest) -> Iterator[Primary]:
    """A server for all tests of this file; each test leaves the zone as it found it."""
    with request.param({ZONE: MASTER_FILE}) as primary:
        yield primary


class TestRfc2136(HostContract):
    @pytest.fixture
    def lab(self, primary: Primary) -> Iterator[Laboratory]:
        host = host_of(primary, primary.key.secret)

        def publish(rrset: RRset) -> None:
            primary.replace(rrset.name, rrset.type, rrset.ttl, *rrset.values)

        def exactly() -> object:
            return {key: one for key, one in primary.zone(ZONE).items() if key[1] != "SOA"}

        before = exactly()
        yield Laboratory(host, publish, exactly)
        # One server for the whole file: put back what the test changed.
        left = host.read(ZONE)
        for name, rdtype in left.keys() - LISTED.keys():
            primary.replace(name, rdtype, 0)
        for key, rrset in LISTED.items():
            if left.get(key) != rrset:
                publish(rrset)
        assert host.read(ZONE) == LISTED
        assert len(exactly()) == len(before)  # type: ignore[arg-type]  # both are mappings

    def test_wrong_secret(self, primary: Primary) -> None:
        """A key that the server does not take is one line that does not hold the key."""
        with pytest.raises(HostError, match="primary") as caught:
            host_of(primary, SECRET_OF_NOBODY).read(ZONE)
        assert SECRET_OF_NOBODY not in str(caught.value)
        assert "\n" not in str(caught.value)
