"""Where each domain stands: stage, holds, what resolvers may still hold, and the old service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from mailsync.dns.rrset import Key, RRset
from mailsync.observe.interface import Heard
from mailsync.plan.document import dumped, gate_json, hold_json, rrset_json
from mailsync.plan.model import DomainPlan
from mailsync.plan.printable import printable
from mailsync.plan.times import time_json
from mailsync.report.page import Page, Style, together
from mailsync.report.phrases import common_timezone, counted
from mailsync.report.text import put_findings, put_heading, put_old_service, put_stage
from mailsync.report.times import moment, when
from mailsync.report.values import shortened

FORMAT = "mailsync-status/1"
"""The version of the JSON format."""

_SHORT = 40
"""A value of at most this many characters is not broken over two lines."""


@dataclass(frozen=True, slots=True)
class Visible:
    """A version of an RRset that some resolver may hold.

    ``what`` is None when the RRset is absent in it, or when it is ``unseen``: it may have existed,
    and nobody knows what it said. ``until`` (aware): when the last resolver has forgotten it; None
    while it is published.
    """

    key: Key
    what: RRset | None
    unseen: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DomainStatus:
    """A domain's plan, the visible versions of its RRsets, and who answers what of them now."""

    plan: DomainPlan
    visible: tuple[Visible, ...] = ()
    heard: tuple[Heard, ...] = ()


def status_text(
    statuses: Sequence[DomainStatus], *, now: datetime, colour: bool, width: int
) -> str:
    """Draw where each domain stands, ``width`` cells wide, with ANSI colours only if asked."""
    page = Page(colour=colour, width=width)
    timezone = common_timezone([status.plan for status in statuses])
    page.put(0, ("bold", "Mail status"), ("grey", f" as of {moment(now, timezone, now)}"))
    for status in statuses:
        page.gap()
        put_heading(page, status.plan)
        put_old_service(page, status.plan, now)
        put_findings(page, status.plan, errors=True)
        for stage in status.plan.stages if status.plan.status != "converged" else ():
            put_stage(page, stage, status.plan, now)
        _put_visible(page, status, now)
        _put_heard(page, status)
    return page.text()


def _put_heard(page: Page, status: DomainStatus) -> None:
    """Put what each name server and resolver answers; a resolver's TTL is what it has left."""
    for key, group in groupby(status.heard, key=lambda one: one.key):
        answers = list(group)
        page.put(2, ("bold", f"{printable(key[0])} {printable(key[1])}"), ("plain", "  answers:"))
        names = [f"{one.role} {printable(one.who)}" for one in answers]
        column = max(len(name) for name in names)
        for one, name in zip(answers, names, strict=True):
            style: Style = "yellow" if one.fault else "plain"
            said = printable(one.fault) if one.fault else _answer(one)
            page.put(4, ("grey", name.ljust(column)), (style, f"  {said}"), hang=column + 2)


def _answer(one: Heard) -> str:
    if one.what is None:
        return "absent"
    left = " left" if one.role == "resolver" else ""
    values = shortened(one.what.values)
    return f"TTL {one.what.ttl}{left}  {', '.join(_listed(values[v]) for v in one.what.values)}"


def _put_visible(page: Page, status: DomainStatus, now: datetime) -> None:
    """Put every RRset of which more than the published version may be held; count the rest."""
    values = shortened(
        value for seen in status.visible if seen.what is not None for value in seen.what.values
    )
    current = 0
    for key, group in groupby(sorted(status.visible, key=_newest_first), key=lambda seen: seen.key):
        versions = list(group)
        if len(versions) == 1 and versions[0].until is None and not versions[0].unseen:
            current += 1
            continue
        page.put(2, ("bold", f"{printable(key[0])} {printable(key[1])}"), ("plain", "  visible:"))
        times = [_time(seen, status.plan.timezone, now) for seen in versions]
        column = max(len(time) for time in times)
        for seen, time in zip(versions, times, strict=True):
            style: Style = "green" if seen.until is None else "yellow"
            version = _version(seen, values)
            page.put(4, (style, time.ljust(column)), ("plain", f"  {version}"), hang=column + 2)
    if current:
        page.put(2, ("grey", f"{counted(current, 'RRset')}: only what is published is visible"))


def _time(seen: Visible, timezone: str, now: datetime) -> str:
    return "now" if seen.until is None else f"until {when(seen.until, timezone, now)}"


def _newest_first(seen: Visible) -> tuple[Key, bool, float]:
    return (seen.key, seen.until is not None, -seen.until.timestamp() if seen.until else 0.0)


def _version(seen: Visible, values: Mapping[str, str]) -> str:
    if seen.unseen:
        return "a version that nobody saw: it may say anything"
    if seen.what is None:
        return "absent"
    listed = ", ".join(_listed(values[value]) for value in seen.what.values)
    return f"TTL {seen.what.ttl}  {listed}"


def _listed(value: str) -> str:
    return together(value) if len(value) <= _SHORT else value


def status_json(statuses: Sequence[DomainStatus], *, now: datetime) -> str:
    """Write the same as JSON, format ``mailsync-status/1``; times as in the plan's JSON."""
    return dumped(
        {
            "format": FORMAT,
            "created": time_json(now),
            "domains": [_domain_json(status) for status in statuses],
        }
    )


def _domain_json(status: DomainStatus) -> dict[str, Any]:
    plan = status.plan
    until = plan.old_service_until
    return {
        "domain": plan.domain,
        "zone": plan.zone,
        "targets": list(plan.targets),
        "status": plan.status,
        "stages": [
            {
                "name": stage.name,
                "state": stage.state,
                "not_before": time_json(stage.not_before),
                "holds": [hold_json(hold) for hold in stage.holds],
                "gates": [gate_json(gate) for gate in stage.gates],
            }
            for stage in plan.stages
        ],
        "old_service_until": None if until is None else time_json(until),
        "visible": [
            {
                "name": seen.key[0],
                "type": seen.key[1],
                "version": rrset_json(seen.what),
                "unseen": seen.unseen,
                "until": None if seen.until is None else time_json(seen.until),
            }
            for seen in sorted(status.visible, key=_newest_first)
        ],
        "heard": [
            {
                "who": one.who,
                "role": one.role,
                "name": one.key[0],
                "type": one.key[1],
                "answer": rrset_json(one.what),
                "fault": one.fault,
            }
            for one in status.heard
        ],
    }
