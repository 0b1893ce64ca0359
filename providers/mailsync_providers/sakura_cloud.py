"""octoDNS provider for Sakura Cloud DNS (https://manual.sakura.ad.jp/cloud-api/1.1/appliance/).

The API takes a zone as a whole. Records that are not part of a change go back as they came, in
their order, and with them the hash of the settings that were read, so that a change in between can
be noticed. octodns-sakuracloud (0.0.1) writes every record anew from octoDNS' view of it, caches
what it read, and meets the API's limits (texts, `example` labels, null MX) only when it is refused.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import dns.name

from mailsync_providers._api_provider import Reading, WholeZoneProvider
from mailsync_providers._http import Api, Unreachable
from mailsync_providers._records import (
    BadRow,
    Row,
    RRsetChange,
    name_in,
    number,
    presented,
    relative,
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

_DEFAULT_TTL = 3600
"""Of records that carry none."""
_NS_TTL = 86400
"""Taken for the TTL of the zone's own NS, which the API does not tell: a day at most."""
_TEXT_MAX = 500
_CAA_MAX = 64
_PAGE = 100
_EXAMPLE = re.compile(rb"example[0-9]?", re.IGNORECASE)


class SakuraCloudProvider(WholeZoneProvider):
    """Zones at Sakura Cloud.

    ::

        providers:
          sakura:
            class: mailsync_providers.sakura_cloud.SakuraCloudProvider
            token: env/SAKURACLOUD_ACCESS_TOKEN         # an API key that may change settings
            secret: env/SAKURACLOUD_ACCESS_TOKEN_SECRET
            timeout: 60                                 # optional: seconds
    """

    HOST = "Sakura Cloud"
    SUPPORTS: ClassVar[set[str]] = {
        *("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"),
    }
    SUPPORTS_MULTIVALUE_PTR = True

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        token: str,
        secret: str,
        *args: Any,
        endpoint: str = "https://secure.sakura.ad.jp/cloud/zone/is1a/api/cloud/1.1",
        timeout: float | str = 60,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        basic = b64encode(f"{token}:{secret}".encode()).decode()
        self._api = Api(
            self.HOST,
            endpoint,
            credentials={"Authorization": f"Basic {basic}"},
            secrets=[str(secret)],
            explain=lambda answer: html.unescape(f"{answer['error_code']}: {answer['error_msg']}"),
            timeout=timeout,
        )

    def _items(self) -> Iterator[Any]:
        """Give all zones with all their records, page by page."""
        start = 0
        while True:
            query = {"From": start, "Count": _PAGE, "Filter": {"Provider.Class": "dns"}}
            page = self._api.get(f"/commonserviceitem?{quote(json.dumps(query))}")
            items = page["CommonServiceItems"]
            yield from (one for one in items if one["Provider"]["Class"] == "dns")
            start += len(items)
            if start >= number(page["Total"]):
                return
            if not items:
                raise Unreachable(f"{self.HOST}: lists {start} of {page['Total']} zones, no more")

    def _names(self) -> Iterable[str]:
        return [str(item["Status"]["Zone"]) for item in self._items()]

    def _read(self, zone: str) -> Reading | None:
        origin = dns.name.from_text(zone)
        for item in self._items():
            if dns.name.from_text(item["Status"]["Zone"]) == origin:
                records = item["Settings"]["DNS"]["ResourceRecordSets"]
                rows = [_row(zone, at, record) for at, record in enumerate(records)]
                own = [
                    Row(origin, "NS", _NS_TTL, target_of("NS", name))
                    for name in item["Status"].get("NS") or ()
                ]
                if any(row.key == (origin, "NS") for row in rows):
                    own = []
                return Reading(zone, (*rows, *own), item)
        return None

    def _replace(self, changes: Sequence[RRsetChange], reading: Reading) -> None:
        item = reading.handle
        settings = {
            **item["Settings"],
            "DNS": {
                **item["Settings"]["DNS"],
                "ResourceRecordSets": _changed(changes, reading),
            },
        }
        body = {"Settings": settings, "SettingsHash": item.get("SettingsHash", "")}
        path = f"/commonserviceitem/{item['ID']}"
        self._api.write("PUT", path, {"CommonServiceItem": body})

    def _objection(self, zone: Zone, record: Record) -> str:
        rdatas: list[Any] = rdatas_of(record)
        owner = dns.name.from_text(record.fqdn).relativize(dns.name.from_text(zone.name))
        if _has_example(owner):
            return "Sakura Cloud takes no name with a label such as 'example'"
        for rdata in rdatas:
            why = _value_objection(record._type, rdata)  # noqa: SLF001  # octoDNS' name for it
            if why:
                return why
        return ""


def _value_objection(rdtype: str, rdata: Any) -> str:
    host = getattr(rdata, "exchange", getattr(rdata, "target", None))
    if host == dns.name.root:
        return f"Sakura Cloud takes no null {rdtype} ('.' as the host)"
    if host is not None and _has_example(host):
        return "Sakura Cloud takes no host with a label such as 'example'"
    if rdtype == "TXT":
        text = text_of(rdata)
        if '"' in text or "\\" in text:
            return "Sakura Cloud takes no quotation mark and no backslash in a text"
        if len(text) > _TEXT_MAX:
            return (
                f"Sakura Cloud takes texts of up to {_TEXT_MAX} characters, not {len(text)}: for "
                "DKIM use a shorter key, or a CNAME"
            )
    if rdtype == "CAA" and len(rdata.value) > _CAA_MAX:
        return f"Sakura Cloud takes CAA values of up to {_CAA_MAX} characters"
    return ""


def _has_example(name: Name) -> bool:
    return any(_EXAMPLE.fullmatch(label) for label in name.labels)


def _row(zone: str, at: int, record: Any) -> Row:
    rdtype = str(record["Type"])
    owner = name_in(zone, record["Name"])
    ttl = number(record.get("TTL") or _DEFAULT_TTL)
    rdata: Rdata | None
    try:
        if rdtype == "TXT":
            rdata = txt(record["RData"])
        else:
            rdata = presented(rdtype, record["RData"], dns.name.from_text(zone))
    except BadRow:
        rdata = None
    return Row(owner, rdtype, ttl, rdata, f"#{at}", record)


def _changed(changes: Sequence[RRsetChange], reading: Reading) -> list[Any]:
    """Give all records anew: those that stay as they are, the others where their RRset stands."""
    wanted = {change.key: change for change in changes}
    last = {row.key: at for at, row in enumerate(reading.rows) if row.id}
    records = []
    for at, row in enumerate(reading.rows):
        change = wanted.get(row.key)
        if not row.id:
            continue
        if change is None or row.rdata is None:
            records.append(row.raw)
        elif change.after is not None and row.rdata in change.after.rdatas:
            same = row.ttl == change.after.ttl
            records.append(row.raw if same else {**row.raw, "TTL": change.after.ttl})
        if change is not None and last[row.key] == at:
            records += _arriving(change, reading)
    for key, change in wanted.items():
        if key not in last:
            records += _arriving(change, reading)
    return records


def _arriving(change: RRsetChange, reading: Reading) -> list[Any]:
    """Give the records of the values that come."""
    if change.after is None:
        return []
    there = {row.rdata for row in reading.rows if row.key == change.key}
    return [
        {
            "Name": relative(change.owner, reading.zone),
            "Type": change.rdtype,
            "RData": text_of(rdata) if change.rdtype == "TXT" else rdata.to_text(),
            "TTL": change.after.ttl,
        }
        for rdata in sorted(change.after.rdatas - there)
    ]
