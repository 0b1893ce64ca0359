"""Changing a master file in place: whatever is not part of a change stays byte for byte.

An edit says which values of an RRset go and come, and its TTL. Records that inherited their owner
or TTL from a line that changes are given it in so many words, so that nothing else changes its
meaning. The result is then read back by dnspython's own reader, and has to differ from the old file
in exactly what was asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone
from dns.node import NodeKind

from mailsync_providers._masterfile import (
    DefaultTtl,
    Generate,
    Inheritance,
    MasterFile,
    ResourceRecord,
    read,
)
from mailsync_providers._masterlexer import MasterFileError, ascii_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

    from mailsync_providers._masterfile import Key

    # A zone's content: for each RRset (signatures by the type they cover) its TTL and values.
    Part = tuple[Name, RdataType, RdataType]
    Content = dict[Part, tuple[int, frozenset[Rdata]]]
    Splice = tuple[int, int, bytes]

_CNAME_AND_OTHER_DATA = {NodeKind.CNAME, NodeKind.REGULAR}


@dataclass(frozen=True)
class RRsetEdit:
    """What becomes of one RRset: values that go, values that come, and the TTL of all that stay.

    ``remove`` are values as they stand in the file; ``ttl`` is in seconds.
    """

    owner: Name
    rdtype: RdataType
    ttl: int
    remove: frozenset[Rdata] = frozenset()
    add: tuple[Rdata, ...] = ()

    @property
    def key(self) -> Key:
        """The RRset."""
        return (self.owner, self.rdtype)


def edited(file: MasterFile, edits: Iterable[RRsetEdit], today: date) -> bytes:
    """The file with ``edits`` made and the SOA's serial raised.

    Raises `MasterFileError` when the result, read back, is not exactly that.
    """
    by_key = {edit.key: edit for edit in edits}
    _refuse_beside_cname(file, by_key)
    old_serial = file.data[slice(*file.soa.rdata_fields[2])]
    if not old_serial.isdigit() or int(old_serial) != file.soa.rdata.serial:  # type: ignore[attr-defined]
        raise MasterFileError(
            f"{file.source}:{file.soa.line}: the SOA's serial is not written as a plain number"
        )
    serial = next_serial(file.soa.rdata.serial, today)  # type: ignore[attr-defined]
    data = _Writer(file, by_key, serial).write()
    _verify(file, data, by_key, serial)
    return data


def _refuse_beside_cname(file: MasterFile, edits: dict[Key, RRsetEdit]) -> None:
    """Raise `MasterFileError` where a value would come to stand beside a CNAME, or be one."""
    arriving: dict[Name, list[RRsetEdit]] = defaultdict(list)
    for edit in edits.values():
        if edit.add:
            arriving[edit.owner].append(edit)
    for (owner, rdtype), records in file.rrsets.items():
        gone = edits[owner, rdtype].remove if (owner, rdtype) in edits else frozenset()
        stays = next((record for record in records if record.rdata not in gone), None)
        for edit in arriving.get(owner, ()):
            if stays and {_kind(rdtype), _kind(edit.rdtype)} == _CNAME_AND_OTHER_DATA:
                new, old = dns.rdatatype.to_text(edit.rdtype), dns.rdatatype.to_text(rdtype)
                raise MasterFileError(
                    f"{file.source}:{stays.line}: {owner} {new} cannot stand beside this {old}"
                    " record (RFC 1034, section 3.6.2): remove one of them"
                )


def _kind(rdtype: RdataType) -> NodeKind:
    return NodeKind.classify(rdtype, dns.rdatatype.NONE)


def next_serial(serial: int, today: date) -> int:
    """The serial after ``serial``: greater in the sense of RFC 1982, and of the same style.

    A serial that reads as YYYYMMDDnn (RFC 1912, section 2.2) moves to today's 01 if that is ahead;
    any other is a counter.
    """
    text = str(serial)
    if re.fullmatch(r"(19|20)\d{8}", text):
        try:
            datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            pass  # ten digits, but no date: a counter
        else:
            return max(serial + 1, int(f"{today:%Y%m%d}01"))
    return (serial + 1) % 2**32


@dataclass
class _Writer:
    """One pass over the entries of a file, copying what stays and weaving in what changes."""

    file: MasterFile
    edits: dict[Key, RRsetEdit]
    serial: int
    inherited: Inheritance = field(default_factory=Inheritance)
    out: list[bytes] = field(default_factory=list)

    def write(self) -> bytes:
        """The new file."""
        data, position = self.file.data, 0
        arrivals = self._arrivals()
        for index, entry in enumerate(self.file.entries):
            match entry:
                case ResourceRecord():
                    self.out.append(data[position : entry.start])
                    position = entry.end
                    self._carry_over(entry)
                    for edit, pattern in arrivals.get(index, ()):
                        self._arrive(edit, pattern, entry.origin)
                case DefaultTtl():
                    self.inherited.default_ttl = entry.ttl
                case _:  # $GENERATE: servers do not agree on the owner after it
                    self.inherited.owner = None
        self.out.append(data[position:])
        for edit, pattern in arrivals.get(None, ()):
            self._arrive(edit, pattern, self.file.final_origin)
        return b"".join(self.out)

    def _arrivals(self) -> dict[int | None, list[tuple[RRsetEdit, ResourceRecord | None]]]:
        """Where values come in: after which entry (``None``: at the end), in the pattern of which.

        After the last record of the RRset, else of the owner, else at the end of the file.
        """
        last_of_rrset: dict[Key, int] = {}
        last_of_owner: dict[Name, int] = {}
        for index, entry in enumerate(self.file.entries):
            if isinstance(entry, ResourceRecord):
                last_of_rrset[entry.key] = last_of_owner[entry.owner] = index
        arrivals: dict[int | None, list[tuple[RRsetEdit, ResourceRecord | None]]]
        arrivals = defaultdict(list)
        # Of an owner's RRsets those that were there come first: they stay in one piece.
        for edit in sorted(self.edits.values(), key=lambda edit: edit.key not in last_of_rrset):
            place = last_of_rrset.get(edit.key)
            pattern = None if place is None else self.file.entries[place]
            if not (isinstance(pattern, ResourceRecord) and self._plain(pattern)):
                pattern = None
            where = last_of_owner.get(edit.owner) if place is None else place
            arrivals[where].append((edit, pattern))
        return arrivals

    def _plain(self, record: ResourceRecord) -> bool:
        """Whether a record's layout up to its data can be copied: one line, nothing unusual."""
        if not record.rdata_fields:
            return False
        before = self.file.data[record.start : record.rdata_fields[0][0]]
        rdtype = self.file.data[slice(*record.type_field)].upper()
        return not any(octet in before for octet in b"(;\n") and rdtype.decode(
            "ascii"
        ) == dns.rdatatype.to_text(record.rdtype)

    def _carry_over(self, record: ResourceRecord) -> None:
        """A record of the old file: it stays, with the TTL of its RRset, or goes."""
        edit = self.edits.get(record.key)
        if edit is None:
            splices: list[Splice] = []
            if record is self.file.soa:
                splices.append((*record.rdata_fields[2], b"%d" % self.serial))
            self._put(record, record.ttl, splices)
        elif record.rdata not in edit.remove:
            self._put(record, edit.ttl, [])

    def _arrive(self, edit: RRsetEdit, pattern: ResourceRecord | None, origin: Name) -> None:
        """The values that an edit adds."""
        rdtype = dns.rdatatype.to_text(edit.rdtype)
        for rdata in edit.add:
            self._end_line()
            text = rdata.to_text().encode("ascii")
            if pattern:
                splice = (pattern.rdata_fields[0][0], pattern.end, text + self._line_end)
                self._put(pattern, edit.ttl, [splice])
            else:
                owner = _owner_text(edit.owner, origin)
                head = f"{owner}\t{edit.ttl}\tIN\t{rdtype}\t".encode("ascii")
                self.out.append(head + text + self._line_end)
                self.inherited.owner = edit.owner
                self.inherited.last_ttl = edit.ttl

    def _put(self, record: ResourceRecord, ttl: int, splices: list[Splice]) -> None:
        """The record's lines, told their owner and TTL if what they would inherit is different."""
        data, inherited = self.file.data, self.inherited
        if not record.owner_stated and inherited.owner != record.owner:
            owner = _owner_text(record.owner, record.origin).encode("ascii")
            splices.append((record.start, record.start, owner))
        inherited.owner = record.owner
        if record.ttl_field:
            if record.ttl != ttl:
                splices.append((*record.ttl_field, b"%d" % ttl))
            inherited.last_ttl = ttl
        elif not self._inherits(record, ttl):
            gap = b"\t" if data[record.head - 1 : record.head] == b"\t" else b" "
            splices.append((record.head, record.head, b"%d" % ttl + gap))
            inherited.last_ttl = ttl
        position = record.start
        for start, end, text in sorted(splices):
            self.out += (data[position:start], text)
            position = end
        self.out.append(data[position : record.end])

    def _inherits(self, record: ResourceRecord, ttl: int) -> bool:
        """Whether every server gives the record ``ttl`` when it states none."""
        ttls = self.inherited.ttls()
        if not ttls and record is self.file.soa:
            minimum = record.rdata.minimum  # type: ignore[attr-defined]
            ttls = {minimum}
            if minimum == ttl:
                self.inherited.soa_minimum = minimum
        return ttls == {ttl}

    @property
    def _line_end(self) -> bytes:
        """The line ending of the file's first line."""
        first = self.file.data.partition(b"\n")[0]
        return b"\r\n" if first.endswith(b"\r") else b"\n"

    def _end_line(self) -> None:
        """End the last line, where the old file did not."""
        last = next(filter(None, reversed(self.out)), b"\n")
        if not last.endswith(b"\n"):
            self.out.append(self._line_end)


