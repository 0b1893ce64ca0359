"""GitHub's API for comments on pull requests, as its documentation describes it, over real HTTP.

Sources, all under https://docs.github.com/en/rest: issues/comments (the endpoints and their
statuses), using-the-rest-api/using-pagination-in-the-rest-api (`per_page`, `page`, `Link`),
using-the-rest-api/rate-limits-for-the-rest-api (403 or 429, `retry-after`, `x-ratelimit-…`),
using-the-rest-api/troubleshooting-the-rest-api ("Resource not accessible by integration").
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
"""As whom a job's own token writes; `viewer` gives the login in this form, brackets included."""

BODY_LIMIT = 65_536
"""The longest comment, in characters: more is a 422 that says so."""


@dataclass
class Fault:
    """How the next request of a method goes wrong: the answer given instead of the right one.

    ``late``: GitHub does what was asked, and only then answers wrongly. ``status`` 0: it hangs up.
    ``text`` stands in place of a JSON object with the message.
    """

    method: str
    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    late: bool = False
    text: str | None = None


class FakeGitHub:
    """One repository with comments, and a token. A context manager: serves while it is open.

    ``read_only``: the token is one of a pull request from a fork. ``requests`` logs all of them, as
    method and path. ``next_page_at``: where `Link` points instead of here.
    """

    def __init__(
        self, repository: str = "example/mail", token: str = "ghs_secret0123456789"
    ) -> None:
        self.repository = repository
        self.token = token
        self.viewer: object = {"data": {"viewer": {"login": BOT}}}
        self.read_only = False
        self.comments: list[dict[str, Any]] = []
        self.faults: deque[Fault] = deque()
        self.requests: list[str] = []
        self.next_page_at = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What `GITHUB_API_URL` holds."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, body: str, login: str = BOT) -> int:
        """Have somebody comment; gives the comment's id. Ids ascend, as GitHub's do."""
        number = 1000 + len(self.comments)
        url = f"https://github.com/{self.repository}/pull/7#issuecomment-{number}"
        self.comments.append(
            {"id": number, "html_url": url, "user": {"login": login}, "body": body}
        )
        return number

    def bodies(self, login: str = BOT) -> list[str]:
        """What somebody has commented."""
        return [c["body"] for c in self.comments if (c["user"] or {}).get("login") == login]

    def answer(self, method: str, target: str, body: Any, token: str) -> tuple[int, Any, str]:
        """Give status, JSON and `Link` of a request, as documented."""
        url = urlsplit(target)
        if token != self.token:
            return 401, {"message": "Bad credentials"}, ""
        if (method, url.path) == ("POST", "/graphql"):
            return 200, self.viewer, ""
        issues = f"/repos/{self.repository}/issues"
        if url.path == f"{issues}/7/comments" and method == "GET":
            return self._page(url.path, parse_qs(url.query))
        if method == "GET" or not url.path.startswith(issues):
            return 404, {"message": "Not Found"}, ""
        if self.read_only:
            return 403, {"message": "Resource not accessible by integration"}, ""
        text = body.get("body") if isinstance(body, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= BODY_LIMIT:
            return 422, {"message": "Validation Failed"}, ""
        if method == "POST" and url.path == f"{issues}/7/comments":
            self.add(text)
            return 201, self.comments[-1], ""
        match = re.fullmatch(re.escape(issues) + r"/comments/(\d+)", url.path)
        for comment in self.comments:
            if method == "PATCH" and match and comment["id"] == int(match[1]):
                comment["body"] = text
                return 200, comment, ""
        return 404, {"message": "Not Found"}, ""

    def _page(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any, str]:
        """Give one page: 30 unless told, at most 100; `Link` names the next one while there is."""
        size = min(int(query.get("per_page", ["30"])[0]), 100)
        page = int(query.get("page", ["1"])[0])
        part = self.comments[(page - 1) * size : page * size]
        following = f"{self.next_page_at or self.url}{path}?per_page={size}&page={page + 1}"
        more = page * size < len(self.comments)
        return 200, part, f'<{following}>; rel="next"' if more else ""


def _handler(fake: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def _serve(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(octets) if octets else None
            fake.requests.append(f"{self.command} {self.path}")
            about = f"{self.command} {urlsplit(self.path).path}"
            fault = next((f for f in fake.faults if f.method in {self.command, about}), None)
            if fault is not None:
                fake.faults.remove(fault)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if fault is None:
                status, answer, link = fake.answer(self.command, self.path, body, token)
                self._answer(status, json.dumps(answer), {"Link": link} if link else {})
                return
            if fault.late:
                fake.answer(self.command, self.path, body, token)
            if fault.status:
                text = fault.text or json.dumps({"message": fault.message})
                self._answer(fault.status, text, fault.headers)
            else:
                self.close_connection = True

        def _answer(self, status: int, text: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
            pass

    return Handler
