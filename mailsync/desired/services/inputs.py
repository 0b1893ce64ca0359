"""The inputs that a file gives to a service: read by their kind, and told where they are missing.

A name with a dot in it is whole, as vendors show it, with or without the final dot; one without is
relative to the domain.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from mailsync.desired import reading
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Place
from mailsync.desired.services.model import BEHIND, Given, Input, InputKind, Service
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence, kind
from mailsync.dns.names import absolute, is_at_or_below, is_host, shown
from mailsync.mail import dkim, mx, spf

NONE = "none"
"""What an input of the kind spf may say: there are no such terms."""

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}\Z", re.ASCII)
_NAME_MAX = 255  # octets of a name (RFC 1035 §2.3.4)
_TEXT_MAX = 4096
_JOINABLE = frozenset({"include", "a", "mx", "ip4", "ip6", "exists"})


class _Unfit(ValueError):  # noqa: N818  # what the text is
    """The text is not of the kind; the message says what it would have to be."""


def read(
    service: Service, fields: Mapping | None, place: Place, domain: str, faults: Faults
) -> Given:
    """Read what a file gives to a service; ``domain`` is absolute.

    Tells what is unknown, misshapen or missing; the result is of use only when nothing was told.
    """
    given: dict[str, tuple[str, ...]] = {}
    known = [one.name for one in service.inputs]
    for key, node in fields or ():
        one = service.input(key.text)
        if key.text == BEHIND:
            text = reading.text(node, faults, "the service in front")
            given[BEHIND] = (text or "",)
        elif one is None:
            faults.unknown(key.place, f"input of {service.id}", key.text, (*known, BEHIND))
        else:
            found = _values(service, one, node, domain, faults)
            if found is not None:
                given[one.name] = found
    for one in service.inputs:
        if one.otherwise is not None:
            given.setdefault(one.name, (one.otherwise,))
    for one in service.inputs:
        asked = fields is not None and one.name in fields
        if one.required and not asked and one.when.holds(given):
            message = f"{service.id} needs {one.name!r}: {one.what} ({one.where})"
            faults.add(place, message)
    return given


def joinable(text: str) -> tuple[spf.Mechanism, ...]:
    """Read SPF terms that can be joined with others; raises `ValueError` with the reason."""
    record = spf.parse(f"v=spf1 {text}")
    for term in record.terms:
        if isinstance(term, spf.Modifier) or term.name not in _JOINABLE or term.qualifier != "+":
            raise _Unfit(f"{quoted(str(term))} is no term that joins others: write such as include")
    return record.mechanisms


def unfit(one: Input, text: str) -> str:
    """Say why a text is not of an input's kind; nothing where it is."""
    try:
        if one.kind != "flag" and not one.choices:
            _KINDS[one.kind](text, "example.com.")
    except ValueError as error:
        return str(error)
    return ""


def _values(
    service: Service, one: Input, node: Node, domain: str, faults: Faults
) -> tuple[str, ...] | None:
    if one.kind == "flag":
        return ("true",) if reading.boolean(node, faults, "value") else None
    if isinstance(node, Sequence) and not one.listed:
        faults.add(node.place, f"{service.id}: {one.name} is one value, not {kind(node)}")
        return None
    before = faults.count()
    values: list[str] = []
    for item in reading.items(node, faults, one.what):
        text = reading.text(item, faults, one.what)
        if text is None:
            continue
        if one.kind == "spf" and text == NONE and isinstance(node, Scalar):
            return ()
        value = _value(service, one, text, item.place, domain, faults)
        if value in values:
            faults.add(item.place, f"{quoted(text)} stands twice")
        values += [] if value is None else [value]
    return tuple(values) if faults.count() == before and values else None


