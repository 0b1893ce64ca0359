"""A scratch copy of the example, and the real command run in it at a time of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mailsync.apply.edge
import mailsync.cli.console
import mailsync_providers.zonefile
from mailsync.cli.app import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""A Monday: the example's window opens on Friday at 15:00 UTC, Saturday in Japan."""

_CONFIG = """\
zones: ./zones
providers:
  local: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./live}
targets: {"*": [local]}
defaults:
  ttl: 3600
  cutover: {ttl: 300, soak: 1d, timezone: Asia/Tokyo}
journal: {store: file, directory: ./.mailsync}
"""


@dataclass
class Done:
    """What a run of the command gave."""

    code: int
    out: str
    err: str

    @property
    def plan(self) -> dict[str, Any]:
        """Read stdout as JSON."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def domain(self, name: str) -> dict[str, Any]:
        """Give one domain of the JSON on stdout."""
        (found,) = [domain for domain in self.plan["domains"] if domain["domain"] == name]
        assert isinstance(found, dict)
        return found


@dataclass
class Site:
    """A directory with configuration, zones and master files; the time in it is the test's."""

    directory: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    now: datetime = START
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Copy the example, without its window, and stop the clock."""
        shutil.copytree(ROOT / "zones", self.directory / "zones")
        shutil.copytree(ROOT / "live", self.directory / "live")
        self.write("mailsync.yaml", _CONFIG)
        self.patch.chdir(self.directory)
        for module in (mailsync.apply.edge, mailsync.cli.console, mailsync_providers.zonefile):
            self.patch.setattr(module, "datetime", _Clock(self))

    def write(self, name: str, text: str) -> Path:
        """Write a file of the site."""
        path = self.directory / name
        path.write_text(text)
        return path

    def only(self, *names: str) -> None:
        """Keep the zone files of these domains, and no others."""
        for path in (self.directory / "zones").iterdir():
            if path.stem not in names:
                path.unlink()

    def run(self, *argv: str) -> Done:
        """Run the command in this process, at the site's time."""
        self.capture.readouterr()
        self.patch.setattr(sys, "argv", ["mailsync", *argv])
        code = main()
        return Done(code, *self.capture.readouterr())

    def process(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command as a process of its own, at the real time."""
        options.setdefault("env", os.environ | environment())
        return subprocess.run(
            command(*argv), cwd=self.directory, text=True, check=False, timeout=60, **options
        )

    def passes(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the site, by path."""
        return {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in sorted(self.directory.rglob("*"))
            if path.is_file()
        }

    def zone(self, name: str) -> str:
        """Give a master file's text."""
        return (self.directory / "live" / f"{name}.zone").read_text()


class _Clock:
    """Stands where modules ask `datetime` for the present time."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def now(self, timezone: tzinfo) -> datetime:
        return self._site.now.astimezone(timezone)


def command(*argv: str) -> list[str]:
    """Give the command line of a process."""
    return [sys.executable, "-m", "mailsync", *argv]


def environment() -> dict[str, str]:
    """Give what a process needs to find the packages."""
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "providers")])}