def _owner_text(owner: Name, origin: Name) -> str:
    """An owner name as one writes it under ``$ORIGIN``: relative to it, if it can be."""
    return owner.choose_relativity(origin, relativize=True).to_text()


# ---- The safety net -----------------------------------------------------------------------------


def _verify(file: MasterFile, data: bytes, edits: dict[Key, RRsetEdit], serial: int) -> None:
    """Raise `MasterFileError` unless old and new differ in exactly the edits and the serial."""
    before = _independent_content(file.data, file)
    if before != _content(file):
        raise MasterFileError(
            f"{file.source}: not changed: dnspython reads the file differently; "
            "give every record its owner and TTL in full"
        )
    expected = dict(before)
    for (owner, rdtype), edit in edits.items():
        key = (owner, rdtype, dns.rdatatype.NONE)
        _, values = expected.pop(key, (0, frozenset()))
        if values := (values - edit.remove) | frozenset(edit.add):
            expected[key] = (edit.ttl, values)
    soa = (file.origin, dns.rdatatype.SOA, dns.rdatatype.NONE)
    ttl, _ = before[soa]
    expected[soa] = (ttl, frozenset({file.soa.rdata.replace(serial=serial)}))
    after = read(data, file.origin, file.source)
    if not expected == _content(after) == _independent_content(data, file):
        raise MasterFileError(
            f"{file.source}: not changed: the new file would not say exactly what was planned; "
            "please report this as an error in mailsync"
        )


