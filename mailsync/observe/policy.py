"""The MTA-STS policy that a domain serves over HTTPS (RFC 8461 §3.3), fetched as a sender would.

The certificate is verified, redirects are not followed, and nothing is waited for or read without
end. Only a plain "there is none" counts as none: whatever else goes wrong leaves it unknown.
"""

from __future__ import annotations

import time
from typing import Any

from mailsync.dns.names import shown
from mailsync.mail.mta_sts import BadPolicy, parse_policy
from mailsync.plan.live import ServedPolicy

SECONDS_MAX = 10.0
"""How long a fetch may take as a whole (RFC 8461 §3.3 suggests a minute for senders)."""

_OCTETS_MAX = 65536
_PIECE = 4096


def url(domain: str) -> str:
    """Give where the policy of a domain (an absolute name) is served."""
    return f"https://mta-sts.{shown(domain)}/.well-known/mta-sts.txt"


def fetch(domain: str, *, session: Any = None, seconds: float = SECONDS_MAX) -> ServedPolicy:
    """Fetch the policy of a domain; never raises, whatever the server does.

    ``session``: a `requests.Session` of the caller's, with its own trust and adapters.
    """
    import requests

    where = url(domain)
    until = time.monotonic() + seconds
    try:
        with (session or requests.Session()).get(
            where,
            timeout=min(seconds, SECONDS_MAX) / 2,
            allow_redirects=False,
            stream=True,
            headers={"User-Agent": "mailsync", "Accept-Encoding": "identity"},
        ) as response:
            if response.status_code in {404, 410}:
                return ServedPolicy("none", None, f"{where} says {response.status_code}")
            if response.status_code != 200:
                return _unknown(f"{where} says {response.status_code}, not 200")
            body = _read(response, until)
    except requests.RequestException as error:
        return _unknown(f"{where}: {_why(error)}")
    if body is None:
        return _unknown(f"{where}: longer than {_OCTETS_MAX} octets, or slower than {seconds:g} s")
    try:
        policy = parse_policy(body.decode("utf-8"))
    except (BadPolicy, UnicodeDecodeError) as error:
        return _unknown(f"{where}: {error}")
    return ServedPolicy("served", policy, where)


def _read(response: Any, until: float) -> bytes | None:
    """Read the whole body, or give None where it is too long or drips too slowly."""
    body = b""
    while True:
        piece = response.raw.read1(_PIECE, decode_content=False)
        if not piece:
            return body
        body += piece
        if len(body) > _OCTETS_MAX or time.monotonic() > until:
            return None


def _unknown(detail: str) -> ServedPolicy:
    return ServedPolicy("unknown", None, detail)


def _why(error: Exception) -> str:
    """Say in a few words what went wrong: the innermost reason, on one line."""
    reason: BaseException = error
    while reason.__cause__ is not None or reason.__context__ is not None:
        reason = reason.__cause__ or reason.__context__ or reason
    return " ".join(f"{type(reason).__name__}: {reason}".split())[:200]