def _value(
    service: Service, one: Input, text: str, place: Place, domain: str, faults: Faults
) -> str | None:
    if one.choices:
        if text not in one.choices:
            what = f"{one.name} of {service.id} ({', '.join(one.choices)})"
            faults.unknown(place, what, text, one.choices)
            return None
        return text
    try:
        value = _KINDS[one.kind](text, domain)
    except ValueError as error:
        faults.add(place, f"{service.id}: {one.name}: {error}")
        return None
    compared = value.lower().removesuffix(".")
    if one.like and not any(fnmatchcase(compared, glob) for glob in one.like):
        likely = " or ".join(one.like)
        message = f"{quoted(text)} does not look like {likely}: {one.what} ({one.where})"
        faults.add(place, f"{service.id}: {one.name}: {message}")
        return None
    return value


def _whole(text: str, domain: str) -> str:
    """Read a name; give it without the final dot."""
    if len(text) > _NAME_MAX:
        raise _Unfit(f"{quoted(text)} is longer than a domain name can be")
    if "." not in text:
        return shown(absolute(text, domain))
    return shown(absolute(f"{text.removesuffix('.')}."))


def _host(text: str, domain: str) -> str:
    if reading.is_address(text):
        raise _Unfit(f"{quoted(text)} is an address: write the name of a host")
    name = _whole(text, domain)
    if not is_host(name):
        raise _Unfit(f"{quoted(text)} is no host's name: letters, digits, hyphens")
    return name


def _label(text: str, domain: str) -> str:
    """Read a name in the domain, such as ``bounce``; the whole name is taken as well."""
    if len(text) > _NAME_MAX or text in {"@", "."}:
        raise _Unfit(f"{quoted(text)} is no name in {shown(domain)}: write such as mail")
    name = absolute(text, domain)
    if is_at_or_below(absolute(f"{text.removesuffix('.')}."), domain):
        name = absolute(f"{text.removesuffix('.')}.")
    if name == domain or not is_at_or_below(name, domain):
        raise _Unfit(f"{quoted(text)} is no name below {shown(domain)}: write such as mail")
    return name.removesuffix(f".{domain}")


def _mx(text: str, domain: str) -> str:
    try:
        record = mx.parse(text[:_TEXT_MAX])
    except mx.BadMx:
        raise _Unfit(f"{quoted(text)} is no MX: write a preference and a host") from None
    return f"{record.preference} {_host(record.exchange, domain)}."


def _spf(text: str, _domain: str) -> str:
    return " ".join(map(str, joinable(text)))


def _dkim(text: str, _domain: str) -> str:
    joined = "".join(line.strip() for line in text.split("\n"))
    dkim.parse(joined)
    return joined


def _address(version: int) -> Callable[[str, str], str]:
    def read_address(text: str, _domain: str) -> str:
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            found = None
        if found is None or found.version != version or "%" in text:
            raise _Unfit(f"{quoted(text)} is no IPv{version} address")
        return str(found)

    return read_address


def _word(text: str, _domain: str) -> str:
    if not _WORD.match(text):
        raise _Unfit(f"{quoted(text)} is no word of letters, digits, '.', '_' and '-'")
    return text


def _text(text: str, _domain: str) -> str:
    if len(text) > _TEXT_MAX or not (text.isascii() and text.isprintable()):
        raise _Unfit(f"{quoted(text)} is no text of at most {_TEXT_MAX} printable characters")
    return text


def _number(text: str, _domain: str) -> str:
    digits = text.isascii() and text.isdigit() and len(text) <= 5
    if not digits or str(int(text)) != text or int(text) > 65535:
        raise _Unfit(f"{quoted(text)} is no number from 0 to 65535")
    return text


_KINDS: dict[InputKind, Callable[[str, str], str]] = {
    "host": _host,
    "name": _whole,
    "label": _label,
    "mx": _mx,
    "spf": _spf,
    "dkim": _dkim,
    "ipv4": _address(4),
    "ipv6": _address(6),
    "word": _word,
    "text": _text,
    "number": _number,
}
"""How each kind is read: from what the file says and the domain, to what placeholders stand for."""
