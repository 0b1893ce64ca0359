"""Records as APIs have them and as octoDNS has them, by way of dnspython's rdata.

APIs write a value in pieces (a priority here, a host name there); rdata compare as DNS does, by
octets and without regard to the case of names. Text is one piece: where it is cut into strings of
255 octets means nothing and few APIs show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.SRV import SRV

from mailsync_providers._zonefile_values import octodns_record, rdatas_of

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from octodns.record import Record
    from octodns.record.change import Change
    from octodns.zone import Zone

    Key = tuple[Name, str]

_IN = dns.rdataclass.IN


class BadRow(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """An API's record that has no meaning, or more than one; the message says why."""


@dataclass(frozen=True)
class Row:
    """One value at a DNS host. ``id`` and ``raw`` are the API's; None as ``rdata``: not understood.

    ``ttl`` in seconds. Several rows may share an id, where an API keeps whole RRsets.
    """

    owner: Name
    rdtype: str
    ttl: int
    rdata: Rdata | None
    id: str = ""
    raw: Any = field(default=None, compare=False)

    @property
    def key(self) -> Key:
        """The RRset that it belongs to."""
        return (self.owner, self.rdtype)


@dataclass(frozen=True)
class Values:
    """An RRset's content: a TTL in seconds, and values."""

    ttl: int
    rdatas: frozenset[Rdata]


@dataclass(frozen=True)
class RRsetChange:
    """One RRset from what the plan saw to what it asks for; None is absence."""

    owner: Name
    rdtype: str
    before: Values | None
    after: Values | None

    @property
    def key(self) -> Key:
        """The RRset."""
        return (self.owner, self.rdtype)

    def __str__(self) -> str:
        """Name the RRset as messages do."""
        return f"{self.owner} {self.rdtype}"


def rrset_change(change: Change) -> RRsetChange:
    """Read octoDNS' change. Raises `Unwritable` for a value that has no wire form."""
    record = change.record
    return RRsetChange(
        dns.name.from_text(record.fqdn),
        record._type,  # noqa: SLF001  # octoDNS has no other name for it
        _values(change.existing),
        _values(change.new),
    )


def _values(record: Record | None) -> Values | None:
    return None if record is None else Values(record.ttl, frozenset(rdatas_of(record)))


def by_key(rows: Iterable[Row]) -> Mapping[Key, list[Row]]:
    """Put the rows of each RRset together."""
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.key].append(row)
    return found


def values_of(zone: Zone, rows: Sequence[Row]) -> Values | None:
    """Give what octoDNS can hold of one RRset's rows; None where that is nothing."""
    record = record_of(zone, rows)
    return None if record is None else _values(record)


def record_of(zone: Zone, rows: Sequence[Row]) -> Record | None:
    """Make octoDNS' record of one RRset's rows; None where it can hold none of the values.

    The highest TTL counts where rows differ: what is asked for is how long an answer may be held.
    """
    whole = _record(zone, rows)
    return whole if whole is not None else _record(zone, _one_by_one(zone, rows))


def holdable(zone: Zone, rows: Sequence[Row]) -> list[Row]:
    """Give those of an RRset's rows whose values octoDNS can hold."""
    if _record(zone, rows) is not None:
        return [row for row in rows if row.rdata is not None]
    return _one_by_one(zone, rows)


def _one_by_one(zone: Zone, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if _record(zone, [row]) is not None]


def _record(zone: Zone, rows: Sequence[Row]) -> Record | None:
    """Make a record of all that is understood; None where octoDNS cannot hold some of it."""
    rdatas = list(dict.fromkeys(row.rdata for row in rows if row.rdata is not None))
    if not rdatas:
        return None
    ttl = max(row.ttl for row in rows if row.rdata is not None)
    try:
        return octodns_record(zone, rows[0].owner, ttl, rdatas, lenient=True)
    except Exception:  # noqa: BLE001  # octoDNS raises many kinds for a value that it cannot hold
        return None


# ---- From an API's pieces to rdata ---------------------------------------------------------------


