"""Dynu's API v2.

Sources: https://www.dynu.com/Support/API (paths, JSON); dns-lexicon's recorded cassettes of 2025-05
(the answers' shape, an identical POST giving the same id, ``ttl`` back at 60 where it was left
out, ``statusCode`` 501 for what is not there); acme.sh `dns_dynu.sh` and lego `providers/dns/dynu`
(headers, the reply that is lost now and then). The fields of MX, SRV, NS, PTR and CNAME come from
Lexicon's mapping; nobody recorded them. Not known, so switches here: whether a null MX is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import Record, RowApi, absolute, quoted, relative, text

KEY = "dYnU7key7a6e5c9f3"

_HOSTS = {"CNAME", "NS", "PTR", "MX", "SRV"}
_DEFAULT_TTL = 60


class FakeDynu(RowApi):
    """`API-Key` in a header. ``null_mx``: whether ``.`` is taken as a host."""

    SECRETS: ClassVar[tuple[str, ...]] = (KEY,)

    def __init__(self) -> None:
        super().__init__()
        self.null_mx = True
        self.ttl_floor = 0
        """TTLs below are silently raised."""
        self.entries_max = 1000
        """How many records the account's plan has room for: 4 on the free one (Lexicon)."""

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add what Dynu shows besides: SOA, a record switched off, a type of its own."""
        super().fill(zone, rrsets)
        self.state["zones"][zone]["id"] = self.number()
        self.add(zone, _record("", "SOA", 60, state=True, masterName="ns1.dynu.com"))
        self.add(
            zone, _record("off", "MX", 60, state=False, priority=5, host="disabled.dynu.example")
        )
        self.add(zone, _record("old", "A", 300, state=False, ipv4Address="203.0.113.9", group="b"))
        self.add(zone, _record("shop", "UF", 120, state=True, url="https://shop.example/"))

    def record(self, zone: str, key: Key, ttl: int, value: str) -> Record:
        """Write a value in its type's fields; hosts without their final dot."""
        node = relative(zone, key[0])
        fields = _fields(key[1], value)
        return _record("" if node == "@" else node, key[1], ttl, state=True, **fields)

    def value(self, zone: str, record: Record) -> tuple[Key, int, str] | None:
        """Read the type's fields."""
        rdtype = record["recordType"]
        if not record["state"] or rdtype in {"SOA", "UF"}:
            return None
        key = (absolute(zone, record["nodeName"]), rdtype)
        return key, record["ttl"], _presented(record)

    def error(self, status: int, message: str) -> Response:
        """Give an error: HTTP's status and ``statusCode`` are one."""
        return _error(status, "Exception", message)

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("api-key") != KEY:
            return _error(401, "Authentication Exception", "Invalid credentials.")
        if request.path == "/dns":
            zones = self.state["zones"]
            domains = [self._domain(zone, content) for zone, content in zones.items()]
            return Response(200, {"statusCode": 200, "domains": domains})
        match = re.fullmatch(r"/dns/(\d+)/record(?:/(\d+))?", request.path)
        zones = self.state["zones"].items()
        zone = next((z for z, c in zones if match and str(c["id"]) == match[1]), None)
        if match is None or zone is None:
            return _error(501, "Argument Exception", "Invalid.")
        if request.method == "GET":
            shown = [self._shown(zone, record) for record in self.records(zone)]
            return Response(200, {"statusCode": 200, "dnsRecords": shown})
        if request.method == "DELETE":
            record = self.find(zone, match[2])
            if record is None:
                return _error(501, "Argument Exception", "Invalid.")
            self.records(zone).remove(record)
            return Response(200, {"statusCode": 200})
        return self._post(zone, match[2], request.body)

    def _post(self, zone: str, number: str | None, body: Any) -> Response:
        """Create, or update where an id is named."""
        if body["recordType"] in _HOSTS and body["host"] == "." and not self.null_mx:
            return _error(501, "Argument Exception", "Invalid host.")
        wanted = {**body, "ttl": max(body.get("ttl", _DEFAULT_TTL), self.ttl_floor)}
        if number is None:
            same = [one for one in self.records(zone) if {**one, **wanted} == one]
            if same:
                return Response(200, {"statusCode": 200, **self._shown(zone, same[0])})
            if len(self.records(zone)) >= self.entries_max:
                return _error(503, "Service Exception", "Too many entries.")
            return Response(200, {"statusCode": 200, **self._shown(zone, self.add(zone, wanted))})
        record = self.find(zone, number)
        if record is None:
            return _error(501, "Argument Exception", "Invalid.")
        # nodeName and recordType stay: they cannot change.
        kept = {name: record[name] for name in ("id", "nodeName", "recordType")}
        record.clear()
        record.update({**wanted, **kept})
        return Response(200, {"statusCode": 200, **self._shown(zone, record)})

    def _domain(self, zone: str, content: Mapping[str, Any]) -> Any:
        name = zone.rstrip(".")
        return {
            "id": content["id"],
            "name": name,
            "unicodeName": name.encode().decode("idna"),
            "token": "x",
            "state": "Complete",
            "group": "",
            "ipv4Address": content.get("ipv4Address", "203.0.113.1"),
            "ipv6Address": None,
            "ttl": 60,
            "ipv4": content.get("ipv4", False),
            "ipv6": False,
        }

    def _shown(self, zone: str, record: Record) -> Record:
        """Add what the API tells beside what it keeps."""
        hostname = absolute(zone, record["nodeName"]).rstrip(".")
        return {**record, "domainName": zone.rstrip("."), "hostname": hostname, "content": "…"}


def _record(node: str, rdtype: str, ttl: int, **fields: Any) -> Record:
    return {"nodeName": node, "recordType": rdtype, "ttl": ttl, **fields}


def _error(status: int, kind: str, message: str) -> Response:
    return Response(status, {"statusCode": status, "type": kind, "message": message})


def _fields(rdtype: str, value: str) -> dict[str, Any]:
    parts = value.split()
    match rdtype:
        case "A":
            return {"ipv4Address": value, "group": ""}
        case "AAAA":
            return {"ipv6Address": value, "group": ""}
        case "TXT":
            return {"textData": text(value)}
        case "MX":
            return {"priority": int(parts[0]), "host": _dotless(parts[1])}
        case "SRV":
            priority, weight, port = (int(part) for part in parts[:3])
            return {
                "priority": priority,
                "weight": weight,
                "port": port,
                "host": _dotless(parts[3]),
            }
    return {"host": _dotless(value)}


def _dotless(host: str) -> str:
    return host.rstrip(".") or "."


def _dotted(host: str) -> str:
    return host if host == "." else f"{host}."


def _presented(record: Record) -> str:
    match record["recordType"]:
        case "A":
            return str(record["ipv4Address"])
        case "AAAA":
            return str(record["ipv6Address"])
        case "TXT":
            return quoted(record["textData"])
        case "MX":
            return f"{record['priority']} {_dotted(record['host'])}"
        case "SRV":
            numbers = f"{record['priority']} {record['weight']} {record['port']}"
            return f"{numbers} {_dotted(record['host'])}"
    return _dotted(record["host"])
