"""One server process of the laboratory: its port, its directory, its log, its life."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self

from .asking import Answer, ask
from .clock import SteppedClock
from .machine import PORTS, Account, Port, find_program, public_directory

START_WITHIN: Final = 15.0  # seconds; a tenth of one is usual
STOP_WITHIN: Final = 5.0
PORTS_TRIED: Final = 3
ADDRESS_IN_USE: Final = re.compile(r"address (already )?in use", re.IGNORECASE)
ZONE_REFUSED: Final = re.compile("not loaded due to errors|zone event 'load' failed")


class ServerError(Exception):
    """A server did not start, or did not do what it was told; the text ends with its log."""


class PortTakenError(ServerError):
    """Another program took the port between its choice and the server's start."""


class Server(ABC):
    """A real server on a loopback address and a port of its own, as an unprivileged account.

    A context manager: started on entry, stopped and removed on exit; when the test failed, the
    end of the log goes to stderr. In between, `stop` and `start` keep port, directory and data.
    `clock` puts the server on a stepped clock.
    """

    program: ClassVar[str]
    package: ClassVar[str]  # Debian's
    _numbers: Sequence[int] = PORTS

    def __init__(self, *, address: str = "127.0.0.1", clock: SteppedClock | None = None) -> None:
        self.address = address
        self.clock = clock
        self._program = find_program(self.program, self.package)
        self._account = Account.unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._port: Port  # from entry to exit, as is the directory
        self.directory: Path

    @property
    def port(self) -> int:
        """The port, UDP and TCP, the same from entry to exit."""
        return self._port.number

    @property
    def endpoint(self) -> str:
        """`address:port`."""
        return f"{self.address}:{self.port}"

    @property
    def log(self) -> str:
        """All that the server has logged so far, over all its starts."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @abstractmethod
    def _configuration(self) -> str:
        """The text of the configuration file."""

    @abstractmethod
    def _arguments(self, configuration: Path) -> list[str]:
        """The program's arguments: in the foreground, logging to stderr."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether it answers as it should, asked over TCP: that is refused at once until then."""

    def _data(self) -> dict[Path, str]:
        """The files that it finds in its directory when it starts for the first time."""
        return {}

    def __enter__(self) -> Self:
        for _ in range(PORTS_TRIED - 1):
            with suppress(PortTakenError):
                self._begin()
                return self
        self._begin()
        return self

    def _begin(self) -> None:
        self._port = Port(self.address, self._numbers)
        self.directory = public_directory(self.program)
        try:
            # An executable of its own: AppArmor confines Debian's and Ubuntu's servers by their
            # path, to directories that are not ours.
            shutil.copy(self._program, self.directory / self.program)
            for path, text in self._data().items():
                path.write_text(text)
            self._account.own(self.directory)
            self.start()
        except BaseException:
            self._remove()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            print(self._log_end(), file=sys.stderr)
        self._remove()

    def start(self) -> None:
        """Start and wait for the first good answer; ServerError when none comes."""
        self._write_configuration()
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._account.command(
                    self.directory / self.program, *self._arguments(self._configuration_file)
                ),
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the test, which stops its servers
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stop and wait until the process is gone; killed if it does not go by itself."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def ask(self, name: str, rdtype: str, *, tcp: bool = False, timeout: float = 2.0) -> Answer:
        """What this server answers (see `asking.ask`)."""
        return ask(self.address, self.port, name, rdtype, tcp=tcp, timeout=timeout)

    def wait_for(self, name: str, rdtype: str, *values: str, within: float = 5.0) -> Answer:
        """The answer with exactly these values, once it comes; ServerError after `within` s."""
        deadline = time.monotonic() + within
        while (answer := self.ask(name, rdtype)).values != tuple(sorted(values)):
            if time.monotonic() > deadline:
                problem = f"{self.program} still answers {answer} for {name} {rdtype}"
                raise ServerError(f"{problem}\n{self._log_end()}")
            time.sleep(0.01)
        return answer

    @property
    def _configuration_file(self) -> Path:
        return self.directory / "conf"

    def _write_configuration(self) -> None:
        self._configuration_file.write_text(self._configuration())

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"{self.program} does not run"
        self._process.send_signal(number)

    def _run_tool(self, *command: str | Path) -> None:
        """Run a control program as the server's account; ServerError unless it succeeds."""
        done = subprocess.run(
            self._account.command(*command), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ServerError(f"{command}: {done.stdout}{done.stderr}\n{self._log_end()}")

    def _environment(self) -> dict[str, str]:
        stepped = self.clock.environment() if self.clock is not None else {}
        return {**os.environ, "TZ": "UTC", **stepped}

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not self._is_ready():
            code = process.poll()
            taken = ADDRESS_IN_USE.search(self.log)
            hopeless = taken or ZONE_REFUSED.search(self.log) or code is not None
            if hopeless or time.monotonic() > deadline:
                self.stop()
                how = "gives no good answer" if code is None else f"ended with code {code}"
                problem = f"{self.program} on {self.endpoint} {how}\n{self._log_end()}"
                raise PortTakenError(problem) if taken else ServerError(problem)
            time.sleep(0.01)

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)
        self._port.release()

    def _log_end(self) -> str:
        lines = self.log.splitlines()[-40:]
        return "\n".join([f"--- {self.program} on {self.endpoint}, end of the log:", *lines])
