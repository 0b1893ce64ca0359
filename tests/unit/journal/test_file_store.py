from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailsync.errors import AnotherRun, JournalError
from mailsync.journal import codec, lock
from mailsync.journal.events import Corrupt
from mailsync.journal.file_store import FileJournal

from .samples import SEEN_NEW, SEEN_NOTHING, SEEN_OLD, ZONE, intent, written

ROOT = Path(__file__).parents[3]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory that is not there yet."""
    return tmp_path / "deep" / ".mailsync"


@pytest.fixture
def file(directory: Path) -> Path:
    """The zone's file in it."""
    return directory / "example.jp.jsonl"


def test_events_survive_the_process(directory: Path) -> None:
    """What was appended is there for the next run, in order, and each zone has its own."""
    journal = FileJournal(directory)
    assert journal.read(ZONE) == ()
    journal.append(ZONE, [SEEN_OLD, intent(5)])
    journal.append(ZONE, [])
    journal.append(ZONE, [written(6)])
    journal.append("example.net.", [written(7)])
    again = FileJournal(directory)
    assert again.read(ZONE) == (SEEN_OLD, intent(5), written(6))
    again.append(ZONE, [SEEN_NEW])
    assert FileJournal(directory).read(ZONE)[-1] == SEEN_NEW
    assert FileJournal(directory).read("example.net.") == (written(7),)


def test_journal_is_not_committed_by_accident(directory: Path, tmp_path: Path) -> None:
    """A directory that mailsync makes ignores itself in git; one that was there is left alone."""
    FileJournal(directory).append(ZONE, [SEEN_OLD])
    assert (directory / ".gitignore").read_text() == "*\n"
    FileJournal(tmp_path).append(ZONE, [SEEN_OLD])
    assert not (tmp_path / ".gitignore").exists()


