"""The MTA-STS policy, fetched from a real HTTPS server with certificates of the test's own."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.mail.mta_sts import Policy
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.https import Place
from mailsync.observe.nobody import NoObserver
from mailsync.observe.policy import fetch, look, url
from tests.unit.observe.mail_servers import raw_server

POLICY = Policy("enforce", 86400, ("mx.example.com",))
TEXT = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 86400\r\n"
HOST = "mta-sts.example.com"


@dataclass
class Web:
    """A web server that answers as the test says; ``certificate`` of a name, valid or expired."""

    directory: Path
    answer: Callable[[BaseHTTPRequestHandler], None]
    name: str = HOST
    age: timedelta = timedelta(0)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[Place]:
        """Serve, and give where it is, and whom to trust there."""
        answer, asked = self.answer, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.headers["Host"], self.path))
                with contextlib.suppress(OSError):
                    answer(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = certificate(self.directory, self.name, self.age)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Place("127.0.0.1", server.server_address[1], str(pem))
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def certificate(directory: Path, name: str, age: timedelta) -> Path:
    """Write a certificate that signs itself, and its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1) - age
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{made.serial_number}.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return path


def says(
    status: int = 200, body: str = TEXT, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with a status and a body."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body.encode())

    return answer


def drips(request: BaseHTTPRequestHandler) -> None:
    """Answer one octet at a time, for ever."""
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b"v")
        request.wfile.flush()
        time.sleep(0.05)


def test_a_policy_is_fetched_as_a_sender_would(tmp_path: Path) -> None:
    """From its place, over verified TLS, under its name."""
    web = Web(tmp_path, says())
    with web.running() as place:
        found = fetch("example.com.", place=place)
    assert (found.state, found.policy) == ("served", POLICY)
    assert web.asked[0][1] == "/.well-known/mta-sts.txt"
    assert url("example.com.") == f"https://{HOST}/.well-known/mta-sts.txt"


def test_no_policy_is_a_definite_answer(tmp_path: Path) -> None:
    """A web server that says 404 says that there is none."""
    with Web(tmp_path, says(404)).running() as place:
        found = fetch("example.com.", place=place)
    assert (found.state, found.policy) == ("none", None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(500), "says 500, not 200"),
        (says(301, "", Location="https://elsewhere.example/"), "says 301, not 200"),
        (says(body="mode: enforce"), "version: STSv1"),
        (says(body="x" * 100_000), "longer than 65536 octets"),
        (drips, "slower than 0.5 s"),
    ],
    ids=["error", "redirect", "no policy", "too long", "slow drip"],
)
def test_what_is_no_policy_leaves_it_unknown(
    answer: Callable[[BaseHTTPRequestHandler], None], words: str, tmp_path: Path
) -> None:
    """And says why; nothing is waited for or read without end."""
    with Web(tmp_path, answer).running() as place:
        began = time.monotonic()
        found = fetch("example.com.", place=place, seconds=0.5)
        assert time.monotonic() - began < 3
    assert (found.state, found.policy) == ("unknown", None)
    assert words in found.detail


@pytest.mark.parametrize(
    ("name", "age"), [("other.example.com", timedelta(0)), (HOST, timedelta(days=60))]
)
def test_a_certificate_that_senders_refuse_is_refused(
    name: str, age: timedelta, tmp_path: Path
) -> None:
    """Of another name, or expired: what it would have said does not matter."""
    with Web(tmp_path, says(), name, age).running() as place:
        found = fetch("example.com.", place=place)
    assert found.state == "unknown"
    assert "certificate" in found.detail.lower()


def test_nobody_looks_where_nothing_is_observed() -> None:
    """Neither without name servers to ask, nor with private ones."""
    assert NoObserver("files").policy("example.com.").detail == "nobody looks (files)"
    private = AuthoritativeObserver((("192.0.2.53", 53),)).policy("example.com.")
    assert private.state == "unknown"


def test_a_name_that_does_not_exist_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that fails is no answer of the web server's."""

    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    monkeypatch.setenv("no_proxy", "*")
    found = AuthoritativeObserver().policy("example.com.")
    assert (found.state, "no such name" in found.detail) == ("unknown", True)


