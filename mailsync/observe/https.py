"""One GET over HTTPS from a stranger: verified, not redirected, bounded in time and size."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mailsync.observe.dialogue import context

_PROXY_PORT = 3128


class Unreached(Exception):  # noqa: N818  # reads as what it is where it is raised
    """No answer came, which may be the network's fault; the message says why."""


class Refused(Exception):  # noqa: N818  # the same
    """TLS with the server is refused, or its answer is no HTTP; the message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. ``media_type``: lower case, without parameters. ``body``: its first octets."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host is reached, when not by the system's resolver at port 443.

    ``roots``: a PEM file of trusted roots; None takes the system's.
    """

    address: str = ""
    port: int = 443
    roots: str | None = None


ANYWHERE = Place()


def get(host: str, path: str, *, seconds: float, octets: int, place: Place = ANYWHERE) -> Page:
    """Fetch a page within ``seconds``, and at most ``octets`` and one of its body.

    Without an address in ``place`` the environment's proxy is used, if there is one. Raises
    `Unreached`, `Refused`.
    """
    until = time.monotonic() + seconds
    try:
        with _connected(host, place, until) as plain:
            return _asked(plain, host, path, octets, place.roots, until)
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"the certificate is refused: {error.verify_message or error}") from None
    except TimeoutError:
        raise Unreached(f"slower than {seconds:g} s") from None
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        raise Unreached("the connection was cut") from None
    except ssl.SSLError as error:
        words = (error.reason or str(error)).replace("_", " ").lower()
        raise Refused(f"TLS fails: {words}") from None
    except (http.client.HTTPException, ValueError) as error:
        raise Refused(f"no answer of HTTP: {type(error).__name__}") from None
    except OSError as error:
        raise Unreached(" ".join(str(error.strerror or error).split())[:120]) from None


def _asked(
    plain: socket.socket, host: str, path: str, octets: int, roots: str | None, until: float
) -> Page:
    plain.settimeout(_left(until))
    with context(roots, verified=True, named=True).wrap_socket(plain, server_hostname=host) as tls:
        tls.settimeout(_left(until))
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "User-Agent: mailsync",
            "Accept-Encoding: identity",
            "Connection: close",
        )
        tls.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii"))
        response = _response(tls, until)
        kind = (response.getheader("Content-Type") or "").partition(";")[0]
        return Page(response.status, kind.strip().lower(), response.read(octets + 1))


def _connected(host: str, place: Place, until: float) -> socket.socket:
    if place.address:
        return socket.create_connection((place.address, place.port), _left(until))
    proxy = getproxies().get("https")
    if not proxy or proxy_bypass(host):
        return socket.create_connection((host, place.port), _left(until))
    through = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    connection = socket.create_connection(
        (through.hostname or "", through.port or _PROXY_PORT), _left(until)
    )
    target = f"{host}:{place.port}"
    try:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode("ascii"))
        status = _response(connection, until, method="CONNECT").status
    except BaseException:
        connection.close()
        raise
    if status != 200:
        connection.close()
        raise OSError(f"the proxy {through.hostname} says {status}")
    return connection


def _response(sock: socket.socket, until: float, method: str = "GET") -> http.client.HTTPResponse:
    source = cast("socket.socket", _Source(sock, until))
    response = http.client.HTTPResponse(source, method=method)
    response.begin()
    return response


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Source:
    """What `http.client` takes for a socket: it only asks it for a file to read."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_InTime(self._sock, self._until))


class _InTime(io.RawIOBase):
    """Reads a socket until a time, however small the pieces are in which it drips."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._sock, self._until = sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what is passed
        self._sock.settimeout(_left(self._until))
        return self._sock.recv_into(buffer)
