"""``subdomains``: mail domains below the zone's own, each with keys of its own."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired import reading, structure
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.registry import Key
from mailsync.desired.structure import Named, Ref
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import BadName, absolute, is_at_or_below, is_host, shown

_WHAT = "a name below the zone and its keys, such as {news: {mx: [10 mx1]}}"
_NAME_MAX = 255  # octets of a name (RFC 1035 §2.3.4)


def entries(node: Node | None, zone: str, faults: Faults) -> Iterator[tuple[str, Scalar, Mapping]]:
    """Read ``{news: {…}, a.b: {…}}``: absolute names, each with its key and what it says."""
    seen: dict[str, Scalar] = {}
    for key, value in () if node is None else reading.named(node, faults, _WHAT) or ():
        name = _name(key, zone, faults)
        if name is None:
            continue
        if name in seen:
            message = f"{shown(name)} stands twice, first at line {seen[name].place.line}"
            faults.add(key.place, message)
            continue
        seen[name] = key
        if isinstance(value, Mapping):
            yield name, key, value


def _name(key: Scalar, zone: str, faults: Faults) -> str | None:
    try:
        name = absolute(key.text[: _NAME_MAX + 1], zone)
    except BadName as error:
        faults.add(key.place, str(error))
        return None
    if is_at_or_below(f"{key.text.lower()}.", zone):
        message = f"{quoted(key.text)} is relative to {shown(zone)}: write what stands before it"
        faults.add(key.place, message)
        return None
    if name == zone or not is_at_or_below(name, zone) or not is_host(name):
        message = f"{quoted(key.text)} is no name of a mail domain below {shown(zone)}"
        faults.add(key.place, message)
        return None
    return name


SHAPE = Named(_WHAT, structure.name("a name"), Ref("subdomain", "keys as in a zone file"))

KEY = Key(
    "subdomains",
    "Mail domains below this one, by name: each takes the same keys, which stand for it alone. "
    "They inherit ttl and cutover, and no records.",
    read=None,
    shape=SHAPE,
    levels=frozenset({"file", "profile", "defaults"}),
    example="{news: {mx: [10 mx1]}}",
)
