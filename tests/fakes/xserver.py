"""Xserver's API (v1, since 2026-04).

Sources: https://developer.xserver.ne.jp/api/server/ (common, domain, dns: paths, JSON, error codes,
limits and their headers). From the panel of the firm's sister service wpX
(https://wpx.ne.jp/support/manual/man_domain_dns_setting.php), and not known of this API, so
switches: no two MX of one name and priority; quotation marks around a text are taken off. Not
documented at all: whether host names end in a dot, which is a switch, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset
from tests.fakes.dns_api import Request, Response
from tests.fakes.row_api import Record, RowApi, absolute, quoted, relative, text

KEY = "xs_5ecret0f7heServer"
SERVER = "xs123456.xsrv.jp"

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    409: "OPERATION_ERROR",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
}
_TYPES = {"A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA"}


class FakeXserver(RowApi):
    """One server with its domains."""

    SECRETS: ClassVar[tuple[str, ...]] = (KEY,)

    def __init__(self) -> None:
        super().__init__()
        self.one_per_preference = True
        self.strips_quotes = True
        self.dots = False
        """Host names are shown with a final dot."""
        self.unknown_is_404 = False
        """A domain of somebody else is an error, not an empty list."""

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a record that is no good."""
        super().fill(zone, rrsets)
        self.add(zone, _record(zone, "broken", "SRV", "not a service", 3600, 0))

    def record(self, zone: str, key: Key, ttl: int, value: str) -> Record:
        """Write a value as ``content`` and ``priority``."""
        parts = value.split()
        content, priority = value, 0
        match key[1]:
            case "MX":
                content, priority = self._host(parts[1]), int(parts[0])
            case "SRV":
                content, priority = f"{parts[1]} {parts[2]} {self._host(parts[3])}", int(parts[0])
            case "CNAME":
                content = self._host(value)
            case "TXT":
                content = text(value)
        return _record(zone, relative(zone, key[0]), key[1], content, ttl, priority)

    def _host(self, name: str) -> str:
        return name if self.dots else name.rstrip(".") or "."

    def value(self, zone: str, record: Record) -> tuple[Key, int, str] | None:
        """Read ``content`` and ``priority``."""
        rdtype, content, priority = record["type"], record["content"], record["priority"]
        if record["host"] == "broken":
            return None
        match rdtype:
            case "MX":
                content = f"{priority} {_dotted(content)}"
            case "SRV":
                weight, port, target = content.split()
                content = f"{priority} {weight} {port} {_dotted(target)}"
            case "CNAME":
                content = _dotted(content)
            case "TXT":
                content = quoted(content)
        return (absolute(zone, record["host"]), rdtype), record["ttl"], content

    def error(self, status: int, message: str) -> Response:
        """Give an error with its code."""
        code = _CODES.get(status, "INTERNAL_ERROR")
        return Response(status, {"error": {"code": code, "message": message, "errors": []}})

    def answer(self, request: Request) -> Response:
        """Route a call; every answer tells the limits."""
        response = self._answer(request)
        limits = {
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "45",
            "X-RateLimit-Reset": "1709654400",
            "X-RateLimit-Concurrent-Limit": "5",
            "X-RateLimit-Concurrent-Remaining": "4",
        }
        return Response(response.status, response.content, {**limits, **response.headers})

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return self.error(401, "APIキーが無効です")
        match = re.fullmatch(
            rf"/v1/server/{re.escape(SERVER)}/(domain|dns)(?:/(\d+))?", request.path
        )
        if match is None:
            return self.error(404, "見つかりません")
        if match[1] == "domain":
            names = [{"domain": zone.rstrip("."), "type": "addon"} for zone in self.zones()]
            return Response(200, {"domains": names})
        if request.method == "GET":
            return self._list(request.query.get("domain"))
        if request.method == "POST":
            return self._post(request.body)
        for zone in self.zones():
            record = self.find(zone, match[2])
            if record is not None:
                return self._change(zone, record, request)
        return self.error(404, "DNSレコードが見つかりません")

    def _list(self, domain: str | None) -> Response:
        if domain is not None and f"{domain}." not in self.zones():
            empty = Response(200, {"records": []})
            return self.error(404, "ドメインが見つかりません") if self.unknown_is_404 else empty
        zones = self.zones() if domain is None else [f"{domain}."]
        return Response(200, {"records": [one for zone in zones for one in self.records(zone)]})

    def _post(self, body: Any) -> Response:
        zone = f"{body['domain']}."
        if zone not in self.zones():
            return self.error(404, "ドメインが見つかりません")
        record = _record(
            zone,
            body["host"],
            body["type"],
            body["content"],
            body.get("ttl", 3600),
            body.get("priority", 0),
        )
        refused = self._refused(zone, record)
        if refused is not None:
            return refused
        kept = self.add(zone, self._stored(record))
        return Response(200, {"id": kept["id"], "message": "DNSレコードを追加しました"})

    def _change(self, zone: str, record: Record, request: Request) -> Response:
        if request.method == "DELETE":
            self.records(zone).remove(record)
            return Response(200, {"message": "DNSレコードを削除しました"})
        wanted = {**record, **request.body}
        refused = self._refused(zone, wanted)
        if refused is not None:
            return refused
        record.update(self._stored(wanted))
        return Response(200, {"message": "DNSレコードを変更しました"})

    def _refused(self, zone: str, record: Record) -> Response | None:
        if record["type"] not in _TYPES or not 60 <= record["ttl"] <= 86400:
            return self.error(422, "入力値が正しくありません")
        others = [one for one in self.records(zone) if one["id"] != record.get("id")]
        same = ("host", "type", "priority")
        if (
            self.one_per_preference
            and record["type"] == "MX"
            and any(all(one[name] == record[name] for name in same) for one in others)
        ):
            return self.error(409, "同じホスト名・同じ優先度のレコードは追加できません")
        return None

    def _stored(self, record: Record) -> Record:
        content = record["content"]
        if record["type"] == "TXT" and self.strips_quotes and content[:1] == '"' == content[-1:]:
            record = {**record, "content": content.strip('"')}
        return record


def _record(zone: str, host: str, rdtype: str, content: str, ttl: int, priority: int) -> Record:
    return {
        "domain": zone.rstrip("."),
        "host": host,
        "type": rdtype,
        "content": content,
        "ttl": ttl,
        "priority": priority,
    }


def _dotted(host: str) -> str:
    return host if host.endswith(".") else f"{host}."
