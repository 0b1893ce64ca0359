"""The contract, kept at Value-Domain."""

import re
from typing import Any, ClassVar

import pytest
from octodns.zone import Zone

from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import value_domain
from tests.fakes.dns_api import FakeApi


def _one_line(text: str) -> str:
    return "must not be empty" if re.search(r"^$|^[\s\"]|\s$|[\x00-\x1f\x7f]", text) else ""


class TestValueDomain(ApiContract):
    FAKE = value_domain.FakeValueDomain
    TRAITS = Traits(
        types=EVERY_TYPE - {"CAA", "PTR", "TLSA"},
        ttl_min=1,
        one_ttl=True,
        text=_one_line,
        mx_below=False,
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.value_domain.ValueDomainProvider",
        "token": value_domain.TOKEN,
        "endpoint": "{url}",
    }

    def text(self, fake: FakeApi) -> str:
        """The zone's text."""
        found: str = fake.state["zones"][self.TRAITS.zone]["records"]
        return found

    def test_only_its_lines_change(self, fake: FakeApi, lab: Laboratory) -> None:
        """All other lines stay octet for octet: remarks, blanks, what nobody understands."""
        before = self.text(fake).split("\n")
        new = lab.sample.rrset("@", "MX", 3600, "10 new.elsewhere.", "20 backup.elsewhere.")
        lab.host.write(lab.zone, [Change(lab.sample.mx, new, "switch")])
        after = self.text(fake).split("\n")
        assert [line for line in before if line not in after] == ["mx old 10"]
        assert [line for line in after if line not in before] == ["mx new.example.net. 10"]
        assert after.index("mx new.example.net. 10") == before.index("mx backup.example.net. 20")
        assert self.text(fake).startswith(value_domain.HEAD)
        assert self.text(fake).endswith("\n# the end\n")

    def test_lines_that_end_as_on_windows(self, fake: FakeApi, lab: Laboratory) -> None:
        """Line ends of whatever kind stay, and what is new has the same."""
        content = fake.state["zones"][lab.sample.zone]
        content["records"] = content["records"].replace("\n", "\r\n")
        new = lab.sample.rrset("new", "TXT", 3600, '"new"')
        lab.host.write(lab.zone, [Change(None, new, "create")])
        assert "\r\ntxt new new\r\n" in self.text(fake)
        assert not re.search(r"[^\r]\n", self.text(fake))
        assert lab.host.read(lab.zone)[new.key] == new

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("mx mail.example.com 30", "@"),
            ("cname blog ghs.example.com", "blog"),
            ('txt quoted "is it part of the text?"', "quoted"),
            ("srv _x._tcp 0 1 mail.example.com.", "_x._tcp"),
        ],
    )
    def test_lines_that_can_be_read_in_two_ways(
        self, fake: FakeApi, lab: Laboratory, line: str, name: str
    ) -> None:
        """An unclear line is not listed, stays as it is, and its RRset is not changed."""
        fake.state["zones"][lab.sample.zone]["records"] += line
        assert lab.host.read(lab.zone) == lab.sample.listed
        rdtype = line.split(maxsplit=1)[0].upper()
        value = {"MX": "10 a.b.", "CNAME": "a.b.", "TXT": '"a"', "SRV": "0 0 1 a.b."}
        wanted = lab.sample.rrset(name, rdtype, 3600, value[rdtype])
        live = lab.sample.listed.get(wanted.key)
        lab.refuses(Change(live, wanted, "write"), why="(two ways|octoDNS cannot)")
        new = lab.sample.rrset("other", "A", 3600, "192.0.2.9")
        lab.host.write(lab.zone, [Change(None, new, "create")])
        assert self.text(fake).split("\n")[-2] == line

    def test_one_ttl_for_all(self, fake: FakeApi) -> None:
        """A plan that gives all records one new TTL is carried out, one for some of them is not."""
        provider: Any = self.provider(fake)
        desired = Zone(self.TRAITS.zone, [])
        provider.populate(desired, target=True)
        desired.remove_record(desired.root_ns)
        for record in sorted(desired.records):
            copied = record.copy()
            copied.ttl = 300
            desired.add_record(copied, replace=True)
            if record._type == "AAAA":
                with pytest.raises(Exception, match="one TTL for the whole zone, 3600 s"):
                    provider.apply(provider.plan(desired))
                assert fake.writes == []
        provider.apply(provider.plan(desired))
        assert {rrset.ttl for rrset in fake.served(self.TRAITS.zone).values()} == {300}

    @pytest.mark.parametrize("unknown", [400, 404])
    def test_somebody_elses_domain(self, fake: FakeApi, unknown: int) -> None:
        """However the API says that it has no such domain, it is an error."""
        assert isinstance(fake, value_domain.FakeValueDomain)
        fake.unknown = unknown
        fake.limit_max = 1
        try:
            with pytest.raises(HostError, match="no such zone"):
                self.host(fake).read("missing.test")
        finally:
            fake.unknown = 404
            fake.limit_max = 100
