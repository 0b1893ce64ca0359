"""Mail servers that do whatever a test wants: real ones (aiosmtpd), and sockets that misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

from mailsync.observe.smtp import Endpoint

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP

HOST = "mx.example.com."

Recipients = Callable[[str], str]
"""From a recipient to the reply."""


class _Policy:
    def __init__(self, recipients: Recipients, sender: str) -> None:
        self._recipients = recipients
        self._sender = sender
        self.asked: list[str] = []

    async def handle_MAIL(  # noqa: N802  # the library's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._sender.startswith("250"):
            envelope.mail_from = address
        return self._sender

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        return self._recipients(address)


@contextmanager
def mail_server(
    recipients: Recipients = lambda _: "250 2.1.5 Ok",
    *,
    certificate: Path | None = None,
    sender: str = "250 2.1.0 Ok",
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[Endpoint]:
    """Run a well-behaved server; with a certificate it offers STARTTLS."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    if not port:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.create_server((address, 0), family=family) as free:
            port = free.getsockname()[1]
    controller = Controller(
        _Policy(recipients, sender),
        hostname=address,
        port=port,
        server_hostname="mx.example.com",
        tls_context=context,
    )
    controller.start()
    try:
        yield Endpoint(HOST, address, port)
    finally:
        controller.stop()


@contextmanager
def raw_server(
    serve: Callable[[socket.socket], None], *, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Endpoint]:
    """Hand every connection to ``serve``, each in a thread of its own, and close it after."""
    listening = socket.create_server((address, port))
    port = listening.getsockname()[1]
    threads: list[threading.Thread] = []
    open_now: list[socket.socket] = []

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError):
            serve(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                open_now.append(connection)
                threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield Endpoint(HOST, address, port)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        acceptor.join(2)
        for connection in open_now:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(2)


def says(*lines: str | bytes) -> Callable[[socket.socket], None]:
    """Say the first line at once, each further one after a command; then listen, and say no more.

    Bytes go out as they are, text with its line end.
    """

    def serve(connection: socket.socket) -> None:
        for number, line in enumerate(lines):
            if number:
                connection.recv(4096)
            connection.sendall(line if isinstance(line, bytes) else f"{line}\r\n".encode())
        while connection.recv(4096):
            pass

    return serve


def drips(text: bytes = b"220 welcome", every: float = 0.05) -> Callable[[socket.socket], None]:
    """Send one octet at a time, and begin anew, for ever."""

    def serve(connection: socket.socket) -> None:
        while True:
            for octet in text:
                connection.sendall(bytes((octet,)))
                time.sleep(every)

    return serve
