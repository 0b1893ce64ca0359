"""What every kind of mail change answers: what must be visible before, what switches, what after.

Each module of `mailsync.plan.kinds` answers for one kind; `mailsync.plan.course` puts the answers
of all wishes together, RRset by RRset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.lint.model import Finding
from mailsync.plan import abroad
from mailsync.plan.ledger import History, Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import Gate, Hold
from mailsync.plan.reasons import until_all
from mailsync.plan.visible import Lifetimes, Remnant, remnants


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a choreography may look at.

    ``routed``: hosts that some visible MX names. ``moving``: a change of MX or of an MX host's
    address is still ahead. ``moved_at``: when the last such change was seen everywhere, None when
    none is known. ``senders_at``: since when every receiver knows all that lets the new way send,
    ``signers_at``: all that verifies what it signs.
    """

    desired: Desired
    live: Live
    ledger: Ledger
    now: datetime
    routed: frozenset[str] = frozenset()
    moving: bool = False
    moved_at: datetime | None = None
    senders_at: datetime | None = None
    signers_at: datetime | None = None

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
        keys = [(wish.name, wish.type) for wish in self.desired.wishes if wish.kind == "mx"]
        held = [remnant for key in keys for remnant in self.visible(key)]
        held += [remnant for _, remnant in abroad.mx(self.live.neighbours, self.now)]
        return any(remnant.version.unseen for remnant in held)

    @property
    def transit(self) -> timedelta:
        """For how long a move of mail matters: the soak, or until all that was sent has settled."""
        cutover = self.desired.cutover
        return timedelta(seconds=max(cutover.soak, cutover.queue_lifetime + cutover.verifier_delay))

    @property
    def unseen_move(self) -> datetime | None:
        """When mail may have moved last without anybody seeing it; None if never."""
        keys = [
            (wish.name, wish.type)
            for wish in self.desired.wishes
            if wish.kind == "mx" or (wish.kind == "host" and wish.name in self.routed)
        ]
        return max((at for key in keys if (at := self.unseen_at(key)) is not None), default=None)

    def history(self, key: Key) -> History:
        """Give what is known of one RRset's past."""
        return self.ledger.history(key)

    def visible(self, key: Key, longer: timedelta = timedelta(0)) -> tuple[Remnant, ...]:
        """Give the versions of an RRset that some resolver may hold now.

        ``longer``: how much longer than resolvers whoever uses it may go by what it read.
        """
        return remnants(self.history(key), self.lifetimes, self.now, longer)

    def not_before_senders(self, since: datetime | None) -> datetime | None:
        """Give the later of a time and the one from which the new way could send at all."""
        known = [at for at in (since, self.senders_at) if at is not None]
        return max(known, default=None) if since is not None else None

    def unseen_at(self, key: Key) -> datetime | None:
        """Give when a version that nobody saw may have been replaced last; None if never."""
        unseen = (v for v in self.history(key).versions if v.unseen)
        return max((v.replaced_at or self.now for v in unseen), default=None)

    def in_use_until(self, *unseen: datetime | None) -> datetime | None:
        """Give until when the old way was in use, if what nobody saw did not let the new one send.

        ``unseen``: when it may have been replaced; it was known for its lifetime after that.
        """
        life = self.lifetimes.of_ttl(self.desired.cutover.unseen_ttl)
        return max((at + life for at in unseen if at is not None), default=None)

    def served_since(self, key: Key, values: tuple[str, ...]) -> datetime:
        """Give since when every server has served these values, as far as is known; at worst now.

        Versions that differ in their TTL alone are one.
        """
        since = self.now
        for version in reversed(self.history(key).versions):
            held = version.rrset.values if version.rrset is not None else ()
            if version.unseen or not set(values) <= set(held):
                return version.replaced_at or self.now
            since = version.published_at
        return since

    def until_all(self, key: Key, fits: Callable[[tuple[str, ...]], bool]) -> tuple[Hold, ...]:
        """Hold until every visible version of an RRset fits; absence is no values at all."""
        return until_all(key, self.visible(key), self.lifetimes, self.now, fits)


@dataclass(frozen=True, slots=True)
class Steps:
    """One wish's values after each stage, and the reasons.

    Empty values are absence. ``routes``: what happens in the switch waits for low TTLs, for the
    time and for the window. ``wait``: seconds between the moment from which only the new way is
    used and the settle stage, None for the soak; ``since``: that moment, where the ledger knows it
    (else it is when the preparing or the switching change of this plan will have been carried
    out). ``holds`` and ``gates`` are further conditions of the preparing change, ``settle_holds``
    and ``settle_gates`` of the settling one.
    """

    prepare: tuple[str, ...]
    switch: tuple[str, ...]
    settle: tuple[str, ...]
    routes: bool = False
    why_prepare: str = ""
    why_switch: str = ""
    why_settle: str = ""
    wait: int | None = None
    since: datetime | None = None
    holds: tuple[Hold, ...] = ()
    gates: tuple[Gate, ...] = ()
    settle_holds: tuple[Hold, ...] = ()
    settle_gates: tuple[Gate, ...] = ()
    findings: tuple[Finding, ...] = ()


def at_once(
    values: tuple[str, ...], why: str, holds: tuple[Hold, ...] = (), gates: tuple[Gate, ...] = ()
) -> Steps:
    """Give the steps of a change that needs no order: it is made while preparing."""
    return Steps(values, values, values, why_prepare=why, holds=holds, gates=gates)


class Choreography(Protocol):
    """The questions that each kind of mail change answers; a module of `kinds` is one of these."""

    def owns(self, wish: Wish, value: str) -> bool:
        """Tell whether a live value is ours to change under this wish; foreign values are kept."""

    def steps(self, wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
        """Lead our values from what is live to what is wished for, stage by stage."""

    def ready(self, wish: Wish, held: tuple[str, ...] | None, scene: Scene) -> bool:
        """Tell whether mail may be switched while some resolver holds these of our values.

        None: a resolver may hold a version that nobody saw.
        """


def owned_values(kind: Choreography, wish: Wish, rrset: RRset | None) -> tuple[str, ...]:
    """Give those of an RRset's values that are ours under the wish."""
    return () if rrset is None else tuple(v for v in rrset.values if kind.owns(wish, v))


def task(scene: Scene, name: str, what: str) -> tuple[Gate, ...]:
    """Make a gate of what only a person can do; none once the file says that it is done."""
    if name in scene.desired.cutover.tasks:
        return ()
    detail = f"{what}; then write 'tasks: {{{name}: done}}' under 'cutover'"
    return (Gate("tasks-done", "fail", detail),)


def error(finding: str, message: str, wish: Wish) -> Finding:
    """Make an error about a wish; it stops the domain's plan."""
    return Finding(finding, "error", message, str(wish.place))
