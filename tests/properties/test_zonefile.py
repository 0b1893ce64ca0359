"""Random master files in odd layouts, changed at random: only what was asked for changes.

The layouts are drawn together with what they mean, so that the reader, too, is held to something
that it did not compute itself.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import dns.name
import dns.rdata
import dns.rdatatype
from hypothesis import example, given
from hypothesis import strategies as st
from octodns.record import Record
from octodns.record.txt import TxtValue
from octodns.zone import Zone

from mailsync_providers._masteredit import RRsetEdit, edited
from mailsync_providers._masterfile import read
from mailsync_providers._masterlexer import MasterFileError
from mailsync_providers.zonefile import ZoneFileProvider

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

    from mailsync_providers._masterfile import ResourceRecord

    Content = dict[tuple[Name, RdataType], tuple[set[int], set[Rdata]]]

APEX = dns.name.from_text("example.jp.")
TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWNERS = ("@", "www", "a.sub", "sub", "*.w", "_dmarc")
VALUES = {  # as written in the file, and plainly
    "A": (
        ("192.0.2.1", "192.0.2.1"),
        ("( 192.0.2.3 )", "192.0.2.3"),
        ("(\n192.0.2.4 ; a comment (\n)", "192.0.2.4"),
    ),
    "MX": (
        ("10 mx.example.", "10 mx.example."),
        ("010 MX.example.", "10 mx.example."),
        ("( 20\tmx2 )", "20 mx2"),
        ("0 .", "0 ."),
    ),
    "TXT": (
        ('"v=spf1 -all"', '"v=spf1 -all"'),
        ('"a" "b;c"', '"a" "b;c"'),
        ('x\\"y ( z\n)', '"x\\"y" "z"'),
        ('(\n "long"\n\n  "er" ; c "\n)', '"long" "er"'),
        ('"\\;\\\\"', '";\\\\"'),
        ('"\\"q\\"" "\\" \\""', '"\\"q\\"" "\\" \\""'),
        ('"caf\xe9"', '"caf\\233"'),
        ('( "\\255"\n x )', '"\\255" "x"'),
    ),
    "TYPE65400": (("\\# 1 00", "\\# 1 00"), ("\\# 0", "\\# 0")),
}
NEW = {
    "A": ("192.0.2.1", "203.0.113.9"),
    "MX": ("10 mx.example.", "5 new.example."),
    "TXT": ('"v=spf1 -all"', '"new; \\"text\\""'),
    "AAAA": ("2001:db8::1",),
}
COMMENTS = ("", "", " ; note", '\t;x "( \\', " ; caf\xe9")
TTLS = (("60", 60), ("1h", 3600), ("1W2d", 777600))
SPACE = st.sampled_from((" ", "\t", "  \t"))


def name(text: str, origin: Name = APEX) -> Name:
    """A name, relative to the apex if not absolute."""
    return dns.name.from_text(text, origin)


def rdata(rdtype: str, text: str, origin: Name = APEX) -> Rdata:
    """A record's data, from plain text."""
    return dns.rdata.from_text("IN", rdtype, text, origin=origin, relativize=False)


