"""What every kind of mail change answers: what must be visible before, what switches, what after.

Each module of `mailsync.plan.kinds` answers for one kind; `mailsync.plan.course` puts the answers
of all wishes together, RRset by RRset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.ledger import History, Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import Finding
from mailsync.plan.visible import Lifetimes, Remnant, remnants


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a choreography may look at.

    ``routed``: hosts that some visible MX names. ``moving``: a change of MX or of an MX host's
    address is still ahead. ``moved_at``: when the last such change was seen everywhere, None when
    none is known.
    """

    desired: Desired
    live: Live
    ledger: Ledger
    now: datetime
    routed: frozenset[str] = frozenset()
    moving: bool = False
    moved_at: datetime | None = None

    @property
    def lifetimes(self) -> Lifetimes:
        """How long caches keep what this zone publishes."""
        return Lifetimes(self.desired.cutover, self.live.negative_ttl)

    @property
    def in_flight(self) -> bool:
        """Tell whether mail is moving or has moved: then removals and tightening come last."""
        return self.moving or self.moved_at is not None

    @property
    def unseen_mx(self) -> bool:
        """Tell whether a resolver may hold an MX RRset that nobody saw: it may name any host."""
        return any(
            remnant.version.unseen
            for wish in self.desired.wishes
            if wish.kind == "mx"
            for remnant in self.visible((wish.name, wish.type))
        )

    def history(self, key: Key) -> History:
        """Give what is known of one RRset's past."""
        return self.ledger.history(key)

    def visible(self, key: Key) -> tuple[Remnant, ...]:
        """Give the versions of an RRset that some resolver may hold now."""
        return remnants(self.history(key), self.lifetimes, self.now)


@dataclass(frozen=True, slots=True)
class Steps:
    """One wish's values after each stage, and the reasons.

    Empty values are absence. ``routes``: what happens in the switch waits for low TTLs, for the
    time and for the window. ``wait``: seconds between the moment from which only the new way is
    used and the settle stage; ``since``: that moment, where the ledger knows it (else it is when
    the preparing or the switching change of this plan will have been carried out).
    """

    prepare: tuple[str, ...]
    switch: tuple[str, ...]
    settle: tuple[str, ...]
    routes: bool = False
    why_prepare: str = ""
    why_switch: str = ""
    why_settle: str = ""
    wait: int = 0
    since: datetime | None = None
    findings: tuple[Finding, ...] = ()


def at_once(values: tuple[str, ...], why: str) -> Steps:
    """Give the steps of a change that needs no order: it is made while preparing."""
    return Steps(values, values, values, why_prepare=why)


class Choreography(Protocol):
    """The questions that each kind of mail change answers; a module of `kinds` is one of these."""

    def owns(self, wish: Wish, value: str) -> bool:
        """Tell whether a live value is ours to change under this wish; foreign values are kept."""

    def steps(self, wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
        """Lead our values from what is live to what is wished for, stage by stage."""

    def ready(self, wish: Wish, held: tuple[str, ...] | None) -> bool:
        """Tell whether mail may be switched while some resolver holds these of our values.

        None: a resolver may hold a version that nobody saw.
        """


def owned_values(kind: Choreography, wish: Wish, rrset: RRset | None) -> tuple[str, ...]:
    """Give those of an RRset's values that are ours under the wish."""
    return () if rrset is None else tuple(v for v in rrset.values if kind.owns(wish, v))


def error(finding: str, message: str, wish: Wish) -> Finding:
    """Make an error about a wish; it stops the domain's plan."""
    return Finding(finding, "error", message, str(wish.place))
