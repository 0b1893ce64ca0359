"""The plan as one HTML page: a timeline and the stages of each domain; no script, nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailsync.plan.model import Change, DomainPlan, Plan, Stage
from mailsync.report import svg
from mailsync.report.phrases import STATUS, common_timezone, next_step, summary_line
from mailsync.report.times import moment, when

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.3rem;margin-top:2.5rem;border-top:2px solid #1a1a1a;
padding-top:.5rem}h3{font-size:1.05rem}
table{border-collapse:collapse;margin:.5rem 0;table-layout:fixed;width:100%}
th,td{border:1px solid #999;padding:.25rem .5rem;
text-align:left;vertical-align:top;overflow-wrap:anywhere}
table.free{table-layout:auto}table.free td:not(:last-child){white-space:nowrap}
code{font:14px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
figure{margin:1rem 0;overflow-x:auto}svg{max-width:100%;height:auto}dt{font-weight:bold}
dd{margin:0 0 .4rem 1.2rem}.alert{border-left:4px solid #1a1a1a;padding-left:.6rem;font-weight:bold}
@media print{body{margin:0;max-width:none;font-size:11pt}section,figure,tr{break-inside:avoid}}
"""
_WIDTH, _LEFT, _RIGHT, _ROW = 960, 190, 24, 24
_FILL = {"due": svg.FILLS[3], "held": svg.FILLS[1], "done": svg.FILLS[5]}


def document(title: str, body: str) -> str:
    """Put a page together; it allows itself nothing but its own style."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{svg.shown(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{svg.shown(title)}</h1>\n{body}</body></html>\n"
    )


def plan_html(plan: Plan) -> str:
    """Write a plan as a page: an index, then for each domain its timeline and its stages."""
    zone = common_timezone(plan.domains)
    index = "".join(
        f'<li><a href="#d{number}">{svg.shown(domain.domain)}</a>: '
        f"{STATUS[domain.status][0]} {STATUS[domain.status][1]}</li>"
        for number, domain in enumerate(plan.domains)
    )
    body = (
        f"<p>As of {svg.shown(moment(plan.created, zone, plan.created))}. "
        f"{svg.shown(summary_line(plan))} {svg.shown(next_step(plan))}</p>\n<ul>{index}</ul>\n"
    )
    body += "".join(_domain(domain, plan.created, n) for n, domain in enumerate(plan.domains))
    return document("Mail plan", body)


def timeline_svg(domain: DomainPlan, now: datetime) -> str:
    """Draw a domain's stages and holds on a time axis, and until when the old service stays."""
    stages = [stage for stage in domain.stages if stage.state != "done"]
    marks = [stage.not_before for stage in stages]
    marks += [hold.until for stage in stages for hold in stage.holds]
    if domain.old_service_until is not None:
        marks.append(domain.old_service_until)
    end = max([now + timedelta(hours=6), *marks])
    end += (end - now) / 12
    rows: list[str] = []
    y = 44.0
    for stage in stages:
        rows += _stage_row(stage, y, now, end)
        y += _ROW
        for until, reason, rrsets in _grouped(stage):
            names = rrsets[0] if len(rrsets) == 1 else f"{len(rrsets)} record sets"
            rows += _hold_row(reason, names, until, y, now, end)
            y += _ROW
    if domain.old_service_until is not None:
        x = _x(domain.old_service_until, now, end)
        label = f"old service until {moment(domain.old_service_until, domain.timezone, now)}"
        anchor = "end" if x > _WIDTH / 2 else "start"
        rows += [
            svg.line(x, 30, x, y, dashed=True),
            svg.text(x + (-5 if anchor == "end" else 5), y + 10, label, size=11, anchor=anchor),
        ]
        y += _ROW
    height = int(y) + 40
    for time, label in svg.ticks(now, end, domain.timezone):
        x = _x(time, now, end)
        rows.insert(0, svg.line(x, 30, x, height - 30))
        rows.append(svg.text(x, height - 14, label, size=11, anchor="middle", fill=svg.FAINT))
    title = f"{domain.domain}: what runs when"
    return svg.picture(_WIDTH, height, title, [svg.text(12, 20, title, size=14), *rows])


