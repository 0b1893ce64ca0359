from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailsync.report.times import moment, relative, when
from tests.unit.report.samples import NOW


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=-1), "now"),
        (timedelta(microseconds=1), "in 1 s"),
        (timedelta(minutes=5, seconds=20), "in 5 min 20 s"),
        (timedelta(hours=3, seconds=1), "in 3 h 1 min"),
        (timedelta(days=13, hours=10), "in 13 d 10 h"),
        (timedelta(days=1, seconds=1), "in 1 d 1 h"),
    ],
)
def test_how_long_until_then(ahead: timedelta, text: str) -> None:
    """How long until then has two units at most and is never too short."""
    assert relative(NOW + ahead, NOW) == text


@pytest.mark.parametrize(
    ("time", "timezone", "text"),
    [
        (NOW, "Asia/Tokyo", "Sun 2026-11-22 12:00 JST"),
        (NOW + timedelta(seconds=7), "Asia/Tokyo", "Sun 2026-11-22 12:00:07 JST"),
        (NOW + timedelta(seconds=6, microseconds=1), "UTC", "Sun 2026-11-22 03:00:07 UTC"),
        (NOW + timedelta(hours=9, seconds=1), "UTC", "Sun 2026-11-22 12:01 UTC"),
        (NOW, "America/Sao_Paulo", "Sun 2026-11-22 00:00 UTC-03"),
        (datetime(2026, 7, 1, tzinfo=UTC), "Europe/Berlin", "Wed 2026-07-01 02:00 CEST"),
    ],
)
def test_a_moment_in_the_domains_time_zone(time: datetime, timezone: str, text: str) -> None:
    """A time carries its weekday and zone, and is never shown too early."""
    assert moment(time, timezone, NOW) == text


def test_what_has_passed_is_now() -> None:
    """What need not be waited for any more is due now."""
    assert when(NOW, "UTC", NOW) == "now"
    assert when(NOW + timedelta(minutes=1), "UTC", NOW) == "Sun 2026-11-22 03:01 UTC (in 1 min)"
