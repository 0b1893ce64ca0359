"""The contract, kept by octodns-hetzner at the Cloud API."""

from types import SimpleNamespace
from typing import Any, ClassVar

import hcloud
import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from tests.contracts.api_contract import FaultContract, PresentationTexts
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import Traits, plain_text
from tests.fakes import hetzner
from tests.fakes.dns_api import FakeApi, Fault


@pytest.mark.filterwarnings("ignore:`\\w+.parse_rdata_text` is DEPRECATED:DeprecationWarning")
class TestHetzner(PresentationTexts, FaultContract):
    FAKE = hetzner.FakeHetzner
    TRAITS = Traits(
        ttl_min=60,
        text=plain_text,
        own_ns=RRset(
            "example.test.", "NS", 3600, ("helium.ns.hetzner.de.", "oxygen.ns.hetzner.com.")
        ),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_hetzner.HetznerProvider",
        "token": hetzner.TOKEN,
        "backend": "hcloud",
    }
    patience = 20.0

    @pytest.fixture
    def fake(self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
        """The adapter has no setting for where the API is, nor for how long to wait."""
        serving.reset(serving.initial)
        made = hcloud.Client

        def client(**settings: Any) -> hcloud.Client:
            return made(api_endpoint=serving.url, timeout=self.patience, **settings)

        monkeypatch.setattr(hcloud, "Client", client)
        quick = SimpleNamespace(sleep=lambda _seconds: None)
        monkeypatch.setattr("hcloud._client.time", quick)
        return serving

    def host(self, fake: FakeApi, **settings: object) -> Host:
        self.patience = float(str(settings.pop("timeout", 20)))
        return super().host(fake, **settings)

    def test_a_listing_that_failed(self, fake: FakeApi, lab: Laboratory) -> None:
        """The adapter takes a listing that fails twice for an empty zone: it is an error here."""
        calls = len(fake.calls)
        lab.host.read(lab.zone)
        last = len(fake.calls) - calls - 1
        fake.faults = [Fault("5xx-before", last), Fault("5xx-before", last + 1)]
        with pytest.raises(HostError, match="empty answer"):
            lab.host.read(lab.zone)
