"""The certificates that a mail host presents, as the TLSA values that match them (RFC 7672 §3.1.1).

Each address is asked as a sender asks: connect, EHLO, STARTTLS with the host's name (SNI). Who
vouches for a certificate does not matter: DANE asks for this very key.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from mailsync.dns.names import shown
from mailsync.mail import dane
from mailsync.observe.smtp import Endpoint, Session, probe
from mailsync.plan.live import Presented

ADDRESSES_MAX = 10
"""How many addresses of a host are looked at; one with more is not looked at."""

SECONDS_MAX = 20.0
"""How long a look at one address may take."""

_AT_ONCE = 8
_REMEMBERED = 60.0
"""Seconds for which a host is not looked at again: a run plans several times."""


class Certificates:
    """Looks at hosts; ``port`` is where mail servers listen, ``seconds`` bounds each look."""

    def __init__(self, port: int = 25, seconds: float = SECONDS_MAX) -> None:
        self._port = port
        self._seconds = seconds
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, Presented]] = {}

    def __call__(self, hosts: Mapping[str, tuple[str, ...]]) -> dict[str, Presented]:
        """Give what each host presents at its addresses; never raises, whatever a server does."""
        return {host: self._of(host, addresses) for host, addresses in hosts.items()}

    def _of(self, host: str, addresses: tuple[str, ...]) -> Presented:
        at, known = self._known.get((host, addresses), (0.0, None))
        if known is None or time.monotonic() - at > _REMEMBERED:
            endpoints = [Endpoint(host, address, self._port) for address in addresses]
            known = presented(endpoints, partial(probe, seconds=self._seconds))
            self._known[host, addresses] = (time.monotonic(), known)
        return known


def presented(endpoints: Sequence[Endpoint], look: Callable[[Endpoint], Session]) -> Presented:
    """Put together what the addresses of one host present.

    All of it, or nothing: a certificate that was not seen at one of them would not be let in.
    """
    if not endpoints:
        return Presented(detail="no address of it is known")
    if len(endpoints) > ADDRESSES_MAX:
        return Presented(detail=f"it has more than {ADDRESSES_MAX} addresses")
    with ThreadPoolExecutor(min(len(endpoints), _AT_ONCE)) as pool:
        sessions = list(pool.map(look, endpoints))
    return together([seen(session) for session in sessions])


def together(found: Sequence[tuple[str, str]]) -> Presented:
    """Put together what was `seen` at all addresses of one host; one without a value spoils all."""
    missing = [why for value, why in found if not value]
    if missing:
        return Presented(detail="; ".join(missing))
    return Presented(tuple(sorted({value for value, _ in found})))


def seen(session: Session) -> tuple[str, str]:
    """Give what one address presents, as a TLSA value, or why that was not seen."""
    chain = session.tls.chain if session.tls is not None else ()
    return (dane.of_key(chain[0].spki), "") if chain else ("", _why_not(session))


def _why_not(session: Session) -> str:
    tls = session.tls
    if tls is None:
        why = session.problem or "does not speak SMTP"
    elif tls.state == "absent":
        why = session.problem or "does not offer STARTTLS"
    else:
        why = tls.detail or session.problem or "presented no certificate"
    address = ipaddress.ip_address(session.endpoint.address)
    return f"{shown(session.endpoint.host)} ({address}) {why}"
