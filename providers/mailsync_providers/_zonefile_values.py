"""octoDNS' view of the values in a master file: what it can hold, and as what.

octoDNS keeps text, a file octets, and some values have no form in octoDNS: text that is no UTF-8,
parameters that its parser does not take. Those are told apart here, value by value, so that the
provider can leave them where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT
from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.record.txt import TxtValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType
    from octodns.zone import Zone

_TEXT_TYPES = {"TXT", "SPF"}


class Unwritable(Exception):  # noqa: N818  # never leaves the provider
    """A value that octoDNS cannot write into a file, or not as it read it; the message says why."""


def octodns_record(
    zone: Zone, owner: Name, ttl: int, rdatas: Sequence[Rdata], *, lenient: bool
) -> Record:
    """The record that octoDNS makes of an RRset; ``ttl`` in seconds.

    Raises `Unwritable` for a value that would come back as another one, and whatever octoDNS and
    what it stands on raise for one that they cannot hold.
    """
    rdtype = dns.rdatatype.to_text(rdatas[0].rdtype)
    # octoDNS reads hexadecimal and base64 data in one piece only.
    texts = [rdata.to_text(chunksize=0) for rdata in rdatas]
    rrset = Rrset(owner.canonicalize().to_text(), rdtype, ttl, texts)
    record = Record.from_rrset(zone, rrset, lenient=lenient)
    if rdtype in _TEXT_TYPES:
        # Its constructor takes quotation marks that are part of the text for ones around it.
        values = [TxtValue.normalize_raw_text(_text(rdata)) for rdata in rdatas]
        record.values = sorted(TxtValue(value) for value in values)
    else:
        misread = {_meaning(rdata) for rdata in rdatas}
        misread.difference_update(_meaning(rdata) for rdata in rdatas_of(record))
        if misread:
            raise Unwritable("octoDNS reads it as another value")
    return record


def rdatas_of(record: Record) -> list[Rdata]:
    """The values of octoDNS' record, as they go into the file; raises `Unwritable`."""
    rdtype = dns.rdatatype.from_text(record._type)  # noqa: SLF001  # octoDNS has no other name
    try:
        if record._type in _TEXT_TYPES:  # noqa: SLF001
            return [_txt(rdtype, value.to_raw_text().encode()) for value in record.values]
        return [_rdata(rdtype, text) for text in record.to_rrset().rdatas]
    except (dns.exception.DNSException, ValueError) as error:
        raise Unwritable(f"octoDNS' value has no wire form: {one_line(error)}") from error


def as_octodns_writes(zone: Zone, owner: Name, rdata: Rdata) -> Rdata | None:
    """A value of the file as octoDNS would write it; ``None`` if it is beyond octoDNS.

    Both sides of every comparison are made this way: how a TXT is split into strings, or the case
    of a name, is no difference.
    """
    try:
        (written,) = rdatas_of(octodns_record(zone, owner, 0, [rdata], lenient=True))
    except Exception:  # noqa: BLE001  # RecordException, IdnaError, KeyError: it parses as it goes
        return None
    return written


def check_readable(zone: Zone, owner: Name, rdatas: Iterable[Rdata]) -> None:
    """Raise `Unwritable` if octoDNS takes a value but could not read it back from the file."""
    for rdata in rdatas:
        if as_octodns_writes(zone, owner, rdata) is None:
            raise Unwritable(f"octoDNS could not read {rdata.to_text()[:200]} again")


def one_line(error: Exception) -> str:
    """What an exception says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _meaning(rdata: Rdata) -> bytes:
    """What octoDNS has to preserve: all but the case of names and of a NAPTR's flags."""
    return rdata.to_digestable().lower()


def _text(rdata: Rdata) -> str:
    return b"".join(rdata.strings).decode("utf-8")  # type: ignore[attr-defined]


def _rdata(rdtype: RdataType, text: str) -> Rdata:
    return dns.rdata.from_text(
        dns.rdataclass.IN, rdtype, text, origin=dns.name.root, relativize=False
    )


def _txt(rdtype: RdataType, text: bytes) -> Rdata:
    """Text of any length, in character strings of at most 255 octets (RFC 1035, section 3.3)."""
    strings = [text[i : i + 255] for i in range(0, len(text), 255)] or [b""]
    return TXT(dns.rdataclass.IN, rdtype, strings)
