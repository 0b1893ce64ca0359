"""One SPF record in several, where it is too long for one (RFC 7208 §3.3, §3.4).

The addresses (``ip4``, ``ip6``) go into records of their own, the *parts*, which the first one
includes. No name is resolved: whoever could send can send, and nobody else.

An include only asks whether the other record passes (§5.2). So only terms that pass can go into a
part, and only such between which nothing stands that does not pass: the order of those that pass
says nothing. A part ends in ``-all``: that has no say in the record which includes it, and lets
nobody send in the name of the part itself.

Which part a term goes to hangs on the term itself, not on its place: one address more changes one
part, now and then a second. A term prefers the part with the largest hash of both (rendezvous
hashing) among those that have room for it, in the order of the terms' own hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from mailsync.mail.spf_syntax import (
    BadSpf,
    Mechanism,
    Modifier,
    Record,
    format,  # noqa: A004  # see its definition
    network,
    parse,
)

PARTS_MAX = 10
"""How many parts one record may include: each is a look-up (§4.6.4)."""

ANSWER_OCTETS = 450
"""How long the name and all TXT of it may be together, to fit into an answer over UDP (§3.4)."""

_AROUND = len("v=spf1") + len(" -all")
_FULL = 9, 10
"""How full the parts are at most on the average: one with room takes what is added."""


@dataclass(frozen=True, slots=True)
class Split:
    """A record and its parts: ``text`` includes them; ``parts`` are (name, text), in order."""

    text: str
    parts: tuple[tuple[str, str], ...] = ()


def part_name(number: int, domain: str) -> str:
    """Give the name of a part of a domain's record; both absolute."""
    return f"_spf{number}.{domain}"


def is_part(text: str) -> bool:
    """Tell whether a text is a part as `split` writes it: addresses that pass, and no more."""
    try:
        record = parse(text)
    except BadSpf:
        return False
    addresses = all(t.qualifier == "+" and network(t) is not None for t in record.mechanisms)
    return addresses and len(record.mechanisms) == len(record.terms) - 1 and record.all == "-"


def split(text: str, domain: str, room: int, part_room: Callable[[str], int]) -> Split:
    """Put a record's addresses into parts where its text has more than ``room`` octets.

    ``domain`` is an absolute name; ``part_room`` gives the most octets of a part at a name. The
    text that comes back may still be too long: what is left in it is not for parts. Raises
    `BadSpf`, also where more than `PARTS_MAX` parts would be needed.
    """
    record = parse(text)
    moving = _moving(record)
    if len(text) <= room or not moving:
        return Split(text)
    space = part_room(part_name(PARTS_MAX, domain)) - _AROUND
    placed = _placed(tuple(dict.fromkeys(moving.values())), space)
    parts = [(part_name(number, domain), part) for number, part in enumerate(placed, 1) if part]
    includes = [Mechanism("+", "include", f":{name.removesuffix('.')}") for name, _ in parts]
    terms: list[Mechanism | Modifier] = []
    for position, term in enumerate(record.terms):
        if position not in moving:
            terms.append(term)
        elif position == min(moving):
            terms += includes
    whole = format(Record(tuple(terms)))
    if len(whole) >= len(text):
        return Split(text)  # the includes would take as much
    written = tuple((name, format(Record((*part, Mechanism("-", "all"))))) for name, part in parts)
    return Split(whole, written)


def _moving(record: Record) -> dict[int, Mechanism]:
    """Give the addresses of the longest stretch in which every term passes, by their position."""
    runs: list[dict[int, Mechanism]] = [{}]
    for position, term in enumerate(record.terms):
        if isinstance(term, Modifier):
            continue
        if term.name == "all":
            break
        if term.qualifier != "+":
            runs.append({})
        elif network(term) is not None:
            runs[-1][position] = term
    return max(runs, key=lambda run: sum(map(_octets, run.values())))


def _placed(terms: tuple[Mechanism, ...], space: int) -> list[list[Mechanism]]:
    """Give each term its part; as few parts as hold them all with some room left."""
    total = sum(map(_octets, terms))
    fewest = max(1, -(-total * _FULL[1] // (space * _FULL[0])))
    for count in range(fewest, PARTS_MAX + 1):
        placed = _tried(terms, space, count)
        if placed is not None:
            return placed
    raise BadSpf(
        f"{len(terms)} addresses take more than {PARTS_MAX} records of their own: receivers stop "
        f"at {PARTS_MAX} look-ups (RFC 7208 §4.6.4); write networks instead of addresses"
    )


def _tried(terms: tuple[Mechanism, ...], space: int, count: int) -> list[list[Mechanism]] | None:
    room = [space] * count
    part_of: dict[Mechanism, int] = {}
    for term in sorted(terms, key=lambda term: _hash(term, "")):
        ranked = sorted(range(count), key=lambda part: _hash(term, str(part)), reverse=True)
        part = next((part for part in ranked if room[part] >= _octets(term)), None)
        if part is None:
            return None
        room[part] -= _octets(term)
        part_of[term] = part
    return [[term for term in terms if part_of[term] == part] for part in range(count)]


def _octets(term: Mechanism) -> int:
    return len(f" {term}")


def _hash(term: Mechanism, part: str) -> bytes:
    """Order terms and parts, the same way for ever: another order would move terms about."""
    return hashlib.sha256(f"{network(term)} {part}".encode()).digest()
