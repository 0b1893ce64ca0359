"""octoDNS provider for RFC 1035 master files, changed in place.

One file per zone. Comments, order and layout stay as they are: only the lines of changed values and
the SOA's serial change. octoDNS' view of a record meets the file's here; `_masterfile` reads,
`_masteredit` writes and checks.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name
import dns.rdatatype
from octodns.provider import ProviderException
from octodns.provider.base import BaseProvider

from mailsync_providers._masteredit import RRsetEdit, edited
from mailsync_providers._masterfile import MasterFile, ResourceRecord, read
from mailsync_providers._masterlexer import MAX_OCTETS, MasterFileError
from mailsync_providers._replace import (
    FileChanged,
    NotYetDurable,
    read_regular_file,
    replace_file,
)
from mailsync_providers._zonefile_values import (
    Unwritable,
    as_octodns_writes,
    check_readable,
    octodns_record,
    one_line,
    rdatas_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType
    from octodns.provider.plan import Plan
    from octodns.record import Record
    from octodns.record.change import Change
    from octodns.zone import Zone

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

    Values that octoDNS cannot hold, such as text that is no UTF-8, are logged when read, and stay.
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

        ``lenient``: a value that octoDNS cannot hold is left out, with a warning, and stays in the
        file whatever becomes of its RRset; an RRset of which nothing else is left is not added.
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
        """What octoDNS can hold of an RRset, as its record; ``None`` if that is nothing."""
        lines: dict[Rdata, int] = {}
        ttls = set()
        for record in file.rrsets.get((owner, rdtype), ()):
            lines.setdefault(record.rdata, record.line)
            ttls.add(record.ttl)
        for entry, rdata in file.generated.get((owner, rdtype), ()):
            lines.setdefault(rdata, entry.line)
            ttls.add(entry.ttl)
        what = f"{owner} {dns.rdatatype.to_text(rdtype)}"
        line = next(iter(lines.values()))
        if len(ttls) > 1:
            self.log.warning(
                "populate: %s:%d: %s has several TTLs; the highest counts", file.source, line, what
            )
        # The highest TTL: what is asked for is how long an answer may be held somewhere.
        ttl = max(ttls)
        try:
            return octodns_record(zone, owner, ttl, list(lines), lenient=lenient)
        except Exception as error:  # octoDNS raises many kinds, see `as_octodns_writes`
            hidden = {
                rdata: at
                for rdata, at in lines.items()
                if as_octodns_writes(zone, owner, rdata) is None
            }
            line = min(hidden.values(), default=line)
            if not lenient:
                raise ZoneFileError(f"{file.source}:{line}: {what}: {one_line(error)}") from error
            self.log.warning(
                "populate: %s:%d: %s: %d of %d values left alone: %s",
                *(file.source, line, what, len(hidden), len(lines), one_line(error)),
            )
        held = [rdata for rdata in lines if rdata not in hidden]
        return octodns_record(zone, owner, ttl, held, lenient=True) if held else None

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
        """Write the plan's changes; raises `ZoneFileError`.

        If nothing was written, as nearly always, the message says so.
        """
        zone_name = plan.desired.name
        path = self.path(zone_name)
        with _nothing_written():
            old = self._data(zone_name)
            if zone_name not in self._read:
                raise ZoneFileRefused(
                    f"{path}: not read by this provider yet: plan first, then apply"
                )
            if self._read[zone_name] != old:
                raise ZoneFileChanged(f"{path}: changed since the plan was made: plan again")
            new = self._edited(plan, self._parse(zone_name, old))
        self._replace(path, old, new)
        self._read[zone_name] = new

    def _replace(self, path: Path, old: bytes, new: bytes) -> None:
        try:
            with _nothing_written():
                try:
                    replace_file(path, old, new)
                except FileChanged as error:
                    raise ZoneFileChanged(
                        f"{path}: changed since the plan was made: plan again"
                    ) from error
                except OSError as error:
                    raise ZoneFileError(f"{path}: cannot be written: {error.strerror}") from error
        except NotYetDurable as error:
            raise ZoneFileError(
                f"{path}: written, but may not outlast a power failure: {error}"
            ) from error

    def _edited(self, plan: Plan, file: MasterFile) -> bytes:
        """The file with the plan's changes made."""
        for entry in file.entries:
            if isinstance(entry, ResourceRecord) and entry.rdtype in _SIGNED_TYPES:
                what = dns.rdatatype.to_text(entry.rdtype)
                raise ZoneFileRefused(
                    f"{file.source}:{entry.line}: {what} record: the file is signed:"
                    " point the provider at the unsigned file that it is made from"
                )
        edits = [self._edit(plan.desired, file, change) for change in plan.changes]
        return edited(file, edits, self.clock().astimezone(UTC).date())

    def _edit(self, zone: Zone, file: MasterFile, change: Change) -> RRsetEdit:
        """The edit that carries out one change, value by value.

        Values that octoDNS cannot hold are nobody's to remove: they stay, with the RRset's TTL.
        """
        record = change.record
        owner = dns.name.from_text(record.fqdn)
        rdtype = dns.rdatatype.from_text(record._type)  # noqa: SLF001  # octoDNS has no other name
        what = f"{owner} {record._type}"  # noqa: SLF001
        for entry, _ in file.generated.get((owner, rdtype), ()):
            raise ZoneFileRefused(
                f"{file.source}:{entry.line}: {what} comes from $GENERATE: write its records out"
            )
        try:
            planned = set(rdatas_of(change.existing)) if change.existing else set()
            wanted = dict.fromkeys(rdatas_of(change.new) if change.new else ())
            new = [rdata for rdata in wanted if rdata not in planned]
            check_readable(zone, owner, new)
        except Unwritable as error:
            raise ZoneFileRefused(f"{file.source}: {what}: {error}") from error
        written = {
            entry: as_octodns_writes(zone, owner, entry.rdata)
            for entry in file.rrsets.get((owner, rdtype), ())
        }
        hidden = [entry for entry, value in written.items() if value is None]
        kept = {None, *wanted}
        gone = frozenset(entry.rdata for entry, value in written.items() if value not in kept)
        if set(written.values()) - {None} != planned:
            raise ZoneFileRefused(
                f"{file.source}: {what} holds other values than the plan knows: plan again"
            )
        if hidden and not planned:
            raise ZoneFileRefused(
                f"{file.source}:{hidden[0].line}: {what} is there, and octoDNS can hold none of its"
                " values: change it by hand"
            )
        # What stays after a deletion keeps its TTL; it has but one (RFC 2181, section 5.2).
        kept_ttl = max((entry.ttl for entry in hidden), default=record.ttl)
        return RRsetEdit(
            owner=owner,
            rdtype=rdtype,
            ttl=record.ttl if change.new else kept_ttl,
            remove=gone,
            add=tuple(new),
        )


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Say of every refusal that the file is as it was."""
    try:
        yield
    except MasterFileError as error:
        raise ZoneFileRefused(f"{error}; nothing was written") from error
    except ZoneFileError as error:
        raise type(error)(f"{error}; nothing was written") from error.__cause__
