"""The contract, kept at Xserver."""

from typing import ClassVar

import pytest

from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Sample, Traits
from tests.fakes import xserver
from tests.fakes.dns_api import FakeApi


class TestXserver(ApiContract):
    FAKE = xserver.FakeXserver
    TRAITS = Traits(
        types=EVERY_TYPE - {"NS", "PTR", "TLSA"}, ttl_min=60, ttl_max=86400, equal_preferences=False
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.xserver.XserverProvider",
        "api_key": xserver.KEY,
        "servername": xserver.SERVER,
        "endpoint": "{url}",
    }

    @pytest.mark.parametrize("same", [True, False])
    def test_mx_of_the_same_preference(self, lab: Laboratory, same: bool) -> None:
        """An MX whose successor has its preference is changed in place: both cannot be."""
        exchange = "10 new.elsewhere." if same else "5 new.elsewhere."
        new = lab.sample.rrset("@", "MX", 3600, exchange, "30 backup.elsewhere.")
        lab.write(Change(lab.sample.mx, new, "switch"))
        assert lab.host.read(lab.zone)[new.key] == new

    def test_text_in_quotes(self, lab: Laboratory) -> None:
        """A text that Xserver would store without its quotation marks is refused."""
        quoted = lab.sample.rrset("text", "TXT", 300, r'"\"all of it\""')
        lab.refuses(Change(None, quoted, "write"), why="quotation marks")
        inside = lab.sample.rrset("text", "TXT", 300, r'"\"half\" of it"')
        lab.write(Change(None, inside, "write"))

    @pytest.mark.parametrize("unknown_is_404", [True, False])
    def test_somebody_elses_domain(self, fake: FakeApi, unknown_is_404: bool) -> None:
        """However the API says that it has no such domain, it is an error."""
        assert isinstance(fake, xserver.FakeXserver)
        fake.unknown_is_404 = unknown_is_404
        with pytest.raises(HostError, match=r"^missing\.test: "):
            self.host(fake).read("missing.test")
        fake.unknown_is_404 = False

    def test_final_dots(self, fake: FakeApi) -> None:
        """Host names are understood with a final dot as without."""
        assert isinstance(fake, xserver.FakeXserver)
        fake.dots = True
        fake.fill("dots.test.", Sample(Traits(types=self.TRAITS.types, zone="dots.test.")).listed)
        fake.dots = False
        listed = self.host(fake).read("dots.test")
        assert listed["dots.test.", "MX"].values == ("10 old.dots.test.", "20 backup.example.net.")