def _content(file: MasterFile) -> Content:
    """The zone's content as we read it."""
    ttls: dict[Part, int] = {}
    values: dict[Part, set[Rdata]] = defaultdict(set)
    for ttl, owner, rdata in _values(file):
        key = (owner, rdata.rdtype, rdata.covers())
        # dnspython gives an RRset with several TTLs the lowest (RFC 2181, section 5.2).
        ttls[key] = min(ttl, ttls.get(key, ttl))
        values[key].add(rdata)
    return {key: (ttl, frozenset(values[key])) for key, ttl in ttls.items()}


def _values(file: MasterFile) -> Iterator[tuple[int, Name, Rdata]]:
    for records in file.rrsets.values():
        yield from ((record.ttl, record.owner, record.rdata) for record in records)
    for entry in file.entries:
        if isinstance(entry, Generate):
            yield from ((entry.ttl, owner, rdata) for owner, _, rdata in entry.records)


def _independent_content(data: bytes, file: MasterFile) -> Content:
    """The zone's content as dnspython reads it."""
    try:
        zone = dns.zone.from_text(
            ascii_text(data.replace(b"\r\n", b"\n")),
            origin=file.origin,
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise MasterFileError(
            f"{file.source}: not changed: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error
    return {
        (name, rdataset.rdtype, rdataset.covers): (rdataset.ttl, frozenset(rdataset))
        for name, rdataset in zone.iterate_rdatasets()
    }
