"""Many domains in one run: so many at once, told in order, none kept longer than it has to be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from threading import Event as Flag
from typing import TypeVar

from mailsync.cli import console
from mailsync.observe.errands import Crew

_K = TypeVar("_K")
_V = TypeVar("_V")

_WORKERS = 16
"""Domains that are looked at at once; the time goes into waiting for strangers."""

_AHEAD = 2 * _WORKERS
"""Domains that are begun before the first of them is told: what bounds the memory of a run."""

_TOLD_FROM = 20
"""From so many domains on it is told how far the run is, ten times."""


def in_order(
    items: Sequence[_K],
    work: Callable[[_K], _V],
    failed: Callable[[_K, Exception], _V],
    stop: Flag,
) -> Iterator[_V]:
    """Do the work for every item, and give the results in their order, as soon as that goes.

    One item's exception becomes the result that ``failed`` makes of it. When ``stop`` is set,
    nothing more is begun, and what is under way is given up.
    """
    crew = Crew(min(_WORKERS, len(items)))
    waiting: deque[tuple[_K, Future[_V]]] = deque()
    rest = iter(items)
    told = 0
    try:
        while not stop.is_set():
            while len(waiting) < _AHEAD and (item := next(rest, None)) is not None:
                waiting.append((item, crew.submit(work, item)))
            if not waiting:
                return
            item, future = waiting.popleft()
            while not stop.is_set() and not _is_done(future):
                pass
            if stop.is_set():
                return
            yield _result(item, future, failed)
            told += 1
            _tell(told, len(items))
    finally:
        for _, future in waiting:
            future.cancel()
        crew.close()


def _is_done(future: Future[_V]) -> bool:
    """Wait a little: Ctrl-C is to be seen meanwhile."""
    try:
        future.exception(timeout=0.2)
    except TimeoutError:
        return False
    return True


def _result(item: _K, future: Future[_V], failed: Callable[[_K, Exception], _V]) -> _V:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001  # one domain's failure does not stop the others
        return failed(item, error)


def _tell(told: int, of: int) -> None:
    if of >= _TOLD_FROM and told * 10 // of != (told - 1) * 10 // of:
        console.say(f"{told} of {of} domains looked at")
