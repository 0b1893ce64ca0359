"""Value-Domain's API, as far as it is about zones.

Sources: https://www.value-domain.com/api/doc/domain/ (paths, JSON, that ``ttl`` is shown as text
and that PUT replaces all); Lexicon's provider and its cassettes (429, Python's default User-Agent
turned away, the lines' forms). Not known, so switches: how an unknown domain is refused, whether a
null MX is taken. Not known and so not here: a form for MX below the zone, bounds of the TTL.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response
from tests.fakes.row_api import absolute, quoted, relative, text

TOKEN = "vd-T0ken0fSixtyFourCharacters"

_KINDS = {"a", "aaaa", "cname", "mx", "ns", "srv", "txt"}

HEAD = "# hand-made; do not touch\n\nmxe 203.0.113.9 10\nurl   shop   https://shop.org/  "
"""What stands in every zone: a remark, a blank line, types of the host's own, odd blanks."""


class FakeValueDomain(FakeApi):
    """``state``: by zone its ``records`` as text, its ``ttl`` and its ``ns_type``."""

    SECRETS: ClassVar[tuple[str, ...]] = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}}
        self.unknown = 404
        """HTTP's status for a domain that is not the account's."""
        self.null_mx = True
        self.limit_max = 100

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Write a text with lines that no program made."""
        ttls = {rrset.ttl for rrset in rrsets.values()} or {3600}
        (ttl,) = ttls
        self.state["zones"][zone] = {"records": HEAD, "ttl": str(ttl), "ns_type": "valuedomain1"}
        for rrset in rrsets.values():
            self.publish(rrset, zone)
        self.state["zones"][zone]["records"] += "\n# the end\n"

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset's lines."""
        content = self.state["zones"][zone]
        lines = content["records"].split("\n")
        kept = [line for line in lines if self._key(zone, line) != rrset.key]
        content["records"] = "\n".join([*kept, *(_line(zone, rrset, v) for v in rrset.values)])

    def _key(self, zone: str, line: str) -> Key | None:
        read = _read(zone, line)
        return None if read is None else read[0]

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Read the text as the name servers do."""
        content = self.state["zones"][zone]
        values: dict[Key, list[str]] = defaultdict(list)
        for line in content["records"].split("\n"):
            read = _read(zone, line)
            if read is not None:
                values[read[0]].append(canonical(read[0][1], read[1]))
        return {key: RRset(*key, int(content["ttl"]), tuple(v)) for key, v in values.items()}

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other lines as they stand, the TTL and the name servers."""
        content = self.state["zones"][zone]
        lines = [one for one in content["records"].split("\n") if self._key(zone, one) not in but]
        return lines, content["ttl"], content["ns_type"]

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        return Response(status, {"errors": {"code": status, "message": message}})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("user-agent", "").lower().startswith("python"):
            return Response(403, "<html>Forbidden</html>")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.error(401, "Unauthorized")
        if request.path == "/domains":
            return self._list(request)
        match = re.fullmatch(r"/domains/([^/]+)/dns", request.path)
        zone = f"{match[1]}." if match else ""
        if zone not in self.state["zones"]:
            return self.error(self.unknown, "Domain not found")
        content = self.state["zones"][zone]
        if request.method == "PUT":
            body = request.body
            if not self.null_mx and re.search(r"^mx \. ", body["records"], re.MULTILINE):
                return self.error(400, "Bad Request")
            content.update(records=body["records"], ns_type=body["ns_type"], ttl=str(body["ttl"]))
        results = {"domainid": 9999998, "domainname": zone.rstrip("."), **content}
        return Response(200, {"results": results, "request_id": "r"})

    def _list(self, request: Request) -> Response:
        limit = min(int(request.query.get("limit", "10")), self.limit_max)
        page = int(request.query.get("page", "1"))
        names = [zone.rstrip(".") for zone in self.zones()][(page - 1) * limit : page * limit]
        results = [{"domainid": 1, "domainname": name, "registrar": "GMO"} for name in names]
        paging = {"max": len(self.zones()), "limit": limit, "page": page}
        return Response(200, {"paging": paging, "results": results})


def _line(zone: str, rrset: RRset, value: str) -> str:
    owner = relative(zone, rrset.name)
    if rrset.type == "MX":
        preference, host = value.split()
        return f"mx {_short(zone, host)} {preference}"
    if rrset.type == "TXT":
        return f"txt {owner} {text(value)}"
    if rrset.type == "CNAME":
        return f"cname {owner} {_short(zone, value)}"
    return f"{rrset.type.lower()} {owner} {value}"


def _short(zone: str, host: str) -> str:
    """Write a host of the zone as people do: by its one label."""
    name = host.removesuffix(f".{zone}")
    return name if name and "." not in name else host


def _read(zone: str, line: str) -> tuple[Key, str] | None:
    fields = line.split(None, 2)
    if len(fields) < 3 or fields[0] not in _KINDS:
        return None
    kind, first, rest = fields
    match kind:
        case "mx":
            return (zone, "MX"), f"{rest} {absolute(zone, first)}"
        case "txt":
            return (absolute(zone, first), "TXT"), quoted(rest)
        case "cname" | "ns":
            return (absolute(zone, first), kind.upper()), absolute(zone, rest)
        case "srv":
            numbers, _, target = rest.rpartition(" ")
            return (absolute(zone, first), "SRV"), f"{numbers} {absolute(zone, target)}"
    return (absolute(zone, first), kind.upper()), rest.strip()
