"""Whole files with services, and what they ask for; MAILSYNC_UPDATE_GOLDEN=1 makes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailsync.desired.model import Desired
from tests.unit.desired.services.samples import good

DIRECTORY = Path(__file__).parents[3] / "fixtures" / "services"
CASES = sorted(path.stem for path in DIRECTORY.glob("*.yaml"))


def written(desired: Desired) -> str:
    """Write all that a domain asks for, a line each."""
    lines = ["# records"]
    for wish in desired.wishes:
        values = " | ".join(wish.values) or "(absent)"
        lines.append(f"{wish.place}  {wish.name} {wish.ttl} {wish.type} {values}  [{wish.kind}]")
    lines.append("# services")
    for use in desired.services:
        mx = " ".join(use.mx) or "-"
        behind = f" behind {use.behind}" if use.behind else ""
        alone = " exclusive" if use.exclusive else ""
        lines.append(f"{use.place}  {use.service} ({use.layer}{alone}){behind} MX {mx}")
    lines.append("# tasks")
    for task in desired.tasks:
        told = "" if task.blocks else " (told)"
        lines.append(f"{task.place}  {task.stage} {task.id}{told}: {task.text}")
    return "\n".join(lines) + "\n"


def test_the_main_case_is_among_them() -> None:
    """Microsoft 365 behind MAILGATES Σ is held, byte for byte."""
    assert "microsoft365-behind-mailgates" in CASES


@pytest.mark.parametrize("name", CASES)
def test_expansion_is_as_reviewed(name: str) -> None:
    """A file with services asks for what it did when somebody last looked."""
    text = written(good((DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8")))
    path = DIRECTORY / f"{name}.txt"
    if os.environ.get("MAILSYNC_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
