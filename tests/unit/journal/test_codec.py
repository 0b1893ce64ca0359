from __future__ import annotations

import io
import json
from datetime import datetime

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import JournalError
from mailsync.journal import codec
from mailsync.journal.codec import GENESIS, BadLine, decode, encode, read
from mailsync.journal.events import Corrupt, Event, Seen, Written

from .samples import MX, NEW, OLD, SEEN_NEW, SEEN_NOTHING, SEEN_OLD, START, ZONE, intent, written

EVENTS: tuple[Event, ...] = (SEEN_OLD, intent(5), written(6), SEEN_NEW, SEEN_NOTHING)


def lines(*events: Event) -> list[bytes]:
    """A journal with one line for each event."""
    found, tip = [], GENESIS
    for event in events:
        found.append(encode(ZONE, [event], tip))
        tip = decode(ZONE, found[-1]).sum
    return found


def log(content: bytes) -> codec.Log:
    """These octets, read as a journal."""
    return read(ZONE, io.BytesIO(content), "j")


def signed(body: str) -> bytes:
    """A line with a right checksum around any body."""
    total = codec._sum(ZONE, body.encode())
    return f'{{"v":1,"sum":"{total}",{body}\n'.encode()


def test_line_is_fixed() -> None:
    """The bytes of the format are what every later version has to read."""
    assert encode(ZONE, [SEEN_OLD, Seen(START, MX, None), intent(1), written(2)]) == (
        b'{"v":1,"sum":"SUM","prev":"00000000000000000000000000000000","events":['
        b'{"event":"seen","at":"2026-11-22T03:00:00.000000Z","name":"example.jp.","type":"MX",'
        b'"rrset":{"ttl":86400,"values":["10 mx.old.example."]}},'
        b'{"event":"seen","at":"2026-11-22T03:00:00.000000Z","name":"example.jp.","type":"MX",'
        b'"rrset":null},'
        b'{"event":"intent","at":"2026-11-22T03:01:00.000000Z","domain":"example.jp.",'
        b'"stage":"switch","changes":[{"name":"example.jp.","type":"MX",'
        b'"before":{"ttl":86400,"values":["10 mx.old.example."]},'
        b'"after":{"ttl":300,"values":["10 mx.new.example."]}}]},'
        b'{"event":"written","at":"2026-11-22T03:02:00.000000Z","domain":"example.jp.",'
        b'"stage":"switch"}]}\n'
    ).replace(b"SUM", b"3656f31aa941e459806ecdfb32521521")


def test_line_is_json() -> None:
    """Any JSON tool reads a journal."""
    fields = json.loads(encode(ZONE, EVENTS))
    assert [event["event"] for event in fields["events"]] == [
        "seen",
        "intent",
        "written",
        "seen",
        "seen",
    ]


def test_what_could_not_be_read_back_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """No event, a time without zone, an RRset under a foreign key, an endless line: refused."""
    naive = Written(datetime(2026, 1, 1), ZONE, "switch")  # noqa: DTZ001
    foreign = Seen(START, MX, RRset("example.net.", "MX", 300, ("10 a.",)))
    for events in ([], [naive], [foreign]):
        with pytest.raises(ValueError, match=r"without|recorded as"):
            encode(ZONE, events)
    monkeypatch.setattr(codec, "LINE_MAX", 100)
    with pytest.raises(JournalError, match=r"^example\.jp: one step of \d+ octets"):
        encode(ZONE, [SEEN_OLD])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            '"prev":"' + GENESIS + '","events":[{"event":"moved","at":"2026-11-22T03:00:00Z"}]}',
            "kn",
        ),
        (
            '"prev":"' + GENESIS + '","events":[{"event":"written","at":"2026-11-22T03:00:00"}]}',
            "k",
        ),
        ('"prev":"' + GENESIS + '","events":[{"event":"written","at":1}]}', "know"),
        ('"prev":"' + GENESIS + '","events":[7]}', "know"),
        ('"prev":"' + GENESIS + '","events":' + "[" * 100_000, "know"),
        (
            '"prev":"' + GENESIS + '","events":[{"event":"seen","at":"2026-11-22T03:00:00Z",'
            '"name":"a.","type":"A","rrset":{"ttl":true,"values":["192.0.2.1"]}}]}',
            "know",
        ),
        (
            '"prev":"' + GENESIS + '","events":[{"event":"seen","at":"2026-11-22T03:00:00Z",'
            '"name":"a.","type":"A","rrset":{"ttl":1,"values":[]}}]}',
            "know",
        ),
    ],
)
def test_right_checksum_around_wrong_events(body: str, reason: str) -> None:
    """A line that is whole but says what nobody understands is bad, not a crash."""
    with pytest.raises(BadLine, match=reason):
        decode(ZONE, signed(body))


