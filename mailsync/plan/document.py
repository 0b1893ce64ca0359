"""The plan as JSON, format ``mailsync-plan/1`` (design §5), and back.

Writing gives the same bytes for the same plan. Reading is strict: a file that was altered, cut off
or made by another version is refused before anything in it is believed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from mailsync.dns.names import BadName, absolute, shown
from mailsync.dns.rrset import BadValue, RRset
from mailsync.dns.ttl import TTL_MAX
from mailsync.errors import MailsyncError
from mailsync.lint.model import Finding, Severity
from mailsync.plan.differences import differences
from mailsync.plan.model import (
    Change,
    DomainPlan,
    Gate,
    GateState,
    Hold,
    Plan,
    Stage,
    StageName,
    StageState,
    Status,
)
from mailsync.plan.printable import printable
from mailsync.plan.strict_json import At, NotAsExpected, parsed
from mailsync.plan.times import time_json

__all__ = ["FORMAT", "SIZE_LIMIT", "differences", "dumped", "from_json", "summary", "to_json"]

FORMAT = "mailsync-plan/1"
"""The version of the format; a reader knows exactly one."""

SIZE_LIMIT = 64 * 2**20
"""The longest plan that is read, in characters: some ten thousand domains."""

_NAME_LIMIT = 1004
"""The longest name in presentation text: 251 octets, each as ``\\DDD`` (RFC 1035 §2.3.4, §5.1)."""

_AGAIN = "make it again with `mailsync plan --out`"

SummaryKey = Literal["domains", "due", "waiting", "converged", "errors"]
"""What `summary` counts."""


# ---- Writing ------------------------------------------------------------------------------------


def to_json(plan: Plan) -> str:
    """Write a plan as JSON: two-space indent, UTF-8, a final newline, its digest at the end."""
    document = _document(plan)
    return dumped({**document, "digest": _digest(document)})


def dumped(document: Mapping[str, Any]) -> str:
    """Write a JSON document for people and machines; what prints nothing is escaped (RFC 8259 §7).

    The text is valid UTF-8 and cannot steer a terminal, whatever its strings hold.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    lines = text.split("\n")
    return "\n".join(line if line.isprintable() else _escaped(line) for line in lines)


def _escaped(line: str) -> str:
    """Write what prints nothing as JSON's escapes: only a string can hold it."""
    return "".join(
        char if char.isprintable() else "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]
        for char in line
    )


def rrset_json(rrset: RRset | None) -> dict[str, Any] | None:
    """Write one version of an RRset: TTL in seconds, values; None (absent) stays None."""
    return None if rrset is None else {"ttl": rrset.ttl, "values": list(rrset.values)}


def hold_json(hold: Hold) -> dict[str, Any]:
    """Write a hold."""
    return {"until": time_json(hold.until), "reason": hold.reason, "rrset": hold.rrset}


def gate_json(gate: Gate) -> dict[str, Any]:
    """Write a gate."""
    return {"name": gate.name, "state": gate.state, "detail": gate.detail}


def summary(domains: Sequence[DomainPlan]) -> dict[SummaryKey, int]:
    """Count the domains by status; ``due`` are those of which something is due now."""
    count = Counter(domain.status for domain in domains)
    return {
        "domains": len(domains),
        "due": count["changes"],
        "waiting": count["waiting"],
        "converged": count["converged"],
        "errors": count["error"],
    }


def _document(plan: Plan) -> dict[str, Any]:
    """Give everything but the digest, keys in the order of design §5."""
    return {
        "format": FORMAT,
        "created": time_json(plan.created),
        "domains": [_domain_json(domain) for domain in plan.domains],
        "summary": summary(plan.domains),
    }


