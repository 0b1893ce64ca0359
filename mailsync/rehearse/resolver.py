"""A caching resolver (RFC 1034 §5.3.3, RFC 2308, RFC 8767), with what real ones do besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mailsync.dns.rrset import Key, RRset
from mailsync.rehearse.published import Published

_PREFETCH = 0.1
"""In which last part of an answer's life a prefetching resolver asks again."""


class NoAnswer(Exception):  # noqa: N818  # reads as what it is where it is caught
    """No authoritative server answers, and nothing is kept: SERVFAIL."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How a resolver keeps answers; all in seconds.

    ``floor`` and ``cap`` bound a TTL, ``negative_cap`` absence. ``stale``: for how long it gives
    an old answer while no server answers (0: never). ``prefetch``: asks again shortly before.
    """

    floor: int = 0
    cap: int = 604800
    negative_cap: int = 10800
    stale: int = 0
    prefetch: bool = False

    def life(self, rrset: RRset | None, negative_ttl: int) -> int:
        """Give for how long an answer is kept."""
        if rrset is None:
            return min(max(negative_ttl, self.floor), self.negative_cap)
        return min(max(rrset.ttl, self.floor), self.cap)


@dataclass(slots=True)
class _Kept:
    rrset: RRset | None
    at: int
    until: int


@dataclass
class Resolver:
    """One resolver; ``choose`` picks which of several servers is asked next."""

    traits: Traits
    upstream: Published
    choose: Callable[[list[int]], int]
    _cache: dict[Key, _Kept] = field(default_factory=dict)

    def answer(self, key: Key, at: int) -> RRset | None:
        """Give an RRset at a time (never earlier than the last), None where there is none.

        Raises `NoAnswer`.
        """
        kept = self._cache.get(key)
        if kept is not None and at < kept.until:
            early = (kept.until - kept.at) * _PREFETCH
            if self.traits.prefetch and at >= kept.until - early:
                self._ask(key, at)
            return kept.rrset
        asked = self._ask(key, at)
        if asked is not None:
            return asked.rrset
        if kept is not None and at < kept.until + self.traits.stale:
            return kept.rrset
        raise NoAnswer

    def until(self, key: Key) -> int | None:
        """Give until when the present answer is kept; None where nothing is."""
        kept = self._cache.get(key)
        return None if kept is None else kept.until

    def copy(self) -> Resolver:
        """Give another resolver that holds the same."""
        return Resolver(self.traits, self.upstream, self.choose, dict(self._cache))

    def _ask(self, key: Key, at: int) -> _Kept | None:
        servers = self.upstream.answering(at)
        if not servers:
            return None
        rrset = self.upstream.served(self.choose(servers), key, at)
        life = self.traits.life(rrset, self.upstream.negative_ttl)
        self._cache[key] = kept = _Kept(rrset, at, at + life)
        return kept
