"""The plan as JSON, format ``mailsync-plan/1`` (design §5), and back.

Writing gives the same bytes for the same plan. Reading is strict: a file that was altered, cut off
or made by another version is refused before anything in it is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NoReturn, cast, get_args

from mailsync.dns.names import BadName, absolute, shown
from mailsync.dns.rrset import BadValue, RRset
from mailsync.dns.ttl import TTL_MAX
from mailsync.errors import MailsyncError
from mailsync.plan.differences import differences
from mailsync.plan.model import (
    Change,
    DomainPlan,
    Finding,
    Gate,
    GateState,
    Hold,
    Plan,
    Severity,
    Stage,
    StageName,
    StageState,
    Status,
)
from mailsync.plan.printable import printable

__all__ = ["FORMAT", "SIZE_LIMIT", "differences", "dumped", "from_json", "summary", "to_json"]

FORMAT = "mailsync-plan/1"
"""The version of the format; a reader knows exactly one."""

SIZE_LIMIT = 64 * 2**20
"""The longest plan that is read, in characters: some ten thousand domains."""

_NAME_LIMIT = 1004
"""The longest name in presentation text: 251 octets, each as ``\\DDD`` (RFC 1035 §2.3.4, §5.1)."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
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


def time_json(time: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, whole seconds, rounded up: never too early."""
    whole = time.replace(microsecond=0) + timedelta(seconds=bool(time.microsecond))
    return whole.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def rrset_json(rrset: RRset | None) -> dict[str, Any] | None:
    """Write one version of an RRset: TTL in seconds, values; None (absent) stays None."""
    return None if rrset is None else {"ttl": rrset.ttl, "values": list(rrset.values)}


def hold_json(hold: Hold) -> dict[str, Any]:
    """Write a hold."""
    return {"until": time_json(hold.until), "reason": hold.reason, "rrset": hold.rrset}


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
        "gates": [{"name": g.name, "state": g.state, "detail": g.detail} for g in stage.gates],
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
        plan = _plan(_At(document, "plan"))
        if _document(plan) != document:
            _At(document, "plan").refuse("contradicts itself")
    except _NotOurs as error:
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
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        problem = "too deeply nested"
    except json.JSONDecodeError as error:
        problem = f"no JSON from line {error.lineno}, column {error.colno} on"
    except ValueError as error:  # a repeated key, NaN, a number of thousands of digits
        problem = printable(str(error))
    else:
        if isinstance(data, dict):
            return cast("dict[str, Any]", data)
        problem = "not an object"
    raise MailsyncError(
        f"this is no plan ({problem}): altered, cut off, or another file; {_AGAIN}", where=where
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key comes twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


class _NotOurs(ValueError):  # noqa: N818  # never leaves this module
    """The document is not as `to_json` writes it; the message says where."""


@dataclass(frozen=True, slots=True)
class _At:
    """A value of the document and its path, for reading strictly."""

    value: Any
    path: str

    def refuse(self, what: str) -> NoReturn:
        raise _NotOurs(f"{self.path} {what}")

    def members(self, *keys: str) -> tuple[_At, ...]:
        if not isinstance(self.value, dict) or set(self.value) != set(keys):
            self.refuse(f"is no object of {', '.join(keys)}")
        return tuple(_At(self.value[key], f"{self.path}.{key}") for key in keys)

    def items(self) -> tuple[_At, ...]:
        if not isinstance(self.value, list):
            self.refuse("is no list")
        return tuple(_At(item, f"{self.path}[{i}]") for i, item in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.refuse("is no text")
        return self.value

    def one_of(self, literal: Any) -> str:
        if self.text() not in get_args(literal):
            self.refuse(f"is none of {', '.join(get_args(literal))}")
        return self.text()

    def time(self) -> datetime:
        if not _TIME.fullmatch(self.text()):
            self.refuse("is no time in UTC")
        try:
            return datetime.fromisoformat(self.text())
        except ValueError:
            self.refuse("is no time in UTC")

    def name(self) -> str:
        """Read a domain or zone, as `shown` writes it."""
        text = self.text()
        try:
            if len(text) > _NAME_LIMIT or shown(absolute(text)) != text:
                self.refuse("is no domain name")
        except BadName:
            self.refuse("is no domain name")
        return text

    def rrset(self, name: str, rdtype: str) -> RRset | None:
        if self.value is None:
            return None
        ttl, values = self.members("ttl", "values")
        if type(ttl.value) is not int or not 0 <= ttl.value <= TTL_MAX:
            ttl.refuse("is no TTL")
        try:
            return RRset(name, rdtype, ttl.value, tuple(value.text() for value in values.items()))
        except BadValue:
            values.refuse("is empty")


def _plan(at: _At) -> Plan:
    _, created, domains, _ = at.members("format", "created", "domains", "summary")
    return Plan(created.time(), tuple(_domain(domain) for domain in domains.items()))


def _domain(at: _At) -> DomainPlan:
    domain, zone, targets, status, stages, until, findings = at.members(
        "domain", "zone", "targets", "status", "stages", "old_service_until", "findings"
    )
    return DomainPlan(
        domain.name(),
        zone.name(),
        tuple(target.text() for target in targets.items()),
        cast("Status", status.one_of(Status)),
        tuple(_stage(stage) for stage in stages.items()),
        None if until.value is None else until.time(),
        tuple(_finding(finding) for finding in findings.items()),
    )


def _stage(at: _At) -> Stage:
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


def _hold(at: _At) -> Hold:
    until, reason, rrset = at.members("until", "reason", "rrset")
    return Hold(until.time(), reason.text(), rrset.text())


def _gate(at: _At) -> Gate:
    name, state, detail = at.members("name", "state", "detail")
    return Gate(name.text(), cast("GateState", state.one_of(GateState)), detail.text())


def _change(at: _At) -> Change:
    _, name, rdtype, before, after, why = at.members(
        "action", "name", "type", "before", "after", "why"
    )
    key = (name.text(), rdtype.text())
    change = Change(before.rrset(*key), after.rrset(*key), why.text())
    if change.before is None and change.after is None:
        at.refuse("changes nothing")
    return change


def _finding(at: _At) -> Finding:
    finding, severity, message, where = at.members("id", "severity", "message", "where")
    return Finding(
        finding.text(),
        cast("Severity", severity.one_of(Severity)),
        message.text(),
        where.text(),
    )
