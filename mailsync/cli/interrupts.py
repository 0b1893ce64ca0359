"""Ctrl-C while work is under way: a flag that is seen between two effects, not an exception.

`KeyboardInterrupt` is raised wherever the main thread happens to be. In a callback of the
interpreter it is lost, and a wait that begins a moment later sleeps to its end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event as Flag
from threading import Thread
from types import FrameType


@contextmanager
def flagged(stop: Flag) -> Iterator[None]:
    """Have the first Ctrl-C set the flag, and a second one raise `KeyboardInterrupt` at once.

    At the end `KeyboardInterrupt` is raised if the flag is set. For the main thread only. Where
    Ctrl-C is ignored, as in what a script began with ``&``, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    # The interpreter writes to the pipe as the signal comes, whatever the main thread is doing. A
    # handler that sets the flag itself could wait for a lock that its own thread holds.
    watcher = Thread(target=_watch, args=(reads, stop), name="ctrl-c", daemon=True)
    watcher.start()
    pipe_before = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    handler_before = signal.signal(signal.SIGINT, _from_the_second())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler_before)
        signal.set_wakeup_fd(pipe_before)
        os.close(writes)
        watcher.join()
        os.close(reads)
    if stop.is_set():
        raise KeyboardInterrupt


def _watch(reads: int, stop: Flag) -> None:
    while signals := os.read(reads, 64):
        if signal.SIGINT in signals:
            stop.set()


def _from_the_second() -> Callable[[int, FrameType | None], None]:
    """Make a handler that lets the first Ctrl-C pass to the flag, and raises from then on."""
    presses = count()

    def handler(_number: int, _frame: FrameType | None) -> None:
        if next(presses):
            raise KeyboardInterrupt

    return handler