def _digest(document: Mapping[str, Any]) -> str:
    """Hash the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _domain_json(domain: DomainPlan) -> dict[str, Any]:
    until = domain.old_service_until
    return {
        "domain": domain.domain,
        "zone": domain.zone,
        "targets": list(domain.targets),
        "status": domain.status,
        "stages": [_stage_json(stage) for stage in domain.stages],
        "old_service_until": None if until is None else time_json(until),
        "findings": [
            {"id": f.id, "severity": f.severity, "message": f.message, "where": f.where}
            for f in domain.findings
        ],
    }


def _stage_json(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "state": stage.state,
        "not_before": time_json(stage.not_before),
        "holds": [hold_json(hold) for hold in stage.holds],
        "gates": [gate_json(gate) for gate in stage.gates],
        "changes": [_change_json(change) for change in stage.changes],
    }


def _change_json(change: Change) -> dict[str, Any]:
    name, rdtype = change.key
    return {
        "action": change.action,
        "name": name,
        "type": rdtype,
        "before": rrset_json(change.before),
        "after": rrset_json(change.after),
        "why": change.why,
    }


# ---- Reading ------------------------------------------------------------------------------------


def from_json(text: str, *, where: str = "the saved plan") -> Plan:
    """Read what `to_json` wrote; ``where`` names the file in errors.

    The time zone for showing times is not in the file: every domain gets UTC. Raises
    `MailsyncError` when the text is too long, not a plan, of another version, or altered.
    """
    data = _parsed(text, where)
    made = data.get("format")
    if not isinstance(made, str) or not made.startswith("mailsync-plan/"):
        raise MailsyncError(f"this is no plan of mailsync; {_AGAIN}", where=where)
    if made != FORMAT:
        raise MailsyncError(
            f"made by another version of mailsync ({printable(made[:40])}, this one reads"
            f" {FORMAT}); {_AGAIN}",
            where=where,
        )
    document = {key: value for key, value in data.items() if key != "digest"}
    if data.get("digest") != _digest(document):
        raise MailsyncError(
            f"the plan was altered after mailsync wrote it: its digest does not match; {_AGAIN}",
            where=where,
        )
    try:
        plan = _plan(At(document, "plan"))
        if _document(plan) != document:
            At(document, "plan").refuse("contradicts itself")
    except NotAsExpected as error:
        raise MailsyncError(
            f"not as this version of mailsync writes a plan ({printable(str(error))}):"
            f" altered, or made by another version; {_AGAIN}",
            where=where,
        ) from None
    return plan


def _parsed(text: str, where: str) -> dict[str, Any]:
    if len(text) > SIZE_LIMIT:
        raise MailsyncError(
            f"the plan is longer than {SIZE_LIMIT // 2**20} MiB: plan fewer domains at a time",
            where=where,
        )
    try:
        return parsed(text)
    except NotAsExpected as error:
        raise MailsyncError(
            f"this is no plan ({printable(str(error))}): altered, cut off, or another file;"
            f" {_AGAIN}",
            where=where,
        ) from None


def _name(at: At) -> str:
    """Read a domain or zone, as `shown` writes it."""
    text = at.text()
    try:
        if len(text) > _NAME_LIMIT or shown(absolute(text)) != text:
            at.refuse("is no domain name")
    except BadName:
        at.refuse("is no domain name")
    return text


def _version(at: At, name: str, rdtype: str) -> RRset | None:
    if at.value is None:
        return None
    ttl, values = at.members("ttl", "values")
    if type(ttl.value) is not int or not 0 <= ttl.value <= TTL_MAX:
        ttl.refuse("is no TTL")
    try:
        return RRset(name, rdtype, ttl.value, tuple(value.text() for value in values.items()))
    except BadValue:
        values.refuse("is empty")


def _plan(at: At) -> Plan:
    _, created, domains, _ = at.members("format", "created", "domains", "summary")
    return Plan(created.time(), tuple(_domain(domain) for domain in domains.items()))


def _domain(at: At) -> DomainPlan:
    domain, zone, targets, status, stages, until, findings = at.members(
        "domain", "zone", "targets", "status", "stages", "old_service_until", "findings"
    )
    return DomainPlan(
        _name(domain),
        _name(zone),
        tuple(target.text() for target in targets.items()),
        cast("Status", status.one_of(Status)),
        tuple(_stage(stage) for stage in stages.items()),
        None if until.value is None else until.time(),
        tuple(_finding(finding) for finding in findings.items()),
    )


def _stage(at: At) -> Stage:
    name, state, not_before, holds, gates, changes = at.members(
        "name", "state", "not_before", "holds", "gates", "changes"
    )
    return Stage(
        cast("StageName", name.one_of(StageName)),
        cast("StageState", state.one_of(StageState)),
        not_before.time(),
        tuple(_hold(hold) for hold in holds.items()),
        tuple(_gate(gate) for gate in gates.items()),
        tuple(_change(change) for change in changes.items()),
    )


def _hold(at: At) -> Hold:
    until, reason, rrset = at.members("until", "reason", "rrset")
    return Hold(until.time(), reason.text(), rrset.text())


def _gate(at: At) -> Gate:
    name, state, detail = at.members("name", "state", "detail")
    return Gate(name.text(), cast("GateState", state.one_of(GateState)), detail.text())


def _change(at: At) -> Change:
    _, name, rdtype, before, after, why = at.members(
        "action", "name", "type", "before", "after", "why"
    )
    key = (name.text(), rdtype.text())
    change = Change(_version(before, *key), _version(after, *key), why.text())
    if change.before is None and change.after is None:
        at.refuse("changes nothing")
    return change


def _finding(at: At) -> Finding:
    finding, severity, message, where = at.members("id", "severity", "message", "where")
    return Finding(
        finding.text(),
        cast("Severity", severity.one_of(Severity)),
        message.text(),
        where.text(),
    )
