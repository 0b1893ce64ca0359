"""octoDNS provider for Xserver and XServer Business (https://developer.xserver.ne.jp/api/server/).

Xserver keeps one record for each value. Two of its ways are known only from the panel of a sister
service, and taken for true: it keeps no two MX records of one name and one preference, so an MX
is changed in place where its successor has the same; and it takes quotation marks off around a
text, so such texts are refused. The octodns-xserver of 2026 reads another key of the listing than
the documented one and would take every zone for an empty one; that is why this one exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import dns.name

from mailsync_providers._api_provider import PerValueProvider, Reading
from mailsync_providers._http import Api
from mailsync_providers._records import (
    BadRow,
    Row,
    host_of,
    mx,
    name_in,
    number,
    presented,
    relative,
    srv,
    target_of,
    text_of,
    txt,
)
from mailsync_providers._zonefile_values import rdatas_of

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from octodns.record import Record
    from octodns.zone import Zone


class XserverProvider(PerValueProvider):
    """Zones of one server at Xserver.

    ::

        providers:
          xserver:
            class: mailsync_providers.xserver.XserverProvider
            api_key: env/XSERVER_API_KEY    # xs_…: custom permission, DNS and domains
            servername: xs123456.xsrv.jp    # the server's initial domain (or ….xbiz.jp)
            timeout: 30                     # optional: seconds
    """

    HOST = "Xserver"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CAA", "CNAME", "MX", "SRV", "TXT"}
    TTL_MIN = 60
    TTL_MAX = 86400
    ONE_PER_PREFERENCE = True

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        api_key: str,
        servername: str,
        *args: Any,
        endpoint: str = "https://api.xserver.ne.jp",
        timeout: float | str = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        self._server = f"/v1/server/{quote(servername, safe='')}"
        self._api = Api(
            self.HOST,
            endpoint,
            credentials={"Authorization": f"Bearer {api_key}"},
            explain=_explained,
            timeout=timeout,
        )

    def _names(self) -> Iterable[str]:
        domains = self._api.get(f"{self._server}/domain")["domains"]
        return [str(domain["domain"]) for domain in domains]

    def _read(self, zone: str) -> Reading | None:
        answer = self._api.get(f"{self._server}/dns", {"domain": zone.rstrip(".")})
        records = answer["records"]
        origin = dns.name.from_text(zone)
        if not records and origin not in map(dns.name.from_text, self._names()):
            return None
        return Reading(zone, tuple(_row(zone, record) for record in records))

    def _create(self, reading: Reading, owner: Name, rdtype: str, rdata: Rdata, ttl: int) -> None:
        body = _body(reading.zone, owner, rdtype, rdata, ttl)
        self._api.write("POST", f"{self._server}/dns", body)

    def _update(self, reading: Reading, row: Row, rdata: Rdata, ttl: int) -> None:
        # What is left out may have to be guessed by the API: "if it cannot be resolved".
        body = _body(reading.zone, row.owner, row.rdtype, rdata, ttl)
        self._api.write("PUT", f"{self._server}/dns/{row.id}", body)

    def _delete(self, reading: Reading, row: Row) -> None:
        del reading
        self._api.write("DELETE", f"{self._server}/dns/{row.id}")

    def _objection(self, zone: Zone, record: Record) -> str:
        del zone
        rdatas: list[Any] = rdatas_of(record)
        match record._type:  # noqa: SLF001  # octoDNS has no other name for it
            case "TXT":
                texts = [text_of(rdata) for rdata in rdatas]
                if any(text[:1] == '"' == text[-1:] for text in texts):
                    return "Xserver takes off quotation marks that stand around a text"
            case "MX":
                preferences = [rdata.preference for rdata in rdatas]
                if len(set(preferences)) < len(preferences):
                    return "Xserver keeps no two MX of one preference: give each its own"
        return ""


def _explained(answer: Any) -> str:
    error = answer["error"]
    reasons = error.get("errors") or []
    return ": ".join([error["code"], error["message"], *(str(reason) for reason in reasons)])


def _row(zone: str, record: Any) -> Row:
    rdtype = str(record["type"])
    rdata: Rdata | None
    try:
        rdata = _rdata(rdtype, record["content"], record.get("priority"))
    except BadRow:
        rdata = None
    owner = name_in(zone, record["host"])
    return Row(owner, rdtype, number(record["ttl"]), rdata, str(record["id"]), record)


def _rdata(rdtype: str, content: Any, priority: Any) -> Rdata | None:
    match rdtype:
        case "A" | "AAAA" | "CAA":
            return presented(rdtype, content)
        case "CNAME":
            return target_of(rdtype, content)
        case "MX":
            return mx(priority or 0, content)
        case "SRV":
            fields = str(content).split()
            if len(fields) != 3:
                raise BadRow(f"{content!r} is not weight, port and target")
            return srv(priority or 0, *fields)
        case "TXT":
            return txt(content)
    return None


def _body(zone: str, owner: Name, rdtype: str, rdata: Any, ttl: int) -> dict[str, Any]:
    priority = 0
    match rdtype:
        case "MX":
            content, priority = _dotless(rdata), rdata.preference
        case "SRV":
            content = f"{rdata.weight} {rdata.port} {_dotless(rdata)}"
            priority = rdata.priority
        case "CNAME":
            content = _dotless(rdata)
        case "TXT":
            content = text_of(rdata)
        case _:
            content = rdata.to_text()
    return {
        "domain": zone.rstrip("."),
        "host": relative(owner, zone),
        "type": rdtype,
        "content": content,
        "ttl": ttl,
        "priority": priority,
    }


def _dotless(rdata: Rdata) -> str:
    """Name a host without the final dot, but for a null MX or SRV."""
    return host_of(rdata).rstrip(".") or "."