def test_bad_lines_say_why() -> None:
    """Garbage, a flipped bit, another zone and a newer format are told apart."""
    line = encode(ZONE, [SEEN_OLD])
    cases = {
        b"\x00\xff\n": "not a line",
        line.replace(b"86400", b"86401"): "checksum",
        encode("example.net.", [SEEN_OLD]): "checksum",
        line.replace(b'"v":1', b'"v":2'): "format 2",
    }
    for bad, reason in cases.items():
        with pytest.raises(BadLine, match=reason):
            decode(ZONE, bad)


def test_journal_is_read_back() -> None:
    """What was appended comes back in order."""
    content = b"".join(lines(*EVENTS))
    found = log(content)
    assert found.entries == EVENTS
    assert (found.end, found.fenced) == (len(content), True)
    assert log(b"") == codec.Log()


def test_dropped_repeated_and_moved_lines_are_seen() -> None:
    """A line that does not follow the one before it is not believed; those after it are."""
    one, two, three, four = lines(*EVENTS[:4])
    for broken in ([one, three, four], [one, three, two, four], [two, three, four]):
        entries = log(b"".join(broken)).entries
        assert any(isinstance(entry, Corrupt) for entry in entries)
        assert sum(isinstance(entry, Corrupt) for entry in entries) < len(broken)
    repeated = log(one + two + two + three).entries
    assert repeated[:2] == EVENTS[:2]
    assert isinstance(repeated[2], Corrupt)
    assert repeated[2].where == "j:3"
    assert repeated[3] == EVENTS[2]


def test_bad_line_in_the_middle_is_where_trust_ends() -> None:
    """Garbage between lines is one Corrupt; the line after it is still believed."""
    one, two = lines(*EVENTS[:2])
    found = log(one + b"\x00garbage\xff\n" + two)
    assert found.entries == (
        EVENTS[0],
        Corrupt("j:2", "not a line of a journal"),
        EVENTS[1],
    )


def test_torn_end_is_ignored() -> None:
    """An append that was cut off anywhere before its last octets leaves no trace."""
    one, two = lines(*EVENTS[:2])
    for cut in range(1, len(two) - 1):
        assert log(one + two[:cut]).entries == EVENTS[:1]
        assert log(one + two[:cut]).end == len(one)


def test_missing_last_newline_loses_nothing() -> None:
    """A whole line counts even if an editor dropped its newline; the next one is fenced off."""
    one, two = lines(*EVENTS[:2])
    found = log(one + two[:-1])
    assert found.entries == EVENTS[:2]
    assert not found.fenced


def test_endless_line_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of any length costs bounded memory, and is one Corrupt."""
    one, two = lines(*EVENTS[:2])
    monkeypatch.setattr(codec, "LINE_MAX", 600)
    huge = b"x" * 5000
    found = log(one + huge + b"\n" + two)
    assert found.entries == (EVENTS[0], Corrupt("j:2", "longer than 600 octets"), EVENTS[1])
    unended = log(one + huge)
    assert isinstance(unended.entries[1], Corrupt)
    assert (unended.end, unended.fenced) == (len(one) + 5000, False)


def test_line_of_exactly_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest line that is written is read."""
    (one,) = lines(SEEN_OLD)
    monkeypatch.setattr(codec, "LINE_MAX", len(one))
    assert log(encode(ZONE, [SEEN_OLD])).entries == (SEEN_OLD,)


def test_samples_differ() -> None:
    """The tests' two versions are two."""
    assert OLD != NEW
