"""Work that waits for strangers: many pieces at once, and an end in time for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_WIDTH = 16
"""Pieces of one domain's work that are under way at once."""


class Errands:
    """Runs pieces of work until a time; a context manager.

    What is not done by then is left out of the results, and ends by itself: every piece is bounded.
    """

    def __init__(self, seconds: float, width: int = _WIDTH) -> None:
        """Take the seconds from now on that all work may take."""
        self._until = time.monotonic() + seconds
        self._pool = ThreadPoolExecutor(width, thread_name_prefix="errand")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def left(self) -> float:
        """The seconds that are left, never less than a millisecond."""
        return max(self._until - time.monotonic(), 0.001)

    def start(self, work: Callable[[_K], _V], items: Iterable[_K]) -> Pending[_K, _V]:
        """Begin the work for every item; it goes on side by side with what was begun before."""
        futures = {item: self._pool.submit(work, item) for item in dict.fromkeys(items)}
        return Pending(self, futures)

    def all(self, work: Callable[[_K], _V], items: Iterable[_K]) -> dict[_K, _V]:
        """Do the work for every item; give the results that came in time."""
        return self.start(work, items).done()


class Pending(Generic[_K, _V]):
    """Work that was begun."""

    def __init__(self, errands: Errands, futures: Mapping[_K, Future[_V]]) -> None:
        self._errands = errands
        self._futures = futures

    def done(self) -> dict[_K, _V]:
        """Wait for it; give the results that came in time, by item."""
        ready, late = wait(self._futures.values(), timeout=self._errands.left)
        for future in late:
            future.cancel()
        return {item: future.result() for item, future in self._futures.items() if future in ready}


class Courtesy:
    """At most so many connections to one address at once, however many domains it serves."""

    def __init__(self, limit: int = 3) -> None:
        self._limit = limit
        self._lock = Lock()
        self._doors: dict[str, tuple[BoundedSemaphore, list[int]]] = {}

    @contextmanager
    def at(self, address: str, seconds: float) -> Iterator[bool]:
        """Wait for one's turn at an address, so long at most; give whether it came."""
        with self._lock:
            door, users = self._doors.setdefault(address, (BoundedSemaphore(self._limit), [0]))
            users[0] += 1
        turn = door.acquire(timeout=seconds)
        try:
            yield turn
        finally:
            if turn:
                door.release()
            with self._lock:
                users[0] -= 1
                if not users[0]:
                    del self._doors[address]
