"""The records that will exist, each with where it comes from: as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from mailsync.desired.origins import ABSENT, Origin, Traced
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.document import dumped
from mailsync.plan.printable import printable
from mailsync.report.markdown import cell, code
from mailsync.report.page import Page, cells
from mailsync.report.phrases import counted
from mailsync.report.values import shortened

FORMAT = "mailsync-explain/1"
"""The version of the JSON format."""

_COLUMN = 48
"""Origins stand under one another up to this many cells; a longer value pushes its own aside."""

_OF_MAIL = ("_domainkey", "_dmarc", "_mta-sts", "_smtp", "_tcp", "autodiscover", "_bimi")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One domain: what it asks for, and what else is live.

    ``foreign``: live values of RRsets that it shares, which stay. ``others``: live RRsets of the
    domain that it does not speak of, which stay; None where the DNS host was not asked, or
    ``failed`` to say.
    """

    domain: str
    zone: str
    traced: tuple[Traced, ...]
    foreign: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    others: tuple[RRset, ...] | None = None
    failed: bool = False


def explain_text(found: Sequence[Explanation], *, colour: bool, width: int) -> str:
    """Draw every record with its origins, ``width`` cells wide."""
    page = Page(colour=colour, width=width)
    for one in found:
        page.gap()
        page.put(0, ("bold", printable(shown(one.domain))))
        values = shortened(_texts(one))
        for name, rdtype, ttl, records in _rrsets(one):
            title = f"{printable(name)} {rdtype}"
            parts = _parts(records)
            whole = [f"  {_origin(part)}" for part in parts if part.text == ABSENT]
            page.put(2, ("cyan", title), ("grey", "".join([f"  {_ttl(ttl, records)}", *whole])))
            lines = [(values[part.text], _origin(part)) for part in parts if part.text != ABSENT]
            foreign = one.foreign.get((name, rdtype), ())
            lines += [(values[value], "foreign: stays as it is") for value in foreign]
            column = max((cells(text) for text, _ in lines), default=0)
            for text, origin in lines:
                padding = " " * (min(column, _COLUMN) - cells(text))
                page.put(4, ("plain", text), ("grey", f"{padding}  {origin}"), hang=4)
        _put_others(page, one)
    return page.text()


def explain_markdown(found: Sequence[Explanation]) -> str:
    """Write the same as tables."""
    lines: list[str] = []
    for one in found:
        values = shortened(_texts(one))
        lines += [f"## {code(shown(one.domain))}", ""]
        lines += ["| Record | TTL | Value | From |", "|---|---|---|---|"]
        for name, rdtype, ttl, records in _rrsets(one):
            title, time = cell(f"{name} {rdtype}"), _ttl(ttl, records).removeprefix("TTL ")
            for part in _parts(records):
                source = f"service {cell(part.service)}" if part.service else part.key
                origin = f"{source} {cell(str(part.place))}"
                lines.append(f"| {title} | {time} | {cell(values[part.text])} | {origin} |")
            for value in one.foreign.get((name, rdtype), ()):
                lines.append(f"| {title} | | {cell(values[value])} | foreign: stays as it is |")
        of_mail, rest = _others(one)
        for rrset in of_mail:
            title = cell(f"{rrset.name} {rrset.type}")
            for value in rrset.values:
                text = cell(values[value])
                lines.append(f"| {title} | {rrset.ttl} | {text} | unmanaged: stays as it is |")
        lines += ["", rest, ""] if rest else [""]
    return "\n".join(lines)


def explain_json(found: Sequence[Explanation]) -> str:
    """Write the same as JSON, format ``mailsync-explain/1``."""
    return dumped({"format": FORMAT, "domains": [_domain_json(one) for one in found]})


def _put_others(page: Page, one: Explanation) -> None:
    of_mail, rest = _others(one)
    values = shortened(value for rrset in of_mail for value in rrset.values)
    for rrset in of_mail:
        title = f"{printable(rrset.name)} {rrset.type}"
        page.put(2, ("cyan", title), ("grey", f"  TTL {rrset.ttl}  unmanaged: stays as it is"))
        for value in rrset.values:
            page.put(4, ("plain", values[value]), hang=4)
    if rest:
        page.put(2, ("grey", rest))


def _others(one: Explanation) -> tuple[list[RRset], str]:
    """Give what else is live and speaks of mail, and a sentence on the rest."""
    if one.others is None:
        why = "could not be read" if one.failed else "was not asked"
        return [], f"The DNS host {why}: what else is live there stays as it is."
    of_mail = [rrset for rrset in one.others if _is_of_mail(rrset, one.domain)]
    rest = len(one.others) - len(of_mail)
    return of_mail, f"{counted(rest, 'RRset')} beside: not asked for, not touched." if rest else ""


def _is_of_mail(rrset: RRset, domain: str) -> bool:
    labels = rrset.name.removesuffix(domain).split(".")
    return rrset.type == "MX" or any(label in _OF_MAIL for label in labels)


def _rrsets(one: Explanation) -> list[tuple[str, str, int, list[Traced]]]:
    """Give the RRsets, the domain's own first, each with its lowest TTL."""
    ordered = sorted(one.traced, key=lambda t: (t.wish.name != one.domain, _rrset(t), t.wish.kind))
    grouped = []
    for (name, rdtype), group in groupby(ordered, key=_rrset):
        records = list(group)
        grouped.append((name, rdtype, min(t.wish.ttl for t in records), records))
    return grouped


def _rrset(traced: Traced) -> Key:
    return (traced.wish.name, traced.wish.type)


def _ttl(ttl: int, records: Sequence[Traced]) -> str:
    there = any(traced.wish.values or traced.wish.auto for traced in records)
    return f"TTL {ttl}" if there else ABSENT


def _parts(records: Sequence[Traced]) -> list[Origin]:
    return [origin for traced in records for origin in traced.origins]


def _origin(part: Origin) -> str:
    """Say who asks for it: a service, or a key of the file; and where."""
    source = f"service {part.service}" if part.service else part.key
    return printable(f"{source}  {part.place}")


def _texts(one: Explanation) -> list[str]:
    parts = [origin.text for traced in one.traced for origin in traced.origins]
    foreign = [value for values in one.foreign.values() for value in values]
    return [*parts, *foreign, *(value for rrset in one.others or () for value in rrset.values)]


def _domain_json(one: Explanation) -> dict[str, Any]:
    return {
        "domain": shown(one.domain),
        "zone": shown(one.zone),
        "records": [
            {
                "name": name,
                "type": rdtype,
                "ttl": ttl,
                "values": [value for traced in records for value in traced.wish.values],
                "origins": [
                    {
                        "text": part.text,
                        "service": part.service or None,
                        "key": part.key,
                        "where": str(part.place),
                    }
                    for part in _parts(records)
                ],
                "foreign": list(one.foreign.get((name, rdtype), ())),
            }
            for name, rdtype, ttl, records in _rrsets(one)
        ],
        "others": None
        if one.others is None
        else [
            {"name": r.name, "type": r.type, "ttl": r.ttl, "values": list(r.values)}
            for r in one.others
        ],
    }
