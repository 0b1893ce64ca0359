"""The contract, kept at Gehirn DNS."""

from typing import ClassVar

from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import ExactTextContract, Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import gehirn
from tests.fakes.dns_api import FakeApi


def _no_empty_text(text: str) -> str:
    return "" if text else "no empty text"


class TestGehirn(ApiContract, ExactTextContract):
    FAKE = gehirn.FakeGehirn
    TRAITS = Traits(
        types=EVERY_TYPE - {"CAA", "PTR", "TLSA"},
        ttl_min=30,
        text=_no_empty_text,
        preference_max=32767,
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.gehirn.GehirnProvider",
        "token": gehirn.TOKEN,
        "secret": gehirn.SECRET,
        "endpoint": "{url}",
    }

    def test_an_alias_is_left_alone(self, lab: Laboratory) -> None:
        """What Gehirn answers with another name's addresses is not listed, nor overwritten."""
        address = lab.sample.rrset("alias", "A", 60, "192.0.2.9")
        assert address.key not in lab.host.read(lab.zone)
        lab.refuses(Change(None, address, "create"), why="octoDNS cannot")

    def test_values_beyond_octodns_stay(self, fake: FakeApi, lab: Laboratory) -> None:
        """A value that nobody here can hold stays in an RRset that is changed."""
        assert isinstance(fake, gehirn.FakeGehirn)
        strange = {"prio": 99, "exchange": "not a host..name."}
        self._mx(fake, lab).append(strange)
        changed = lab.sample.rrset("@", "MX", 300, "10 new.elsewhere.")
        lab.host.write(lab.zone, [Change(lab.sample.mx, changed, "switch")])
        assert strange in self._mx(fake, lab)
        assert len(self._mx(fake, lab)) == 2
        lab.refuses(Change(changed, None, "remove"), why="octoDNS cannot")

    def _mx(self, fake: gehirn.FakeGehirn, lab: Laboratory) -> list[object]:
        rrsets = fake.rrsets(lab.sample.zone)
        mx = [r for r in rrsets if r["type"] == "MX" and r["name"] in {"@", lab.sample.zone}]
        assert len(mx) == 1
        records: list[object] = mx[0]["records"]
        return records

    def test_the_served_version_is_written(self, fake: FakeApi, lab: Laboratory) -> None:
        """A version that is served since the last reading is the one that is written."""
        assert isinstance(fake, gehirn.FakeGehirn)
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.new_version(lab.sample.zone)
        lowered = lab.sample.mx.with_ttl(60)
        lab.write(Change(lab.sample.mx, lowered, "lower"))
        assert fake.served(lab.sample.zone)[lowered.key] == lowered

    def test_a_version_that_is_locked(self, fake: FakeApi, lab: Laboratory) -> None:
        """A served version that cannot be edited is said so, before anything is sent."""
        fake.state["zones"][lab.sample.zone]["editable"] = False
        lab.refuses(Change(lab.sample.mx, lab.sample.mx.with_ttl(60), ""), why="cannot be edited")
        assert fake.writes == []
