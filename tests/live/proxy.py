"""A proxy before a name server, with which a test steps in right before a dynamic update."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import dns.opcode

from .asking import Askable

WAIT: Final = 5.0  # seconds for anything that should come at once


@contextmanager
def before_the_first_update(server: Askable, act: Callable[[], None]) -> Iterator[int]:
    """A TCP port that leads to the server; `act` is called when an update (RFC 2136) is on its way.

    Only the first update is awaited so; queries and transfers pass as they are.
    """
    pending = [act]
    with socket.create_server((server.address, 0)) as listener:
        thread = threading.Thread(
            target=_serve, args=(listener, server, pending), name="proxy", daemon=True
        )
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(WAIT)


def _serve(listener: socket.socket, server: Askable, pending: list[Callable[[], None]]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # shut down: the test is over
            return
        with client:
            client.settimeout(WAIT)
            question = _message(client)
            if _is_update(question) and pending:
                pending.pop()()
            with socket.create_connection((server.address, server.port), WAIT) as upstream:
                upstream.sendall(question)
                _pass_on(upstream, client)


def _message(client: socket.socket) -> bytes:
    """One message with its two octets of length (RFC 1035 §4.2.2)."""
    length = client.recv(2, socket.MSG_WAITALL)
    return length + client.recv(int.from_bytes(length), socket.MSG_WAITALL)


def _is_update(message: bytes) -> bool:
    flags = int.from_bytes(message[4:6])
    return dns.opcode.from_flags(flags) == dns.opcode.UPDATE


def _pass_on(upstream: socket.socket, client: socket.socket) -> None:
    """Pass answers on until the client, which has all it wants, hangs up."""
    with suppress(OSError):
        while True:
            client.sendall(_message(upstream))
            client.settimeout(0.05)
            with suppress(TimeoutError):
                if not client.recv(1):
                    return
            client.settimeout(WAIT)
