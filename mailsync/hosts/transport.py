"""What octoDNS adapters lack when they call an API: an end in time, and no write sent again unseen.

Many have a setting for neither, and some make a new session for every call. So it is seen to where
all of them come through: in requests, and in botocore for AWS. It holds while a DNS host works
(`bounded`, `writing_once`), for no other use of these libraries.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT: Final = 30.0
"""Seconds to connect and between two pieces of an answer, for adapters that set none."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSIONS = (("requests.sessions", "Session"), ("botocore.httpsession", "URLLib3Session"))
_watched: set[type] = set()
_lock = Lock()

_bounded: ContextVar[bool] = ContextVar("bounded", default=False)
_sent: ContextVar[set[tuple[object, ...]] | None] = ContextVar("sent", default=None)
"""Writes since the last read of which it is not known that they were put off; None: not watched."""


class NotSentAgainError(Exception):
    """An adapter was about to send a write again although nobody knows what the first one did."""


@contextmanager
def bounded() -> Iterator[None]:
    """Give every call an end in time."""
    _watch()
    token = _bounded.set(True)
    try:
        yield
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


def _watching(send: Callable[..., Any], *, can_wait: bool) -> Callable[..., Any]:
    @functools.wraps(send)
    def watching(session: Any, request: Any, **options: Any) -> Any:
        if can_wait and _bounded.get() and options.get("timeout") is None:
            options["timeout"] = TIMEOUT
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
