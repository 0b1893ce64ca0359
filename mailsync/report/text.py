"""The plan as text for a terminal: what is due, what waits, until when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailsync.lint.model import Severity
from mailsync.plan.model import (
    Action,
    Change,
    DomainPlan,
    GateState,
    Plan,
    Stage,
    StageState,
    Status,
)
from mailsync.plan.printable import printable
from mailsync.report.page import Page, Piece, Style, together
from mailsync.report.phrases import (
    STATUS,
    common_timezone,
    findings,
    holds,
    next_step,
    old_service,
    stage_state,
    summary_line,
)
from mailsync.report.times import moment
from mailsync.report.values import difference, shown_values

_STATUS_STYLE: Mapping[Status, Style] = {
    "error": "red",
    "changes": "green",
    "waiting": "yellow",
    "converged": "green",
}
_STAGE_STYLE: Mapping[StageState, Style] = {"due": "green", "held": "yellow", "done": "grey"}
_SEVERITY_STYLE: Mapping[Severity, Style] = {"error": "red", "warning": "yellow", "info": "cyan"}
_GATE: Mapping[GateState, Piece] = {
    "pass": ("green", "✓"),
    "fail": ("red", "✗"),
    "unknown": ("yellow", "?"),
}
_ACTION: Mapping[Action, Piece] = {
    "create": ("green", "+"),
    "update": ("yellow", "~"),
    "delete": ("red", "-"),
}


def plan_text(plan: Plan, *, colour: bool, width: int) -> str:
    """Draw a plan, ``width`` cells wide (at least 40), with ANSI colours only if asked.

    Times are in each domain's time zone. Everything that is not mailsync's own is printable.
    """
    page = Page(colour=colour, width=width)
    timezone = common_timezone(plan.domains)
    page.put(
        0, ("bold", "Mail plan"), ("grey", f" as of {moment(plan.created, timezone, plan.created)}")
    )
    page.gap()
    for domain in plan.domains:
        _put_domain(page, domain, plan.created)
    page.gap()
    page.put(0, ("bold", summary_line(plan)))
    page.put(0, ("plain", next_step(plan)))
    return page.text()


def _put_domain(page: Page, domain: DomainPlan, now: datetime) -> None:
    body = domain.status != "converged" or domain.findings
    if body:
        page.gap()
    put_heading(page, domain)
    put_old_service(page, domain, now)
    put_findings(page, domain, errors=True)
    if domain.status != "converged":
        values = shown_values(domain)
        for stage in domain.stages:
            if stage.state != "done":
                page.gap()
            put_stage(page, stage, domain, now)
            for change in stage.changes:
                _put_change(page, change, values)
    if domain.stages and domain.findings:
        page.gap()
    put_findings(page, domain, errors=False)
    if body:
        page.gap()


def put_heading(page: Page, domain: DomainPlan) -> None:
    """Put the domain, its DNS hosts and its status on one line."""
    sign, words = STATUS[domain.status]
    style = _STATUS_STYLE[domain.status]
    targets = ", ".join(printable(target) for target in domain.targets)
    page.put(
        0,
        (style, f"{sign} "),
        ("bold", printable(domain.domain)),
        ("grey", f" → {targets}" if targets else ""),
        ("plain", ": "),
        (style, words),
        hang=2,
    )


def put_old_service(page: Page, domain: DomainPlan, now: datetime) -> None:
    """Put until when the old service must stay, so that nobody overlooks it."""
    sentence = old_service(domain, now)
    if not sentence:
        return
    until = domain.old_service_until
    if until is not None and until > now:
        page.put(2, ("alert", sentence), bar=("alert", "┃ "))
    elif domain.status != "converged":
        page.put(2, ("grey", sentence))


def put_findings(page: Page, domain: DomainPlan, *, errors: bool) -> None:
    """Put the findings: the errors, or all others."""
    for finding in findings(domain):
        if (finding.severity == "error") != errors:
            continue
        page.put(
            2,
            (_SEVERITY_STYLE[finding.severity], finding.severity),
            ("plain", f" {finding.message} "),
            ("grey", f"({finding.where}, {finding.id})" if finding.where else f"({finding.id})"),
            hang=2,
        )


def put_stage(page: Page, stage: Stage, domain: DomainPlan, now: datetime) -> None:
    """Put a stage's line, what it waits for, and its gates."""
    state = stage_state(stage, domain, now)
    style = _STAGE_STYLE[stage.state]
    page.put(2, ("bold", f"{stage.name:<7}"), ("plain", "  "), (style, state), hang=9)
    if stage.state == "done":
        return
    for until, reason, rrsets in holds(stage, domain, now):
        page.put(
            4,
            ("yellow", f"waits until {until}: "),
            ("plain", reason),
            ("grey", f" ({', '.join(map(together, rrsets))})" if rrsets else ""),
            hang=2,
        )
    for gate in stage.gates:
        detail = f": {printable(gate.detail)}" if gate.detail else ""
        page.put(4, _GATE[gate.state], ("plain", f" gate {printable(gate.name)}{detail}"), hang=2)


def _put_change(page: Page, change: Change, values: Mapping[str, str]) -> None:
    parts = difference(change)
    name, rdtype = change.key
    page.put(
        4,
        _ACTION[change.action],
        ("bold", f" {printable(name)} {printable(rdtype)}"),
        ("plain", f"  {parts.ttl}" if parts.ttl else ""),
        hang=4,
    )
    for value in parts.removed:
        page.put(8, ("red", f"- {values[value]}"), hang=2)
    for value in parts.added:
        page.put(8, ("green", f"+ {values[value]}"), hang=2)
    if parts.kept:
        page.put(8, ("grey", f"= {_kept(parts.kept, values)}"), hang=2)
    if change.why:
        page.put(8, ("grey", f"why: {printable(change.why)}"), hang=5)


def _kept(kept: tuple[str, ...], values: Mapping[str, str]) -> str:
    """Name the values that stay where that is short, else count them."""
    line = ", ".join(values[value] for value in kept)
    if len(line) <= 72:
        return line
    return "1 value stays" if len(kept) == 1 else f"{len(kept)} values stay"
