"""What DNS hosts can do, as a table, in detail, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailsync.dns.ttl import TTL_MAX
from mailsync.plan.document import dumped
from mailsync.plan.live import Capability, TtlScope, Write
from mailsync.plan.printable import printable

FORMAT = "mailsync-providers/1"
"""The version of the JSON format."""

WRITES: Mapping[Write, str] = {
    "atomic": "all changes at once",
    "in-place": "each RRset at once",
    "per-value": "value by value",
    "whole-zone": "the zone as a whole",
    "delete-then-create": "an RRset is deleted and created anew: mailsync changes no MX that way",
    "by-hand": "by a person, who is given the steps",
}
"""How a DNS host's adapter writes, in words."""

SCOPES: Mapping[TtlScope, str] = {
    "rrset": "each RRset has its own",
    "record": "each record has its own",
    "zone": "one for the whole zone",
    "none": "cannot be set",
}
"""What has a TTL of its own, in words."""

_HEADINGS = ("host", "TTL", "written", "null MX", "TXT", "PTR", "TLSA")


@dataclass(frozen=True, slots=True)
class Ability:
    """A DNS host: its name, its class in mailsync.yaml, what it can do, what to know of it.

    ``configured``: whether ``name`` is one of mailsync.yaml's.
    """

    name: str
    class_path: str
    capability: Capability
    tlsa: bool | None
    note: str = ""
    configured: bool = False


def providers_text(abilities: Sequence[Ability]) -> str:
    """Draw a table, a line for each host; ``-`` is: not known."""
    rows = [_HEADINGS, *(_row(one) for one in abilities)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _row(one: Ability) -> tuple[str, ...]:
    can = one.capability
    scope = {"zone": " for the zone", "none": " fixed"}.get(can.ttl_scope, "")
    return (
        printable(one.name),
        f"{_range(can)}{scope}".strip(),
        can.write or "-",
        _yes(can.null_mx),
        "-" if can.txt_max is None else f"up to {can.txt_max}",
        _yes(can.ptr),
        _yes(one.tlsa),
    )


def _range(can: Capability) -> str:
    if can.ttl_scope == "none":
        return ""
    return f"from {can.ttl_min}" if can.ttl_max == TTL_MAX else f"{can.ttl_min} to {can.ttl_max}"


def _yes(answer: bool | None) -> str:  # noqa: FBT001  # it is what is told
    return {True: "yes", False: "no", None: "-"}[answer]


def provider_text(one: Ability) -> str:
    """Say all that is known of one host, a line each."""
    can = one.capability
    facts = {
        "class": one.class_path or "see its package's manual",
        "TTL": f"{_range(can)} seconds; {SCOPES[can.ttl_scope]}"
        if can.ttl_scope != "none"
        else SCOPES["none"],
        "TTL changes": "yes" if can.settable else "no: nothing is lowered before a switch",
        "written": WRITES[can.write]
        if can.write
        else "not known: mailsync changes no MX until `capabilities` says it",
        "stale plans": "the host itself refuses them"
        if can.compare_and_set
        else "mailsync compares before it writes",
        "published after": "not known" if can.publish_delay is None else f"{can.publish_delay} s",
        "null MX": _said(can.null_mx),
        "MX": _mx(can),
        "TXT": _txt(can),
        "PTR": _said(can.ptr),
        "TLSA": _said(one.tlsa),
    }
    if can.types is not None:
        facts["types"] = ", ".join(sorted(can.types)) or "none of one's own"
    else:
        facts["types"] = "not known" if can.by_hand else "told once its package is installed"
    if one.note:
        facts["note"] = one.note
    width = max(map(len, facts)) + 1
    lines = [f"  {f'{key}:'.ljust(width)} {printable(value)}" for key, value in facts.items()]
    return "\n".join([printable(one.name), *lines]) + "\n"


def _said(answer: bool | None) -> str:  # noqa: FBT001  # it is what is told
    return {True: "yes", False: "no", None: "not known"}[answer]


def _mx(can: Capability) -> str:
    where = "at every name" if can.mx_below else "at the zone's own name only"
    return where if can.mx_preferences else f"{where}, each with a preference of its own"


def _txt(can: Capability) -> str:
    longest = "no limit known" if can.txt_max is None else f"up to {can.txt_max} octets"
    without = [char for char in can.txt_without if char.isprintable()]
    if len(without) < len(can.txt_without):
        without.append("control characters")
    return f"{longest}; without {', '.join(without)}" if without else longest


def providers_json(abilities: Sequence[Ability]) -> str:
    """Write all that is known as JSON; null is: not known."""
    return dumped({"format": FORMAT, "providers": [_document(one) for one in abilities]})


def _document(one: Ability) -> dict[str, Any]:
    can = one.capability
    return {
        "name": one.name,
        "class": one.class_path or None,
        "configured": one.configured,
        "ttl": {
            "settable": can.settable,
            "scope": can.ttl_scope,
            "min": can.ttl_min,
            "max": can.ttl_max,
        },
        "write": can.write,
        "compare_and_set": can.compare_and_set,
        "publish_delay": can.publish_delay,
        "types": None if can.types is None else sorted(can.types),
        "null_mx": can.null_mx,
        "mx_below": can.mx_below,
        "mx_preferences": can.mx_preferences,
        "txt_max": can.txt_max,
        "txt_without": can.txt_without,
        "txt_garbles": can.txt_garbles,
        "txt_empty": can.txt_empty,
        "ptr": can.ptr,
        "tlsa": one.tlsa,
        "note": one.note,
    }
