"""The command killed at every write of journal and zone file during a cutover on zone files.

Each run is the real command's `main` in a process of its own. It kills itself with SIGKILL at the
n-th system call that changes something under the journal's or the zone files' directory, just
before it or just after, for every n there is; then runs follow that nobody disturbs.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from pathlib import Path
from typing import Any, Literal

import dns.zone
import pytest

import mailsync.apply.edge
import mailsync.cli.console
import mailsync_providers.zonefile
from mailsync.cli.app import main

# Python 3.12 warns of forks beside threads, and pytest-xdist has some: they are not ours.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WAIT = timedelta(hours=1)
"""How long the switch waits after preparing: TTL, unseen TTL and negative TTL are all an hour."""
SOAK = timedelta(days=5)
LATER = timedelta(minutes=10)
"""When the next run comes after one that was killed."""
SECOND = timedelta(seconds=1)
RUNS = {"prepare": START, "switch": START + WAIT, "settle": START + WAIT + SOAK}
"""When each stage runs in a cutover that nobody disturbs."""

CALLS = (
    *("open", "mkdir", "write", "pwrite", "fsync", "ftruncate"),
    *("fchmod", "fchown", "replace", "rename", "unlink"),
)
"""What changes something on disk, as far as mailsync and its providers use it."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

LOWERED, MOVED = "300 10 mx.old.example.", "300 10 mx1.example.jp."

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")

CONFIG = """
zones: ./zones
providers:
  local: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./live}
targets: {"*": [local]}
defaults:
  ttl: 3600
  cutover: {ttl: 300, soak: 5d, unseen_ttl: 1h, negative_ttl: 1h}
journal: {store: file, directory: ./journal}
"""
WISHED = """
mx: [10 mx1]
hosts: {mx1: 192.0.2.10}
spf: {ip4: [192.0.2.10], all: fail}
"""
ZONE_FILE = """\
$ORIGIN example.jp.
$TTL 3600
@    IN SOA ns1.example.net. hostmaster.example.jp. 42 7200 900 1209600 900
@    IN NS  ns1.example.net.
@    IN MX  10 mx.old.example.   ; the old way
@    IN TXT "v=spf1 include:_spf.old.example -all"
@    IN TXT "google-site-verification=abc"
www  IN A   192.0.2.80
"""


@dataclass
class Site:
    """A directory with configuration, zone file and journal, and the runs in it."""

    directory: Path

    @classmethod
    def made(cls, directory: Path) -> Site:
        """Lay out the files."""
        for name in ("zones", "live"):
            (directory / name).mkdir(parents=True)
        (directory / "mailsync.yaml").write_text(CONFIG)
        (directory / "zones" / "example.jp.yaml").write_text(WISHED)
        (directory / "live" / "example.jp.zone").write_text(ZONE_FILE)
        return cls(directory)

    @property
    def zone(self) -> str:
        """The zone file without its serial."""
        text = (self.directory / "live" / "example.jp.zone").read_text()
        return re.sub(r"(?<=hostmaster\.example\.jp\. )\d+", "SERIAL", text)

    @property
    def mx(self) -> str:
        """The MX record's TTL and value, as a name server would serve them."""
        found = dns.zone.from_text(
            self.zone.replace("SERIAL", "1"), "example.jp.", relativize=False
        )
        rdataset = found.get_rdataset("example.jp.", "MX")
        return str(rdataset and f"{rdataset.ttl} {rdataset[0]}")

    @property
    def state(self) -> frozenset[tuple[str, bytes]]:
        """All that later runs go by: files and what is in them; temporary ones by their prefix."""
        files = (
            path for name in ("journal", "live") for path in (self.directory / name).rglob("*")
        )
        return frozenset(
            (re.sub(r"(?<=\.zone\.).*", "", path.name), path.read_bytes())
            for path in files
            if path.suffix != ".lock"
        )

    @property
    def said(self) -> str:
        """What the last run printed."""
        return (self.directory / "output.txt").read_text()

    def run(self, at: datetime, kill: tuple[int, When] | None = None) -> int:
        """Run ``mailsync apply`` in a new process at a time; give its exit code, -9 if killed."""
        pid = os.fork()
        if not pid:
            _become_the_command(self.directory, at, kill)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)


def _become_the_command(directory: Path, at: datetime, kill: tuple[int, When] | None) -> None:
    """In the forked process: set clock and snare, run the command, and never come back."""
    code = 70
    try:
        os.chdir(directory)
        output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  # the process's own
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # the same
        _set_clock(at)
        if kill is not None:
            _lay_snare((directory / "journal", directory / "live"), *kill)
        sys.argv = ["mailsync", "apply", "--yes"]
        code = main()
        sys.stdout.flush()
    finally:
        os._exit(code)