def name_in(zone: str, text: object) -> Name:
    """Read an owner as in a master file: ``@`` or nothing is the zone, a final dot is absolute.

    Raises `BadRow`, also for a name outside of the zone.
    """
    origin = dns.name.from_text(zone)
    if text in {"", "@"}:
        return origin
    if not isinstance(text, str):
        raise BadRow(f"{text!r} is no name")
    try:
        name = dns.name.from_text(text, origin, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise BadRow(f"{text!r} is no name: {error}") from None
    if not name.is_subdomain(origin):
        raise BadRow(f"{text!r} is not in the zone")
    return name


def host(text: object) -> Name:
    """Read a host name that is absolute, whether or not it ends in a dot. Raises `BadRow`."""
    if not isinstance(text, str) or not text:
        raise BadRow(f"{text!r} is no host name")
    try:
        return dns.name.from_text(text, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise BadRow(f"{text!r} is no name: {error}") from None


def number(value: object) -> int:
    """Read a number that may be written as text. Raises `BadRow`."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 11:
        return number(int(value))
    raise BadRow(f"{value!r} is no number")


def mx(preference: object, exchange: object) -> Rdata:
    """Make an MX value. Raises `BadRow`."""
    name = dns.name.root if exchange == "." else host(exchange)
    return _made(MX, "MX", number(preference), name)


def srv(priority: object, weight: object, port: object, target: object) -> Rdata:
    """Make an SRV value. Raises `BadRow`."""
    name = dns.name.root if target == "." else host(target)
    return _made(SRV, "SRV", number(priority), number(weight), number(port), name)


def txt(text: object, rdtype: str = "TXT") -> Rdata:
    """Make a TXT value of its whole text. Raises `BadRow`."""
    if not isinstance(text, str):
        raise BadRow(f"{text!r} is no text")
    octets = text.encode("utf-8", "surrogatepass")
    strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    return _made(TXT, rdtype, strings)


def _made(kind: Any, rdtype: str, *fields: Any) -> Rdata:
    try:
        made: Rdata = kind(_IN, dns.rdatatype.from_text(rdtype), *fields)
    except (ValueError, dns.exception.DNSException) as error:
        raise BadRow(str(error)) from None
    return made


def presented(rdtype: str, text: object, origin: Name | None = None) -> Rdata:
    """Read a value in presentation text; names without a final dot are relative to ``origin``.

    Text values come out in strings of 255 octets, wherever they were cut. Raises `BadRow`.
    """
    if not isinstance(text, str):
        raise BadRow(f"{text!r} is no text")
    try:
        rdata = dns.rdata.from_text(
            _IN, dns.rdatatype.from_text(rdtype), text, origin or dns.name.root, relativize=False
        )
    except (ValueError, dns.exception.DNSException) as error:
        raise BadRow(f"{text[:80]!r} is no {rdtype} value: {error}") from None
    if isinstance(rdata, TXT):
        joined = b"".join(rdata.strings)
        strings = [joined[at : at + 255] for at in range(0, len(joined), 255)] or [b""]
        return rdata.replace(strings=tuple(strings))
    return rdata


# ---- From rdata to an API's pieces ---------------------------------------------------------------


def text_of(rdata: Any) -> str:
    """Give a TXT value's whole text."""
    return b"".join(rdata.strings).decode("utf-8", "surrogateescape")


def relative(owner: Name, zone: str) -> str:
    """Write an owner relative to its zone; ``@`` for the zone itself."""
    return owner.relativize(dns.name.from_text(zone)).to_text()


def host_of(rdata: Any) -> str:
    """Give the host that an MX, SRV, CNAME, NS or PTR value names, with its final dot."""
    for attribute in ("exchange", "target"):
        if hasattr(rdata, attribute):
            return str(getattr(rdata, attribute).to_text())
    raise TypeError(type(rdata).__name__)


def target_of(rdtype: str, text: object) -> Rdata:
    """Make the value of a type that is one host name and no more. Raises `BadRow`."""
    return presented(rdtype, host(text).to_text())
