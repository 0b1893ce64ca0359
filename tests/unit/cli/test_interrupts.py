"""Ctrl-C while `mailsync apply` works."""

from __future__ import annotations

import os
import signal
import weakref
from pathlib import Path
from threading import Event

import pytest

from mailsync.cli.interrupts import flagged


def interrupt() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_sets_the_flag_and_raises_at_the_end() -> None:
    """What is under way goes on to where it looks at the flag."""
    stop = Event()
    seen: list[object] = []

    def work() -> None:
        with flagged(stop):
            interrupt()
            seen.append(stop.wait(10))

    with pytest.raises(KeyboardInterrupt):
        work()
    assert seen == [True]


def test_a_second_ctrl_c_does_not_wait() -> None:
    """Whoever presses twice wants out at once."""
    stop = Event()
    seen: list[object] = []

    def work() -> None:
        with flagged(stop):
            interrupt()
            seen.append(stop.wait(10))
            interrupt()
            seen.append("went on")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert seen == [True]


def test_no_ctrl_c_is_lost_in_a_callback_of_the_interpreter() -> None:
    """An exception in a weak reference's callback is dropped; a flag is not."""
    stop = Event()

    class Thing:
        """Something that a weak reference can point to."""

    def work() -> None:
        thing = Thing()
        reference = weakref.ref(thing, lambda _: interrupt())
        with flagged(stop):
            del thing
            assert reference() is None
            assert stop.wait(10)

    with pytest.raises(KeyboardInterrupt):
        work()


def test_everything_is_as_before_afterwards() -> None:
    """The handler and the pipe of whoever called are back, also after an error."""
    before = signal.getsignal(signal.SIGINT)
    files = len(list(Path("/dev/fd").iterdir()))
    stop = Event()
    with flagged(stop):
        assert signal.getsignal(signal.SIGINT) is not before
    with pytest.raises(ValueError, match="work"), flagged(stop):
        raise ValueError("work")
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1
    assert len(list(Path("/dev/fd").iterdir())) == files
    assert not stop.is_set()


def test_a_command_in_a_scripts_background_goes_on() -> None:
    """The shell lets it ignore Ctrl-C (POSIX, 2.11): that is meant for what is in front."""
    stop = Event()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with flagged(stop):
            interrupt()
            interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert not stop.is_set()
