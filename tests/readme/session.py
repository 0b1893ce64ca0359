"""A page's session: files, commands and the clock, in a directory of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.live.clock import SteppedClock

from . import page

ROOT: Final = Path(__file__).parents[2]

_PAST_THE_MINUTE = timedelta(seconds=10)
"""Times are shown to the minute, rounded up: on the minute itself it would be chance which one."""

_EXAMPLE = ("mailsync.yaml", "zones", "live")
_WHO = {"NAME": "Sato", "EMAIL": "sato@example.com"}


class Session:
    """Plays pages. ``directory`` is empty; the real `mailsync` is on the PATH of its commands.

    Every command is a shell of its own, on the clock where the page has set one.
    """

    def __init__(self, directory: Path, clock: SteppedClock) -> None:
        self._directory = directory
        self._clock = clock
        self._moving = False
        self._code = 0
        self._scenes = 0
        self._bin = directory / "bin"
        self._stub(self._bin)
        self._here = self._new_scene()
        self._copied: Path | None = None

    def play(self, text: str) -> str:
        """Do all that a page shows; give the page with the outputs as they are.

        An output that fits what is shown stays as shown. Raises `page.BadPageError`, also for a
        command that fails while the page does not ask for its exit code.
        """
        lines = text.splitlines()
        played = [(block, self._played(block)) for block in page.blocks(text)]
        for block, now in reversed(played):
            lines[block.line : block.line + len(block.lines)] = now
        return "".join(f"{line}\n" for line in lines)

    def _played(self, block: page.Block) -> list[str]:
        """Give the lines of the block as they are now."""
        for word, text in block.words:
            _WORDS[word](self, text)
        if (path := block.word("file")) is not None:
            file = self._here / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in block.lines))
        if block.language != "console":
            return list(block.lines)
        lines: list[str] = []
        for step in page.steps(block):
            self._check_told(block, "$?" in step.command, lines)
            real = self._run(step.command)
            fits = page.fits(step.shown, real, moving=self._moving)
            shown = step.shown if fits else page.shortened(step.shown, real)
            lines += [f"$ {step.command}", *shown]
        self._check_told(block, False, lines)
        return lines

    def _check_told(self, block: page.Block, told: bool, lines: list[str]) -> None:
        """A command that fails is followed by `echo $?`, so that the page tells."""
        if self._code and not told:
            said = "\n".join(lines)
            msg = f"line {block.line}: exit code {self._code}, and no `echo $?` tells\n{said}"
            raise page.BadPageError(msg)

    def _run(self, command: str) -> list[str]:
        """Run a command and give its output; the directory that it goes to is kept."""
        left = self._directory / "left"
        script = f"trap 'pwd >{left}' EXIT; (exit {self._code}); {command}"
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self._here,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        self._code = done.returncode
        self._here = Path(left.read_text().rstrip("\n"))
        return done.stdout.splitlines()

    def _environment(self) -> dict[str, str]:
        git = {f"GIT_{role}_{key}": _WHO[key] for role in ("AUTHOR", "COMMITTER") for key in _WHO}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return {
            **os.environ,
            **git,
            **alone,
            **(self._clock.environment() if self._moving else {}),
            "HOME": str(self._directory),
            "LC_ALL": "C.UTF-8",
            "PATH": os.pathsep.join([str(self._bin), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "providers")]),
            "TZ": "UTC",
        }

    def _stub(self, directory: Path) -> None:
        """Put a `mailsync` there that is this checkout's, in this environment."""
        directory.mkdir(parents=True)
        command = directory / "mailsync"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m mailsync "$@"\n')
        command.chmod(0o755)

    def _new_scene(self) -> Path:
        self._scenes += 1
        scene = self._directory / f"scene{self._scenes}"
        scene.mkdir()
        return scene

    def _scene(self, text: str) -> None:
        self._here, self._moving = self._new_scene(), False
        if text == "example":
            self._stub(self._here / "script")
            for name in _EXAMPLE:
                source = ROOT / name
                copy = shutil.copytree if source.is_dir() else shutil.copy2
                copy(source, self._here / name)
        elif text != "empty":
            raise page.BadPageError(f"{text} is no scene: write example or empty")

    def _set_clock(self, text: str) -> None:
        self._moving = True
        self._clock.set(datetime.fromisoformat(text) + _PAST_THE_MINUTE)

    def _copy(self, _: str) -> None:
        self._copied, self._here = self._here, self._new_scene()
        shutil.copytree(self._copied, self._here, dirs_exist_ok=True)

    def _back(self, _: str) -> None:
        if self._copied is None:
            raise page.BadPageError("back from where? nothing was copied")
        self._here, self._copied = self._copied, None


_WORDS: Final[dict[str, Callable[[Session, str], None]]] = {
    "scene": Session._scene,
    "clock": Session._set_clock,
    "copy": Session._copy,
    "back": Session._back,
    "file": lambda session, path: None,
}
