"""SPF records with those that they include (RFC 7208 §5.2), where their text is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mailsync.mail.spf import lookups
from mailsync.mail.spf_syntax import Mechanism, Modifier, Record

Known = Callable[[str], Record | None]
"""Gives the record at a name as it is written in an ``include``; None where it is not known."""

_DEEPEST = 10
"""How many records may lie in one another: each is a look-up (§4.6.4)."""


def included(record: Record) -> tuple[str, ...]:
    """Give the names that a record includes or is redirected to, as written, macros and all."""
    found = [m.argument.removeprefix(":") for m in record.mechanisms if m.name == "include"]
    return (*found, *((record.redirect,) if record.redirect is not None else ()))


def written_out(record: Record, known: Known) -> Record:
    """Put the terms of known records in the place of the includes that name them.

    An include asks only whether the other record passes. It stays as it is where that hangs on
    more than a list of terms: on the name at which the record stands (``a``, ``mx``, ``%{d}``), on
    a redirect, or on the order of terms that pass and such that do not.
    """
    return _written_out(record, known, _DEEPEST)


def with_terms(record: Record, known: Known) -> Record:
    """Put the terms of known records beside the includes that name them, which stay as well.

    It says the same, and shows what it says whether a term is asked for by itself or by its record.
    """
    terms: list[Mechanism | Modifier] = []
    for term in record.terms:
        inner: list[Mechanism] = []
        if isinstance(term, Mechanism) and term.name == "include":
            inner = _passing(term, known, _DEEPEST) or []
        terms += inner if term in inner else (*inner, term)
    return Record(tuple(terms))


def total_lookups(record: Record, known: Known) -> int:
    """Count the terms that ask the DNS, with those of all known records below (§4.6.4)."""
    return _total(record, known, _DEEPEST)


def _written_out(record: Record, known: Known, depth: int) -> Record:
    terms: list[Mechanism | Modifier] = []
    for term in record.terms:
        inner = None
        if depth and isinstance(term, Mechanism) and term.name == "include":
            inner = _passing(term, known, depth)
        terms += [term] if inner is None else inner
    return Record(tuple(terms))


def _passing(include: Mechanism, known: Known, depth: int) -> list[Mechanism] | None:
    """Give the terms by which an included record passes; None where they alone do not say it."""
    record = known(include.argument.removeprefix(":"))
    if record is None or record.redirect is not None or record.all == "+":
        return None
    terms = list(_written_out(record, known, depth - 1).mechanisms)
    while terms and terms[-1].qualifier != "+":
        terms.pop()
    if all(term.qualifier == "+" and not _of_its_name(term) for term in terms):
        return [replace(term, qualifier=include.qualifier) for term in terms]
    return None


def _of_its_name(term: Mechanism) -> bool:
    """Tell whether a term means something else in a record at another name."""
    if term.name in {"a", "mx", "ptr"} and not term.argument.startswith(":"):
        return True
    return "%{d" in term.argument.lower()


def _total(record: Record, known: Known, depth: int) -> int:
    below = [known(name) for name in included(record)] if depth else []
    return lookups(record) + sum(_total(one, known, depth - 1) for one in below if one is not None)
