"""What mail hosts present, looked at over real connections."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailsync.observe import certificate
from mailsync.observe.certificate import ADDRESSES_MAX, Certificates, presented
from mailsync.observe.smtp import Endpoint, Session, probe

from .certificates import Authority
from .mail_servers import HOST, mail_server, raw_server


def value(path: Path) -> str:
    """Give the TLSA value of the first certificate in a file."""
    octets = path.read_bytes()
    found = x509.load_pem_x509_certificate(octets[octets.index(b"-----BEGIN CERTIFICATE") :])
    spki = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"3 1 1 {hashlib.sha256(spki).hexdigest()}"


def look(endpoint: Endpoint) -> Session:
    """Look at one address, and be quick to give up."""
    return probe(endpoint, seconds=3.0)


@pytest.fixture
def port() -> int:
    """Give a port that is free on several loopback addresses."""
    with socket.create_server(("0.0.0.0", 0)) as free:
        number: int = free.getsockname()[1]
    return number


def test_the_keys_at_all_addresses_are_let_in(tmp_path: Path, port: int) -> None:
    """Whoever vouches for them, and whatever name they are for."""
    paths = [Authority(tmp_path).issue("mx.example.com"), Authority(tmp_path).issue("else.example")]
    with ExitStack() as stack:
        for number, path in enumerate(paths, 1):
            address = f"127.0.0.{number}"
            stack.enter_context(mail_server(certificate=path, address=address, port=port))
        seen = Certificates(port, 5.0)({HOST: ("127.0.0.1", "127.0.0.2")})
    assert seen[HOST].values == tuple(sorted(map(value, paths)))


def test_one_address_that_cannot_be_seen_leaves_all_unknown(tmp_path: Path, port: int) -> None:
    """A certificate that was not seen would not be let in: better nothing than a part."""
    path = Authority(tmp_path).issue("mx.example.com")
    with mail_server(certificate=path, port=port):
        seen = presented([Endpoint(HOST, a, port) for a in ("127.0.0.1", "127.0.0.9")], look)
    assert seen.values == ()
    assert "mx.example.com (127.0.0.9) refused the connection" in seen.detail


def test_a_server_without_tls_presents_nothing() -> None:
    """Neither one that offers none, nor one that speaks no SMTP, nor one that stays silent."""
    with mail_server() as endpoint:
        assert "does not offer STARTTLS" in presented([endpoint], look).detail
    with raw_server(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as endpoint:
        assert "does not speak SMTP" in presented([endpoint], look).detail
    until = threading.Event()
    with raw_server(lambda _: _wait(until)) as endpoint:
        began = time.monotonic()
        assert presented([endpoint], lambda one: probe(one, seconds=0.5)).values == ()
        assert time.monotonic() - began < 3
        until.set()


def test_a_broken_handshake_presents_nothing() -> None:
    """What went wrong is said, in a few words."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 x ESMTP\r\n")
        connection.recv(1000)
        connection.sendall(b"250-x\r\n250 STARTTLS\r\n")
        connection.recv(1000)
        connection.sendall(b"220 go\r\n")
        connection.recv(1000)
        connection.sendall(b"this is no TLS at all\r\n")

    with raw_server(serve) as endpoint:
        seen = presented([endpoint], look)
    assert seen.values == ()
    assert "TLS failed" in seen.detail


def test_a_host_without_addresses_or_with_too_many_is_not_looked_at() -> None:
    """Nothing is guessed."""
    assert "no address" in presented([], look).detail
    many = [Endpoint(HOST, f"127.0.1.{n}") for n in range(ADDRESSES_MAX + 1)]
    assert f"more than {ADDRESSES_MAX} addresses" in presented(many, look).detail


def test_a_host_is_looked_at_once_in_a_while(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that plans several times asks once; one that waits for days asks again."""
    path = Authority(tmp_path).issue("mx.example.com")
    wanted = {HOST: ("127.0.0.1",)}
    found = Certificates(port, 5.0)
    with mail_server(certificate=path, port=port):
        assert found(wanted)[HOST].values
    assert found(wanted)[HOST].values
    monkeypatch.setattr(certificate, "_REMEMBERED", -1.0)
    assert not found(wanted)[HOST].values


def _wait(until: threading.Event) -> None:
    until.wait(5)
