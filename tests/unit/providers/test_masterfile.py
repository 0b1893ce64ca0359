"""Reading and editing RFC 1035 master files, below octoDNS."""

from __future__ import annotations

from datetime import date

import dns.name
import dns.rdata
import dns.rdatatype
import pytest

from mailsync_providers import _masteredit
from mailsync_providers._masteredit import RRsetEdit, edited, next_serial
from mailsync_providers._masterfile import MasterFile, read
from mailsync_providers._masterlexer import MAX_OCTETS, MasterFileError

APEX = dns.name.from_text("example.jp.")
TODAY = date(2026, 11, 22)
SOA = b"$TTL 1h\n@ SOA ns1 hostmaster 7 1 2 3 4\n@ NS ns1\n"


def reading(data: bytes) -> MasterFile:
    """The file, read."""
    return read(data, APEX, "f")


def name(text: str) -> dns.name.Name:
    """A name in the zone."""
    return dns.name.from_text(text, APEX)


def adding(owner: str, rdtype: str, text: str, ttl: int = 60) -> RRsetEdit:
    """An edit that adds one value."""
    rdata = dns.rdata.from_text("IN", rdtype, text)
    return RRsetEdit(name(owner), rdata.rdtype, ttl, add=(rdata,))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "f:1: no SOA record for example.jp."),
        (b"\n\n; nothing\n  \n", "f:1: no SOA record for example.jp."),
        (b"$TTL 1h\nwww SOA a b 1 2 3 4 5\n", "f:2: the SOA record is for www.example.jp., and"),
        (SOA + b"@ SOA a b 1 2 3 4 5\n", "f:4: a second SOA record; the first is in line 2"),
        (SOA + b"a CNAME b\na CNAME c\n", "f:5: a second CNAME record; the first is in line 4"),
        (SOA + b"\n$INCLUDE other.db\n", r"f:5: \$INCLUDE is not supported"),
        (SOA + b"$DATE 1\n", r"f:4: unknown directive '\$DATE'"),
        (SOA + b"$ORIGIN\n", "f:4: the line ends where the directive's value belongs"),
        (SOA + b"$TTL 1h 2h\n", r"f:4: text after the value of \$TTL"),
        (SOA + b"$TTL 1x\n", "f:4: bad TTL '1x'"),
        (SOA + b"$ORIGIN a..b\n", "f:4: bad name 'a..b'"),
        (SOA + b"a 1h30 A 192.0.2.1\n", "f:4: bad TTL '1h30'"),
        (SOA + b"a 99999999999 A 192.0.2.1\n", "f:4: bad TTL"),
        (SOA + b"a 60 60 A 192.0.2.1\n", "f:4: unknown record type '60'"),
        (SOA + b"a CH TXT x\n", "f:4: class CH: only IN is supported"),
        (SOA + b"a ALIAS b\n", "f:4: unknown record type 'ALIAS': write it as TYPEnnn"),
        (SOA + b"a OPT b\n", "f:4: unknown record type 'OPT'"),
        (SOA + b"a\n", "f:4: the line ends where the record's type belongs"),
        (SOA + b'"a" A 192.0.2.1\n', "f:4: a quoted string where the owner name belongs"),
        (SOA + b"a (\n\n )\n", "f:4: the line ends where the record's type belongs"),
        (SOA + b"a A (\n192.0.2.1\n", "f:4: a parenthesis is never closed"),
        (SOA + b"a A 192.0.2.1 )\n", "f:4: a closing parenthesis without an opening one"),
        (SOA + b"( a A 192.0.2.1 )\n", "f:4: a parenthesis where the owner name belongs"),
        (SOA + b'a TXT (\n"x\n)\n', "f:5: the quoted string does not end on its line"),
        (SOA + b"a TXT x\\\n", "f:4: a backslash at the end of the line"),
        (SOA + b'a TXT x"y"\n', "f:4: a quotation mark inside a word"),
        (SOA + b'a TXT x="y z"\n', "f:4: a quotation mark inside a word"),
        (SOA + b'a SVCB 1 . alpn="h2\n', "f:4: the quoted string does not end on its line"),
        (SOA + b'a="b" A 192.0.2.1\n', "f:4: a quoted string where the owner name belongs"),
        (SOA + b"a A 192.0.2.1\rb A 192.0.2.1\n", "f:4: carriage return without a line feed"),
        (SOA + b"a TXT \\300\n", "f:4: bad TXT record"),
        (SOA + b"a A 192.0.2.1 x\n", "f:4: bad A record"),
        (b" SOA a b 1 2 3 4 5\n", "f:1: no owner name, and none to take over"),
        (b"a A 192.0.2.1\n", r"f:1: no TTL, and none to take over: put a \$TTL"),
        (
            b"@ SOA a b 1 2 3 4 5\n@ NS a\na 60 A 192.0.2.1\nb A 192.0.2.1\n",
            r"f:4: name servers differ on this record's TTL: put a \$TTL before the SOA record",
        ),
        (b"$GENERATE 1-2 a$ A 192.0.2.$\n", r"f:1: \$GENERATE without a \$TTL before it"),
        (SOA + b"$GENERATE 1 a$ A 192.0.2.$\n", r"f:4: bad \$GENERATE range '1'"),
        (SOA + b"$GENERATE 2-1 a$ A 192.0.2.$\n", r"f:4: bad \$GENERATE range '2-1'"),
        (SOA + b"$GENERATE 1-2/0 a$ A 192.0.2.$\n", r"f:4: bad \$GENERATE range '1-2/0'"),
        (SOA + b"$GENERATE 1-2 a$ A\n", r"f:4: bad \$GENERATE"),
        (SOA + b"$GENERATE 1-2 a$ A 192.0.2.$ x\n", r"f:4: bad \$GENERATE"),
        (SOA + b"$GENERATE 1-9999999999 a$ A 192.0.2.1\n", r"f:4: \$GENERATE stands for too many"),
        (SOA + b"$GENERATE 1-9999 a$$\\$ TXT x$\n", r"f:4: \$GENERATE stands for too many"),
        (
            SOA + b"$GENERATE 1-2 a$ A 192.0.2.$\n A 192.0.2.1\n",
            "f:5: no owner name, and none to take over",
        ),
        (SOA + b"a TXT" + b" x" * 40_000 + b"\n", "f:4: more than 33000 fields in one record"),
        (SOA + b"a NS x\n" * 6_000, "f:5465: an RRset of more than 5461 records fits in no DNS"),
        (
            SOA + b"".join(b"a TYPE%d \\# 0\n" % i for i in range(1000, 1300)),
            "f:260: more than 256 types at one owner name",
        ),
        (b" " * (MAX_OCTETS + 1), "f:1: larger than 2097152 octets"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(data: bytes, error: str) -> None:
    """Every mistake, and everything that servers read differently, is one line with its place."""
    with pytest.raises(MasterFileError, match="^" + error) as caught:
        reading(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "hostile",
    [
        b"a TXT " + b"(" * MAX_OCTETS,
        b"a TXT (" + b"\n" * MAX_OCTETS,
        b'a TXT "' + b"\\a" * (MAX_OCTETS // 2),
        b"\\" * MAX_OCTETS,
        b"x" * MAX_OCTETS,
        b"a " + b"1" * MAX_OCTETS + b" A 192.0.2.1",
        b"\0" * MAX_OCTETS,
    ],
    ids=["parentheses", "lines", "string", "backslashes", "name", "TTL", "zeros"],
)
def test_a_hostile_file_is_refused_in_bounded_time(hostile: bytes) -> None:
    """As large as a file may be, and never ending: refused, in time linear in its size."""
    with pytest.raises(MasterFileError, match=r"^f:") as caught:
        reading((SOA + hostile)[:MAX_OCTETS])
    assert len(str(caught.value)) < 400


def test_layouts_are_read_as_name_servers_read_them() -> None:
    """Owner, TTL and class in every order; units; several origins; parentheses; comments."""
    file = reading(
        SOA
        + b"a 1h30m IN A 192.0.2.1 ; x\n\tin 60 AAAA 2001:db8::1\n \n"
        + b'$origin sub\n@ ( ; comment (\n CLASS1\n TXT ) x \\"y\\" ()\n'
        + b"b.other. A 192.0.2.9\n$ORIGIN .\nc.example.jp 0 TYPE1 \\# 4 c0000201\n"
        + b" \t()\nd.example.jp TXT x"
    )
    assert {
        (str(owner), dns.rdatatype.to_text(rdtype)): [(r.ttl, r.rdata.to_text()) for r in records]
        for (owner, rdtype), records in file.rrsets.items()
        if owner != APEX
    } == {
        ("a.example.jp.", "A"): [(5400, "192.0.2.1")],
        ("a.example.jp.", "AAAA"): [(60, "2001:db8::1")],
        ("sub.example.jp.", "TXT"): [(3600, '"x" "\\"y\\""')],
        ("c.example.jp.", "A"): [(0, "192.0.2.1")],
        ("d.example.jp.", "TXT"): [(3600, '"x"')],
    }
    assert len(edited(file, [], TODAY)) == len(file.data), "only the serial changed"


def test_octets_that_are_no_text_survive() -> None:
    """Latin-1 in a comment, raw octets in a string and in a name: kept as they are."""
    data = SOA + b'; caf\xe9\n\xe9 TXT "\xc3\xa9\\\xe9\\\\\xe9" ; \xff\n'
    file = reading(data)
    (record,) = file.rrsets[dns.name.Name([b"\xe9", *APEX.labels]), dns.rdatatype.TXT]
    assert record.rdata == dns.rdata.from_text("IN", "TXT", r'"\195\169\233\\\233"')
    new = edited(file, [adding("www", "A", "192.0.2.1")], TODAY)
    assert new == data.replace(b" 7 ", b" 8 ") + b"www\t60\tIN\tA\t192.0.2.1\n"


def test_a_soa_without_a_ttl_gives_its_minimum() -> None:
    """Without $TTL and TTL, an SOA's MINIMUM is the zone's default, also after an edit."""
    data = b"@ SOA ns1 host 7 1 2 3 300\n@ NS ns1\nwww A 192.0.2.1\nftp A 192.0.2.2\n"
    file = reading(data)
    assert {record.ttl for records in file.rrsets.values() for record in records} == {300}
    new = edited(file, [adding("www", "TXT", "x")], TODAY)
    assert new == (
        b"@ SOA ns1 host 8 1 2 3 300\n@ NS ns1\nwww A 192.0.2.1\n"
        b'www\t60\tIN\tTXT\t"x"\nftp 300 A 192.0.2.2\n'
    )


def test_a_soa_that_inherits_a_ttl_is_given_it() -> None:
    """Even where the SOA is not the first record, nothing but the removed value goes."""
    file = reading(b"a 60 TXT x\n@ SOA ns1 host 7 1 2 3 300\n@ NS ns1\n")
    gone = RRsetEdit(name("a"), dns.rdatatype.TXT, 60, remove=frozenset({_txt("x")}))
    assert edited(file, [gone], TODAY) == b"@ 60 SOA ns1 host 8 1 2 3 300\n@ NS ns1\n"


def _txt(text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", "TXT", text)


def test_owners_are_relative_to_the_last_origin() -> None:
    """A new record at the end is written as one writes it there."""
    new = edited(reading(SOA + b"$ORIGIN sub\n"), [adding("a.sub", "TXT", "x")], TODAY)
    assert new.endswith(b'$ORIGIN sub\na\t60\tIN\tTXT\t"x"\n')
    new = edited(reading(SOA + b"$ORIGIN sub"), [adding("sub", "TXT", "x")], TODAY)
    assert new.endswith(b'$ORIGIN sub\n@\t60\tIN\tTXT\t"x"\n')


def test_a_record_without_data_is_no_pattern() -> None:
    """An empty APL has no place where data begins; a value beside it gets a line of its own."""
    edit = adding("a", "APL", "1:192.0.2.0/24")
    new = edited(reading(SOA + b"a APL\n"), [edit], TODAY)
    assert new.endswith(b"a 60 APL\na\t60\tIN\tAPL\t1:192.0.2.0/24\n")


@pytest.mark.parametrize(
    ("serial", "after"),
    [
        (1, 2),
        (0, 1),
        (2026112100, 2026112201),
        (2026112200, 2026112201),
        (2026112201, 2026112202),
        (2026112299, 2026112300),
        (2027010100, 2027010101),
        (2026023000, 2026023001),
        (1700000000, 1700000001),
        (2100010100, 2100010101),
        (4294967295, 0),
    ],
)
def test_the_serial_is_raised_in_its_own_style(serial: int, after: int) -> None:
    """A date moves to today, a counter by one, and 2^32 - 1 to 0 (RFC 1982)."""
    assert next_serial(serial, TODAY) == after


def test_a_serial_in_other_words_is_not_guessed_at() -> None:
    """An SOA in RFC 3597's form has no serial to replace."""
    wire = dns.rdata.from_text("IN", "SOA", "a. b. 7 1 2 3 4").to_wire() or b""
    text = b"$TTL 1\n@ SOA \\# %d %s\n@ NS a\n" % (len(wire), wire.hex().encode())
    with pytest.raises(MasterFileError, match=r"f:2: the SOA's serial is not written as a plain"):
        edited(reading(text), [], TODAY)


def test_a_file_that_dnspython_reads_differently_is_not_changed() -> None:
    """Two readers that differ are reason enough to leave it alone."""
    # Out-of-zone data: whether its TTL is handed on is a matter of the server.
    data = b"@ 60 SOA a b 1 2 3 4 5\n@ NS a\nx.other. 90 A 192.0.2.1\na A 192.0.2.1\n"
    with pytest.raises(MasterFileError, match=r"f: not changed: dnspython reads the file diff"):
        edited(reading(data), [], TODAY)


def test_a_wrong_edit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The safety net: were the writer wrong, the file would stay as it is."""
    monkeypatch.setattr(_masteredit, "_owner_text", lambda *_: "wrong")
    with pytest.raises(MasterFileError, match="f: not changed: the new file would not say exactly"):
        edited(reading(SOA), [adding("www", "A", "192.0.2.1")], TODAY)
