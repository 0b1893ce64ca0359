"""The journal's bytes: one append is one line of JSON, checked by its sum and chained to the last.

    {"v":1,"sum":"…","prev":"…","events":[{"event":"seen","at":"2026-11-22T03:00:00.000000Z",…}]}

``sum`` covers the zone's name and the line after it, ``prev`` is the line before's ``sum``: a line
that was changed, lost, repeated, moved or taken from another zone's journal is seen. That guards
against accidents, not against someone who can write to the store. The same events give the same
bytes. What an append holds counts as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import JournalError
from mailsync.journal.events import Corrupt, Entry, Event, Intent, Seen, Told, Written

VERSION = 1
"""The version of the format; a line of another version is not understood."""

GENESIS = "0" * 32
"""What stands as ``prev`` in a journal's first line."""

LINE_MAX = 4 * 1024 * 1024
"""The longest line, in octets, its newline included; a longer one is never written nor read."""

_LINE = re.compile(rb'\{"v":(\d{1,9}),"sum":"([0-9a-f]{32})",("prev":"([0-9a-f]{32})",.*)\n?\Z')


class BadLine(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The octets are no line of this zone's journal; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One append: its events, its own sum, and the sum of the line that it follows."""

    events: tuple[Event, ...]
    sum: str
    previous: str


@dataclass(frozen=True, slots=True)
class Log:
    """A journal as found: its entries, and where the next line goes.

    ``tip`` is what the next line gives as ``prev``. ``end``: that many octets stand; what follows
    is the torn rest of an append that never returned. ``fenced``: they end with a newline.
    """

    entries: tuple[Entry, ...] = ()
    tip: str = GENESIS
    end: int = 0
    fenced: bool = True


def encode(zone: str, events: Sequence[Event], previous: str = GENESIS) -> bytes:
    """Write one append as a line, newline included.

    Raises `ValueError` for what could not be read back (no event, a time without zone, an RRset
    under another key than its own) and `JournalError` for more than `LINE_MAX` octets.
    """
    if not events:
        raise ValueError("an append without an event")
    body = f'"prev":"{previous}","events":{_json([_fields(event) for event in events])}}}'
    line = f'{{"v":{VERSION},"sum":"{_sum(zone, body.encode())}",{body}\n'.encode()
    if len(line) > LINE_MAX:
        message = f"one step of {len(line)} octets; the journal takes {LINE_MAX}: split the zone"
        raise JournalError(message, where=shown(zone))
    return line


def decode(zone: str, line: bytes) -> Line:
    """Read one line, with or without its newline; the inverse of `encode`. Raises `BadLine`."""
    match = _LINE.match(line)
    if match is None:
        raise BadLine("not a line of a journal")
    version, claimed, body, previous = match.groups()
    if int(version) != VERSION:
        raise BadLine(f"format {int(version)}, and this mailsync reads format {VERSION}")
    if _sum(zone, body).encode() != claimed:
        raise BadLine("the checksum does not match")
    try:
        fields = json.loads(b"{" + body)
        events = tuple(_event(each) for each in fields["events"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadLine("an event that this mailsync does not know") from None
    return Line(events, claimed.decode(), previous.decode())


def read(zone: str, stream: BinaryIO, name: str) -> Log:
    """Read a whole journal; ``name`` is the file's, for `Corrupt.where`. Never fails on content.

    A line that cannot be trusted becomes a `Corrupt`. So does one that does not follow the line
    before it: its events may be true, but not now. Octets after the last newline are taken if they
    are a whole good line (an editor drops final newlines), else they are a torn append and ignored.
    """
    entries: list[Entry] = []
    tip, end, fenced = GENESIS, 0, True
    for number, (raw, size) in enumerate(_lines(stream), 1):
        whole = raw is not None and raw.endswith(b"\n")
        try:
            line = _decoded(zone, raw)
        except BadLine as error:
            if raw is not None and not whole:
                break
            entries.append(Corrupt(f"{name}:{number}", str(error)))
        else:
            if line.previous == tip:
                entries.extend(line.events)
            else:
                reason = "does not follow the line before it: lines are missing, repeated or moved"
                entries.append(Corrupt(f"{name}:{number}", reason))
            tip = line.sum
        end, fenced = end + size, whole
    return Log(tuple(entries), tip, end, fenced)


def _decoded(zone: str, raw: bytes | None) -> Line:
    if raw is None:
        raise BadLine(f"longer than {LINE_MAX} octets")
    return decode(zone, raw)


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """Give each line and its length in octets; None for one that is too long to be held."""
    while raw := stream.readline(LINE_MAX):
        size = len(raw)
        if size < LINE_MAX or raw.endswith(b"\n"):
            yield raw, size
            continue
        while not raw.endswith(b"\n") and (raw := stream.readline(LINE_MAX)):
            size += len(raw)
        yield None, size


def _sum(zone: str, body: bytes) -> str:
    return hashlib.sha256(zone.encode() + b"\n" + body).hexdigest()[:32]


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _fields(event: Event) -> dict[str, object]:
    match event:
        case Seen(time, key, rrset):
            return {"event": "seen", "at": _time(time), **_key(key), "rrset": _content(key, rrset)}
        case Intent(time, domain, stage, changes):
            listed = [
                {**_key(key), "before": _content(key, before), "after": _content(key, after)}
                for key, before, after in changes
            ]
            return {
                "event": "intent",
                "at": _time(time),
                "domain": domain,
                "stage": stage,
                "changes": listed,
            }
        case Told(time, domain, digest):
            return {"event": "told", "at": _time(time), "domain": domain, "digest": digest}
        case _:
            at = _time(event.at)
            return {"event": "written", "at": at, "domain": event.domain, "stage": event.stage}


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"{at} is a time without zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _key(key: Key) -> dict[str, object]:
    return {"name": key[0], "type": key[1]}


def _content(key: Key, rrset: RRset | None) -> dict[str, object] | None:
    if rrset is None:
        return None
    if rrset.key != key:
        raise ValueError(f"{rrset.name} {rrset.type} recorded as {key[0]} {key[1]}")
    return {"ttl": rrset.ttl, "values": list(rrset.values)}


def _event(fields: Mapping[str, Any]) -> Event:
    at = _read_time(_text(fields["at"]))
    match fields["event"]:
        case "seen":
            key = _read_key(fields)
            return Seen(at, key, _rrset(key, fields["rrset"]))
        case "intent":
            changes = tuple(_changes(fields["changes"]))
            return Intent(at, _text(fields["domain"]), _text(fields["stage"]), changes)
        case "written":
            return Written(at, _text(fields["domain"]), _text(fields["stage"]))
        case "told":
            return Told(at, _text(fields["domain"]), _text(fields["digest"]))
        case other:
            raise BadLine(f"event {other!r}")


def _read_time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise BadLine(f"{text} is a time without zone")
    return at


def _changes(
    listed: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[Key, RRset | None, RRset | None]]:
    for each in listed:
        key = _read_key(each)
        yield key, _rrset(key, each["before"]), _rrset(key, each["after"])


def _read_key(fields: Mapping[str, Any]) -> Key:
    return (_text(fields["name"]), _text(fields["type"]))


def _rrset(key: Key, content: Mapping[str, Any] | None) -> RRset | None:
    if content is None:
        return None
    ttl = content["ttl"]
    if type(ttl) is not int:
        raise BadLine(f"TTL {ttl!r}")
    return RRset(*key, ttl, tuple(_text(value) for value in content["values"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadLine(f"{value!r} is no text")
    return value
