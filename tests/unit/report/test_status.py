from __future__ import annotations

import json

from mailsync.report.status import DomainStatus, Visible, status_json, status_text
from tests.unit.report.samples import CONVERGED, ERROR, HOSTILE, HOSTILE_TEXT, NOW, STAGED, STATUSES


def text_of(*statuses: DomainStatus) -> str:
    """Draw statuses, plain."""
    return status_text(statuses, now=NOW, colour=False, width=100)


def test_old_versions_are_shown_with_their_end() -> None:
    """What resolvers may still hold is shown, newest first, with when it is forgotten."""
    lines = text_of(*STATUSES).splitlines()
    first = lines.index("  example.co.jp. MX  visible:")
    assert lines[first + 1].startswith("    now ")
    assert lines[first + 2].startswith(
        "    until Mon 2026-11-23 11:01 JST (in 23 h 1 min)  TTL 86400"
    )
    assert lines[first + 4].endswith("a version that nobody saw: it may say anything")


def test_absence_is_a_version() -> None:
    """That a record was absent is remembered, and shown, like any other version."""
    assert "until Sun 2026-11-22 12:09 JST (in 9 min)  absent\n" in text_of(*STATUSES)


def test_settled_rrsets_are_counted() -> None:
    """RRsets of which only the published version is visible take one line together."""
    assert "1 RRset: only what is published is visible" in text_of(STATUSES[2])


def test_a_lone_unseen_version_is_not_settled() -> None:
    """An RRset that nobody has seen is never counted as settled."""
    seen = Visible(("example.org.", "MX"), None, unseen=True)
    assert "nobody saw" in text_of(DomainStatus(CONVERGED, (seen,)))


def test_errors_and_holds_are_shown() -> None:
    """The status says why a stage waits, and what stops a domain."""
    text = text_of(DomainStatus(STAGED), DomainStatus(ERROR))
    assert "the time that the file sets (cutover.at)" in text
    assert "  error the old service ends at" in text


def test_hostile_values_are_harmless() -> None:
    """Nothing from DNS steers the terminal."""
    seen = Visible((HOSTILE_TEXT, "MX"), None, unseen=True)
    assert text_of(DomainStatus(HOSTILE, (seen,))).replace("\n", "").isprintable()


def test_json_carries_the_same() -> None:
    """The JSON holds each visible version: its records or null, and its end or null."""
    document = json.loads(status_json(STATUSES, now=NOW))
    assert document["format"] == "mailsync-status/1"
    mx = [v for v in document["domains"][0]["visible"] if v["type"] == "MX"]
    assert [v["until"] for v in mx] == [None, "2026-11-23T02:00:01Z", "2026-11-22T06:00:00Z"]
    assert mx[0]["version"] == {"ttl": 300, "values": ["10 mgf.cybermail.jp."]}
    assert mx[2] == {
        "name": "example.co.jp.",
        "type": "MX",
        "version": None,
        "unseen": True,
        "until": "2026-11-22T06:00:00Z",
    }
    assert document["domains"][2]["old_service_until"] is None
