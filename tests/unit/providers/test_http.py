"""The client that all providers for an API share, against a server that does what it is told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest
import requests

import mailsync_providers._http as http
from mailsync_providers._http import Api, ApiError, OutcomeUnknown, Refused, Unreachable

SECRET = "t0p-secret/of the+host"

Script = Callable[[socket.socket], None]


class Server:
    """Gives each connection, in order, to the next script; the requests' heads are kept."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.heads: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                self.heads.append(head.decode())
                try:
                    self.scripts.pop(0)(connection)
                except OSError:
                    continue

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def says(status: str, body: str = "", *headers: str) -> Script:
    """A script that answers."""
    octets = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(octets)}", "Connection: close", *headers]
    answer = "\r\n".join([*lines, "", ""]).encode() + octets
    return lambda connection: connection.sendall(answer)


def cuts(connection: socket.socket) -> None:
    """Hang up."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without a script."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is made."""
    found: list[float] = []
    monkeypatch.setattr(http, "wait", found.append)
    return found


def api(server: Server, **settings: object) -> Api:
    """A client of the server."""
    return Api(
        "Host",
        server.url,
        credentials={"Authorization": f"Bearer {SECRET}"},
        **settings,  # type: ignore[arg-type]  # Api's own
    )


def test_a_read_is_tried_again(server: Server, waits: list[float]) -> None:
    """What may pass is tried again, after longer and longer pauses."""
    server.scripts = [cuts, says("502 Bad Gateway"), says("503 Busy"), says("200 OK", '{"a": 1}')]
    assert api(server).get("/x") == {"a": 1}
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (cuts, "the connection was cut"),
        (says("500 Oh", "<html>secret page</html>"), r"the API failed, HTTP 500$"),
    ],
)
def test_a_read_ends(server: Server, waits: list[float], script: Script, said: str) -> None:
    """It is not tried without end."""
    server.scripts = [script] * 9
    with pytest.raises(Unreachable, match=f"^Host: {said}"):
        api(server).get("/x")
    assert len(server.heads) == 4


@pytest.mark.parametrize("script", [cuts, says("500 Oh"), says("504 Oh"), says("200 OK", "<p>")])
def test_a_write_is_sent_once(server: Server, waits: list[float], script: Script) -> None:
    """Whoever sent it has to look whether it was carried out."""
    server.scripts = [script] * 3
    with pytest.raises(OutcomeUnknown):
        api(server).write("POST", "/x", {"a": 1})
    assert len(server.heads) == 1
    assert waits == []


def test_a_write_that_nobody_took(server: Server, waits: list[float]) -> None:
    """Where nobody listens nothing was sent: that is known."""
    server.close()
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached"):
        api(server).write("POST", "/x", {})


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_too_many_requests(server: Server, waits: list[float], method: str) -> None:
    """An answer that says "later" is heeded, for reads and writes; in seconds or as a date."""
    date = formatdate(time() + 30, usegmt=True)
    server.scripts = [
        says("429 Slow", "", "Retry-After: 7"),
        says("429 Slow", "", f"Retry-After: {date}"),
        says("200 OK", "{}"),
    ]
    client = api(server)
    assert (client.get("/x") if method == "GET" else client.write(method, "/x", {})) == {}
    assert waits[0] == 7
    assert 25 < waits[1] <= 30


@pytest.mark.parametrize(
    ("header", "said"),
    [("Retry-After: 3600", "try again in 3600 seconds"), ("Retry-After: soon", "try again later")],
)
def test_too_many_requests_for_too_long(
    server: Server, waits: list[float], header: str, said: str
) -> None:
    """Nobody is kept waiting for an hour: the message says how long."""
    server.scripts = [says("429 Slow", "", header)] * 9
    with pytest.raises(Refused, match=said) as caught:
        api(server).write("PUT", "/x", {})
    assert caught.value.status == 429


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("401 No", "", "the credentials are refused, HTTP 401: check them"),
        ("403 No", '{"m": "ip"}', r"refused, HTTP 403 \(ip\): check them"),
        ("422 No", '{"m": "bad\\n ttl\\u001b[2J"}', r"refused, HTTP 422 \(bad ttl \[2J\)"),
        ("404 No", "<html>", "refused, HTTP 404$"),
        ("400 No", "[" * 100_000, "refused, HTTP 400$"),
        ("302 Go", "", "points elsewhere, HTTP 302"),
        ("500 No", '{"m": "no, really"}', r"refused, HTTP 500 \(no, really\)"),
    ],
)
def test_refusals(server: Server, waits: list[float], status: str, body: str, said: str) -> None:
    """What the API says of a refusal comes along in one printable line."""
    server.scripts = [says(status, body)] * 4
    client = api(server, explain=lambda a: a["m"], definite=lambda _, a: bool(a) and "m" in a)
    with pytest.raises(Refused, match=said):
        client.write("POST", "/x", {})


