"""octoDNS providers that keep their zones in memory, in the two ways in which providers write."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record import Delete, Record
from octodns.zone import Zone

Snapshot = dict[tuple[str, str], tuple[Any, ...]]


class MemoryProvider(BaseProvider):
    """Writes a plan's changes and nothing else, as most APIs do; ``store`` names its zones."""

    SUPPORTS_GEO = True
    SUPPORTS_DYNAMIC = True
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS_ROOT_NS = True
    SUPPORTS: ClassVar[set[str]] = set(Record.registered_types())
    STORES: ClassVar[dict[str, dict[str, list[Record]]]] = {}

    def __init__(self, id: str, store: str, **kwargs: Any) -> None:  # noqa: A002  # octoDNS' name
        self.log = logging.getLogger(f"{type(self).__name__}[{id}]")
        super().__init__(id, **kwargs)
        self.zones = self.STORES[store]

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:
        for record in self.zones.get(zone.name, ()):
            zone.add_record(record, lenient=True)
        return zone.name in self.zones

    def _apply(self, plan: Plan) -> None:
        kept = {(r.name, r._type): r for r in self.zones[plan.desired.name]}
        for change in plan.changes:
            key = (change.record.name, change.record._type)
            if isinstance(change, Delete):
                del kept[key]
            else:
                kept[key] = change.new
        self.zones[plan.desired.name] = list(kept.values())


class WholeZoneProvider(MemoryProvider):
    """Writes a plan's whole desired zone, as TransIP's adapter does."""

    def _apply(self, plan: Plan) -> None:
        self.zones[plan.desired.name] = list(plan.desired.records)


@contextmanager
def stored(name: str, zones: dict[str, list[Record]]) -> Iterator[dict[str, list[Record]]]:
    """Give providers a store for a while."""
    MemoryProvider.STORES[name] = zones
    try:
        yield zones
    finally:
        del MemoryProvider.STORES[name]


def snapshot(records: list[Record]) -> Snapshot:
    """Write down all that records hold: exact values, TTL, metadata, what is dynamic."""
    return {
        (record.fqdn, record._type): (
            record.ttl,
            [repr(v) for v in getattr(record, "values", None) or [record.value]],
            repr(record.octodns),
            repr(record.data),
        )
        for record in records
    }
