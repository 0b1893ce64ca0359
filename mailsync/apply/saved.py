"""Applying exactly what was reviewed: a saved plan against the world as it is now."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime

from mailsync.apply import effects as do
from mailsync.apply.engine import Outcome, Terms, advance, look
from mailsync.desired.model import Desired
from mailsync.plan.document import differences
from mailsync.plan.live import Capability
from mailsync.plan.model import Change, DomainPlan, Plan


def compare(
    desired: Desired, capability: Capability, reviewed: DomainPlan, created: datetime
) -> Generator[do.Effect, do.Result, list[str]]:
    """Plan the domain again as of the saved plan's time; give what differs, one line each.

    The journal is read as it was then; files and records are as they are now.
    """
    view = yield from look(desired, capability, now=created)
    now = replace(view.plan, timezone="UTC")
    saved = replace(reviewed, timezone="UTC")
    return differences(Plan(created, (saved,)), Plan(created, (now,)))


def reviewed_changes(plan: DomainPlan) -> frozenset[Change]:
    """Give the changes that were due when the plan was saved: those may be made, no others."""
    return frozenset(c for stage in plan.stages if stage.state == "due" for c in stage.changes)


def advance_reviewed(
    desired: Desired, capability: Capability, reviewed: DomainPlan, terms: Terms
) -> Generator[do.Effect, do.Result, Outcome]:
    """Do what was due in the reviewed plan; refuse when it no longer is."""
    only = reviewed_changes(reviewed)
    outcome = yield from advance(desired, capability, replace(terms, only=only))
    if (
        only
        and not outcome.written
        and not outcome.asked
        and outcome.state in {"waiting", "converged"}
    ):
        message = "what the saved plan would do is no longer due; plan again"
        return replace(outcome, state="refused", messages=(message,))
    return outcome
