"""The contract, kept at Sakura Cloud."""

from typing import ClassVar

import pytest

from mailsync.dns.rrset import RRset, txt_value
from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import sakura_cloud
from tests.fakes.dns_api import FakeApi


def _short_and_plain(text: str) -> str:
    if '"' in text or "\\" in text:
        return "(quotation mark|takes no )"
    return "500 (characters|octets)" if len(text) > 500 else ""


class TestSakuraCloud(ApiContract):
    FAKE = sakura_cloud.FakeSakuraCloud
    TRAITS = Traits(
        types=EVERY_TYPE - {"TLSA"},
        zone="sakura.test.",
        elsewhere="iana.net.",
        ttl_min=1,
        text=_short_and_plain,
        null_mx=False,
        null_srv=False,
        own_ns=RRset(
            "sakura.test.", "NS", 86400, ("ns1.gslb1.sakura.ne.jp.", "ns2.gslb1.sakura.ne.jp.")
        ),
    )
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.sakura_cloud.SakuraCloudProvider",
        "token": sakura_cloud.TOKEN,
        "secret": sakura_cloud.SECRET,
        "endpoint": "{url}",
    }

    @pytest.mark.parametrize(
        ("name", "rdtype", "value", "why"),
        [
            ("example", "A", "192.0.2.1", "'example'"),
            ("www.example1", "A", "192.0.2.1", "'example'"),
            ("mail", "MX", "10 mx.example.com.", "'example'"),
            ("mail", "CNAME", "example2.jp.", "'example'"),
            ("ca", "CAA", f'0 issue "{"a" * 65}"', "64 characters"),
        ],
    )
    def test_its_own_limits(
        self, lab: Laboratory, name: str, rdtype: str, value: str, why: str
    ) -> None:
        """What Sakura Cloud is known to refuse is refused before it is asked."""
        wanted = lab.sample.rrset(name, rdtype, 300, value)
        lab.refuses(Change(None, wanted, "write"), why=why)

    def test_a_text_of_500(self, lab: Laboratory) -> None:
        """The longest text fits."""
        longest = lab.sample.rrset("long", "TXT", 300, txt_value("x" * 500))
        lab.write(Change(None, longest, "write"))
        assert lab.host.read(lab.zone)[longest.key] == longest

    @pytest.mark.parametrize("hash_counts", [True, False])
    def test_someone_else_in_the_last_moment(
        self, fake: FakeApi, lab: Laboratory, hash_counts: bool
    ) -> None:
        """A change between reading and writing: refused, where the hash of settings counts."""
        assert isinstance(fake, sakura_cloud.FakeSakuraCloud)
        theirs = lab.sample.rrset("theirs", "A", 300, "192.0.2.77")
        answer = fake.answer
        fake.hash_counts = hash_counts

        def interrupted(request: object) -> object:
            if request.method == "PUT":  # type: ignore[attr-defined]  # a Request
                fake.publish(theirs, lab.sample.zone)
            return answer(request)  # type: ignore[arg-type]  # the same

        fake.answer = interrupted  # type: ignore[method-assign,assignment]  # for this test
        try:
            change = Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower")
            if hash_counts:
                with pytest.raises(HostError, match=r"settings have changed.*nothing was written"):
                    lab.host.write(lab.zone, [change])
                assert theirs.key in fake.served(lab.sample.zone)
            else:
                lab.host.write(lab.zone, [change])
        finally:
            fake.answer = answer  # type: ignore[method-assign]  # as it was
            fake.hash_counts = True

    def test_pages(self, fake: FakeApi, lab: Laboratory) -> None:
        """Zones on later pages are found; a list that ends too soon is an error."""
        assert isinstance(fake, sakura_cloud.FakeSakuraCloud)
        for number in range(3):
            fake.fill(f"a{number}.test.", {})
        fake.page = 1
        try:
            assert lab.host.read(lab.zone) == lab.sample.listed
            assert len(self.provider(fake).list_zones()) == 4
            fake.page = 0
            with pytest.raises(HostError, match="lists 0 of 4"):
                lab.host.read(lab.zone)
        finally:
            fake.page = 100
