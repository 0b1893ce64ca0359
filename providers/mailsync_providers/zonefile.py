"""octoDNS provider for RFC 1035 master files, changed in place.

One file per zone. Comments, order and layout stay as they are: only the lines of changed values and
the SOA's serial change. octoDNS' view of a record meets the file's here; `_masterfile` reads,
`_masteredit` writes and checks.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT
from octodns.provider import ProviderException
from octodns.provider.base import BaseProvider
from octodns.record import Create, Delete, Record
from octodns.record.exception import RecordException, ValidationError
from octodns.record.rr import Rrset
from octodns.record.txt import TxtValue

from mailsync_providers._masteredit import RRsetEdit, edited
from mailsync_providers._masterfile import MasterFile, ResourceRecord, read
from mailsync_providers._masterlexer import MAX_OCTETS, MasterFileError
from mailsync_providers._replace import FileChanged, read_regular_file, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType
    from octodns.provider.plan import Plan
    from octodns.record.change import Change
    from octodns.zone import Zone

_TEXT_TYPES = {"TXT", "SPF"}
# What vouches for other records of the zone: a change would leave it wrong.
_SIGNED_TYPES = {
    dns.rdatatype.RRSIG,
    dns.rdatatype.NSEC,
    dns.rdatatype.NSEC3,
    dns.rdatatype.ZONEMD,
}


class ZoneFileError(ProviderException):
    """A master file that cannot be read or safely changed; one line, with ``file:line`` or file."""


class ZoneFileMissing(ZoneFileError):  # noqa: N818  # named for what happened
    """The zone has no file."""


class ZoneFileChanged(ZoneFileError):  # noqa: N818  # named for what happened
    """The file is not what it was when the plan was made; nothing was written."""


class ZoneFileRefused(ZoneFileError):  # noqa: N818  # named for what happened
    """A change that would touch what this provider must not touch; nothing was written."""


def _now() -> datetime:
    return datetime.now(UTC)


class ZoneFileProvider(BaseProvider):
    """One RFC 1035 master file per zone, changed in place.

    ::

        providers:
          local:
            class: mailsync_providers.zonefile.ZoneFileProvider
            directory: ./live           # holds DIRECTORY/ZONE.zone, ZONE without its final dot
            file_extension: .zone       # optional, this is the default

    A ``/`` in a zone's name (RFC 2317) is ``%2F`` in the file's. Files are changed, never created.
    ``clock`` gives the present time, for serials that carry the date (in UTC).
    """

    SUPPORTS_GEO = False
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS_ROOT_NS = True
    SUPPORTS: ClassVar[set[str]] = {
        "A",
        "AAAA",
        "CAA",
        "CNAME",
        "DNAME",
        "DS",
        "HTTPS",
        "LOC",
        "MX",
        "NAPTR",
        "NS",
        "OPENPGPKEY",
        "PTR",
        "SPF",
        "SRV",
        "SSHFP",
        "SVCB",
        "TLSA",
        "TXT",
        "URI",
    }

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        directory: str,
        file_extension: str = ".zone",
        *args: Any,
        clock: Callable[[], datetime] = _now,
        **kwargs: Any,
    ) -> None:
        self.log = logging.getLogger(f"ZoneFileProvider[{id}]")
        super().__init__(id, *args, **kwargs)
        self.directory = Path(directory)
        self.file_extension = file_extension
        self.clock = clock
        # What each zone's file held when it was last read as a target, or written.
        self._read: dict[str, bytes] = {}

    def path(self, zone_name: str) -> Path:
        """The file of a zone, named with its final dot."""
        stem = zone_name.removesuffix(".").replace("%", "%25").replace("/", "%2F")
        return self.directory / f"{stem}{self.file_extension}"

    def list_zones(self) -> Iterator[str]:
        """The zones that have a file, by name, each with its final dot."""
        try:
            names = sorted(path.name for path in self.directory.iterdir() if path.is_file())
        except OSError as error:
            raise ZoneFileError(f"{self.directory}: {error.strerror}") from error
        for name in names:
            stem = name.removesuffix(self.file_extension)
            if name.endswith(self.file_extension) and stem and not name.startswith("."):
                yield stem.replace("%2F", "/").replace("%25", "%") + "."

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002
        """Add the file's records to ``zone``; whether the zone has a file.

        An RRset that octoDNS cannot hold is left out (``lenient``: with a warning), and guarded.
        Raises `ZoneFileError`; `ZoneFileMissing` only for a source, whose absence must not be
        taken for an empty zone.
        """
        try:
            data = self._data(zone.name)
        except ZoneFileMissing:
            if not target:
                raise
            return False
        file = self._parse(zone.name, data)
        if target:
            self._read[zone.name] = data
        for owner, rdtype in sorted(file.rrsets.keys() | file.generated.keys()):
            if dns.rdatatype.to_text(rdtype) in self.SUPPORTS:
                record = self._record(zone, file, owner, rdtype, lenient=lenient)
                if record is not None:
                    zone.add_record(record, lenient=lenient)
        self.log.info("populate:   found %s records", len(zone.records))
        return True

    def _record(
        self, zone: Zone, file: MasterFile, owner: Name, rdtype: RdataType, *, lenient: bool
    ) -> Record | None:
        """An RRset as octoDNS' record; ``None`` if octoDNS has no form for it."""
        records = file.rrsets.get((owner, rdtype), [])
        generated = file.generated.get((owner, rdtype), [])
        ttls = {record.ttl for record in records} | {entry.ttl for entry, _ in generated}
        line = records[0].line if records else generated[0][0].line
        what = f"{file.source}:{line}: {owner} {dns.rdatatype.to_text(rdtype)}"
        if len(ttls) > 1:
            self.log.warning("populate: %s has several TTLs; the highest counts", what)
        rdatas = [record.rdata for record in records] + [rdata for _, rdata in generated]
        try:
            # The highest TTL: what is asked for is how long an answer may be held somewhere.
            return _octodns_record(
                zone, owner, max(ttls), list(dict.fromkeys(rdatas)), lenient=lenient
            )
        except (RecordException, ValueError) as error:
            if not lenient or isinstance(error, ValidationError):
                raise ZoneFileError(f"{what}: {_one_line(error)}") from error
            self.log.warning("populate: %s is left alone: %s", what, _one_line(error))
            return None

    def _data(self, zone_name: str) -> bytes:
        path = self.path(zone_name)
        try:
            return read_regular_file(path, MAX_OCTETS + 1)
        except FileNotFoundError as error:
            if not self.directory.is_dir():
                raise ZoneFileError(f"{self.directory}: no such directory") from error
            raise ZoneFileMissing(
                f"{path}: no such file; create it with the zone's SOA and NS records"
            ) from error
        except OSError as error:
            raise ZoneFileError(f"{path}: {error.strerror}") from error

    def _parse(self, zone_name: str, data: bytes) -> MasterFile:
        try:
            return read(data, dns.name.from_text(zone_name), str(self.path(zone_name)))
        except MasterFileError as error:
            raise ZoneFileError(str(error)) from error

    def _apply(self, plan: Plan) -> None:
        """Write the plan's changes; raises `ZoneFileError` and leaves the file as it was."""
        zone = plan.desired
        path = self.path(zone.name)
        old = self._data(zone.name)
        if zone.name not in self._read:
            raise ZoneFileRefused(f"{path}: not read by this provider yet; plan first, then apply")
        if self._read[zone.name] != old:
            raise ZoneFileChanged(f"{path}: changed since the plan was made; plan again")
        file = self._parse(zone.name, old)
        for entry in file.entries:
            if isinstance(entry, ResourceRecord) and entry.rdtype in _SIGNED_TYPES:
                what = dns.rdatatype.to_text(entry.rdtype)
                raise ZoneFileRefused(
                    f"{path}:{entry.line}: {what} record: the file is signed;"
                    " point the provider at the unsigned file that it is made from"
                )
        edits = [self._edit(zone, file, change) for change in plan.changes]
        try:
            new = edited(file, edits, self.clock().astimezone(UTC).date())
            replace_file(path, old, new)
        except MasterFileError as error:
            raise ZoneFileRefused(str(error)) from error
        except FileChanged as error:
            raise ZoneFileChanged(f"{path}: changed since the plan was made; plan again") from error
        except OSError as error:
            raise ZoneFileError(f"{path}: cannot be written: {error.strerror}") from error
        self._read[zone.name] = new

    def _edit(self, zone: Zone, file: MasterFile, change: Change) -> RRsetEdit:
        """The edit that carries out one change, value by value."""
        record = change.record
        owner = dns.name.from_text(record.fqdn)
        rdtype = dns.rdatatype.from_text(record._type)  # noqa: SLF001  # octoDNS has no other name
        what = f"{owner} {record._type}"  # noqa: SLF001
        for entry, _ in file.generated.get((owner, rdtype), ()):
            raise ZoneFileRefused(
                f"{file.source}:{entry.line}: {what} comes from $GENERATE: write its records out"
            )
        # As octoDNS sees the values: a TXT's split into strings, or a name's case, is no change.
        held = {
            entry.rdata: _normal(zone, owner, entry.rdata)
            for entry in file.rrsets.get((owner, rdtype), ())
        }
        planned = set() if isinstance(change, Create) else set(_rdatas(change.existing))
        if set(held.values()) != planned:
            raise ZoneFileRefused(
                f"{file.source}: {what} holds other values than the plan knows; plan again"
            )
        wanted = [] if isinstance(change, Delete) else _rdatas(change.new)
        return RRsetEdit(
            owner=owner,
            rdtype=rdtype,
            ttl=record.ttl,
            remove=frozenset(rdata for rdata, normal in held.items() if normal not in wanted),
            add=tuple(dict.fromkeys(rdata for rdata in wanted if rdata not in planned)),
        )


