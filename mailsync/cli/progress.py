"""How each domain stands after a round of `mailsync apply`: on stderr, when there is news."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from mailsync.apply.engine import Outcome
from mailsync.apply.session import Result
from mailsync.cli import console
from mailsync.dns.names import shown
from mailsync.plan.model import Stage
from mailsync.report.times import moment


class Progress:
    """Tells how domains stand, and of each again only when it stands otherwise than before."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Hashable, datetime | None]] = {}

    def tell(self, result: Result[Outcome]) -> bool:
        """Tell what came of one domain, unless that was told before; say whether it was told."""
        domain = shown(result.desired.domain)
        standing, until = _standing(result)
        wrote = result.value is not None and result.value.written
        before, until_before = self._told.get(domain, (None, None))
        self._told[domain] = (standing, until)
        # That the old service's time has passed is no news: it was told when that would be.
        if standing == before and until in {until_before, None} and not wrote:
            return False
        if result.error is not None:
            console.complain(result.error)
        elif result.value is not None:  # pragma: no branch  # a result has one of the two
            _tell(domain, result.value)
        return True


def _standing(result: Result[Outcome]) -> tuple[Hashable, datetime | None]:
    """Give what would be news of a domain, and until when its old service must stay.

    While a server lags behind, every time in the plan moves on with the clock: that is no news.
    """
    outcome = result.value
    if outcome is None:
        return str(result.error), None
    stage = _next(outcome)
    asked = outcome.asked and outcome.asked.changes
    standing = (outcome.state, outcome.messages, stage and stage.name, asked)
    if outcome.plan is None or outcome.messages:
        return standing, None
    return (*standing, stage and stage.not_before), outcome.plan.old_service_until


def _next(outcome: Outcome) -> Stage | None:
    """Give the stage that waits for the earliest time."""
    held = [stage for stage in outcome.plan.stages if stage.state == "held"] if outcome.plan else []
    return min(held, key=lambda stage: stage.not_before, default=None)


def _tell(domain: str, outcome: Outcome) -> None:
    for message in outcome.messages:
        prefix = {"failed": "error: ", "refused": "refused: "}.get(outcome.state, "")
        console.say(f"{prefix}{domain}: {message}")
    done = f"{outcome.written} changed, " if outcome.written else ""
    stage = _next(outcome)
    if outcome.state == "converged":
        console.say(f"{domain}: {done}converged")
    elif outcome.state == "waiting" and outcome.plan is not None and stage is not None:
        when = moment(stage.not_before, outcome.plan.timezone, console.exact_now())
        console.say(f"{domain}: {done}{stage.name} waits until {when}")
    if outcome.plan is not None and (retire := outcome.plan.old_service_until) is not None:
        until = moment(retire, outcome.plan.timezone, console.exact_now())
        console.say(f"{domain}: the old service must keep accepting mail until {until}")
