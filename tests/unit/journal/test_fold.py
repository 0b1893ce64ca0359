from __future__ import annotations

from datetime import timedelta

from mailsync.journal.events import Corrupt, Entry, Seen
from mailsync.journal.fold import fold
from mailsync.plan.ledger import Ledger

from .samples import MX, NEW, OLD, SEEN_NEW, SEEN_OLD, at, intent, written

CORRUPT = Corrupt("example.jp.jsonl:3", "the checksum does not match")


def replaced(entries: list[Entry]) -> dict[str, object]:
    """When each version was replaced, by its first value; unseen ones as ``?``."""
    return {
        "?" if version.unseen else str(version.rrset and version.rrset.values[0]): (
            version.replaced_at
        )
        for version in fold(entries).history(MX).versions
    }


def test_cutover_is_told_in_order() -> None:
    """The old version counts as replaced when the new one was seen, not when it was written."""
    assert replaced([SEEN_OLD, intent(10), written(11), SEEN_NEW]) == {
        "?": at(0),
        "10 mx.old.example.": at(20),
        "10 mx.new.example.": None,
    }


def test_failed_write_keeps_both() -> None:
    """A write that was begun and did not last may have been seen by resolvers."""
    assert replaced([SEEN_OLD, intent(10), Seen(at(20), MX, OLD)]) == {
        "?": at(0),
        "10 mx.new.example.": at(20),
        "10 mx.old.example.": None,
    }


def test_corrupt_forgets_everything_before_it() -> None:
    """What comes after a lost part is a first sight again."""
    assert fold([SEEN_OLD, CORRUPT]) == Ledger()
    assert replaced([SEEN_OLD, CORRUPT, SEEN_NEW]) == {"?": at(20), "10 mx.new.example.": None}


def test_intent_without_the_sight_before_it() -> None:
    """What an intent found live may be in caches, and so may what stood before that."""
    assert replaced([CORRUPT, intent(10), SEEN_NEW]) == {
        "?": at(20),
        "10 mx.old.example.": at(20),
        "10 mx.new.example.": None,
    }


def test_clock_set_back_replaces_nothing_earlier() -> None:
    """After a jump back, events count as of the latest time so far."""
    back = Seen(at(-600), MX, NEW)
    assert replaced([SEEN_OLD, intent(10), back])["10 mx.old.example."] == at(10)


def test_until_gives_the_ledger_as_it_was() -> None:
    """A saved plan is made again from what was known then, to the microsecond."""
    entries: list[Entry] = [SEEN_OLD, intent(10), SEEN_NEW]
    assert fold(entries, until=at(20)) == fold(entries)
    assert fold(entries, until=at(20) - timedelta(microseconds=1)) == fold(entries[:2])
    assert fold(entries, until=at(-1)) == Ledger()


def test_until_keeps_what_was_recorded_before() -> None:
    """Order is the truth: an event from a clock that was ahead had been recorded already."""
    ahead = Seen(at(900), MX, OLD)
    entries: list[Entry] = [ahead, intent(10), SEEN_NEW]
    assert fold(entries, until=at(10)) == fold(entries[:2])


def test_corruption_has_no_time() -> None:
    """A part that was lost, nobody knows when, counts in every past."""
    assert fold([SEEN_OLD, SEEN_NEW, CORRUPT], until=at(5)) == Ledger()
