"""Domain Connect templates: a vendor's JSON file and values for its variables, as a service.

The format is that of https://github.com/Domain-Connect/spec, section *Template Record*. A template
is applied to the domain that names it: ``%host%`` is empty unless that lies below the zone's apex.
Its TTLs are not taken; the file's count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as ByName
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailsync.desired import reading, syntax
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.services.demand import Demand
from mailsync.desired.services.template_records import BadRecord, Records
from mailsync.desired.tree import Mapping, Scalar
from mailsync.dns.names import shown

OCTETS_MAX = 256 * 1024
"""The largest file that is read; the largest published one has a tenth of it."""

_RECORDS_MAX = 200
_RESERVED = ("template", "behind", "groups")
_BUILT_IN = ("domain", "host", "fqdn")
_VARIABLE = re.compile(r"%([A-Za-z0-9_.-]{1,64})%", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._ -]{1,60}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Template:
    """What is used of a template: its ids, its records, and what its variables mean."""

    service: str
    records: tuple[ByName[str, Any], ...]
    described: str
    host_required: bool


class _Unfit(ValueError):  # noqa: N818  # what the file is
    """The file is no template; the message says why."""


def demand(item: Mapping, domain: str, zone: str, faults: Faults) -> Demand | None:
    """Read ``{template: ./file.json, VARIABLE: VALUE, …}``; ``domain`` and ``zone`` are absolute.

    ``groups``: only the records of these groups. None after telling what is wrong.
    """
    place = item.key("template").place
    name = reading.text(item.get("template") or item, faults, "the path of a template")
    if name is None:
        return None
    path = Path(place.file).parent / name
    try:
        found = _parsed(_content(path))
    except (_Unfit, OSError, ValueError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        faults.add(place, f"{quoted(syntax.shown(path))}: {why}")
        return None
    before = faults.count()
    groups = _groups(item, faults)
    records = [r for r in found.records if groups is None or r.get("groupId") in groups]
    for group in sorted((groups or frozenset()) - {str(r.get("groupId")) for r in found.records}):
        known = {str(r["groupId"]) for r in found.records if "groupId" in r}
        faults.unknown(place, "group", group, sorted(known))
    _check_variables(item, records, found, faults)
    if found.host_required and domain == zone:
        message = f"{found.service} is for a sub-domain: name it there, under subdomains"
        faults.add(place, message)
    if faults.count() != before:
        return None
    values = _values(item, domain, zone)
    made = Records(domain, place)
    for number, record in enumerate(found.records, 1):
        if record not in records:
            continue
        try:
            made.add({key: _filled(value, values) for key, value in record.items()})
        except BadRecord as error:
            faults.add(place, f"{found.service}, record {number}: {error}")
    if faults.count() != before:
        return None
    behind = item.get("behind")
    front = None if behind is None else reading.text(behind, faults, "the service in front")
    entries = made.entries(mx=front is None)
    return Demand(
        service=found.service,
        layer="mailbox" if made.takes_mail else "relay",
        place=place,
        entries=entries,
        behind=front,
        behind_place=None if behind is None else item.key("behind").place,
        strictest=made.strictest,
    )


def _content(path: Path) -> str:
    if not path.is_file():
        message = "there is no such file"
        raise _Unfit(message)
    with path.open("rb") as stream:
        octets = stream.read(OCTETS_MAX + 1)
    if len(octets) > OCTETS_MAX:
        message = f"larger than {OCTETS_MAX // 1024} KiB: no template is"
        raise _Unfit(message)
    return octets.decode("utf-8")


def _parsed(text: str) -> _Template:
    try:
        root = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        message = "nested too deep for a template"
        raise _Unfit(message) from None
    if not isinstance(root, dict) or not isinstance(root.get("records"), list):
        message = "no Domain Connect template: it is an object with a list of records"
        raise _Unfit(message)
    names = [root.get(key) for key in ("providerId", "serviceId")]
    if not all(isinstance(name, str) and _NAME.match(name) for name in names):
        message = "no Domain Connect template: providerId and serviceId are missing"
        raise _Unfit(message)
    records = root["records"]
    if len(records) > _RECORDS_MAX or not all(isinstance(record, dict) for record in records):
        message = f"records are at most {_RECORDS_MAX} objects"
        raise _Unfit(message)
    described = root.get("variableDescription")
    return _Template(
        ".".join(map(str, names)),
        tuple(records),
        described if isinstance(described, str) else "",
        root.get("hostRequired") is True,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "an object holds the same key twice"
        raise _Unfit(message)
    return found


def _groups(item: Mapping, faults: Faults) -> frozenset[str] | None:
    node = item.get("groups")
    if node is None:
        return None
    texts = [reading.text(one, faults, "a group") for one in reading.items(node, faults, "a group")]
    return frozenset(text for text in texts if text is not None)


def _values(item: Mapping, domain: str, zone: str) -> dict[str, str]:
    host = "" if domain == zone else domain.removesuffix(f".{zone}")
    given = {key.text: node.text for key, node in item if isinstance(node, Scalar)}
    return {**given, "domain": shown(zone), "host": host, "fqdn": shown(domain)}


def _check_variables(
    item: Mapping, records: list[ByName[str, Any]], found: _Template, faults: Faults
) -> None:
    place = item.key("template").place
    used = {name for record in records for name in _used(record)}
    known = {name for record in found.records for name in _used(record)}
    for key, node in item:
        if key.text in _RESERVED:
            continue
        if key.text in _BUILT_IN or key.text not in known:
            faults.unknown(key.place, f"variable of {found.service}", key.text, sorted(known))
        elif reading.text(node, faults, "a value") is not None and isinstance(node, Scalar):
            _check_value(node, faults)
    for name in sorted(used):
        if name not in item and name not in _BUILT_IN:
            faults.add(place, f"{found.service} needs {name!r}{_meaning(name, found.described)}")


def _check_value(node: Scalar, faults: Faults) -> None:
    if not (node.text.isascii() and node.text.isprintable()):
        faults.add(node.place, "a value of other characters than printable ASCII")


def _meaning(name: str, described: str) -> str:
    """Find what a template says of a variable: ``%a%: address of the server; %b%: …``."""
    match = re.search(rf"%{re.escape(name)}%\s*[:=-]?\s*([^%;]{{1,200}})", described)
    return f": {match[1].strip()}" if match else ""


def _used(record: ByName[str, Any]) -> list[str]:
    return [
        name
        for value in record.values()
        if isinstance(value, str)
        for name in _VARIABLE.findall(value)
    ]


def _filled(value: object, values: ByName[str, str]) -> object:
    """Put values in the place of variables, once: a value with percent signs stays one."""
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), value)