def _grouped(stage: Stage) -> list[tuple[datetime, str, list[str]]]:
    """Put holds together that differ only in the RRset."""
    found: dict[tuple[datetime, str], list[str]] = {}
    for hold in stage.holds:
        found.setdefault((hold.until, hold.reason), []).append(hold.rrset)
    return [(until, reason, rrsets) for (until, reason), rrsets in found.items()]


def _x(time: datetime, now: datetime, end: datetime) -> float:
    part = (time - now) / (end - now)
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(max(part, 0.0), 1.0)


def _stage_row(stage: Stage, y: float, now: datetime, end: datetime) -> list[str]:
    x = _x(stage.not_before, now, end)
    changes = len(stage.changes)
    words = f"{changes} record set{'' if changes == 1 else 's'}"
    anchor = "end" if x > _WIDTH * 0.75 else "start"
    return [
        svg.text(12, y + 13, f"{stage.name} ({stage.state})", size=13),
        svg.box(x - 4, y + 2, 8, 15, _FILL[stage.state], words),
        svg.text(x + (-10 if anchor == "end" else 10), y + 14, words, size=11, anchor=anchor),
    ]


def _hold_row(
    reason: str, rrset: str, until: datetime, y: float, now: datetime, end: datetime
) -> list[str]:
    """Draw a hold as a bar until it ends, its reason in it or, where that is short, behind it."""
    x = _x(until, now, end)
    room = int((x - _LEFT - 8) / 6)
    most = max(room, int((_WIDTH - x - 10) / 6))
    words = reason if len(reason) <= most else f"{reason[: most - 1]}…"
    inside = len(words) <= room
    name = rrset if len(rrset) <= 26 else f"{rrset[:25]}…"
    return [
        svg.text(24, y + 13, name, size=11, fill=svg.FAINT),
        svg.box(_LEFT, y + 3, x - _LEFT, 14, "#f3ead2", reason),
        svg.text(_LEFT + 4 if inside else x + 6, y + 14, words, size=11),
    ]


def _domain(domain: DomainPlan, now: datetime, number: int) -> str:
    sign, words = STATUS[domain.status]
    parts = [f'<section id="d{number}"><h2>{svg.shown(domain.domain)}: {sign} {words}</h2>\n']
    if domain.old_service_until is not None:
        until = svg.shown(when(domain.old_service_until, domain.timezone, now))
        parts.append(
            f'<p class="alert">The old service must keep accepting mail until {until}</p>\n'
        )
    parts += [
        f"<p><strong>{finding.severity}</strong> {svg.shown(finding.message)} "
        f"<small>({svg.shown(finding.where)}, {svg.shown(finding.id)})</small></p>\n"
        for finding in domain.findings
    ]
    if any(stage.state != "done" for stage in domain.stages):
        parts.append(f"<figure>{timeline_svg(domain, now)}</figure>\n")
    parts += [_stage(stage, domain, now) for stage in domain.stages]
    return "".join([*parts, "</section>\n"])


def _stage(stage: Stage, domain: DomainPlan, now: datetime) -> str:
    time = when(stage.not_before, domain.timezone, now)
    heading = f"{stage.name}: {stage.state}" + ("" if stage.state == "done" else f", {time}")
    holds = "".join(
        f"<li>until {svg.shown(moment(until, domain.timezone, now))}: {svg.shown(reason)} "
        f"<small>({svg.shown(', '.join(filter(None, rrsets)))})</small></li>"
        for until, reason, rrsets in _grouped(stage)
    )
    gates = "".join(
        f"<li>gate {svg.shown(gate.name)}: {gate.state}. {svg.shown(gate.detail)}</li>"
        for gate in stage.gates
    )
    rows = "".join(_change(change) for change in stage.changes)
    table = (
        f"<table><tr><th>record set</th><th>now</th><th>then</th><th>why</th></tr>{rows}</table>\n"
        if rows
        else ""
    )
    waits = f"<ul>{holds}{gates}</ul>\n" if holds or gates else ""
    return f"<h3>{svg.shown(heading)}</h3>\n{waits}{table}"


def _change(change: Change) -> str:
    versions = (
        "nothing" if rrset is None else f"TTL {rrset.ttl}: {', '.join(rrset.values)}"
        for rrset in (change.before, change.after)
    )
    cells = (f"{change.key[0]} {change.key[1]}", *versions)
    codes = "".join(f"<td><code>{svg.shown(cell)}</code></td>" for cell in cells)
    return f"<tr>{codes}<td>{svg.shown(change.why)}</td></tr>"
