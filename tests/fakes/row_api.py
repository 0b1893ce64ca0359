"""Fakes of APIs that keep one record, as JSON, for each value."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import dns.name

from mailsync.dns.rrset import Key, RRset, canonical, txt_text, txt_value
from tests.fakes.dns_api import FakeApi

Record = dict[str, Any]


class RowApi(FakeApi):
    """``state``: by zone its ``records``, each with an ``id``; and the ``next`` id."""

    ID = "id"

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}, "next": 1000}

    @abstractmethod
    def record(self, zone: str, key: Key, ttl: int, value: str) -> Record:
        """Write one value as the API shows it, but for the id."""

    @abstractmethod
    def value(self, zone: str, record: Record) -> tuple[Key, int, str] | None:
        """Read one value back: the RRset, the TTL, presentation text; None: it is not served."""

    def number(self) -> Any:
        """Give a new id."""
        self.state["next"] += 1
        return self.state["next"]

    def records(self, zone: str) -> list[Record]:
        """Give a zone's records, to be changed in place."""
        found: list[Record] = self.state["zones"][zone]["records"]
        return found

    def add(self, zone: str, record: Record) -> Record:
        """Keep a record, under a new id."""
        kept = {self.ID: self.number(), **record}
        self.records(zone).append(kept)
        return kept

    def find(self, zone: str, number: object) -> Record | None:
        """Find a record by its id."""
        records = self.records(zone)
        return next((one for one in records if str(one[self.ID]) == str(number)), None)

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set a zone up with these records."""
        self.state["zones"][zone] = {"records": []}
        for rrset in rrsets.values():
            self.publish(rrset, zone)

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset."""
        records = self.records(zone)
        records[:] = [one for one in records if not self._is_of(zone, one, rrset.key)]
        for value in rrset.values:
            self.add(zone, self.record(zone, rrset.key, rrset.ttl, value))

    def _is_of(self, zone: str, record: Record, key: Key) -> bool:
        read = self.value(zone, record)
        return read is not None and read[0] == key

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Put the served values together."""
        ttls: dict[Key, int] = {}
        values: dict[Key, list[str]] = defaultdict(list)
        for record in self.records(zone):
            read = self.value(zone, record)
            if read is not None:
                key, ttl, text = read
                ttls[key] = max(ttl, ttls.get(key, 0))
                values[key].append(canonical(key[1], text))
        return {key: RRset(*key, ttls[key], tuple(values[key])) for key in ttls}

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give the records of all other RRsets, octet for octet, in their order."""
        records = self.records(zone)
        return deepcopy(
            [one for one in records if not any(self._is_of(zone, one, key) for key in but)]
        )


def absolute(zone: str, name: str) -> str:
    """Read a name as a master file does: ``@`` or nothing is the zone."""
    origin = dns.name.from_text(zone)
    read = origin if name in {"", "@"} else dns.name.from_text(name, origin)
    return read.to_text().lower()


def relative(zone: str, name: str) -> str:
    """Write a name relative to its zone; ``@`` for the zone itself."""
    return dns.name.from_text(name).relativize(dns.name.from_text(zone)).to_text()


def text(value: str) -> str:
    """Give the text of a TXT's presentation text, as JSON holds it."""
    return txt_text(value).encode("latin-1").decode()


def quoted(said: str) -> str:
    """Give a TXT's presentation text of what JSON holds."""
    return txt_value(said.encode())
