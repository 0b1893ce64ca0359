"""What all commands share: loading files, saying errors, exit codes, colours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mailsync.errors import FileErrors, MailsyncError
from mailsync.plan.printable import printable
from mailsync.plan.times import whole_second

if TYPE_CHECKING:
    from mailsync.config import Config
    from mailsync.desired.model import Desired
    from mailsync.observe.observations import Observations

CHANGES = 2
"""Exit code with ``--detailed-exitcode``: there are changes, or apply has not converged."""
INTERRUPTED = 130
"""Exit code after Ctrl-C (128 + SIGINT)."""


@dataclass(frozen=True)
class Loaded:
    """The files of a run: what could be read, and what was wrong with the rest."""

    config: Config
    domains: tuple[Desired, ...]
    errors: tuple[MailsyncError, ...]
    failed: Mapping[str, tuple[MailsyncError, ...]]


def read(path: Path, patterns: Sequence[str]) -> Loaded:
    """Read mailsync.yaml and the zone files; raises `MailsyncError` where the former is wrong."""
    from mailsync.config import load as load_config
    from mailsync.desired.files import load as load_files

    config = load_config(path)
    found = load_files(config, patterns)
    return Loaded(config, found.desired, found.errors, found.failed)


def load(path: Path, patterns: Sequence[str]) -> Loaded:
    """Do the same as `read`; raises `MailsyncError` also when nothing can be planned."""
    loaded = read(path, patterns)
    if loaded.errors and not loaded.domains:
        raise FileErrors(loaded.errors)
    return loaded


OBSERVATIONS_HELP = (
    "What `check --gates --out FILE` saw of mail servers where port 25 is open; none is asked from"
    " here then. With MAILSYNC_OBSERVATIONS_KEY set, only if it is signed with that key."
)


def observations(path: Path | None) -> Observations | None:
    """Read a file of observations, not too old and rightly signed. Raises `MailsyncError`."""
    if path is None:
        return None
    from mailsync.observe.looking import read
    from mailsync.observe.observations import KEY_VARIABLE

    return read(path, exact_now(), os.environ.get(KEY_VARIABLE, "").encode() or None)


def complain(error: BaseException) -> None:
    """Print an error on stderr, one line each, nothing raw in it."""
    for line in str(error).splitlines():
        say(f"error: {line}")


def say(message: str) -> None:
    """Print a message for the user on stderr; what came from outside is escaped."""
    print(printable(message), file=sys.stderr, flush=True)


def give(text: str) -> None:
    """Print a command's result on stdout."""
    sys.stdout.write(text)
    sys.stdout.flush()


def colours(stream: TextIO) -> bool:
    """Tell whether a stream may be coloured: a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Give the columns to write for; a hundred where nobody looks."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def this_second() -> datetime:
    """Tell the time as plans do: UTC, whole seconds, nothing that has happened after it."""
    return whole_second(datetime.now(UTC))


def exact_now() -> datetime:
    """Tell the time, UTC."""
    return datetime.now(UTC)
