"""The contract, kept at MyDNS.jp, by its web form."""

import re
from typing import ClassVar

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError, MailsyncError
from mailsync.plan.model import Change
from tests.contracts.api_contract import IDN, ApiContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import Traits
from tests.fakes import mydns
from tests.fakes.dns_api import FakeApi


def _one_line(text: str) -> str:
    return "must not be empty" if re.search(r"^$|^[\s\"]|\s$|[\x00-\x1f\x7f]", text) else ""


class TestMyDns(ApiContract):
    FAKE = mydns.FakeMyDns
    TRAITS = Traits(
        types=frozenset({"A", "AAAA", "CNAME", "MX", "TXT"}),
        ttl_min=mydns.TTL,
        ttl_max=mydns.TTL,
        text=_one_line,
        one_ttl=True,
        the_ttl=mydns.TTL,
        null_mx=False,
        mx_below=False,
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.mydns.MyDnsProvider",
        "masterid": mydns.MASTER,
        "password": mydns.PASSWORD,
        "web_form": True,
        "ttl": mydns.TTL,
        "endpoint": "{url}",
    }

    def test_zones(self, fake: FakeApi) -> None:
        """An account has one zone."""
        assert self.provider(fake).list_zones() == [self.TRAITS.zone]

    def test_idn_zone(self, fake: FakeApi) -> None:
        """A zone whose name is not ASCII is read and written under its A-labels."""
        mx = RRset(IDN, "MX", mydns.TTL, ("10 mx.example.net.",))
        fake.fill(IDN, {mx.key: mx})
        dmarc = RRset(f"_dmarc.{IDN}", "TXT", mydns.TTL, ('"v=DMARC1; p=none"',))
        self.host(fake).write(IDN, [Change(None, dmarc, "add")])
        assert fake.served(IDN) == {mx.key: mx, dmarc.key: dmarc}

    @pytest.mark.parametrize("web_form", [False, None])
    def test_the_api_cannot(self, fake: FakeApi, web_form: bool | None) -> None:
        """Without the form every use is refused: the API sets nothing that mail needs."""
        host = self.host(fake, web_form=web_form, ttl=0)
        for attempt in (
            lambda: host.read(self.TRAITS.zone),
            lambda: host.write(self.TRAITS.zone, [Change(None, self._mx(), "add")]),
        ):
            with pytest.raises(HostError, match=r"_acme-challenge .*no MX, SPF.*web_form: true"):
                attempt()
        assert fake.calls == []

    def _mx(self) -> RRset:
        return RRset(self.TRAITS.zone, "MX", 60, ("10 mx.example.net.",))

    def test_the_ttl_must_be_told(self, fake: FakeApi) -> None:
        """The form knows no TTL, and dates are computed from it: it has to be given."""
        for ttl in (0, "", "5m"):
            with pytest.raises(MailsyncError, match="TTL in seconds"):
                self.host(fake, ttl=ttl)

    def test_no_line_left(self, fake: FakeApi, lab: Laboratory) -> None:
        """A form whose lines are all in use takes nothing more, and is not sent."""
        values = [f"{n} mx{n}.example.net." for n in range(10, 100, 10)]
        mx = lab.sample.rrset("@", "MX", mydns.TTL, *values)
        lab.refuses(Change(lab.sample.mx, mx, "too many"), why="all 8 lines")
        assert fake.writes == []

    def test_a_page_that_nobody_knows(self, fake: FakeApi, lab: Laboratory) -> None:
        """Another page than the form is an error, not an empty zone."""
        assert isinstance(fake, mydns.FakeMyDns)
        fake.maintenance = True
        try:
            with pytest.raises(HostError, match="not what this provider knows"):
                lab.host.read(lab.zone)
        finally:
            fake.maintenance = False
