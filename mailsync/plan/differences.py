"""How the plan that was reviewed differs from the plan as of now, in words.

Of two plans as of the same time everything counts: what changes, when, and how long the old
service must stay. Of plans as of different times, time passing is no difference: a hold that moves
along with the clock, or a stage that has become due when the saved plan said it would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailsync.dns.rrset import Key, RRset
from mailsync.plan.model import Change, DomainPlan, Plan, Stage, StageName
from mailsync.plan.printable import printable
from mailsync.plan.times import whole_second


def differences(saved: Plan, now: Plan) -> list[str]:
    """Say in one line each what stands between a saved plan and carrying it out as reviewed.

    An empty list: what is due now is what the saved plan says. The lines are safe to print.
    """
    before = {domain.domain: domain for domain in saved.domains}
    after = {domain.domain: domain for domain in now.domains}
    lines = [f"{name}: the domain is new" for name in after if name not in before]
    for name, domain in before.items():
        if name in after:
            found = [
                *_of_domain(domain, after[name]),
                *_of_states(domain, after[name], now.created),
            ]
            if saved.created == now.created and not found:
                found = [*_of_times(domain, after[name])]
            lines += [f"{name}: {text}" for text in found]
        else:
            lines.append(f"{name}: the domain is gone")
    return [printable(line) for line in lines]


def _of_domain(saved: DomainPlan, now: DomainPlan) -> Iterator[str]:
    if saved.zone != now.zone:
        yield f"the plan was made for the zone {saved.zone}, now it is {now.zone}"
    if saved.targets != now.targets:
        yield (
            f"the plan was made for the DNS host {_listed(saved.targets)},"
            f" now it is {_listed(now.targets)}"
        )
    if saved.status != "error" and now.status == "error":
        yield from (f"now an error: {f.message}" for f in now.findings if f.severity == "error")
    yield from _of_changes(_steps(saved), _steps(now))
    yield from _of_gates(saved, now)


# ---- RRsets -------------------------------------------------------------------------------------

_Steps = Mapping[tuple[StageName, Key], "_Step"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A change and the stage that it belongs to."""

    stage: Stage
    change: Change


def _steps(domain: DomainPlan) -> _Steps:
    return {
        (stage.name, change.key): _Step(stage, change)
        for stage in domain.stages
        for change in stage.changes
    }


def _of_changes(saved: _Steps, now: _Steps) -> Iterator[str]:
    """Compare what each stage makes of each RRset; later stages repeat the first difference."""
    told: set[Key] = set()
    for stage, key in dict.fromkeys((*saved, *now)):
        if key in told:
            continue
        old, new = saved.get((stage, key)), now.get((stage, key))
        if old is None:
            text = f"stage {stage} now changes it too"
        elif new is None:
            text = f"stage {stage} no longer changes it"
        elif old.change.before != new.change.before:
            text = _live_differs(old.change.before, new.change.before)
        elif old.change.after != new.change.after:
            was, is_now = _contrast(old.change.after, new.change.after)
            text = f"stage {stage} was to leave {was}, now {is_now}"
        else:
            continue
        told.add(key)
        yield f"{key[0]} {key[1]}: {text}"


def _live_differs(saved: RRset | None, now: RRset | None) -> str:
    if saved is not None and now is not None and saved.ttl == now.ttl:
        added = [value for value in now.values if value not in saved.values]
        gone = [value for value in saved.values if value not in now.values]
        if not gone:
            return f"{_listed(added)} was added after the plan was made"
        if not added:
            return f"{_listed(gone)} was removed after the plan was made"
    was, is_now = _contrast(saved, now)
    return f"the plan was made from {was}, now {is_now}"


def _contrast(saved: RRset | None, now: RRset | None) -> tuple[str, str]:
    """Describe two versions of an RRset by what differs between them."""
    if saved is None or now is None or saved.values == now.values:
        return _described(saved, now), _described(now, saved)
    was = [value for value in saved.values if value not in now.values]
    is_now = [value for value in now.values if value not in saved.values]
    ttls = [f"TTL {saved.ttl}"], [f"TTL {now.ttl}"]
    if saved.ttl == now.ttl:
        ttls = [], []
    return (
        _listed([*ttls[0], *was]) or f"no {_listed(is_now)}",
        _listed([*ttls[1], *is_now]) or f"no {_listed(was)}",
    )


def _described(rrset: RRset | None, other: RRset | None) -> str:
    if rrset is None:
        return "nothing"
    return f"TTL {rrset.ttl}" if other else _listed([f"TTL {rrset.ttl}", *rrset.values])


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words)


# ---- Stages -------------------------------------------------------------------------------------


def _of_states(saved: DomainPlan, now: DomainPlan, time: datetime) -> Iterator[str]:
    """Tell of stages that may no longer run, or may run before the saved plan said."""
    steps = _steps(now)
    told: set[StageName] = set()
    for (name, key), old in _steps(saved).items():
        new = steps.get((name, key))
        if new is None or name in told:
            continue
        if old.stage.state == "due" and new.stage.state == "held":
            told.add(name)
            yield f"stage {name} is no longer due: {_reason(new.stage)}"
        elif old.stage.state == "held" and new.stage.state == "due" and time < old.stage.not_before:
            told.add(name)
            yield f"stage {name} is due already; the plan said {_utc(old.stage.not_before)}"


def _of_times(saved: DomainPlan, now: DomainPlan) -> Iterator[str]:
    """Tell of dates that differ although the plans are as of the same time."""
    for old, new in zip(saved.stages, now.stages, strict=False):
        if old.state == new.state == "held" and _utc(old.not_before) != _utc(new.not_before):
            yield (
                f"stage {old.name} was to wait until {_utc(old.not_before)},"
                f" now until {_utc(new.not_before)}"
            )
            return
    if _utc(saved.old_service_until) != _utc(now.old_service_until):
        yield (
            f"the old service was to stay until {_utc(saved.old_service_until)},"
            f" now until {_utc(now.old_service_until)}"
        )


def _reason(stage: Stage) -> str:
    if not stage.holds:
        return f"not before {_utc(stage.not_before)}"
    last = max(stage.holds)
    return " ".join(filter(None, [last.rrset, last.reason, f"({_utc(last.until)})"]))


def _of_gates(saved: DomainPlan, now: DomainPlan) -> Iterator[str]:
    failed = {gate.name for stage in saved.stages for gate in stage.gates if gate.state == "fail"}
    told: set[str] = set()
    for stage in now.stages:
        for gate in stage.gates:
            if gate.state == "fail" and gate.name not in failed | told:
                told.add(gate.name)
                yield f"gate {gate.name} of stage {stage.name} now fails: {gate.detail}"


def _utc(time: datetime | None) -> str:
    """Write a time as a saved plan holds it: whole seconds, rounded up."""
    return "no time" if time is None else whole_second(time).strftime("%Y-%m-%d %H:%M:%S UTC")
