"""What is live at a domain, each piece in the words of the key that would hold it.

A service's records are written in the same words, with placeholders: see `fitting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailsync.desired.services.model import Service
from mailsync.desired.services.recognition import Trace, recognised
from mailsync.desired.tree import Node
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import BadValue, Key, RRset, txt_text
from mailsync.importing import others
from mailsync.importing.model import Entry, Found
from mailsync.importing.names import owner
from mailsync.importing.nodes import mapping, text, word
from mailsync.mail import mx as mx_record
from mailsync.mail import spf


@dataclass(frozen=True, slots=True)
class Atom:
    """One live piece: the key that would hold it, what would stand there, and where it is live.

    ``trace`` and ``sign``: by what a service is known, where it can be.
    """

    key: str
    node: Node
    rrset: Key
    value: str
    trace: Trace | None = None
    sign: str = ""


def atoms(found: Found, domain: str, entries: Iterable[Entry]) -> tuple[Atom, ...]:
    """Give all that is live at or below a domain and that a service might ask for.

    ``entries``: what a file can say; what it cannot is no service's to ask for either.
    """
    said = {(key, value) for one in entries for key, values in one.live.items() for value in values}
    return tuple(
        atom
        for rrset in found.rrsets.values()
        if is_at_or_below(rrset.name, domain) and found.holds(rrset.name)
        for atom in _of(rrset, domain)
        if atom.key == "records" or (atom.rrset, atom.value) in said
    )


def known_by(services: Sequence[Service], atom: Atom) -> tuple[Service, ...]:
    """Give the services that a piece is a sign of."""
    return () if atom.trace is None else recognised(services, atom.trace, atom.sign)


def named(services: Sequence[Service], entry: Entry, found: Found) -> str:
    """Name the services whose signs an entry's values are, for a comment."""
    names = [
        service.name
        for key, values in entry.live.items()
        for atom in _of(found.rrsets[key], entry.domain)
        if atom.value in values and atom.key == entry.key
        for service in known_by(services, atom)
    ]
    return ", ".join(dict.fromkeys(names))


def _of(rrset: RRset, domain: str) -> Iterator[Atom]:
    if rrset.name == domain and rrset.type == "MX":
        for value in rrset.values:
            host = shown(mx_record.parse(value).exchange)
            yield Atom("mx", word(value), rrset.key, value, "mx", host)
    elif rrset.name == domain and rrset.type == "TXT":
        for value in rrset.values:
            yield from _text(rrset, value)
    elif rrset.name.endswith(f"._domainkey.{domain}") and rrset.type in {"TXT", "CNAME"}:
        yield from _dkim(rrset, domain)
    elif rrset.key == (f"autodiscover.{domain}", "CNAME"):
        target = rrset.values[0]
        yield Atom("autodiscover", word(target), rrset.key, target, "autodiscover", shown(target))
    elif rrset.type == "SRV" and rrset.name.endswith(f"._tcp.{domain}"):
        service = rrset.name.partition(".")[0].removeprefix("_")
        for value in rrset.values:
            yield Atom("srv", mapping({service: word(value)}), rrset.key, value)
    if rrset.name != domain:
        form = others.written(rrset)
        if form is not None:
            node = mapping({owner(rrset.name, domain): form})
            yield Atom("records", node, rrset.key, " ".join(rrset.values))


def _text(rrset: RRset, value: str) -> Iterator[Atom]:
    try:
        said = txt_text(value)
    except BadValue:
        return
    if not spf.is_spf(said):
        yield Atom("verification", text(said), rrset.key, value, "verification", said)
        return
    try:
        terms = spf.parse(said).mechanisms
    except spf.BadSpf:
        return
    for term in terms:
        if term.qualifier == "+":
            yield Atom("spf", word(str(term)), rrset.key, value, "spf", str(term))


def _dkim(rrset: RRset, domain: str) -> Iterator[Atom]:
    selector = rrset.name.removesuffix(f"._domainkey.{domain}")
    if rrset.type == "CNAME":
        target = rrset.values[0]
        node = mapping({selector: mapping({"cname": word(target)})})
        yield Atom("dkim", node, rrset.key, target, "dkim", shown(target))
    elif len(rrset.values) == 1:
        node = mapping({selector: text(txt_text(rrset.values[0]))})
        yield Atom("dkim", node, rrset.key, rrset.values[0])
