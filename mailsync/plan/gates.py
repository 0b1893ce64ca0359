"""Gates of a switch: what is seen of the servers to which it leads, before mail goes there.

Nothing here looks: the plan says which hosts have to be looked at, and what was seen comes back.
What could not be seen is unknown, which is not a failure; an explicit refusal stops the switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mailsync.desired.model import GATES, Desired
from mailsync.dns.names import shown
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.live import Look
from mailsync.plan.model import DomainPlan, Gate, GateState, Stage

ACCEPTS = "smtp-accepts"
"""The server takes the domain's mail: `postmaster` and each mailbox that is declared."""

OF_TLS = ("smtp-tls", "smtp-certificate")
"""They stop a switch where senders ask for TLS: under an enforced MTA-STS policy (RFC 8461 §4.1).
`tlsa-matches` and `dnssec` are seen only where there is something to match, or to refuse."""

STILL_ACCEPTS = "host-still-accepts"
"""The same of a server to which a rollback leads back."""

_WORST: tuple[GateState, ...] = ("fail", "unknown", "pass")


def wanted(plan: DomainPlan) -> frozenset[str]:
    """Give the hosts to look at (absolute names): those to which a switch that is due leads."""
    found: set[str] = set()
    for stage in plan.stages:
        if stage.name != "switch" or stage.state != "due":
            continue
        for change in stage.changes:
            name, rdtype = change.key
            before = change.before.values if change.before is not None else ()
            after = change.after.values if change.after is not None else ()
            if rdtype == "MX":
                found |= hosts(after) - hosts(before)
            elif rdtype in {"A", "AAAA"} and set(after) - set(before):
                found.add(name)
    return frozenset(found)


def judged(stage: Stage, desired: Desired, looks: Sequence[Look], *, back: bool) -> Stage:
    """Put before a switch the gates of what was seen; ``back``: it is a rollback."""
    names = [name for name in GATES if _mode(name, desired) != "off"]
    found = (_gate(name, desired, [one for one in looks if one.gate == name]) for name in names)
    gates = tuple(
        replace(gate, name=STILL_ACCEPTS) if back and gate.name == ACCEPTS else gate
        for gate in found
        if gate is not None
    )
    return replace(stage, gates=(*stage.gates, *gates))


def asked_for(desired: Desired) -> bool:
    """Tell whether the file itself says how some gate is to be taken."""
    return bool(desired.cutover.gates)


def _mode(name: str, desired: Desired) -> str:
    said = dict(desired.cutover.gates).get(name)
    if said is not None:
        return said
    enforced = desired.policy is not None and desired.policy.mode == "enforce"
    return "warn" if name not in OF_TLS or enforced else "off"


def _gate(name: str, desired: Desired, looks: Iterable[Look]) -> Gate | None:
    """Put all hosts and addresses together: the worst decides."""
    seen = sorted(looks, key=lambda one: (_WORST.index(one.state), one.host, one.detail))
    if not seen:
        return None
    state = seen[0].state
    told = [f"{shown(one.host)} {one.detail}" for one in seen if one.state == state]
    detail = "; ".join(dict.fromkeys(told))
    if state == "unknown" and _mode(name, desired) == "require":
        return Gate(name, "fail", f"{detail} (required: cutover.gates)")
    if state == "unknown":
        detail += (
            "; to be sure, run `mailsync check --gates --out FILE` where port 25 is open, and "
            "`mailsync apply --observations FILE` here"
        )
    return Gate(name, state, detail)
