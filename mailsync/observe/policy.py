"""The MTA-STS policy that a domain serves over HTTPS (RFC 8461 §3.3), fetched as a sender would.

The certificate is verified, redirects are not followed, and nothing is waited for or read without
end. Only a plain "there is none" counts as none: whatever else goes wrong leaves it unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mailsync.dns.names import shown
from mailsync.mail.mta_sts import BadPolicy, Policy, parse_policy
from mailsync.observe.https import ANYWHERE, Place, Refused, Unreached, get
from mailsync.plan.live import ServedPolicy

SECONDS_MAX = 10.0
"""How long a fetch may take as a whole (RFC 8461 §3.3 suggests a minute for senders)."""

_OCTETS_MAX = 65536
_PATH = "/.well-known/mta-sts.txt"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a fetch.

    ``wrong``: the server answered, and no sender can use the answer, as ``detail`` says.
    ``unknown``: it could not be reached, which may be this machine's fault. ``media_type`` is the
    answer's, lower case and without parameters.
    """

    state: Literal["served", "none", "wrong", "unknown"]
    detail: str
    policy: Policy | None = None
    media_type: str = ""


def host(domain: str) -> str:
    """Give the host that serves the policy of a domain (an absolute name), without a final dot."""
    return f"mta-sts.{shown(domain)}"


def url(domain: str) -> str:
    """Give where the policy of a domain (an absolute name) is served."""
    return f"https://{host(domain)}{_PATH}"


def fetch(domain: str, *, place: Place = ANYWHERE, seconds: float = SECONDS_MAX) -> ServedPolicy:
    """Fetch the policy of a domain; never raises, whatever the server does."""
    found = look(domain, place=place, seconds=seconds)
    if found.state == "served":
        return ServedPolicy("served", found.policy, found.detail)
    return ServedPolicy("none" if found.state == "none" else "unknown", None, found.detail)


def look(domain: str, *, place: Place = ANYWHERE, seconds: float = SECONDS_MAX) -> Fetched:
    """Fetch the policy of a domain, and tell what is wrong from what is not known."""
    where = url(domain)
    try:
        page = get(host(domain), _PATH, seconds=seconds, octets=_OCTETS_MAX, place=place)
    except Refused as error:
        return Fetched("wrong", f"{where}: {error}")
    except Unreached as error:
        return Fetched("unknown", f"{where}: {error}")
    if page.status in {404, 410}:
        return Fetched("none", f"{where} says {page.status}")
    if page.status != 200:
        return Fetched("wrong", f"{where} says {page.status}, not 200")
    if len(page.body) > _OCTETS_MAX:
        return Fetched("wrong", f"{where}: longer than {_OCTETS_MAX} octets")
    try:
        policy = parse_policy(page.body.decode("utf-8"))
    except (BadPolicy, UnicodeDecodeError) as error:
        return Fetched("wrong", f"{where}: {error}")
    return Fetched("served", where, policy, page.media_type)
