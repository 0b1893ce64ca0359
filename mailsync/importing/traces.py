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
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.importing import others
from mailsync.importing.model import Entry, Found
from mailsync.importing.names import owner
from mailsync.importing.nodes import mapping, text, word
from mailsync.mail import mx as mx_record
from mailsync.mail import spf


@dataclass(frozen=True, slots=True)
class Atom:
    """One live piece: the key that would hold it, what would stand there, and where it is live.

    ``value``: empty for a whole RRset. ``signs``: by what a service is known, as far as it is.
    """

    key: str
    node: Node
    rrset: Key
    value: str
    signs: tuple[tuple[Trace, str], ...] = ()


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
    found = (one for trace, sign in atom.signs for one in recognised(services, trace, sign))
    return tuple(dict.fromkeys(found))


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
    if rrset.name == domain:
        yield from _at(rrset)
        return
    if rrset.name.endswith(f"._domainkey.{domain}") and rrset.type in {"TXT", "CNAME"}:
        yield from _dkim(rrset, domain)
    elif rrset.key == (f"autodiscover.{domain}", "CNAME"):
        target = rrset.values[0]
        signs: _Signs = (("autodiscover", shown(target)),)
        yield Atom("autodiscover", word(target), rrset.key, target, signs)
    elif rrset.type == "SRV" and rrset.name.endswith(f"._tcp.{domain}"):
        service = rrset.name.partition(".")[0].removeprefix("_")
        for value in rrset.values:
            yield Atom("srv", mapping({service: word(value)}), rrset.key, value)
    form = others.written(rrset)
    if form is not None:
        node = mapping({owner(rrset.name, domain): form})
        inside = tuple(sign for atom in _at(rrset) for sign in atom.signs)
        yield Atom("records", node, rrset.key, "", inside)


_Signs = tuple[tuple[Trace, str], ...]


def _at(rrset: RRset) -> Iterator[Atom]:
    """Take apart what stands at a mail domain itself."""
    if rrset.type == "MX":
        for value in rrset.values:
            host = shown(mx_record.parse(value).exchange)
            yield Atom("mx", word(value), rrset.key, value, (("mx", host),))
    elif rrset.type == "TXT":
        for value in rrset.values:
            yield from _text(rrset, value)


def _text(rrset: RRset, value: str) -> Iterator[Atom]:
    said = txt_text(value)
    if not spf.is_spf(said):
        yield Atom("verification", text(said), rrset.key, value, (("verification", said),))
        return
    try:
        terms = spf.parse(said).mechanisms
    except spf.BadSpf:
        return
    for term in terms:
        if term.qualifier == "+":
            yield Atom("spf", word(str(term)), rrset.key, value, (("spf", str(term)),))


def _dkim(rrset: RRset, domain: str) -> Iterator[Atom]:
    selector = rrset.name.removesuffix(f"._domainkey.{domain}")
    value = rrset.values[0]
    if rrset.type == "CNAME":
        node = mapping({selector: mapping({"cname": word(value)})})
        yield Atom("dkim", node, rrset.key, value, (("dkim", shown(value)),))
    elif len(rrset.values) == 1:
        yield Atom("dkim", mapping({selector: text(txt_text(value))}), rrset.key, value)
