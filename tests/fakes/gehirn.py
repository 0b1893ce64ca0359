"""Gehirn DNS.

Sources: https://support.gehirn.jp/apidocs/dns/records.html and https://support.gehirn.jp/apidocs/
gis/dns/records.html (an RRset's JSON, its schema and limits, how names are written); the same
author's https://yosida95.com/2015/12/18/gehirn_dns_api_spec.html (zones and versions, every path,
what is answered); https://support.gehirn.jp/information/2023/05/26/3032 (RRsets by name and type);
Lexicon's cassettes (errors as ``code`` and ``description``). Not known, so a switch: whether a null
MX is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response
from tests.fakes.row_api import absolute, quoted, text

TOKEN, SECRET = "1234-token", "gehirn-s3cret-of-the-key"
BASIC = "MTIzNC10b2tlbjpnZWhpcm4tczNjcmV0LW9mLXRoZS1rZXk="

_HOSTS = {"CNAME": "cname", "NS": "nsdname", "MX": "exchange", "SRV": "target"}


class FakeGehirn(FakeApi):
    """``state``: by zone its ``id``, the ``current`` version's, and RRsets by version."""

    SECRETS: ClassVar[tuple[str, ...]] = (SECRET, BASIC)

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}, "next": 0}
        self.null_mx = True

    def number(self) -> str:
        """Give a new id: 36 characters."""
        self.state["next"] += 1
        return f"e590d62a-3676-4b08-832a-{self.state['next']:012d}"

    def rrsets(self, zone: str) -> list[dict[str, Any]]:
        """Give the served version's RRsets, to be changed in place."""
        content = self.state["zones"][zone]
        found: list[dict[str, Any]] = content["versions"][content["current"]]
        return found

    def new_version(self, zone: str) -> None:
        """Have somebody serve a new version, a copy of the one before."""
        content = self.state["zones"][zone]
        rrsets = deepcopy(self.rrsets(zone))
        content["current"] = self.number()
        content["versions"][content["current"]] = rrsets

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add SOA, an alias, a type that nobody knows, and names in every way they are written."""
        version = self.number()
        self.state["zones"][zone] = {
            "id": self.number(),
            "current": version,
            "editable": True,
            "versions": {version: []},
        }
        self._add(zone, zone, "SOA", ttl=3600, records=[{"data": "…"}])
        self._add(zone, "alias", "A", enable_alias=True, alias_to="app.example.", ttl=None)
        self._add(zone, f"svc.{zone}", "HTTPS", ttl=60, records=[{"prio": 1, "target": "."}])
        for rrset in rrsets.values():
            self.publish(rrset, zone)
        for one in self.rrsets(zone):
            if one["name"] == zone and one["type"] != "SOA":
                one["name"] = "@"
            elif one["type"] == "CNAME":
                one["name"] = one["name"].removesuffix(f".{zone}")

    def _add(self, zone: str, name: str, rdtype: str, **fields: Any) -> None:
        rrset = {"id": self.number(), "name": name, "type": rdtype, "enable_alias": False}
        self.rrsets(zone).append({**rrset, **fields})

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset."""
        self._drop(zone, rrset.key)
        records = [_fields(rrset.type, value) for value in rrset.values]
        self._add(zone, rrset.name, rrset.type, ttl=rrset.ttl, records=records)

    def _drop(self, zone: str, key: Key) -> None:
        rrsets = self.rrsets(zone)
        rrsets[:] = [one for one in rrsets if (absolute(zone, one["name"]), one["type"]) != key]

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what the current version says."""
        found = {}
        for one in self.rrsets(zone):
            if not one["enable_alias"] and one["type"] not in {"SOA", "HTTPS"}:
                key = (absolute(zone, one["name"]), one["type"])
                values = (_presented(zone, one["type"], record) for record in one["records"])
                texts = tuple(canonical(one["type"], value) for value in values)
                found[key] = RRset(*key, one["ttl"], texts)
        return found

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other RRsets, and the versions that are not served."""
        content = deepcopy(self.state["zones"][zone])
        rrsets = content["versions"].pop(content["current"])
        return content, [
            one for one in rrsets if (absolute(zone, one["name"]), one["type"]) not in but
        ]

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        return Response(status, {"code": status, "description": message})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Basic {BASIC}":
            return self.error(401, "Unauthorized")
        if request.path == "/zones":
            return Response(200, [self._zone(*item) for item in self.state["zones"].items()])
        match = re.fullmatch(
            r"/zones/([\w-]+)/versions/([\w-]+)/records(?:/([\w-]+))?", request.path
        )
        zones = self.state["zones"].items()
        found = next(((z, c) for z, c in zones if match and c["id"] == match[1]), None)
        if match is None or found is None or match[2] not in found[1]["versions"]:
            return self.error(404, "Not Found")
        rrsets = found[1]["versions"][match[2]]
        if request.method == "GET":
            return Response(200, rrsets)
        if not found[1]["editable"]:
            return self.error(403, "Version is not editable")
        return self._write(found[0], rrsets, match[3], request)

    def _zone(self, zone: str, content: Mapping[str, Any]) -> Any:
        return {
            "id": content["id"],
            "name": zone.rstrip("."),
            "current_version_id": content["current"],
            "current_version": {
                "id": content["current"],
                "name": "最初のバージョン",
                "editable": content["editable"],
            },
        }

    def _write(
        self, zone: str, rrsets: list[dict[str, Any]], number: str | None, request: Request
    ) -> Response:
        old = next((one for one in rrsets if one["id"] == number), None)
        if number is not None and old is None:
            return self.error(404, "Not Found")
        if request.method == "DELETE":
            rrsets.remove(old)  # type: ignore[arg-type]  # it is there, or a 404 was given
            return Response(200, old)
        wrong = self._wrong(request.body)
        if wrong:
            return self.error(400, wrong)
        key = (absolute(zone, request.body["name"]), request.body["type"])
        twin = [one for one in rrsets if (absolute(zone, one["name"]), one["type"]) == key]
        if old is None:
            if twin:
                return self.error(409, "Conflict")
            rrsets.append({**request.body, "id": self.number()})
            return Response(200, rrsets[-1])
        old.update({**request.body, "id": old["id"]})
        return Response(200, old)

    def _wrong(self, body: Any) -> str:
        """Check what the schema asks."""
        if not 30 <= body["ttl"] <= 2147483647 or not body["records"]:
            return "Bad Request: ttl"
        for record in body["records"]:
            if not 0 <= record.get("prio", 0) <= 32767:
                return "Bad Request: prio"
            if "data" in record and not 1 <= len(record["data"]) <= 64000:
                return "Bad Request: data"
            if record.get("exchange") == "." and not self.null_mx:
                return "Bad Request: exchange"
        return ""


def _fields(rdtype: str, value: str) -> dict[str, Any]:
    parts = value.split()
    match rdtype:
        case "A" | "AAAA":
            return {"address": value}
        case "TXT":
            return {"data": text(value)}
        case "MX":
            return {"prio": int(parts[0]), "exchange": parts[1]}
        case "SRV":
            prio, weight, port = (int(part) for part in parts[:3])
            return {"prio": prio, "weight": weight, "port": port, "target": parts[3]}
    return {_HOSTS[rdtype]: value}


def _presented(zone: str, rdtype: str, record: Mapping[str, Any]) -> str:
    if "address" in record:
        return str(record["address"])
    if "data" in record:
        return quoted(record["data"])
    host = record[_HOSTS[rdtype]]
    host = host if host.endswith(".") else absolute(zone, host)
    if rdtype == "MX":
        return f"{record['prio']} {host}"
    if rdtype == "SRV":
        return f"{record['prio']} {record['weight']} {record['port']} {host}"
    return str(host)
