"""The values of `records`, type by type: octoDNS' syntax to presentation text (RFC 1035 §5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.faults import quoted
from mailsync.desired.laws import at_least_one
from mailsync.desired.patterns import ANY
from mailsync.desired.shape import Address, Integer, Shape, Text
from mailsync.desired.structure import Field, Fields
from mailsync.desired.tree import Node
from mailsync.dns.rrset import BadValue, canonical, txt_value


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a value: what may stand there, and how it is read, as presentation text.

    ``alias``: it is another word for that part.
    """

    shape: Shape
    read: Callable[[Node, Context], str | None]
    doc: str = ""
    alias: str = ""


def read(rdtype: str, node: Node, context: Context) -> str | None:
    """Read one value of a type that `TYPES` names, as canonical presentation text."""
    parts = TYPES[rdtype]
    if isinstance(parts, Part):
        text = parts.read(node, context)
    else:
        text = _from_mapping(rdtype, parts, node, context)
    if text is None:
        return None
    try:
        return canonical(rdtype, text)
    except BadValue as error:
        context.faults.add(node.place, str(error))
        return None


def shape(rdtype: str) -> Shape:
    """Give what a value of a type looks like."""
    parts = TYPES[rdtype]
    if isinstance(parts, Part):
        return parts.shape
    aliased = {part.alias for part in parts.values()}
    fields = {}
    for word, part in parts.items():
        optional = part.alias or word in aliased
        doc = part.doc or f"The {word.replace('_', ' ')}."
        fields[word] = Field(part.shape, doc, missing="" if optional else _missing(rdtype, parts))
    laws = (at_least_one(part.alias, word) for word, part in parts.items() if part.alias)
    return Fields(_what(parts), fields, laws=tuple(laws))


def _what(parts: dict[str, Part]) -> str:
    return f"a mapping of {', '.join(word for word, part in parts.items() if not part.alias)}"


def _missing(rdtype: str, parts: dict[str, Part]) -> str:
    return f"the value of {rdtype} is {_what(parts)}"


def _from_mapping(rdtype: str, parts: dict[str, Part], node: Node, context: Context) -> str | None:
    fields = reading.named(node, context.faults, _what(parts))
    if fields is None:
        return None
    also = {part.alias: word for word, part in parts.items()}
    texts = []
    for word in (word for word, part in parts.items() if not part.alias):
        found = fields.get(word) or fields.get(also.get(word, word))
        if found is None:
            message = f"{word} is missing: {_missing(rdtype, parts)}"
            context.faults.add(node.place, message)
            return None
        texts.append(parts[word].read(found, context))
    return None if None in texts else " ".join(filter(None, texts))


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


def _address(version: int) -> Part:
    def read_address(node: Node, context: Context) -> str | None:
        found = reading.address(node, context.faults)
        if found is not None and found.version != version:
            message = f"{found} is no IPv{version} address: A takes IPv4, AAAA takes IPv6"
            context.faults.add(node.place, message)
            return None
        return None if found is None else str(found)

    return Part(Address((version,)), read_address)


def _number(what: str, highest: int) -> Part:
    def read_number(node: Node, context: Context) -> str | None:
        found = reading.integer(node, context.faults, what, highest)
        return None if found is None else str(found)

    return Part(Integer(what, highest), read_number)


def _matching(pattern: str, what: str, but: str = "") -> Part:
    def read_matching(node: Node, context: Context) -> str | None:
        return reading.text(node, context.faults, what)

    return Part(Text(what, pattern, no=what, but=but), read_matching)


_OCTET, _SHORT = 0xFF, 0xFFFF
_NOT_WHOLE = rf"{ANY}[^.]"
"""A name without its final dot."""
_hex = _matching("[0-9A-Fa-f]+", "hexadecimal text", but="[0-9A-Fa-f](?:[0-9A-Fa-f]{2})*")
_name = Part(structure.name("a name", "www.example.com.", but=_NOT_WHOLE), name)
_preference = _number("preference", _SHORT)
_exchange = Part(
    structure.host("a name", "mx.example.net.", but=_NOT_WHOLE), _host, "Who takes the mail."
)
_txt = Part(Text("a text", but=rf'{ANY}[^ -~]{ANY}|"{ANY}"'), txt)

TYPES: dict[str, Part | dict[str, Part]] = {
    "A": _address(4),
    "AAAA": _address(6),
    "CAA": {
        "flags": _number("flags", _OCTET),
        "tag": _matching("[A-Za-z0-9]{1,63}", "tag"),
        "value": _txt,  # in quotes as well (RFC 8659 §4.1.1)
    },
    "CNAME": _name,
    "DNAME": _name,
    "DS": {
        "key_tag": _number("key_tag", _SHORT),
        "algorithm": _number("algorithm", _OCTET),
        "digest_type": _number("digest_type", _OCTET),
        "digest": _hex,
    },
    "MX": {
        "preference": _preference,
        "exchange": _exchange,
        "priority": replace(_preference, doc="As preference.", alias="preference"),
        "value": replace(_exchange, doc="As exchange.", alias="exchange"),
    },
    "NS": _name,
    "PTR": _name,
    "SRV": {
        "priority": _number("priority", _SHORT),
        "weight": _number("weight", _SHORT),
        "port": _number("port", _SHORT),
        "target": _name,
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
    "TXT": _txt,
}
"""How the value of each type is read: as a text, or as a mapping of these parts, in order."""
