"""Files that a command writes for its user: whole or not at all, never over one by mistake."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mailsync.desired import syntax
from mailsync.errors import MailsyncError

_NOT_A_FILE = "not a regular file; `--format json` writes to stdout"


def write(path: Path, text: str, *, force: bool) -> None:
    """Write a file, never over another one unless that is meant.

    Its directories are made. Raises `MailsyncError`, with the path.
    """
    with _failing_as_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path) as file:
            file.write(text)
            whole = _whole(file)
            if force:
                whole.replace(path)
            else:
                _link(path, whole)


def save(path: Path, text: str, what: str = "the plan") -> None:
    """Write a file in the place of what is there: a plan that was cut short must never be applied.

    ``what`` it is, for messages. Raises `MailsyncError`.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            raise OSError(errno.EINVAL, _NOT_A_FILE)  # noqa: TRY301  # told as all others are
        with _beside(target) as file:
            file.write(text)
            _whole(file).replace(target)
    except OSError as error:
        msg = f"cannot save {what}: {(error.strerror or str(error)).lower()}"
        raise MailsyncError(msg, where=str(path)) from None


@contextmanager
def whole_file(path: Path) -> Iterator[Callable[[str], None]]:
    """Write a file piece by piece; it is there when all is written, or as it was before.

    Raises `MailsyncError`.
    """
    try:
        with _beside(path) as file:
            yield lambda text: _written(file.write(text))
            _whole(file).replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MailsyncError(f"cannot write: {reason}", where=str(path)) from None


def _written(_: int) -> None:
    """Take the count that `write` gives, for what wants none."""


@contextmanager
def _beside(path: Path) -> Iterator[IO[str]]:
    """Give a new file in the same directory; it goes, unless it was given that name."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def _whole(file: IO[str]) -> Path:
    """Have all of a file on the disk, for everybody to read."""
    file.flush()
    os.fsync(file.fileno())
    path = Path(file.name)
    path.chmod(0o644)
    return path


def _link(path: Path, temporary: Path) -> None:
    """Give the file its name, unless somebody else has it by now."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this file system: looking first is the next best.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        temporary.replace(path)


@contextmanager
def _failing_as_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EEXIST:
            raise MailsyncError(
                "is there now: nothing was written", where=syntax.shown(path)
            ) from None
        why = (error.strerror or str(error)).lower()
        raise MailsyncError(f"cannot be written: {why}", where=syntax.shown(path)) from None
