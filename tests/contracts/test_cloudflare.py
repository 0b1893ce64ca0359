"""The contract, kept by octodns-cloudflare."""

from typing import ClassVar

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import FaultContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import Traits, text_with
from tests.fakes import cloudflare
from tests.fakes.dns_api import FakeApi, Fault


def _plain(text: str) -> str:
    return "takes no" if '"' in text or "\\" in text else ""


class TestCloudflare(FaultContract):
    FAKE = cloudflare.FakeCloudflare
    TRAITS = Traits(ttl_min=60, lists_ns=False, text=_plain)
    HIDES_TTLS = True
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_cloudflare.CloudflareProvider",
        "token": cloudflare.TOKEN,
        "api_url": "{url}",
        "min_ttl": 60,
        "pagerules": False,
        "retry_period": 0,
    }

    def test_comments_and_tags_stay(self, fake: FakeApi, lab: Laboratory) -> None:
        """What people wrote beside a record goes along when its RRset is changed."""
        lowered = lab.sample.mx.with_ttl(60)
        lab.write(Change(lab.sample.mx, lowered, "lower"))
        assert isinstance(fake, cloudflare.FakeCloudflare)
        mx = [one for one in fake.records(lab.sample.zone) if one["type"] == "MX"]
        assert {one["comment"] for one in mx} == {"for example.test"}
        assert all(one["tags"] == ["team:mail"] for one in mx)

    def test_automatic_ttls(self, fake: FakeApi, lab: Laboratory) -> None:
        """A record whose TTL is automatic, as Cloudflare makes them, can be given one."""
        assert isinstance(fake, cloudflare.FakeCloudflare)
        for record in fake.records(lab.sample.zone):
            record["ttl"] = 1
        auto = lab.sample.mx.with_ttl(300)
        assert lab.host.read(lab.zone)[auto.key] == auto
        new = lab.sample.rrset("@", "MX", 300, "10 new.elsewhere.")
        lab.write(Change(auto, new, "switch"))
        lab.write(Change(new, new.with_ttl(3600), "restore"))
        assert fake.served(lab.sample.zone)[new.key] == new.with_ttl(3600)

    def test_a_text_that_would_be_garbled(self, fake: FakeApi, lab: Laboratory) -> None:
        """Beside a text with quotation marks nothing is changed: the adapter would double them."""
        odd = lab.sample.rrset("@", "TXT", 3600, r'"say \"hi\""', lab.sample.spf)
        fake.publish(odd, lab.sample.zone)
        live = lab.host.read(lab.zone)[odd.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.refuses(Change(live, changed, "SPF"), why="would write back wrongly")

    def test_a_busy_api_is_told(self, fake: FakeApi, lab: Laboratory) -> None:
        """429 again and again ends the run: what was read before stays as it was."""
        fake.faults = [Fault("429") for _ in range(4)]
        with pytest.raises(HostError, match="too many requests"):
            lab.host.read(lab.zone)

    def test_an_empty_zone(self, fake: FakeApi, lab: Laboratory) -> None:
        """A zone without a record is there all the same, and takes its first one."""
        fake.fill("new.test.", {})
        assert isinstance(fake, cloudflare.FakeCloudflare)
        fake.records("new.test.").clear()
        assert lab.host.read("new.test") == {}
        mx = RRset("new.test.", "MX", 3600, ("10 mx.example.net.",))
        lab.host.write("new.test", [Change(None, mx, "the first")])
        assert lab.host.read("new.test") == {mx.key: mx}

    def test_many_zones(self, fake: FakeApi, lab: Laboratory) -> None:
        """The list of zones is asked for once, however many of them are read; each anew."""
        names = [f"zone{number}.test" for number in range(5)]
        for name in names:
            fake.fill(f"{name}.", {})
        fake.calls.clear()
        for name in [*names, lab.zone]:
            lab.host.read(name)
        listings = [call for call in fake.calls if call.path.startswith("/zones?")]
        assert len(listings) == 1
        theirs = lab.sample.mx.with_ttl(7200)
        fake.publish(theirs, lab.sample.zone)
        assert lab.host.read(lab.zone)[theirs.key] == theirs
