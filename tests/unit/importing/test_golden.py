"""A dozen imports as they looked when somebody last looked at them.

To make them again after a wanted change, and then to read the difference in git:

    MAILSYNC_UPDATE_GOLDEN=1 python -m pytest tests/unit/importing
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .corpus import FIXTURES, by_hand, found, listed, tried

_SHOWN = {
    "m365.example.",
    "m365-mailgates.example.",
    "google-ses.example.",
    "xserver.example.",
    "fastmail.example.",
    "own.example.",
    "office.example.",
    "parked-own.example.",
    "news.example.",
    "university.example.",
    "move.example.",
    "sts.example.",
    "broken-dkim.example.",
}
_ALL_RECORDS = {"own.example.", "xserver.example."}
_ZONES = {zone.zone: zone for zone in by_hand() if zone.zone in _SHOWN}


@pytest.mark.parametrize("name", sorted(_ZONES))
def test_imports_look_as_they_did(name: str, tmp_path: Path) -> None:
    """The files are read by people: how they look is as much a promise as what they say."""
    listing = listed(tmp_path, [(name, _ZONES[name].text)])[name]
    files = {f"{name}yaml": tried(found(listing, name)).one.text}
    if name in _ALL_RECORDS:
        files[f"{name}records.yaml"] = tried(found(listing, name, everything=True)).one.text
    for file, text in files.items():
        path = FIXTURES / "imports" / file
        if os.environ.get("MAILSYNC_UPDATE_GOLDEN"):
            path.write_text(text)
        assert path.read_text() == text


def test_every_golden_file_is_looked_at() -> None:
    """None is left from a test that is gone."""
    names = {f"{name}yaml" for name in _ZONES} | {f"{name}records.yaml" for name in _ALL_RECORDS}
    assert {path.name for path in (FIXTURES / "imports").iterdir()} == names
    assert set(_ZONES) == _SHOWN
