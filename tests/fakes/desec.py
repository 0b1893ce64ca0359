"""deSEC's API v1.

Sources: https://desec.readthedocs.io/en/latest/dns/rrsets.html (paths, JSON, a bulk PATCH does
all or nothing; an RRset without records is deleted; errors with HTTP 400; TTL from the domain's
``minimum_ttl`` to 86400; what is longer than 255 octets is split), .../dns/domains.html (listing),
.../rate-limits.html (429, ``Retry-After``), .../auth/tokens.html (``Authorization: Token``); paging
by cursor in the ``Link`` header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import dns.exception

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import absolute
from tests.fakes.rrset_api import Held, RRsetApi

TOKEN = "desec-i-T3YkVRaW7C"
MINIMUM_TTL = 3600

_MAXIMUM_TTL = 86400


class FakeDesec(RRsetApi):
    """One account."""

    SECRETS: ClassVar[tuple[str, ...]] = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.page = 500

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a type that octoDNS does not know."""
        super().fill(zone, rrsets)
        about = {"name": f"key.{zone}", "type": "CERT", "ttl": MINIMUM_TTL}
        self.rrsets(zone).append({**about, "values": ["6 0 0 sadfhg=="]})

    def error(self, status: int, message: str) -> Response:
        """Give an error; a throttled call is told in a sentence when to come back."""
        if status == 429:
            message = "Request was throttled. Expected available in 1 second."
        return Response(status, {"detail": message})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Token {TOKEN}":
            return self.error(401, "Invalid token.")
        if request.path == "/api/v1/domains/":
            zones = [{"name": zone.rstrip("."), "minimum_ttl": 3600} for zone in self.zones()]
            return self._paged(zones, request)
        match = re.fullmatch(r"/api/v1/domains/([^/]+)/rrsets/", request.path)
        zone = f"{match[1]}." if match else ""
        if zone not in self.zones():
            return self.error(404, "Not found.")
        if request.method == "GET":
            return self._paged([_shown(zone, one) for one in self.rrsets(zone)], request)
        return self._patch(zone, request.body)

    def _paged(self, items: list[Any], request: Request) -> Response:
        start = int(request.query["cursor"] or 0)
        rest = items[start + self.page :]
        link = f'<{self.url}{request.path}?cursor={start + self.page}>; rel="next"'
        return Response(200, items[start : start + self.page], {"Link": link} if rest else {})

    def _patch(self, zone: str, body: list[Any]) -> Response:
        wrong = [_wrong(one) for one in body]
        if any(wrong):
            return Response(400, wrong)
        for one in body:
            name = absolute(zone, one["subname"])
            values = [canonical(one["type"], value) for value in one["records"]]
            old = self.find(zone, name, one["type"])
            if old is not None:
                self.rrsets(zone).remove(old)
            if values:
                about = {"name": name, "type": one["type"], "ttl": int(one["ttl"])}
                self.rrsets(zone).append({**about, "values": values})
        return Response(200, [_shown(zone, one) for one in self.rrsets(zone)])


def _wrong(wanted: Any) -> dict[str, list[str]]:
    """Check one RRset as the serializer does; empty if it is right."""
    if not re.fullmatch(r"(?:\*|(?:\*\.)?[a-z0-9._-]*)", wanted["subname"]):
        return {"subname": ["Subname can only use (lowercase) a-z, 0-9, ., -, and _."]}
    if not MINIMUM_TTL <= int(wanted["ttl"]) <= _MAXIMUM_TTL:
        return {"ttl": [f"Ensure this value is greater than or equal to {MINIMUM_TTL}."]}
    try:
        for value in wanted["records"]:
            canonical(wanted["type"], value)
    except (dns.exception.DNSException, ValueError):
        return {"records": [f"Cannot parse record contents: {wanted['records']}"]}
    return {}


def _shown(zone: str, held: Held) -> Any:
    return {
        "domain": zone.rstrip("."),
        "subname": held["name"].removesuffix(zone).rstrip("."),
        "name": held["name"],
        "type": held["type"],
        "ttl": held["ttl"],
        "records": held["values"],
        "created": "2026-01-01T00:00:00Z",
        "touched": "2026-01-01T00:00:00Z",
    }
