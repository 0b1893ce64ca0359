"""The contract, kept by octodns-googlecloud."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import google.cloud.dns  # type: ignore[import-untyped]
import octodns_googlecloud  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.interface import Host
from mailsync.plan.model import Change
from tests.contracts.api_contract import FaultContract, PresentationTexts
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits, plain_text
from tests.fakes import google_cloud
from tests.fakes.dns_api import FakeApi, Fault


class TestGoogleCloud(PresentationTexts, FaultContract):
    FAKE = google_cloud.FakeGoogleCloud
    TRAITS = Traits(
        types=EVERY_TYPE - {"TLSA"},
        text=plain_text,
        own_ns=RRset("example.test.", "NS", 21600, ("ns-cloud-a1.googledomains.com.",)),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_googlecloud.GoogleCloudProvider",
        "project": google_cloud.PROJECT,
    }
    patience = 20.0

    @pytest.fixture(scope="class")
    @classmethod
    def key(cls) -> str:
        """A service account's private key."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @pytest.fixture
    def fake(
        self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
    ) -> FakeApi:
        """The adapter has no setting for where the API is, nor for how long to wait."""
        serving.reset(serving.initial)
        test = self

        class Client(google.cloud.dns.Client):
            def __init__(self, **settings: Any) -> None:
                super().__init__(client_options={"api_endpoint": serving.url}, **settings)
                ask = partial(self._connection.api_request, timeout=test.patience)
                self._connection.api_request = ask

        monkeypatch.setattr(octodns_googlecloud.dns, "Client", Client)
        quick = SimpleNamespace(sleep=lambda _seconds: None)
        monkeypatch.setattr(octodns_googlecloud, "time", quick)
        monkeypatch.setattr("google.auth._exponential_backoff.time", quick)
        self.credentials = tmp_path / "key.json"
        self.account = {"private_key": key, "token_uri": f"{serving.url}/token"}
        self.write_credentials(google_cloud.EMAIL, **self.account)
        return serving

    def write_credentials(self, email: str, **fields: str) -> None:
        """Write what the console gives out for a service account."""
        account = {"type": "service_account", "client_email": email, **fields}
        self.credentials.write_text(json.dumps(account))

    def host(self, fake: FakeApi, **settings: object) -> Host:
        self.patience = float(str(settings.pop("timeout", 20)))
        return super().host(fake, credentials_file=str(self.credentials), **settings)

    def test_credentials_that_are_refused(self, fake: FakeApi) -> None:
        """A service account that is gone is one line that does not hold its key."""
        self.write_credentials("gone@example.org", **self.account)
        with pytest.raises(HostError, match="invalid_grant") as caught:
            self.host(fake).read(self.TRAITS.zone)
        assert self.account["private_key"][40:80] not in str(caught.value)

    def test_an_api_that_is_away(self, fake: FakeApi, lab: Laboratory) -> None:
        """An API that fails again and again is an error, not an empty zone."""
        fake.faults = [Fault("5xx-before") for _ in range(20)]
        with pytest.raises(HostError, match="Internal Server Error"):
            lab.host.read(lab.zone)

    def test_a_long_zone(self, fake: FakeApi, lab: Laboratory) -> None:
        """A listing of several pages is read to its end."""
        assert isinstance(fake, google_cloud.FakeGoogleCloud)
        fake.page = 4
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.page = 1000

    def test_a_change_that_takes_its_time(self, fake: FakeApi, lab: Laboratory) -> None:
        """A write ends when the change is done."""
        assert isinstance(fake, google_cloud.FakeGoogleCloud)
        fake.pending = 3
        lab.write(Change(lab.sample.mx, lab.sample.mx.with_ttl(300), "lower"))
        assert fake.pending < 1
