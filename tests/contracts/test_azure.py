"""The contract, kept by octodns-azure."""

from typing import Any, ClassVar

import octodns_azure  # type: ignore[import-untyped]
import pytest
from azure.core.credentials import AccessToken

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from tests.contracts.api_contract import FaultContract, GarbledTexts
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import azure
from tests.fakes.dns_api import FakeApi, Fault


def _text(text: str) -> str:
    return "takes no" if '"' in text or not text else ""


class _Credential:
    """What an application's secret is exchanged for."""

    def __init__(self, *, client_secret: str, **_settings: object) -> None:
        self._secret = client_secret

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(azure.token_of(self._secret), 2**40)


class TestAzure(GarbledTexts, FaultContract):
    FAKE = azure.FakeAzure
    TRAITS = Traits(
        types=EVERY_TYPE - {"TLSA"},
        ttl_min=1,
        text=_text,
        own_ns=RRset("example.test.", "NS", 172800, ("ns1-01.azure-dns.com.",)),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_azure.AzureProvider",
        "client_id": "app",
        "key": azure.KEY,
        "directory_id": "tenant",
        "sub_id": azure.SUBSCRIPTION,
        "resource_group": azure.GROUP,
        "base_url": "{url}",
    }
    patience = 20.0

    @pytest.fixture
    def fake(self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
        """Tokens need no server, HTTP will do, and nobody waits."""
        serving.reset(serving.initial)
        authentication = "azure.core.pipeline.policies._authentication"
        monkeypatch.setattr(f"{authentication}._enforce_https", lambda _request: None)
        monkeypatch.setattr(octodns_azure, "ClientSecretCredential", _Credential)
        made = octodns_azure.DnsManagementClient

        def client(**settings: Any) -> Any:
            return made(read_timeout=self.patience, **settings)

        monkeypatch.setattr(octodns_azure, "DnsManagementClient", client)
        return serving

    def host(self, fake: FakeApi, **settings: object) -> Host:
        self.patience = float(str(settings.pop("timeout", 20)))
        retries = {"total_retries": 2, "status_retries": 2, "backoff_factor": 0}
        return super().host(fake, client_retry_policy=retries, **settings)

    def test_an_api_that_is_away(self, fake: FakeApi, lab: Laboratory) -> None:
        """An API that fails again and again is an error, not an empty zone."""
        fake.faults = [Fault("5xx-before") for _ in range(20)]
        with pytest.raises(HostError, match="Internal Server Error"):
            lab.host.read(lab.zone)

    def test_a_long_zone(self, fake: FakeApi, lab: Laboratory) -> None:
        """A listing of several pages is read to its end."""
        assert isinstance(fake, azure.FakeAzure)
        fake.page = 4
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.page = 100
