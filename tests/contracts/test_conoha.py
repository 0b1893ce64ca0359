"""The contract, kept at ConoHa."""

from typing import ClassVar

import pytest

from mailsync.errors import HostError
from mailsync.plan.model import Change
from tests.contracts.api_contract import ApiContract
from tests.contracts.host_contract import ExactTextContract, Laboratory
from tests.contracts.sample import EVERY_TYPE, Traits
from tests.fakes import conoha
from tests.fakes.dns_api import FakeApi


class TestConoha(ApiContract, ExactTextContract):
    FAKE = conoha.FakeConoha
    TRAITS = Traits(types=EVERY_TYPE - {"CAA", "PTR", "TLSA"}, ttl_min=60)
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "mailsync_providers.conoha.ConohaProvider",
        "user_id": conoha.USER,
        "password": conoha.PASSWORD,
        "tenant_id": conoha.TENANT,
        "endpoint": "{url}",
        "identity_endpoint": "{url}",
    }

    def test_pages(self, fake: FakeApi, lab: Laboratory) -> None:
        """Lists of several pages are read to their end; one that ends too soon is an error."""
        assert isinstance(fake, conoha.FakeConoha)
        fake.page = 4
        try:
            assert lab.host.read(lab.zone) == lab.sample.listed
            fake.page = 0
            with pytest.raises(HostError, match="lists 0 of"):
                lab.host.read(lab.zone)
        finally:
            fake.page = 1000

    def test_srv_in_one_piece(self, fake: FakeApi, lab: Laboratory) -> None:
        """However SRV are shown, they are read."""
        assert isinstance(fake, conoha.FakeConoha)
        fake.srv_in_data = True
        try:
            assert lab.host.read(lab.zone) == lab.sample.listed
        finally:
            fake.srv_in_data = False

    def test_a_ttl_that_does_not_count(self, fake: FakeApi, lab: Laboratory) -> None:
        """If the API drops TTLs, that is noticed: the error says what is served."""
        assert isinstance(fake, conoha.FakeConoha)
        fake.keeps_ttl = False
        try:
            new = lab.sample.rrset("new", "A", 300, "192.0.2.9")
            with pytest.raises(HostError, match=r"holds TTL 3600: .*, not TTL 300"):
                lab.write(Change(None, new, "create"))
            assert lab.host.read(lab.zone)[new.key] == new.with_ttl(3600)
        finally:
            fake.keeps_ttl = True

    def test_without_updates(self, fake: FakeApi, lab: Laboratory) -> None:
        """If the API has no PUT, what needs one is refused, and all is as it was."""
        assert isinstance(fake, conoha.FakeConoha)
        fake.has_put = False
        try:
            lab.refuses(Change(lab.sample.mx, lab.sample.mx.with_ttl(60), "lower"), why="HTTP 405")
        finally:
            fake.has_put = True
