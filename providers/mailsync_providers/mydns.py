"""octoDNS provider for MyDNS.jp (https://www.mydns.jp/).

MyDNS.jp's API, made for certbot, sets one thing: TXT at ``_acme-challenge``. It lists nothing, and
sets no MX, SPF, DKIM or DMARC record. What a person can do is in the members' web form. This
provider fills in that form, as an experiment and only where it is asked to; otherwise it says why
it cannot help. Whether the terms of use allow it is for the account's owner to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import dns.name

from mailsync_providers._api_provider import Reading, WholeZoneProvider
from mailsync_providers._html_forms import Form, forms
from mailsync_providers._http import Api, ApiError, OutcomeUnknown, Refused, Unreachable
from mailsync_providers._records import (
    BadRow,
    Row,
    RRsetChange,
    host_of,
    mx,
    name_in,
    presented,
    relative,
    target_of,
    text_of,
    txt,
)
from mailsync_providers._zonefile_values import rdatas_of

if TYPE_CHECKING:
    from dns.rdata import Rdata
    from octodns.record import Record
    from octodns.zone import Zone

_WHY_NOT = (
    "MyDNS.jp's API sets TXT records at _acme-challenge and nothing else, and lists no records: no "
    "MX, SPF, DKIM or DMARC can be set by it. Change them by hand, or let this provider fill in "
    "the members' web form: web_form: true (experimental)"
)
_MEMBERS = "/members/"
_DOMAIN = "DNSINFO[domainname]"
_MX = re.compile(r"DNSINFO\[mx\]\[(\d+)\]")
_HOSTNAME = re.compile(r"DNSINFO\[hostname\]\[(\d+)\]")
_ACCEPTED = "We accepted your Domain"


class MyDnsProvider(WholeZoneProvider):
    """The one domain of a MyDNS.jp account, by its web form (experimental).

    ::

        providers:
          mydns:
            class: mailsync_providers.mydns.MyDnsProvider
            masterid: env/MYDNS_MASTERID
            password: env/MYDNS_PASSWORD
            web_form: true              # without it, every use is refused with the reason
            ttl: 300                    # what its servers answer: see `dig +norecurse`
            timeout: 60                 # optional: seconds

    The form knows no TTL: ``ttl`` says which one is served, in seconds.
    """

    HOST = "MyDNS.jp"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CNAME", "MX", "TXT"}

    def __init__(  # each is a setting of its own
        self,
        id: str,  # noqa: A002  # octoDNS' name
        masterid: str,
        password: str,
        *args: Any,
        web_form: bool = False,
        ttl: int | str = 0,
        endpoint: str = "https://www.mydns.jp",
        timeout: float | str = 60,
        **kwargs: Any,
    ) -> None:
        super().__init__(id, *args, **kwargs)
        self._login = {"MENU": "100", "masterid": str(masterid), "masterpwd": str(password)}
        self._web_form = web_form
        if web_form and not (str(ttl).isdecimal() and 0 < int(ttl) < 2**31):
            raise ApiError(f"provider {id}: ttl: give the TTL in seconds that MyDNS.jp serves")
        self.TTL_MIN = self.TTL_MAX = int(ttl) if web_form else 0
        self._api = Api(self.HOST, endpoint, secrets=[str(password)], timeout=timeout)

    def _form(self) -> Form:
        """Get the form with the domain's records, logging in where that is asked."""
        if not self._web_form:
            raise Refused(_WHY_NOT)
        page = self._api.read(_MEMBERS).text
        found = _with(_DOMAIN, page)
        if found is None and _with("masterid", page) is not None:
            page = self._api.read(_MEMBERS, method="POST", data=self._login).text
            found = _with(_DOMAIN, page)
            if found is None and _with("masterid", page) is not None:
                raise Refused(f"{self.HOST}: the credentials are refused: check masterid, password")
        if found is None:
            raise Unreachable(f"{self.HOST}: the web form is not what this provider knows")
        return found

    def _names(self) -> Iterable[str]:
        return [self._form().fields[_DOMAIN]]

    def _read(self, zone: str) -> Reading | None:
        form = self._form()
        if dns.name.from_text(form.fields[_DOMAIN]) != dns.name.from_text(zone):
            return None
        rows = [
            row
            for name in form.fields
            if (row := _row(zone, name, form.fields, self.TTL_MIN)) is not None
        ]
        return Reading(zone, tuple(rows), form)

    def _replace(self, changes: Sequence[RRsetChange], reading: Reading) -> None:
        form: Form = reading.handle
        fields = _changed(changes, reading)
        page = self._api.send("POST", form.action or _MEMBERS, data=fields).text
        confirm = _with("JOB", page)
        if confirm is None or confirm.fields["JOB"] != "CHANGE":
            raise Refused(f"{self.HOST}: the web form was not accepted")
        page = self._api.send("POST", confirm.action or _MEMBERS, data=confirm.fields).text
        if _ACCEPTED not in page:
            raise OutcomeUnknown(f"{self.HOST}: the last page does not say that all was accepted")

    def _objection(self, zone: Zone, record: Record) -> str:
        if record._type == "MX" and record.fqdn != zone.name:  # noqa: SLF001  # octoDNS' name
            return "MyDNS.jp's form has no MX below the zone"
        rdatas: list[Any] = rdatas_of(record)
        for rdata in rdatas:
            if record._type == "MX" and rdata.exchange == dns.name.root:  # noqa: SLF001
                return "MyDNS.jp's form has no null MX"
            if record._type == "TXT" and _unclear(text_of(rdata)):  # noqa: SLF001
                return (
                    "a text must not be empty here, begin with a quotation mark, have a blank at "
                    "either end or hold control characters"
                )
        return ""


