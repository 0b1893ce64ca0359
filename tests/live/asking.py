"""Looking from outside: what a name server answers, and what a resolver answered over time."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from .clock import SteppedClock


@dataclass(frozen=True)
class Answer:
    """What a server answered: the RRset of the type asked for, from the answer section.

    `values` are sorted presentation text, names absolute; `ttl` is in seconds, None when there
    is no such RRset; `rcode` is NOERROR, NXDOMAIN …, or TIMEOUT when nothing came.
    """

    values: tuple[str, ...]
    ttl: int | None
    rcode: str
    aa: bool

    def names(self, text: str) -> bool:
        """Whether a value is this text or has it among its fields (the host in `10 host.`)."""
        return any(text == value or text in value.split() for value in self.values)


NOTHING = Answer((), None, "TIMEOUT", aa=False)


def ask(
    address: str, port: int, name: str, rdtype: str, *, tcp: bool = False, timeout: float = 2.0
) -> Answer:
    """Ask one server one question over UDP (over TCP if `tcp`, or when the answer is truncated).

    No reply within `timeout` seconds, or none that can be understood, is an Answer as well.
    """
    query = dns.message.make_query(name, rdtype, use_edns=0)
    try:
        if tcp:
            response = dns.query.tcp(query, address, timeout, port)
        else:
            response, _ = dns.query.udp_with_fallback(query, address, timeout, port)
    except (dns.exception.DNSException, OSError, EOFError):
        return NOTHING
    asked = dns.rdatatype.from_text(rdtype)
    rrset = next((found for found in response.answer if found.rdtype == asked), None)
    return Answer(
        values=tuple(sorted(rdata.to_text() for rdata in rrset or ())),
        ttl=None if rrset is None else rrset.ttl,
        rcode=dns.rcode.to_text(response.rcode()),
        aa=bool(response.flags & dns.flags.AA),
    )


class Askable(Protocol):
    """A running name server."""

    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...


@dataclass(frozen=True)
class Sighting:
    """One answer, and the aware times right before the question and right after the answer."""

    asked: datetime
    answered: datetime
    answer: Answer


class Watch:
    """Asks a server the same question again and again, in a thread, and keeps every answer.

    A context manager. Times are those of `clock` if one is given, else the machine's. The
    interval between questions and the timeout of each are in real seconds.
    """

    def __init__(
        self,
        server: Askable,
        name: str,
        rdtype: str,
        *,
        interval: float = 0.05,
        timeout: float = 2.0,
        clock: SteppedClock | None = None,
    ) -> None:
        self._server, self._name, self._rdtype = server, name, rdtype
        self._interval, self._timeout = interval, timeout
        self._still = clock.still if clock is not None else nullcontext
        self._now: Callable[[], datetime] = (
            clock.now if clock is not None else lambda: datetime.now(UTC)
        )
        self._sightings: list[Sighting] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"watch {name} {rdtype}", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._interval)

    def look(self) -> Sighting:
        """Ask once more, now, beside the thread; after this the answer is among `sightings`."""
        with self._still():  # a jump between question and answer would forge its time
            asked = self._now()
            answer = ask(
                self._server.address,
                self._server.port,
                self._name,
                self._rdtype,
                timeout=self._timeout,
            )
            sighting = Sighting(asked, self._now(), answer)
            self._sightings.append(sighting)
        return sighting

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """Every answer so far, oldest first."""
        return tuple(self._sightings)

    def naming(self, text: str) -> tuple[Sighting, ...]:
        """The answers in which a value is `text` or has it as a field (see `Answer.names`)."""
        return tuple(seen for seen in self.sightings if seen.answer.names(text))

    @property
    def unanswered(self) -> tuple[Sighting, ...]:
        """The questions that brought no RRset: timeouts, SERVFAIL, NXDOMAIN, empty answers."""
        return tuple(seen for seen in self.sightings if not seen.answer.values)
