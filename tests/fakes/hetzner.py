"""Hetzner's Cloud API, as far as it is about zones and their RRsets.

Sources: https://docs.hetzner.cloud/reference/cloud#zones and #zone-rrsets (paths, JSON, actions,
TTL from 60 to 2147483647, no TTL: the zone's; texts in quotation marks, and comments beside
values), https://docs.hetzner.cloud/reference/cloud#errors (codes); hcloud-python's client (what is
asked for, and which errors are tried again).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import dns.exception

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import absolute, relative
from tests.fakes.rrset_api import Held, RRsetApi

TOKEN = "hcloud-T0ken0123456789abcdefghij"

_PATH = r"/zones/(\d+)(?:/rrsets(?:/(.+)/([A-Z]+)(/actions/\w+)?)?)?"
_CODES = {400: "invalid_input", 401: "unauthorized", 404: "not_found", 429: "rate_limit_exceeded"}


class FakeHetzner(RRsetApi):
    """One project."""

    SECRETS: ClassVar[tuple[str, ...]] = (TOKEN,)

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a SOA, a type that the adapter does not know, labels and comments."""
        super().fill(zone, rrsets)
        self.state["zones"][zone].update(id=len(self.state["zones"]), ttl=3600)
        for name, rdtype, value in (
            (zone, "SOA", "hydrogen.ns.hetzner.com. dns.hetzner.com. 1 86400 10800 3600000 3600"),
            (f"rp.{zone}", "RP", "a. b."),
        ):
            self.rrsets(zone).append({"name": name, "type": rdtype, "ttl": None, "values": [value]})
        for one in self.rrsets(zone):
            one["labels"] = {"team": "mail"}

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        content = {"code": _CODES.get(status, "conflict"), "message": message, "details": None}
        return Response(status, {"error": content})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.error(401, "unable to authenticate")
        zones = {str(content["id"]): zone for zone, content in self.state["zones"].items()}
        if request.path == "/zones":
            shown = [self._zone(zone) for zone in zones.values()]
            return _paged("zones", shown, request)
        match = re.fullmatch(
            r"/zones/(\d+)(?:/rrsets(?:/(.+)/([A-Z]+)(/actions/\w+)?)?)?", request.path
        )
        zone = zones.get(match[1]) if match else None
        if match is None or zone is None:
            return self.error(404, "zone not found")
        if request.method == "GET" and request.path.endswith("rrsets"):
            return _paged("rrsets", [self._shown(zone, one) for one in self.rrsets(zone)], request)
        if request.method == "GET":
            return Response(200, {"zone": self._zone(zone)})
        if match[2] is None:
            return self._create(zone, request.body)
        held = self.find(zone, absolute(zone, match[2]), match[3])
        if held is None:
            return self.error(404, "rrset not found")
        return self._change(zone, held, match[4], request.body)

    def _zone(self, zone: str) -> Any:
        content = self.state["zones"][zone]
        about = {"id": content["id"], "name": zone.rstrip("."), "mode": "primary"}
        return {**about, "ttl": content["ttl"], "labels": {}, "status": "ok"}

    def _shown(self, zone: str, held: Held) -> Any:
        name = relative(zone, held["name"])
        comments = held.get("comments", {})
        return {
            "id": f"{name}/{held['type']}",
            "name": name,
            "type": held["type"],
            "ttl": held["ttl"],
            "labels": held.get("labels", {}),
            "protection": {"change": False},
            "records": [{"value": v, "comment": comments.get(v, "")} for v in held["values"]],
            "zone": self.state["zones"][zone]["id"],
        }

    def _create(self, zone: str, body: Any) -> Response:
        wrong = _wrong(body["type"], body["records"], body.get("ttl"))
        if wrong:
            return self.error(400, wrong)
        name = absolute(zone, body["name"])
        if self.find(zone, name, body["type"]) is not None:
            return Response(409, {"error": {"code": "uniqueness_error", "message": "not unique"}})
        held = {"name": name, "type": body["type"], "ttl": body.get("ttl"), "values": []}
        self.rrsets(zone).append(held)
        _set(held, body["records"])
        shown = {"rrset": self._shown(zone, held), "action": _ACTION}
        return Response(201, shown)

    def _change(self, zone: str, held: Held, action: str | None, body: Any) -> Response:
        if action is None:
            self.rrsets(zone).remove(held)
            return Response(200, {"action": _ACTION})
        wrong = _wrong(held["type"], body.get("records", []), body.get("ttl"))
        if wrong:
            return self.error(400, wrong)
        if action == "/actions/set_records":
            _set(held, body["records"])
        else:
            held["ttl"] = body["ttl"]
        return Response(201, {"action": _ACTION})


_ACTION = {"id": 1, "command": "change_rrset", "status": "running", "progress": 0, "resources": []}


def _set(held: Held, records: list[Any]) -> None:
    held["values"] = [record["value"] for record in records]
    held["comments"] = {one["value"]: one["comment"] for one in records if one.get("comment")}


def _wrong(rdtype: str, records: list[Any], ttl: int | None) -> str:
    """Check what the API does; empty if it is right."""
    if ttl is not None and not 60 <= ttl <= 2147483647:
        return "invalid input in field 'ttl'"
    for record in records:
        if rdtype == "TXT" and not re.fullmatch(r'".*"', record["value"]):
            return "invalid input in field 'records': TXT records must be quoted"
        try:
            canonical(rdtype, record["value"])
        except (dns.exception.DNSException, ValueError):
            return "invalid input in field 'records'"
    return ""


def _paged(name: str, items: list[Any], request: Request) -> Response:
    page, size = int(request.query["page"]), int(request.query["per_page"])
    more = len(items) > page * size
    info = {"page": page, "per_page": size, "next_page": page + 1 if more else None}
    part = items[(page - 1) * size : page * size]
    return Response(200, {name: part, "meta": {"pagination": info}})
