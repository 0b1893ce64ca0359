"""The ledger: which versions of an RRset are known to have been published, and until when.

It is folded from the journal's events, in order, by four verbs: `Ledger.seen`, `Ledger.intended`,
`Ledger.listed` and `Ledger.forgotten`. What it does not know is assumed to be bad: the first sight
of an RRset puts an *unseen* version before it, replaced at that very moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailsync.dns.rrset import Key, RRset


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an RRset.

    ``rrset`` is None when the RRset was absent, or when the version is ``unseen``: it may have
    existed, and nobody knows what it said. ``replaced_at``: when every authoritative server was
    seen serving another version; None while this one may still be served somewhere. ``next_ttl``:
    of an unseen version, the TTL in seconds of what came after it, 0 for absence: it may have had
    as much.
    """

    rrset: RRset | None
    published_at: datetime
    replaced_at: datetime | None = None
    unseen: bool = False
    next_ttl: int = 0


def _unseen(at: datetime, following: RRset | None, replaced_at: datetime | None = None) -> Version:
    """Give the version that nobody saw before the first one that somebody did."""
    ttl = 0 if following is None else following.ttl
    return Version(None, at, replaced_at, unseen=True, next_ttl=ttl)


@dataclass(frozen=True, slots=True)
class History:
    """The versions of one RRset, oldest first; ``seen_last`` is the one last seen everywhere.

    ``seen_at``: since when that version has been seen by every authoritative server's word; None
    when nothing was seen yet, or something was published that mailsync did not expect.
    """

    versions: tuple[Version, ...] = ()
    seen_last: RRset | None = None
    seen_at: datetime | None = None

    def open_version(self, rrset: RRset | None) -> Version | None:
        """Give the version with this content that may still be published, if there is one."""
        candidates = (v for v in self.versions if v.replaced_at is None and not v.unseen)
        return next((v for v in candidates if v.rrset == rrset), None)

    def knows(self, rrset: RRset | None) -> bool:
        """Tell whether this, and nothing else, was the last to be seen, and nothing came since."""
        open_versions = [v for v in self.versions if v.replaced_at is None]
        return (
            self.seen_at is not None
            and self.seen_last == rrset
            and len(open_versions) == 1
            and open_versions[0].rrset == rrset
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of each RRset's past. Immutable: each verb gives a new ledger."""

    histories: Mapping[Key, History] = field(default_factory=dict)

    def history(self, key: Key) -> History:
        """Give the versions of one RRset; an empty history when nothing is known."""
        return self.histories.get(key, History())

    def seen(self, key: Key, rrset: RRset | None, at: datetime) -> Ledger:
        """Record that at that time every authoritative server served this version (None: absent).

        Every other version counts as replaced then, not earlier.
        """
        history = self.history(key)
        if history.knows(rrset):
            return self
        served = history.open_version(rrset)
        past = [
            version if version.replaced_at else replace(version, replaced_at=at)
            for version in history.versions
            if version is not served
        ]
        if served is None or history.seen_at is None:
            # Somebody else published this version, or nothing was seen before it: another may have
            # come and gone.
            past.append(_unseen(at, rrset, replaced_at=at))
        versions = (*past, served or Version(rrset, published_at=at))
        return self._with(key, History(versions, rrset, at))

    def intended(self, key: Key, rrset: RRset | None, at: datetime) -> Ledger:
        """Record that from that time on this version may be published: a write was begun."""
        history = self.history(key)
        if history.open_version(rrset):
            return self
        versions = (*history.versions, Version(rrset, published_at=at))
        return self._with(key, replace(history, versions=versions))

    def listed(self, key: Key, rrset: RRset | None, at: datetime) -> Ledger:
        """Record that the DNS host then listed this version, whoever published it.

        Where that is a surprise, what was seen before it is no longer the whole story: the next
        sight puts an unseen version before itself.
        """
        if self.history(key).open_version(rrset):
            return self
        # Of an RRset that nobody has seen yet, some server may still serve another version.
        past = self.history(key).versions or (_unseen(at, rrset),)
        return self._with(key, History((*past, Version(rrset, published_at=at))))

    def forgotten(self) -> Ledger:
        """Drop everything: a part of the journal could not be trusted, so nothing before it can."""
        return Ledger()

    def _with(self, key: Key, history: History) -> Ledger:
        return Ledger({**self.histories, key: history})
