"""The contract, kept at IIJ DNS Platform Service."""

from typing import ClassVar

import pytest

import mailsync_providers.iij_dpf as iij
from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import ExactTextContract, Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import iij_dpf
from tests.fakes.dns_api import FakeApi


class TestIijDpf(ApiContract, ExactTextContract):
    FAKE = iij_dpf.FakeIijDpf
    TRAITS = Traits(types=EVERY_TYPE, ttl_min=1)
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.iij_dpf.IijDpfProvider",
        "token": iij_dpf.TOKEN,
        "endpoint": "{url}",
    }

    def test_edits_of_others_are_not_published(self, fake: FakeApi, lab: Laboratory) -> None:
        """While somebody's draft is staged nothing is written: it would be published along."""
        assert isinstance(fake, iij_dpf.FakeIijDpf)
        fake.stage(lab.sample.zone, f"draft.{lab.sample.zone}")
        change = Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower")
        lab.refuses(change, why=r"1 edits.*draft\.example\.test\. A by user2")
        assert fake.writes == []

    def test_an_edit_of_others_in_the_last_moment(self, fake: FakeApi, lab: Laboratory) -> None:
        """A draft that is staged meanwhile is seen before anything is published; ours go back."""
        assert isinstance(fake, iij_dpf.FakeIijDpf)
        answer = fake.answer
        before = fake.served(lab.sample.zone)

        def interrupted(request: object) -> object:
            if request.method == "PATCH":  # type: ignore[attr-defined]  # a Request
                fake.stage(lab.sample.zone, f"draft.{lab.sample.zone}")
            return answer(request)  # type: ignore[arg-type]  # the same

        fake.answer = interrupted  # type: ignore[method-assign,assignment]  # for this test
        change = Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower")
        try:
            with pytest.raises(HostError, match=r"somebody else .*draft.*nothing was written"):
                lab.host.write(lab.zone, [change])
        finally:
            fake.answer = answer  # type: ignore[method-assign]  # as it was
        assert fake.served(lab.sample.zone) == before
        staged = fake.state["zones"][lab.sample.zone]["staged"].values()
        assert [edit["new"]["name"] for edit in staged] == [f"draft.{lab.sample.zone}"]

    def test_a_publication_that_fails(self, fake: FakeApi, lab: Laboratory) -> None:
        """A job that fails leaves the zone as it was, with nothing staged."""
        assert isinstance(fake, iij_dpf.FakeIijDpf)
        answer = fake.answer
        before = fake.served(lab.sample.zone)

        def failing(request: object) -> object:
            fake.next_job_fails = request.path.endswith("/changes")  # type: ignore[attr-defined]
            return answer(request)  # type: ignore[arg-type]  # a Request

        fake.answer = failing  # type: ignore[method-assign,assignment]  # for this test
        change = Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower")
        try:
            with pytest.raises(HostError, match=r"zone check failed"):
                lab.host.write(lab.zone, [change])
        finally:
            fake.answer = answer  # type: ignore[method-assign]  # as it was
        assert fake.served(lab.sample.zone) == before

    def test_a_job_that_does_not_end(
        self, fake: FakeApi, lab: Laboratory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job is not waited for without end."""
        assert isinstance(fake, iij_dpf.FakeIijDpf)
        monkeypatch.setattr(iij, "_POLLS", 2)
        fake.stuck = True
        change = Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower")
        try:
            with pytest.raises(HostError, match="not done after 2 looks"):
                lab.host.write(lab.zone, [change])
        finally:
            fake.stuck = False

    def test_pages(self, fake: FakeApi, lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lists of several pages are read to their end."""
        monkeypatch.setattr(iij, "_PAGE", 4)
        assert lab.host.read(lab.zone) == lab.sample.listed

    def test_the_zones_default_ttl_is_kept(self, fake: FakeApi, lab: Laboratory) -> None:
        """An RRset that follows the zone's default TTL goes on doing so when its values change."""
        new = lab.sample.rrset("@", "MX", 3600, "10 new.elsewhere.")
        lab.write(Change(lab.sample.mx, new, "switch"))
        currents = fake.state["zones"][lab.sample.zone]["currents"]
        (mx,) = [one for one in currents if one["rrtype"] == "MX"]
        assert mx["ttl"] is None
        assert mx["description"] == f"what {lab.sample.zone} is for"
