"""The contract of DNS hosts, kept by dynamic updates on real servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from mailsync.plan.model import Change
from tests.contracts.api_contract import SCENARIOS
from tests.contracts.host_contract import LISTED, MASTER_FILE, ZONE, HostContract, Laboratory

from .proxy import Meddler, Wrong
from .servers import Bind, Knot, Primary

MESSAGES = ("transfer", "update")
"""What a write sends, in this order."""

FAULTS = [
    (at, wrong, scenario)
    for at in MESSAGES
    for wrong in get_args(Wrong)
    for scenario in SCENARIOS
    if scenario == "switch" or (at == "update" and wrong in {"cut-after", "late"})
]

SECRET_OF_NOBODY = "bm90IHRoZSBzZWNyZXQgb2YgYW55Ym9keSBhdCBhbGw="


def host_of(primary: Primary, secret: str, **changed: object) -> Host:
    """The server as a DNS host, by an entry such as mailsync.yaml holds."""
    settings: dict[str, object] = {
        "class": "mailsync_providers.rfc2136.Rfc2136Provider",
        "host": primary.address,
        "port": primary.port,
        "key_name": primary.key.name,
        "key_secret": "env/TSIG_SECRET",
        "key_algorithm": primary.key.algorithm,
        "timeout": 5,
        **changed,
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

    @pytest.mark.parametrize(("at", "wrong", "scenario"), FAULTS)
    def test_every_fault_at_every_message(
        self, primary: Primary, lab: Laboratory, at: str, wrong: Wrong, scenario: str
    ) -> None:
        """All or nothing is done, and said as far as it is known; the next run gets it done."""
        changes = SCENARIOS[scenario](lab.sample)
        goal = {**LISTED, **{change.key: change.after for change in changes if change.after}}
        for change in changes:
            if change.after is None:
                del goal[change.key]
        meddler = Meddler(primary, wrong, MESSAGES.index(at))
        said = ""
        with meddler.listening() as port:
            patience = 0.3 if wrong.startswith("hang") else 5
            host = host_of(primary, primary.key.secret, port=port, timeout=patience)
            try:
                host.write(ZONE, changes)
            except HostError as error:
                said = str(error)
        assert meddler.seen == MESSAGES.index(at) + 1
        arrived = at == "update" and wrong in {
            "cut-after",
            "late",
            "hang-after",
            "fails-after",
            "garbage",
        }
        now = lab.host.read(ZONE)
        assert now == (goal if arrived else LISTED)
        assert "\n" not in said
        assert len(said) > 40
        if at == "transfer":
            assert "nothing was written" in said
        elif arrived:
            assert "it may have been written" in said
        left = [Change(now.get(c.key), c.after, "again") for c in changes]
        lab.host.write(ZONE, [c for c in left if c.before != c.after])
        assert lab.host.read(ZONE) == goal

    def test_wrong_secret(self, primary: Primary) -> None:
        """A key that the server does not take is one line that does not hold the key."""
        with pytest.raises(HostError, match="primary") as caught:
            host_of(primary, SECRET_OF_NOBODY).read(ZONE)
        assert SECRET_OF_NOBODY not in str(caught.value)
        assert "\n" not in str(caught.value)
