"""A network of the test's own, with nothing in it but loopback: ports 25 and 53 are free there.

Mail servers find each other by the resolver of resolv.conf at port 53, and connect to port 25:
both are fixed. So the thread that runs the test moves to a network namespace, and what it starts
there comes along; `Network.command` also mounts a resolv.conf that names 127.0.0.1.
"""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .machine import ProgramMissingError, find_program

_CLONE_NEWNET: Final = 0x40000000  # <linux/sched.h>
_OWN: Final = Path("/proc/thread-self/ns/net")


class Network:
    """A context manager: inside, this thread and all that it starts live in the namespace.

    ProgramMissingError where there is no `ip`, or where this user may not make a namespace.
    """

    def __init__(self, *addresses: str) -> None:
        self._ip = find_program("ip", "iproute2")
        if os.geteuid() != 0:
            raise ProgramMissingError("a network namespace", "as root, to make one")
        self.name = f"mailsync-{os.getpid()}-{id(self):x}"
        self._addresses = addresses
        self._configuration = Path("/etc/netns") / self.name
        self._home: int

    def __enter__(self) -> Self:
        self._home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        self._configuration.mkdir(parents=True)
        (self._configuration / "resolv.conf").write_text(
            "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n"
        )
        self._run("netns", "add", self.name)
        self._run("-n", self.name, "link", "set", "lo", "up")
        for address in self._addresses:
            # Postfix listens only on addresses that it finds at an interface.
            self._run("-n", self.name, "address", "add", f"{address}/32", "dev", "lo")
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        self._move(there)
        os.close(there)
        # Servers that run as nobody bind ports 25 and 53 here.
        Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._move(self._home)
        os.close(self._home)
        self._run("netns", "del", self.name)
        shutil.rmtree(self._configuration)

    def command(self, *command: str | Path) -> list[str]:
        """The command line that runs `command` with the namespace's own resolv.conf."""
        return [str(part) for part in (self._ip, "netns", "exec", self.name, *command)]

    def _run(self, *arguments: str) -> None:
        subprocess.run([self._ip, *arguments], check=True, capture_output=True)

    @staticmethod
    def _move(namespace: int) -> None:
        """Move this thread; `os.setns` is there from Python 3.12 on."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace, _CLONE_NEWNET) != 0:  # pragma: no cover: root may
            raise OSError(ctypes.get_errno(), "setns")
