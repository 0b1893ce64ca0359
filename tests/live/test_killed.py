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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from mailsync.cli.app import main

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STEPS = (timedelta(0), timedelta(hours=2), timedelta(hours=3), timedelta(days=3))
"""When the command runs: prepare is due, nothing is, the switch is, settling is."""
SWITCH_AT = START + timedelta(hours=3)
"""The earliest run that may switch: TTL, unseen TTL and negative TTL are shorter than that."""

CALLS = ("write", "pwrite", "fsync", "fchmod", "fchown", "ftruncate", "replace", "rename", "unlink")
"""What changes something on disk, as far as mailsync and its providers use it."""

When = Literal["before", "after"]

CONFIG = """
zones: ./zones
providers:
  local: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./live}
targets: {"*": [local]}
defaults:
  ttl: 3600
  cutover: {ttl: 300, soak: 1d, unseen_ttl: 1h, negative_ttl: 1h}
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
    switched_at: list[datetime] = field(default_factory=list)

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
    def moved(self) -> bool:
        """Whether mail goes to the new server."""
        return "mx.old.example." not in self.zone

    def run(self, at: datetime, kill: tuple[int, When] | None = None) -> int:
        """Run ``mailsync apply`` in a new process at a time; give its exit code, -9 if killed."""
        pid = os.fork()
        if not pid:
            _become_the_command(self.directory, at, kill)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def finish(self, since: int = 0) -> None:
        """Run at every remaining step, undisturbed, until all is done."""
        for step in STEPS[since:]:
            before = self.moved
            assert self.run(START + step) == 0
            if self.moved and not before:
                self.switched_at.append(START + step)


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


def _set_clock(at: datetime) -> None:
    """Make it that time for everything that asks for the date."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at.astimezone(tz)

    for name, module in list(sys.modules.items()):
        if name.startswith("mailsync") and vars(module).get("datetime") is datetime:
            module.datetime = Then  # type: ignore[attr-defined]


def _lay_snare(directories: tuple[Path, ...], number: int, when: When) -> None:
    """Kill this process at the n-th call that touches one of the directories."""
    calls = 0

    def touches(target: object) -> bool:
        try:
            path = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else target
        except OSError:
            return False
        return Path(os.path.abspath(os.fsdecode(path))).is_relative_to(  # type: ignore[arg-type]
            directories[0]
        ) or Path(os.path.abspath(os.fsdecode(path))).is_relative_to(directories[1])  # type: ignore[arg-type]

    def snared(call: Callable[..., Any]) -> Callable[..., Any]:
        def caller(target: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal calls
            caught = touches(target)
            calls += caught
            if caught and calls == number and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(target, *arguments, **options)
            if caught and calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return caller

    for name in CALLS:
        setattr(os, name, snared(getattr(os, name)))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A cutover that nobody disturbs."""
    site = Site.made(tmp_path_factory.mktemp("undisturbed"))
    site.finish()
    return site


def test_the_undisturbed_cutover_switches_when_it_may_and_ends(undisturbed: Site) -> None:
    """What the killed ones are compared with: switched at the first safe run, old SPF gone."""
    assert undisturbed.switched_at == [SWITCH_AT]
    assert '"v=spf1 ip4:192.0.2.10 -all"' in undisturbed.zone
    assert "google-site-verification=abc" in undisturbed.zone
    assert "; the old way" not in undisturbed.zone
    assert undisturbed.run(START + timedelta(days=4)) == 0


def kills(site: Site, at: datetime, when: When) -> Iterator[Site]:
    """Kill a run at each of its writes in turn, each time in a copy of the site of its own."""
    number = 0
    while True:
        number += 1
        copy = Site(site.directory.with_name(f"{site.directory.name}-{when}-{number}"))
        shutil.copytree(site.directory, copy.directory)
        code = copy.run(at, (number, when))
        if code != -signal.SIGKILL:
            assert code == 0
            assert number > 5, "the snare caught nothing: the calls have other names now"
            return
        yield copy


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [0, 2, 3], ids=["prepare", "switch", "settle"])
def test_a_run_killed_at_any_write_costs_nothing(
    step: int, when: When, undisturbed: Site, tmp_path: Path
) -> None:
    """The runs that follow end in the same zone file, and switch neither early nor twice."""
    site = Site.made(tmp_path / "site")
    for earlier in STEPS[:step]:
        assert site.run(START + earlier) == 0
    killed = 0
    for copy in kills(site, START + STEPS[step], when):
        killed += 1
        if copy.moved:
            assert START + STEPS[step] >= SWITCH_AT
        copy.finish(since=step)
        # What a lost `Written` or `Seen` costs is time, here at most the soak.
        assert copy.run(START + timedelta(days=8)) == 0
        assert copy.zone == undisturbed.zone, f"killed {when} write {killed}"
        assert all(at >= SWITCH_AT for at in copy.switched_at)
        assert all(f.name.endswith((".zone",)) or f.name.startswith(".") for f in _files(copy))
    assert killed > 5


def _files(site: Site) -> list[Path]:
    return sorted((site.directory / "live").iterdir())
