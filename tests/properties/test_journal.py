"""Whatever happens to a journal's octets, nothing is believed that was not written."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailsync.dns.rrset import RRset
from mailsync.journal.codec import GENESIS, Log, decode, encode, read
from mailsync.journal.events import Corrupt, Event, Intent, Seen, Told, Written

ZONE = "example.jp."

names = st.sampled_from(["example.jp.", "mx1.example.jp.", "s1._domainkey.example.jp."])
keys = st.tuples(names, st.sampled_from(["MX", "TXT", "A"]))
times = st.datetimes(timezones=st.just(UTC))
words = st.text(max_size=20)


@st.composite
def _rrset(draw: st.DrawFn, key: tuple[str, str]) -> RRset | None:
    values = draw(st.lists(words, max_size=3))
    return RRset(*key, draw(st.integers(0, 2**31 - 1)), tuple(values)) if values else None


@st.composite
def _seen(draw: st.DrawFn) -> Seen:
    key = draw(keys)
    return Seen(draw(times), key, draw(_rrset(key)))


@st.composite
def _intent(draw: st.DrawFn) -> Intent:
    changed = draw(st.lists(keys, max_size=3))
    changes = tuple((key, draw(_rrset(key)), draw(_rrset(key))) for key in changed)
    return Intent(draw(times), draw(words), draw(words), changes)


events: st.SearchStrategy[Event] = st.one_of(
    _seen(),
    _intent(),
    st.builds(Written, times, words, words),
    st.builds(Told, times, words, words),
)
append = st.lists(events, min_size=1, max_size=3)
appends = st.lists(append, max_size=5)


def lines(groups: list[list[Event]]) -> list[bytes]:
    """A journal of these appends."""
    found, tip = [], GENESIS
    for group in groups:
        found.append(encode(ZONE, group, tip))
        tip = decode(ZONE, found[-1]).sum
    return found


def log(content: bytes) -> Log:
    """These octets, read as a journal."""
    return read(ZONE, io.BytesIO(content), "j")


@given(appends)
def test_round_trip(groups: list[list[Event]]) -> None:
    """What is appended is read back, and gives the same octets again."""
    written = lines(groups)
    found = log(b"".join(written))
    assert list(found.entries) == [event for group in groups for event in group]
    assert lines(groups) == written


@given(appends, st.data())
def test_cut_anywhere(groups: list[list[Event]], data: st.DataObject) -> None:
    """A journal cut at any octet holds its first appends, whole, and no Corrupt."""
    content = b"".join(lines(groups))
    cut = data.draw(st.integers(0, len(content)))
    found = list(log(content[:cut]).entries)
    prefixes = [
        [event for group in groups[:count] for event in group] for count in range(len(groups) + 1)
    ]
    assert found in prefixes


@given(st.lists(append, min_size=1, max_size=5), st.data())
def test_any_octet_changed(groups: list[list[Event]], data: st.DataObject) -> None:
    """A changed octet is seen: nothing is believed that was not written, and the gap shows.

    In the last line it may look like a torn append; then only that append is gone.
    """
    content = bytearray(b"".join(lines(groups)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    whole = [event for group in groups for event in group]
    entries = list(log(bytes(content)).entries)
    assert all(isinstance(entry, Corrupt) or entry in whole for entry in entries)
    torn = [event for group in groups[:-1] for event in group]
    assert any(isinstance(entry, Corrupt) for entry in entries) or entries == torn


@given(st.lists(st.integers(0, 4), max_size=8), st.data())
def test_lines_in_any_order(order: list[int], data: st.DataObject) -> None:
    """Lines that were dropped, repeated or moved always leave a Corrupt, or a mere beginning."""
    groups: list[list[Event]] = [
        [Written(datetime(2026, 1, 1, minute=number, tzinfo=UTC), ZONE, str(number))]
        for number in range(5)
    ]
    written = lines(groups)
    entries = log(b"".join(written[number] for number in order)).entries
    broken = any(isinstance(entry, Corrupt) for entry in entries)
    assert broken != (order == list(range(len(order))))
    if broken:
        # What stands after the last Corrupt is a run of lines that did follow each other.
        last = max(i for i, entry in enumerate(entries) if isinstance(entry, Corrupt))
        tail = order[last:]
        assert all(after - before == 1 for before, after in pairwise(tail))


@given(st.binary(max_size=2000))
def test_garbage(content: bytes) -> None:
    """Any octets can be read; none of them becomes an event."""
    assert all(isinstance(entry, Corrupt) for entry in log(content).entries)