@st.composite
def files(
    draw: st.DrawFn, owners: Sequence[str] = OWNERS, types: Sequence[str] = tuple(VALUES)
) -> tuple[bytes, Content]:
    """A master file, and what it means."""
    end = draw(st.sampled_from(("\n", "\r\n")))
    default: int | None = 300 if draw(st.booleans()) else None
    lines = [] if default is None else ["$TTL 5m"]
    lines += ["@ 900 IN SOA ns1 host ( 2026010100 ; serial", "1 2 3 4 )", "@\tNS ns1"]
    last: int = 900
    origin, owner = APEX, APEX
    content: Content = {}
    for _ in range(draw(st.integers(0, 12))):
        match draw(st.integers(0, 9)):
            case 0:
                lines.append(draw(st.sampled_from(("", "  ", "; a comment", '\t; ( "', " ()"))))
                continue
            case 1:
                origin = draw(st.sampled_from((APEX, name("sub"), name("w"))))
                lines.append(f"$ORIGIN {origin}")
                continue
            case 2:
                default = draw(st.sampled_from((300, 7200)))
                lines.append(f"$ttl {default} ; now")
                continue
        gap = draw(SPACE)
        line = ""
        if draw(st.booleans()):
            owner = name(draw(st.sampled_from(owners)))
            line = owner.to_text()
            if owner.is_subdomain(origin) and draw(st.booleans()):
                line = owner.relativize(origin).to_text()
            line = draw(st.sampled_from((line, line.upper())))
        ttl = last if default is None else default
        stated = draw(st.sampled_from((None, *TTLS)))
        fields = [draw(st.sampled_from(("IN", "in", "")))]
        if stated is not None:
            ttl = last = stated[1]
            fields.insert(draw(st.integers(0, 1)), stated[0])
        rdtype = draw(st.sampled_from(sorted(types)))
        text, plain = draw(st.sampled_from(VALUES[rdtype]))
        line += gap + gap.join(field for field in (*fields, rdtype, text) if field)
        lines += (line + draw(st.sampled_from(COMMENTS))).split("\n")
        ttls, values = content.setdefault((owner, dns.rdatatype.from_text(rdtype)), (set(), set()))
        ttls.add(ttl)
        values.add(rdata(rdtype, plain, origin))
    data = end.join(lines) + (end if draw(st.booleans()) else "")
    return data.encode("latin-1"), content


@st.composite
def changes(draw: st.DrawFn, content: Content) -> list[RRsetEdit]:
    """Edits of RRsets that are there, and of some that are not."""
    edits = {}
    for _ in range(draw(st.integers(0, 3))):
        there = draw(st.booleans())
        keys = sorted(content, key=str)
        if keys and there:
            owner, rdtype = draw(st.sampled_from(keys))
            values = sorted(content[owner, rdtype][1], key=str)
        else:
            owner = name(draw(st.sampled_from(OWNERS)))
            rdtype = dns.rdatatype.from_text(draw(st.sampled_from(sorted(NEW))))
            values = sorted(content.get((owner, rdtype), (0, set()))[1], key=str)
        remove = draw(st.sets(st.sampled_from(values))) if values else set()
        new = NEW.get(dns.rdatatype.to_text(rdtype), ())
        add = [rdata(dns.rdatatype.to_text(rdtype), text) for text in new if draw(st.booleans())]
        edits[owner, rdtype] = RRsetEdit(
            owner,
            rdtype,
            draw(st.sampled_from((60, 300, 86400))),
            frozenset(remove),
            tuple(value for value in add if value not in values),
        )
    return list(edits.values())


def meaning(data: bytes) -> Content:
    """What a file says beside SOA and NS: for each RRset its TTLs and values."""
    rrsets = read(data, APEX, "f").rrsets
    return {
        key: ({record.ttl for record in records}, {record.rdata for record in records})
        for key, records in rrsets.items()
        if key[1] not in {dns.rdatatype.SOA, dns.rdatatype.NS}
    }


@given(files())
def test_a_file_is_read_as_it_was_meant(drawn: tuple[bytes, Content]) -> None:
    """Whatever the layout: owners, TTLs and values are those that were written."""
    data, content = drawn
    assert meaning(data) == content


@given(st.data())
def test_only_what_was_asked_for_changes(data: st.DataObject) -> None:
    """The new file means the old one plus the edits; all other lines are the same, in order."""
    old, content = data.draw(files())
    edits = data.draw(changes(content))
    new = edited(read(old, APEX, "f"), edits, TODAY)
    expected = {key: (set(ttls), set(values)) for key, (ttls, values) in content.items()}
    for edit in edits:
        values = expected.pop(edit.key, (set(), set()))[1] - edit.remove | set(edit.add)
        if values:
            expected[edit.key] = ({edit.ttl}, values)
    assert meaning(new) == expected
    assert serial(new) == 2026112201

    file = read(old, APEX, "f")
    touched = {edit.key for edit in edits}
    kept = iter(new.splitlines(keepends=True) if old.endswith(b"\n") else new.splitlines())
    records = [record for key in touched for record in file.rrsets.get(key, ())]
    for line in untouched_lines(old, records):
        wanted = line if old.endswith(b"\n") else line.rstrip(b"\r\n")
        assert any(same(wanted, candidate) for candidate in kept), wanted