def test_what_is_wrong_is_told_from_what_is_not_known(tmp_path: Path) -> None:
    """A server that answers uselessly is at fault; one that cannot be reached may not be."""
    with Web(tmp_path, says(500)).running() as place:
        assert look("example.com.", place=place).state == "wrong"
    assert look("example.com.", place=place).state == "unknown"  # nobody listens any more
    with Web(tmp_path, says(), "other.example.com").running() as place:
        assert look("example.com.", place=place).state == "wrong"
        assert look("example.com.", place=replace(place, roots=None)).state == "wrong"
    with Web(
        tmp_path, says(200, TEXT, **{"Content-Type": "Text/HTML; charset=x"})
    ).running() as place:
        assert look("example.com.", place=place).media_type == "text/html"


@pytest.mark.parametrize(
    ("octets", "state", "words"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "wrong", "TLS fails"),
        (b"", "unknown", "cut"),
        (None, "unknown", "slower than 0.3 s"),
    ],
)
def test_a_port_without_tls(octets: bytes | None, state: str, words: str) -> None:
    """Another protocol is a fault; a closed connection or silence may pass."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        if octets is None:
            connection.recv(4096)
        else:
            connection.sendall(octets)

    with raw_server(serve) as endpoint:
        place = Place(endpoint.address, endpoint.port)
        found = look("example.com.", place=place, seconds=0.3)
    assert (found.state, words in found.detail) == (state, True), found.detail


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"Content-Length: 18446744073709551616\r\n",
                b"Content-Length: -5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"\r\n",
                b"ffffffffffffffffff\r\nversion: STSv1\r\n",
                b"x: " + b"y" * 70_000 + b"\r\n",
            ]
        ),
    ),
    max_size=8,
)


@given(pieces=PIECES, ends=st.booleans())
@settings(max_examples=40, deadline=None)
def test_arbitrary_octets_neither_crash_nor_hold_a_fetch(
    pieces: list[bytes], ends: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Behind valid TLS, whatever is said in place of HTTP: a value comes back, in time."""
    pem = _pem(tmp_path_factory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            for piece in pieces:
                secured.sendall(piece)
            if not ends:
                secured.recv(4096)

    with raw_server(serve) as endpoint:
        place = Place(endpoint.address, endpoint.port, str(pem))
        began = time.monotonic()
        found = look("example.com.", place=place, seconds=0.2)
        assert time.monotonic() - began < 1.2
    assert found.state in {"wrong", "unknown"}
    assert found.detail


_MADE: list[Path] = []


def _pem(factory: pytest.TempPathFactory) -> Path:
    """Make one certificate for all examples."""
    if not _MADE:
        _MADE.append(certificate(factory.mktemp("web"), HOST, timedelta(0)))
    return _MADE[0]


@pytest.mark.parametrize(("status", "state"), [(200, "served"), (403, "unknown")])
def test_the_environments_proxy_is_used(
    status: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is one, the fetch goes through it; what it refuses is not the server's fault."""
    asked = []
    with Web(tmp_path, says()).running() as place:

        def serve(connection: socket.socket) -> None:
            asked.append(connection.recv(4096).split(b"\r\n")[0])
            connection.sendall(f"HTTP/1.1 {status} so\r\n\r\n".encode())
            if status == 200:
                with socket.create_connection((place.address, place.port)) as onward:
                    _join(connection, onward)

        with raw_server(serve) as proxy:
            monkeypatch.setenv("https_proxy", f"http://{proxy.address}:{proxy.port}")
            monkeypatch.setenv("no_proxy", "")
            found = look("example.com.", place=Place(roots=place.roots), seconds=2)
    assert (found.state, asked) == (state, [b"CONNECT mta-sts.example.com:443 HTTP/1.1"])


def test_a_proxy_that_answers_nonsense_is_not_the_servers_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is a time that was over before anything began."""
    with raw_server(lambda connection: connection.sendall(b"what?\r\n\r\n")) as proxy:
        monkeypatch.setenv("https_proxy", f"{proxy.address}:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        assert look("example.com.", seconds=1).state == "wrong"
    assert look("example.com.", place=Place("127.0.0.1", 1), seconds=0).state == "unknown"


def _join(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either side says, until one of them ends."""
    while True:
        for ready in select.select([one, other], [], [], 2)[0]:
            octets = ready.recv(65536)
            if not octets:
                return
            (other if ready is one else one).sendall(octets)
