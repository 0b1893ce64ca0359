"""A dialogue of SMTP with a stranger: bounded lines, replies that end, and an end in time.

Whatever the server does (a drip, half a line, no end, binary garbage, a closed connection) comes
out as one exception that says so.
"""

from __future__ import annotations

import errno
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from mailsync.mail.smtp_reply import BadReply, Reply, is_last, parse

_LINE_OCTETS = 4096
"""A reply's line has at most 512 octets (RFC 5321 §4.5.3.1.5); some servers write longer ones."""

_CONNECT = 10.0
"""Seconds after which a connection does not come about any more: three packets were lost."""

_GOODBYE = 2.0
"""Seconds for which a server may take its time over RSET and QUIT."""

_REPLY_LINES = 128
_REPLY_OCTETS = 65536
_PIECE = 4096
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


class Broken(Exception):  # noqa: N818  # reads as what it is where it is raised
    """The dialogue cannot go on; the message says why, in words after the server's name."""


class Garbled(Broken):
    """What the server says is no SMTP."""


class Unreached(Broken):
    """There was no connection at all: nothing is known of the server.

    ``no_route``: this machine cannot reach that kind of address.
    """

    def __init__(self, message: str, *, no_route: bool = False) -> None:
        super().__init__(message)
        self.no_route = no_route


class NoTls(Broken):
    """TLS did not come about.

    ``untrusted``: no known root vouches for the certificate. ``passing``: the server did not answer
    in time, or broke the connection, which may be otherwise next time.
    """

    def __init__(self, message: str, *, untrusted: bool = False, passing: bool = False) -> None:
        super().__init__(message)
        self.untrusted = untrusted
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Handshake:
    """What TLS came to: the protocol's version, the cipher, and the certificates as presented."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]


class Dialogue:
    """One connection to a mail server; ``until`` is when it ends at the latest (monotonic)."""

    def __init__(self, address: str, port: int, until: float) -> None:
        """Connect. Raises `Unreached`."""
        self._until = until
        self._buffer = b""
        seconds = min(max(until - time.monotonic(), 0.001), _CONNECT)
        try:
            self._socket = socket.create_connection((address, port), seconds)
        except TimeoutError:
            raise Unreached(
                f"did not answer within {seconds:.3g} s: it is down, or a network on the way "
                f"blocks port {port}"
            ) from None
        except ConnectionRefusedError:
            raise Unreached(
                f"refused the connection: nothing listens there, or a network on the way blocks "
                f"port {port}"
            ) from None
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in _NO_ROUTE:
                family = "IPv6" if ":" in address else "IPv4"
                words = f"cannot be reached: this machine has no {family} route"
                raise Unreached(words, no_route=True) from None
            raise Unreached(f"cannot be reached: {_words(error)}") from None

    @property
    def own_address(self) -> str:
        """The address of this end."""
        try:
            return str(self._socket.getsockname()[0])
        except OSError:  # pragma: no cover  # a race with the peer's reset
            return "0.0.0.0"  # noqa: S104  # nothing is bound: it stands for "not known"

    def leave(self) -> None:
        """End the session as one should, whatever the server says to that."""
        self._until = min(self._until, time.monotonic() + _GOODBYE)
        with suppress(Broken):
            self.ask("RSET")
            self.ask("QUIT")

    def close(self) -> None:
        """Close the connection without a word."""
        self._socket.close()

    def ask(self, command: str) -> Reply:
        """Send a command and read the reply. Raises `Broken`."""
        self._in_time()
        try:
            self._socket.sendall(f"{command}\r\n".encode("ascii", "replace"))
        except (OSError, ValueError) as error:
            raise Broken(_ended(error)) from None
        return self.reply()

    def reply(self) -> Reply:
        """Read one reply. Raises `Broken`."""
        lines: list[str] = []
        octets = 0
        try:
            while True:
                line = self._line()
                octets += len(line)
                lines.append(line.decode("latin-1"))
                if is_last(lines[-1]):
                    return parse(lines)
                if len(lines) > _REPLY_LINES or octets > _REPLY_OCTETS:
                    raise Garbled(f"gave a reply of more than {_REPLY_LINES} lines")
        except BadReply as error:
            raise Garbled(f"does not speak SMTP: {error}") from None

    def secure(self, host: str, *, roots: str | None, verified: bool) -> Handshake:
        """Begin TLS with SNI ``host``; ``verified`` asks that a known root vouches for the chain.

        The name is not compared here, so that each fault is told by itself. Raises `NoTls`.
        """
        if self._buffer:
            raise NoTls("sent text behind its answer to STARTTLS, before TLS began (RFC 3207 §6)")
        self._in_time(part=2)  # some time is left for a look without TLS
        try:
            secured = context(roots, verified=verified).wrap_socket(
                self._socket, server_hostname=host.removesuffix(".") or None
            )
            self._socket = secured
            cipher = secured.cipher()
            return Handshake(secured.version() or "", cipher[0] if cipher else "", _chain(secured))
        except ssl.SSLCertVerificationError as error:
            raise NoTls(error.verify_message or "untrusted", untrusted=True) from None
        except (OSError, ValueError) as error:
            faulty = isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)
            raise NoTls(f"TLS failed: {_words(error)}", passing=not faulty) from None

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LINE_OCTETS:
                raise Garbled(f"sent a line of more than {_LINE_OCTETS} octets")
            self._in_time()
            try:
                piece = self._socket.recv(_PIECE)
            except (OSError, ValueError) as error:
                raise Broken(_ended(error)) from None
            if not piece:
                half = " in the middle of a line" if self._buffer else ""
                raise Broken(f"closed the connection{half}")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def _in_time(self, part: int = 1) -> None:
        """Have the next operation end in time, or in a part of it."""
        left = (self._until - time.monotonic()) / part
        if left <= 0:
            raise Broken("took too long")
        self._socket.settimeout(left)


@lru_cache(maxsize=16)
def context(roots: str | None, *, verified: bool, named: bool = False) -> ssl.SSLContext:
    """Give what TLS is spoken with; ``named``: the certificate has to name the host, too.

    ``roots``: a PEM file of trusted roots (None: the system's).
    """
    made = ssl.create_default_context(cafile=roots)
    made.check_hostname = named
    made.verify_mode = ssl.CERT_REQUIRED if verified else ssl.CERT_NONE
    return made


def _chain(secured: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Give the certificates that the server presented, its own first."""
    public = getattr(secured, "get_unverified_chain", None)
    if public is not None:  # pragma: no cover  # Python 3.13 and later
        return tuple(bytes(der) for der in public())
    # Before, only the inner object has it, as every release since 3.10.
    inner = secured._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner)


def _ended(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "took too long"
    return f"broke the connection: {_words(error)}"


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:120]
