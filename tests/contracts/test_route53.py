"""The contract, kept by octodns-route53 at moto's Route 53."""

import functools
from types import SimpleNamespace
from typing import Any, ClassVar

import botocore.config  # type: ignore[import-untyped]
import botocore.loaders  # type: ignore[import-untyped]
import pytest

from mailsync.dns.rrset import RRset
from mailsync.hosts.interface import Host
from mailsync.plan.model import Change
from tests.contracts.api_contract import FaultContract, PresentationTexts
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits, plain_text
from tests.fakes import route53
from tests.fakes.dns_api import FakeApi

_create_loader = functools.cache(botocore.loaders.create_loader)
"""Each new adapter would read the description of the API anew."""


class TestRoute53(PresentationTexts, FaultContract):
    FAKE = route53.FakeRoute53
    TRAITS = Traits(
        types=EVERY_TYPE - {"TLSA"},
        text=plain_text,
        own_ns=RRset("example.test.", "NS", 172800, route53.NAME_SERVERS),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_route53.Route53Provider",
        "access_key_id": route53.ACCESS_KEY,
        "secret_access_key": route53.SECRET_KEY,
        "get_zones_by_name": True,
        "client_max_attempts": 4,
    }
    patience = 20.0

    @pytest.fixture
    def fake(self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
        """Nobody waits between two tries, and the adapter has no setting for how long in one."""
        serving.reset(serving.initial)
        monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", serving.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        quick = SimpleNamespace(sleep=lambda _seconds: None)
        monkeypatch.setattr("botocore.endpoint.time", quick)
        monkeypatch.setattr("botocore.session.create_loader", _create_loader)

        def config(**settings: Any) -> Any:
            return botocore.config.Config(read_timeout=self.patience, **settings)

        monkeypatch.setattr("octodns_route53.auth.Config", config)
        return serving

    def host(self, fake: FakeApi, **settings: object) -> Host:
        self.patience = float(str(settings.pop("timeout", 20)))
        return super().host(fake, **settings)

    def test_a_text_in_other_strings(self, fake: FakeApi, lab: Laboratory) -> None:
        """A DKIM key that something else published goes, however its strings were cut."""
        name = f"old._domainkey.{lab.sample.zone}"
        key = RRset(name, "TXT", 3600, (f'"v=DKIM1; k=rsa; " "p={"A" * 120}" "{"B" * 180}"',))
        fake.publish(key, lab.sample.zone)
        live = lab.host.read(lab.zone)[key.key]
        lab.write(Change(live, None, "the old key goes"))
        assert key.key not in fake.served(lab.sample.zone)
