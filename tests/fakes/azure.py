"""Azure's DNS API (2018-05-01).

Sources: https://learn.microsoft.com/en-us/rest/api/dns/record-sets (paths, JSON, ``nextLink``, PUT
replaces a record set whole, DELETE of what is not there is a 204), .../zones; https://learn.
microsoft.com/en-us/azure/dns/dns-zones-records (TTL from 1, strings of a text up to 255 octets,
names relative to the zone, ``metadata``); https://learn.microsoft.com/en-us/azure/azure-resource-
manager/ (errors' JSON, 429).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import absolute, quoted, relative, text
from tests.fakes.rrset_api import Held, RRsetApi

KEY = "azure-5ecret-of-the-application"
SUBSCRIPTION, GROUP = "00000000-1111-2222-3333-444444444444", "dns-zones"

_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
_ZONES = f"{_GROUP}/providers/Microsoft.Network/dnsZones"
_PROFILES = f"{_GROUP}/providers/Microsoft.Network/trafficmanagerprofiles"
_CODES = {400: "BadRequest", 401: "AuthenticationFailed", 404: "NotFound", 429: "TooManyRequests"}
_LISTS = {"CAA": "caaRecords", "CNAME": "CNAMERecord"}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "A": ("ipv4Address",),
    "AAAA": ("ipv6Address",),
    "CAA": ("flags", "tag", "value"),
    "CNAME": ("cname",),
    "MX": ("preference", "exchange"),
    "NS": ("nsdname",),
    "PTR": ("ptrdname",),
    "SRV": ("priority", "weight", "port", "target"),
}


def token_of(key: str) -> str:
    """Give the token for an application's secret."""
    return f"token-of-{key}"


class FakeAzure(RRsetApi):
    """One resource group."""

    SECRETS: ClassVar[tuple[str, ...]] = (KEY,)

    def __init__(self) -> None:
        super().__init__()
        self.page = 100

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a type that the adapter does not know, and what people write beside record sets."""
        super().fill(zone, rrsets)
        about = {"name": f"sub.{zone}", "type": "DS", "ttl": 3600}
        self.rrsets(zone).append({**about, "values": ["1 13 2 " + "ab" * 32]})
        for one in self.rrsets(zone):
            one["metadata"] = {"team": "mail"}

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        code = _CODES.get(status, "InternalServerError")
        return Response(status, {"error": {"code": code, "message": message}})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Bearer {token_of(KEY)}":
            return self.error(401, "Authentication failed.")
        if request.path == _ZONES:
            zones = [{"name": zone.rstrip("."), "location": "global"} for zone in self.zones()]
            return Response(200, {"value": zones})
        if request.path == _PROFILES:
            return Response(200, {"value": []})
        match = re.fullmatch(f"{_ZONES}/([^/]+)/(?:recordsets|([A-Z]+)/(.+))", request.path)
        zone = f"{match[1]}." if match else ""
        if match is None or zone not in self.zones():
            return self.error(404, "The resource was not found.")
        if match[2] is None:
            return self._list(zone, request)
        name = absolute(zone, match[3])
        held = self.find(zone, name, match[2])
        if request.method == "DELETE":
            if held is not None:
                self.rrsets(zone).remove(held)
            return Response(204 if held is None else 200)
        return self._put(zone, held, (name, match[2]), request.body["properties"])

    def _list(self, zone: str, request: Request) -> Response:
        start, end = int(request.query.get("$skipToken", "0")), self.page
        items = [_shown(zone, one) for one in self.rrsets(zone)]
        more = {}
        if start + end < len(items):
            more = {"nextLink": f"{self.url}{request.path}?$skipToken={start + end}"}
        return Response(200, {"value": items[start : start + end], **more})

    def _put(self, zone: str, held: Held | None, key: Key, properties: Any) -> Response:
        name, rdtype = key
        records = properties[_LISTS.get(rdtype, f"{rdtype}Records")]
        records = [records] if rdtype == "CNAME" else records
        strings = [string for one in records for string in one.get("value", [""])]
        if properties["TTL"] < 1 or (rdtype == "TXT" and not 0 < max(map(len, strings)) < 256):
            return self.error(400, "The record set is not valid.")
        new: Held = {"name": name, "type": rdtype, "ttl": properties["TTL"]}
        new["values"] = [_presented(rdtype, one) for one in records]
        new["metadata"] = properties.get("metadata", {})
        if held is not None:
            self.rrsets(zone).remove(held)
        self.rrsets(zone).append(new)
        return Response(201 if held is None else 200, _shown(zone, new))


def _shown(zone: str, held: Held) -> Any:
    rdtype = held["type"]
    records: Any = [_record(rdtype, value) for value in held["values"]]
    name = relative(zone, held["name"])
    return {
        "id": f"{_ZONES}/{zone.rstrip('.')}/{rdtype}/{name}",
        "name": name,
        "type": f"Microsoft.Network/dnszones/{rdtype}",
        "etag": "e-1",
        "properties": {
            "TTL": held["ttl"],
            "fqdn": held["name"],
            "metadata": held.get("metadata", {}),
            "provisioningState": "Succeeded",
            _LISTS.get(rdtype, f"{rdtype}Records"): records[0] if rdtype == "CNAME" else records,
        },
    }


def _record(rdtype: str, value: str) -> dict[str, Any]:
    if rdtype == "TXT":
        said = text(value)
        return {"value": [said[start : start + 255] for start in range(0, len(said), 255)]}
    names = _FIELDS.get(rdtype, ("data",))
    parts = value.split(" ", len(names) - 1)
    read = [int(part) if part.isdecimal() else part.strip('"') for part in parts]
    return dict(zip(names, read, strict=True))


def _presented(rdtype: str, record: Mapping[str, Any]) -> str:
    if rdtype == "TXT":
        return quoted("".join(record["value"]))
    parts = [str(record[name]) for name in _FIELDS[rdtype]]
    if rdtype == "CAA":
        parts[2] = f'"{parts[2]}"'
    return " ".join(parts)
