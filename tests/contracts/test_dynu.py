"""The contract, kept at Dynu."""

from typing import ClassVar

import pytest

from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import ExactTextContract, Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import dynu
from tests.fakes.dns_api import FakeApi


class TestDynu(ApiContract, ExactTextContract):
    FAKE = dynu.FakeDynu
    TRAITS = Traits(types=EVERY_TYPE - {"CAA", "TLSA"}, ttl_min=1)
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.dynu.DynuProvider",
        "api_key": dynu.KEY,
        "endpoint": "{url}",
    }

    def fake_dynu(self, fake: FakeApi) -> dynu.FakeDynu:
        assert isinstance(fake, dynu.FakeDynu)
        return fake

    def test_the_domains_own_address(self, fake: FakeApi, lab: Laboratory) -> None:
        """The address that Dynu serves for the domain itself is listed, and not for us to change.

        It is none of the records; mail goes to it where there is no MX.
        """
        zone = lab.sample.zone
        fake.state["zones"][zone]["ipv4"] = True
        own = lab.sample.rrset("@", "A", 60, "203.0.113.1")
        assert lab.host.read(lab.zone) == {**lab.sample.listed, own.key: own}
        changed = lab.sample.rrset("@", "A", 60, "203.0.113.2")
        lab.refuses(Change(own, changed, "move"), why="control panel")
        lab.refuses(Change(own, None, "remove"), why="control panel")

    def test_no_room(self, fake: FakeApi, lab: Laboratory) -> None:
        """An account whose plan has no room for a record: Dynu's own words, and nothing written."""
        self.fake_dynu(fake).entries_max = 4
        try:
            new = lab.sample.rrset("new", "A", 60, "192.0.2.9")
            lab.refuses(Change(None, new, "create"), why="Too many entries")
        finally:
            self.fake_dynu(fake).entries_max = 1000

    def test_null_mx_that_is_not_taken(self, fake: FakeApi, lab: Laboratory) -> None:
        """Nobody knows whether Dynu takes a null MX: if it does not, all is as it was."""
        self.fake_dynu(fake).null_mx = False
        try:
            lab.refuses(
                Change(None, lab.sample.rrset("none", "MX", 60, "0 ."), "no mail"), why="501"
            )
        finally:
            self.fake_dynu(fake).null_mx = True

    def test_ttl_that_is_raised(self, fake: FakeApi, lab: Laboratory) -> None:
        """A TTL that the host silently raises is an error: dates would be computed from it."""
        self.fake_dynu(fake).ttl_floor = 300
        try:
            with pytest.raises(HostError, match=r"holds TTL 300: .*, not TTL 60"):
                lab.write(Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower"))
        finally:
            self.fake_dynu(fake).ttl_floor = 0
