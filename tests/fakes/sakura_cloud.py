"""Sakura Cloud DNS.

Sources: https://manual.sakura.ad.jp/cloud-api/1.1/appliance/ and the JSON that octodns-sakuracloud
and dnscontrol's `providers/sakuracloud/api.go` quote (items, paging by ``From``, ``Count`` and
``Total``, errors with HTML entities); dnscontrol's `auditrecords.go`, last verified 2024-08-09
(what is refused) and `convert.go` (texts stand as they are, TTL 3600 where there is none);
sacloud's libraries, whose updates carry ``SettingsHash``. Not known, so a switch: whether a
``SettingsHash`` that is no longer right refuses the update.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response
from tests.fakes.row_api import absolute, quoted, relative, text

TOKEN, SECRET = "a1b2c3d4-token", "sakura-secret-of-forty-octets-0123456789"
BASIC = "YTFiMmMzZDQtdG9rZW46c2FrdXJhLXNlY3JldC1vZi1mb3J0eS1vY3RldHMtMDEyMzQ1Njc4OQ=="

_NS_TTL = 86400
_EXAMPLE = re.compile(r"example[0-9]?")


class FakeSakuraCloud(FakeApi):
    """``state``: by zone its item's ``ID`` and its list of ``records``."""

    SECRETS: ClassVar[tuple[str, ...]] = (SECRET, BASIC)

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}, "next": 112_800_000_000}
        self.hash_counts = True
        self.page = 100

    def records(self, zone: str) -> list[dict[str, Any]]:
        """Give a zone's records, to be changed in place."""
        found: list[dict[str, Any]] = self.state["zones"][zone]["records"]
        return found

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a type of the host's own, and a record without a TTL."""
        self.state["next"] += 1
        records: list[dict[str, Any]] = [
            {"Name": "@", "Type": "ALIAS", "RData": "www.sakura.ad.jp."},
            {"Name": "plain", "Type": "HTTPS", "RData": "1 . alpn=h2", "TTL": 60},
        ]
        self.state["zones"][zone] = {"ID": str(self.state["next"]), "records": records}
        for rrset in rrsets.values():
            if rrset.key != (zone, "NS"):
                self.publish(rrset, zone)

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset. The panel leaves out the TTL that is the default."""
        records = self.records(zone)
        name = relative(zone, rrset.name)
        records[:] = [one for one in records if (one["Name"], one["Type"]) != (name, rrset.type)]
        ttl = {} if rrset.ttl == 3600 else {"TTL": rrset.ttl}
        records += [
            {
                "Name": name,
                "Type": rrset.type,
                "RData": text(value) if rrset.type == "TXT" else value,
                **ttl,
            }
            for value in rrset.values
        ]

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what is served; the NS of the zone are the host's own."""
        ttls: dict[Key, int] = {}
        values: dict[Key, list[str]] = defaultdict(list)
        for one in self.records(zone):
            if one["Type"] not in {"ALIAS", "HTTPS"}:
                key = (absolute(zone, one["Name"]), one["Type"])
                data = quoted(one["RData"]) if one["Type"] == "TXT" else one["RData"]
                ttls[key] = max(one.get("TTL", 3600), ttls.get(key, 0))
                values[key].append(canonical(one["Type"], data))
        ttls[zone, "NS"] = _NS_TTL
        values[zone, "NS"] = [f"{name}." for name in self._name_servers()]
        return {key: RRset(*key, ttls[key], tuple(values[key])) for key in ttls}

    def _name_servers(self) -> list[str]:
        return ["ns1.gslb1.sakura.ne.jp", "ns2.gslb1.sakura.ne.jp"]

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other records, in their order."""
        return deepcopy(
            [
                one
                for one in self.records(zone)
                if (absolute(zone, one["Name"]), one["Type"]) not in but
            ]
        )

    def error(self, status: int, message: str) -> Response:
        """Give an error, in HTML entities as the API does."""
        said = message.replace("'", "&#39;").replace('"', "&quot;")
        return Response(
            status,
            {
                "is_fatal": True,
                "serial": "f" * 32,
                "status": f"{status} Error",
                "error_code": "res_already_used" if status == 409 else "bad_request",
                "error_msg": said,
            },
        )

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Basic {BASIC}":
            return self.error(401, "error-unauthorized")
        if request.path == "/commonserviceitem" and request.method == "GET":
            return self._list(json.loads(request.raw_query or "{}"))
        number = request.path.removeprefix("/commonserviceitem/")
        zones = self.state["zones"].items()
        zone = next((z for z, content in zones if content["ID"] == number), None)
        if zone is None or request.method != "PUT":
            return self.error(404, "not found")
        return self._put(zone, request.body["CommonServiceItem"])

    def _list(self, query: Mapping[str, Any]) -> Response:
        items = [self._item(zone) for zone in self.zones()]
        # Another service's item, which a filter by its class leaves out.
        if query.get("Filter", {}).get("Provider.Class") != "dns":
            items.append({"ID": "1", "Provider": {"Class": "gslb"}, "Status": {}})
        start = query.get("From", 0)
        part = items[start : start + min(query.get("Count", self.page), self.page)]
        answer = {"From": start, "Count": len(part), "Total": len(items), "is_ok": True}
        return Response(200, {**answer, "CommonServiceItems": part})

    def _item(self, zone: str) -> Any:
        content = self.state["zones"][zone]
        settings = {"DNS": {"ResourceRecordSets": deepcopy(content["records"])}}
        return {
            "ID": content["ID"],
            "Name": "what the customer calls it",
            "Settings": settings,
            "SettingsHash": self._hash(zone),
            "Status": {"Zone": zone.rstrip("."), "NS": self._name_servers()},
            "ServiceClass": "cloud/dns",
            "Provider": {"ID": 9999999, "Class": "dns", "Name": "gslb1.sakura.ne.jp"},
        }

    def _hash(self, zone: str) -> str:
        return hashlib.md5(json.dumps(self.records(zone)).encode()).hexdigest()

    def _put(self, zone: str, item: Any) -> Response:
        if self.hash_counts and item.get("SettingsHash", self._hash(zone)) != self._hash(zone):
            return self.error(409, "the settings have changed")
        records = item["Settings"]["DNS"]["ResourceRecordSets"]
        for record in records:
            wrong = self._wrong(zone, record)
            if wrong:
                return self.error(400, wrong)
        self.records(zone)[:] = deepcopy(records)
        return Response(
            200, {"CommonServiceItem": self._item(zone), "Success": True, "is_ok": True}
        )

    def _wrong(self, zone: str, record: Any) -> str:
        rdtype, data = record["Type"], record["RData"]
        labels = record["Name"].split(".")
        if rdtype in {"ALIAS", "CNAME", "HTTPS", "MX", "NS", "PTR", "SRV", "SVCB"}:
            labels += data.split()[-1].split(".")
        if any(_EXAMPLE.fullmatch(label) for label in labels):
            return "'example' is reserved"
        if rdtype in {"MX", "SRV"} and data.split()[-1] == ".":
            return "no host"
        if rdtype == "TXT" and (len(data) > 500 or '"' in data or "\\" in data):
            return "bad text"
        if rdtype == "NS" and record["Name"] == "@":
            return "the zone's own NS"
        return ""
