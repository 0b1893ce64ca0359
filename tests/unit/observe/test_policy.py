"""The MTA-STS policy, fetched from a real HTTPS server with certificates of the test's own."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailsync.mail.mta_sts import Policy
from mailsync.observe.authoritative import AuthoritativeObserver, NoObserver
from mailsync.observe.policy import fetch, url

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
    def running(self) -> Iterator[requests.Session]:
        """Serve, and give a session that trusts the test's certificate and finds the server."""
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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        session = requests.Session()
        session.trust_env = False  # a CA bundle of the environment would win over the next line
        session.verify = str(pem)
        session.mount("https://", _Here(server.server_address[1]))
        try:
            yield session
        finally:
            session.close()
            server.shutdown()
            server.server_close()
            thread.join()


class _Here(requests.adapters.HTTPAdapter):
    """Finds every name at a port of this machine, and checks its certificate as for that name."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        host, params = self.build_connection_pool_key_attributes(request, verify, cert)
        names = {"assert_hostname": host["host"], "server_hostname": host["host"]}
        return self.poolmanager.connection_from_host(
            host="127.0.0.1", port=self._port, scheme="https", pool_kwargs={**params, **names}
        )


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
    path = directory / "certificate.pem"
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
    with web.running() as session:
        found = fetch("example.com.", session=session)
    assert (found.state, found.policy) == ("served", POLICY)
    assert web.asked[0][1] == "/.well-known/mta-sts.txt"
    assert url("example.com.") == f"https://{HOST}/.well-known/mta-sts.txt"


def test_no_policy_is_a_definite_answer(tmp_path: Path) -> None:
    """A web server that says 404 says that there is none."""
    with Web(tmp_path, says(404)).running() as session:
        found = fetch("example.com.", session=session)
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
    with Web(tmp_path, answer).running() as session:
        began = time.monotonic()
        found = fetch("example.com.", session=session, seconds=0.5)
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
    with Web(tmp_path, says(), name, age).running() as session:
        found = fetch("example.com.", session=session)
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
        raise requests.ConnectionError("no such name")

    monkeypatch.setattr(requests.Session, "get", fails)
    found = AuthoritativeObserver().policy("example.com.")
    assert (found.state, "no such name" in found.detail) == ("unknown", True)
