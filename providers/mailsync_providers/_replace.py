"""Replacing a file's content: whole or not at all, and only if nobody else changed it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path


class FileChanged(Exception):  # noqa: N818  # named for what happened
    """The file is no longer what it was when it was read; nothing was written."""


class NotYetDurable(Exception):  # noqa: N818  # named for what happened
    """The file is replaced, but may be the old one again after a power failure."""


def read_regular_file(path: Path, limit: int) -> bytes:
    """At most ``limit`` octets of a regular file (or of what a symbolic link points to).

    Raises `OSError`, also for what is no regular file: a FIFO would block.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return stream.read(limit)


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Put ``new`` where ``old`` was, atomically and durably.

    Mode and owner are kept as far as we may; a symbolic link stays, its target is replaced.
    Raises `FileChanged` if the file does not hold ``old`` any more, and `OSError`: in both cases
    it is as it was; and `NotYetDurable`.
    """
    target = Path(os.path.realpath(path))
    held = target.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for owner in ({"uid": held.st_uid, "gid": -1}, {"uid": -1, "gid": held.st_gid}):
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, **owner)
            os.fchmod(descriptor, stat.S_IMODE(held.st_mode))
            stream.write(new)
            stream.flush()
            os.fsync(descriptor)
        # As late as can be: an editor may have saved the file since it was read.
        if read_regular_file(target, len(old) + 1) != old:
            raise FileChanged(path)  # noqa: TRY301  # the temporary file goes in either case
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    try:
        directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise NotYetDurable(error.strerror) from error
