"""Cloudflare's API v4, as far as it is about DNS records.

Sources: https://developers.cloudflare.com/api/resources/dns/subresources/records/ (paths, JSON,
paging, errors and their codes, TTL 1 for automatic and 60 at least, what PUT leaves out is gone);
https://developers.cloudflare.com/dns/manage-dns-records/reference/ttl/ (automatic is 300 s);
octodns-cloudflare's own fixtures (``data`` of SRV, CAA and TLSA; texts in quotation marks as they
were sent). The name servers of the zone itself are no records of it. Not here: proxying, page
rules, Email Routing, whose MX are served and not listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import Record, RowApi, absolute

TOKEN = "cf-T0ken_of_forty_characters_0123456789ab"

_AUTO = 300


class FakeCloudflare(RowApi):
    """One account. Errors are what ``errors`` holds, with HTTP 400."""

    SECRETS: ClassVar[tuple[str, ...]] = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.page_max = 5_000_000

    def number(self) -> str:
        """Give a new id: 32 digits."""
        return f"{super().number():032x}"

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add comments and tags, which people write and a PUT may lose."""
        super().fill(zone, rrsets)
        self.state["zones"][zone]["id"] = self.number()
        for record in self.records(zone):
            record.update(comment=f"for {record['name']}", tags=["team:mail"])

    def record(self, zone: str, key: Key, ttl: int, value: str) -> Record:
        """Write a value as ``content``, and as ``data`` where the type has that."""
        name, rdtype = key
        record: Record = {
            "name": name.rstrip("."),
            "type": rdtype,
            "ttl": ttl,
            "proxied": False,
            "content": value,
        }
        return record | _fields(rdtype, value)

    def value(self, zone: str, record: Record) -> tuple[Key, int, str] | None:
        """Read ``content`` and ``data``."""
        key = (absolute(".", record["name"]), record["type"])
        ttl = _AUTO if record["ttl"] == 1 else record["ttl"]
        return key, ttl, _presented(record)

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        content = {
            "success": False,
            "errors": [{"code": 1004 if status == 400 else 10000, "message": message}],
            "messages": [],
            "result": None,
        }
        return Response(status, content)

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.error(403, "Authentication error")
        if request.path == "/zones":
            zones = [
                {"id": content["id"], "name": zone.rstrip("."), "name_servers": ["a.ns", "b.ns"]}
                for zone, content in self.state["zones"].items()
            ]
            return self._paged(zones, request)
        match = re.fullmatch(r"/zones/(\w+)/dns_records(?:/(\w+))?", request.path)
        items = self.state["zones"].items()
        zone = next((z for z, c in items if match and c["id"] == match[1]), None)
        if match is None or zone is None:
            return self.error(404, "not found")
        if request.method == "GET":
            return self._paged(
                [{**one, "zone_id": match[1]} for one in self.records(zone)], request
            )
        if request.method == "POST":
            return self._write(zone, None, request.body)
        record = self.find(zone, match[2])
        if record is None:
            return self.error(404, "Record does not exist.")
        if request.method == "DELETE":
            self.records(zone).remove(record)
            return self._done({"id": record["id"]})
        return self._write(zone, record, request.body)

    def _paged(self, items: list[Any], request: Request) -> Response:
        page, size = (int(request.query.get(name, "1")) for name in ("page", "per_page"))
        part = items[(page - 1) * size : page * size]
        info = {"page": page, "per_page": size, "count": len(part), "total_count": len(items)}
        return Response(200, {"success": True, "errors": [], "result": part, "result_info": info})

    def _done(self, result: Any) -> Response:
        return Response(200, {"success": True, "errors": [], "messages": [], "result": result})

    def _write(self, zone: str, old: Record | None, body: Any) -> Response:
        if body["ttl"] != 1 and not 60 <= body["ttl"] <= 86400:
            return self.error(400, "DNS Validation Error")
        wanted = {**body, "content": _content(body)}
        wanted["comment"] = body.get("comment")
        wanted["tags"] = body.get("tags", [])
        for one in self.records(zone):
            same = ("name", "type", "content", "priority")
            if one is not old and all(one.get(name) == wanted.get(name) for name in same):
                return self.error(400, "An identical record already exists.")
        if old is None:
            return self._done(self.add(zone, wanted))
        number = old["id"]
        old.clear()
        old.update({"id": number, **wanted})
        return self._done(old)


def _fields(rdtype: str, value: str) -> dict[str, Any]:
    parts = value.split()
    match rdtype:
        case "MX":
            return {"priority": int(parts[0]), "content": _dotless(parts[1])}
        case "CNAME" | "NS" | "PTR":
            return {"content": _dotless(value)}
        case "SRV":
            priority, weight, port = (int(part) for part in parts[:3])
            target = _dotless(parts[3])
            data = {"priority": priority, "weight": weight, "port": port, "target": target}
            return {"priority": priority, "data": data, "content": f"{weight} {port} {target}"}
        case "CAA":
            flags, tag, quoted = value.split(" ", 2)
            return {"data": {"flags": int(flags), "tag": tag, "value": quoted.strip('"')}}
        case "TLSA":
            names = ("usage", "selector", "matching_type", "certificate")
            return {"data": dict(zip(names, [*map(int, parts[:3]), parts[3]], strict=True))}
    return {}


def _content(body: Any) -> str:
    """Give ``content`` as it is kept; made of ``data`` where that was sent."""
    data = body.get("data", {})
    match body["type"]:
        case "MX" | "CNAME" | "NS" | "PTR":
            return _dotless(body["content"])
        case "SRV":
            return f"{data['weight']} {data['port']} {_dotless(data['target'])}"
        case "CAA":
            return f'{data["flags"]} {data["tag"]} "{data["value"]}"'
        case "TLSA":
            numbers = f"{data['usage']} {data['selector']} {data['matching_type']}"
            return f"{numbers} {data['certificate']}"
    return str(body["content"])


def _presented(record: Record) -> str:
    content = record["content"]
    match record["type"]:
        case "MX":
            return f"{record['priority']} {_dotted(content)}"
        case "CNAME" | "NS" | "PTR":
            return _dotted(content)
        case "SRV":
            weight, port, target = content.split()
            return f"{record['data']['priority']} {weight} {port} {_dotted(target)}"
    return canonical(record["type"], content)


def _dotless(host: str) -> str:
    return host.rstrip(".") or "."


def _dotted(host: str) -> str:
    return host if host == "." else f"{host}."
