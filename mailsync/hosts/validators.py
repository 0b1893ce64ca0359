"""What octoDNS' own validators say of desired mail, beside the rules of `mailsync.lint`.

Its sets `strict` and `best-practice` run, but for what `UNHEARD` leaves out, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from octodns.record import Record
from octodns.zone import Zone
from octodns.zone.validator import ZoneValidatorRegistry

from mailsync.desired.model import Desired, Wish
from mailsync.desired.rule_ids import OCTODNS
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.hosts.loading import prepare_octodns
from mailsync.hosts.records import key_of, objections, record_of
from mailsync.lint.judge import Judgement, judgement, ordered
from mailsync.lint.model import Severity
from mailsync.mail import mx, mx_services

if TYPE_CHECKING:
    from octodns.record.validator import ValidationReason

_OURS = "mailsync's own rules judge it"
_WHOLE = "it takes the file for the whole zone, and what no file names may well be there"

UNHEARD: Mapping[str, str] = {
    "cname-target-resolvable-in-zone": _WHOLE,
    "glue-for-in-zone-ns": _WHOLE,
    "mx-target-resolvable-in-zone": _WHOLE,
    "srv-target-resolvable-in-zone": _WHOLE,
    "mx-target-not-cname": f"{_OURS}: mx-target-cname",
    "mx-value-rfc": f"{_OURS}: mx-malformed, null-mx",
    "mx-value-not-ip": f"{_OURS}: mx-malformed",
    "srv-target-not-cname": f"{_OURS}: srv",
    "tlsa-value-rfc": f"{_OURS}: tlsa-usage",
    "tlsa-value-best-practice": f"{_OURS}: tlsa-usage",
}
"""Validators that are not asked, and why. Of ``mail`` only the count of MX is told: what it says of
SPF takes a redirect for an error, what it misses may be there, and the rest is mailsync's own."""

SETS: dict[str, Severity] = {"strict": "error", "best-practice": "warning"}
"""Which sets of validators run, and how severe what they find is: what is not strictly right, a
DNS host's adapter refuses to write."""

_REDUNDANCY = "for redundancy"


def judge(domains: Iterable[Desired]) -> tuple[Judgement, ...]:
    """Judge domains; those of one zone together, as octoDNS does."""
    prepare_octodns()
    by_zone: dict[str, list[Desired]] = {}
    for desired in domains:
        by_zone.setdefault(desired.zone, []).append(desired)
    found = [one for zone, group in by_zone.items() for one in _zone(zone, group)]
    return ordered(tuple(found))


def story(id_: str) -> str:
    """Give what octoDNS itself writes about a validator; empty where there is none of that id."""
    for validator in _available():
        if validator.id == id_.removeprefix(OCTODNS):
            return " ".join((type(validator).__doc__ or "").split())
    return ""


def ids() -> tuple[str, ...]:
    """Give the ids of all validators that are told."""
    told = {
        f"{OCTODNS}{validator.id}"
        for validator in _available()
        if validator.id not in UNHEARD
        and not validator.id.startswith("_")
        and SETS.keys() & (validator.sets or set())
    }
    return tuple(sorted(told))


@cache
def _severities() -> Mapping[str, Severity]:
    """Give the severity of each validator's reasons; one that is in both sets is strict."""
    return {
        validator.id: severity
        for set_, severity in reversed(SETS.items())
        for validator in _available()
        if set_ in (validator.sets or ())
    }


def _available() -> Iterator[Any]:
    yield from Zone.available_zone_validators()
    for by_type in Record.available_validators().values():
        for validators in by_type.values():
            yield from validators


def _zone(name: str, group: Sequence[Desired]) -> Iterator[Judgement]:
    zone = Zone(name, [])
    wishes: dict[Key, list[tuple[Desired, Wish]]] = {}
    for desired in group:
        for wish in desired.wishes:
            if wish.values and (wish.name == name or wish.name.endswith(f".{name}")):
                wishes.setdefault((wish.name, wish.type), []).append((desired, wish))
    for key, asked in wishes.items():
        values = tuple(value for _, wish in asked for value in wish.values)
        rrset = RRset(*key, min(wish.ttl for _, wish in asked), values)
        for reason in _objections(zone, rrset):
            yield from _judgement(reason, asked[0])
        _add(zone, rrset)
    registry = ZoneValidatorRegistry()
    registry.available = Zone.validators.available
    registry.enable_sets(SETS)
    for reason in registry.process_zone(zone):
        keys = sorted({key_of(record) for record in reason.records} & wishes.keys())
        for key in keys[:1]:
            yield from _judgement(reason, wishes[key][0])


def _objections(zone: Zone, rrset: RRset) -> Sequence[ValidationReason]:
    try:
        return objections(zone, rrset, list(SETS))
    except Exception:  # noqa: BLE001  # record types of any package, and values that none can hold
        return ()


def _add(zone: Zone, rrset: RRset) -> None:
    try:
        zone.add_record(record_of(zone, rrset, lenient=True), lenient=True)
    except Exception:  # noqa: BLE001  # the same; whoever writes it will be told
        return


def _judgement(reason: ValidationReason, at: tuple[Desired, Wish]) -> Iterator[Judgement]:
    desired, wish = at
    id_ = f"{OCTODNS}{reason.validator_id}"
    severity = _severities().get(reason.validator_id, "warning")
    if reason.validator_id in UNHEARD:
        return
    if reason.validator_id == "mail":
        if _REDUNDANCY not in reason.reason or _of_a_service(wish):
            return
        severity = "info"
    message = f"{shown(wish.name)} {wish.type}: {reason.reason}"
    yield from judgement(desired, id_, severity, message, wish.place)


def _of_a_service(wish: Wish) -> bool:
    """Tell whether the one MX is a service's, which has many servers behind it."""
    return all(mx_services.service_of(mx.parse(value).exchange) for value in wish.values)
