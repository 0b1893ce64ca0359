"""ConoHa's DNS API of VPS 3.0, and the part of its identity API that logs in.

Sources: https://doc.conoha.jp/reference/api-vps3/ (logging in, lists, creating: fields and paths);
lego `providers/dns/conohav3` and its fixtures (``uuid``, the token's header, ``ttl`` sent and
shown); https://www.conoha.jp/docs/paas-dns-update-a-record.php and -create-record.php, the first
version's (PUT, 400 Invalid Object, 409 Duplicate Record, ``ttl`` 60 and more). Not documented for
v3, so switches: whether a ``ttl`` counts, whether there is PUT, how SRV are shown, how long a page
is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import Record, RowApi, quoted, text

USER, PASSWORD, TENANT = "gncu12345678", "p4ssw0rd-of-conoha", "0123456789abcdef"
TOKEN = "gAAAAABtoken-0f-a-day"


class FakeConoha(RowApi):
    """One project. ``domain_ttl``: of records that carry none."""

    ID = "uuid"
    SECRETS: ClassVar[tuple[str, ...]] = (PASSWORD, TOKEN)

    def __init__(self) -> None:
        super().__init__()
        self.keeps_ttl = True
        self.has_put = True
        self.srv_in_data = False
        self.page = 1000
        self.domain_ttl = 3600

    def number(self) -> str:
        """Give a new uuid."""
        return f"2e32e609-3a4f-45ba-bdef-{super().number():012x}"

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add SOA, and an address that is answered by place."""
        super().fill(zone, rrsets)
        self.state["zones"][zone]["uuid"] = self.number()
        self.add(zone, _record(zone, "SOA", None, data="ns1.gmointernet.net. hostmaster."))
        balanced = _record(f"gslb.{zone}", "A", 60, data="203.0.113.7")
        self.add(zone, {**balanced, "gslb_region": "JP", "gslb_weight": 250, "gslb_check": 0})

    def record(self, zone: str, key: Key, ttl: int, value: str) -> Record:
        """Write a value as ``data`` and what goes with it."""
        return _record(*key, ttl, **self._fields(key[1], value))

    def _fields(self, rdtype: str, value: str) -> dict[str, Any]:
        parts = value.split()
        if rdtype == "MX":
            return {"data": parts[1], "priority": int(parts[0])}
        if rdtype == "TXT":
            return {"data": text(value)}
        if rdtype == "SRV":
            numbers = {"weight": int(parts[1]), "port": int(parts[2])}
            return {"data": parts[3], "priority": int(parts[0]), **numbers}
        return {"data": value}

    def value(self, zone: str, record: Record) -> tuple[Key, int, str] | None:
        """Read ``data`` and what goes with it."""
        rdtype, data = record["type"], record["data"]
        if rdtype == "SOA" or record.get("gslb_region"):
            return None
        if rdtype == "MX":
            data = f"{record['priority']} {data}"
        elif rdtype == "TXT":
            data = quoted(data)
        elif rdtype == "SRV":
            data = f"{record['priority']} {record['weight']} {record['port']} {data}"
        ttl = self.domain_ttl if record["ttl"] is None else record["ttl"]
        return (record["name"], rdtype), ttl, data

    def error(self, status: int, message: str) -> Response:
        """Give an error as the first version documents it."""
        return Response(status, {"code": status, "type": "error", "message": message})

    def is_write(self, request: Request) -> bool:
        """Logging in changes nothing."""
        return super().is_write(request) and request.path != "/v3/auth/tokens"

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.path == "/v3/auth/tokens":
            return self._token(request.body["auth"])
        if request.headers.get("x-auth-token") != TOKEN:
            return self.error(401, "Access Denied")
        if request.path == "/v1/domains":
            domains = [
                {
                    "uuid": content["uuid"],
                    "name": zone,
                    "project_id": TENANT,
                    "serial": 1,
                    "ttl": self.domain_ttl,
                    "email": "hostmaster@conoha.io",
                }
                for zone, content in self.state["zones"].items()
            ]
            return self._paged("domains", domains, request)
        match = re.fullmatch(r"/v1/domains/([\w-]+)/records(?:/([\w-]+))?", request.path)
        zones = self.state["zones"].items()
        zone = next((z for z, c in zones if match and c["uuid"] == match[1]), None)
        if match is None or zone is None:
            return self.error(404, "Domain not found")
        if request.method == "GET":
            return self._paged("records", [self._shown(one) for one in self.records(zone)], request)
        if request.method == "POST":
            return self._post(zone, request.body)
        return self._change(zone, match[2], request)

    def _token(self, auth: Any) -> Response:
        user = auth["identity"]["password"]["user"]
        if user != {"id": USER, "password": PASSWORD} or auth["scope"]["project"]["id"] != TENANT:
            said = "The request you have made requires authentication."
            return Response(401, {"error": {"code": 401, "message": said, "title": "Unauthorized"}})
        return Response(201, {"token": {"methods": ["password"]}}, {"x-subject-token": TOKEN})

    def _paged(self, name: str, items: list[Any], request: Request) -> Response:
        offset = int(request.query.get("offset", "0"))
        part = items[offset : offset + self.page]
        return Response(200, {name: part, "total_count": len(items)})

    def _shown(self, record: Record) -> Record:
        if record["type"] != "SRV" or not self.srv_in_data:
            return record
        data = f"{record['weight']} {record['port']} {record['data']}"
        return {**record, "weight": None, "port": None, "data": data}

    def _post(self, zone: str, body: Any) -> Response:
        refused = self._refused(zone, body, None)
        if refused is not None:
            return refused
        ttl = body.get("ttl") if self.keeps_ttl else None
        return Response(200, self._shown(self.add(zone, _record(**{**body, "ttl": ttl}))))

    def _change(self, zone: str, number: str, request: Request) -> Response:
        record = self.find(zone, number)
        if record is None:
            return self.error(404, "Record not found")
        if request.method == "DELETE":
            self.records(zone).remove(record)
            return Response(204)
        if not self.has_put:
            return self.error(405, "Method Not Allowed")
        refused = self._refused(zone, request.body, record)
        if refused is not None:
            return refused
        wanted = {k: v for k, v in request.body.items() if k not in {"type", "ttl"}}
        if self.keeps_ttl and "ttl" in request.body:
            wanted["ttl"] = request.body["ttl"]
        record.update(wanted)
        return Response(200, self._shown(record))

    def _refused(self, zone: str, body: Any, old: Record | None) -> Response | None:
        if body["type"] in {"MX", "SRV"} and "priority" not in body:
            return self.error(400, "Invalid Object")
        if body.get("ttl") is not None and body["ttl"] < 60:
            return self.error(400, "Invalid Object")
        for one in self.records(zone):
            told = ("name", "type", "data", "priority", "weight", "port")
            if one is not old and all(one.get(name) == body.get(name) for name in told):
                return self.error(409, "Duplicate Record")
        return None


def _record(name: str, type: str, ttl: int | None, **data: Any) -> Record:  # noqa: A002  # its name
    return {"name": name, "type": type, "ttl": ttl, "created_at": "2026-11-22T00:00:00", **data}
