"""The contract of DNS hosts, kept by octodns-powerdns on PowerDNS itself, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import pytest

from mailsync.dns.rrset import Key, RRset, canonical
from mailsync.hosts.interface import Host
from mailsync.plan.model import Change
from tests.contracts.api_contract import FaultContract
from tests.contracts.host_contract import ZONE, Laboratory
from tests.contracts.sample import Sample, Traits, text_with
from tests.fakes.dns_api import FakeApi, Request, Response

from .powerdns import KEY, PowerDns

ODD = r'"say \"hi\" \\ there"'
"""A text that octodns-powerdns reads with its backslashes, and writes back as it was."""


def _plain(text: str) -> str:
    return "takes no" if '"' in text or "\\" in text else ""


def master_file(sample: Sample) -> str:
    """The sample as a master file."""
    lines = [f"$ORIGIN {ZONE}.", "@ 3600 SOA ns1 hostmaster 1 7200 3600 2419200 300"]
    for one in sample.listed.values():
        lines += [f"{one.name} {one.ttl} IN {one.type} {value}" for value in one.values]
    return "\n".join(lines) + "\n"


class Before(FakeApi):
    """PowerDNS' API, and what goes wrong on the way to it."""

    SECRETS: ClassVar[tuple[str, ...]] = (KEY,)

    def __init__(self, server: PowerDns) -> None:
        self.server = server
        super().__init__()

    @property
    def state(self) -> dict[str, Any]:
        """The zones with their RRsets, but for the SOA, whose serial counts the writes."""
        zones = [zone["name"] for zone in self.server.call("GET", "/zones")]
        return {"zones": {zone: self._rrsets(zone) for zone in zones}}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        for zone, rrsets in state.get("zones", {}).items():
            wanted = {_key(rrset): rrset for rrset in rrsets}
            now = {_key(rrset): rrset for rrset in self._rrsets(zone)}
            changes = [
                {**rrset, "changetype": "REPLACE"}
                for key, rrset in wanted.items()
                if now.get(key) != rrset
            ]
            changes += [
                {**rrset, "changetype": "DELETE"} for key, rrset in now.items() if key not in wanted
            ]
            if changes:
                self.server.call("PATCH", f"/zones/{zone}", {"rrsets": changes})

    def _rrsets(self, zone: str) -> list[dict[str, Any]]:
        found = [one for one in self.server.rrsets(zone.rstrip(".")) if one["type"] != "SOA"]
        for one in found:
            one["records"].sort(key=lambda record: record["content"])
        return sorted(found, key=_key)

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set up a zone; `reset` leaves it there, with what is in it."""
        self.server.call(
            "POST",
            "/zones",
            {
                "name": zone,
                "kind": "Native",
                "rrsets": [
                    {
                        "name": one.name,
                        "type": one.type,
                        "ttl": one.ttl,
                        "records": [{"content": value} for value in one.values],
                    }
                    for one in rrsets.values()
                ],
            },
        )

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what the API lists: the server answers it."""
        found = (
            RRset(
                one["name"],
                one["type"],
                one["ttl"],
                tuple(canonical(one["type"], record["content"]) for record in one["records"]),
            )
            for one in self._rrsets(zone)
        )
        return {one.key: one for one in found}

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset."""
        self.server.replace(rrset.name, rrset.type, rrset.ttl, *rrset.values)

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give every RRset as the API lists it."""
        return [one for one in self._rrsets(zone) if _key(one) not in but]

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        return Response(status, {"error": message})

    def answer(self, request: Request) -> Response:
        """Let PowerDNS answer."""
        given = self.server.request(
            request.method,
            quote(request.path),
            request.headers.get("x-api-key", ""),
            request.body,
        )
        return Response(given.status_code, given.text or None)


def _key(rrset: Mapping[str, Any]) -> Key:
    return rrset["name"], rrset["type"]


class TestPowerDns(FaultContract):
    TRAITS = Traits(text=_plain)
    SETTINGS: ClassVar[dict[str, object]] = {
        "class": "octodns_powerdns.PowerDnsProvider",
        "host": "127.0.0.1",
        "api_key": KEY,
    }

    @pytest.fixture(scope="class")
    @classmethod
    def serving(cls) -> Iterator[Before]:
        """One server for all tests; each starts with the sample."""
        with (
            PowerDns({ZONE: master_file(Sample(cls.TRAITS))}) as server,
            Before(server) as before,
        ):
            before.initial = before.exactly()
            yield before

    def host(self, fake: FakeApi, **settings: object) -> Host:
        return super().host(fake, port=urlsplit(fake.url).port, **settings)

    def test_it_is_served(self, serving: Before, lab: Laboratory) -> None:
        """What the API took is what the server answers."""
        answer = serving.server.ask(ZONE, "MX")
        assert {canonical("MX", value) for value in answer.values} == set(lab.sample.mx.values)

    def test_foreign_texts_stay(self, serving: Before, lab: Laboratory) -> None:
        """A text with quotation marks and backslashes beside ours is served as it was."""
        server, texts = serving.server, lab.sample.txt
        server.replace(*texts.key, texts.ttl, *texts.values, ODD)
        before = set(server.ask(ZONE, "TXT").values)
        live = lab.host.read(lab.zone)[texts.key]
        lab.write(Change(live, text_with(live, lab.sample.spf, '"v=spf1 -all"'), "SPF"))
        after = set(server.ask(ZONE, "TXT").values)
        assert (before - after, after - before) == ({lab.sample.spf}, {'"v=spf1 -all"'})
        assert ODD in after
