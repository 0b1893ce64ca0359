"""Proxies before a name server: a test steps in before an update, or a message goes wrong."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal

import dns.opcode
import dns.rcode

from .asking import Askable

WAIT: Final = 5.0  # seconds for anything that should come at once

Wrong = Literal[
    "cut-before",  # the connection is cut, the message is lost
    "cut-after",  # the answer is lost
    "late",  # the connection is cut, and the message arrives after the next one
    "hang-before",  # no answer until the client gives up, the message is lost
    "hang-after",  # the same, and the message arrived
    "fails-before",  # SERVFAIL from something on the way, the message is lost
    "fails-after",  # the same, and the message arrived
    "refuses",  # REFUSED, by something on the way
    "garbage",  # the message arrived, the answer is no DNS
]


@contextmanager
def before_the_first_update(server: Askable, act: Callable[[], None]) -> Iterator[int]:
    """A TCP port that leads to the server; `act` is called when an update (RFC 2136) is on its way.

    Only the first update is awaited so; queries and transfers pass as they are.
    """
    pending = [act]

    def step_in(client: socket.socket, question: bytes) -> None:
        if _is_update(question) and pending:
            pending.pop()()
        _exchange(server, client, question)

    with _listening(server, step_in) as port:
        yield port


class Meddler:
    """A TCP port that leads to the server; `port` holds while `listening`.

    Of the messages that come, counted from 0, the ``nth`` goes wrong.
    """

    def __init__(self, server: Askable, wrong: Wrong, nth: int) -> None:
        self.server = server
        self.wrong = wrong
        self.nth = nth
        self.seen = 0
        """How many messages came."""
        self._late: list[bytes] = []

    @contextmanager
    def listening(self) -> Iterator[int]:
        """Listen, and give the port; what is late has arrived in the end."""
        with _listening(self.server, self._meddle) as port:
            yield port
        self._settle()

    def _meddle(self, client: socket.socket, question: bytes) -> None:
        nth, self.seen = self.seen, self.seen + 1
        if nth != self.nth:
            _exchange(self.server, client, question)
            self._settle()
            return
        if self.wrong == "late":
            self._late.append(question)
        elif self.wrong in {"cut-after", "hang-after", "fails-after", "garbage"}:
            self._deliver(question)
        if self.wrong.startswith("hang"):
            with suppress(OSError):
                client.recv(1)  # until the client gives up
        elif self.wrong.startswith("fails"):
            client.sendall(_answered(question, dns.rcode.SERVFAIL))
        elif self.wrong == "refuses":
            client.sendall(_answered(question, dns.rcode.REFUSED))
        elif self.wrong == "garbage":
            client.sendall(b"\x00\x0fno DNS at all !")

    def _settle(self) -> None:
        late, self._late = self._late, []
        for question in late:
            self._deliver(question)

    def _deliver(self, question: bytes) -> None:
        with socket.create_connection((self.server.address, self.server.port), WAIT) as upstream:
            upstream.sendall(question)
            _message(upstream)


def _answered(question: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """An answer of something on the way, which has no key to sign with."""
    flags = 0x8000 | (int.from_bytes(question[4:6]) & 0x7800) | int(rcode)
    header = question[2:4] + flags.to_bytes(2) + b"\x00" * 8
    return len(header).to_bytes(2) + header


@contextmanager
def _listening(server: Askable, serve: Callable[[socket.socket, bytes], None]) -> Iterator[int]:
    with socket.create_server((server.address, 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, serve), name="proxy", daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(WAIT)


def _serve(listener: socket.socket, serve: Callable[[socket.socket, bytes], None]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # shut down: the test is over
            return
        with client:
            client.settimeout(WAIT)
            serve(client, _message(client))


def _message(client: socket.socket) -> bytes:
    """One message with its two octets of length (RFC 1035 §4.2.2)."""
    length = client.recv(2, socket.MSG_WAITALL)
    return length + client.recv(int.from_bytes(length), socket.MSG_WAITALL)


def _is_update(message: bytes) -> bool:
    flags = int.from_bytes(message[4:6])
    return dns.opcode.from_flags(flags) == dns.opcode.UPDATE


def _exchange(server: Askable, client: socket.socket, question: bytes) -> None:
    """Pass a message on, then its answers until the client, which has all it wants, hangs up."""
    with socket.create_connection((server.address, server.port), WAIT) as upstream:
        upstream.sendall(question)
        with suppress(OSError):
            while True:
                client.sendall(_message(upstream))
                client.settimeout(0.05)
                with suppress(TimeoutError):
                    if not client.recv(1):
                        return
                client.settimeout(WAIT)
