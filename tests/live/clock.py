"""The stepped clock: days pass in milliseconds, for every process that was given its environment.

All processes share one offset to the real wall clock, and the test makes it jump. Timestamps and
what is computed from them follow: caches, TSIG, `datetime.now()`, and within 20 ms the servers'
own timers (zone refresh, expiry). Durations stay real: timeouts, round trips, `time.sleep`.
Times of files are the kernel's, hence real.
"""

import mmap
import os
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .machine import find_program, public_directory

SOURCE: Final = Path(__file__).with_name("stepclock.c")
SECOND: Final = 1_000_000_000  # nanoseconds
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SteppedClock:
    """A wall clock that runs at the real pace from wherever the test has put it.

    A context manager: the preload library is built for it (ProgramMissingError without a C
    compiler) and removed with it. It outlives the processes that use it.
    """

    def __init__(self) -> None:
        self._directory = public_directory("clock")
        self._library = self._directory / "stepclock.so"
        self._offset_file = self._directory / "offset"
        self._still = threading.RLock()
        try:
            self._build()
            self._offset_file.write_bytes(bytes(8))
            with self._offset_file.open("r+b") as file:
                self._offset = mmap.mmap(file.fileno(), 8)
        except BaseException:
            shutil.rmtree(self._directory)
            raise

    def _build(self) -> None:
        command: list[str | Path] = [find_program("cc", "gcc libc6-dev")]
        command += ["-O2", "-shared", "-fPIC"]
        command += ["-o", self._library, SOURCE, "-ldl"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise RuntimeError(f"{SOURCE.name} does not compile:\n{built.stderr}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._offset.close()
        shutil.rmtree(self._directory)

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to live on this clock."""
        preload = [str(self._library), os.environ.get("LD_PRELOAD", "")]
        return {
            "LD_PRELOAD": ":".join(filter(None, preload)),
            "MAILSYNC_STEPCLOCK": str(self._offset_file),
        }

    def now(self) -> datetime:
        """The time on this clock, UTC."""
        return EPOCH + timedelta(microseconds=(time.time_ns() + self._nanoseconds) // 1000)

    def advance(self, seconds: float) -> None:
        """Let the clock jump by so many seconds (a negative number: backwards)."""
        with self._still:
            self._nanoseconds += round(seconds * SECOND)

    def set(self, moment: datetime) -> None:
        """Let the clock jump to an aware datetime, from which it goes on."""
        with self._still:
            ahead = (moment - EPOCH) // timedelta(microseconds=1) * 1000
            self._nanoseconds = ahead - time.time_ns()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep the clock from jumping: around a question that is asked from another thread."""
        with self._still:
            yield

    @property
    def _nanoseconds(self) -> int:
        (offset,) = struct.unpack("=q", self._offset[:8])
        return int(offset)

    @_nanoseconds.setter
    def _nanoseconds(self, offset: int) -> None:
        self._offset[:8] = struct.pack("=q", offset)
