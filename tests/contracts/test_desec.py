"""The contract, kept by octodns-desec."""

from types import SimpleNamespace
from typing import ClassVar

import octodns_desec  # type: ignore[import-untyped]
import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import FaultContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import Traits, plain_text, text_with
from tests.fakes import desec
from tests.fakes.dns_api import FakeApi, Fault


@pytest.mark.filterwarnings("ignore:`Record.rrs` is DEPRECATED:DeprecationWarning")
class TestDesec(FaultContract):
    FAKE = desec.FakeDesec
    TRAITS = Traits(
        ttl_min=desec.MINIMUM_TTL,
        ttl_max=86400,
        text=plain_text,
        own_ns=RRset("example.test.", "NS", 3600, ("ns1.desec.io.", "ns2.desec.org.")),
    )
    BLIND_REPEATS = True
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

    def test_a_text_with_quotation_marks(self, fake: FakeApi, lab: Laboratory) -> None:
        """Beside one nothing is changed: the adapter would write it back as another."""
        odd = lab.sample.rrset("@", "TXT", 3600, r'"say \"hi\""', lab.sample.spf)
        fake.publish(odd, lab.sample.zone)
        live = lab.host.read(lab.zone)[odd.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.refuses(Change(live, changed, "SPF"), why="would write back wrongly")

    @pytest.mark.parametrize("odd", [r'"a\\b"', r'"tab\009"', r'"caf\195\169"'])
    def test_a_text_with_backslashes(self, fake: FakeApi, lab: Laboratory, odd: str) -> None:
        """A foreign one is shown with twice as many, and stays as it is when its RRset changes."""
        theirs = lab.sample.rrset("@", "TXT", 3600, odd, lab.sample.spf)
        fake.publish(theirs, lab.sample.zone)
        live = lab.host.read(lab.zone)[theirs.key]
        lab.write(Change(live, text_with(live, lab.sample.spf, '"v=spf1 -all"'), "SPF"))
        assert odd in fake.served(lab.sample.zone)[theirs.key].values

    def test_a_long_zone(self, fake: FakeApi, lab: Laboratory) -> None:
        """A listing of several pages is read to its end."""
        assert isinstance(fake, desec.FakeDesec)
        fake.page = 4
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.page = 500
