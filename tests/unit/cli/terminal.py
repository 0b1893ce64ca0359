"""A terminal for a process: what it shows, and what the user types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class Terminal:
    """Runs a command on a pseudo-terminal of its own, where Ctrl-C is a key."""

    def __init__(self, argv: Sequence[str], directory: Path, environ: Mapping[str, str]) -> None:
        """Start the command; it is killed at the end if it has not ended by itself."""
        self._master, slave = pty.openpty()
        try:
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *argv],
                cwd=directory,
                env=environ,
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
        finally:
            os.close(slave)
        self.shown = ""
        self._typed = b""
        self._quiet = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        """Press these keys; U+0003 is Ctrl-C.

        They are pressed again when nothing happens for a while: a key pressed just as the command
        takes over the terminal's line editing is lost, to people as well.
        """
        self._typed, self._quiet = text.encode(), 0
        os.write(self._master, self._typed)

    def until(self, text: str, seconds: float = 30) -> None:
        """Read until the text is shown."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} is not in {self.shown!r}"
            if not self._read():
                raise AssertionError(f"the command ended without {text!r}: {self.shown!r}")

    def end(self) -> int:
        """Read to the end; give the exit code."""
        end = time.monotonic() + 60
        while self._read():
            assert time.monotonic() < end, f"the command does not end: {self.shown!r}"
        return self.process.wait(30)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 1)
        if not ready:
            self._quiet += 1
            if self._typed and self._quiet % 3 == 0:
                os.write(self._master, self._typed)
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody holds the other end any more
            return False
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
