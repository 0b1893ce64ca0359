"""The plan as Markdown for pull-request comments and job summaries on GitHub.

What comes from DNS, files or servers stands in code spans and fenced blocks only, where neither
HTML nor Markdown, mentions or links mean anything (CommonMark §6.1, §4.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from mailsync.plan.model import Change, DomainPlan, Plan, Stage, Status
from mailsync.plan.printable import printable
from mailsync.report.phrases import (
    STATUS,
    common_timezone,
    counted,
    findings,
    holds,
    next_step,
    old_service,
    stage_state,
    summary_line,
)
from mailsync.report.times import moment
from mailsync.report.values import difference, shown_values

COMMENT_LIMIT = 65_536
"""The longest comment that GitHub takes, in characters; kept in octets, to be sure."""

_FOOT_OCTETS = 200
"""Room for the line that says how many domains were left out."""

_URGENCY: tuple[Status, ...] = ("error", "changes", "waiting", "converged")
_BACKTICKS = re.compile(r"`+")

_Block = Callable[[DomainPlan, datetime], str]


def plan_markdown(plan: Plan, *, limit: int = COMMENT_LIMIT) -> str:
    """Write a plan as Markdown of at most ``limit`` octets (at least 2,000), most urgent first.

    A domain that does not fit is told without its changes, or left out as a whole and counted in
    the last line; the summary on top always stands.
    """
    timezone = common_timezone(plan.domains)
    top = f"## Mail plan\n\n**{summary_line(plan)}** {next_step(plan, code)}".rstrip() + "\n"
    foot = f"\nAs of {moment(plan.created, timezone, plan.created)}.\n"
    blocks = [top]
    room = limit - _octets(top) - _octets(foot) - _FOOT_OCTETS
    left_out = 0
    for domain in sorted(plan.domains, key=lambda domain: _URGENCY.index(domain.status)):
        block = _fitting(domain, plan.created, room)
        left_out += not block
        room -= _octets(block)
        blocks.append(block)
    if left_out:
        blocks.append(
            f"\n**{counted(left_out, 'domain')} left out here for want of room:**"
            " `mailsync plan` shows them all.\n"
        )
    return "".join([*blocks, foot])


def _fitting(domain: DomainPlan, now: datetime, room: int) -> str:
    """Write a domain in full, else in brief, else not at all."""
    forms: tuple[_Block, ...] = (_full, _brief)
    written = (form(domain, now) for form in forms)
    return next((block for block in written if _octets(block) <= room), "")


def _octets(text: str) -> int:
    return len(text.encode())


# ---- Escaping -----------------------------------------------------------------------------------


def code(text: str) -> str:
    """Write foreign text as a code span, which nothing in it can end."""
    safe = printable(text)
    ticks = "`" * (max((len(run) for run in _BACKTICKS.findall(safe)), default=0) + 1)
    pad = " " if not safe.strip() or safe[0] in "` " or safe[-1] in "` " else ""
    return f"{ticks}{pad}{safe}{pad}{ticks}"


def cell(text: str) -> str:
    r"""Write foreign text as a code span in a table, where a ``|`` ends the cell: as ``\x7c``."""
    return code(text.replace("|", "\\x7c"))


def fenced(lines: list[str], language: str) -> str:
    """Write lines of foreign text as a fenced block, which none of them can end."""
    safe = [printable(line) for line in lines]
    longest = max((len(run) for line in safe for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(longest + 1, 3)
    return "\n".join([f"{fence}{language}", *safe, fence]) + "\n"


# ---- A domain -----------------------------------------------------------------------------------


def _full(domain: DomainPlan, now: datetime) -> str:
    parts = [_brief(domain, now)]
    if domain.stages and domain.status != "converged":
        parts += [_stages(domain, now), _details(domain, now)]
    return "".join(parts)


def _brief(domain: DomainPlan, now: datetime) -> str:
    """Write what nobody may overlook: the status, the old service, errors and warnings."""
    sign, words = STATUS[domain.status]
    targets = ", ".join(code(target) for target in domain.targets)
    heading = code(domain.domain) + (f" → {targets}" if targets else "")
    if domain.status == "converged" and not domain.findings:
        return f"\n{sign} {heading}: {words}\n"
    parts = [f"\n### {sign} {heading}: {words}\n"]
    until = domain.old_service_until
    if until is not None and (until > now or domain.status != "converged"):
        alert = "> [!IMPORTANT]\n> **{}**\n" if until > now else "{}\n"
        parts.append("\n" + alert.format(old_service(domain, now)))
    lines = [
        f"- **{f.severity}** {code(f.message)}"
        + (f" at {code(f.where)}" if f.where else "")
        + f" ({code(f.id)})\n"
        for f in findings(domain)
    ]
    return "".join([*parts, "\n" if lines else "", *lines])


def _stages(domain: DomainPlan, now: datetime) -> str:
    rows = [
        f"| {stage.name} | {stage_state(stage, domain, now)} | {_rrsets(stage)} |\n"
        for stage in domain.stages
    ]
    return "".join(["\n| Stage | When | Changes |\n|---|---|---|\n", *rows])


def _rrsets(stage: Stage) -> str:
    keys = dict.fromkeys(f"{change.key[0]} {change.key[1]}" for change in stage.changes)
    if len(keys) > 4:
        return counted(len(keys), "RRset")
    return ", ".join(cell(key) for key in keys)


def _details(domain: DomainPlan, now: datetime) -> str:
    values = shown_values(domain)
    number = sum(len(stage.changes) for stage in domain.stages)
    parts = [
        f"\n<details><summary>{counted(number, 'change')}: holds, gates and records</summary>\n"
    ]
    for stage in domain.stages:
        if stage.state == "done":
            continue
        parts.append(f"\n**{stage.name}**\n")
        waits = [
            f"- waits until {until}: {code(reason)}{_bracketed(rrsets)}\n"
            for until, reason, rrsets in holds(stage, domain, now)
        ]
        waits += [
            f"- gate {code(g.name)}: {g.state}" + (f" {code(g.detail)}" if g.detail else "") + "\n"
            for g in stage.gates
        ]
        if waits:
            parts += ["\n", *waits]
        lines = [line for change in stage.changes for line in _change(change, values)]
        if lines:
            parts.append("\n" + fenced(lines, "diff"))
    return "".join([*parts, "\n</details>\n"])


def _bracketed(rrsets: tuple[str, ...]) -> str:
    return f" ({', '.join(code(rrset) for rrset in rrsets)})" if rrsets else ""


def _change(change: Change, values: Mapping[str, str]) -> list[str]:
    """Write a change so that GitHub colours it: ``@@`` a heading, ``!`` a TTL, ``#`` a comment."""
    parts = difference(change)
    name, rdtype = change.key
    return [
        f"@@ {change.action} {name} {rdtype} @@",
        *([f"# {change.why}"] if change.why else []),
        *([f"! {parts.ttl}"] if parts.ttl else []),
        *(f"- {values[value]}" for value in parts.removed),
        *(f"+ {values[value]}" for value in parts.added),
        *(f"  {values[value]}" for value in parts.kept),
    ]
