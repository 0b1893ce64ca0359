"""Messages to real receivers: an HTTP server and mail servers of the test's own."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from mailsync.errors import MailsyncError
from mailsync.notify.news import News
from mailsync.notify.sending import Email, Webhook, ways

NEWS = [News("example.jp", "failed", ("the host is down",))]
SECRET = "T0K3N/verysecret"


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take what is posted, as Slack does; give the URL and what came."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            size = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(size))
            came.append({"path": self.path, "type": self.headers["Content-Type"], **body})
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.came: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.came.append(envelope.content)
        return "250 Ok"


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[int, Inbox]]:
    """A mail server; give its port and what it keeps."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port, inbox
    finally:
        controller.stop()


def email(port: int, **more: object) -> dict[str, object]:
    """Settings of a mail server here."""
    said = {"to": "ops@example.com", "from": "mailsync@example.com", "security": "none"}
    return {"email": {**said, "server": f"127.0.0.1:{port}", **more}}


def test_a_webhook_gets_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON with a text; its URL comes from the environment."""
    with receiver() as (url, came):
        (way,) = ways({"webhook": "env/HOOK"}, {"HOOK": url})
        way.send(NEWS)
    (one,) = came
    assert one["path"] == f"/{SECRET}"
    assert one["type"] == "application/json"
    assert "example.jp: failed" in one["text"]


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_webhook_that_refuses_is_an_error_without_its_url(status: int) -> None:
    """Whoever reads the log does not learn where to post."""
    with receiver(status) as (url, _):
        (way,) = ways({"webhook": "env/HOOK"}, {"HOOK": url})
        with pytest.raises(MailsyncError) as refused:
            way.send(NEWS)
    assert str(refused.value) == f"notify.webhook: nobody was notified: it answers {status}"


def test_a_webhook_that_is_not_there_is_an_error_without_its_url() -> None:
    """Nothing of the library's words, which hold the URL."""
    with receiver() as (url, _):
        pass
    (way,) = ways({"webhook": url}, {})
    assert isinstance(way, Webhook)
    with pytest.raises(MailsyncError, match="ConnectionError") as refused:
        way.send(NEWS)
    assert SECRET not in str(refused.value)


def test_an_e_mail_arrives() -> None:
    """With a date and an id, to all recipients."""
    with mail_server() as (port, inbox):
        (way,) = ways(email(port, to=["a@example.com", "b@example.com"]), {})
        way.send(NEWS)
    (raw,) = inbox.came
    read = message_from_bytes(raw)
    assert read["To"] == "a@example.com, b@example.com"
    assert read["Date"].endswith("+0000")
    assert read["Message-ID"].endswith("@example.com>")


def test_it_logs_in_where_it_is_told_to() -> None:
    """With a password from the environment; a wrong one is an error that does not show it."""

    def known(
        server: object, session: object, envelope: object, how: str, given: Any
    ) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password == SECRET.encode()
        return AuthResult(success=right, handled=right)

    options = {"authenticator": known, "auth_require_tls": False}
    with mail_server(**options) as (port, inbox):
        said = email(port, user="mailsync", password="env/PASSWORD")
        (way,) = ways(said, {"PASSWORD": SECRET})
        way.send(NEWS)
        assert len(inbox.came) == 1
        (way,) = ways(said, {"PASSWORD": "another-secret"})
        with pytest.raises(MailsyncError, match=r"notify\.email: nobody was.*535") as refused:
            way.send(NEWS)
    assert "another-secret" not in str(refused.value)


def test_no_word_goes_out_in_the_clear_where_tls_is_asked_for() -> None:
    """A server without STARTTLS, and one without TLS at all, get nothing."""
    with mail_server() as (port, inbox):
        for security in ("starttls", "tls"):
            (way,) = ways(email(port, security=security), {})
            with pytest.raises(MailsyncError, match=f"127.0.0.1:{port}"):
                way.send(NEWS)
    assert inbox.came == []


def test_ports_follow_the_security() -> None:
    """587, 465 and 25, where none is written."""
    for security, port in (("starttls", 587), ("tls", 465), ("none", 25)):
        said = {"to": "a@b.example", "from": "c@d.example", "security": security}
        (way,) = ways({"email": said}, {})
        assert isinstance(way, Email)
        assert (way.server, way.port) == ("localhost", port)


def test_a_variable_that_is_not_set_is_named() -> None:
    """Before anything is sent."""
    with pytest.raises(MailsyncError, match="HOOK"):
        ways({"webhook": "env/HOOK"}, {})