def test_append_is_one_write_then_fsync(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append is one write, synced before it returns; a new file's name is synced as well."""
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def kind(descriptor: int) -> str:
        return "directory" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"  # noqa: PTH112

    def writing(descriptor: int, text: bytes) -> int:
        calls.append("write")
        return write(descriptor, text)

    def syncing(descriptor: int) -> None:
        calls.append(f"sync {kind(descriptor)}")
        fsync(descriptor)

    monkeypatch.setattr(os, "write", writing)
    monkeypatch.setattr(os, "fsync", syncing)
    journal = FileJournal(directory)
    journal.append(ZONE, [SEEN_OLD, intent(5)])
    made = ["sync directory", "sync directory"]
    assert calls == [*made, "write", "sync file", "sync directory"]
    calls.clear()
    journal.append(ZONE, [written(6)])
    assert calls == ["write", "sync file"]


@pytest.mark.parametrize("known", [True, False])
def test_torn_append_is_cut_off(directory: Path, file: Path, known: bool) -> None:
    """A crash amid an append leaves nothing: neither for readers nor for the next line."""
    FileJournal(directory).append(ZONE, [SEEN_OLD])
    whole = file.read_bytes()
    FileJournal(directory).append(ZONE, [intent(5)])
    file.write_bytes(file.read_bytes()[:-7])
    journal = FileJournal(directory)
    if known:
        assert journal.read(ZONE) == (SEEN_OLD,)
    journal.append(ZONE, [SEEN_NEW])
    assert file.read_bytes().startswith(whole)
    assert FileJournal(directory).read(ZONE) == (SEEN_OLD, SEEN_NEW)


@pytest.mark.parametrize("known", [True, False])
def test_dropped_newline_is_put_back(directory: Path, file: Path, known: bool) -> None:
    """An editor that drops the last newline costs neither the last line nor the next."""
    FileJournal(directory).append(ZONE, [SEEN_OLD])
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    journal = FileJournal(directory)
    if known:
        journal.read(ZONE)
    journal.append(ZONE, [SEEN_NEW])
    journal.append(ZONE, [SEEN_NOTHING])
    assert FileJournal(directory).read(ZONE) == (SEEN_OLD, SEEN_NEW, SEEN_NOTHING)


def test_corrupt_journal_goes_on(directory: Path, file: Path) -> None:
    """After binary garbage the journal is readable again from the next append on."""
    FileJournal(directory).append(ZONE, [SEEN_OLD])
    file.write_bytes(b"\x00" * 4096 + b"\n" + file.read_bytes())
    journal = FileJournal(directory)
    first, second, *_ = journal.read(ZONE)
    assert first == Corrupt("example.jp.jsonl:1", "not a line of a journal")
    assert second == SEEN_OLD
    journal.append(ZONE, [SEEN_NEW])
    assert FileJournal(directory).read(ZONE) == (first, SEEN_OLD, SEEN_NEW)


def test_another_run_is_noticed(directory: Path, file: Path) -> None:
    """What was decided on an old reading is not appended to a newer journal."""
    one, other = FileJournal(directory), FileJournal(directory)
    one.read(ZONE)
    other.append(ZONE, [SEEN_OLD])
    with pytest.raises(AnotherRun, match=r"^example\.jp: another run wrote to the journal"):
        one.append(ZONE, [SEEN_NEW])
    assert one.read(ZONE) == (SEEN_OLD,)
    one.append(ZONE, [SEEN_NEW])
    assert other.read(ZONE) == (SEEN_OLD, SEEN_NEW)


def test_append_under_way_is_noticed(directory: Path, file: Path) -> None:
    """Two appends never mix: the second one gives way."""
    journal = FileJournal(directory)
    journal.append(ZONE, [SEEN_OLD])
    with file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(AnotherRun):
            journal.append(ZONE, [SEEN_NEW])


@pytest.mark.parametrize("short", [True, False])
def test_full_disk_leaves_nothing_behind(
    directory: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    """When the disk is full nothing of the append counts, and the journal can go on."""
    journal = FileJournal(directory)
    journal.append(ZONE, [SEEN_OLD])
    write = os.write

    def full(descriptor: int, text: bytes) -> int:
        if not short:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, text[:10])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(JournalError, match=r"jsonl: the journal cannot be written: no space"):
            journal.append(ZONE, [SEEN_NEW])
    assert journal.read(ZONE) == (SEEN_OLD,)
    journal.append(ZONE, [SEEN_NEW])
    assert FileJournal(directory).read(ZONE) == (SEEN_OLD, SEEN_NEW)


def test_places_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the directory should be, or a directory for a file, is one line that says so."""
    (tmp_path / "file").write_text("")
    journal = FileJournal(tmp_path / "file" / "journal")
    for use in (
        lambda: journal.read(ZONE),
        lambda: journal.append(ZONE, [SEEN_OLD]),
        lambda: journal.lock(ZONE),
    ):
        with pytest.raises(JournalError, match=r"journal.*: the journal cannot be .*director"):
            use()
    (tmp_path / "example.jp.jsonl").mkdir()
    for use in (
        lambda: FileJournal(tmp_path).read(ZONE),
        lambda: FileJournal(tmp_path).append(ZONE, [SEEN_OLD]),
    ):
        with pytest.raises(JournalError, match=r"example\.jp\.jsonl: the journal cannot be"):
            use()


def test_disk_that_fails_while_reading(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An I/O error is an error, not an empty journal."""
    FileJournal(directory).append(ZONE, [SEEN_OLD])

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(codec, "read", failing)
    with pytest.raises(JournalError, match="cannot be read: input/output error"):
        FileJournal(directory).read(ZONE)


def test_lock_is_for_one(directory: Path) -> None:
    """A second run on the zone is told at once who holds it; other zones are free."""
    journal = FileJournal(directory)
    with journal.lock(ZONE):
        with pytest.raises(AnotherRun, match=rf"process {os.getpid()} holds .*example\.jp\.lock"):
            FileJournal(directory).lock(ZONE).__enter__()
        with journal.lock("example.net."):
            pass
    with journal.lock(ZONE):
        journal.append(ZONE, [SEEN_OLD])


def test_lock_ends_with_its_process(directory: Path) -> None:
    """A run that is killed holds nothing."""
    code = (
        "import sys, time; from pathlib import Path;"
        "from mailsync.journal.file_store import FileJournal\n"
        f"with FileJournal(Path({str(directory)!r})).lock({ZONE!r}):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        with pytest.raises(AnotherRun, match=rf"process {run.pid} holds"):
            FileJournal(directory).lock(ZONE).__enter__()
        run.send_signal(signal.SIGKILL)
        run.wait()
    with FileJournal(directory).lock(ZONE):
        pass


def test_lock_troubles_are_one_line(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks, or a lock that cannot be made, is said clearly."""
    (directory / "example.jp.lock").mkdir(parents=True)
    with pytest.raises(JournalError, match=r"example\.jp\.lock: no lock can be taken"):
        FileJournal(directory).lock(ZONE).__enter__()

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(JournalError, match="the file system takes no lock: no locks available"):
        FileJournal(directory).lock("example.net.").__enter__()


def test_lock_needs_no_room(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the lock still holds; only the holder's name is missing."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with (
        FileJournal(directory).lock(ZONE),
        pytest.raises(AnotherRun, match="another process holds"),
    ):
        FileJournal(directory).lock(ZONE).__enter__()


def test_file_names() -> None:
    """Every zone has a file of its own, and none leads out of the directory or is too long."""
    zones = [
        "example.jp.",
        ".",
        "../etc/passwd.",
        "0/25.2.0.192.in-addr.arpa.",
        "0%2F25.2.0.192.in-addr.arpa.",
        "*.example.jp.",
        ".".join(["a" * 63] * 3 + ["a" * 60]) + ".",
        ".".join(["a" * 63] * 3 + ["a" * 59]) + ".",
    ]
    stems = [lock.stem(zone) for zone in zones]
    assert len(set(stems)) == len(zones)
    assert stems[0] == "example.jp"
    assert all("/" not in stem and not stem.startswith(".") for stem in stems)
    assert all(len(stem) <= 200 for stem in stems)


def _append_many(directory: Path, number: int) -> None:
    journal = FileJournal(directory)
    for count in range(10):
        while True:
            try:
                journal.read(ZONE)
                journal.append(ZONE, [written(count, f"run {number}")])
                break
            except AnotherRun:
                continue


def test_many_processes_lose_nothing(directory: Path) -> None:
    """Runs that append at the same time make one whole journal of all that they wrote."""
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_append_many, args=(directory, n)) for n in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
        assert run.exitcode == 0
    entries = FileJournal(directory).read(ZONE)
    assert sorted(str(entry) for entry in entries) == sorted(
        str(written(count, f"run {n}")) for n in range(3) for count in range(10)
    )
