"""Value-level adoption: what octoDNS is asked for is what is live, but for our changes.

octoDNS wants a whole zone. It is given the live one (the same record objects: no change) in which
only the changed RRsets are replaced, and in those only the values that differ. Foreign records are
never hidden from the plan: providers that write whole zones would drop them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from octodns.provider.plan import Plan
from octodns.zone import Zone

from mailsync.dns.names import shown
from mailsync.dns.rrset import BadValue, RRset
from mailsync.errors import HostError, StaleWrite
from mailsync.hosts.failures import one_line
from mailsync.hosts.records import is_routed, key_of, record_of, rrset_of
from mailsync.plan.model import Change

if TYPE_CHECKING:
    from octodns.record import Record

Provider: TypeAlias = Any
"""An octoDNS `BaseProvider`; octoDNS has no types."""

_PLACEHOLDER = "root-ns.invalid."


class Adoption:
    """An octoDNS processor for one write: compares, then puts the changes into what is live.

    ``zone`` is absolute; ``changes`` are at or below it, one for each RRset. Used in this order:
    `asked`, `process_source_and_target_zones` (by ``provider.plan``), `only_asked`.
    """

    def __init__(self, host: str, zone: str, changes: Sequence[Change]) -> None:
        """Take the DNS host's name, for messages."""
        self._host = host
        self._zone = zone
        self._changes = tuple(changes)

    def asked(self, provider: Provider) -> Zone:
        """Give what ``provider.plan`` is to be asked for: the changed RRsets, as a zone.

        The provider gets to see them as it sees any desired zone, and says what it cannot hold.
        """
        zone = Zone(self._zone, [])
        for change in self._changes:
            if change.after is not None:
                zone.add_record(self._made(zone, change.after, None, lenient=True))
        if provider.SUPPORTS_ROOT_NS:
            # Without a root NS here octoDNS takes the live one out of what is live, and a provider
            # that writes whole zones drops it. `process_source_and_target_zones` undoes this.
            apex = RRset(self._zone, "NS", 3600, (_PLACEHOLDER,))
            zone.add_record(record_of(zone, apex, lenient=True))
            _take_root_ns(provider, zone)
        return zone

    def process_target_zone(
        self,
        existing: Zone,
        target: Provider,  # noqa: ARG002  # octoDNS' signature
        lenient: bool = False,  # noqa: ARG002, FBT001, FBT002  # the same
    ) -> Zone:
        """Leave what is live as it is."""
        return existing

    def process_source_and_target_zones(
        self,
        desired: Zone,
        existing: Zone,
        target: Provider,  # noqa: ARG002  # octoDNS' signature
        lenient: bool = False,  # noqa: ARG002, FBT001, FBT002  # the same
    ) -> tuple[Zone, Zone]:
        """Put the changes into what is live. Raises `StaleWrite`, `HostError`.

        ``desired`` is `asked` as the provider would have it; where it would have something else,
        it cannot hold what was asked.
        """
        for change in self._changes:
            self._refuse_if_stale(change, _record_at(existing, change))
        adopted = existing.copy()
        for change in self._changes:
            live = _record_at(existing, change)
            if change.after is None:
                adopted.remove_record(live)  # it is there, or the change were stale
                continue
            self._refuse_if_bent(change.after, _record_at(desired, change))
            record = self._made(existing, change.after, live, lenient=False)
            adopted.add_record(record, replace=True, lenient=True)
        return adopted, existing

    def only_asked(self, plan: Plan | None) -> Plan | None:
        """Give the plan with the asked changes and no others; None if nothing is to change.

        Providers add changes of their own to a plan, and leave out what they cannot do. Raises
        `HostError` where the plan lacks a change, or would make another one of it.
        """
        wanted = {c.key: c for c in self._changes if c.before != c.after}
        if plan is None and not wanted:
            return None
        if plan is not None and plan.exists is False:
            raise HostError(
                f"DNS host {self._host!r} has no such zone: create it there, or correct "
                "`targets` in mailsync.yaml",
                where=shown(self._zone),
            )
        planned = {} if plan is None else {key_of(c.record): c for c in plan.changes}
        for key, change in wanted.items():
            found = planned.get(key)
            if found is None:
                raise self._refused(
                    key,
                    f"the adapter of DNS host {self._host!r} sees nothing to change: it cannot "
                    f"hold {_said(change.after)}",
                )
            if (_rrset(found.existing), _rrset(found.new)) != (change.before, change.after):
                raise self._refused(
                    key,
                    f"the adapter of DNS host {self._host!r} would write "
                    f"{_said(_rrset(found.new))} for {_said(change.after)}",
                )
        if plan is None or not wanted:
            return None
        return Plan(
            plan.existing, plan.desired, [planned[key] for key in sorted(wanted)], plan.exists
        )

    def _refuse_if_stale(self, change: Change, live: Record | None) -> None:
        name, rdtype = change.key
        if live is not None and is_routed(live):
            raise self._refused(
                change.key,
                "is answered by place or health checks (dynamic or geo): change it at the DNS host",
            )
        try:
            now = _rrset(live)
        except BadValue as error:
            raise self._refused(
                change.key,
                f"holds a value that cannot be read ({one_line(str(error))}): change it at the DNS "
                "host",
            ) from None
        if now != change.before:
            raise StaleWrite(
                f"{name} {rdtype} has changed at DNS host {self._host!r}: was "
                f"{_said(change.before)}, now {_said(now)}; nothing was written, run "
                "`mailsync plan` again",
                where=shown(self._zone),
            )

    def _refuse_if_bent(self, wanted: RRset, processed: Record | None) -> None:
        if processed is None or is_routed(processed) or _rrset(processed) != wanted:
            raise self._refused(
                wanted.key,
                f"the adapter of DNS host {self._host!r} cannot hold {_said(wanted)}: it makes "
                f"{_said(_rrset(processed))} of it",
            )

    def _made(self, zone: Zone, rrset: RRset, live: Record | None, *, lenient: bool) -> Record:
        try:
            return record_of(zone, rrset, live, lenient=lenient)
        except Exception as error:  # noqa: BLE001  # octoDNS raises many kinds for a bad value
            raise self._refused(
                rrset.key, f"{_said(rrset)} cannot be written: {one_line(str(error))}"
            ) from None

    def _refused(self, key: tuple[str, str], why: str) -> HostError:
        return HostError(f"{key[0]} {key[1]}: {why}; nothing was written", where=shown(self._zone))


def _take_root_ns(provider: Provider, zone: Zone) -> None:
    """Put the live root NS into a zone as soon as the provider has read it.

    Azure's insists on its own servers among those that it is asked for.
    """
    populate = provider.populate

    def populated(live: Zone, *args: Any, **options: Any) -> Any:
        exists = populate(live, *args, **options)
        if live.root_ns is not None:
            zone.add_record(live.root_ns, replace=True, lenient=True)
        return exists

    provider.populate = populated


def _record_at(zone: Zone, change: Change) -> Record | None:
    name, rdtype = change.key
    return zone.get_type(name.removesuffix(zone.name).rstrip("."), rdtype)


def _rrset(record: Record | None) -> RRset | None:
    return None if record is None else rrset_of(record)


def _said(rrset: RRset | None) -> str:
    if rrset is None:
        return "absent"
    return one_line(f"TTL {rrset.ttl}: {', '.join(rrset.values)}")
