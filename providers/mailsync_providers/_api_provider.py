"""What every provider for an API does alike: read, compare, write step by step, read back.

A provider keeps nothing between plan and apply. Before it writes, it reads the zone anew and
refuses if what it is to change is not as the plan saw it (`StaleWrite`). A step whose reply is lost
is looked for in a new reading before it is sent once more. In the end the zone is read back: what
it holds must be what was asked for, TTLs too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name
from octodns.provider import SupportsException
from octodns.provider.base import BaseProvider
from octodns.zone import Zone

from mailsync_providers import _http
from mailsync_providers._edits import Create, Delete, Edit, Update, edits, in_order
from mailsync_providers._http import ApiError, OutcomeUnknown, Refused, StaleWrite
from mailsync_providers._records import (
    Row,
    RRsetChange,
    Values,
    by_key,
    holdable,
    record_of,
    rrset_change,
    values_of,
)
from mailsync_providers._zonefile_values import Unwritable

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from octodns.provider.plan import Plan
    from octodns.record import Record

_TRIES = 2
"""How often a step is sent at most: again only after a reading that does not show it."""
_READ_BACKS = 3
"""How often the zone is read back at most, where it does not show at once what was written."""


@dataclass(frozen=True)
class Reading:
    """A zone as its API shows it. ``handle``: by what the API knows it (an id, a version …)."""

    zone: str
    rows: tuple[Row, ...]
    handle: Any = None


@dataclass(frozen=True)
class Step:
    """One request that changes something; ``done`` tells whether a reading shows it."""

    what: str
    send: Callable[[], object]
    done: Callable[[Reading], bool]


class ApiProvider(BaseProvider):
    """Base of the providers that speak to an API; `_read`, `_steps` and `_names` are theirs."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS_ROOT_NS = False
    HOST: ClassVar[str]
    """The DNS host's name, as messages say it."""
    TTL_MIN: int = 1
    TTL_MAX: int = 2**31 - 1

    def __init__(self, id: str, *args: Any, **kwargs: Any) -> None:  # noqa: A002  # octoDNS' name
        self.log = logging.getLogger(f"{type(self).__name__}[{id}]")
        super().__init__(id, *args, **kwargs)

    # ---- What an API differs in ----

    def _names(self) -> Iterable[str]:
        """Give the zones' names; the final dot does not matter."""
        raise NotImplementedError

    def _read(self, zone: str) -> Reading | None:
        """Read a zone, which is named with its final dot; None where there is none."""
        raise NotImplementedError

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        """Give the requests that carry out the changes, in order."""
        raise NotImplementedError

    def _objection(self, zone: Zone, record: Record) -> str:
        """Say why the host cannot hold a record of a supported type; nothing if it can."""
        del zone, record
        return ""

    def _roll_back(
        self, reading: Reading, changes: Sequence[RRsetChange], written: Sequence[str]
    ) -> str:
        """Undo what can be undone after a failed step; say how the zone is left.

        Only for APIs where that can be done without being seen. ``written``: the steps before.
        """
        del reading, changes, written
        return ""

    # ---- octoDNS' side ----

    def list_zones(self) -> list[str]:
        """Give the zones' names, each with its final dot."""
        return sorted(dns.name.from_text(name.lower()).to_text() for name in self._names())

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002
        """Add the zone's records to ``zone``; whether there is such a zone.

        Values that octoDNS cannot hold, or whose meaning is not certain, are logged and left out;
        they stay at the host whatever becomes of their RRset. Raises `ApiError`, also where a
        *source* has no such zone: its absence must not be taken for an empty one.
        """
        del lenient  # what is live is taken as it is
        reading = self._reading(zone.name)
        if reading is None:
            if not target:
                raise ApiError(f"{zone.name}: {self.HOST} has no such zone")
            return False
        for (owner, rdtype), rows in sorted(by_key(reading.rows).items()):
            if rdtype not in self.SUPPORTS:
                continue
            hidden = len(rows) - len(holdable(zone, rows))
            if hidden:
                self.log.warning(
                    "populate: %s %s: %d of %d values are beyond octoDNS, and stay as they are",
                    *(owner, rdtype, hidden, len(rows)),
                )
            if len({row.ttl for row in rows}) > 1:
                self.log.warning("populate: %s %s has several TTLs", owner, rdtype)
            record = record_of(zone, rows)
            if record is not None:
                zone.add_record(record, lenient=True)
        self.log.info("populate:   found %s records", len(zone.records))
        return True

    def _process_desired_zone(self, desired: Zone) -> Zone:
        """Refuse what the host cannot hold; bring TTLs into its range.

        A value that cannot be written is an error whatever ``strict_supports`` says: leaving its
        record out would delete the one that is there.
        """
        for record in sorted(desired.records):
            if not self.supports(record):
                continue  # octoDNS' own part says so
            why = self._objection(desired, record)
            if why:
                raise SupportsException(
                    f"{self.id}: {record.fqdn} {record._type}: {why}"  # noqa: SLF001
                )
            nearest = max(self.TTL_MIN, min(record.ttl, self.TTL_MAX))
            if nearest != record.ttl:
                self.supports_warn_or_except(
                    f"{record.fqdn} {record._type}: {self.HOST} takes TTLs from "  # noqa: SLF001
                    f"{self.TTL_MIN} to {self.TTL_MAX}, not {record.ttl}",
                    f"using {nearest}",
                )
                copied = record.copy()
                copied.ttl = nearest
                desired.add_record(copied, replace=True, lenient=True)
        return super()._process_desired_zone(desired)

    # ---- Writing ----

    def _apply(self, plan: Plan) -> None:
        """Carry out the plan. Raises `StaleWrite`, `ApiError`: one that says what was written."""
        zone = plan.desired.name
        try:
            changes = in_order([rrset_change(change) for change in plan.changes])
        except Unwritable as error:
            raise ApiError(f"{zone}: {error}; nothing was written") from None
        reading = self._reading(zone)
        if reading is None:
            raise ApiError(f"{zone}: {self.HOST} has no such zone; nothing was written")
        self._refuse_if_stale(plan.desired, changes, reading)
        written: list[str] = []
        try:
            for step in self._steps(zone, changes, reading):
                self._carry_out(zone, step)
                written.append(step.what)
        except ApiError as error:
            left = self._roll_back(reading, changes, written)
            raise type(error)(f"{zone}: {error}; {left or _how_far(error, written)}") from None
        self._read_back(plan.desired, changes)

    def _reading(self, zone: str) -> Reading | None:
        try:
            return self._read(zone)
        except ApiError as error:
            raise type(error)(f"{zone}: {error}") from None

    def _refuse_if_stale(
        self, zone: Zone, changes: Sequence[RRsetChange], reading: Reading
    ) -> None:
        rows = by_key(reading.rows)
        for change in changes:
            there = rows.get(change.key, [])
            now = values_of(zone, there)
            if now != change.before:
                raise StaleWrite(
                    f"{change}: {self.HOST} holds {_said(now)}, and the plan was made from "
                    f"{_said(change.before)}; nothing was written: plan again"
                )
            if change.before is None and there:
                raise Refused(
                    f"{change}: {self.HOST} holds values that octoDNS cannot; change them there; "
                    "nothing was written"
                )

    def _carry_out(self, zone: str, step: Step) -> None:
        """Send a step; where its reply is lost, look for it, and send it once more if need be."""
        for attempt in range(1, _TRIES + 1):
            try:
                step.send()
            except OutcomeUnknown as error:
                self.log.warning("_apply: %s: %s; reading the zone", step.what, error)
                if self._shows(zone, step, error):
                    return
                if attempt == _TRIES:
                    raise
            except Refused as error:
                # A first try whose effect came late is why a second one is refused.
                if attempt == 1 or not self._shows(zone, step, error):
                    raise
                return
            else:
                return

    def _shows(self, zone: str, step: Step, error: ApiError) -> bool:
        """Tell whether the zone, read anew, shows a step."""
        try:
            reading = self._read(zone)
        except ApiError as unreadable:
            raise OutcomeUnknown(f"{error}; reading it back failed, too ({unreadable})") from None
        return reading is not None and step.done(reading)

    def _read_back(self, zone: Zone, changes: Sequence[RRsetChange]) -> None:
        """Read the zone until it shows all changes; raises `ApiError` where it does not."""
        wrong: dict[RRsetChange, Values | None] = {}
        for attempt in range(_READ_BACKS):
            if attempt:
                _http.wait(_http.FIRST_PAUSE * 2**attempt)
            reading = self._reading(zone.name)
            rows = by_key(reading.rows if reading is not None else ())
            now = {change: values_of(zone, rows.get(change.key, [])) for change in changes}
            wrong = {change: there for change, there in now.items() if there != change.after}
            if not wrong:
                return
        raise ApiError(
            "; ".join(
                f"{change}: {self.HOST} took the change and holds {_said(there)}, not "
                f"{_said(change.after)}"
                for change, there in wrong.items()
            )
        )


