"""Route 53's API: moto's, with what goes wrong put in front of it.

What moto lacks and the API's reference says is added here: ``IsTruncated`` in the list of health
checks, credentials that are refused, and HTTP 400 with ``Throttling`` for too many requests
(https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar
from urllib.parse import urlencode

from moto.moto_server.werkzeug_app import create_backend_app
from moto.route53.models import RecordSet, route53_backends

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response

ACCESS_KEY = "AKIAEXAMPLE7K3QF2LSZ"
SECRET_KEY = "route53-5ecret-Pb2mT0"

NAME_SERVERS = (
    "ns-2048.awsdns-64.com.",
    "ns-2049.awsdns-65.net.",
    "ns-2050.awsdns-66.org.",
    "ns-2051.awsdns-67.co.uk.",
)

_ACCOUNT = "123456789012"
_HEALTH_CHECKS = (
    '<ListHealthChecksResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    "<HealthChecks/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
    "</ListHealthChecksResponse>"
)
_CODES = {400: "InvalidChangeBatch", 403: "InvalidClientTokenId", 429: "Throttling"}


class FakeRoute53(FakeApi):
    """One account; what it holds is what moto holds."""

    SECRETS: ClassVar[tuple[str, ...]] = (ACCESS_KEY, SECRET_KEY)

    def __init__(self) -> None:
        self._moto: Any = route53_backends[_ACCOUNT]["aws"]
        self._moto.reset()
        self._client = create_backend_app("route53").test_client()
        super().__init__()

    @property
    def state(self) -> dict[str, Any]:
        """Each zone's RRsets, and the changes from which moto knows what may be deleted."""
        return {
            "zones": {
                zone.name: {
                    "rrsets": [dict(vars(one)) for one in zone.rrsets],
                    "changes": list(zone.rr_changes),
                }
                for zone in self._moto.zones.values()
            }
        }

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        for name, held in state.get("zones", {}).items():
            zone = self._zone(name)
            zone.rrsets = [_rrset(about) for about in held["rrsets"]]
            zone.rr_changes[:] = held["changes"]

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set up a zone; its own NS are the host's."""
        self._moto.create_hosted_zone(zone, private_zone=False, caller_reference=zone)
        for rrset in rrsets.values():
            if rrset.key != (zone, "NS"):
                self.publish(rrset, zone)

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset."""
        records = [{"Value": value} for value in rrset.values]
        about = {"Name": rrset.name, "Type": rrset.type, "TTL": rrset.ttl}
        change = {"Action": "UPSERT", "ResourceRecordSet": {**about, "ResourceRecords": records}}
        self._moto.change_resource_record_sets(self._zone(zone).resource_id, [change])

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what the name servers answer."""
        found = (
            RRset(
                one.name.replace("\\052", "*"),
                one.type,
                int(one.ttl),
                tuple(canonical(one.type, value) for value in one.records),
            )
            for one in self._zone(zone).rrsets
            if one.type != "SOA"
        )
        return {one.key: one for one in found}

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give every RRset as moto holds it."""
        held = deepcopy(self.state["zones"][zone]["rrsets"])
        return [one for one in held if (one["name"].replace("\\052", "*"), one["type"]) not in but]

    def error(self, status: int, message: str) -> Response:
        """Give an error as AWS' REST APIs do."""
        code = _CODES.get(status, "InvalidInput")
        about = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
        return Response(
            400 if status == 429 else status,
            f"<ErrorResponse><Error>{about}</Error><RequestId>1</RequestId></ErrorResponse>",
        )

    def answer(self, request: Request) -> Response:
        """Let moto answer."""
        if f"Credential={ACCESS_KEY}/" not in request.headers.get("authorization", ""):
            return self.error(403, "The security token included in the request is invalid.")
        if request.path == "/2013-04-01/healthcheck":
            return Response(200, _HEALTH_CHECKS)
        given = self._client.open(
            request.path,
            method=request.method,
            query_string=urlencode(request.query),
            data=request.body,
            headers={"Authorization": request.headers["authorization"]},
        )
        return Response(given.status_code, given.get_data(as_text=True))

    def _zone(self, name: str) -> Any:
        return next(zone for zone in self._moto.zones.values() if zone.name == name)


def _rrset(about: Mapping[str, Any]) -> RecordSet:
    rrset = RecordSet({})  # type: ignore[abstract]  # moto makes them so, too
    vars(rrset).update(deepcopy(dict(about)))
    return rrset
