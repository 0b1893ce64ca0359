"""One RRset's way through the stages: the answers of all wishes for it, put together.

Foreign values are carried along untouched; TTLs go down before a switch and up again after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mailsync.desired.model import Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.choreography import Scene, Steps, owned_values
from mailsync.plan.kinds import CHOREOGRAPHIES
from mailsync.plan.model import Change, Gate, Hold

ROUTING_TTL_KINDS = frozenset({"mx", "host", "autodiscover", "srv"})
"""Kinds whose TTL stays low until the soak is over, so that the way back stays short."""


@dataclass(frozen=True, slots=True)
class Course:
    """What one RRset is now and after each stage; ``None`` is absence."""

    key: Key
    live: RRset | None
    prepare: RRset | None
    switch: RRset | None
    settle: RRset | None
    parts: tuple[tuple[Wish, Steps], ...]
    moved_at: datetime | None = None

    @property
    def routes(self) -> bool:
        """Tell whether the switch changes this RRset's values."""
        return any(steps.routes for _, steps in self.parts)

    @property
    def lowers(self) -> bool:
        """Tell whether preparing lowers the TTL of what will be switched."""
        return (
            self.routes
            and self.live is not None
            and self.prepare is not None
            and self.prepare.ttl < self.live.ttl
        )

    @property
    def wait(self) -> int | None:
        """The longest wait, in seconds, before the settle stage; None where no wish names one."""
        return max((s.wait for _, s in self.parts if s.wait is not None), default=None)

    @property
    def since(self) -> datetime | None:
        """The latest known moment from which only the new way is used."""
        known = [steps.since for _, steps in self.parts if steps.since is not None]
        if self.moved_at is not None:
            known.append(self.moved_at)
        return max(known, default=None)

    def holds(self, stage: str) -> tuple[Hold, ...]:
        """Give the holds that the wishes themselves put on a stage."""
        attribute = {"prepare": "holds", "settle": "settle_holds"}[stage]
        return tuple(hold for _, steps in self.parts for hold in getattr(steps, attribute))

    def gates(self, stage: str) -> tuple[Gate, ...]:
        """Give the gates that the wishes themselves put before a stage."""
        attribute = {"prepare": "gates", "settle": "settle_gates"}[stage]
        return tuple(gate for _, steps in self.parts for gate in getattr(steps, attribute))

    def change(self, stage: str) -> Change | None:
        """Give the change that a stage makes, from what the stage before left; None if none."""
        before, after = {
            "prepare": (self.live, self.prepare),
            "switch": (self.prepare, self.switch),
            "settle": (self.switch, self.settle),
        }[stage]
        if before == after:
            return None
        return Change(before, after, self._why(stage, before, after))

    def _why(self, stage: str, before: RRset | None, after: RRset | None) -> str:
        same_values = before is not None and after is not None and before.values == after.values
        if same_values and before is not None and after is not None and stage != "switch":
            if stage == "prepare" and self.routes:
                return "lower the TTL ahead of the switch"
            return "restore the TTL" if stage == "settle" else "set the TTL that the file asks for"
        reasons = (getattr(steps, f"why_{stage}") for _, steps in self.parts)
        return "; ".join(dict.fromkeys(filter(None, reasons)))


def chart(scene: Scene, key: Key, parts: tuple[tuple[Wish, Steps], ...]) -> Course:
    """Lead one RRset through the stages, given its wishes and their steps."""
    live = scene.live.get(key)
    ours = {
        value for wish, _ in parts for value in owned_values(CHOREOGRAPHIES[wish.kind], wish, live)
    }
    foreign = tuple(v for v in live.values if v not in ours) if live else ()
    moves = [moved_at(scene, wish) for wish, _ in parts if wish.kind in ROUTING_TTL_KINDS]
    moved = max((at for at in moves if at is not None), default=None)
    ttls = _ttls(scene, parts, live, foreign=bool(foreign), moved=moved is not None)

    def composed(stage: str, ttl: int) -> RRset | None:
        values = foreign + tuple(v for _, steps in parts for v in getattr(steps, stage))
        return RRset(*key, ttl, values) if values else None

    prepare = composed("prepare", ttls[0])
    switch = composed("switch", ttls[1])
    settle = composed("settle", ttls[2])
    return Course(key, live, prepare, switch, settle, parts, moved)


def low_ttl(scene: Scene) -> int:
    """Give the TTL, in seconds, at which things are switched on this DNS host."""
    return scene.live.capability.nearest(scene.desired.cutover.ttl)


def final_ttl(scene: Scene, wishes: tuple[Wish, ...], live: RRset | None, *, foreign: bool) -> int:
    """Give the TTL, in seconds, that an RRset has in the end.

    An RRset shared with foreign values keeps its TTL unless a record of ours names its own: one
    RRset has one TTL (RFC 2181 §5.2), and foreign records are not ours to change.
    """
    staying = [wish for wish in wishes if wish.values]
    named = [wish.ttl for wish in staying if wish.own_ttl]
    if live is not None and not named and (foreign or not staying):
        return live.ttl
    return scene.live.capability.nearest(min(named or [wish.ttl for wish in staying or wishes]))


def moved_at(scene: Scene, wish: Wish) -> datetime | None:
    """Find when the values of a routing RRset last moved, as far as the ledger tells.

    A first sight at a low TTL may mean that they moved just before it: then it counts as a move.
    The creation of a host's address moves nothing: no MX named the host before it had one.
    """
    if wish.kind == "host" and wish.name not in scene.routed:
        return None
    live = scene.live.get((wish.name, wish.type))
    values = None if live is None else live.values
    times = []
    versions = scene.history((wish.name, wish.type)).versions
    for version, following in pairwise(versions):
        if version.unseen:
            found = following.rrset
            fixed = not scene.live.capability.settable
            moved = found is not None and (fixed or found.ttl <= low_ttl(scene))
        elif version.rrset is None:
            moved = values is not None and wish.kind != "host"
        else:
            moved = version.rrset.values != values
        if moved:
            times.append(version.replaced_at or scene.now)
    return max(times, default=None)


def _keeps_low(parts: tuple[tuple[Wish, Steps], ...]) -> bool:
    return any(wish.kind in ROUTING_TTL_KINDS for wish, _ in parts)


def _ttls(
    scene: Scene,
    parts: tuple[tuple[Wish, Steps], ...],
    live: RRset | None,
    *,
    foreign: bool,
    moved: bool,
) -> tuple[int, int, int]:
    """Give the TTLs (seconds) after prepare, switch and settle."""
    final = final_ttl(scene, tuple(wish for wish, _ in parts), live, foreign=foreign)
    if live is not None and not scene.live.capability.settable:
        return live.ttl, live.ttl, live.ttl
    switching = min(final, low_ttl(scene))
    if any(steps.routes for _, steps in parts):
        before = switching if live is None else min(live.ttl, low_ttl(scene))
        return before, switching, final
    if live is not None and _keeps_low(parts) and live.ttl < final:
        waits = moved or scene.moving
        return (live.ttl, live.ttl, final) if waits else (final, final, final)
    return final, final, final
