"""Google's Cloud DNS API v1.

Sources: https://cloud.google.com/dns/docs/reference/rest/v1/ managedZones/list,
resourceRecordSets/list (paging by ``nextPageToken``), changes/create (all or nothing; what is
deleted has to be there in just this form: 412 ``conditionNotMet``; what is added must not: 409
``alreadyExists``) and changes/get (``pending``, then ``done``); https://cloud.google.com/apis/
design/errors (errors' JSON); https://developers.google.com/identity/protocols/oauth2/
service-account (``/token``: a signed assertion for a token).
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

import dns.exception

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import Request, Response
from tests.fakes.rrset_api import Held, RRsetApi

PROJECT = "project-1"
EMAIL = "mailsync@project-1.iam.gserviceaccount.example"

_TOKEN = "ya29.Google-acce55-token"
_REASONS = {404: "notFound", 409: "alreadyExists", 412: "conditionNotMet", 429: "rateLimitExceeded"}


class FakeGoogleCloud(RRsetApi):
    """One project. ``pending``: how often a change is not done yet when it is asked for."""

    SECRETS: ClassVar[tuple[str, ...]] = (_TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.state["changes"] = 0
        self.page = 1000
        self.pending = 0

    def is_write(self, request: Request) -> bool:
        """Tell whether a call changes something; getting a token does not."""
        return request.method != "GET" and request.path != "/token"

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add a SOA, and a type that the adapter does not know."""
        super().fill(zone, rrsets)
        self.state["zones"][zone].update(name=f"zone-{len(self.state['zones'])}", ttl=300)
        for name, rdtype, value in (
            (zone, "SOA", "ns-cloud-a1.googledomains.com. hostmaster.google.com. 1 2 3 4 5"),
            (f"svc.{zone}", "HTTPS", "1 ."),
        ):
            self.rrsets(zone).append({"name": name, "type": rdtype, "ttl": 300, "values": [value]})

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        reason = {"domain": "global", "reason": _REASONS.get(status, "invalid"), "message": message}
        return Response(status, {"error": {"code": status, "message": message, "errors": [reason]}})

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.path == "/token":
            claims = urlsafe_b64decode(request.body["assertion"].split(".")[1] + "==")
            if json.loads(claims)["iss"] != EMAIL:
                return Response(400, {"error": "invalid_grant", "error_description": "no account"})
            token = {"access_token": _TOKEN, "expires_in": 3599, "token_type": "Bearer"}
            return Response(200, token)
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return self.error(401, "Request had invalid authentication credentials.")
        start = f"/dns/v1/projects/{PROJECT}/managedZones"
        if request.path == start:
            zones = [
                {"id": "1", "name": content["name"], "dnsName": zone, "visibility": "public"}
                for zone, content in self.state["zones"].items()
            ]
            return self._paged("managedZones", zones, request)
        match = re.fullmatch(f"{start}/([\\w-]+)/(rrsets|changes)(?:/(\\d+))?", request.path)
        items = self.state["zones"].items()
        zone = next((z for z, content in items if match and content["name"] == match[1]), None)
        if match is None or zone is None:
            return self.error(404, "The 'parameters.managedZone' resource does not exist.")
        if match[2] == "rrsets":
            return self._paged("rrsets", [_shown(one) for one in self.rrsets(zone)], request)
        if request.method == "POST":
            return self._create(zone, request.body)
        if int(match[3]) > self.state["changes"]:
            return self.error(404, "The 'parameters.changeId' resource does not exist.")
        self.pending = max(self.pending - 1, -1)
        return Response(200, {"id": match[3], "status": "pending" if self.pending >= 0 else "done"})

    def _paged(self, name: str, items: list[Any], request: Request) -> Response:
        start = int(request.query.get("pageToken", "0"))
        end = start + self.page
        more = {"nextPageToken": str(end)} if end < len(items) else {}
        return Response(200, {"kind": "dns#list", name: items[start:end], **more})

    def _create(self, zone: str, body: Any) -> Response:
        rrsets = deepcopy(self.rrsets(zone))
        for one in body["deletions"]:
            old = next((held for held in rrsets if _key(held) == _key(one)), None)
            named = f"'{one['name']} ({one['type']})'"
            if old is None:
                return self.error(404, f"The resource named {named} does not exist.")
            if _held(one) != {**old, "values": sorted(old["values"])}:
                return self.error(412, f"Precondition not met for {named}.")
            rrsets.remove(old)
        for one in body["additions"]:
            named = f"'{one['name']} ({one['type']})'"
            if any(_key(held) == _key(one) for held in rrsets):
                return self.error(409, f"The resource named {named} already exists.")
            if not _is_right(one):
                return self.error(400, f"Invalid value for {named}.")
            rrsets.append(_held(one))
        self.state["zones"][zone]["rrsets"] = rrsets
        self.state["changes"] += 1
        return Response(200, {**body, "id": str(self.state["changes"]), "status": "pending"})


def _key(one: Mapping[str, Any]) -> Key:
    return (one["name"], one["type"])


def _held(one: Mapping[str, Any]) -> Held:
    about = {"name": one["name"], "type": one["type"], "ttl": int(one["ttl"])}
    return {**about, "values": sorted(one["rrdatas"])}


def _is_right(one: Mapping[str, Any]) -> bool:
    try:
        for value in one["rrdatas"]:
            canonical(one["type"], value)
    except (dns.exception.DNSException, ValueError):
        return False
    return 0 <= int(one["ttl"]) <= 2147483647


def _shown(held: Held) -> Any:
    about = {"name": held["name"], "type": held["type"], "ttl": held["ttl"]}
    return {"kind": "dns#resourceRecordSet", **about, "rrdatas": held["values"]}
