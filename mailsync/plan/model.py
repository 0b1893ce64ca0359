"""The plan as plain values (design §5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mailsync.dns.rrset import Key, RRset
from mailsync.lint.model import Finding

StageName = Literal["prepare", "switch", "settle"]
StageState = Literal["due", "held", "done"]
Status = Literal["converged", "changes", "waiting", "error"]
GateState = Literal["pass", "fail", "unknown"]
Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True, order=True)
class Hold:
    """A reason why something may not run before a time (aware, UTC). ``rrset``: ``name. TYPE``."""

    until: datetime
    reason: str
    rrset: str


@dataclass(frozen=True, slots=True)
class Gate:
    """An observed condition that must pass before a stage runs."""

    name: str
    state: GateState
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """One RRset from what is live to what a stage leaves behind; ``None`` is absence."""

    before: RRset | None
    after: RRset | None
    why: str

    @property
    def key(self) -> Key:
        """Which RRset changes."""
        one = self.after or self.before
        if one is None:  # pragma: no cover  # nothing builds a change from nothing to nothing
            msg = "a change from nothing to nothing"
            raise ValueError(msg)
        return one.key

    @property
    def action(self) -> Action:
        """What happens to the RRset as a whole."""
        if self.before is None:
            return "create"
        return "update" if self.after is not None else "delete"


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a domain's plan. ``not_before`` is the latest of now and its holds' times.

    A stage of one name may come twice: what is due of it, and what still waits.
    """

    name: StageName
    state: StageState
    not_before: datetime
    holds: tuple[Hold, ...] = ()
    gates: tuple[Gate, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class DomainPlan:
    """What is to happen to one domain. ``timezone`` is for showing times only.

    ``old_service_until``: until when the old service must keep accepting mail; before the switch
    has run, as reckoned from the earliest time at which it may run.
    """

    domain: str
    zone: str
    targets: tuple[str, ...]
    status: Status
    stages: tuple[Stage, ...] = ()
    old_service_until: datetime | None = None
    findings: tuple[Finding, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Plan:
    """All domains' plans, as of ``created`` (aware, UTC, whole seconds)."""

    created: datetime
    domains: tuple[DomainPlan, ...] = field(default=())
