"""The contract, kept by octodns-desec."""

from types import SimpleNamespace
from typing import ClassVar

import octodns_desec  # type: ignore[import-untyped]
import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from tests.contracts.api_contract import FaultContract, PresentationTexts
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import Traits, plain_text
from tests.fakes import desec
from tests.fakes.dns_api import FakeApi, Fault


@pytest.mark.filterwarnings("ignore:`Record.rrs` is DEPRECATED:DeprecationWarning")
class TestDesec(PresentationTexts, FaultContract):
    FAKE = desec.FakeDesec
    TRAITS = Traits(
        ttl_min=desec.MINIMUM_TTL,
        ttl_max=86400,
        text=plain_text,
        own_ns=RRset("example.test.", "NS", 3600, ("ns1.desec.io.", "ns2.desec.org.")),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_desec.DesecProvider",
        "token": desec.TOKEN,
        "retries": 2,
    }

    @pytest.fixture
    def fake(self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
        """The adapter has no setting for where the API is."""
        serving.reset(serving.initial)
        api = octodns_desec.DesecAPI
        monkeypatch.setattr(api, "API_DOMAINS_URL", f"{serving.url}/api/v1/domains")
        monkeypatch.setattr(octodns_desec, "time", SimpleNamespace(sleep=lambda _seconds: None))
        return serving

    def test_an_api_that_is_away(self, fake: FakeApi, lab: Laboratory) -> None:
        """An API that fails again and again is an error, not an empty zone."""
        fake.faults = [Fault("5xx-before") for _ in range(20)]
        with pytest.raises(HostError, match="too many API-retries"):
            lab.host.read(lab.zone)

    def test_a_long_zone(self, fake: FakeApi, lab: Laboratory) -> None:
        """A listing of several pages is read to its end."""
        assert isinstance(fake, desec.FakeDesec)
        fake.page = 4
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.page = 500
