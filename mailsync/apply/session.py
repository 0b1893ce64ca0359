"""Many domains in one run: each on its own, a bounded number at a time, one's failure alone.

Domains of one zone, which share its lock, its listing and its journal, come one after another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event as Flag
from typing import Generic, TypeVar

from mailsync.apply.edge import Interrupted, World
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import FileErrors, MailsyncError

_T = TypeVar("_T")

WORKERS = 8
"""How many domains are looked at at once: the time goes into waiting for DNS hosts."""


@dataclass(frozen=True, slots=True)
class Result(Generic[_T]):
    """What came of one domain: a value, or the error that ended it."""

    desired: Desired
    value: _T | None = None
    error: MailsyncError | None = None


def run_all(
    domains: Sequence[Desired],
    work: Callable[[Desired], _T],
    stop: Flag,
    *,
    workers: int = WORKERS,
) -> Generator[Result[_T], None, None]:
    """Do the work for every domain; results come as they are ready.

    Ctrl-C sets ``stop``: what runs stops at its next effect, what has not begun never does, and
    `KeyboardInterrupt` is raised when all is quiet.
    """
    zones: dict[str, deque[Desired]] = {}
    for desired in domains:
        zones.setdefault(desired.zone, deque()).append(desired)
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(zones)))) as pool:

        def begin(waiting: deque[Desired]) -> Future[Result[_T]]:
            return pool.submit(_one, waiting.popleft(), work, stop)

        pending: dict[Future[Result[_T]], deque[Desired]] = {
            begin(waiting): waiting for waiting in zones.values()
        }
        try:
            while pending:
                ready, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in ready:
                    waiting = pending.pop(future)
                    if waiting:
                        pending[begin(waiting)] = waiting
                    yield future.result()
        except BaseException:
            stop.set()
            for future in pending:
                future.cancel()
            raise


def _one(desired: Desired, work: Callable[[Desired], _T], stop: Flag) -> Result[_T]:
    if stop.is_set():
        return Result(desired, error=MailsyncError("interrupted", where=shown(desired.domain)))
    try:
        return Result(desired, value=work(desired))
    except Interrupted:
        return Result(desired, error=MailsyncError("interrupted", where=shown(desired.domain)))
    except MailsyncError as error:
        return Result(desired, error=_placed(error, desired))
    except Exception as error:  # noqa: BLE001  # one domain's failure does not stop the others
        text = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"internal error ({text}): please report it; nothing else was written"
        return Result(desired, error=MailsyncError(message, where=shown(desired.domain)))


def _placed(error: MailsyncError, desired: Desired) -> MailsyncError:
    """Say which domain an error is about, where it does not say so itself."""
    if isinstance(error, FileErrors) or error.where or shown(desired.domain) in str(error):
        return error
    placed = type(error)(error.message, where=shown(desired.domain))
    placed.__cause__ = error
    return placed


Opener = Callable[[Desired], World]
"""Gives the world in which a domain's effects happen. Raises `MailsyncError`."""
