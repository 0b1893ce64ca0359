"""IIJ DNS Platform Service.

Sources: https://manual.iij.jp/dpf/dpfapi/ by way of golang-iij-dpf and its tests (paths, JSON, 202
with a job, states of a job, lists with ``limit`` and ``offset`` and a hundred where nothing is
asked, errors, a wrong token as a 400); the documents of iij/external-dns-iij-dpf-webhook (that a
publication takes whatever is staged, TTLs of 1 to 2147483647 or none, texts in quotation marks).
Not known, so a switch: whether publishing with nothing staged is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response

TOKEN = "dpf-4ccess-t0ken-of-an-account"

_APPLIED, _ADDED, _DELETED, _UPDATED = 0, 1, 2, 3


class FakeIijDpf(FakeApi):
    """``state``: by zone its id, default TTL, ``currents`` and ``staged`` edits by record; jobs."""

    SECRETS: ClassVar[tuple[str, ...]] = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}, "next": 0, "jobs": {}}
        self.polls = 1
        """How often a job is still running when it is looked at."""
        self.next_job_fails = False
        self.stuck = False
        """Jobs never end, and nothing is done."""
        self.empty_publication_fails = True
        self.page_max = 10_000

    def number(self, prefix: str) -> str:
        """Give a new id."""
        self.state["next"] += 1
        return f"{prefix}{self.state['next']}"

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Add SOA, a type of the host's own, and TTLs that follow the default."""
        content: dict[str, Any] = {
            "id": self.number("m"),
            "default_ttl": 3600,
            "currents": [],
            "staged": {},
        }
        self.state["zones"][zone] = content
        self._add(zone, zone, "SOA", None, ["ns1.dpf.iij.jp. hostmaster. 1 2 3 4 5"])
        self._add(zone, f"a.{zone}", "ANAME", 60, ["www.iij.ad.jp."])
        for rrset in rrsets.values():
            self.publish(rrset, zone)
            if rrset.ttl == 3600:
                content["currents"][-1]["ttl"] = None

    def _add(self, zone: str, name: str, rdtype: str, ttl: int | None, values: list[str]) -> None:
        self.state["zones"][zone]["currents"].append(
            {
                "id": self.number("r"),
                "name": name,
                "ttl": ttl,
                "rrtype": rdtype,
                "rdata": [{"value": value} for value in values],
                "state": _APPLIED,
                "description": f"what {name} is for",
                "operator": "user1",
            }
        )

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset, published."""
        content = self.state["zones"][zone]
        content["currents"] = [
            one for one in content["currents"] if (one["name"], one["rrtype"]) != rrset.key
        ]
        self._add(zone, rrset.name, rrset.type, rrset.ttl, list(rrset.values))

    def stage(self, zone: str, name: str) -> None:
        """Have somebody stage an edit and leave it."""
        number = self.number("r")
        self.state["zones"][zone]["staged"][number] = {
            "old": None,
            "new": {
                "id": number,
                "name": name,
                "ttl": 60,
                "rrtype": "A",
                "rdata": [{"value": "203.0.113.66"}],
                "state": _ADDED,
                "description": "a draft",
                "operator": "user2",
            },
        }

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Give what is published."""
        content = self.state["zones"][zone]
        found = {}
        for one in content["currents"]:
            if one["rrtype"] not in {"SOA", "ANAME"}:
                key = (one["name"], one["rrtype"])
                ttl = content["default_ttl"] if one["ttl"] is None else one["ttl"]
                values = tuple(canonical(one["rrtype"], v["value"]) for v in one["rdata"])
                found[key] = RRset(*key, ttl, values)
        return found

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other RRsets, and edits that others have staged."""
        content = deepcopy(self.state["zones"][zone])
        others = [one for one in content["currents"] if (one["name"], one["rrtype"]) not in but]
        staged = [one for one in content["staged"].values() if self._key(one) not in but]
        return others, staged

    def _key(self, edit: Mapping[str, Any]) -> Key:
        record = edit["new"] or edit["old"]
        return record["name"], record["rrtype"]

    def error(self, status: int, message: str) -> Response:
        """Give an error."""
        kind = {404: "NotFound", 429: "TooManyRequests"}.get(status, "ParameterError")
        return Response(status, {"request_id": "e", "error_type": kind, "error_message": message})

    def exactly(self) -> dict[str, Any]:
        """Leave the jobs and the counter out: they change nothing in a zone."""
        return {**super().exactly(), "jobs": {}, "next": 1_000_000}

    def answer(self, request: Request) -> Response:
        """Route a call."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            details = [{"code": "invalid", "attribute": "access_token"}]
            wrong = self.error(400, "There are invalid parameters.").content
            return Response(400, {**wrong, "error_details": details})
        if request.path == "/zones":
            asked = request.query.get("_keywords_name[]", "")
            zones = [
                {"id": content["id"], "name": zone, "state": 1}
                for zone, content in self.state["zones"].items()
                if asked in zone
            ]
            return self._page(zones, request)
        job = re.fullmatch(r"/jobs/(\w+)", request.path)
        if job:
            return self._job(job[1])
        match = re.fullmatch(r"/zones/(\w+)/(.+)", request.path)
        items = self.state["zones"].items()
        zone = next((z for z, content in items if match and content["id"] == match[1]), None)
        if match is None or zone is None:
            return self.error(404, "not found")
        return self._in_zone(zone, match[2], request)

    def _in_zone(self, zone: str, path: str, request: Request) -> Response:
        content = self.state["zones"][zone]
        if request.method == "GET":
            if path == "default_ttl":
                result = {"value": content["default_ttl"], "state": 0, "operator": "user1"}
                return Response(200, {"request_id": "r", "result": result})
            if path == "records/currents":
                return self._page(content["currents"], request)
            if path == "records/diffs":
                edits = content["staged"].values()
                shown = [{k: v for k, v in edit.items() if v is not None} for edit in edits]
                return self._page(shown, request)
            return self.error(404, "not found")
        if self.stuck:
            return self._accepted()
        if path == "changes" and request.method == "PATCH":
            return self._apply(content)
        match = re.fullmatch(r"records(?:/(\w+))?(/changes)?", path)
        if match is None:
            return self.error(404, "not found")
        if match[2]:
            if content["staged"].pop(match[1], None) is None:
                return self.error(404, "not found")
            return self._accepted()
        return self._edit(content, match[1], request)

    def _edit(self, content: Any, number: str | None, request: Request) -> Response:
        old = next((one for one in content["currents"] if one["id"] == number), None)
        body = request.body
        if number is None:
            key = (body["name"], body["rrtype"])
            staged = [self._key(edit) for edit in content["staged"].values()]
            if key in [*staged, *((o["name"], o["rrtype"]) for o in content["currents"])]:
                return self.error(400, "duplicated")
            number = self.number("r")
            new = {"id": number, **body, "state": _ADDED, "operator": "octodns"}
        elif old is None:
            return self.error(404, "not found")
        elif request.method == "DELETE":
            content["staged"][number] = {"old": {**old, "state": _DELETED}, "new": None}
            return self._accepted()
        else:
            new = {**old, **body, "state": _UPDATED}
        if new["ttl"] is not None and not 1 <= new["ttl"] <= 2147483647:
            return self.error(400, "out_of_range")
        content["staged"][number] = {"old": old, "new": new}
        return self._accepted()

    def _apply(self, content: Any) -> Response:
        if not content["staged"] and self.empty_publication_fails:
            return self.error(400, "nothing to apply")
        if self.next_job_fails:
            return self._accepted()
        for number, edit in content["staged"].items():
            kept = [one for one in content["currents"] if one["id"] != number]
            if edit["new"] is not None:
                kept.append({**edit["new"], "state": _APPLIED})
            content["currents"] = kept
        content["staged"] = {}
        return self._accepted()

    def _accepted(self) -> Response:
        job = self.number("job")
        failed, self.next_job_fails = self.next_job_fails, False
        self.state["jobs"][job] = [self.polls, "FAILED" if failed else "SUCCESSFUL"]
        jobs_url = f"https://dpi.dns-platform.jp/v1/jobs/{job}"
        return Response(202, {"request_id": job, "jobs_url": jobs_url})

    def _job(self, job: str) -> Response:
        if job not in self.state["jobs"]:
            return self.error(404, "not found")
        state = self.state["jobs"][job]
        if state[0] or self.stuck:
            state[0] -= 1
            return Response(200, {"request_id": job, "status": "RUNNING"})
        failure = {"error_type": "SystemError", "error_message": "zone check failed"}
        why = failure if state[1] == "FAILED" else {}
        return Response(200, {"request_id": job, "status": state[1], **why})

    def _page(self, items: Any, request: Request) -> Response:
        limit = min(int(request.query.get("limit", "100")), self.page_max)
        offset = int(request.query.get("offset", "0"))
        part = list(items)[offset : offset + limit]
        return Response(200, {"request_id": "r", "results": deepcopy(part)})
