"""octoDNS provider for Gehirn DNS (https://support.gehirn.jp/apidocs/dns/).

Gehirn keeps RRsets, and replaces one in a single request. A zone has versions, one of which is
served: that one is read and written, found anew each time. An RRset that is an alias, or one of a
type that octoDNS or this module does not know, is left alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name

from mailsync_providers._api_provider import Reading, RRsetProvider, Step
from mailsync_providers._http import Api, Refused
from mailsync_providers._records import (
    BadRow,
    Row,
    RRsetChange,
    Values,
    host_of,
    mx,
    name_in,
    number,
    presented,
    srv,
    target_of,
    text_of,
    txt,
)
from mailsync_providers._zonefile_values import rdatas_of

if TYPE_CHECKING:
    from dns.rdata import Rdata
    from octodns.record import Record
    from octodns.zone import Zone

_PREFERENCE_MAX = 32767
_TEXT_MAX = 64000
_HOSTS = {"CNAME": "cname", "NS": "nsdname"}


class GehirnProvider(RRsetProvider):
    """Zones at Gehirn DNS.

    ::

        providers:
          gehirn:
            class: mailsync_providers.gehirn.GehirnProvider
            token: env/GEHIRN_TOKEN     # an API key that may read zones, and write these
            secret: env/GEHIRN_SECRET
            timeout: 30                 # optional: seconds
    """

    HOST = "Gehirn DNS"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT"}
    TTL_MIN = 30

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        token: str,
        secret: str,
        *args: Any,
        endpoint: str = "https://api.gis.gehirn.jp/dns/v1",
        timeout: float | str = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        basic = b64encode(f"{token}:{secret}".encode()).decode()
        self._api = Api(
            self.HOST,
            endpoint,
            credentials={"Authorization": f"Basic {basic}"},
            secrets=[str(secret)],
            explain=lambda answer: answer["description"],
            timeout=timeout,
        )

    def _names(self) -> Iterable[str]:
        return [str(zone["name"]) for zone in self._api.get("/zones")]

    def _read(self, zone: str) -> Reading | None:
        origin = dns.name.from_text(zone)
        for one in self._api.get("/zones"):
            if dns.name.from_text(one["name"]) == origin:
                path = f"/zones/{one['id']}/versions/{one['current_version_id']}/records"
                rrsets = [r for r in self._api.get(path) if r["type"] != "SOA"]
                rows = tuple(row for rrset in rrsets for row in _rows(zone, rrset))
                editable = (one.get("current_version") or {}).get("editable", True)
                return Reading(zone, rows, (path, editable))
        return None

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        if not reading.handle[1]:
            raise Refused(
                f"the version of the zone that {self.HOST} serves cannot be edited: serve one "
                "that can"
            )
        return super()._steps(zone, changes, reading)

    def _put(
        self, reading: Reading, change: RRsetChange, rows: Sequence[Row], after: Values
    ) -> None:
        path, _ = reading.handle
        staying = [row for row in rows if row.rdata is None or row.rdata in after.rdatas]
        there = {row.rdata for row in staying}
        coming = sorted(rdata for rdata in after.rdatas if rdata not in there)
        body = {
            "name": change.owner.to_text(),
            "type": change.rdtype,
            "enable_alias": False,
            "ttl": after.ttl,
            "records": [
                *(row.raw for row in staying),
                *(_fields(change.rdtype, rdata) for rdata in coming),
            ],
        }
        if rows:
            self._api.write("PUT", f"{path}/{rows[0].id}", {"id": rows[0].id, **body})
        else:
            self._api.write("POST", path, body)

    def _remove(self, reading: Reading, rows: Sequence[Row]) -> None:
        path, _ = reading.handle
        self._api.write("DELETE", f"{path}/{rows[0].id}")

    def _objection(self, zone: Zone, record: Record) -> str:
        del zone
        rdatas: list[Any] = rdatas_of(record)
        for rdata in rdatas:
            if record._type == "TXT" and not text_of(rdata):  # noqa: SLF001
                return "Gehirn DNS holds no empty text"
            if record._type == "TXT" and len(text_of(rdata)) > _TEXT_MAX:  # noqa: SLF001
                return f"Gehirn DNS holds texts of up to {_TEXT_MAX} characters"
            number_of = getattr(rdata, "preference", getattr(rdata, "priority", 0))
            if number_of > _PREFERENCE_MAX:
                return f"Gehirn DNS takes a preference of up to {_PREFERENCE_MAX}, not {number_of}"
        return ""


def _rows(zone: str, rrset: Any) -> Iterator[Row]:
    """Give a row for each value; one that says nothing for an alias."""
    owner, rdtype, id_ = name_in(zone, rrset["name"]), str(rrset["type"]), str(rrset["id"])
    if rrset.get("enable_alias"):
        yield Row(owner, rdtype, 0, None, id_, rrset)
        return
    ttl = number(rrset["ttl"])
    for record in rrset["records"]:
        try:
            rdata = _rdata(zone, rdtype, record)
        except (BadRow, KeyError):
            rdata = None
        yield Row(owner, rdtype, ttl, rdata, id_, record)


def _rdata(zone: str, rdtype: str, record: Any) -> Rdata | None:
    """Read a value; host names are relative to the zone where they do not end in a dot."""
    match rdtype:
        case "A" | "AAAA":
            return presented(rdtype, record["address"])
        case "CNAME" | "NS":
            return target_of(rdtype, _absolute(zone, record[_HOSTS[rdtype]]))
        case "MX":
            return mx(record["prio"], _absolute(zone, record["exchange"]))
        case "SRV":
            numbers = (record["prio"], record["weight"], record["port"])
            return srv(*numbers, _absolute(zone, record["target"]))
        case "TXT":
            return txt(record["data"])
    return None


def _absolute(zone: str, name: Any) -> str:
    if not isinstance(name, str):
        raise BadRow(f"{name!r} is no name")
    return name if name.endswith(".") else name_in(zone, name).to_text()


def _fields(rdtype: str, rdata: Any) -> dict[str, Any]:
    match rdtype:
        case "A" | "AAAA":
            return {"address": rdata.to_text()}
        case "CNAME" | "NS":
            return {_HOSTS[rdtype]: host_of(rdata)}
        case "MX":
            return {"prio": rdata.preference, "exchange": host_of(rdata)}
        case "SRV":
            return {
                "prio": rdata.priority,
                "weight": rdata.weight,
                "port": rdata.port,
                "target": host_of(rdata),
            }
    return {"data": text_of(rdata)}
