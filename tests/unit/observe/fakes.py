"""A name server in this process that says whatever a test wants, over UDP and TCP."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

Answering = Callable[[dns.message.Message, bool], bytes | Iterable[bytes] | None]
"""From a query, and whether it came over TCP, to what is sent back; None: silence."""


def _ipv6_works() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


BOTH_FAMILIES = pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        pytest.param("::1", marks=pytest.mark.skipif(not _ipv6_works(), reason="no IPv6 here")),
    ],
)
"""For a test that is to hold over IPv4 and over IPv6."""


class FakeServer:
    """Listens on a loopback address; every query goes to ``answering`` and into ``queries``."""

    def __init__(self, answering: Answering, address: str = "127.0.0.1", port: int = 0) -> None:
        self.answering = answering
        self.address = address
        self.queries: list[dns.message.Message] = []
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._tcp = socket.create_server((address, port), family=self._family)
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(self._family, socket.SOCK_DGRAM)
        self._udp.bind((address, self.port))
        self._threads = [
            threading.Thread(target=serve, daemon=True)
            for serve in (self._serve_udp, self._serve_tcp)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for sock, kind_of in ((self._udp, socket.SOCK_DGRAM), (self._tcp, socket.SOCK_STREAM)):
            with socket.socket(self._family, kind_of) as poke, suppress(OSError):
                poke.connect((self.address, self.port))
                poke.send(b"")
            sock.close()
        for thread in self._threads:
            thread.join(2)

    def _answers(self, wire: bytes, *, tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(wire)
        self.queries.append(query)
        answer = self.answering(query, tcp)
        if answer is None:
            return []
        return [answer] if isinstance(answer, bytes) else list(answer)

    def _serve_udp(self) -> None:
        with suppress(OSError):
            while True:
                wire, sender = self._udp.recvfrom(65535)
                if not wire:
                    return
                for answer in self._answers(wire, tcp=False):
                    self._udp.sendto(answer, sender)

    def _serve_tcp(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                with connection, suppress(OSError):
                    head = connection.recv(2)
                    if len(head) < 2:
                        return
                    wire = connection.recv(struct.unpack("!H", head)[0])
                    for answer in self._answers(wire, tcp=True):
                        connection.sendall(struct.pack("!H", len(answer)) + answer)


def reply(
    query: dns.message.Message,
    *answer: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    aa: bool = True,
    authority: Iterable[str] = (),
    additional: Iterable[str] = (),
) -> dns.message.Message:
    """An answer whose sections are lines such as ``example.jp. 300 MX 10 mx.example.``."""
    message = dns.message.make_response(query)
    message.flags |= dns.flags.AA if aa else 0
    message.set_rcode(rcode)
    message.answer = _rrsets(answer)
    message.authority = _rrsets(authority)
    message.additional += _rrsets(additional)
    return message


def _rrsets(lines: Iterable[str]) -> list[dns.rrset.RRset]:
    values: dict[tuple[str, int, str], list[str]] = {}
    for line in lines:
        name, ttl, rdtype, value = line.split(" ", 3)
        values.setdefault((name, int(ttl), rdtype), []).append(value)
    return [dns.rrset.from_text(n, ttl, "IN", t, *found) for (n, ttl, t), found in values.items()]


def zone_of(*lines: str) -> Answering:
    """An authoritative server for these records and no others."""

    def answering(query: dns.message.Message, tcp: bool) -> bytes:
        question = query.question[0]
        asked = (question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype))
        owned = [(tuple(line.split(" ")[:3:2]), line) for line in lines]
        found = [line for key, line in owned if key == asked]
        cname = [line for key, line in owned if key == (asked[0], "CNAME")]
        return reply(query, *(found or cname)).to_wire(max_size=65535)

    return answering


def resolver_at(server: FakeServer) -> dns.resolver.Resolver:
    """A resolver that asks that server only."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [server.address]
    resolver.port = server.port
    resolver.lifetime = 1.0
    return resolver
