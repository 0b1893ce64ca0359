"""`imported`: what of a zone a file can say, kind by kind, and the file itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailsync.desired.keys import mail
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, txt_text, txt_value
from mailsync.importing import judge, layout, others, routes, texts, traces
from mailsync.importing.draft import Uses
from mailsync.importing.model import Entry, Found, Import, Left, Loader
from mailsync.importing.nodes import word
from mailsync.importing.uses import used
from mailsync.mail import mx, spf

_KINDS = (
    routes.mx,
    texts.spf,
    texts.dkim,
    texts.dmarc,
    texts.mta_sts,
    texts.tls_rpt,
    routes.tlsa,
    routes.autodiscover,
    routes.srv,
    texts.verification,
)
_TAKES_MAIL = frozenset({"hosts", "dkim", "autodiscover", "srv", "tlsa", "mta_sts"})


def imported(found: Found, loader: Loader, now: datetime) -> Import:
    """Write the file of a zone as it is. ``now`` (aware) is when the plan is tried on it."""
    entries, left = _heard(found, _recognised(found), loader)
    entries = _parked(found, entries)
    unfit: set[str] = set()
    while True:
        uses = {
            domain: used(found, domain, entries, loader.services, unfit)
            for domain in _domains(found)
        }
        more, other = _heard(found, _rest(found, entries, left, uses), loader)
        every = [_noted(found, one, uses, loader) for one in (*entries, *more)]
        verdict = judge.settled(found, every, [*left, *other], uses, loader, now)
        if verdict.unfit is None:
            break
        unfit.add(verdict.unfit.service.id)
    text = layout.written(verdict.draft.pieces, (_title(found),), found.unlisted)
    services = tuple(use.service.id for group in uses.values() for use in group)
    return Import(found.zone, text, verdict.entries, verdict.left, verdict.still, services)


def _noted(found: Found, one: Entry, uses: Uses, loader: Loader) -> Entry:
    """Name the services whose values these are, where the file does not name them itself."""
    if one.note or one.key == "verification":
        return one
    named = {use.service.id for use in uses.get(one.domain, ())}
    others = [service for service in loader.services if service.id not in named]
    return replace(one, note=traces.named(others, one, found))


def _title(found: Found) -> str:
    what = "All records" if found.everything else "The mail"
    return (
        f"{what} of {shown(found.zone)}, as imported from {found.origin}. What is not named here "
        "is left alone."
    )


def _heard(
    found: Found, ones: Iterator[Entry | Left], loader: Loader
) -> tuple[list[Entry], list[Left]]:
    """Let the loader judge each entry on its own."""
    entries: list[Entry] = []
    left: list[Left] = []
    for one in ones:
        judged = judge.heard(found, one, loader) if isinstance(one, Entry) else (one,)
        if isinstance(judged, Entry):
            entries.append(judged)
        else:
            left += judged
    return entries, left


def _domains(found: Found) -> tuple[str, ...]:
    """Give the mail domains of the zone: itself, and the names below that have mail."""
    return (found.zone,)


def _recognised(found: Found) -> Iterator[Entry | Left]:
    domains = _domains(found)
    for domain in domains:
        for kind in _KINDS:
            yield from kind(found, domain)
        yield from others.included(found, domain)
    yield from routes.hosts(found, domains)
    yield from others.ptr(found)


def _parked(found: Found, entries: Sequence[Entry]) -> list[Entry]:
    """Say ``mail: none`` where that, with the file's own SPF and DMARC, is just what is live."""
    by_key = {one.key: one for one in entries}
    null_key = found.get(f"*._domainkey.{found.zone}", "TXT")
    mx_entry, spf_entry = by_key.get("mx"), by_key.get("spf")
    if (
        null_key is None
        or null_key.values != (txt_value(mail.NULL_KEY),)
        or mx_entry is None
        or spf_entry is None
        or "dmarc" not in by_key
        or _TAKES_MAIL & set(by_key)
    ):
        return list(entries)
    silent = _values(mx_entry) == (mx.format(mx.NULL),) and not spf.sends(
        spf.parse(txt_text(_values(spf_entry)[0]))
    )
    if not silent or null_key.ttl != mx_entry.ttl:
        return list(entries)
    meant = {"spf": mail.SPF, "dmarc": mail.DMARC}
    implied = [mx_entry] + [
        one
        for one in entries
        if one.ttl == mx_entry.ttl
        and one.key in meant
        and _values(one) == (txt_value(meant[one.key]),)
    ]
    live: dict[Key, tuple[str, ...]] = {null_key.key: null_key.values}
    for one in implied:
        live.update(one.live)
    parked = Entry(found.zone, "mail", None, (word("none"),), live, mx_entry.ttl)
    return [parked, *(one for one in entries if one not in implied)]


def _values(one: Entry) -> tuple[str, ...]:
    (values,) = one.live.values()
    return values


def _rest(
    found: Found, entries: Sequence[Entry], left: Sequence[Left], uses: Uses
) -> Iterator[Entry | Left]:
    """Give what no kind spoke of: whole RRsets, and the values beside ours."""
    spoken: dict[Key, set[str]] = {}
    for one in entries:
        for key, values in one.live.items():
            spoken.setdefault(key, set()).update(values)
    for atom in (atom for group in uses.values() for use in group for atom in use.explains):
        spoken.setdefault(atom.rrset, set()).update(
            found.rrsets[atom.rrset].values if atom.key == "records" else (atom.value,)
        )
    for gone in left:
        spoken.setdefault(gone.key, set()).update(gone.values)
    listing = sorted(found.rrsets.items(), key=lambda pair: (pair[0][0] != found.zone, pair[0]))
    for key, rrset in listing:
        if key[1] == "SOA" or key == (found.zone, "NS"):
            continue
        values = tuple(value for value in rrset.values if value not in spoken.get(key, ()))
        if key in spoken:
            if values:
                yield Left(found.zone, "", key, values, "other values beside ours")
        elif not found.everything:
            yield Left(found.zone, "", key, values, "no mail")
        elif found.delegated(key[0]) and key[1] not in {"NS", "DS"}:
            yield Left(found.zone, "", key, values, "below a delegation")
        else:
            yield from others.record(found, rrset)