class PerValueProvider(ApiProvider):
    """Base of the providers for APIs that keep one record for each value."""

    ONE_PER_PREFERENCE: ClassVar[bool] = False
    """The host keeps no two MX records of one name and one preference."""

    def _create(self, reading: Reading, owner: Name, rdtype: str, rdata: Rdata, ttl: int) -> None:
        raise NotImplementedError

    def _update(self, reading: Reading, row: Row, rdata: Rdata, ttl: int) -> None:
        raise NotImplementedError

    def _delete(self, reading: Reading, row: Row) -> None:
        raise NotImplementedError

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        octodns_zone = Zone(zone, [])
        rows = by_key(reading.rows)
        for change in changes:
            if not all(row.id for row in rows.get(change.key, ())):
                raise Refused(
                    f"{change}: {self.HOST} keeps this outside of its records: change it in its "
                    "control panel"
                )
        for change in changes:
            held = holdable(octodns_zone, rows.get(change.key, []))
            for edit in edits(change, held, one_per_preference=self.ONE_PER_PREFERENCE):
                yield self._step(change, edit, reading)

    def _step(self, change: RRsetChange, edit: Edit, reading: Reading) -> Step:
        match edit:
            case Create(rdata, ttl):
                return Step(
                    f"{change} {_short(rdata)} added",
                    lambda: self._create(reading, change.owner, change.rdtype, rdata, ttl),
                    lambda now: any(r.key == change.key and r.rdata == rdata for r in now.rows),
                )
            case Update(row, rdata, ttl):
                after = (row.id, rdata, ttl)
                return Step(
                    f"{change} {_short(rdata)} written",
                    lambda: self._update(reading, row, rdata, ttl),
                    lambda now: any((r.id, r.rdata, r.ttl) == after for r in now.rows),
                )
            case Delete(row):
                return Step(
                    f"{change} {_short(row.rdata)} removed",
                    lambda: self._delete(reading, row),
                    lambda now: all(r.id != row.id for r in now.rows),
                )


