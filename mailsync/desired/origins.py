"""Where each part of a record stands: which key, which service, which line; term by term for SPF.

The keys are read once more, piece by piece: what a piece asks for on its own comes from its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailsync.desired import registry, tree
from mailsync.desired.context import Context
from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired, Place, Wish
from mailsync.desired.tree import Node, Scalar
from mailsync.dns.rrset import txt_text
from mailsync.mail import spf

ABSENT = "absent"
"""What stands for the values of a wish that asks for none."""

_LISTS = frozenset({"mx", "verification"})
_PARTS = frozenset({"hosts", "records", "srv", "tlsa"})


@dataclass(frozen=True, slots=True)
class Origin:
    """One piece of a record: its text, and where it stands.

    ``text``: a value, or a term of an SPF record. ``service`` is empty for what the file says
    itself.
    """

    text: str
    key: str
    place: Place
    service: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """A wish, and the origin of each of its values; of each term, for SPF; of its absence."""

    wish: Wish
    origins: tuple[Origin, ...]


def trace(desired: Desired, said: tree.Mapping) -> tuple[Traced, ...]:
    """Give the origins of all that a domain asks for; ``said``: all its keys, written out."""
    services = {use.place: use.service for use in desired.services}
    context = Context(desired.domain, desired.zone, 0, Faults())
    found: dict[tuple[str, str, str, str], Origin] = {}
    keys: dict[tuple[str, str, str], tuple[str, Place]] = {}
    # What 'mail: none' stands for gives way to the file's own words.
    for key, node in sorted(said, key=lambda entry: entry[0].text == "mail"):
        read = registry.known()[key.text].read if key.text in registry.known() else None
        if read is None:
            continue
        for piece, place in _pieces(key.text, node):
            for wish in read(piece, context):
                rrset = (wish.kind, wish.name, wish.type)
                used = place or wish.place
                keys.setdefault(rrset, (key.text, used))
                for value in wish.values:
                    origin = Origin(value, key.text, used, services.get(used, ""))
                    found.setdefault((*rrset, value), origin)
    traced = []
    for wish in desired.wishes:
        key_name, place = keys.get((wish.kind, wish.name, wish.type), (wish.kind, wish.place))
        if wish.kind == "spf" and key_name == "spf":
            terms = _terms(said.get("spf"))
            origins = tuple(_spf(wish, terms, services))
        else:
            origins = tuple(
                found.get(
                    (wish.kind, wish.name, wish.type, value),
                    Origin(value, key_name, place, services.get(place, "")),
                )
                for value in wish.values
            )
            if not wish.values and not wish.auto:
                gone = [f"{ABSENT}: {value}" for value in wish.named] or [ABSENT]
                origins = tuple(Origin(text, key_name, place) for text in gone)
            if wish.auto:
                origins += (Origin("auto", key_name, place, services.get(place, "")),)
        traced.append(Traced(wish, origins))
    return tuple(traced)


def _pieces(key: str, node: Node) -> Iterator[tuple[Node, Place | None]]:
    """Cut a key's node into what can be read alone; the place is None where it is the wish's."""
    if key in _LISTS:
        values = node.get("values") if isinstance(node, tree.Mapping) else node
        for item in _items(node if values is None else values):
            yield tree.Sequence((item,), item.place), item.place
    elif key in _PARTS and isinstance(node, tree.Mapping):
        for name, part in node:
            for item in _items(part):
                whole = isinstance(item, Scalar) and item.text == "absent"
                yield (
                    tree.Mapping(((name, item),), item.place),
                    None if whole else item.place,
                )
    else:
        yield node, None


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, tree.Sequence) else (node,)


def _spf(wish: Wish, terms: Mapping[str, Place], services: Mapping[Place, str]) -> Iterator[Origin]:
    for value in wish.values:
        for term in spf.parse(txt_text(value)).terms:
            place = terms.get(_compared(str(term)), wish.place)
            yield Origin(str(term), "spf", place, services.get(place, ""))


def _terms(node: Node | None) -> dict[str, Place]:
    """Find where each term of an SPF mapping stands; a text stands as a whole."""
    places: dict[str, Place] = {}
    if not isinstance(node, tree.Mapping) or "txt" in node:
        return places
    verdicts = {"pass": "all", "neutral": "?all", "softfail": "~all", "fail": "-all"}
    for key, value in node:
        for item in [item for item in _items(value) if isinstance(item, Scalar)]:
            if key.text == "all":
                term = verdicts.get(item.text, "")
            elif key.text == "redirect":
                term = f"redirect={item.text}"
            else:
                term = key.text if item.text == "true" else f"{key.text}:{item.text}"
            places.setdefault(_compared(term), item.place)
    return places


def _compared(term: str) -> str:
    return term.lower().removesuffix(".")