def _with(name: str, page: str) -> Form | None:
    return next((form for form in forms(page) if name in form.fields), None)


def _unclear(text: str) -> bool:
    return bool(re.search(r"^$|^[\s\"]|\s$|[\x00-\x1f\x7f]", text))


def _row(zone: str, name: str, fields: dict[str, str], ttl: int) -> Row | None:
    """Read what a field begins: a line of the table of MX, or of the other one."""
    rdata: Rdata | None
    if match := _MX.fullmatch(name):
        if not fields[name].strip():
            return None
        try:
            rdata = mx(fields.get(f"DNSINFO[prio][{match[1]}]"), _host(fields[name]))
        except BadRow:
            rdata = None
        return Row(dns.name.from_text(zone), "MX", ttl, rdata, name)
    match = _HOSTNAME.fullmatch(name)
    if match is None or not fields[name].strip():
        return None
    rdtype = fields.get(f"DNSINFO[type][{match[1]}]", "")
    content = fields.get(f"DNSINFO[content][{match[1]}]", "")
    try:
        owner = name_in(zone, fields[name].strip())
        rdata = _rdata(rdtype, content)
    except BadRow:
        return Row(dns.name.from_text(zone), rdtype, ttl, None, name)
    return Row(owner, rdtype, ttl, rdata, name)


def _rdata(rdtype: str, content: str) -> Rdata | None:
    match rdtype:
        case "A" | "AAAA":
            return presented(rdtype, content.strip())
        case "CNAME":
            return target_of(rdtype, _host(content))
        case "TXT":
            return None if _unclear(content) else txt(content)
    return None


def _host(text: str) -> str:
    """Read a host's whole name; one label alone may be meant as the zone's."""
    if "." not in text.strip().rstrip("."):
        raise BadRow(f"{text!r} may be relative or not")
    return text.strip()


def _changed(changes: Sequence[RRsetChange], reading: Reading) -> dict[str, str]:
    """Give the form's fields with the changes made; raises `Refused` where there is no room."""
    fields: dict[str, str] = dict(reading.handle.fields)
    for change in changes:
        rows = [row for row in reading.rows if row.key == change.key]
        wanted = change.after.rdatas if change.after is not None else frozenset()
        for row in rows:
            if row.rdata is not None and row.rdata not in wanted:
                _clear(fields, row.id)
    for change in changes:
        there = {row.rdata for row in reading.rows if row.key == change.key}
        wanted = change.after.rdatas if change.after is not None else frozenset()
        for rdata in sorted(wanted - there):
            _enter(fields, change, rdata, reading.zone)
    return fields


def _clear(fields: dict[str, str], name: str) -> None:
    fields[name] = ""
    if match := _HOSTNAME.fullmatch(name):
        # How an unused line looks.
        fields[f"DNSINFO[type][{match[1]}]"] = "A"
        fields[f"DNSINFO[content][{match[1]}]"] = ""


def _enter(fields: dict[str, str], change: RRsetChange, rdata: Any, zone: str) -> None:
    table = _MX if change.rdtype == "MX" else _HOSTNAME
    lines = [match for match in map(table.fullmatch, fields) if match is not None]
    free = next((match for match in lines if not fields[match[0]].strip()), None)
    if free is None:
        raise Refused(f"{change}: all {len(lines)} lines of MyDNS.jp's form are in use")
    if change.rdtype == "MX":
        fields[free[0]] = host_of(rdata).rstrip(".")
        fields[f"DNSINFO[prio][{free[1]}]"] = str(rdata.preference)
        return
    fields[free[0]] = relative(change.owner, zone)
    fields[f"DNSINFO[type][{free[1]}]"] = change.rdtype
    text = text_of(rdata) if change.rdtype == "TXT" else rdata.to_text().rstrip(".")
    fields[f"DNSINFO[content][{free[1]}]"] = text
