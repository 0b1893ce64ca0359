"""The journal on a git branch of its own: for runners that keep nothing between runs.

Every append is a commit, pushed fast-forward only: the push is the compare-and-set, and no run can
undo another's. Work tree, index, current branch and the user's settings are never touched.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailsync.dns.names import shown
from mailsync.errors import AnotherRun, JournalError
from mailsync.journal import codec, lock
from mailsync.journal.events import Entry, Event, Intent, Seen, Written
from mailsync.journal.git import GitError, Repository

_ATTEMPTS = 8
"""How often an append is tried while others, with other zones, keep coming first."""

_FRESH = 5.0
"""For that many seconds what was fetched is taken as the newest."""

_README = b"""\
This branch is mailsync's journal: what it saw and did, one file for each zone, one line for each
step. Runs go on where the last one stopped. Do not edit it. Deleting it is safe, and costs time.
"""


@dataclass(frozen=True, slots=True)
class _Tree:
    """The branch as one commit shows it: name → (mode, kind, object id)."""

    commit: str | None = None
    files: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def blob(self, name: str) -> str | None:
        """Give a file's object id; None where there is none."""
        _, kind, blob = self.files.get(name, ("", "", ""))
        return blob if kind == "blob" else None


class GitJournal:
    """A `Journal` in ``ZONE.jsonl`` on ``branch`` of ``remote``.

    A repository without any remote keeps the branch to itself. ``fresh``: for that many seconds
    after a fetch, `read` does not fetch again (many zones share one branch); what is stale by then
    is noticed by `append`.
    """

    def __init__(
        self,
        repository_dir: Path,
        branch: str = "mailsync-journal",
        remote: str = "origin",
        *,
        fresh: float = _FRESH,
        timeout: float = 60.0,
    ) -> None:
        """``timeout``: seconds that each git command may take."""
        self._repository = Repository(repository_dir, timeout=timeout)
        self._branch = f"refs/heads/{branch}"
        self._remote = remote
        self._copy = f"refs/remotes/{remote}/{branch}"
        self._fresh = fresh
        self._one_at_a_time = threading.RLock()
        self._tree = _Tree()
        self._fetched: float | None = None
        self._known: dict[str, str | None] = {}
        self._remote_in_use: bool | None = None

    def read(self, zone: str) -> Sequence[Entry]:
        """Give all entries of a zone, fetched first; none when there is no branch yet."""
        with self._one_at_a_time:
            if self._fetched is None or time.monotonic() - self._fetched >= self._fresh:
                self._fetch()
            blob = self._tree.blob(_name(zone))
            self._known[zone] = blob
            return self._log(zone, blob)[0].entries

    def append(self, zone: str, events: Sequence[Event]) -> None:
        """Commit and push events; `AnotherRun` when another run pushed to the zone meanwhile."""
        if not events:
            return
        with self._one_at_a_time:
            if zone not in self._known:
                self.read(zone)
            known = self._known[zone]
            log, octets = self._log(zone, known)
            line = codec.encode(zone, events, log.tip)
            content = octets[: log.end] + (b"" if log.fenced else b"\n") + line
            blob = self._repository.text("hash-object", "-w", "--stdin", given=content)
            for _ in range(_ATTEMPTS):
                if self._tree.blob(_name(zone)) != known:
                    raise _overtaken(zone)
                tree = self._grown(_name(zone), blob, f"{shown(zone)}: {_summary(events)}")
                if self._publish(tree):
                    self._tree = tree
                else:
                    self._fetch()
                if self._tree.blob(_name(zone)) == blob:
                    self._known[zone] = blob
                    return
            raise _overtaken(zone)

    @contextmanager
    def lock(self, zone: str) -> Iterator[None]:
        """Hold the zone on this machine; against other machines, the push decides."""
        common = self._repository.text("rev-parse", "--git-common-dir")
        directory = self._repository.directory / common / "mailsync"
        try:
            directory.mkdir(exist_ok=True)
        except OSError as error:
            message = f"no lock can be taken: {lock.reason(error)}; check who may write there"
            raise JournalError(message, where=str(directory)) from None
        with lock.held(directory, zone):
            yield

    def _fetch(self) -> None:
        """Bring the branch here and read its tree."""
        commit = self._tip()
        if commit is not None and self._has_remote and not self._holds(commit):
            # A shallow clone stays one: the past of the branch is not needed.
            shallow = self._repository.text("rev-parse", "--is-shallow-repository") == "true"
            depth = ["--depth=1"] if shallow else []
            self._repository.text(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                *depth,
                self._remote,
                f"+{self._branch}:{self._copy}",
            )
            commit = self._repository.text("rev-parse", "--verify", self._copy)
        if commit != self._tree.commit:
            self._tree = self._tree_of(commit)
        self._fetched = time.monotonic()

    def _tip(self) -> str | None:
        """Give the commit that the branch is at now; None when there is no branch."""
        if self._has_remote:
            listed = self._repository.text("ls-remote", self._remote, self._branch)
        else:
            listed = self._repository.text(
                "for-each-ref", "--format=%(objectname)\t%(refname)", self._branch
            )
        described = (line.partition("\t") for line in listed.splitlines())
        return {name: commit for commit, _, name in described}.get(self._branch)

    @property
    def _has_remote(self) -> bool:
        if self._remote_in_use is None:
            remotes = self._repository.text("remote").split()
            if remotes and self._remote not in remotes:
                message = f"no remote {self._remote!r} here (there is {', '.join(remotes)}): "
                message += "git remote add it, or the journal stays on this machine"
                raise JournalError(message, where=str(self._repository.directory))
            self._remote_in_use = bool(remotes)
        return self._remote_in_use

    def _holds(self, commit: str) -> bool:
        try:
            self._repository.text("cat-file", "-e", f"{commit}^{{tree}}")
        except GitError:
            return False
        return True

    def _tree_of(self, commit: str | None) -> _Tree:
        if commit is None:
            return _Tree()
        files = {}
        for line in self._repository.text("ls-tree", "-z", commit).split("\0")[:-1]:
            described, _, name = line.partition("\t")
            mode, kind, blob = described.split(" ")
            files[name] = (mode, kind, blob)
        return _Tree(commit, files)

    def _log(self, zone: str, blob: str | None) -> tuple[codec.Log, bytes]:
        octets = b"" if blob is None else self._repository.octets("cat-file", "blob", blob)
        return codec.read(zone, io.BytesIO(octets), _name(zone)), octets

    def _grown(self, name: str, blob: str, message: str) -> _Tree:
        """Commit the branch's tree with one file more or changed; nothing refers to it yet."""
        files = dict(self._tree.files)
        if not files:
            readme = self._repository.text("hash-object", "-w", "--stdin", given=_README)
            files["README.md"] = ("100644", "blob", readme)
        files[name] = ("100644", "blob", blob)
        listed = "".join(f"{' '.join(entry)}\t{name}\0" for name, entry in files.items())
        given = listed.encode("utf-8", "surrogateescape")
        tree = self._repository.text("mktree", "-z", "--missing", given=given)
        parent = ["-p", self._tree.commit] if self._tree.commit else []
        return _Tree(self._repository.text("commit-tree", tree, *parent, "-m", message), files)

    def _publish(self, tree: _Tree) -> bool:
        """Make the commit the branch's tip, if the branch is where it was; tell whether it is."""
        assert tree.commit is not None  # noqa: S101  # `_grown` has just made it
        try:
            if self._has_remote:
                self._push(tree.commit)
            else:
                before = self._tree.commit or "0" * len(tree.commit)
                self._repository.text("update-ref", self._branch, tree.commit, before)
        except GitError:
            tip = self._tip()
            if tip == tree.commit:
                return True  # it arrived, and only the answer was lost
            if tip == self._tree.commit:
                raise
            return False
        return True

    def _push(self, commit: str) -> None:
        # --no-verify: a hook that tests the user's work has no say here.
        self._repository.text(
            "push",
            "--quiet",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
            self._remote,
            f"{commit}:{self._branch}",
        )
        self._repository.text("update-ref", self._copy, commit)


def _name(zone: str) -> str:
    return f"{lock.stem(zone)}.jsonl"


def _summary(events: Sequence[Event]) -> str:
    """Say what an append holds, for the branch's log."""
    parts = [
        f"{type(event).__name__.lower()} {event.stage}"
        for event in events
        if isinstance(event, (Intent, Written))
    ]
    seen = sum(isinstance(event, Seen) for event in events)
    return ", ".join([*parts, *([f"{seen} seen"] if seen else [])])


def _overtaken(zone: str) -> AnotherRun:
    message = "another run has pushed to the journal meanwhile; nothing was written, run again"
    return AnotherRun(message, where=shown(zone))
