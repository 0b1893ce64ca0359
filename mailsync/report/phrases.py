"""The sentences that every report says alike. Plain text; what is not ours in it is printable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from mailsync.lint.model import Finding, Severity
from mailsync.plan.document import SummaryKey, summary
from mailsync.plan.model import DomainPlan, Plan, Stage, Status
from mailsync.plan.printable import printable
from mailsync.report.times import moment, relative, when

STATUS: Mapping[Status, tuple[str, str]] = {
    "error": ("✗", "error"),
    "changes": ("▶", "changes are due"),
    "waiting": ("○", "waiting"),
    "converged": ("✓", "converged"),
}
"""For each status its sign, one cell wide, and its words."""

_COUNTED: Mapping[SummaryKey, str] = {
    "due": "due",
    "waiting": "waiting",
    "converged": "converged",
    "errors": "with errors",
}

Quoting = Callable[[str], str]
"""How a report writes foreign text so that it means nothing else there."""

_URGENCY: tuple[Severity, ...] = ("error", "warning", "info")


def common_timezone(domains: Sequence[DomainPlan]) -> str:
    """Give the time zone of all domains, or UTC where they differ."""
    zones = {domain.timezone for domain in domains}
    return zones.pop() if len(zones) == 1 else "UTC"


def counted(number: int, noun: str) -> str:
    """Write ``1 domain``, ``2 domains``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary_line(plan: Plan) -> str:
    """Count the domains: ``4 domains: 1 due, 2 waiting, 1 converged``."""
    if not plan.domains:
        return "No domains: nothing to plan."
    counts = summary(plan.domains)
    parts = [f"{counts[key]} {word}" for key, word in _COUNTED.items() if counts[key]]
    return f"{counted(len(plan.domains), 'domain')}: {', '.join(parts)}."


def next_step(plan: Plan, quoted: Quoting = printable) -> str:
    """Say what to do: apply now, come back at a time, mend errors, or nothing; may be empty.

    ``quoted`` makes a domain's name harmless in the report's own format.
    """
    counts = summary(plan.domains)
    sentences = []
    if counts["due"]:
        sentences.append("`mailsync apply` carries out what is due.")
    elif counts["waiting"]:
        sentences.append(_come_back(plan, quoted))
    if counts["errors"]:
        sentences.append("Nothing is done for a domain with errors until they are mended.")
    if plan.domains and counts["converged"] == len(plan.domains):
        sentences.append("Nothing to do: the zones are as the files say.")
    return " ".join(sentences)


def _come_back(plan: Plan, quoted: Quoting) -> str:
    waiting = [
        (stage.not_before, quoted(domain.domain), domain.timezone)
        for domain in plan.domains
        if domain.status == "waiting"
        for stage in domain.stages
        if stage.state == "held" and stage.not_before > plan.created
    ]
    if not waiting:
        return "Nothing is due: what waits has no time yet. Plan again when it has changed."
    time, name, timezone = min(waiting)
    return (
        f"Nothing is due until {when(time, timezone, plan.created)}, for {name};"
        " `mailsync apply` carries it out then."
    )


def old_service(domain: DomainPlan, now: datetime) -> str:
    """Say until when the old service must keep accepting mail; empty when there is none to keep.

    As long as the switch has not run the time is the earliest, and the sentence says so.
    """
    until = domain.old_service_until
    if until is None:
        return ""
    at = moment(until, domain.timezone, now)
    if until <= now:
        return f"The old service had to accept mail until {at}; it is no longer needed."
    ahead = any(stage.name == "switch" and stage.state != "done" for stage in domain.stages)
    later = "; longer if the switch runs later" if ahead else ""
    return f"The old service must keep accepting mail until {at} ({relative(until, now)}){later}."


def stage_state(stage: Stage, domain: DomainPlan, now: datetime) -> str:
    """Say whether and when a stage runs: ``due now``, ``not before …``, ``done``; a few words."""
    if stage.state == "done":
        past = stage.not_before < now
        return f"done {moment(stage.not_before, domain.timezone, now)}" if past else "done"
    if stage.state == "held" and stage.not_before > now:
        return f"not before {when(stage.not_before, domain.timezone, now)}"
    if any(gate.state == "fail" for gate in stage.gates):
        return "waits for a gate to pass"
    return "due now" if stage.state == "due" else "waits"


def holds(
    stage: Stage, domain: DomainPlan, now: datetime
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Give a stage's holds as (when, reason, RRsets), earliest first, equal reasons together."""
    ordered = sorted(stage.holds)
    return [
        (
            moment(until, domain.timezone, now),
            printable(reason),
            tuple(dict.fromkeys(printable(hold.rrset) for hold in same if hold.rrset)),
        )
        for (until, reason), same in groupby(ordered, key=lambda hold: (hold.until, hold.reason))
    ]


def findings(domain: DomainPlan) -> list[Finding]:
    """Give the findings, errors first, with their texts made printable."""
    return [
        Finding(printable(f.id), f.severity, printable(f.message), printable(f.where))
        for f in sorted(domain.findings, key=lambda f: _URGENCY.index(f.severity))
    ]
