"""What octoDNS adapters lack when they call an API: an end in time, and no write sent again unseen.

Many have a setting for neither, and some make a new session for every call. So it is seen to where
all of them come through: in requests, and in botocore for AWS. It holds while a DNS host works
(`bounded`, `writing_once`), for no other use of these libraries.

And every answer tells the time (RFC 9110 §6.6.1), by which this machine's clock can be judged.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from mailsync.plan.times import CLOCK_TOLERANCE

TIMEOUT: Final = 30.0
"""Seconds to connect and between two pieces of an answer, for adapters that set none."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSIONS = (("requests.sessions", "Session"), ("botocore.httpsession", "URLLib3Session"))
_watched: set[type] = set()
_lock = Lock()

_bounded: ContextVar[Timepiece | None] = ContextVar("bounded", default=None)
_sent: ContextVar[set[tuple[object, ...]] | None] = ContextVar("sent", default=None)
"""Writes since the last read of which it is not known that they were put off; None: not watched."""


class Timepiece:
    """What the answers of an API tell of this machine's clock."""

    def __init__(self) -> None:
        """Nothing has been told yet."""
        self._told: list[tuple[float, str]] = []

    def heard(self, response: Any, sent: float, come: float) -> None:
        """Take an answer's time, when it was asked for and when it came (seconds, POSIX)."""
        header = response.headers.get("Date")
        if not header or response.headers.get("Age"):  # a cache's answer is of some time ago
            return
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return
        told = date.replace(tzinfo=date.tzinfo or UTC).timestamp()
        ahead = min(0.0, come - told) or max(0.0, sent - told - 1)  # it is of whole seconds
        self._told.append((ahead, urlsplit(response.url).hostname or ""))

    def ahead(self) -> tuple[float, str]:
        """Tell by how many seconds this clock is ahead (negative: behind), and who says so.

        Of several answers the mildest counts. 0: within `CLOCK_TOLERANCE`, or none tells.
        """
        mildest = min(self._told, key=lambda told: abs(told[0]), default=(0.0, ""))
        return mildest if abs(mildest[0]) > CLOCK_TOLERANCE.total_seconds() else (0.0, "")


class NotSentAgainError(Exception):
    """An adapter was about to send a write again although nobody knows what the first one did."""


@contextmanager
def bounded() -> Iterator[Timepiece]:
    """Give every call an end in time; what is given tells how this machine's clock is then."""
    _watch()
    timepiece = Timepiece()
    token = _bounded.set(timepiece)
    try:
        yield timepiece
    finally:
        _bounded.reset(token)


@contextmanager
def writing_once() -> Iterator[None]:
    """Let no write be sent twice, unless the API said "later" or was read in between.

    Raises `NotSentAgainError` out of the second try.
    """
    token = _sent.set(set())
    try:
        with bounded():
            yield
    finally:
        _sent.reset(token)


def _watch() -> None:
    with _lock:
        for module, name in _SESSIONS:
            kind = getattr(sys.modules.get(module), name, None)
            if kind is not None and kind not in _watched:
                kind.send = _watching(kind.send, can_wait=name == "Session")
                _watched.add(kind)


def _watching(plain_send: Callable[..., Any], *, can_wait: bool) -> Callable[..., Any]:
    def send(session: Any, request: Any, **options: Any) -> Any:
        timepiece = _bounded.get()
        if timepiece is None:
            return plain_send(session, request, **options)
        if can_wait and options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        began = time.time()
        response = plain_send(session, request, **options)
        timepiece.heard(response, began, time.time())
        return response

    @functools.wraps(plain_send)
    def watching(session: Any, request: Any, **options: Any) -> Any:
        sent = _sent.get()
        if sent is None:
            return send(session, request, **options)
        if request.method in _READS:
            sent.clear()
            return send(session, request, **options)
        body = bytes(request.body) if isinstance(request.body, bytearray) else request.body
        what = (request.method, request.url, body)
        if what in sent:
            raise NotSentAgainError(
                f"the reply to {request.method} {urlsplit(request.url).path} was lost, or was an "
                "error that does not tell how far it got; it was not sent again"
            )
        sent.add(what)
        response = send(session, request, **options)
        if _put_off(response):
            sent.discard(what)
        return response

    return watching


def _put_off(response: Any) -> bool:
    """Tell whether an API said "later", so that nothing was done: 429, or AWS' Throttling."""
    status = response.status_code
    return status == 429 or (status == 400 and b"<Code>Throttling" in response.content)
