"""octoDNS provider for Value-Domain (https://www.value-domain.com/api/doc/domain/).

A zone is one text there, a line for each value, with one TTL for all of it, and it is written as a
whole. Lines that are not part of a change go back octet for octet, whether or not they are
understood. A line that could be read in two ways (a host name of several labels without a final
dot) is not read at all, and its RRset not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import dns.name

from mailsync_providers._api_provider import Reading, Step, WholeZoneProvider
from mailsync_providers._http import Api, Refused
from mailsync_providers._records import (
    BadRow,
    Row,
    RRsetChange,
    by_key,
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
    from dns.rdata import Rdata
    from octodns.record import Record
    from octodns.zone import Zone

_PAGE = 100
_PAGES_MAX = 1000


@dataclass(frozen=True)
class _ZoneText:
    """What the API shows of a zone: ``ttl`` in seconds, for all of it."""

    text: str
    ttl: int
    ns_type: str

    @property
    def lines(self) -> list[str]:
        """The lines, with whatever else stands before the line break (a CR, say)."""
        return self.text.split("\n")


class ValueDomainProvider(WholeZoneProvider):
    """Zones at Value-Domain.

    ::

        providers:
          valuedomain:
            class: mailsync_providers.value_domain.ValueDomainProvider
            token: env/VALUE_DOMAIN_TOKEN
            timeout: 60                     # optional: seconds

    All RRsets of a zone have one TTL. A plan that gives a TTL to some of them only is refused; one
    that gives the same new TTL to all of them is carried out.
    """

    HOST = "Value-Domain"
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT"}

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' name
        token: str,
        *args: Any,
        endpoint: str = "https://api.value-domain.com/v1",
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

    def _names(self) -> Iterable[str]:
        """List the account's domains until a page brings none that is new."""
        names: dict[str, None] = {}
        for page in range(1, _PAGES_MAX):
            answer = self._api.get("/domains", {"limit": _PAGE, "page": page})
            found = [str(one["domainname"]) for one in answer["results"] or ()]
            if not set(found) - names.keys():
                break
            names |= dict.fromkeys(found)
        return names

    def _read(self, zone: str) -> Reading | None:
        try:
            results = self._api.get(self._path(zone))["results"]
        except Refused as error:
            if error.status in {401, 403, 429} or zone in self.list_zones():
                raise
            return None
        content = _ZoneText(
            str(results["records"] or ""), number(results["ttl"]), str(results["ns_type"])
        )
        rows = (_row(zone, at, line, content.ttl) for at, line in enumerate(content.lines))
        return Reading(zone, tuple(row for row in rows if row is not None), content)

    def _path(self, zone: str) -> str:
        return f"/domains/{quote(zone.rstrip('.'), safe='')}/dns"

    def _steps(self, zone: str, changes: Sequence[RRsetChange], reading: Reading) -> Iterator[Step]:
        for change in changes:
            for row in by_key(reading.rows).get(change.key, ()):
                if row.rdata is None:
                    raise Refused(
                        f"{change}: line {int(row.id) + 1}, {row.raw.strip()!r}, can be read in "
                        "two ways: end its host name with a dot in the control panel"
                    )
        _ttl_after(changes, reading)
        return super()._steps(zone, changes, reading)

    def _replace(self, changes: Sequence[RRsetChange], reading: Reading) -> None:
        content: _ZoneText = reading.handle
        body = {
            "ns_type": content.ns_type,
            "records": _changed(changes, reading),
            "ttl": _ttl_after(changes, reading),
        }
        self._api.write("PUT", self._path(reading.zone), body)

    def _objection(self, zone: Zone, record: Record) -> str:
        if record._type == "MX" and record.fqdn != zone.name:  # noqa: SLF001  # octoDNS' name
            return "Value-Domain's text has no form for an MX below the zone: move the name away"
        if record._type == "TXT":  # noqa: SLF001
            texts = [text_of(rdata) for rdata in rdatas_of(record)]
            if any(re.search(r"^$|^[\s\"]|\s$|[\x00-\x1f\x7f]", text) for text in texts):
                return (
                    "a text must not be empty here, begin with a quotation mark, have a blank at "
                    "either end or hold control characters"
                )
        return ""


def _explained(answer: Any) -> str:
    """Find the words of an error, whose form is not documented."""
    errors = answer.get("errors") or answer.get("error") or answer.get("message") or answer
    return str(errors.get("message", errors) if isinstance(errors, dict) else errors)


