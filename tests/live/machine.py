"""What the laboratory takes from the machine: programs, free ports, an account, directories."""

import os
import pwd
import random
import shutil
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Servers live in sbin, which a user's PATH does not have on Debian.
SEARCH_PATH: Final = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"]
)
# Below the ephemeral ports (32768 and up on Linux), so that no outgoing query has taken one.
PORTS: Final = range(20000, 30000)


class ProgramMissingError(Exception):
    """A program that a test needs is not installed; the text names the Debian package."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not installed: apt-get install {package}")


def find_program(program: str, package: str) -> Path:
    """Where a program is; ProgramMissingError, naming the Debian package, when it is nowhere."""
    found = shutil.which(program, path=SEARCH_PATH)
    if found is None:
        raise ProgramMissingError(program, package)
    return Path(found)


@dataclass(frozen=True)
class Account:
    """The user and group under which servers run."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> "Account":
        """`nobody` for root, which can become anyone; else whoever runs the tests."""
        if os.geteuid() != 0:  # pragma: no cover: whoever runs the tests is root or is not
            return cls(os.geteuid(), os.getegid())
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def command(self, *command: str | Path) -> list[str]:
        """The command line that runs `command` as this account, and never outlives its parent.

        Its parent is the thread that starts it: a test that is killed leaves no server behind.
        """
        setpriv = [find_program("setpriv", "util-linux"), "--pdeathsig", "KILL"]
        become = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        options = become if os.geteuid() == 0 else []
        return [str(part) for part in (*setpriv, *options, "--", *command)]

    def own(self, directory: Path) -> None:
        """Give a directory and all that is in it to this account."""
        if os.geteuid() == 0:  # pragma: no branch: the same
            for path in (directory, *directory.rglob("*")):
                os.chown(path, self.uid, self.gid)


def public_directory(name: str) -> Path:
    """A new temporary directory that every account may read.

    Not pytest's tmp_path: its parents are closed to all but the user that runs the tests.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"mailsync-{name}-"))
    directory.chmod(0o755)
    return directory


class Port:
    """A free port, UDP and TCP, on a loopback address, reserved until `release`.

    One of `numbers`, if the test has to name some.

    Test processes side by side are kept apart by the name of an abstract Unix socket, which the
    kernel frees when its owner dies. Binding alone would not do: servers bind their sockets with
    SO_REUSEPORT, so that two of them would share one port unnoticed.
    """

    def __init__(self, address: str, numbers: Sequence[int] = PORTS) -> None:
        self._reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for number in random.SystemRandom().sample(numbers, len(numbers)):
            if self._reserve(address, number):
                self.number = number
                return
        self.release()
        raise OSError(f"no free port among {numbers[0]}-{numbers[-1]} on {address}")

    def _reserve(self, address: str, number: int) -> bool:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            try:
                udp.bind((address, number))
                tcp.bind((address, number))
                self._reservation.bind(f"\0mailsync-live-port-{number}")
            except OSError:
                return False
        return True

    def release(self) -> None:
        """Let others have the port."""
        self._reservation.close()
