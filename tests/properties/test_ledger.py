"""What the ledger does not know costs time, never mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailsync.dns.rrset import RRset
from mailsync.journal.events import Corrupt, Entry, Event, Intent, Seen
from mailsync.journal.fold import fold
from mailsync.plan.ledger import Ledger, Version

KEY = ("example.jp.", "MX")
START = datetime(2026, 1, 1, tzinfo=UTC)
contents = st.sampled_from([None, *(RRset(*KEY, 300, (f"10 mx{n}.",)) for n in range(3))])


@st.composite
def _events(draw: st.DrawFn, *, forward: bool = True) -> list[Event]:
    """A zone's life as a journal tells it; ``forward``: no clock was ever set back."""
    found: list[Event] = []
    minute = 0
    for _ in range(draw(st.integers(0, 8))):
        minute = minute + draw(st.integers(0, 9)) if forward else draw(st.integers(0, 60))
        at = START + timedelta(minutes=minute)
        if draw(st.booleans()):
            found.append(Seen(at, KEY, draw(contents)))
        else:
            found.append(Intent(at, KEY[0], "switch", ((KEY, draw(contents), draw(contents)),)))
    return found


def versions(entries: list[Entry] | list[Event]) -> tuple[Version, ...]:
    """The versions that these entries tell of."""
    return fold(list(entries)).history(KEY).versions


def covered(version: Version, others: tuple[Version, ...]) -> bool:
    """Whether some version that may be the same one lasts at least as long."""
    return any(
        (other.unseen or other.rrset == version.rrset)
        and (
            other.replaced_at is None
            or (version.replaced_at is not None and other.replaced_at >= version.replaced_at)
        )
        for other in others
    )


@given(_events())
def test_sight_leaves_one_open_version(events: list[Event]) -> None:
    """After a sight only what was seen may still be published, and it is known."""
    for count, event in enumerate(events, 1):
        if isinstance(event, Seen):
            history = fold(events[:count]).history(KEY)
            assert [v.rrset for v in history.versions if v.replaced_at is None] == [event.rrset]
            assert history.knows(event.rrset)


@given(_events(), contents)
def test_sight_is_idempotent(events: list[Event], rrset: RRset | None) -> None:
    """Seeing the same again adds nothing, at whatever time."""
    ledger = fold(events).seen(KEY, rrset, START + timedelta(hours=2))
    assert ledger.seen(KEY, rrset, START + timedelta(hours=3)) == ledger


@given(_events(), contents)
def test_intent_is_idempotent(events: list[Event], rrset: RRset | None) -> None:
    """Meaning to write the same twice adds nothing."""
    ledger = fold(events).intended(KEY, rrset, START + timedelta(hours=2))
    assert ledger.intended(KEY, rrset, START + timedelta(hours=3)) == ledger


@given(_events())
def test_nothing_is_forgotten(events: list[Event]) -> None:
    """Every version that was ever named stays, and once replaced stays so at that time."""
    for count in range(len(events)):
        before, after = versions(events[:count]), versions(events[: count + 1])
        assert all(covered(version, after) or version.replaced_at is None for version in before)
        assert all(any(v.rrset == old.rrset for v in after) for old in before)


@given(_events())
def test_intended_version_is_visible_until_another_was_seen(events: list[Event]) -> None:
    """From an intent on, what it writes may be published, until a sight says otherwise."""
    for index, event in enumerate(events):
        if not isinstance(event, Intent):
            continue
        after = event.changes[0][2]
        later = next((e for e in events[index + 1 :] if isinstance(e, Seen)), None)
        until = None if later is None or later.rrset == after else later.at
        found = [v for v in versions(events) if v.rrset == after and not v.unseen]
        assert any(v.replaced_at is None or (until and v.replaced_at >= until) for v in found) or (
            until is None and later is not None
        )


@given(_events(), st.data())
def test_lost_beginning_costs_time_only(events: list[Event], data: st.DataObject) -> None:
    """With any part of the past lost, whatever is known counts as replaced no earlier than before.

    For each version of the full story, the shortened one has the same, or an unseen one, that lasts
    at least as long: provided that it goes on to a sight at all, as every run begins with one.
    """
    cut = data.draw(st.integers(0, len(events)))
    sight = Seen(START + timedelta(hours=2), KEY, data.draw(contents))
    full = versions([*events, sight])
    short = versions([Corrupt("j:1", "lost"), *events[cut:], sight])
    assert all(covered(version, short) for version in full if version.rrset != sight.rrset)


@given(_events(), st.data())
def test_lost_end_costs_time_only(events: list[Event], data: st.DataObject) -> None:
    """A journal that ends too early (an old copy) makes the next sight a surprise.

    Whatever was lost is covered by the unseen version that a surprise puts before itself. Only a
    zone that came back to the very version last known cannot be told from one that never moved.
    """
    cut = data.draw(st.integers(0, len(events)))
    sight = Seen(START + timedelta(hours=2), KEY, data.draw(contents))
    if fold(events[:cut]).history(KEY).open_version(sight.rrset) is None:
        full, short = versions([*events, sight]), versions([*events[:cut], sight])
        assert all(covered(version, short) for version in full if version.rrset != sight.rrset)


@given(_events(forward=False))
def test_clocks_that_jump(events: list[Event]) -> None:
    """However clocks jump, nothing counts as replaced before the time of what replaced it."""
    latest = START
    ledger = Ledger()
    for count, event in enumerate(events, 1):
        latest = max(latest, event.at)
        known = {id(v): v for v in ledger.history(KEY).versions if v.replaced_at is not None}
        ledger = fold(events[:count])
        fresh = [
            v.replaced_at
            for v in ledger.history(KEY).versions
            if v.replaced_at is not None and v not in known.values()
        ]
        assert all(at == latest for at in fresh)
