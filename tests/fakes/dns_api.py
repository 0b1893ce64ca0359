"""A DNS host's API over real HTTP, in memory, with switches for what goes wrong.

Each fake of a host is a subclass that answers as its documentation says; what is common stands
here: serving, the log of calls, faults, and a look at the zone after every call, as a resolver
would take it at any moment.
"""

from __future__ import annotations

import json
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from types import TracebackType
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from mailsync.dns.rrset import Key, RRset

Kind = Literal[
    "cut-before",  # the connection is cut, nothing was done
    "cut-after",  # the reply is lost: what was asked for was done
    "late",  # the reply is lost, and what was asked for is done only after the next call
    "hang-before",  # no answer until the client gives up, nothing was done
    "hang-after",  # the same, and what was asked for was done
    "429",  # too many requests, `Retry-After`: nothing was done
    "5xx-before",  # the API fails, nothing was done
    "5xx-after",  # the API fails after it did what was asked for
    "refuse",  # the API says no to this one: what came before it stays, a batch is partial
    "garbage",  # done, and the answer is a page of HTML
    "stale",  # a read shows what was there before the last write
]


@dataclass
class Fault:
    """What happens to one call: the ``nth`` from now, counted from 0; of all, or of the writes."""

    kind: Kind
    nth: int = 0
    retry_after: str = "0"


@dataclass(frozen=True)
class Request:
    """What the client asks. ``headers`` by name in lower case; ``body``: JSON, a form's, or XML."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw_query: str = ""


@dataclass(frozen=True)
class Response:
    """What the API answers; ``content`` as JSON, but as it is where it is text."""

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call that was made. ``status`` 0: it got no answer. ``writes``: it is no read.

    ``put_off``: it was told to come later.
    """

    method: str
    path: str
    body: str
    status: int
    writes: bool
    put_off: bool


