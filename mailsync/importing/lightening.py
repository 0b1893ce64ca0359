"""What services bring need not be written twice: entries without what is in their services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mailsync.desired import tree
from mailsync.desired.faults import Faults
from mailsync.desired.tree import Node
from mailsync.dns.rrset import Key, txt_text
from mailsync.importing import layout
from mailsync.importing.draft import FILE, Uses, drafted
from mailsync.importing.model import Entry, Found, Loader
from mailsync.importing.nodes import listed, mapping
from mailsync.mail import spf

Brought = Mapping[str, Mapping[Key, frozenset[str]]]
"""What the services of each domain bring, by RRset."""

_ALL = ("redirect", "all")


def lightened(
    found: Found, entries: Sequence[Entry], uses: Uses, loader: Loader, ttls: tuple[int, int]
) -> tuple[Entry, ...]:
    """Give what still has to be written beside the services; ``live`` stays what it was.

    ``ttls``: as in `drafted`. What has a TTL of its own is written all the same.
    """
    if not any(uses.values()):
        return tuple(entries)
    lighter = _Lighter(found, uses, loader, ttls)
    return tuple(light for one in entries if (light := lighter.of(one)) is not None)


class _Lighter:
    """Takes from entries what one file's services bring."""

    def __init__(self, found: Found, uses: Uses, loader: Loader, ttls: tuple[int, int]) -> None:
        self._found = found
        self._uses = uses
        self._loader = loader
        self._ttls = ttls
        self._brought = self._read(())

    def of(self, one: Entry) -> Entry | None:
        """Give an entry without what is brought; None where nothing is left of it."""
        if one.key == "spf" and self._uses.get(one.domain):
            return self._spf(one)
        brought = {
            key: [v for v in values if v in self._brought.get(key, ())]
            for key, values in one.live.items()
        }
        whole = all(len(brought[key]) == len(values) for key, values in one.live.items())
        if one.key == "verification" and self._uses.get(one.domain):
            return self._tokens(one, [v for values in brought.values() for v in values])
        if not whole:
            return one
        if one.ttl == self._ttls[0] or not self._uses.get(one.domain):
            # What the services of another domain bring cannot be said a second time.
            return None
        return replace(one, forms=(mapping({}),)) if one.key == "mx" else one

    def _tokens(self, one: Entry, brought: Sequence[str]) -> Entry | None:
        """Keep the tokens that no service brings, and a TTL that the file's is not."""
        said = {txt_text(value) for value in brought}
        (form,) = one.forms
        if not said or not isinstance(form, tree.Sequence):
            return one
        rest = [n for n in form.items if isinstance(n, tree.Scalar) and n.text not in said]
        if rest:
            return replace(one, forms=(listed(rest),))
        return None if one.ttl == self._ttls[0] else replace(one, forms=(mapping({}),))

    def _spf(self, one: Entry) -> Entry | None:
        """Write no more of the record than it takes to come out word for word."""
        ((key, values),) = one.live.items()
        wanted = frozenset(values)
        if self._brought.get(key, frozenset()) & wanted == wanted and one.ttl == self._ttls[0]:
            return None
        for form in _shorter(one.forms[0], self._brought.get(key, frozenset())):
            light = replace(one, forms=(form,))
            if wanted <= self._read((light,)).get(key, frozenset()):
                return light
        return one

    def _read(self, entries: Sequence[Entry]) -> dict[Key, frozenset[str]]:
        """Give what the services and these entries alone ask for; nothing where that is wrong."""
        faults = Faults()
        draft = drafted(self._found.zone, entries, (), self._uses, self._ttls)
        root = layout.tree(draft.pieces, FILE)
        asked: dict[Key, frozenset[str]] = {}
        for desired in self._loader.read(self._found.zone, root, faults, alone=True):
            for wish in desired.wishes:
                key = (wish.name, wish.type)
                asked[key] = asked.get(key, frozenset()) | frozenset(wish.values)
        return {} if faults else asked


def _shorter(form: Node, brought: frozenset[str]) -> Iterator[Node]:
    """Give shorter ways to write an SPF mapping: its end alone, then without what is brought."""
    if not isinstance(form, tree.Mapping):
        return
    end = {key.text: node for key, node in form if key.text in _ALL}
    yield mapping(end)
    terms = {term.lower() for value in brought for term in _terms(value)}
    rest: dict[str, Node] = {}
    for key, node in form:
        if isinstance(node, tree.Sequence):
            kept = [n for n in node.items if f"{key.text}:{_text(n)}".lower() not in terms]
            if kept:
                rest[key.text] = listed(kept)
        elif key.text in _ALL or key.text not in terms:
            rest[key.text] = node
    yield mapping(rest)


def _terms(value: str) -> tuple[str, ...]:
    said = txt_text(value)
    return tuple(map(str, spf.parse(said).mechanisms)) if spf.is_spf(said) else ()


def _text(node: Node) -> str:
    return node.text if isinstance(node, tree.Scalar) else ""
