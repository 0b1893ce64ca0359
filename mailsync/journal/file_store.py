"""The journal on disk: an append-only file per zone in a directory of its own."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mailsync.dns.names import shown
from mailsync.errors import AnotherRun, JournalError
from mailsync.journal import codec, lock
from mailsync.journal.events import Entry, Event


@dataclass(frozen=True, slots=True)
class _Known:
    """How far a zone's file is known to this run: what stands in it, and how long the file is."""

    log: codec.Log
    size: int


class FileJournal:
    """A `Journal` in ``DIRECTORY/ZONE.jsonl``, with ``ZONE.lock`` beside it.

    The directory is made when it is first needed, with a ``.gitignore``: in a work tree the journal
    is not committed by accident. Deleting a zone's file is safe: it costs time, never mail.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = Path(directory)
        self._known: dict[str, _Known] = {}

    def read(self, zone: str) -> Sequence[Entry]:
        """Give all entries of a zone; none when there is no file yet."""
        path = self._path(zone)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._known[zone] = _Known(codec.Log(), 0)
            return ()
        except OSError as error:
            raise _unusable(path, "read", error) from None
        try:
            known = _read(zone, descriptor, path)
        except OSError as error:
            raise _unusable(path, "read", error) from None
        finally:
            os.close(descriptor)
        # The entries are the caller's; an append needs only the end.
        self._known[zone] = _Known(replace(known.log, entries=()), known.size)
        return known.log.entries

    def append(self, zone: str, events: Sequence[Event]) -> None:
        """Add events with one write and fsync; `AnotherRun` if the file grew since it was read."""
        if not events:
            return
        path = self._path(zone)
        self._make_directory()
        try:
            new = not path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o666)
            try:
                self._append(zone, events, descriptor, path)
            finally:
                os.close(descriptor)
            if new:
                _sync_directory(self._directory)
        except OSError as error:
            self._known.pop(zone, None)
            raise _unusable(path, "written", error) from None

    def lock(self, zone: str) -> AbstractContextManager[None]:
        """Hold the zone for one run on this machine."""
        self._make_directory()
        return lock.held(self._directory, zone)

    def _append(self, zone: str, events: Sequence[Event], descriptor: int, path: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _overtaken(zone) from None
        known = self._known.get(zone)
        if known is None or os.fstat(descriptor).st_size != known.log.end:
            found = _read(zone, descriptor, path)
            if known is not None and found.log.tip != known.log.tip:
                raise _overtaken(zone)
            known = found
        start = known.log.end
        if known.size != start:
            os.ftruncate(descriptor, start)
        line = codec.encode(zone, events, known.log.tip)
        text = line if known.log.fenced else b"\n" + line
        try:
            _write(descriptor, text)
        except BaseException:
            # None of it counts; if even this fails, the next append cuts the torn rest off.
            with suppress(OSError):
                os.ftruncate(descriptor, start)
            raise
        end = start + len(text)
        self._known[zone] = _Known(codec.Log((), codec.decode(zone, line).sum, end), end)

    def _path(self, zone: str) -> Path:
        return self._directory / f"{lock.stem(zone)}.jsonl"

    def _make_directory(self) -> None:
        try:
            if self._directory.is_dir():
                return
            self._directory.mkdir(parents=True, exist_ok=True)
            (self._directory / ".gitignore").write_text("*\n")
            _sync_directory(self._directory)
            _sync_directory(self._directory.parent)
        except OSError as error:
            raise _unusable(self._directory, "made", error) from None


def _read(zone: str, descriptor: int, path: Path) -> _Known:
    with open(descriptor, "rb", closefd=False) as stream:
        stream.seek(0)
        log = codec.read(zone, stream, path.name)
        return _Known(log, stream.seek(0, os.SEEK_END))


def _write(descriptor: int, text: bytes) -> None:
    """Write at once, so that a crash leaves a beginning of it at most, and make it last."""
    if os.write(descriptor, text) != len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def _sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overtaken(zone: str) -> AnotherRun:
    message = "another run wrote to the journal meanwhile; nothing was written, run again"
    return AnotherRun(message, where=shown(zone))


def _unusable(path: Path, verb: str, error: OSError) -> JournalError:
    message = (
        f"the journal cannot be {verb}: {lock.reason(error)}; mend that, or name another place"
    )
    return JournalError(message, where=str(path))
