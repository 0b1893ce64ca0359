"""RRsets' values: hostile text, round trips, and octoDNS' view of the same data."""

import re
from itertools import pairwise
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st
from octodns.record import Record, TxtRecord, TxtValue
from octodns.zone import Zone

from mailsync.dns import names
from mailsync.dns.names import BadName, absolute
from mailsync.dns.rrset import BadValue, RRset, canonical, txt_text, txt_value
from mailsync.hosts.records import record_of, rrset_of

ZONE = Zone("example.test.", [])
TYPES = [
    "A",
    "AAAA",
    "MX",
    "TXT",
    "CNAME",
    "SRV",
    "CAA",
    "TLSA",
    "NS",
    "ALIAS",
    "SVCB",
    "TYPE65280",
]

readable = st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=600)
"""Text that is UTF-8: octoDNS holds no other TXT."""


@given(octets=st.binary(max_size=1100))
@example(octets=b'";\\')
def test_octets_come_back(octets: bytes) -> None:
    """Any octets survive being written as a TXT's text, and that text is canonical."""
    value = txt_value(octets)
    assert txt_text(value).encode("latin-1") == octets
    assert canonical("TXT", value) == value
    assert value.isascii()
    assert value.isprintable()


@given(octets=st.binary(max_size=1100), cuts=st.lists(st.integers(0, 1100), max_size=8))
def test_boundaries_mean_nothing(octets: bytes, cuts: list[int]) -> None:
    """However a text is cut into strings, it is the same value."""
    cuts = sorted(
        {0, len(octets), *range(0, len(octets), 255), *(c % (len(octets) + 1) for c in cuts)}
    )
    pieces = [octets[a:b] for a, b in pairwise(cuts)] or [b""]
    text = " ".join('"' + "".join(f"\\{octet:03d}" for octet in piece) + '"' for piece in pieces)
    assert canonical("TXT", text) == txt_value(octets)


@given(rdtype=st.sampled_from(TYPES), text=st.text(max_size=80))
def test_hostile_text(rdtype: str, text: str) -> None:
    """Any text at all either has one canonical form, which is its own, or is a `BadValue`."""
    try:
        value = canonical(rdtype, text)
    except BadValue:
        return
    assert canonical(rdtype, value) == value


@given(text=st.text(max_size=80), origin=st.sampled_from([".", "example.test."]))
def test_hostile_names(text: str, origin: str) -> None:
    """Any text at all either is a name, which reads as itself, or is a `BadName`."""
    try:
        name = absolute(text, origin)
    except BadName:
        return
    assert absolute(name) == name
    assert name.endswith(".")


LABEL = st.text("abcXYZ019-_*\u00e9\u4f8b", max_size=6) | st.sampled_from(
    ["a" * 63, "b" * 64, "xn--a"]
)


@given(
    labels=st.lists(LABEL, max_size=6),
    dot=st.sampled_from(["", "."]),
    origin=st.sampled_from([".", "example.test.", "A." * 50]),
)
def test_the_short_way_to_a_name_is_no_other(labels: list[str], dot: str, origin: str) -> None:
    """What is read without dnspython is what dnspython would have read."""
    text = ".".join(labels) + dot
    with patch.object(names, "_PLAIN", re.compile("(?!)")):
        slow = read_name(text, origin)
    assert read_name(text, origin) == slow


def read_name(text: str, origin: str) -> str | None:
    """Read a name; None where it is none."""
    try:
        return absolute(text, origin)
    except BadName:
        return None


@given(texts=st.lists(readable, min_size=1, max_size=4))
@example(texts=['"quoted"', 'a" "b', "", ";", "\\;", "\\\\;", "a;b", "\\"])
def test_octodns_holds_text(texts: list[str]) -> None:
    """A TXT RRset becomes an octoDNS record and the same RRset again."""
    rrset = RRset("a.example.test.", "TXT", 60, tuple(txt_value(t.encode()) for t in texts))
    assert rrset_of(record_of(ZONE, rrset, lenient=True)) == rrset


@given(text=readable)
@example(text="v=DKIM1; k=rsa; p=" + "A" * 400)
@example(text='say "hi"; \\ \\009 ')
def test_octodns_says_the_same(text: str) -> None:
    """The text of a record that octoDNS made, as its own presentation reads where it is sound."""
    value = TxtValue(TxtValue.normalize_raw_text(text))
    record: Record = TxtRecord(ZONE, "a", {"ttl": 60, "value": "x"})
    record.values = [value]
    assert rrset_of(record).values == (txt_value(text.encode()),)
    if text.isascii():
        assert canonical("TXT", value.to_rdata_text()) == txt_value(text.encode())
