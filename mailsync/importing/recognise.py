"""`imported`: what of a zone a file can say, kind by kind, and the file itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.importing import judge, layout, others, routes, texts, traces
from mailsync.importing.below import mail_domains
from mailsync.importing.draft import Uses
from mailsync.importing.model import Entry, Found, Import, Left, Loader
from mailsync.importing.parked import without_mail
from mailsync.importing.uses import used

_KINDS = (
    routes.mx,
    texts.spf,
    texts.dkim,
    texts.dmarc,
    texts.mta_sts,
    texts.tls_rpt,
    texts.bimi,
    routes.autodiscover,
    routes.autoconfig,
    routes.srv,
    texts.verification,
)

FOREIGN = "no mail"
"""Why most of a zone is left alone."""

NO_MAIL = "No mail was found. If there is to be none, write 'mail: none'."


def imported(found: Found, loader: Loader, now: datetime) -> Import:
    """Write the file of a zone as it is. ``now`` (aware) is when the plan is tried on it."""
    # Whatever order the zone was listed in: the same zone is the same file.
    found = replace(found, rrsets=dict(sorted(found.rrsets.items())))
    domains = mail_domains(found)
    entries, left = _heard(found, _recognised(found, domains), loader)
    for domain in domains:
        entries = without_mail(found, domain, entries, loader)
    unfit: set[str] = set()
    while True:
        uses = {domain: used(found, domain, entries, loader.services, unfit) for domain in domains}
        more, other = _heard(found, _rest(found, entries, left, uses), loader)
        every = [_noted(found, one, uses, loader) for one in (*entries, *more)]
        verdict = judge.settled(found, every, [*left, *other], uses, loader, now)
        if verdict.unfit is None:
            break
        unfit.add(verdict.unfit.service.id)
    below = found.unlisted if verdict.entries else (NO_MAIL, *found.unlisted)
    text = layout.written(verdict.draft.pieces, (_title(found),), below)
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
        if isinstance(one, Left):
            left.append(one)
            continue
        beside: list[Entry] = []
        if one.key == "mta_sts":
            # The policy speaks of the hosts that MX names.
            beside = [other for other in entries if (other.domain, other.key) == (one.domain, "mx")]
        judged = judge.heard(found, one, loader, beside)
        if isinstance(judged, Entry):
            entries.append(judged)
        else:
            left += judged
    return entries, left


def _recognised(found: Found, domains: tuple[str, ...]) -> Iterator[Entry | Left]:
    for domain in domains:
        for kind in _KINDS:
            yield from kind(found, domain)
    yield from routes.hosts(found, domains)
    yield from routes.tlsa(found)
    yield from others.ptr(found)
    yield from others.included(found, domains)


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
            yield Left(found.zone, "", key, values, FOREIGN)
        elif found.delegated(key[0]) and key[1] not in {"NS", "DS"}:
            yield Left(found.zone, "", key, values, "below a delegation")
        else:
            yield from others.record(found, rrset)
