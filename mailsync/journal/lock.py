"""One run per zone and machine: an advisory lock on a file, and the files' names."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from mailsync.dns.names import shown
from mailsync.errors import AnotherRun, JournalError

_STEM_MAX = 200
"""Octets of a file's name that the zone may take: file systems end at 255, names at 253."""


def stem(zone: str) -> str:
    """Give a zone's file name without its ending: one path component, another for every zone."""
    name = quote(shown(zone).lower(), safe="")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _STEM_MAX:
        name = f"{name[:100]}~{hashlib.sha256(name.encode()).hexdigest()}"
    return name


def reason(error: OSError) -> str:
    """Say in a few words why the operating system refused."""
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def held(directory: Path, zone: str) -> Iterator[None]:
    """Hold the zone's lock file in an existing directory; the end of the process lets it go too.

    Raises `AnotherRun` at once when it is held, by this process or another, and `JournalError`
    when there can be no lock.
    """
    path = directory / f"{stem(zone)}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        message = f"no lock can be taken: {reason(error)}; check who may write there"
        raise JournalError(message, where=str(path)) from None
    try:
        _lock(descriptor, zone, path)
        _leave_pid(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, zone: str, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).strip().decode("ascii", "replace")
        holder = f"process {pid}" if pid.isdigit() else "another process"
        message = f"another run is under way ({holder} holds {path}); wait until it has ended"
        raise AnotherRun(message, where=shown(zone)) from None
    except OSError as error:
        message = f"the file system takes no lock: {reason(error)}; keep the journal on a local one"
        raise JournalError(message, where=str(path)) from None


def _leave_pid(descriptor: int) -> None:
    """Say who holds the lock; only a courtesy, so a full disk is no obstacle."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        pass
