"""Fakes of APIs that keep RRsets whole, their values in presentation text."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mailsync.dns.rrset import Key, RRset, canonical
from tests.contracts.sample import EVERY_TYPE
from tests.fakes.dns_api import FakeApi

Held = dict[str, Any]
"""An RRset: ``name`` with its final dot, ``type``, ``ttl`` (None: the zone's), ``values``."""


class RRsetApi(FakeApi):
    """``state``: by zone its ``rrsets``, and whatever else the host keeps of it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}}

    def rrsets(self, zone: str) -> list[Held]:
        """Give a zone's RRsets, to be changed in place."""
        found: list[Held] = self.state["zones"][zone]["rrsets"]
        return found

    def find(self, zone: str, name: str, rdtype: str) -> Held | None:
        """Find an RRset."""
        rrsets = self.rrsets(zone)
        return next((one for one in rrsets if (one["name"], one["type"]) == (name, rdtype)), None)

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set a zone up with these."""
        self.state["zones"][zone] = {"rrsets": []}
        for rrset in rrsets.values():
            self.publish(rrset, zone)

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset."""
        old = self.find(zone, *rrset.key)
        if old is not None:
            self.rrsets(zone).remove(old)
        about = {"name": rrset.name, "type": rrset.type, "ttl": rrset.ttl}
        self.rrsets(zone).append({**about, "values": list(rrset.values)})

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Read the presentation text, as name servers do, of the types that tests know."""
        found = {}
        for one in self.rrsets(zone):
            key = (one["name"], one["type"])
            if key[1] in EVERY_TYPE:
                values = tuple(canonical(one["type"], value) for value in one["values"])
                found[key] = RRset(*key, one["ttl"] or self.state["zones"][zone]["ttl"], values)
        return found

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other RRsets, octet for octet, and what else the zone has."""
        content = deepcopy(self.state["zones"][zone])
        rrsets = content.pop("rrsets")
        return content, [one for one in rrsets if (one["name"], one["type"]) not in but]
