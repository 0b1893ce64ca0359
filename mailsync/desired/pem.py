"""Key files that a zone file names: read where the file says, relative to the file itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.faults import quoted
from mailsync.desired.model import Remark
from mailsync.desired.tree import Node
from mailsync.mail import public_key

_OCTETS_MAX = 65536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read(node: Node, context: Context) -> public_key.PublicKey | None:
    """Read the public key of a PEM file; tells what is wrong, and never what is in the file.

    A private key that others may read is worth a word: whoever has it signs in the domain's name.
    """
    text = reading.text(node, context.faults, "a PEM file")
    if text is None:
        return None
    path = Path(node.place.file).parent / Path(text).expanduser()
    try:
        octets, mode = _octets(path)
        found = public_key.read(octets)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        context.faults.add(node.place, f"{quoted(text)} cannot be read: {why}")
        return None
    except public_key.BadPem as error:
        context.faults.add(node.place, f"{quoted(text)}: {error}")
        return None
    if found.secret and mode & _OTHERS:
        message = (
            f"{quoted(text)} holds a private key that others on this machine may use "
            f"(mode {stat.S_IMODE(mode):03o}): chmod 600, or name a file with the public key alone"
        )
        context.remarks.append(Remark("private-key-readable", message, node.place))
    return found


def _octets(path: Path) -> tuple[bytes, int]:
    """Read a regular file of bearable size; give its mode as well. Raises `OSError`, `BadPem`."""
    # Whatever else is there, a pipe above all, must not be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise public_key.BadPem("no regular file")
        octets = file.read(_OCTETS_MAX + 1)
    if len(octets) > _OCTETS_MAX:
        raise public_key.BadPem(f"larger than {_OCTETS_MAX // 1024} KiB: no key file")
    return octets, mode
