"""SPF records (RFC 7208): what one lets send, two put together, and one taken out of another.

The union of two records lets everything send that either lets. It is built, and `covers` is judged,
on the terms alone: whatever a name, an include or a macro may stand for in the DNS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from mailsync.mail.spf_syntax import (
    MECHANISMS,
    QUALIFIERS,
    BadSpf,
    Mechanism,
    Modifier,
    Qualifier,
    Record,
    format,  # noqa: A004  # see its definition
    is_readable,
    is_spf,
    network,
    parse,
)

__all__ = [
    "LOOKUPS_MAX",
    "BadSpf",
    "Mechanism",
    "Modifier",
    "Record",
    "covers",
    "difference",
    "format",
    "is_readable",
    "is_spf",
    "lookups",
    "objections",
    "parse",
    "sends",
    "terms_removed",
    "union",
]

LOOKUPS_MAX = 10
"""How many terms may ask the DNS in one evaluation (§4.6.4)."""

_LOOKUP_MECHANISMS = frozenset({"include", "a", "mx", "ptr", "exists"})


def lookups(record: Record) -> int:
    """Count the terms of this record alone that make a receiver ask the DNS (§4.6.4)."""
    counted = sum(mechanism.name in _LOOKUP_MECHANISMS for mechanism in record.mechanisms)
    return counted + (record.redirect is not None)


def sends(record: Record) -> bool:
    """Tell whether the record may let anybody send: some term passes, or another record decides."""
    passes = any(mechanism.qualifier == "+" for mechanism in record.mechanisms)
    return passes or record.all == "+" or record.redirect is not None


def objections(record: Record) -> tuple[str, ...]:
    """Say what receivers accept, but nobody can mean: typing errors and traps."""
    found = [
        f"'{modifier}' is skipped by receivers: a mechanism takes a colon, "
        f"'{modifier.name}:{modifier.value}' (RFC 7208 §6)"
        for modifier in record.modifiers
        if modifier.name in MECHANISMS
    ]
    if record.all == "+":
        found.append("'+all' lets everybody send: write '~all' or '-all'")
    if (count := lookups(record)) > LOOKUPS_MAX:
        found.append(
            f"{count} terms ask the DNS, more than {LOOKUPS_MAX}: receivers give up with permerror "
            "(RFC 7208 §4.6.4)"
        )
    return tuple(found)


@lru_cache(maxsize=4096)
def covers(a: str, b: str) -> bool:
    """Tell whether ``a`` lets everything send that ``b`` lets, with no stricter verdict on anyone.

    Sound, not complete: True is certain; False may only mean that the terms do not show it. Raises
    `BadSpf`.
    """
    return _covers(_evaluated(parse(a)), _evaluated(parse(b)))


def union(live: str, desired: str) -> str:
    """Write a record that covers both; one of the two, as written, where it covers the other.

    Otherwise: the desired mechanisms in their order, then what only ``live`` has, then the weaker
    verdict on all others. A redirect that cannot stay one becomes an include; what it said of all
    others is not known, so nothing worse than neutral is said. Raises `BadSpf`.
    """
    new, old = _evaluated(parse(desired)), _evaluated(parse(live))
    if _covers(new, old):
        return desired
    if _covers(old, new):
        return live
    plainly = _joined(new, old, _merged((*new.mechanisms, *old.mechanisms)))
    if _covers(plainly, new) and _covers(plainly, old):
        return format(plainly)
    return format(_weakest_first(new, old))


def difference(record: str, service: str) -> str:
    """Write what remains of a record when the terms of a service are taken out of it.

    A term goes where the service lets everything send that it names: the same one, or a network
    inside one of the service's. What is wider stays, and so does whatever does not pass: taking it
    out could let somebody send. With a redirect to what the service includes goes what it said of
    all others. The record itself, as written, where nothing goes. Raises `BadSpf`.
    """
    old, taken = parse(record), _evaluated(parse(service))
    kept: list[Mechanism | Modifier] = []
    before: list[Mechanism] = []
    for term in old.terms:
        if not _is_of(taken, term, before, old):
            kept.append(term)
        before += [term] if isinstance(term, Mechanism) else []
    return record if len(kept) == len(old.terms) else format(Record(tuple(kept)))


def _is_of(
    service: Record, term: Mechanism | Modifier, before: Sequence[Mechanism], record: Record
) -> bool:
    """Tell whether a service lets everything send that a term of a record lets send."""
    if isinstance(term, Mechanism):
        return term.qualifier == "+" and term.name != "all" and _let_by(service, term, before)
    if term.name != "redirect" or record.redirect is None:
        return False
    if service.redirect is not None and _name(service.redirect) == _name(term.value):
        return _no_stricter("+", service.mechanisms, record.mechanisms)
    return _let_by(service, _include(term.value), record.mechanisms)


def terms_removed(a: str, b: str) -> tuple[str, ...]:
    """Give the terms of ``a``, as written, for which ``b`` has none that names as much.

    The verdict on all others is no such term. Raises `BadSpf`.
    """
    old, new = parse(a), parse(b)
    gone = [str(term) for term in old.mechanisms if not _named_by(term, new.mechanisms)]
    elsewhere = old.redirect is not None and old.redirect != new.redirect
    if elsewhere and not _named_by(_include(str(old.redirect)), new.mechanisms):
        gone.append(f"redirect={old.redirect}")
    return tuple(gone)


def _evaluated(record: Record) -> Record:
    """Drop the terms that nobody ever meets: those behind ``all``, or behind a wider term."""
    met: list[Mechanism] = []
    for term in record.mechanisms:
        if not _named_by(term, met):
            met.append(term)
    ends = () if record.all is None else (Mechanism(record.all, "all"),)
    return Record((*met, *ends, *record.modifiers))


def _covers(a: Record, b: Record) -> bool:
    """Follow each way out of ``b`` to a term of ``a`` that is met no later and is no stricter.

    Whoever is met by a term of ``b`` was met by none before it. So a stricter term of ``a`` may
    stand before its counterpart only if ``b``, too, would have met its senders earlier.
    """
    for position, term in enumerate(b.mechanisms):
        if not _let_by(a, term, b.mechanisms[:position]):
            return False
    if b.redirect is None:
        return _ends_as_weak(a, _rest(b), b.mechanisms)
    if a.redirect is not None and _name(a.redirect) == _name(b.redirect):
        return _no_stricter("+", a.mechanisms, b.mechanisms)
    target = _include(b.redirect)
    return _let_by(a, target, b.mechanisms) and _ends_as_weak(a, "?", b.mechanisms)


def _let_by(a: Record, term: Mechanism, before: Sequence[Mechanism]) -> bool:
    if term.qualifier == "-":
        return True  # no verdict is stricter
    for position, other in enumerate(a.mechanisms):
        if _rank(other.qualifier) <= _rank(term.qualifier) and _names_all_of(other, term):
            return _no_stricter(term.qualifier, a.mechanisms[:position], before)
    ends = a.redirect is None and _rank(_rest(a)) <= _rank(term.qualifier)
    return ends and _no_stricter(term.qualifier, a.mechanisms, before)


def _ends_as_weak(a: Record, verdict: Qualifier, before: Sequence[Mechanism]) -> bool:
    if verdict == "-":
        return True
    ends = a.redirect is None and _rank(_rest(a)) <= _rank(verdict)
    return ends and _no_stricter(verdict, a.mechanisms, before)


def _no_stricter(
    verdict: Qualifier, mechanisms: Iterable[Mechanism], before: Sequence[Mechanism]
) -> bool:
    return all(
        _rank(term.qualifier) <= _rank(verdict) or _named_by(term, before) for term in mechanisms
    )


def _merged(mechanisms: Iterable[Mechanism]) -> tuple[Mechanism, ...]:
    """Drop what an earlier term names; where the later one is weaker, its verdict is taken."""
    kept: list[Mechanism] = []
    for term in mechanisms:
        for position, earlier in enumerate(kept):
            if _names_all_of(earlier, term) and (
                _rank(earlier.qualifier) <= _rank(term.qualifier) or _names_all_of(term, earlier)
            ):
                verdict = _weaker(earlier.qualifier, term.qualifier)
                kept[position] = Mechanism(verdict, earlier.name, earlier.argument)
                break
        else:
            kept.append(term)
    return tuple(kept)


def _joined(new: Record, old: Record, mechanisms: Sequence[Mechanism]) -> Record:
    """End a record with the weaker verdict, or with a redirect that can stay one."""
    verdict = _weaker(_rest(new), _rest(old))
    ends: Mechanism | Modifier = Mechanism(verdict, "all")
    redirects = {_name(r.redirect): r.redirect for r in (old, new) if r.redirect is not None}
    # Nothing is stricter than a fail: whatever a redirect says in its place is as weak.
    if len(redirects) == 1 and all(r.redirect or r.all == "-" for r in (new, old)):
        ends = Modifier("redirect", *redirects.values())
    elif redirects:
        mechanisms = _merged((*mechanisms, *map(_include, redirects.values())))
    return Record((*mechanisms, ends, *_beside(new)))


def _weakest_first(new: Record, old: Record) -> Record:
    """Put the terms so that none takes a weaker verdict away from anyone.

    A term that only one record has meets senders on whom the other may have had its verdict on all
    others: it gets no stricter one than that.
    """
    mechanisms = [
        Mechanism(_weaker(term.qualifier, _rest(other)), term.name, term.argument)
        if not _named_by(term, other.mechanisms)
        else term
        for record, other in ((new, old), (old, new))
        for term in record.mechanisms
    ]
    included = [_include(r.redirect) for r in (new, old) if r.redirect is not None]
    ordered = sorted((*mechanisms, *included), key=lambda term: _rank(term.qualifier))
    verdict = Mechanism(_weaker(_rest(new), _rest(old)), "all")
    return Record((*_merged(ordered), verdict, *_beside(new)))


def _beside(record: Record) -> tuple[Modifier, ...]:
    """Give the modifiers that decide nothing."""
    return tuple(modifier for modifier in record.modifiers if modifier.name != "redirect")


def _include(redirect: str) -> Mechanism:
    return Mechanism("+", "include", f":{redirect}")


def _rest(record: Record) -> Qualifier:
    """Give the verdict on whoever no mechanism names; neutral without ``all`` (§4.7)."""
    return record.all or "?"


def _rank(qualifier: Qualifier) -> int:
    return QUALIFIERS.index(qualifier)


def _weaker(one: Qualifier, other: Qualifier) -> Qualifier:
    return min(one, other, key=_rank)


def _named_by(term: Mechanism, mechanisms: Iterable[Mechanism]) -> bool:
    return any(_names_all_of(other, term) for other in mechanisms)


def _names_all_of(wide: Mechanism, narrow: Mechanism) -> bool:
    """Tell whether one mechanism matches every sender that another matches."""
    around, inside = network(wide), network(narrow)
    if around is None or inside is None:
        return wide.name == narrow.name and _name(wide.argument) == _name(narrow.argument)
    # The type checker cannot see that equal versions make equal types.
    return around.version == inside.version and inside.subnet_of(around)  # type: ignore[arg-type]


def _name(argument: str) -> str:
    """Compare names without case and final dot; a macro's case has a meaning (§7.3)."""
    return argument if "%" in argument else argument.lower().removesuffix(".")
