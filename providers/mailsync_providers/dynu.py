"""octoDNS provider for Dynu (API v2, https://www.dynu.com/Support/API).

Dynu keeps one record for each value. Two of its ways shape this module: an update that leaves
``ttl`` out resets it to 60, so every update carries the whole record; and a record that is switched
off (``state``: false) is not served, so it is left alone and not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name

from mailsync_providers._api_provider import PerValueProvider, Reading
from mailsync_providers._http import Api, Refused
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

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata

_ADDRESSES = {"A": "ipv4Address", "AAAA": "ipv6Address"}


class DynuProvider(PerValueProvider):
    """Zones at Dynu.

    ::

        providers:
          dynu:
            class: mailsync_providers.dynu.DynuProvider
            api_key: env/DYNU_API_KEY   # Control Panel, API Credentials
            timeout: 30                 # optional: seconds
    """

    HOST = "Dynu"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"}
    SUPPORTS_MULTIVALUE_PTR = True

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        api_key: str,
        *args: Any,
        endpoint: str = "https://api.dynu.com/v2",
        timeout: float | str = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        self._api = Api(
            self.HOST,
            endpoint,
            credentials={"API-Key": str(api_key)},
            explain=_explained,
            definite=_is_answer,
            timeout=timeout,
        )

    def _names(self) -> Iterable[str]:
        return [str(domain["name"]) for domain in self._domains()]

    def _domains(self) -> list[Any]:
        found: list[Any] = _successful(self._api.get("/dns")).get("domains") or []
        return found

    def _read(self, zone: str) -> Reading | None:
        origin = dns.name.from_text(zone)
        for domain in self._domains():
            if dns.name.from_text(str(domain["name"])) == origin:
                break
        else:
            return None
        answer = _successful(self._api.get(f"/dns/{domain['id']}/record"))
        records = [one for one in answer.get("dnsRecords") or [] if one.get("state") is not False]
        rows = [_row(zone, record) for record in records if record.get("recordType") != "SOA"]
        return Reading(zone, (*rows, *_own_addresses(domain, origin, rows)), domain["id"])

    def _create(self, reading: Reading, owner: Name, rdtype: str, rdata: Rdata, ttl: int) -> None:
        body = _body(reading.zone, owner, rdtype, rdata, ttl)
        _successful(self._api.write("POST", f"/dns/{reading.handle}/record", body))

    def _update(self, reading: Reading, row: Row, rdata: Rdata, ttl: int) -> None:
        body = _body(reading.zone, row.owner, row.rdtype, rdata, ttl)
        if row.raw.get("group"):
            body["group"] = row.raw["group"]
        _successful(self._api.write("POST", f"/dns/{reading.handle}/record/{row.id}", body))

    def _delete(self, reading: Reading, row: Row) -> None:
        _successful(self._api.write("DELETE", f"/dns/{reading.handle}/record/{row.id}"))


def _successful(answer: Any) -> dict[str, Any]:
    """Take an answer whose own ``statusCode``, which may differ from HTTP's, is one of success."""
    if not isinstance(answer, dict):
        raise Refused(f"{DynuProvider.HOST}: the API's answer is no JSON object")
    status = answer.get("statusCode", 200)
    if status != 200:
        raise Refused(f"{DynuProvider.HOST}: refused, {status} ({_explained(answer)})")
    return answer


def _explained(answer: Any) -> str:
    return f"{answer['type']}: {answer['message']}"


def _is_answer(_status: int, answer: Any) -> bool:
    """Dynu says no with HTTP 501 and 503, too; then with a body of its own."""
    return isinstance(answer, dict) and "statusCode" in answer


def _row(zone: str, record: Any) -> Row:
    rdtype = str(record.get("recordType"))
    owner = name_in(zone, record.get("nodeName") or "")
    rdata: Rdata | None
    try:
        rdata = _rdata(rdtype, record)
    except BadRow:
        rdata = None
    return Row(owner, rdtype, number(record["ttl"]), rdata, str(record["id"]), record)


def _rdata(rdtype: str, record: Any) -> Rdata | None:
    match rdtype:
        case "A" | "AAAA":
            return presented(rdtype, record.get(_ADDRESSES[rdtype]))
        case "MX":
            return mx(record.get("priority"), record.get("host"))
        case "SRV":
            fields = ("priority", "weight", "port", "host")
            return srv(*(record.get(name) for name in fields))
        case "CNAME" | "NS" | "PTR":
            return target_of(rdtype, record.get("host"))
        case "TXT":
            return txt(record.get("textData"))
    return None


def _body(zone: str, owner: Name, rdtype: str, rdata: Any, ttl: int) -> dict[str, Any]:
    """Give the whole record: what is left out would be reset."""
    node = relative(owner, zone)
    body: dict[str, Any] = {
        "nodeName": "" if node == "@" else node,
        "recordType": rdtype,
        "ttl": ttl,
        "state": True,
    }
    match rdtype:
        case "A" | "AAAA":
            return body | {_ADDRESSES[rdtype]: rdata.to_text(), "group": ""}
        case "MX":
            return body | {"priority": rdata.preference, "host": _dotless(rdata)}
        case "SRV":
            return body | {
                "priority": rdata.priority,
                "weight": rdata.weight,
                "port": rdata.port,
                "host": _dotless(rdata),
            }
        case "TXT":
            return body | {"textData": text_of(rdata)}
    return body | {"host": _dotless(rdata)}


def _dotless(rdata: Rdata) -> str:
    """Name a host as Dynu shows it: without the final dot, but for a null MX or SRV."""
    return host_of(rdata).rstrip(".") or "."


def _own_addresses(domain: Any, origin: Name, rows: Iterable[Row]) -> list[Row]:
    """Give the addresses that Dynu serves for the domain itself, which are no records of it."""
    there = {row.rdtype for row in rows if row.owner == origin}
    found = []
    for rdtype, served in (("A", "ipv4"), ("AAAA", "ipv6")):
        address = domain.get(_ADDRESSES[rdtype])
        if domain.get(served) and address and rdtype not in there:
            ttl = number(domain.get("ttl", 0))
            found.append(Row(origin, rdtype, ttl, presented(rdtype, address)))
    return found