# ---- octoDNS' values and dnspython's -------------------------------------------------------------


def _octodns_record(
    zone: Zone, owner: Name, ttl: int, rdatas: list[Rdata], *, lenient: bool
) -> Record:
    """The record that octoDNS makes of an RRset; raises its `RecordException`."""
    rdtype = dns.rdatatype.to_text(rdatas[0].rdtype)
    # octoDNS reads hexadecimal and base64 data in one piece only.
    texts = [rdata.to_text(chunksize=0) for rdata in rdatas]
    rrset = Rrset(owner.canonicalize().to_text(), rdtype, ttl, texts)
    record = Record.from_rrset(zone, rrset, lenient=lenient)
    if rdtype in _TEXT_TYPES:
        # Its constructor takes quotation marks that are part of the text for ones around it.
        values = [TxtValue.normalize_raw_text(_text(rdata)) for rdata in rdatas]
        record.values = sorted(TxtValue(value) for value in values)
    return record


def _text(rdata: Rdata) -> str:
    return b"".join(rdata.strings).decode("utf-8")  # type: ignore[attr-defined]


def _rdatas(record: Record) -> list[Rdata]:
    """The values of octoDNS' record, as they go into the file."""
    if record._type in _TEXT_TYPES:  # noqa: SLF001
        return [
            _txt(dns.rdatatype.from_text(record._type), value.to_raw_text().encode())  # noqa: SLF001
            for value in record.values
        ]
    rrset = record.to_rrset()
    return [
        dns.rdata.from_text(
            dns.rdataclass.IN,
            rrset._type,  # noqa: SLF001
            text,
            origin=dns.name.root,
            relativize=False,
        )
        for text in rrset.rdatas
    ]


def _txt(rdtype: RdataType, text: bytes) -> Rdata:
    """Text of any length, in character strings of at most 255 octets (RFC 1035, section 3.3)."""
    strings = [text[i : i + 255] for i in range(0, len(text), 255)] or [b""]
    return TXT(dns.rdataclass.IN, rdtype, strings)


def _normal(zone: Zone, owner: Name, rdata: Rdata) -> Rdata:
    """A value of the file as octoDNS would write it; itself where octoDNS has no form for it."""
    try:
        (normal,) = _rdatas(_octodns_record(zone, owner, 0, [rdata], lenient=True))
    except (RecordException, ValueError):
        return rdata
    return normal


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