@given(st.data())
def test_what_is_beyond_octodns_stays_beside_what_changes(data: st.DataObject) -> None:
    """Whatever octoDNS changes of an RRset: no octet of a value that it cannot hold is another."""
    old, content = data.draw(files(("@", "www"), ("TXT",)))
    with TemporaryDirectory() as directory:
        provider = ZoneFileProvider("local", directory, clock=lambda: NOON)
        path = provider.path("example.jp.")
        path.write_bytes(old)
        existing = Zone("example.jp.", [])
        provider.populate(existing, target=True, lenient=True)
        desired = existing.copy()
        changed: dict[tuple[Name, RdataType], int | None] = {}
        for record in sorted(existing.records):
            if record._type == "TXT":
                key = (dns.name.from_text(record.fqdn), dns.rdatatype.TXT)
                wanted = data.draw(st.sets(st.sampled_from([*record.values, "new"])))
                changed[key] = None
                desired.remove_record(record)
                if wanted:
                    changed[key] = ttl = data.draw(st.sampled_from((60, 300)))
                    new = Record.new(
                        desired, record.name, {"type": "TXT", "ttl": ttl, "values": ["x"]}
                    )
                    new.values = sorted(TxtValue(value) for value in wanted)
                    desired.add_record(new)
        plan = provider.plan(desired, lenient=True)
        if plan is not None:
            provider.apply(plan)
            assert provider.plan(desired, lenient=True) is None
        after = path.read_bytes()
    assert hidden(after) == hidden(old)
    for key, (ttls, values) in meaning(after).items():
        if key not in changed:
            assert (ttls, values) == content[key]
        elif (now := changed[key]) is not None:
            assert ttls == {now}, "an RRset has one TTL"
        else:
            assert ttls <= content[key][0]


def hidden(data: bytes) -> list[bytes]:
    """The TXT values that are no UTF-8, as they stand in the file, to the ends of their lines."""
    lines = data if data.endswith(b"\n") else data + (b"\r\n" if b"\r" in data else b"\n")
    file = read(lines, APEX, "f")
    return sorted(
        b"%s %s"
        % (str(owner.canonicalize()).encode(), lines[record.rdata_fields[0][0] : record.end])
        for (owner, rdtype), records in file.rrsets.items()
        for record in records
        if rdtype == dns.rdatatype.TXT
        if max(b"".join(record.rdata.strings)) > 127  # type: ignore[attr-defined]
    )


def serial(data: bytes) -> int:
    """The SOA's serial."""
    return int(read(data, APEX, "f").soa.rdata.serial)  # type: ignore[attr-defined]


def untouched_lines(data: bytes, records: Iterable[ResourceRecord]) -> list[bytes]:
    """The lines of a file that belong to none of ``records``, its serial's line aside."""
    for record in sorted(records, key=lambda record: -record.start):
        data = data[: record.start] + data[record.end :]
    return [line for line in data.splitlines(keepends=True) if b"2026010100" not in line]


def same(old: bytes, new: bytes) -> bool:
    """The same line, but for an owner and a TTL that it inherited and may now be told."""
    if old[:1].isspace():
        new = new[len(new) - len(new.lstrip(_OWNER_OCTETS)) :]
    differs = (i for i, (was, is_) in enumerate(zip(old, new, strict=False)) if was != is_)
    start = next(differs, len(old))
    told = re.compile(rb"((60|300|900|3600|7200|86400|777600)[ \t])?")
    match = told.match(new, start)
    return match is not None and new[match.end() :] == old[start:]


_OWNER_OCTETS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._*@"


@given(st.binary(max_size=200))
@example(b"\\")
@example(b'@ TXT "')
@example(b"$")
@example(b"$GENERATE 1-2")
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Nothing but `MasterFileError` comes out of hostile input, in one line."""
    head = b"$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS a\n"
    for data in (octets, head + octets, head + b"a TXT " + octets):
        try:
            file = read(data, APEX, "f")
        except MasterFileError as error:
            assert "\n" not in str(error)  # noqa: PT017  # it may also be read
        else:
            assert file.soa.owner == APEX