def test_redirects_are_not_followed(server: Server, waits: list[float]) -> None:
    """Credentials go to nobody but the API."""
    other = Server()
    server.scripts = [says("302 Go", "", f"Location: {other.url}/")]
    with pytest.raises(Refused):
        api(server).get("/x")
    other.close()
    assert other.heads == []


@pytest.mark.parametrize(
    "said",
    [SECRET, "Bearer t0p-secret%2Fof%20the%2Bhost", "t0p-secret%2Fof+the%2Bhost", "the+host"],
)
def test_credentials_are_hidden(server: Server, waits: list[float], said: str) -> None:
    """An API that repeats a credential does not get it into a message."""
    server.scripts = [says("400 No", f'"you sent {said}!"')]
    with pytest.raises(Refused, match=r"you sent .*\*\*\*"):
        api(server).write("POST", "/x", {})


@pytest.mark.parametrize(
    "credential", ["", "line\nbreak", "tab\there", "caf\xe9", " blank", "blank "]
)
def test_credentials_that_no_header_holds(credential: str) -> None:
    """A credential with a line break in it is an error, and no second header."""
    with pytest.raises(ApiError, match=r"copy them again$") as caught:
        Api("Host", "https://example.net", credentials={"X-Key": credential})
    assert not credential.strip() or credential not in str(caught.value)


def test_netrc_is_not_read(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in ~/.netrc does not replace the credentials that were configured."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.scripts = [says("200 OK", "{}")]
    api(server).get("/x")
    assert f"Authorization: Bearer {SECRET}" in server.heads[0]
    assert "User-Agent: mailsync-dns/" in server.heads[0]


def test_an_answer_without_end(
    server: Server, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is read up to a bound in size."""
    monkeypatch.setattr(http, "MAX_OCTETS", 1000)
    server.scripts = [says("200 OK", "x" * 1001)] * 4
    with pytest.raises(Unreachable, match="more than 1000 octets"):
        api(server).get("/x")


def test_an_answer_that_drips(server: Server, waits: list[float]) -> None:
    """An answer is read up to a bound in time, however it keeps coming."""

    def drips(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        for _ in range(40):
            connection.sendall(b" ")
            threading.Event().wait(0.02)

    server.scripts = [drips]
    with pytest.raises(OutcomeUnknown, match="no answer within"):
        api(server, timeout=0.05).write("POST", "/x", {})


def test_no_content(server: Server) -> None:
    """An answer without a body is no error."""
    server.scripts = [says("204 No Content")]
    assert api(server).write("DELETE", "/x") is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.net",
        "ftp://127.0.0.1",
        "example.net",
        "https://u:p@example.net",
        "https://a/?b",
    ],
)
def test_endpoints(endpoint: str) -> None:
    """Credentials travel over HTTPS, but on this machine."""
    if endpoint == "ftp://127.0.0.1":
        Api("Host", endpoint.replace("ftp", "http"))
        Api("Host", "http://localhost:80/v1/")
        return
    with pytest.raises(ApiError, match=r"^Host: endpoint"):
        Api("Host", endpoint)


@pytest.mark.parametrize("timeout", ["0", "-1", "soon", "601", 0])
def test_timeouts(timeout: float | str) -> None:
    """A timeout is a number of seconds, also as text."""
    Api("Host", "https://example.net", timeout="1.5")
    with pytest.raises(ApiError, match=r"timeout is .*: give seconds"):
        Api("Host", "https://example.net", timeout=timeout)


def test_a_certificate_that_is_not_trusted(waits: list[float]) -> None:
    """A server that is not who it says gets nothing."""
    error = requests.exceptions.SSLError(
        ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    )
    client = Api("Host", "https://example.net")
    client._exchange = lambda *_, **__: (_ for _ in ()).throw(error)  # type: ignore[method-assign]
    with pytest.raises(Unreachable, match=r"no trusted connection \(.*self-signed"):
        client.write("POST", "/x", {})
    broken = requests.exceptions.SSLError("EOF occurred in violation of protocol")
    client._exchange = lambda *_, **__: (_ for _ in ()).throw(broken)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match="no trusted connection"):
        client.write("POST", "/x", {})
