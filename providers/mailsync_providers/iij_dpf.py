"""octoDNS provider for IIJ DNS Platform Service (https://manual.iij.jp/dpf/dpfapi/).

Edits are staged, RRset by RRset, and published for the whole zone in one request: nobody sees a
change half made. That request publishes whatever is staged, whoever staged it. So this provider
writes nothing while edits of others are staged, looks again before it publishes, and takes its
own edits back where something goes wrong on the way. Requests that change something are jobs,
which are waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name
from octodns.zone import Zone

from mailsync_providers import _http
from mailsync_providers._api_provider import ApiProvider, Reading, Step
from mailsync_providers._http import Api, ApiError, OutcomeUnknown, Refused
from mailsync_providers._records import (
    BadRow,
    Row,
    RRsetChange,
    by_key,
    holdable,
    name_in,
    number,
    presented,
    values_of,
)

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata

_PAGE = 1000
_POLLS = 60
"""How often a job is looked at: about two minutes."""
_LONGEST_PAUSE = 2.0


class IijDpfProvider(ApiProvider):
    """Zones at IIJ DNS Platform Service.

    ::

        providers:
          dpf:
            class: mailsync_providers.iij_dpf.IijDpfProvider
            token: env/DPF_TOKEN        # an access token with the right to edit these zones
            timeout: 60                 # optional: seconds
    """

    HOST = "IIJ DPF"
    SUPPORTS: ClassVar[set[str]] = {
        *("A", "AAAA", "CAA", "CNAME", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "TLSA", "TXT"),
    }
    SUPPORTS_MULTIVALUE_PTR = True

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        token: str,
        *args: Any,
        endpoint: str = "https://api.dns-platform.jp/dpf/v1",
        timeout: float | str = 60,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        self._api = Api(
            self.HOST,
            endpoint,
            credentials={"Authorization": f"Bearer {token}"},
            explain=_explained,
            timeout=timeout,
        )

    # ---- Reading ----

    def _names(self) -> Iterable[str]:
        return [str(zone["name"]) for zone in self._list("/zones")]

    def _list(self, path: str, **query: str) -> list[Any]:
        """List all pages: one holds no more than it is asked for, and a hundred if not asked."""
        found: list[Any] = []
        while True:
            page = self._api.get(path, {**query, "limit": _PAGE, "offset": len(found)})["results"]
            found += page
            if len(page) < _PAGE:
                return found

    def _read(self, zone: str) -> Reading | None:
        origin = dns.name.from_text(zone)
        for one in self._list("/zones", **{"_keywords_name[]": zone.rstrip(".")}):
            if dns.name.from_text(one["name"]) == origin:
                path = f"/zones/{one['id']}"
                rrsets = self._list(f"{path}/records/currents")
                default = 0
                if any(rrset["ttl"] is None for rrset in rrsets):
                    default = number(self._api.get(f"{path}/default_ttl")["result"]["value"])
                rows = (
                    row
                    for rrset in rrsets
                    if rrset["rrtype"] != "SOA"
                    for row in _rows(zone, rrset, default)
                )
                return Reading(zone, tuple(rows), path)
        return None

    def _staged(self, path: str) -> list[Any]:
        return self._list(f"{path}/records/diffs")

    # ---- Writing ----

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        rows = by_key(reading.rows)
        self._refuse_what_cannot_be(zone, changes, reading)
        for change in changes:
            yield self._stage(change, rows.get(change.key, []), reading)
        yield self._publish(zone, changes, reading)

    def _refuse_what_cannot_be(
        self, zone: str, changes: Sequence[RRsetChange], reading: Reading
    ) -> None:
        octodns_zone = Zone(zone, [])
        for change in changes:
            there = by_key(reading.rows).get(change.key, [])
            if change.after is None and len(holdable(octodns_zone, there)) < len(there):
                raise Refused(
                    f"{change}: it also holds values that octoDNS cannot: change it at {self.HOST}"
                )
        others = self._staged(reading.handle)
        if others:
            raise Refused(
                f"{self.HOST} holds {len(others)} edits of this zone that are staged and not "
                f"published (the first: {_named(others[0])}): publish or discard them first"
            )

    def _stage(self, change: RRsetChange, rows: Sequence[Row], reading: Reading) -> Step:
        path = f"{reading.handle}/records"
        after = change.after

        def send() -> None:
            if after is None:
                self._job("DELETE", f"{path}/{rows[0].id}")
                return
            there = [row for row in rows if row.rdata is None or row.rdata in after.rdatas]
            coming = sorted(after.rdatas - {row.rdata for row in there})
            texts = [*(row.raw["value"] for row in there), *(rdata.to_text() for rdata in coming)]
            body: dict[str, Any] = {
                "ttl": after.ttl,
                "rdata": [{"value": text} for text in texts],
            }
            if not rows:
                name = {"name": change.owner.to_text(), "rrtype": change.rdtype}
                self._job("POST", path, {**name, **body, "description": ""})
                return
            if rows[0].raw["ttl"] is None and after.ttl == rows[0].ttl:
                body["ttl"] = None  # it keeps following the zone's default
            body["description"] = rows[0].raw["description"]
            self._job("PATCH", f"{path}/{rows[0].id}", body)

        def done(_now: Reading) -> bool:
            return any(_key(diff) == change.key for diff in self._staged(reading.handle))

        return Step(f"{change} staged", send, done)

    def _publish(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Step:
        octodns_zone = Zone(zone, [])

        def send() -> None:
            ours = {change.key for change in changes}
            others = [diff for diff in self._staged(reading.handle) if _key(diff) not in ours]
            if others:
                raise Refused(f"somebody else has staged an edit meanwhile ({_named(others[0])})")
            self._job("PATCH", f"{reading.handle}/changes", {"description": "octoDNS"})

        def done(now: Reading) -> bool:
            rows = by_key(now.rows)
            return all(
                values_of(octodns_zone, rows.get(change.key, [])) == change.after
                for change in changes
            )

        return Step("published", send, done)

    def _job(self, method: str, path: str, body: Any = None) -> None:
        """Send a request, and wait until it has been carried out."""
        answer = self._api.write(method, path, body)
        job = answer.get("request_id") if isinstance(answer, dict) else None
        if not job:
            raise OutcomeUnknown(f"{self.HOST}: the API's answer names no job")
        pause = _http.FIRST_PAUSE / 5
        for _ in range(_POLLS):
            try:
                state = self._api.get(f"/jobs/{job}")
            except ApiError as error:
                raise OutcomeUnknown(f"{error}, and so it is not known how the job ended") from None
            if state["status"] == "SUCCESSFUL":
                return
            if state["status"] != "RUNNING":
                why = _http.one_line(f"{state.get('error_type')}: {state.get('error_message')}")
                raise Refused(f"{self.HOST}: the job failed ({why})")
            _http.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise OutcomeUnknown(f"{self.HOST}: the job is not done after {_POLLS} looks at it")

    def _roll_back(
        self, reading: Reading, changes: Sequence[RRsetChange], written: Sequence[str]
    ) -> str:
        """Take back what was staged; say how the zone is left."""
        ours = {change.key for change in changes}
        try:
            left = [diff for diff in self._staged(reading.handle) if _key(diff) in ours]
            for diff in left:
                record = diff.get("new") or diff["old"]
                self._job("DELETE", f"{reading.handle}/records/{record['id']}/changes")
        except ApiError as error:
            return (
                f"edits of this plan may still be staged, and are not published ({error}): discard "
                "them at the DNS host, then plan again"
            )
        if written and not left:
            return "it may have been published: plan again"
        return "what was staged has been taken back; nothing was written"


def _explained(answer: Any) -> str:
    details = answer.get("error_details") or ()
    words = [f"{one.get('code')} {one.get('attribute')}" for one in details]
    return ": ".join([str(answer["error_type"]), str(answer["error_message"]), *words])


def _rows(zone: str, rrset: Any, default: int) -> Iterator[Row]:
    owner = name_in(zone, rrset["name"])
    rdtype = str(rrset["rrtype"])
    ttl = default if rrset["ttl"] is None else number(rrset["ttl"])
    about = {"ttl": rrset["ttl"], "description": rrset.get("description", "")}
    for value in rrset["rdata"]:
        rdata: Rdata | None
        try:
            rdata = presented(rdtype, value["value"])
        except BadRow:
            rdata = None
        yield Row(owner, rdtype, ttl, rdata, str(rrset["id"]), {**value, **about})


def _key(diff: Any) -> tuple[Name, str]:
    """Tell which RRset a staged edit is of."""
    record = diff.get("new") or diff["old"]
    return (dns.name.from_text(record["name"]), str(record["rrtype"]))


def _named(diff: Any) -> str:
    record = diff.get("new") or diff["old"]
    who = record.get("operator")
    return _http.one_line(f"{record['name']} {record['rrtype']}" + (f" by {who}" if who else ""))
