"""Files that a command writes for its user: whole or not at all, never over one by mistake."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailsync.desired import syntax
from mailsync.errors import MailsyncError


def write(path: Path, text: str, *, force: bool) -> None:
    """Write a whole file or none, never over another one unless that is meant.

    Its directories are made. Raises `MailsyncError`, with the path.
    """
    with _failing_as_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                temporary.chmod(0o644)
                if force:
                    temporary.replace(path)
                else:
                    _link(path, temporary)
            finally:
                temporary.unlink(missing_ok=True)


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
