"""Gates seen from elsewhere: written, signed, read, and refused when they cannot be believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.errors import MailsyncError
from mailsync.observe.observations import Certificate, Sight, from_json, to_json
from mailsync.plan.model import GateState

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
KEY = b"sixteen octets or more"
SIGHT = Sight(
    "example.com.", "smtp-accepts", "mx1.example.com.", "192.0.2.1", "pass", "250 Ok", NOW
)
CERTIFICATE = Certificate("mx1.example.com.", "192.0.2.1", f"3 1 1 {'ab' * 32}", "", NOW)
OTHER = replace(SIGHT, domain="example.net.", state="unknown", detail="blocked \u202e port")


def test_what_is_written_is_read() -> None:
    """Sorted, the same bytes each time; a gate as plans have it."""
    text = to_json(NOW, [OTHER, SIGHT])
    assert text == to_json(NOW, [SIGHT, OTHER])
    found = from_json(text, NOW)
    assert (found.created, found.sights, found.signed) == (NOW, (SIGHT, OTHER), False)
    assert found.of("example.net.") == (OTHER,)
    gate = SIGHT.as_gate()
    assert (gate.name, gate.state) == ("smtp-accepts", "pass")
    assert gate.detail == "mx1.example.com (192.0.2.1): 250 Ok"


def test_certificates_come_back_and_are_as_old_as_they_say() -> None:
    """Those that were seen, and why others were not."""
    unseen = Certificate("mx1.example.com.", "192.0.2.2", "", "it took too long", NOW)
    text = to_json(NOW, [], KEY, [unseen, CERTIFICATE])
    assert from_json(text, NOW, key=KEY).certificates == (CERTIFICATE, unseen)
    stale = replace(CERTIFICATE, at=NOW - timedelta(hours=2))
    with pytest.raises(MailsyncError, match="too old"):
        from_json(to_json(NOW, [], None, [stale]), NOW)


def test_a_signed_file_is_believed_with_its_key() -> None:
    """However it is laid out; without the key it is read as any other."""
    text = to_json(NOW, [SIGHT], KEY)
    assert from_json(text, NOW, key=KEY).signed
    assert from_json(json.dumps(json.loads(text)), NOW, key=KEY).sights == (SIGHT,)
    assert not from_json(text, NOW).signed


@pytest.mark.parametrize(
    "text",
    [
        to_json(NOW, [SIGHT]),
        to_json(NOW, [SIGHT], b"another key of that length"),
        to_json(NOW, [SIGHT], KEY).replace('"pass"', '"fail"'),
        to_json(NOW, [SIGHT], KEY).replace("hmac-sha256:", ""),
        to_json(NOW, [SIGHT]).replace('"sights"', '"signature": 5,\n  "sights"'),
    ],
    ids=["unsigned", "another key", "changed", "another method", "a number"],
)
def test_a_reader_with_a_key_believes_no_other(text: str) -> None:
    """Unsigned, signed by others, changed since."""
    with pytest.raises(MailsyncError, match="not signed with the key"):
        from_json(text, NOW, key=KEY)


def test_a_short_key_is_no_key() -> None:
    """Neither for writing nor for reading."""
    with pytest.raises(MailsyncError, match="too short"):
        to_json(NOW, [], b"short")
    with pytest.raises(MailsyncError, match="too short"):
        from_json(to_json(NOW, []), NOW, key=b"short")


def test_old_ones_are_refused() -> None:
    """By the file's time and by each sight's; as old as the reader allows."""
    text = to_json(NOW, [SIGHT])
    with pytest.raises(MailsyncError, match="too old: make it again"):
        from_json(text, NOW + timedelta(hours=2))
    assert from_json(text, NOW + timedelta(hours=2), age_max=timedelta(hours=3)).sights
    stale = to_json(NOW, [replace(SIGHT, at=NOW - timedelta(hours=2))])
    with pytest.raises(MailsyncError, match="too old"):
        from_json(stale, NOW)


def test_clocks_may_differ_a_little() -> None:
    """What comes from further in the future is no observation."""
    text = to_json(NOW, [SIGHT])
    assert from_json(text, NOW - timedelta(minutes=4)).sights
    with pytest.raises(MailsyncError, match="from the future"):
        from_json(text, NOW - timedelta(minutes=6))


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    """A file that somebody edited."""
    document = json.loads(to_json(NOW, [SIGHT], None, [CERTIFICATE]))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        changed(lambda d: d.update(format="mailsync-observations/2")),
        changed(lambda d: d.update(more=1)),
        changed(lambda d: d.update(sights={})),
        changed(lambda d: d["sights"][0].update(state="perhaps")),
        changed(lambda d: d["sights"][0].update(host="a b")),
        changed(lambda d: d["sights"][0].update(at="yesterday")),
        changed(lambda d: d["sights"][0].pop("detail")),
        changed(lambda d: d.pop("certificates")),
        changed(lambda d: d["certificates"][0].update(tlsa="3 1 1 ab")),
        changed(lambda d: d["certificates"][0].pop("at")),
        "[" * 100_000,
    ],
)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    """In one line that says what to do."""
    with pytest.raises(MailsyncError, match="no observations of this version"):
        from_json(text, NOW)


def test_a_file_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its length is looked at first."""
    monkeypatch.setattr("mailsync.observe.observations.SIZE_LIMIT", 10)
    with pytest.raises(MailsyncError, match="longer than 10"):
        from_json(to_json(NOW, []), NOW)


@given(st.text(), st.text(min_size=1), st.sampled_from(["pass", "fail", "unknown"]))
def test_whatever_a_server_says_comes_back(detail: str, gate: str, state: GateState) -> None:
    """Controls, surrogates, quotes: signed or not, the same text."""
    sight = replace(SIGHT, detail=detail, gate=gate, state=state)
    assert from_json(to_json(NOW, [sight], KEY), NOW, key=KEY).sights == (sight,)


@given(st.text())
def test_arbitrary_text_is_refused(text: str) -> None:
    """With a `MailsyncError`, and nothing else."""
    with pytest.raises(MailsyncError):
        from_json(text, NOW)
