"""Times, time zones and windows of a cutover."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mailsync.desired import moment, window
from mailsync.desired.model import Opening
from tests.unit.desired.reads import good

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-05T22:00+09:00", "2026-12-05T13:00"),
        ("2026-12-05t22:00:30z", "2026-12-05T22:00:30"),
        ("2026-12-05 22:00", "2026-12-05T13:00"),
        ("2026-12-05T22:00:00-05:00", "2026-12-06T03:00"),
    ],
)
def test_times(text: str, utc: str) -> None:
    """A time is RFC 3339's; without an offset it is the wall clock's of the configured zone."""
    assert moment.moment(text, TOKYO) == datetime.fromisoformat(f"{utc}+00:00")


def test_a_day_is_its_first_moment() -> None:
    """A service that ends on a day may be off when that day begins."""
    ends = moment.moment_or_day("2026-12-31", TOKYO)
    assert ends == datetime.fromisoformat("2026-12-31T00:00+09:00")
    assert moment.moment_or_day("2026-12-31T18:00", TOKYO) == datetime.fromisoformat(
        "2026-12-31T18:00+09:00"
    )


DAYS = frozenset(range(7))


@pytest.mark.parametrize(
    ("text", "openings"),
    [
        ("always", ()),
        ("Sat-Sun 00:00-24:00", (Opening(frozenset({5, 6}), 0, 1440),)),
        ("8:00-17:30", (Opening(DAYS, 480, 1050),)),
        ("Fri-Mon 22:00-24:00", (Opening(frozenset({4, 5, 6, 0}), 1320, 1440),)),
        ("sun 22:00-00:00", (Opening(frozenset({6}), 1320, 1440),)),
        (
            "Mon, Wed 22:00 - 04:00",
            (Opening(frozenset({0, 2}), 1320, 1440), Opening(frozenset({1, 3}), 0, 240)),
        ),
        (
            "Sun 23:00-01:00; Tue 01:00-02:00",
            (
                Opening(frozenset({6}), 1380, 1440),
                Opening(frozenset({0}), 0, 60),
                Opening(frozenset({1}), 60, 120),
            ),
        ),
    ],
)
def test_windows(text: str, openings: tuple[Opening, ...]) -> None:
    """A window is days and hours; over midnight it goes on into the next day."""
    assert window.parse(text).openings == openings


def test_terms_are_read_as_a_whole() -> None:
    """Every term of the cutover has its key; what is not said stays at its default."""
    cutover = good("""
cutover:
  at: 2026-12-05T22:00
  old_until: 2026-12-31
  window: [Sat 22:00-24:00, Sun 00:00-04:00]
  timezone: Asia/Tokyo
  ttl: 2
  lead: 7d
  unseen_ttl: 2d
  verifier_delay: 1w
""").cutover
    assert cutover.at == datetime.fromisoformat("2026-12-05T22:00+09:00")
    assert cutover.old_until == datetime.fromisoformat("2026-12-31T00:00+09:00")
    assert cutover.window.text == "Sat 22:00-24:00; Sun 00:00-04:00"
    assert len(cutover.window.openings) == 2
    assert (cutover.ttl, cutover.lead, cutover.soak) == (2, 604800, 864000)
    assert (cutover.unseen_ttl, cutover.verifier_delay) == (172800, 604800)
    assert cutover.zone == TOKYO
