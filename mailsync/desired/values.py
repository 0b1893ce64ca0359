"""The values of `records`, type by type: octoDNS' syntax to presentation text (RFC 1035 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.faults import quoted
from mailsync.desired.tree import Node
from mailsync.dns.rrset import BadValue, canonical, txt_value

Field = Callable[[Node, Context], str | None]
"""Reads one field of a value, as presentation text."""

_HEX = re.compile(r"[0-9A-Fa-f]+\Z", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9]{1,63}\Z", re.ASCII)


def read(rdtype: str, node: Node, context: Context) -> str | None:
    """Read one value of a type that `TYPES` names, as canonical presentation text."""
    shape = TYPES[rdtype]
    if isinstance(shape, dict):
        text = _from_mapping(rdtype, shape, node, context)
    else:
        text = shape(node, context)
    if text is None:
        return None
    try:
        return canonical(rdtype, text)
    except BadValue as error:
        context.faults.add(node.place, str(error))
        return None


def _from_mapping(rdtype: str, shape: dict[str, Field], node: Node, context: Context) -> str | None:
    what = f"a mapping of {', '.join(shape)}"
    aliases = {new: old for old, new in _ALIASES.items() if new in shape}
    fields = reading.mapping(node, context.faults, what, (*shape, *aliases.values()))
    if fields is None:
        return None
    parts = []
    for field, read_field in shape.items():
        found = fields.get(field) or fields.get(aliases.get(field, field))
        if found is None:
            context.faults.add(node.place, f"{field} is missing: the value of {rdtype} is {what}")
            return None
        parts.append(read_field(found, context))
    return None if None in parts else " ".join(filter(None, parts))


_ALIASES = {"priority": "preference", "value": "exchange"}
"""octoDNS takes these, too, for an MX."""


def name(node: Node, context: Context) -> str | None:
    """Read a name; as in octoDNS it ends in a dot."""
    text = reading.text(node, context.faults, "a name")
    if text is not None and not text.endswith("."):
        message = f"{quoted(text)} does not end in a dot: write the whole name, '{text[:60]}.'"
        context.faults.add(node.place, message)
        return None
    return None if text is None else context.name(node, "a name", text)


def txt(node: Node, context: Context) -> str | None:
    r"""Read a TXT's text; octoDNS' ``\;`` is a semicolon, all else stands for itself."""
    text = reading.text(node, context.faults, "a text")
    if text is None:
        return None
    if not (text.isascii() and text.isprintable()):
        message = "a TXT value of other characters than printable ASCII"
        context.faults.add(node.place, message)
        return None
    if len(text) > 1 and text[0] == text[-1] == '"':
        message = "a TXT value is written without the quotes of a master file"
        context.faults.add(node.place, message)
        return None
    return txt_value(text.replace("\\;", ";"))


def _host(node: Node, context: Context) -> str | None:
    """Read the host of an MX; the null MX has a dot (RFC 7505 §3)."""
    whole = name(node, context)
    return whole if whole in {None, "."} else context.host(node)


def _address(version: int) -> Field:
    def read_address(node: Node, context: Context) -> str | None:
        found = reading.address(node, context.faults)
        if found is not None and found.version != version:
            message = f"{found} is no IPv{version} address: A takes IPv4, AAAA takes IPv6"
            context.faults.add(node.place, message)
            return None
        return None if found is None else str(found)

    return read_address


def _number(what: str, highest: int) -> Field:
    def read_number(node: Node, context: Context) -> str | None:
        found = reading.integer(node, context.faults, what, highest)
        return None if found is None else str(found)

    return read_number


def _matching(pattern: re.Pattern[str], what: str) -> Field:
    def read_matching(node: Node, context: Context) -> str | None:
        found = reading.text(node, context.faults, what)
        if found is not None and not pattern.match(found):
            context.faults.add(node.place, f"{quoted(found)} is no {what}")
            return None
        return found

    return read_matching


_OCTET, _SHORT = 0xFF, 0xFFFF
_hex = _matching(_HEX, "hexadecimal text")

TYPES: dict[str, Field | dict[str, Field]] = {
    "A": _address(4),
    "AAAA": _address(6),
    "CAA": {
        "flags": _number("flags", _OCTET),
        "tag": _matching(_TAG, "tag"),
        "value": txt,  # in quotes as well (RFC 8659 §4.1.1)
    },
    "CNAME": name,
    "DNAME": name,
    "DS": {
        "key_tag": _number("key_tag", _SHORT),
        "algorithm": _number("algorithm", _OCTET),
        "digest_type": _number("digest_type", _OCTET),
        "digest": _hex,
    },
    "MX": {"preference": _number("preference", _SHORT), "exchange": _host},
    "NS": name,
    "PTR": name,
    "SRV": {
        "priority": _number("priority", _SHORT),
        "weight": _number("weight", _SHORT),
        "port": _number("port", _SHORT),
        "target": name,
    },
    "SSHFP": {
        "algorithm": _number("algorithm", _OCTET),
        "fingerprint_type": _number("fingerprint_type", _OCTET),
        "fingerprint": _hex,
    },
    "TLSA": {
        "certificate_usage": _number("certificate_usage", _OCTET),
        "selector": _number("selector", _OCTET),
        "matching_type": _number("matching_type", _OCTET),
        "certificate_association_data": _hex,
    },
    "TXT": txt,
}
"""How the value of each type is read: as a text, or as a mapping of these fields, in order."""
