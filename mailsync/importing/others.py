"""Records that no key of its own speaks of: what SPF includes, reverse names, and all the rest."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired import values as octodns
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.rrset import RRset, txt_text
from mailsync.importing.model import Entry, Found, Left, entry
from mailsync.importing.names import owner
from mailsync.importing.nodes import listed, mapping, text, word
from mailsync.mail import ptr as ptr_record
from mailsync.mail import spf

_REVERSE = (".in-addr.arpa.", ".ip6.arpa.")


def ptr(found: Found) -> Iterator[Entry | Left]:
    """The names of addresses, in a reverse zone."""
    if not found.zone.endswith(_REVERSE):
        return
    for rrset in found.rrsets.values():
        if rrset.type != "PTR" or not found.holds(rrset.name):
            continue
        try:
            address = ptr_record.address_of(rrset.name)
        except ptr_record.BadReverse:
            continue
        if len(rrset.values) > 1:
            reason = f"{len(rrset.values)} names of one address"
            yield Left(found.zone, "ptr", rrset.key, rrset.values, reason)
        else:
            yield entry(found.zone, ("ptr", address), [word(rrset.values[0])], rrset)


def included(found: Found, domains: tuple[str, ...]) -> Iterator[Entry | Left]:
    """SPF records at other names of the zone to which the domains' records lead."""
    seen = set(domains)
    ahead = list(domains)
    while ahead:
        for name in _led_to(found.get(ahead.pop(), "TXT")):
            rrset = found.get(name, "TXT")
            if name in seen or rrset is None or not found.holds(name):
                continue
            seen.add(name)
            ahead.append(name)
            yield from record(found, rrset)


def record(found: Found, rrset: RRset) -> Iterator[Entry | Left]:
    """Any RRset, whole, in octoDNS' syntax."""
    form = written(rrset)
    if form is None:
        reason = f"records of type {rrset.type} cannot be written yet by this version"
        yield Left(found.zone, "records", rrset.key, rrset.values, reason)
        return
    yield entry(found.zone, ("records", owner(rrset.name, found.zone)), [form], rrset)


def written(rrset: RRset) -> Mapping | None:
    """Write an RRset in octoDNS' syntax; None for a type that files do not have."""
    if rrset.type not in octodns.TYPES:
        return None
    nodes = [_value(rrset.type, value) for value in rrset.values]
    key, said = ("value", nodes[0]) if len(nodes) == 1 else ("values", listed(nodes))
    return mapping({"type": word(rrset.type), key: said})


def _led_to(rrset: RRset | None) -> Iterator[str]:
    for value in rrset.values if rrset is not None else ():
        try:
            terms = spf.parse(txt_text(value))
        except spf.BadSpf:
            continue
        names = [m.argument[1:] for m in terms.mechanisms if m.name == "include"]
        names += [terms.redirect] if terms.redirect is not None else []
        yield from (f"{name.lower().rstrip('.')}." for name in names)


def _value(rdtype: str, value: str) -> Node:
    """Put one value as octoDNS has it; the loader judges whether it still says the same."""
    if rdtype == "TXT":
        return text(txt_text(value))
    parts_of = octodns.TYPES[rdtype]
    if not isinstance(parts_of, dict):
        return word(value)
    *first, last = (name for name, part in parts_of.items() if not part.alias)
    parts = value.split(None, len(first))
    if len(parts) <= len(first):
        return word(value)
    rest = txt_text(parts[-1]) if rdtype == "CAA" else "".join(parts[-1].split())
    return _fields([*first, last], [*parts[:-1], rest])


def _fields(names: list[str], parts: list[str]) -> Mapping:
    return mapping(
        {
            name: text(part) if name == "value" else word(part)
            for name, part in zip(names, parts, strict=True)
        }
    )