def _ttl_after(changes: Sequence[RRsetChange], reading: Reading) -> int:
    """Find the zone's TTL after the changes; raises `Refused` where there would be several."""
    now: int = reading.handle.ttl
    asked = {change.after.ttl for change in changes if change.after is not None}
    changed = {change.key for change in changes}
    if asked <= {now}:
        return now
    # octoDNS does not manage the zone's own NS here; they go along.
    changed.add((dns.name.from_text(reading.zone), "NS"))
    if len(asked) == 1 and all(row.key in changed for row in reading.rows):
        return asked.pop()
    odd = next(c for c in changes if c.after is not None and c.after.ttl != now)
    assert odd.after is not None  # noqa: S101  # it is what was looked for
    raise Refused(
        f"{odd}: {ValueDomainProvider.HOST} has one TTL for the whole zone, {now} s, and cannot "
        f"give {odd.after.ttl} s to some of it: change the TTL of all records, or of none"
    )


def _row(zone: str, at: int, line: str, ttl: int) -> Row | None:
    """Read a line; None where it is none that we know, a row without rdata where it is unclear."""
    fields = line.rstrip("\r").split(None, 2)
    if len(fields) < 3:
        return None
    kind = fields[0].upper()
    owner = dns.name.from_text(zone)
    try:
        if kind != "MX":
            owner = _owner(zone, fields[1])
        rdata = _rdata(zone, kind, fields[1], fields[2])
    except BadRow:
        return Row(owner, kind, ttl, None, str(at), line)
    return None if rdata is None else Row(owner, kind, ttl, rdata, str(at), line)


def _rdata(zone: str, kind: str, first: str, rest: str) -> Rdata | None:
    match kind:
        case "A" | "AAAA":
            return presented(kind, rest.strip())
        case "CNAME" | "NS":
            return target_of(kind, _host(zone, rest.strip()))
        case "MX":
            return mx(rest.strip(), _host(zone, first))
        case "SRV":
            numbers, _, target = rest.strip().rpartition(" ")
            fields = numbers.split()
            if len(fields) != 3:
                raise BadRow(f"{rest!r} is not priority, weight, port and target")
            return srv(fields[0], fields[1], fields[2], _host(zone, target))
        case "TXT":
            if rest.startswith('"'):
                raise BadRow("quotation marks that may or may not be part of the text")
            return txt(rest)
    return None


def _owner(zone: str, text: str) -> dns.name.Name:
    """Read an owner, which is relative; one that already ends in the zone's name is unclear."""
    bare = f".{zone.rstrip('.')}"
    if text.endswith(".") or f".{text.lower()}".endswith(bare):
        raise BadRow(f"{text!r} may be relative or not")
    return name_in(zone, text)


def _host(zone: str, text: str) -> str:
    """Read a host: ``@``, one label of the zone, or a name with its final dot."""
    if not text.endswith(".") and "." in text:
        raise BadRow(f"{text!r} may be relative or not")
    return name_in(zone, text).to_text() if not text.endswith(".") else text


def _changed(changes: Sequence[RRsetChange], reading: Reading) -> str:
    """Give the text anew: what stays as it is, what comes where its RRset stands."""
    rows = {int(row.id): row for row in reading.rows}
    wanted = {change.key: change for change in changes}
    last = {row.key: at for at, row in rows.items()}
    old: list[str] = reading.handle.lines
    end = "\r" if old[0].endswith("\r") else ""
    lines = []
    for at, line in enumerate(old):
        row = rows.get(at)
        change = wanted.get(row.key) if row is not None else None
        if row is None or change is None:
            lines.append(line)
            continue
        if change.after is not None and row.rdata in change.after.rdatas:
            lines.append(line)
        if last[row.key] == at:
            lines += [f"{text}{end}" for text in _arriving(change, reading)]
    new = [
        f"{text}{end}"
        for key, change in wanted.items()
        if key not in last
        for text in _arriving(change, reading)
    ]
    if new and lines and not lines[-1].strip():
        # The text ends with a line break, or blank lines: what is new comes before them.
        return "\n".join([*lines[:-1], *new, lines[-1]])
    return "\n".join([*lines, *new])


def _arriving(change: RRsetChange, reading: Reading) -> list[str]:
    if change.after is None:
        return []
    there = {row.rdata for row in reading.rows if row.key == change.key}
    owner = relative(change.owner, reading.zone)
    return [_line(owner, change.rdtype, rdata) for rdata in sorted(change.after.rdatas - there)]


def _line(owner: str, rdtype: str, rdata: Any) -> str:
    match rdtype:
        case "MX":
            return f"mx {rdata.exchange.to_text()} {rdata.preference}"
        case "TXT":
            return f"txt {owner} {text_of(rdata)}"
    return f"{rdtype.lower()} {owner} {rdata.to_text()}"
