"""octoDNS provider for ConoHa, API v3 (https://doc.conoha.jp/reference/api-vps3/).

ConoHa keeps one record for each value. Its manual says nothing of ``ttl`` when a record is made,
nor of changing one; both are taken over from the API's first version, whose JSON it shares. So
this provider sends a TTL with every record, and reading the zone back shows whether it counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name

from mailsync_providers._api_provider import PerValueProvider, Reading
from mailsync_providers._http import Api, Unreachable
from mailsync_providers._records import (
    BadRow,
    Row,
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

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata


class ConohaProvider(PerValueProvider):
    """Zones of one ConoHa project, by the API of VPS 3.0.

    ::

        providers:
          conoha:
            class: mailsync_providers.conoha.ConohaProvider
            user_id: env/CONOHA_USER_ID         # an API user's, not its name
            password: env/CONOHA_PASSWORD
            tenant_id: env/CONOHA_TENANT_ID
            region: c3j1                        # optional, this is the default
            timeout: 30                         # optional: seconds
    """

    HOST = "ConoHa"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT"}
    TTL_MIN = 60

    def __init__(  # each is a setting of its own
        self,
        id: str,  # noqa: A002  # octoDNS' name
        user_id: str,
        password: str,
        tenant_id: str,
        *args: Any,
        region: str = "c3j1",
        endpoint: str = "",
        identity_endpoint: str = "",
        timeout: float | str = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        user = {"id": str(user_id), "password": str(password)}
        self._login = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"id": str(tenant_id)}},
            }
        }
        self._identity = Api(
            self.HOST,
            identity_endpoint or f"https://identity.{region}.conoha.io",
            secrets=[str(password)],
            explain=_explained,
            timeout=timeout,
        )
        self._api = Api(
            self.HOST,
            endpoint or f"https://dns-service.{region}.conoha.io",
            secrets=[str(password)],
            explain=_explained,
            timeout=timeout,
        )
        self._logged_in = False

    def _get(self, path: str, of: str) -> list[Any]:
        """List all pages of something; logs in first where that has not been done."""
        if not self._logged_in:
            answer = self._identity.read("/v3/auth/tokens", method="POST", json=self._login)
            token = answer.headers.get("x-subject-token")
            if not token:
                raise Unreachable(f"{self.HOST}: the answer to logging in holds no token")
            self._api.authenticate({"X-Auth-Token": token})
            self._logged_in = True
        found: list[Any] = []
        while True:
            answer = self._api.get(path, {"offset": len(found)} if found else None)
            page = answer[of]
            found += page
            if len(found) >= number(answer.get("total_count", 0)):
                return found
            if not page:
                raise Unreachable(
                    f"{self.HOST}: lists {len(found)} of {answer['total_count']} {of} and no more"
                )

    def _names(self) -> Iterable[str]:
        return [str(domain["name"]) for domain in self._get("/v1/domains", "domains")]

    def _read(self, zone: str) -> Reading | None:
        origin = dns.name.from_text(zone)
        for domain in self._get("/v1/domains", "domains"):
            if dns.name.from_text(domain["name"]) == origin:
                path = f"/v1/domains/{domain['uuid']}/records"
                default = number(domain.get("ttl") or 0)
                records = [one for one in self._get(path, "records") if one["type"] != "SOA"]
                return Reading(zone, tuple(_row(zone, one, default) for one in records), path)
        return None

    def _create(self, reading: Reading, owner: Name, rdtype: str, rdata: Rdata, ttl: int) -> None:
        body = {"name": owner.to_text(), "type": rdtype, "ttl": ttl, **_data(rdtype, rdata)}
        self._api.write("POST", reading.handle, body)

    def _update(self, reading: Reading, row: Row, rdata: Rdata, ttl: int) -> None:
        body = {"name": row.owner.to_text(), "type": row.rdtype, "ttl": ttl}
        self._api.write("PUT", f"{reading.handle}/{row.id}", {**body, **_data(row.rdtype, rdata)})

    def _delete(self, reading: Reading, row: Row) -> None:
        self._api.write("DELETE", f"{reading.handle}/{row.id}")


def _explained(answer: Any) -> str:
    """Read the errors of the DNS API and those of Keystone."""
    if "error" in answer:
        return str(answer["error"]["message"])
    return str(answer.get("message") or answer.get("type") or "")


def _row(zone: str, record: Any, default: int) -> Row:
    rdata: Rdata | None
    try:
        rdata = _rdata(record)
    except BadRow:
        rdata = None
    ttl = default if record.get("ttl") is None else number(record["ttl"])
    owner = name_in(zone, record["name"])
    return Row(owner, str(record["type"]), ttl, rdata, str(record["uuid"]), record)


def _rdata(record: Any) -> Rdata | None:
    rdtype, data = record["type"], record["data"]
    match rdtype:
        case "A" | "AAAA":
            # Answered by place or load: more than a value can say.
            return None if record.get("gslb_region") else presented(rdtype, data)
        case "CNAME" | "NS":
            return target_of(rdtype, data)
        case "MX":
            return mx(record.get("priority"), data)
        case "SRV":
            fields = str(data).split()
            if len(fields) == 1:
                fields = [record.get("weight"), record.get("port"), *fields]
            if len(fields) != 3:
                raise BadRow(f"{data!r} is no target, nor weight, port and target")
            return srv(record.get("priority"), *fields)
        case "TXT":
            return txt(data)
    return None


def _data(rdtype: str, rdata: Any) -> dict[str, Any]:
    match rdtype:
        case "MX":
            return {"data": host_of(rdata), "priority": rdata.preference}
        case "SRV":
            return {
                "data": host_of(rdata),
                "priority": rdata.priority,
                "weight": rdata.weight,
                "port": rdata.port,
            }
        case "TXT":
            return {"data": text_of(rdata)}
    return {"data": rdata.to_text()}
