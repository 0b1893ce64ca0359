"""What a rule is given: one domain's wishes, all files beside it, and somebody to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mailsync.desired.model import Desired, Place, Wish
from mailsync.dns.answer import VOID, Answer, Resolver
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import BadValue, Key, txt_text
from mailsync.mail import mx, spf
from mailsync.mail.spf_survey import Survey

_ALIASES_MAX = 8
"""How long a chain of aliases is followed; resolvers give up at about as many."""

_NOT_ASKED = Answer("unknown", reason="nobody was asked")


@dataclass(frozen=True)
class Files:
    """What all files of the configuration wish for, by RRset; and the zones that they are about."""

    wishes: Mapping[Key, tuple[Wish, ...]]
    zones: frozenset[str]

    @classmethod
    def of(cls, domains: Iterable[Desired]) -> Files:
        """Index the domains' wishes, each once."""
        found: dict[Key, dict[Wish, None]] = {}
        zones = set()
        for desired in domains:
            zones.add(desired.zone)
            for wish in desired.wishes:
                found.setdefault((wish.name, wish.type), {})[wish] = None
        return cls({key: tuple(wishes) for key, wishes in found.items()}, frozenset(zones))

    def answer(self, key: Key) -> Answer | None:
        """Give what will stand there when all is done; None where no file says it all.

        A file that names only verification tokens does not say what else the RRset holds.
        """
        wishes = self.wishes.get(key, ())
        if all(wish.kind == "verification" for wish in wishes):
            return None
        values = tuple(dict.fromkeys(value for wish in wishes for value in wish.values))
        return Answer("found", values) if values else VOID


@dataclass(frozen=True)
class Case:
    """One domain to be judged. ``resolver`` is None where the files alone are judged."""

    desired: Desired
    files: Files
    resolver: Resolver | None = None

    @cached_property
    def wishes(self) -> tuple[Wish, ...]:
        """The wishes that ask for something; what is to go is not judged."""
        return tuple(wish for wish in self.desired.wishes if wish.values)

    @cached_property
    def texts(self) -> tuple[tuple[Wish, tuple[str, ...]], ...]:
        """The TXT wishes, each with its values as text; what is no TXT value is left out."""
        return tuple((w, texts_of(w.values)) for w in self.wishes if w.type == "TXT")

    @cached_property
    def mx_records(self) -> tuple[tuple[Wish, tuple[mx.Record, ...]], ...]:
        """The MX wishes, each with its records; values that are no MX are left out."""
        return tuple((w, _records(w.values)) for w in self.wishes if w.type == "MX")

    @cached_property
    def spf_records(self) -> tuple[tuple[Wish, spf.Record], ...]:
        """The SPF records that receivers can evaluate, wherever they are to stand."""
        return tuple(
            (wish, record)
            for wish, texts in self.texts
            for record in map(_spf_record, texts)
            if record is not None
        )

    @cached_property
    def surveys(self) -> dict[tuple[str, int], Survey]:
        """What was found of the trees of SPF records, by name and kind of address."""
        return {}

    def of_type(self, rdtype: str) -> Iterator[Wish]:
        """Give the wishes of one type."""
        return (wish for wish in self.wishes if wish.type == rdtype)

    def exchanges(self, name: str) -> tuple[mx.Record, ...]:
        """Give the MX records wished for at a name."""
        return tuple(r for wish, records in self.mx_records if wish.name == name for r in records)

    def is_parked(self, name: str) -> bool:
        """Tell whether the files say that a name takes no mail (RFC 7505)."""
        return any(record.is_null for record in self.exchanges(name))

    def speaks_of(self, key: str) -> bool:
        """Tell whether the domain's file names a key; what it does not name may be there, live."""
        return key in self.desired.kinds

    def is_ours(self, name: str) -> bool:
        """Tell whether a name lies in a zone that has a file."""
        return any(is_at_or_below(name, zone) for zone in self.files.zones)

    def place(self, kind: str) -> Place:
        """Give the place of the first wish of a kind, or of the domain's file."""
        found = (wish.place for wish in self.desired.wishes if wish.kind == kind)
        return next(found, self.desired.place)

    def ask(self, name: str, rdtype: str) -> Answer:
        """Give what will stand at a name: as the files say, else as the DNS says now.

        What a file wishes for is never asked for: it may be about to be created, and a resolver
        that was asked too early remembers that there was nothing (RFC 2308).
        """
        for _ in range(_ALIASES_MAX):
            answer = self.files.answer((name, rdtype))
            if answer is not None:
                return answer
            alias = self.files.answer((name, "CNAME"))
            if rdtype == "CNAME" or alias is None or not alias.values:
                break
            name = alias.values[0]
        else:
            return Answer("failed", reason="a loop of aliases")
        if self.resolver is not None:
            return self.resolver.ask(name, rdtype)
        return _NOT_ASKED

    def asked_text(self, name: str) -> tuple[str, ...] | None:
        """Give the texts of a TXT RRset; None where it is not known."""
        answer = self.ask(name, "TXT")
        if answer.state in {"failed", "unknown"}:
            return None
        return texts_of(answer.values)


def texts_of(values: Iterable[str]) -> tuple[str, ...]:
    """Give TXT values as text; what is no TXT value is left out."""
    found = []
    for value in values:
        try:
            found.append(txt_text(value))
        except BadValue:
            continue
    return tuple(found)


def _records(values: Iterable[str]) -> tuple[mx.Record, ...]:
    found = []
    for value in values:
        try:
            found.append(mx.parse(value))
        except mx.BadMx:
            continue
    return tuple(sorted(found))


def _spf_record(text: str) -> spf.Record | None:
    try:
        return spf.parse(text)
    except spf.BadSpf:
        return None
