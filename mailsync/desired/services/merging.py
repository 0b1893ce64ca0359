"""What a file says itself and what its services bring, put together key by key.

The file wins. Its ``mx`` replaces that of the services; in a key of named parts (selectors, hosts,
tokens …) it wins part by part; ``spf`` is in `spf_merging`. Two services that want the same part
are told: nobody can know which of them is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mailsync.desired import tree
from mailsync.desired.faults import Faults
from mailsync.desired.services import spf_merging
from mailsync.desired.services.demand import Demand, Key
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import BadName, absolute
from mailsync.mail import mx as mx_record


@dataclass(frozen=True, slots=True)
class Brought:
    """What one service brings to one key."""

    service: str
    node: Node


Merge = Callable[[Node | None, Sequence[Brought], str, Faults], Node | None]
"""Puts together the file's own node, if there is one, and what services bring to that key."""


def merged(said: Mapping, demands: Sequence[Demand], domain: str, faults: Faults) -> Mapping:
    """Give all keys of a domain; those that only services fill come after the file's own."""
    brought: dict[Key, list[Brought]] = {}
    for demand in demands:
        for entry in demand.entries:
            brought.setdefault(entry.key, []).append(Brought(demand.service, entry.node))
    result = {key.text: (key, node) for key, node in said}
    for name, parts in brought.items():
        own = said.get(name)
        if name == "spf":
            node: Node | None = spf_merging.merged(own, demands, domain, faults)
        else:
            node = _MERGES[name](own, parts, domain, faults)
        if node is not None:
            key = said.key(name) if own is not None else Scalar(name, parts[0].node.place)
            result[name] = (key, node)
    return Mapping(tuple(result.values()), said.place)


def exchanges(node: Node | None, domain: str) -> frozenset[str]:
    """Name the hosts of an ``mx`` node, absolute; what is no MX names none."""
    hosts: set[str] = set()
    if isinstance(node, Mapping):
        host, values = node.get("host"), node.get("values")
        if values is not None:
            return exchanges(values, domain)
        texts = [f"0 {host.text}"] if isinstance(host, Scalar) else []
    elif isinstance(node, tree.Sequence):
        return frozenset[str]().union(*(exchanges(item, domain) for item in node.items))
    else:
        texts = [] if node is None else [node.text]
    for text in texts:
        try:
            hosts.add(absolute(mx_record.parse(text[:300]).exchange, domain))
        except (mx_record.BadMx, BadName):
            continue
    return frozenset(hosts)


def _mx(own: Node | None, parts: Sequence[Brought], _domain: str, _faults: Faults) -> Node:
    """Let an ``mx`` of the file replace all; one with nothing but a TTL gives it to the others."""
    items = tree.Sequence(tuple(part.node for part in parts), parts[0].node.place)
    if own is None:
        return items
    if isinstance(own, Mapping) and [key.text for key, _ in own] == ["ttl"]:
        values = Scalar("values", items.place)
        return Mapping((*own.entries, (values, items)), own.place)
    return own


def _single(
    own: Node | None, parts: Sequence[Brought], _domain: str, faults: Faults
) -> Node | None:
    """Take the file's own, or the one that all services agree on."""
    if own is not None:
        return own
    first = parts[0]
    for other in parts[1:]:
        if _text(other.node) != _text(first.node):
            message = (
                f"{first.service} has another value than {other.service} for the same record: "
                "write it yourself, and it is yours that counts"
            )
            faults.add(other.node.place, message)
    return first.node


