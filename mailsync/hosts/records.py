"""octoDNS' records as RRsets, and RRsets as octoDNS' records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from octodns.record import Record, Rrset, value_from_rdata_text, value_to_rdata_text
from octodns.record.validator import ValidationReason, ValidatorRegistry

from mailsync.dns.rrset import BadValue, Key, RRset, canonical, txt_value

if TYPE_CHECKING:
    from octodns.zone import Zone

Value: TypeAlias = Any
"""A value object of octoDNS: `MxValue`, `TxtValue` …; it has no types of its own."""


def key_of(record: Record) -> Key:
    """Tell which RRset a record is."""
    return (record.fqdn.lower(), record._type)  # noqa: SLF001  # octoDNS has no other name for it


def rrset_of(record: Record) -> RRset:
    """Read a record as an RRset. Raises `BadValue` where it cannot be said in presentation text."""
    name, rdtype = key_of(record)
    return RRset(name, rdtype, record.ttl, tuple(text for text, _ in texts(record)))


def rrsets_of(zone: Zone) -> dict[Key, RRset]:
    """Read all of a zone's records, in order.

    What cannot be said in presentation text is left out: nobody may change it here either.
    """
    rrsets: dict[Key, RRset] = {}
    for record in zone.records:
        try:
            rrsets[key_of(record)] = rrset_of(record)
        except BadValue:
            continue
    return dict(sorted(rrsets.items()))


def is_routed(record: Record) -> bool:
    """Tell whether the host answers by the asker's place or its checks: more than an RRset says."""
    return bool(getattr(record, "dynamic", None) or getattr(record, "geo", None))


def texts(record: Record) -> Sequence[tuple[str, Value]]:
    """Give a record's values, each with its canonical text. Raises `BadValue`."""
    rdtype = key_of(record)[1]
    values = record.values if hasattr(record, "values") else [record.value]
    try:
        return [(_text(rdtype, value), value) for value in values]
    except BadValue:
        raise
    except Exception as error:  # noqa: BLE001  # record types of any package: any exception
        raise BadValue(f"{rdtype}: {type(error).__name__}") from None


def _text(rdtype: str, value: Value) -> str:
    if hasattr(value, "to_raw_text"):
        # TXT: octoDNS' presentation of text that is not ASCII does not always read back.
        return txt_value(value.to_raw_text().encode())
    return canonical(rdtype, value_to_rdata_text(value))


def record_of(zone: Zone, rrset: RRset, live: Record | None = None, *, lenient: bool) -> Record:
    """Make an octoDNS record of an RRset of the zone.

    ``live``: the record that it replaces. Values that stay are its very value objects, and what
    the provider noted beside them (comments, tags, proxying) is carried over. The values that are
    new pass octoDNS' strict validators, unless ``lenient``. Raises `BadValue`, and what octoDNS
    raises for values that it cannot hold.
    """
    kept = [] if live is None else [pair for pair in texts(live) if pair[0] in rrset.values]
    new_texts = sorted(set(rrset.values) - {text for text, _ in kept})
    values = [value for _, value in kept]
    made: Record | None = None
    if new_texts:
        made = _new(zone, rrset, new_texts, lenient=lenient)
        values += _values(made)
    if live is None:
        assert made is not None  # noqa: S101  # an RRset has a value; nothing was kept
        record = made
    elif hasattr(live, "values"):
        record = live.copy(values=values)
        # octoDNS takes quotes off values that begin with one when it builds a record.
        record.values = sorted(values)
    else:
        record = live.copy(value=values[0])
        record.value = values[0]
    if live is not None and rrset.ttl != live.ttl:
        _end_automatic_ttl(record)
    record.ttl = rrset.ttl
    if rrset_of(record) != rrset:
        raise BadValue(f"octoDNS makes {rrset_of(record).values} of {rrset.values}")
    return record


def _end_automatic_ttl(record: Record) -> None:
    """Let a TTL count that is asked for: Cloudflare's adapter ignores it beside its own mark.

    A proxied record has no other TTL than the automatic one, and keeps it.
    """
    noted = record.octodns.get("cloudflare", {})
    if noted.get("auto-ttl") and not noted.get("proxied"):
        kept = {key: value for key, value in noted.items() if key != "auto-ttl"}
        record.octodns = {**record.octodns, "cloudflare": kept}


def _new(zone: Zone, rrset: RRset, new_texts: Sequence[str], *, lenient: bool) -> Record:
    record_class = Record.registered_types().get(rrset.type)
    if record_class is None:
        raise BadValue(f"octoDNS knows no type {rrset.type}")
    relative = rrset.name.removesuffix(zone.name).rstrip(".")
    data = record_class.data_from_rrset(Rrset(rrset.name, rrset.type, rrset.ttl, new_texts))
    if not lenient and (reasons := _judged(record_class, relative, rrset.name, data, ["strict"])):
        raise BadValue("; ".join(dict.fromkeys(reason.reason for reason in reasons)))
    record = Record.new(zone, relative, data, lenient=True)
    if hasattr(record_class._value_type, "to_raw_text"):  # noqa: SLF001  # as above
        value_type = record_class._value_type  # noqa: SLF001
        record.values = sorted(value_type(value_from_rdata_text(value_type, t)) for t in new_texts)
    return record


def objections(zone: Zone, rrset: RRset, sets: Sequence[str]) -> Sequence[ValidationReason]:
    """Say what octoDNS' validators of some sets have against an RRset of the zone."""
    record_class = Record.registered_types().get(rrset.type)
    if record_class is None:
        return ()
    relative = rrset.name.removesuffix(zone.name).rstrip(".")
    texts = list(rrset.values)
    data = record_class.data_from_rrset(Rrset(rrset.name, rrset.type, rrset.ttl, texts))
    return _judged(record_class, relative, rrset.name, data, sets)


def _judged(
    record_class: Any, relative: str, name: str, data: Any, sets: Sequence[str]
) -> Sequence[ValidationReason]:
    """Ask octoDNS' validators, whichever are on: its default takes an address as an MX."""
    judges = ValidatorRegistry()
    judges.available_record = Record.validators.available_record
    judges.available_value = Record.validators.available_value
    judges.enable_sets(sets)
    values = data["values"] if "values" in data else data["value"]
    of_record = judges.process_record(record_class, relative, name, data)
    of_values = judges.process_values(record_class._value_type, values, record_class._type)  # noqa: SLF001
    return (*of_record, *of_values)


def _values(record: Record) -> list[Value]:
    return list(record.values) if hasattr(record, "values") else [record.value]
