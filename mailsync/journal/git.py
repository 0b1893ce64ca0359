"""Running git: never asks, never waits for ever, never shows a secret, says why in one line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from mailsync.errors import JournalError

_TIMEOUT = 60.0
"""Seconds that one git command may take, the network included."""

_CREDENTIALS = re.compile(r"://[^/@\s]*@")
_QUERY = re.compile(r"(\?|&)([^=&\s]+)=[^&\s']+")
_COMPLAINT = re.compile(
    r"(?:fatal|error|remote|ssh): |.*\[(?:remote )?rejected\]|Permission denied"
)
_SHOWN_MAX = 300
"""Characters of git's own words that a message holds."""


class GitError(JournalError):
    """A git command failed; the message is what git said, in one line."""


class Repository:
    """A git repository on this machine: a clone, a worktree or a bare one."""

    def __init__(self, directory: Path, *, timeout: float = _TIMEOUT) -> None:
        """``timeout`` in seconds, for each command."""
        self.directory = Path(directory)
        self._timeout = timeout

    def text(self, *arguments: str, given: bytes = b"") -> str:
        """Run a git command and give what it printed, without the last newline."""
        return self.octets(*arguments, given=given).decode("utf-8", "surrogateescape").rstrip("\n")

    def octets(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run a git command, with ``given`` as its input, and give what it printed.

        Raises `GitError` when it fails or takes too long, `JournalError` when it cannot be run.
        """
        try:
            process = subprocess.Popen(
                ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments],
                cwd=self.directory,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal to ask on, and its children end with it
            )
        except FileNotFoundError:
            raise self._cannot_run() from None
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}", where=self._where) from None
        try:
            output, complaint = process.communicate(given, self._timeout)
        except subprocess.TimeoutExpired:
            message = f"git {arguments[0]} took longer than {self._timeout:g} s; try again later"
            raise GitError(message, where=self._where) from None
        finally:
            if process.poll() is None:
                _end(process)
        if process.returncode != 0:
            said = in_one_line(complaint.decode("utf-8", "replace"))
            raise GitError(f"git {arguments[0]}: {said}", where=self._where)
        return output

    @property
    def _where(self) -> str:
        return str(self.directory)

    def _cannot_run(self) -> JournalError:
        if not self.directory.is_dir():
            return JournalError("there is no such directory", where=self._where)
        message = "the journal's store is git, and git is not installed: install it, or store: file"
        return JournalError(message, where=self._where)


def in_one_line(complaint: str) -> str:
    """Give the gist of what git wrote to stderr, without control characters and credentials."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    telling = [line for line in lines if _COMPLAINT.match(line)] or lines[-1:]
    text = "; ".join(telling) or "it failed and did not say why"
    text = _QUERY.sub(r"\1\2=***", _CREDENTIALS.sub("://***@", text))
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= _SHOWN_MAX else shown[: _SHOWN_MAX - 1] + "…"


def _environment() -> dict[str, str]:
    # Inside a hook, GIT_DIR and GIT_INDEX_FILE name the repository that is being worked on.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name
        not in {
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_PREFIX",
            "GIT_QUARANTINE_PATH",
            "GIT_TRACE",
        }
    }
    identity = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "mailsync"), ("EMAIL", "mailsync@localhost.invalid"))
    }
    return {
        **kept,
        **identity,
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "LC_ALL": "C",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and whatever it started (ssh, a remote helper), which would hold the pipes open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
