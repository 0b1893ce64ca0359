"""From entries to the pieces of a file: their order, the TTL that holds for most, the comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailsync.desired import tree
from mailsync.dns.names import shown
from mailsync.importing.layout import Piece
from mailsync.importing.model import Entry, Left
from mailsync.importing.nodes import duration, listed, mapping, word

ORDER = (
    "mail",
    "mx",
    "hosts",
    "spf",
    "dkim",
    "dmarc",
    "mta_sts",
    "tls_rpt",
    "tlsa",
    "autodiscover",
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
    "autodiscover": "target",
    "srv": "values",
    "verification": "values",
    "ptr": "host",
}
"""Where a key's long form, which takes a TTL, has what its short form is."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's pieces, and the entries that each piece's mark stands for."""

    pieces: tuple[Piece, ...]
    marked: Mapping[int, tuple[Entry, ...]]


def drafted(entries: Sequence[Entry], left: Sequence[Left], inherited: int) -> Draft:
    """Put the entries of a zone together; each has one form.

    ``inherited``: the TTL, in seconds, that holds where the file names none.
    """
    ttl = _common(entries, inherited)
    pieces = [] if ttl == inherited else [Piece("ttl", word(duration(ttl)))]
    marked: dict[int, tuple[Entry, ...]] = {}
    for key in ORDER:
        pieces += _key(
            [one for one in entries if one.key == key],
            tuple(_told(one) for one in left if one.about == key),
            ttl,
            marked,
        )
    return Draft(tuple(pieces), marked)


def _key(
    entries: Sequence[Entry], above: tuple[str, ...], ttl: int, marked: dict[int, tuple[Entry, ...]]
) -> Iterator[Piece]:
    if not entries:
        if above:
            yield Piece("", None, above)
        return
    key = entries[0].key
    by_label: dict[str | None, list[Entry]] = {}
    for one in entries:
        by_label.setdefault(one.label, []).append(one)
    parts = []
    for label, group in by_label.items():
        mark = len(marked) + 2
        marked[mark] = tuple(group)
        nodes = [_with_ttl(one, ttl) for one in group]
        node = nodes[0] if len(nodes) == 1 else listed(nodes)
        note = ", ".join(dict.fromkeys(one.note for one in group if one.note))
        parts.append(Piece(key if label is None else label, node, note=note, mark=mark))
    if None in by_label:
        (part,) = parts
        yield Piece(part.key, part.value, above, part.note, part.mark)
    else:
        yield Piece(key, tuple(parts), above, mark=parts[0].mark)


def _with_ttl(one: Entry, ttl: int) -> tree.Node:
    node = one.forms[0]
    if one.ttl == ttl:
        return node
    own = {"ttl": word(duration(one.ttl))}
    if not isinstance(node, tree.Mapping):
        return mapping({_LONG[one.key]: node, **own})
    return mapping({**{key.text: value for key, value in node}, **own})


def _common(entries: Sequence[Entry], inherited: int) -> int:
    """Give the TTL that most entries have; of several the one that holds already, then the longest.

    ``mail: none`` takes no TTL of its own: its is the file's.
    """
    bound = [one.ttl for one in entries if one.key == "mail"]
    counted = Counter(bound or [one.ttl for one in entries] or [inherited])
    return max(counted, key=lambda ttl: (counted[ttl], ttl == inherited, ttl))


def _told(one: Left) -> str:
    name, rdtype = one.key
    return f"{shown(name)} {rdtype} is left as it is: {one.reason}"