class Clock:
    """Stands where modules ask `datetime` for the present time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self, timezone: tzinfo) -> datetime:
        """Tell the time at which the run takes place."""
        return self._at.astimezone(timezone)


def _set_clock(at: datetime) -> None:
    for module in (mailsync.apply.edge, mailsync.cli.console, mailsync_providers.zonefile):
        module.datetime = Clock(at)  # type: ignore[attr-defined]


def _lay_snare(directories: tuple[Path, ...], number: int, when: When) -> None:
    """Kill this process at the n-th call that touches one of the directories."""
    calls = 0

    def touches(name: str, target: int | str | os.PathLike[str], *arguments: Any) -> bool:
        if name == "open" and not arguments[0] & WRITING:
            return False
        path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target
        return any(Path(path).absolute().is_relative_to(directory) for directory in directories)

    def snared(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def caller(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            caught = touches(name, *arguments)
            calls += caught
            if caught and calls == number and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*arguments, **options)
            if caught and calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return caller

    for name in CALLS:
        setattr(os, name, snared(name, getattr(os, name)))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A cutover that nobody disturbs."""
    site = Site.made(tmp_path_factory.mktemp("undisturbed"))
    with pytest.MonkeyPatch.context() as patch:
        # Every run is a fork of this process: what one needs is imported here, once.
        patch.setattr(
            sys, "argv", ["mailsync", "-c", str(site.directory / "mailsync.yaml"), "status"]
        )
        assert main() == 0
    for at in RUNS.values():
        assert site.run(at) == 0
    return site


def test_the_undisturbed_cutover_ends(undisturbed: Site) -> None:
    """What the killed ones are compared with: mail has moved, TTLs are back."""
    assert undisturbed.mx == "3600 10 mx1.example.jp."
    assert '"v=spf1 ip4:192.0.2.10 -all"' in undisturbed.zone
    assert "google-site-verification=abc" in undisturbed.zone
    before = undisturbed.zone
    assert undisturbed.run(START + timedelta(days=12)) == 0
    assert undisturbed.zone == before


def test_a_run_that_comes_too_early_does_not_switch(tmp_path: Path) -> None:
    """A second before the old TTL has run out mail stays where it is; then it moves."""
    site = Site.made(tmp_path / "site")
    assert site.run(START) == 0
    assert site.mx == LOWERED
    assert site.run(START + WAIT - SECOND) == 0
    assert site.mx == LOWERED
    assert site.run(START + WAIT) == 0
    assert site.mx == MOVED


def killed_everywhere(site: Site, at: datetime) -> Iterator[Site]:
    """Kill the run at that time before and after each of its writes, each in a copy of the site.

    Gives every state on disk that such a kill leaves behind, once.
    """
    states = set()
    for when in WHENS:
        for number in count(1):
            copy = Site(site.directory.with_name(f"{when}-{number}"))
            shutil.copytree(site.directory, copy.directory)
            code = copy.run(at, (number, when))
            if code != -signal.SIGKILL:
                assert code == 0
                assert number > 15, "the snare misses most writes: they are made otherwise now"
                break
            if copy.state not in states:
                states.add(copy.state)
                yield copy
    assert len(states) > 5


@pytest.mark.slow
def test_killed_while_preparing(undisturbed: Site, tmp_path: Path) -> None:
    """The switch waits a whole TTL from when the low one was really published, and no longer than
    from the run after the killed one.
    """
    for site in killed_everywhere(Site.made(tmp_path / "site"), START):
        published = START if site.mx == LOWERED else START + LATER
        assert site.run(START + LATER) == 0
        assert site.mx == LOWERED
        assert site.run(published + WAIT - SECOND) == 0
        assert site.mx == LOWERED
        assert site.run(START + LATER + WAIT) == 0
        assert site.mx == MOVED
        ends_like(undisturbed, site)


@pytest.mark.slow
def test_killed_while_switching(undisturbed: Site, tmp_path: Path) -> None:
    """Mail has moved or it has not, and the next run has it moved; nothing old goes early."""
    site = Site.made(tmp_path / "site")
    assert site.run(RUNS["prepare"]) == 0
    for copy in killed_everywhere(site, RUNS["switch"]):
        assert copy.mx in {LOWERED, MOVED}
        moved_at = RUNS["switch"] + (timedelta(0) if copy.mx == MOVED else LATER)
        assert copy.run(RUNS["switch"] + LATER) == 0
        assert copy.mx == MOVED
        assert copy.run(moved_at + SOAK - SECOND) == 0
        assert "_spf.old.example" in copy.zone
        ends_like(undisturbed, copy)


@pytest.mark.slow
def test_killed_while_settling(undisturbed: Site, tmp_path: Path) -> None:
    """What is left of the old way goes in the next run."""
    site = Site.made(tmp_path / "site")
    assert site.run(RUNS["prepare"]) == 0
    assert site.run(RUNS["switch"]) == 0
    for copy in killed_everywhere(site, RUNS["settle"]):
        assert copy.run(RUNS["settle"] + LATER) == 0
        assert copy.zone == undisturbed.zone
        ends_like(undisturbed, copy)


def ends_like(undisturbed: Site, site: Site) -> None:
    """Check that the last run leaves the undisturbed cutover's bytes, and says that all is done."""
    assert site.run(START + timedelta(days=12)) == 0
    assert site.zone == undisturbed.zone
    assert "example.jp: " in site.said
    assert "converged" in site.said
