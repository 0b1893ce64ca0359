"""What a plan asks of a DNS host that this one cannot do: an error, with what to do instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsync.dns.rrset import RRset, txt_text, txt_value
from mailsync.lint.model import Finding
from mailsync.plan.choreography import Scene
from mailsync.plan.course import Course
from mailsync.plan.live import Capability
from mailsync.plan.reasons import named

_UNKNOWN_NAMES = frozenset({"bimi", "dkim", "tlsa"})
"""Keys of a file whose records stand at names that only a listing tells."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding's id, and its message after "this DNS host"."""

    id: str
    why: str


def findings(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """Judge every RRset that some stage would write; one that is left as it is may stay."""
    capability = scene.live.capability
    found = []
    if capability.by_hand and (pruned := sorted(scene.desired.pruned & _UNKNOWN_NAMES)):
        message = (
            f"prune: {', '.join(pruned)}: this DNS host lists nothing, so what the file does not "
            "name cannot be found: name what is to go, such as 'dkim: {old1: absent}'"
        )
        found.append(Finding("host-lists-nothing", "error", message, str(scene.desired.place)))
    for course in courses:
        for rrset in (course.prepare, course.switch, course.settle):
            if rrset == course.live:
                continue
            if rrset is None:
                # A host that takes nothing of a type lets nobody take it away either.
                reason = _forbidden(capability, course.key[1])
            else:
                reason = objection(capability, rrset, course.live, scene.desired.zone)
                if course.live is not None and any(w.kind == "host" for w, _ in course.parts):
                    # Mail that finds no address bounces as surely as mail that finds no MX.
                    reason = reason or _gap(capability, "host has no address")
            if reason is not None:
                message = f"{named(course.key)}: this DNS host {reason.why}"
                found.append(Finding(reason.id, "error", message, str(course.parts[0][0].place)))
                break
    return found


def objection(capability: Capability, rrset: RRset, live: RRset | None, zone: str) -> Reason | None:
    """Give the first reason why a host cannot hold what an RRset becomes; None if it can.

    ``live``: what it holds already, and may go on holding.
    """
    return next(_reasons(capability, rrset, live, zone), None)


def _reasons(
    capability: Capability, rrset: RRset, live: RRset | None, zone: str
) -> Iterator[Reason]:
    """Give why the host cannot hold what an RRset becomes; ``live``: what it holds already."""
    if forbidden := _forbidden(capability, rrset.type):
        yield forbidden
    if capability.types is not None and rrset.type not in capability.types:
        known = ", ".join(sorted(capability.types))
        yield Reason(
            "host-type",
            f"has no {rrset.type} records, as far as its adapter knows ({known}): leave this out, "
            "or move the zone to another host",
        )
    if rrset.type == "PTR" and rrset.name.endswith(".arpa.") and capability.ptr is False:
        yield Reason(
            "host-type",
            "holds no reverse zones: ask whoever holds the address to name it",
        )
    if rrset.type == "MX":
        if live is not None and live != rrset and (gap := _gap(capability, "domain has no MX")):
            yield gap
        yield from _mx_reasons(capability, rrset, zone)
    if rrset.type == "TXT":
        held = live.values if live is not None else ()
        for char in capability.txt_garbles:
            if any(char in txt_text(value) for value in held):
                yield Reason(
                    "host-txt-garbled",
                    f"holds a text with {char} here, which its adapter would write back wrongly: "
                    "change the record at the host",
                )
        for value in rrset.values:
            if value not in held:
                yield from _txt_reasons(capability, txt_text(value))


def _gap(capability: Capability, lost: str) -> Reason | None:
    """Give why an RRset that mail needs is not changed here; None where it is never gone."""
    if capability.write is None:
        return Reason(
            "host-gap",
            f"has an adapter of which it is not known whether the {lost} for a moment when it "
            "writes: find out, and say so under capabilities in mailsync.yaml (write: in-place, "
            "say), or change it at the host",
        )
    if capability.write == "delete-then-create":
        return Reason(
            "host-gap",
            "has an adapter that deletes an RRset and then creates it anew, also where only the "
            f"TTL changes, so that the {lost} for a moment: change it at the host, or see whether "
            "`mailsync providers` knows another way",
        )
    return None


def _forbidden(capability: Capability, rdtype: str) -> Reason | None:
    """Give why a host has nothing of a type, in that host's own words, where it has any."""
    told = dict(capability.cannot)
    listed = capability.types is not None and rdtype in capability.types
    why = told.get(rdtype, "" if listed else told.get("*", ""))
    return Reason("host-type", why) if why else None


def _mx_reasons(capability: Capability, rrset: RRset, zone: str) -> Iterator[Reason]:
    if "0 ." in rrset.values and capability.null_mx is False:
        yield Reason(
            "host-null-mx",
            "takes no null MX (RFC 7505): without one, mail goes to the name's own address; point "
            "the MX at a server that refuses it, or move the zone to another host",
        )
    if rrset.name != zone and not capability.mx_below:
        yield Reason(
            "host-mx-below",
            "takes no MX below the zone: delegate the name (NS) to another host",
        )
    preferences = [value.split()[0] for value in rrset.values]
    if not capability.mx_preferences and len(set(preferences)) < len(preferences):
        yield Reason(
            "host-mx-preference",
            "takes no two MX of one preference: give each its own, the first one to be tried the "
            "smallest",
        )


def _txt_reasons(capability: Capability, text: str) -> Iterator[Reason]:
    if capability.txt_max is not None and len(text) > capability.txt_max:
        yield Reason(
            "txt-too-long-for-host",
            f"takes texts of up to {capability.txt_max} octets, and this one has {len(text)}: for "
            "DKIM use a shorter key, or a CNAME to a zone elsewhere that holds the record",
        )
    if not text and not capability.txt_empty:
        yield Reason("host-txt-empty", "takes no empty text: leave the record out")
    for char in capability.txt_without:
        if char in text:
            written = char if char.isprintable() else txt_value(char)
            yield Reason(
                "host-txt-character",
                f"takes no {written} in a text: write the record without it",
            )
