"""Work that waits for strangers: many pieces at once, and an end in time for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from ipaddress import ip_network
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from threading import Event as Flag
from types import TracebackType
from typing import Generic, Self, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_NO_TIME = 0.001
_GLANCE = 0.2
"""Seconds after which it is looked whether the work is to stop."""

_WIDTH = 16
"""Pieces of one domain's work that are under way at once."""


class Crew:
    """A thread pool whose threads hold nobody up: a program that ends does not wait for them.

    (Those of `ThreadPoolExecutor` are joined at exit, whatever strangers they wait for.)
    """

    def __init__(self, width: int) -> None:
        """Take how many pieces of work may be under way at once."""
        self._width = width
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0

    def submit(self, work: Callable[[_K], _V], item: _K) -> Future[_V]:
        """Have a piece of work done when a thread is free."""
        future: Future[_V] = Future()

        def piece() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = work(item)
            except BaseException as error:  # noqa: BLE001  # it is raised where the result is taken
                future.set_exception(error)
            else:
                future.set_result(result)

        self._work.put(piece)
        if self._threads < self._width:
            self._threads += 1
            Thread(target=self._serve, name="mailsync-errand", daemon=True).start()
        return future

    def close(self) -> None:
        """Take no more work; each thread ends after what was given before."""
        for _ in range(self._threads):
            self._work.put(None)

    def _serve(self) -> None:
        while (piece := self._work.get()) is not None:
            piece()


class Errands:
    """Runs pieces of work until a time; a context manager.

    What is not done by then is left out of the results, and ends by itself: every piece is bounded.
    When ``stop`` is set, no time is left.
    """

    def __init__(self, seconds: float, width: int = _WIDTH, stop: Flag | None = None) -> None:
        """Take the seconds from now on that all work may take."""
        self._until = time.monotonic() + seconds
        self._stop = stop or Flag()
        self._crew = Crew(width)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._crew.close()

    @property
    def left(self) -> float:
        """The seconds that are left, never less than a millisecond."""
        return _NO_TIME if self._stop.is_set() else max(self._until - time.monotonic(), _NO_TIME)

    def start(self, work: Callable[[_K], _V], items: Iterable[_K]) -> Pending[_K, _V]:
        """Begin the work for every item; it goes on side by side with what was begun before."""
        futures = {item: self._crew.submit(work, item) for item in dict.fromkeys(items)}
        return Pending(self, futures)

    def all(self, work: Callable[[_K], _V], items: Iterable[_K]) -> dict[_K, _V]:
        """Do the work for every item; give the results that came in time."""
        return self.start(work, items).done()


class Pending(Generic[_K, _V]):
    """Work that was begun."""

    def __init__(self, errands: Errands, futures: Mapping[_K, Future[_V]]) -> None:
        self._errands = errands
        self._futures = futures

    def done(self, otherwise: Callable[[_K], _V] | None = None) -> dict[_K, _V]:
        """Wait for it; give the results that came in time, by item.

        ``otherwise`` gives the results of those that are late, so that none is missing unnoticed.
        """
        late: set[Future[_V]] = set(self._futures.values())
        while late and self._errands.left > _NO_TIME:
            _, late = wait(late, timeout=min(self._errands.left, _GLANCE))
        found: dict[_K, _V] = {}
        for item, future in self._futures.items():
            if future.cancel() or not future.done():
                if otherwise is not None:
                    found[item] = otherwise(item)
            else:
                found[item] = future.result()
        return found


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


class Outlook:
    """What a run has learnt of reaching mail servers: where nobody is reached, nobody will be.

    Many offices and clouds block port 25. To wait for every server then takes long, and tells
    nothing.
    """

    _ENOUGH = 8
    """Networks in which servers were tried in vain, and none anywhere with success."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._reached = False
        self._in_vain: set[str] = set()

    @property
    def is_hopeless(self) -> bool:
        """Tell whether it is of no use to try further addresses."""
        return not self._reached and len(self._in_vain) >= self._ENOUGH

    @property
    def words(self) -> str:
        """Say why, in words after the server's name."""
        tried = len(self._in_vain)
        return (
            f"was not tried: no server was reached in {tried} other networks, so that this one "
            "blocks the port, it seems"
        )

    def learn(self, address: str, *, reached: bool) -> None:
        """Remember how it went with an address. Servers side by side may be down together."""
        prefix = 32 if ":" in address else 16
        network = str(ip_network(f"{address}/{prefix}", strict=False))
        with self._lock:
            self._reached = self._reached or reached
            if not self._reached:
                self._in_vain.add(network)
