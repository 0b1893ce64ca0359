"""What a rehearsal found, as plain values: `mailsync.report.rehearsal` draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """A stage that ran in the rehearsal (``prepare``, ``switch``, ``settle``), or a ``task``.

    ``done``: what it did, a sentence each.
    """

    at: datetime
    stage: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One interval: from ``at`` to the next share's.

    ``resolvers``: which part (0 to 1) of all resolvers leads mail to each server (``no answer``
    where none). ``mail``: the same, of the messages that senders sent. ``combinations``: the
    different answers of the managed RRsets that some resolver held, put together as one sender may
    see them.
    """

    at: datetime
    resolvers: Mapping[str, float]
    mail: Mapping[str, float]
    combinations: int


@dataclass(frozen=True, slots=True)
class Combination:
    """Something that some resolver or sender held at once, in words, and for how long."""

    since: datetime
    until: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Toll:
    """What became of mail. Each message is counted once; all but ``delivered`` went wrong.

    ``lost``: refused for good, or given up after the queue's lifetime. ``misdelivered``: taken by a
    server that the domain had left. ``rejected``: mail of the domain's own that a receiver refused.
    ``delayed`` counts those of the delivered that had to wait.
    """

    delivered: int
    lost: int = 0
    misdelivered: int = 0
    rejected: int = 0
    delayed: int = 0

    @property
    def wrong(self) -> int:
        """How many messages went wrong."""
        return self.lost + self.misdelivered + self.rejected

    def __add__(self, other: Toll) -> Toll:
        """Count both together."""
        return Toll(
            self.delivered + other.delivered,
            self.lost + other.lost,
            self.misdelivered + other.misdelivered,
            self.rejected + other.rejected,
            self.delayed + other.delayed,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """A domain's rehearsal, from ``start`` to ``end`` (aware, UTC).

    ``closer``: the shares around the switch, minute by minute, none where nothing is switched;
    ``shares_at_once``: those of the first days if everything is changed at once.
    ``resolvers``: how many there were. ``worst``: the worst case, in words. ``old_service_until``:
    as the plan printed it when the switch ran; ``last_to_old``: when the last message went to a
    server that the switch left. ``at_once``: the same changes made at once instead, the old service
    ended at the same time. ``broken``: invariants that did not hold, in words; none is the promise.
    """

    domain: str
    timezone: str
    start: datetime
    end: datetime
    seed: int
    resolvers: int
    happenings: tuple[Happening, ...]
    shares: tuple[Share, ...]
    closer: tuple[Share, ...]
    shares_at_once: tuple[Share, ...]
    combinations: tuple[Combination, ...]
    toll: Toll
    at_once: Toll
    worst: str = ""
    worst_at_once: str = ""
    old_service_until: datetime | None = None
    last_to_old: datetime | None = None
    last_to_old_at_once: datetime | None = None
    broken: tuple[str, ...] = field(default=())
