"""RFC 1035 master files, read so that they can be changed in place.

Everything is bytes and offsets into them: a record knows where its line begins and ends, where its
TTL stands or would stand, and where its data begins. What two name servers could read differently
is refused, with the line, instead of guessed. `_masteredit` writes.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.ttl
import dns.zone

from mailsync_providers._masterlexer import Entry, Lexer, holds_string, shown

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

    from mailsync_providers._masterlexer import Token

    Key = tuple[Name, RdataType]

# Bounds for hostile files: dnspython's reader is quadratic in an RRset's and an owner's size.
MAX_GENERATED = 65_536  # records from $GENERATE, in a file
MAX_RRSET = 5_461  # records: at 12 octets and more each, a DNS message holds no more
MAX_TYPES = 256  # RRsets of one owner

_GENERATE_RANGE = re.compile(r"(\d{1,10})-(\d{1,10})(?:/(\d{1,10}))?")
_PARAMETER_TYPES = {dns.rdatatype.SVCB, dns.rdatatype.HTTPS}
_GENERATE_LITERAL = re.compile(r"\\.|\$\$")


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """One record as it stands in the file: its meaning, and where its parts are (byte offsets).

    ``start`` to ``end`` are whole lines, line ending included. ``ttl`` is in seconds, stated or
    inherited. ``head`` is where the first field after the owner begins: a TTL may be put there.
    """

    line: int
    start: int
    end: int
    owner: Name
    owner_stated: bool
    ttl: int
    ttl_field: Token | None
    head: int
    rdtype: RdataType
    type_field: Token
    rdata: Rdata
    rdata_fields: tuple[Token, ...]
    origin: Name

    @property
    def key(self) -> Key:
        """The RRset that the record belongs to."""
        return (self.owner, self.rdtype)


@dataclass(frozen=True, slots=True)
class DefaultTtl:
    """A ``$TTL`` directive (RFC 2308, section 4), in seconds."""

    ttl: int


@dataclass(frozen=True, slots=True)
class Generate:
    """A ``$GENERATE`` directive (BIND's extension), and the records that it stands for."""

    line: int
    ttl: int
    records: tuple[tuple[Name, RdataType, Rdata], ...]


@dataclass(slots=True)
class Inheritance:
    """What a record takes from the lines before it (RFC 1035, section 5.1; RFC 2308, section 4)."""

    owner: Name | None = None
    default_ttl: int | None = None
    last_ttl: int | None = None
    soa_minimum: int | None = None

    def ttls(self) -> set[int]:
        """The TTLs that servers may give a record that states none; more than one: they differ.

        Without ``$TTL`` it is the TTL stated last. After an SOA without a TTL of its own, BIND
        stays with the SOA's MINIMUM, while others go on to the TTL stated last.
        """
        if self.default_ttl is not None:
            return {self.default_ttl}
        return {ttl for ttl in (self.last_ttl, self.soa_minimum) if ttl is not None}


@dataclass(frozen=True)
class MasterFile:
    """A master file that was read whole. ``origin`` is the zone's apex."""

    source: str
    data: bytes
    origin: Name
    entries: tuple[ResourceRecord | DefaultTtl | Generate, ...]
    final_origin: Name
    soa: ResourceRecord

    @functools.cached_property
    def rrsets(self) -> dict[Key, list[ResourceRecord]]:
        """The records written out in the file, by RRset; without out-of-zone data."""
        rrsets: dict[Key, list[ResourceRecord]] = defaultdict(list)
        for entry in self.entries:
            if isinstance(entry, ResourceRecord) and entry.owner.is_subdomain(self.origin):
                rrsets[entry.key].append(entry)
        return dict(rrsets)

    @functools.cached_property
    def generated(self) -> dict[Key, list[tuple[Generate, Rdata]]]:
        """The records that ``$GENERATE`` directives stand for, by RRset."""
        rrsets: dict[Key, list[tuple[Generate, Rdata]]] = defaultdict(list)
        for entry in self.entries:
            if isinstance(entry, Generate):
                for owner, rdtype, rdata in entry.records:
                    rrsets[owner, rdtype].append((entry, rdata))
        return dict(rrsets)


def read(data: bytes, origin: Name, source: str) -> MasterFile:
    """Read the master file ``data`` of the zone ``origin``; ``source`` names it in errors.

    Raises `MasterFileError` at the first thing that is wrong, or that is not understood.
    """
    return _Reader(Lexer(data, source), origin).read()


@dataclass
class _Reader:
    """One pass over a master file, from the first byte to the last."""

    lexer: Lexer
    zone: Name
    origin: Name = field(init=False)
    inherited: Inheritance = field(default_factory=Inheritance)
    singletons: dict[Key, ResourceRecord] = field(default_factory=dict)
    generated: int = 0
    rrset_sizes: Counter[Key] = field(default_factory=Counter)
    types: Counter[Name] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.origin = self.zone

    def read(self) -> MasterFile:
        """The whole file."""
        lexer = self.lexer
        entries = tuple(entry for entry in map(self._entry, lexer.entries()) if entry is not None)
        soa = self.singletons.get((self.zone, dns.rdatatype.SOA))
        if soa is None:
            self._fail(f"no SOA record for {self.zone}")
        return MasterFile(lexer.source, lexer.data, self.zone, entries, self.origin, soa)

    def _fail(self, what: str, offset: int | None = None) -> NoReturn:
        self.lexer.fail(what, offset)

    def _entry(self, entry: Entry) -> ResourceRecord | DefaultTtl | Generate | None:
        if self.lexer.data[entry.start] == ord("$"):
            return self._directive(entry)
        return self._record(entry)

    def _word(self, entry: Entry, index: int, what: str) -> str:
        """The text of an unquoted field."""
        if index >= len(entry.fields):
            self._fail(f"the line ends where {what} belongs")
        text = self.lexer.text(entry.fields[index])
        if text.startswith('"') or holds_string(text):
            self._fail(f"a quoted string where {what} belongs", entry.fields[index][0])
        return text

    def _name(self, text: str) -> Name:
        try:
            return dns.name.from_text(text, self.origin)
        except dns.exception.DNSException as error:
            self._fail(f"bad name {shown(text)}: {error}")

    def _ttl(self, text: str) -> int:
        try:
            return dns.ttl.from_text(text)
        except (dns.ttl.BadTTL, ValueError):  # ValueError: thousands of digits
            self._fail(f"bad TTL {shown(text)}")

    def _directive(self, entry: Entry) -> DefaultTtl | Generate | None:
        name = self.lexer.text(entry.fields[0]).upper()
        if name == "$GENERATE":
            return self._generate(entry)
        if name == "$INCLUDE":
            self._fail(
                "$INCLUDE is not supported: only a file that holds its zone whole is changed"
            )
        if name not in {"$TTL", "$ORIGIN"}:
            self._fail(f"unknown directive {shown(name)}")
        text = self._word(entry, 1, "the directive's value")
        if len(entry.fields) > 2:
            self._fail(f"text after the value of {name}", entry.fields[2][0])
        if name == "$ORIGIN":
            self.origin = self._name(text)
            return None
        self.inherited.default_ttl = self._ttl(text)
        return DefaultTtl(self.inherited.default_ttl)

    def _generate(self, entry: Entry) -> Generate:
        """The records of ``$GENERATE range owner [TTL] [class] type data``."""
        ttl = self.inherited.default_ttl
        if ttl is None:
            # BIND and others do not agree on what it inherits and hands on.
            self._fail("$GENERATE without a $TTL before it")
        span = _GENERATE_RANGE.fullmatch(self._word(entry, 1, "the range"))
        step = int(span[3] or 1) if span else 0
        if span is None or step == 0 or int(span[1]) > int(span[2]):
            self._fail(f"bad $GENERATE range {shown(self.lexer.text(entry.fields[1]))}")
        count = (int(span[2]) - int(span[1])) // step + 1
        self.generated += count
        one_owner = "$" not in _GENERATE_LITERAL.sub("", self._word(entry, 2, "the owner name"))
        if self.generated > MAX_GENERATED or (one_owner and count > MAX_RRSET):
            self._fail("$GENERATE stands for too many records")
        text = " ".join(self.lexer.text(token) for token in entry.fields)
        try:
            zone = dns.zone.from_text(
                f"$ORIGIN {self.origin}\n$TTL {ttl}\n{text}\n",
                origin=self.zone,
                relativize=False,
                check_origin=False,
            )
        except (dns.exception.DNSException, ValueError):
            self._fail("bad $GENERATE")
        self.inherited.owner = None  # servers do not agree on what it is now
        records = tuple((name, rdata.rdtype, rdata) for name, _, rdata in zone.iterate_rdatas())
        for name, rdtype, _ in records:
            self._count((name, rdtype))
        return Generate(
            entry.line, next((ttl for _, ttl, _ in zone.iterate_rdatas()), ttl), records
        )

    def _record(self, entry: Entry) -> ResourceRecord:
        """``[owner] [TTL] [class] type data``, TTL and class in any order."""
        inherited = self.inherited
        stated = self.lexer.data[entry.start] not in b" \t"
        if stated:
            inherited.owner = self._name(self._word(entry, 0, "the owner name"))
        if inherited.owner is None:
            self._fail("no owner name, and none to take over from the lines before")
        head = index = int(stated)
        ttl_field: Token | None = None
        has_class = False
        while True:
            text = self._word(entry, index, "the record's type")
            if ttl_field is None and text[0].isdigit():
                ttl_field = entry.fields[index]
                inherited.last_ttl = self._ttl(text)
            elif not has_class and _is_class(text):
                if dns.rdataclass.from_text(text) != dns.rdataclass.IN:
                    self._fail(f"class {text}: only IN is supported", entry.fields[index][0])
                has_class = True
            else:
                break
            index += 1
        rdtype = self._rdtype(text)
        fields = tuple(entry.fields[index + 1 :])
        rdata = self._rdata(rdtype, fields)
        record = ResourceRecord(
            line=entry.line,
            start=entry.start,
            end=entry.end,
            owner=inherited.owner,
            owner_stated=stated,
            ttl=self._record_ttl(rdata, stated=ttl_field is not None),
            ttl_field=ttl_field,
            head=entry.fields[head][0],
            rdtype=rdtype,
            type_field=entry.fields[index],
            rdata=rdata,
            rdata_fields=fields,
            origin=self.origin,
        )
        self._count(record.key)
        if dns.rdatatype.is_singleton(rdtype):
            self._take_singleton(record)
        return record

    def _rdtype(self, text: str) -> RdataType:
        try:
            rdtype = dns.rdatatype.from_text(text)
        except (dns.exception.DNSException, ValueError):
            rdtype = dns.rdatatype.NONE
        if rdtype == dns.rdatatype.NONE or dns.rdatatype.is_metatype(rdtype):
            self._fail(f"unknown record type {shown(text)}: write it as TYPEnnn (RFC 3597)")
        return rdtype

    def _rdata(self, rdtype: RdataType, fields: tuple[Token, ...]) -> Rdata:
        words = [self.lexer.text(field) for field in fields]
        if rdtype not in _PARAMETER_TYPES and any(map(holds_string, words)):
            self._fail("a quotation mark inside a word: put a space before it")
        try:
            return dns.rdata.from_text(
                dns.rdataclass.IN, rdtype, " ".join(words), origin=self.origin, relativize=False
            )
        except (dns.exception.DNSException, ValueError) as error:
            what = dns.rdatatype.to_text(rdtype)
            self._fail(f"bad {what} record: {' '.join(str(error).split())[:200]}")

    def _record_ttl(self, rdata: Rdata, *, stated: bool) -> int:
        inherited = self.inherited
        if stated:
            assert inherited.last_ttl is not None  # noqa: S101  # set from this record's TTL
            return inherited.last_ttl
        ttls = inherited.ttls()
        if not ttls and rdata.rdtype == dns.rdatatype.SOA:
            inherited.soa_minimum = rdata.minimum  # type: ignore[attr-defined]
            ttls = inherited.ttls()
        if not ttls:
            self._fail("no TTL, and none to take over: put a $TTL at the top of the file")
        if len(ttls) > 1:
            self._fail("name servers differ on this record's TTL: put a $TTL before the SOA record")
        return ttls.pop()

    def _count(self, key: Key) -> None:
        self.rrset_sizes[key] += 1
        if self.rrset_sizes[key] > MAX_RRSET:
            self._fail(f"an RRset of more than {MAX_RRSET} records fits in no DNS message")
        if self.rrset_sizes[key] == 1:
            self.types[key[0]] += 1
            if self.types[key[0]] > MAX_TYPES:
                self._fail(f"more than {MAX_TYPES} types at one owner name")

    def _take_singleton(self, record: ResourceRecord) -> None:
        """Note the SOA, and refuse a second record where there may be one (CNAME, say)."""
        if record.rdtype == dns.rdatatype.SOA and record.owner != self.zone:
            self._fail(f"the SOA record is for {record.owner}, and the zone is {self.zone}")
        first = self.singletons.setdefault(record.key, record)
        if first is not record:
            what = dns.rdatatype.to_text(record.rdtype)
            self._fail(f"a second {what} record; the first is in line {first.line}")


def _is_class(text: str) -> bool:
    try:
        dns.rdataclass.from_text(text)
    except (dns.exception.DNSException, ValueError):
        return False
    return True