def _tokens(own: Node | None, parts: Sequence[Brought], _domain: str, _faults: Faults) -> Node:
    """Add tokens to those of the file, which may name one of them as absent."""
    source = own
    if isinstance(own, Mapping) and ("values" in own or "ttl" in own):
        source = own.get("values")
    items = [] if source is None else list(_items(source))
    named: set[str] = set()
    for item in items:
        texts = [key for key, _ in item] if isinstance(item, Mapping) else [item]
        named.update(text.text for text in texts if isinstance(text, Scalar))
    for part in parts:
        if _text(part.node) not in named:
            items.append(part.node)
            named.add(_text(part.node))
    values = tree.Sequence(tuple(items), (own or parts[0].node).place)
    if isinstance(own, Mapping) and source is not own:
        rest = [entry for entry in own.entries if entry[0].text != "values"]
        return Mapping((*rest, (Scalar("values", own.place), values)), own.place)
    return values


def _parts(known: Callable[[str, str], str], *, joined: bool = False) -> Merge:
    """Merge mappings part by part; ``known`` gives a part's name the form in which it is compared.

    ``joined``: what one service says twice of the same part is a list.
    """

    def merge(own: Node | None, parts: Sequence[Brought], domain: str, faults: Faults) -> Node:
        if own is not None and not isinstance(own, Mapping):
            return own  # its key tells what is wrong with it
        entries = dict(_named(own, known, domain))
        mine = frozenset(entries)
        by: dict[str, str] = {}
        for part in parts:
            for name, (key, node) in _named(part.node, known, domain):
                if name in mine:
                    continue
                if name not in entries:
                    entries[name], by[name] = (key, node), part.service
                elif joined and by[name] == part.service:
                    entries[name] = (key, _together(entries[name][1], node))
                else:
                    _tell_clash(key, by[name], part.service, faults)
        return Mapping(tuple(entries.values()), (own or parts[0].node).place)

    return merge


def _records(own: Node | None, parts: Sequence[Brought], domain: str, faults: Faults) -> Node:
    """Merge whole RRsets: by name and type."""
    if own is not None and not isinstance(own, Mapping):
        return own
    entries = dict(_named(own, _owner, domain))
    by: dict[tuple[str, str], str] = {
        (name, _type(record)): "" for name, (_, node) in entries.items() for record in _items(node)
    }
    for part in parts:
        for name, (key, node) in _named(part.node, _owner, domain):
            for record in _items(node):
                rrset = (name, _type(record))
                if rrset not in by:
                    there = entries.get(name)
                    entries[name] = (
                        (key, record) if there is None else (there[0], _together(there[1], record))
                    )
                    by[rrset] = part.service
                elif by[rrset]:
                    _tell_clash(key, by[rrset], part.service, faults)
    return Mapping(tuple(entries.values()), (own or parts[0].node).place)


def _named(
    node: Node | None, known: Callable[[str, str], str], domain: str
) -> Iterator[tuple[str, tuple[Scalar, Node]]]:
    if isinstance(node, Mapping):
        for key, value in node:
            yield known(key.text, domain), (key, value)


def _tell_clash(key: Scalar, first: str, second: str, faults: Faults) -> None:
    message = f"{first} and {second} both want {key.text}: write it yourself, and yours counts"
    faults.add(key.place, message)


def _together(one: Node, other: Node) -> Node:
    return tree.Sequence((*_items(one), *_items(other)), one.place)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, tree.Sequence) else (node,)


def _type(node: Node) -> str:
    found = node.get("type") if isinstance(node, Mapping) else None
    return found.text if isinstance(found, Scalar) else ""


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _owner(text: str, domain: str) -> str:
    """Compare names of records as the key reads them; what is none is told there."""
    try:
        return absolute(text[:300] or "@", domain)
    except BadName:
        return text


def _as_written(text: str, _domain: str) -> str:
    return text.lower()


_MERGES: dict[Key, Merge] = {
    "mx": _mx,
    "autodiscover": _single,
    "dmarc": _single,
    "tls_rpt": _single,
    "verification": _tokens,
    "dkim": _parts(_as_written),
    "srv": _parts(_as_written, joined=True),
    "ptr": _parts(_as_written),
    "hosts": _parts(_owner, joined=True),
    "records": _records,
}