class FakeApi(ABC):
    """A context manager: serves while it is open. `state` is all that it knows, as plain data."""

    SECRETS: ClassVar[tuple[str, ...]]
    """Credentials that no message may show."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.previous: dict[str, Any] = {}
        self.initial: dict[str, Any] = {}
        """The state that tests go back to."""
        self.calls: list[Call] = []
        self.agents: set[str] = set()
        """Who has asked: the User-Agents."""
        self.ahead = 0.0
        """By how many seconds its clock is ahead of ours."""
        self.faults: list[Fault] = []
        self.watched: tuple[str, ...] = ()
        """Names that must never be without MX."""
        self.gaps: list[str] = []
        """Calls after which a watched name was."""
        self._late: list[Request] = []
        self._lock = RLock()
        self._hanging: list[socket.socket] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

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
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # ---- What a host differs in ----

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """Do what is asked, and answer as documented."""

    @abstractmethod
    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set up a zone, named with its final dot, with these records and whatever goes along."""

    @abstractmethod
    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what the name servers answer, but for the SOA."""

    @abstractmethod
    def publish(self, rrset: RRset, zone: str) -> None:
        """Have somebody else replace an RRset, in the control panel say."""

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all that the host holds of a zone, in its own form, but for some RRsets."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> Response:
        """Give an error in the API's own form."""
        return Response(status, {"message": message})

    def is_write(self, request: Request) -> bool:
        """Tell whether a call changes something."""
        return request.method != "GET"

    # ---- What is common ----

    def exactly(self) -> dict[str, Any]:
        """Give a copy of all that the host holds."""
        return deepcopy(self.state)

    def reset(self, state: dict[str, Any]) -> None:
        """Go back to a state that `exactly` gave, with no faults and an empty log."""
        self.state = deepcopy(state)
        self.previous = deepcopy(state)
        self.calls.clear()
        self.faults.clear()
        self.gaps.clear()
        self._late.clear()
        self.watched = ()

    def settle(self) -> None:
        """Do whatever is still to be done late."""
        late, self._late = self._late, []
        for one in late:
            self._do(one)

    @property
    def writes(self) -> list[Call]:
        """The calls that were to change something."""
        return [call for call in self.calls if call.writes]

    def blind_repeats(self) -> list[Call]:
        """Writes that were sent again without a read in between, where nobody had said "later"."""
        found = []
        unread: set[tuple[str, str, str]] = set()
        for call in self.calls:
            what = (call.method, call.path, call.body)
            if not call.writes:
                unread.clear()
            elif what in unread:
                found.append(call)
            elif not call.put_off:
                unread.add(what)
        return found

    def handle(self, request: Request) -> tuple[Response | None, str]:
        """Answer one call; None where there is no answer: then "cut" or "hang"."""
        with self._lock:
            self.agents.add(request.headers.get("user-agent", ""))
            late, self._late = self._late, []
            fault = self._due()
            kind = fault.kind if fault else ""
            response, how = self._faulty(request, kind, fault)
            for one in late:
                self._do(one)
            status = response.status if response else 0
            body = json.dumps(request.body, sort_keys=True)
            target = f"{request.path}?{request.raw_query}" if request.raw_query else request.path
            put_off = status == 429 or kind == "429"
            self.calls.append(
                Call(request.method, target, body, status, self.is_write(request), put_off)
            )
            self._look(request)
        return response, how

    def _due(self) -> Fault | None:
        for fault in self.faults:
            fault.nth -= 1
        due = next((fault for fault in self.faults if fault.nth < 0), None)
        if due is not None:
            self.faults.remove(due)
        return due

    def _faulty(
        self, request: Request, kind: str, fault: Fault | None
    ) -> tuple[Response | None, str]:
        match kind:
            case "":
                return self._do(request), ""
            case "cut-before" | "hang-before":
                return None, kind[:4].rstrip("-")
            case "late":
                self._late.append(request)
                return None, "cut"
            case "429":
                assert fault
                busy = self.error(429, "too many requests")
                return replace(busy, headers={"Retry-After": fault.retry_after}), ""
            case "5xx-before":
                return Response(500, "<html>Internal Server Error</html>"), ""
            case "refuse" if self.is_write(request):
                return self.error(400, "not this one"), ""
            case "stale" if not self.is_write(request):
                now, self.state = self.state, self.previous
                response = self._do(request)
                self.state = now
                return response, ""
        response = self._do(request)
        match kind:
            case "cut-after" | "hang-after":
                return None, kind[:4].rstrip("-")
            case "5xx-after":
                return Response(502, "<html>Bad Gateway</html>"), ""
            case "garbage":
                return Response(200, "<html>Welcome</html>"), ""
        return response, ""

    def _do(self, request: Request) -> Response:
        if not self.is_write(request):
            return self.answer(request)
        before = deepcopy(self.state)
        response = self.answer(request)
        if self.state != before:
            self.previous = before
        return response

    def _look(self, request: Request) -> None:
        for name in self.watched:
            zone = next(z for z in self.zones() if name == z or name.endswith(f".{z}"))
            if (name, "MX") not in self.served(zone):
                self.gaps.append(f"{name} has no MX after {request.method} {request.path}")

    def zones(self) -> list[str]:
        """Give the names of the zones, each with its final dot."""
        return list(self.state["zones"])


def _handler(fake: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20
        disable_nagle_algorithm = True
        wbufsize = 2**16  # one packet for each answer

        def _serve(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            body: Any = None
            if octets and "form" in self.headers.get("Content-Type", ""):
                body = dict(parse_qsl(octets.decode(), keep_blank_values=True))
            elif octets.startswith(b"<"):
                body = octets.decode()
            elif octets:
                body = json.loads(octets)
            request = Request(
                self.command,
                unquote(url.path),
                dict(parse_qsl(url.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                body,
                unquote(url.query),
            )
            response, how = fake.handle(request)
            if response is None:
                self.close_connection = True
                if how == "hang":
                    self.connection.settimeout(10)
                    self.rfile.read(1)  # until the client gives up
                return
            self._answer(response)

        def _answer(self, response: Response) -> None:
            content = response.content
            text = content if isinstance(content, str) else json.dumps(content)
            octets = b"" if content is None else text.encode()
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            kind = "text/html" if isinstance(content, str) else "application/json"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # http.server's

        def date_time_string(self, timestamp: float | None = None) -> str:
            now = time.time() if timestamp is None else timestamp
            return super().date_time_string(now + fake.ahead)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
            pass

    return Handler