class RRsetProvider(ApiProvider):
    """Base of the providers for APIs that keep whole RRsets; rows of one RRset share its id."""

    def _put(
        self, reading: Reading, change: RRsetChange, rows: Sequence[Row], after: Values
    ) -> None:
        """Create the RRset, or replace the one of ``rows``, among which are hidden values."""
        raise NotImplementedError

    def _remove(self, reading: Reading, rows: Sequence[Row]) -> None:
        raise NotImplementedError

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        octodns_zone = Zone(zone, [])
        rows = by_key(reading.rows)
        for change in changes:
            there = rows.get(change.key, [])
            if change.after is None and len(holdable(octodns_zone, there)) < len(there):
                raise Refused(
                    f"{change}: it also holds values that octoDNS cannot: change it at {self.HOST}"
                )
        for change in changes:
            yield self._step(octodns_zone, change, rows.get(change.key, []), reading)

    def _step(self, zone: Zone, change: RRsetChange, rows: Sequence[Row], reading: Reading) -> Step:
        after = change.after
        return Step(
            f"{change} {'removed' if after is None else 'written'}",
            (lambda: self._remove(reading, rows))
            if after is None
            else (lambda: self._put(reading, change, rows, after)),
            lambda now: values_of(zone, by_key(now.rows).get(change.key, [])) == after,
        )


class WholeZoneProvider(ApiProvider):
    """Base of the providers for hosts that take a zone only as a whole."""

    def _replace(self, changes: Sequence[RRsetChange], reading: Reading) -> None:
        """Write the zone of the reading with the changes made; all else octet for octet."""
        raise NotImplementedError

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        octodns_zone = Zone(zone, [])
        rows = by_key(reading.rows)
        for change in changes:
            if not all(row.id for row in rows.get(change.key, ())):
                raise Refused(
                    f"{change}: {self.HOST} keeps this outside of its records: change it in its "
                    "control panel"
                )

        def shown(now: Reading) -> bool:
            there = by_key(now.rows)
            return all(
                values_of(octodns_zone, there.get(change.key, [])) == change.after
                for change in changes
            )

        what = ", ".join(str(change) for change in changes)
        yield Step(f"{what} written", lambda: self._replace(changes, reading), shown)


def _how_far(error: ApiError, written: Sequence[str]) -> str:
    if written:
        return f"written before that: {'; '.join(written)}: plan again"
    if isinstance(error, OutcomeUnknown):
        return "it may have been written: plan again"
    return "nothing was written"


def _said(values: Values | None) -> str:
    if values is None:
        return "nothing"
    texts = sorted(_short(rdata) for rdata in values.rdatas)
    return f"TTL {values.ttl}: {', '.join(texts)}"


def _short(rdata: Rdata | None) -> str:
    text = "" if rdata is None else _http.one_line(rdata.to_text())
    return text if len(text) <= 60 else text[:59] + "…"
