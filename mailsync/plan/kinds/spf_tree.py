"""SPF records of a zone that include one another (RFC 7208 §5.2), taken as one.

A term that goes from one record and stands in another that is included beside it is no removal:
whoever sends by it passes all the time, if every receiver knows where it stands now before the
record lets go of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

from mailsync.desired.model import Wish
from mailsync.dns.names import BadName, whole
from mailsync.dns.rrset import txt_text
from mailsync.mail import spf as spf_record
from mailsync.mail.spf_tree import Known, included, total_lookups, written_out
from mailsync.plan.choreography import Scene
from mailsync.plan.model import Hold

NONE = spf_record.parse("v=spf1 -all")
"""The record by which nobody sends."""


def record_of(values: tuple[str, ...]) -> spf_record.Record | None:
    """Read the SPF record among TXT values; None where there is none, or none that counts."""
    texts = [text for text in map(txt_text, values) if spf_record.is_spf(text)]
    try:
        return spf_record.parse(texts[0]) if len(texts) == 1 else None
    except spf_record.BadSpf:
        return None


def holds_spf(wish: Wish) -> bool:
    """Tell whether a wish is for an SPF record, under whatever key it stands."""
    named = wish.kind in {"spf", "record"} and wish.type == "TXT"
    return named and any(spf_record.is_spf(txt_text(value)) for value in wish.values)


def relatives(wish: Wish, scene: Scene) -> tuple[Wish, ...]:
    """Give the other SPF records that the file asks for and that stand in one tree with this one.

    Trees as they are live count as well: a record belongs to those that it has just left.
    """
    wished = {other.name: other for other in scene.desired.wishes if holds_spf(other)}
    found, ahead = {wish.name}, [wish.name]
    while ahead:
        name = ahead.pop()
        near = {other for other in wished if name in _below(other, scene)} | _below(name, scene)
        ahead += near - found
        found |= near
    return tuple(wished[name] for name in sorted(found - {wish.name}) if name in wished)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the record at the top of a tree says, with what it includes in this zone written out.

    ``before``: as all is live now. ``after``: as the file wants it.
    """

    top: str
    before: spf_record.Record
    after: spf_record.Record


def meanings(wish: Wish, scene: Scene) -> list[Meaning]:
    """Give what each tree says in which a record stands; one that nothing includes is a top."""
    names = [wish.name, *(other.name for other in relatives(wish, scene))]
    below = {name: _all_below(name, scene) for name in names}
    tops = [
        name
        for name in names
        if wish.name in {name, *below[name]}
        and not any(name in below[other] and other not in below[name] for other in names)
    ]
    live = partial(_named_in, partial(_live, scene=scene))
    return [
        Meaning(
            top,
            written_out(_live(top, scene) or NONE, live),
            written_out(_wished(top, scene) or NONE, known(scene)),
        )
        for top in tops
    ]


def known(scene: Scene) -> Known:
    """Give how the file's SPF records are found by the name that stands in an include."""
    return partial(_named_in, partial(_wished, scene=scene))


def lookups(text: str, scene: Scene) -> int:
    """Count the look-ups of a record with those of the records below it in this zone."""
    return total_lookups(spf_record.parse(text), known(scene))


def moving(wish: Wish, gone: tuple[str, ...], scene: Scene) -> tuple[str, ...]:
    """Give those of the terms that a record has no more which stand elsewhere in its trees.

    ``gone``: as `mailsync.mail.spf.terms_removed` gives them.
    """
    after = [one.after for one in meanings(wish, scene)]
    return tuple(
        term for term in gone if all(_covers(whole, meant((term,), scene)) for whole in after)
    )


def meant(terms: tuple[str, ...], scene: Scene) -> spf_record.Record:
    """Give a record that lets just those send whom these terms let now."""
    texts = (term.replace("redirect=", "include:", 1) for term in terms)
    record = spf_record.parse(" ".join(("v=spf1", *texts, "-all")))
    return written_out(record, partial(_named_in, partial(_live, scene=scene)))


def loses_nobody(wish: Wish, scene: Scene) -> bool:
    """Tell whether whoever may send by the trees of a record now may do so in the end."""
    return all(_covers(one.after, one.before) for one in meanings(wish, scene))


def grows(wish: Wish, scene: Scene) -> bool:
    """Tell whether somebody is to send by the trees of a record who cannot send by them now."""
    return any(not _covers(one.before, one.after) for one in meanings(wish, scene))


def until_known(wish: Wish, scene: Scene) -> tuple[Hold, ...]:
    """Hold until every receiver finds all other records of the tree as the file has them."""
    found: set[Hold] = set()
    for other in relatives(wish, scene):
        found.update(scene.until_all((other.name, other.type), partial(lets_all, other)))
    return tuple(sorted(found))


def published(wish: Wish, scene: Scene) -> bool:
    """Tell whether all other records of the tree are live as the file has them."""
    return all(_is_live(other, scene) for other in relatives(wish, scene))


def at_once(wish: Wish, scene: Scene) -> bool:
    """Tell whether those that are not live yet may be published now: they include nothing new."""
    return all(
        _is_live(other, scene)
        or _names(_wished(other.name, scene)) <= _names(_live(other.name, scene))
        for other in relatives(wish, scene)
    )


def _is_live(wish: Wish, scene: Scene) -> bool:
    rrset = scene.live.get((wish.name, wish.type))
    return lets_all(wish, () if rrset is None else rrset.values)


def lets_all(wish: Wish, held: tuple[str, ...]) -> bool:
    """Tell whether whom a wished record lets send may send by the TXT values that a receiver holds.

    As far as their terms show it.
    """
    one, wished = record_of(held), record_of(wish.values)
    return wished is None or (one is not None and _covers(one, wished))


def _covers(one: spf_record.Record, other: spf_record.Record) -> bool:
    return spf_record.covers(spf_record.format(one), spf_record.format(other))


def _wished(name: str, scene: Scene) -> spf_record.Record | None:
    """Give the record at a name in the end: the file's, or the one that it does not speak of."""
    for other in scene.desired.wishes:
        if other.name == name and other.type == "TXT" and other.kind in {"spf", "record"}:
            return record_of(other.values)
    return _live(name, scene)


def _live(name: str, scene: Scene) -> spf_record.Record | None:
    rrset = scene.live.get((name, "TXT"))
    return None if rrset is None else record_of(rrset.values)


def _named_in(record_at: Known, written: str) -> spf_record.Record | None:
    name = _absolute(written)
    return None if name is None else record_at(name)


@lru_cache(maxsize=1024)
def _absolute(written: str) -> str | None:
    """Give the name that an include means; None for a macro: only the receiver knows."""
    try:
        return whole(written)
    except BadName:
        return None


def _below(name: str, scene: Scene) -> set[str]:
    """Give the names in this zone that a record includes, as it is live and in the end."""
    names = _names(_live(name, scene)) | _names(_wished(name, scene))
    return {other.name for other in scene.desired.wishes if holds_spf(other)} & names


def _names(record: spf_record.Record | None) -> set[str]:
    """Give the names that a record includes, macros left out."""
    found = {_absolute(text) for text in included(record)} if record is not None else set()
    return {name for name in found if name is not None}


def _all_below(name: str, scene: Scene) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        near = _below(ahead.pop(), scene) - found
        found |= near
        ahead += near
    return found
