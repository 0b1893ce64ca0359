"""From entries to the pieces of a file: their order, the TTL that holds for most, the comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailsync.desired import tree
from mailsync.desired.model import Place
from mailsync.dns.names import shown
from mailsync.importing.fitting import Use
from mailsync.importing.layout import Piece
from mailsync.importing.model import Entry, Left
from mailsync.importing.names import relative
from mailsync.importing.nodes import duration, listed, mapping, placed, word

FILE = "import"
"""How places name the file that is not written yet."""

ORDER = (
    "mail",
    "services",
    "mx",
    "hosts",
    "spf",
    "dkim",
    "dmarc",
    "mta_sts",
    "tls_rpt",
    "bimi",
    "tlsa",
    "autodiscover",
    "autoconfig",
    "srv",
    "verification",
    "ptr",
    "records",
)
"""The keys in the order in which a file has them."""

_LONG = {
    "mx": "values",
    "hosts": "addresses",
    "spf": "txt",
    "dkim": "txt",
    "dmarc": "txt",
    "tls_rpt": "rua",
    "tlsa": "values",
    "bimi": "txt",
    "autodiscover": "target",
    "srv": "values",
    "verification": "values",
    "ptr": "host",
}
"""Where a key's long form, which takes a TTL, has what its short form is."""

Uses = Mapping[str, Sequence[Use]]
"""The services of each mail domain, by its absolute name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's pieces, and what each mark among them stands for."""

    pieces: tuple[Piece, ...]
    marked: Mapping[int, tuple[Entry | Use, ...]]

    def meant(self, where: str) -> tuple[Entry | Use, ...]:
        """Give what stands at a place (``file:line:column``); nothing where it is another file."""
        file, _, line = where.rpartition(":")[0].rpartition(":")
        return self.marked.get(int(line), ()) if file == FILE else ()


def common(entries: Sequence[Entry], inherited: int) -> int:
    """Give the TTL that most entries have; of several the one that holds already, then the longest.

    ``mail: none`` takes no TTL of its own: its is the file's.
    """
    bound = [one.ttl for one in entries if one.key == "mail"]
    counted = Counter(bound or [one.ttl for one in entries] or [inherited])
    return max(counted, key=lambda ttl: (counted[ttl], ttl == inherited, ttl))


def drafted(
    zone: str,
    entries: Sequence[Entry],
    left: Sequence[Left],
    uses: Uses,
    ttls: tuple[int, int],
) -> Draft:
    """Put a zone's entries together; each has one form.

    ``ttls``: the one that the file names, and the one that would hold without it (seconds).
    """
    return _Drafting(zone, entries, left, uses, ttls[0]).draft(inherited=ttls[1])


class _Drafting:
    """Collects the pieces of one file, and their marks."""

    def __init__(
        self,
        zone: str,
        entries: Sequence[Entry],
        left: Sequence[Left],
        uses: Uses,
        ttl: int,
    ) -> None:
        self._zone = zone
        self._entries: dict[tuple[str, str], list[Entry]] = {}
        for one in entries:
            self._entries.setdefault((one.domain, one.key), []).append(one)
        self._told: dict[tuple[str, str], list[str]] = {}
        for gone in left:
            self._told.setdefault((gone.domain, gone.about), []).append(_told(gone))
        self._uses = uses
        self._ttl = ttl
        self._marked: dict[int, tuple[Entry | Use, ...]] = {}

    def draft(self, *, inherited: int) -> Draft:
        pieces = [] if self._ttl == inherited else [Piece("ttl", word(duration(self._ttl)))]
        pieces += self._domain(self._zone)
        domains = {domain for domain, _ in (*self._entries, *self._told)}
        domains |= {domain for domain, uses in self._uses.items() if uses}
        below = sorted(domains - {self._zone}, key=lambda name: name.split(".")[::-1])
        parts = [self._below(name) for name in below]
        if any(part.value is not None for part in parts):
            pieces.append(Piece("subdomains", tuple(parts)))
        else:
            pieces += parts
        return Draft(tuple(pieces), self._marked)

    def _below(self, domain: str) -> Piece:
        parts = tuple(self._domain(domain))
        if all(part.value is None for part in parts):
            return Piece("", None, tuple(said for part in parts for said in part.above))
        return Piece(relative(domain, self._zone), parts)

    def _domain(self, domain: str) -> Iterator[Piece]:
        for key in ORDER:
            if key == "services":
                yield from self._services(domain)
                continue
            place = (domain, key)
            yield from self._key(self._entries.get(place, ()), tuple(self._told.get(place, ())))

    def _services(self, domain: str) -> Iterator[Piece]:
        items = []
        for use in self._uses.get(domain, ()):
            mark = self._mark((use,))
            items.append(placed(use.node, Place(FILE, mark, 1)))
        if items:
            yield Piece("services", listed(items))

    def _key(self, entries: Sequence[Entry], above: tuple[str, ...]) -> Iterator[Piece]:
        if not entries:
            if above:
                yield Piece("", None, above)
            return
        key = entries[0].key
        by_label: dict[str | None, list[Entry]] = {}
        if key == "records":
            entries = sorted(entries, key=lambda one: (one.label != "@", one.label or ""))
        for one in entries:
            by_label.setdefault(one.label, []).append(one)
        parts = []
        for label, group in by_label.items():
            nodes = [self._with_ttl(one) for one in group]
            node = nodes[0] if len(nodes) == 1 else listed(nodes)
            note = ", ".join(dict.fromkeys(one.note for one in group if one.note))
            name = key if label is None else label
            parts.append(Piece(name, node, note=note, mark=self._mark(tuple(group))))
        if None in by_label:
            (part,) = parts
            yield Piece(part.key, part.value, above, part.note, part.mark)
        else:
            yield Piece(key, tuple(parts), above, mark=parts[0].mark)

    def _mark(self, ones: tuple[Entry | Use, ...]) -> int:
        mark = len(self._marked) + 2
        self._marked[mark] = ones
        return mark

    def _with_ttl(self, one: Entry) -> tree.Node:
        node = one.forms[0]
        if one.ttl == self._ttl:
            return node
        own = {"ttl": word(duration(one.ttl))}
        if one.key == "autoconfig":
            field = "addresses" if isinstance(node, tree.Sequence) else "target"
            return mapping({field: node, **own})
        if not isinstance(node, tree.Mapping):
            return mapping({_LONG[one.key]: node, **own})
        return mapping({**{key.text: value for key, value in node}, **own})


def _told(one: Left) -> str:
    name, rdtype = one.key
    return f"{shown(name)} {rdtype} is left as it is: {one.reason}"
