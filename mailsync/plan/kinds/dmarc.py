"""Choreography of DMARC (RFC 9989).

Loosen before mail moves, tighten after it has: a receiver that holds the strict policy and an old
SPF or DKIM record would refuse legitimate mail. A ramp (§9.1) takes its rungs one by one, each at
its time, and none while mail is on the move.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from mailsync.desired.model import Rung, Wish
from mailsync.dns.rrset import txt_text
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import dmarc as dmarc_record
from mailsync.plan.choreography import Choreography, Scene, Steps, at_once, owned_values
from mailsync.plan.kinds import dkim, spf
from mailsync.plan.model import Hold
from mailsync.plan.reasons import named
from mailsync.plan.times import local_text


def owns(_wish: Wish, value: str) -> bool:
    """Of the values at ``_dmarc``, those are ours that are DMARC records (RFC 9989 §4.7)."""
    return dmarc_record.is_dmarc(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Tighten last when anything that authenticates mail is on the move, else change at once."""
    if not wish.ramp:
        return _change(wish, owned, scene)
    found = _climb(wish, owned, scene)
    ahead = _ahead(wish, found, scene)
    return replace(found, findings=(*found.findings, *ahead))


def _ahead(wish: Wish, steps: Steps, scene: Scene) -> tuple[Finding, ...]:
    """Tell the rungs that come after all that is planned yet: each is planned in its turn."""
    rungs = [rung.values for rung in wish.ramp]
    higher = wish.ramp[rungs.index(steps.settle) + 1 :] if steps.settle in rungs else ()
    if not higher:
        return ()
    message = f"the ramp goes on: {', then '.join(_said(rung, scene) for rung in higher)}"
    return (Finding("dmarc-ramp", "info", message, str(wish.place)),)


def _said(rung: Rung, scene: Scene) -> str:
    policy = _policy(rung.values)
    words = f"p={policy.policy()}" if policy is not None else txt_text(rung.values[0])
    if rung.at is not None:
        words += f" on {local_text(rung.at, scene.desired.cutover.zone)}"
    if rung.after is not None:
        words += f" {written(rung.after)} later"
    return words


def _climb(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Take the ramp rung by rung: the next one when its time has come, and never one down."""
    height = max(
        (i for i, rung in enumerate(wish.ramp) if not tightens(owned, rung.values)), default=0
    )
    rung = wish.ramp[height]
    here = replace(wish, values=rung.values, ramp=())
    if set(owned) != set(rung.values) or height + 1 == len(wish.ramp):
        return _change(here, owned, scene)
    following = wish.ramp[height + 1]
    steps = _change(replace(here, values=following.values), owned, scene)
    key = (wish.name, wish.type)
    since = scene.served_since(key, owned)
    times = [at for at in (following.at,) if at is not None]
    if following.after is not None:
        times.append(since + timedelta(seconds=following.after))
    due = max([scene.now, *times])
    reason = f"the ramp goes on then: {txt_text(following.values[0])}"
    waits = (Hold(due, reason, named(key)),) if due > scene.now else ()
    if steps.settle != steps.prepare:
        return replace(steps, settle_holds=waits)
    return Steps(
        owned,
        owned,
        following.values,
        why_settle="changes DMARC: the next step of the ramp",
        wait=0,
        since=since,
        settle_holds=waits,
    )


def _change(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        return at_once((), "removes DMARC")
    why = "changes DMARC" if owned else "adds DMARC"
    if not tightens(owned, wish.values):
        return at_once(wish.values, why)
    ahead, since = _senders_change(scene)
    if not scene.in_flight and not ahead and since is None:
        return at_once(wish.values, f"{why}: tightens the policy, with no mail on the move")
    return Steps(
        owned,
        owned,
        wish.values,
        why_settle=f"{why}: tightens the policy when mail has moved",
        wait=scene.desired.cutover.soak,
        since=since,
    )


def ready(wish: Wish, held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """Mail may move while a resolver holds a policy no stricter than the one wished for."""
    wished = wish.ramp[0].values if wish.ramp else wish.values
    return held is not None and not tightens(wished, held)


def tightens(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Tell whether going from old to new may make a receiver refuse more mail than before."""
    if not new:
        return False
    before, after = _policy(old), _policy(new)
    if before is None or after is None:
        return after is not None and dmarc_record.compare(None, after) in {"tighter", "mixed"}
    return dmarc_record.compare(before, after) in {"tighter", "mixed"}


def _policy(values: tuple[str, ...]) -> dmarc_record.Record | None:
    """Read the policy; several records are none (RFC 9989 §4.10.1)."""
    if len(values) != 1:
        return None
    try:
        return dmarc_record.parse(txt_text(values[0]))
    except dmarc_record.BadDmarc:
        return None


def _senders_change(scene: Scene) -> tuple[bool, datetime | None]:
    """Tell whether SPF or DKIM does not let the new way send yet, and when it last did not.

    Where nobody saw that mail moved, it may have moved then.
    """
    ahead = False
    changed = [at for at in (scene.unseen_move,) if at is not None]
    soak = timedelta(seconds=scene.desired.cutover.soak)
    for wish in scene.desired.wishes:
        if wish.kind not in {"spf", "dkim"} or not wish.values:
            continue
        kind: Choreography = spf if wish.kind == "spf" else dkim
        key = (wish.name, wish.type)
        held = owned_values(kind, wish, scene.live.get(key))
        ahead = ahead or not kind.ready(wish, held, scene)
        for version in scene.history(key).versions:
            # What nobody saw may be what did not let the new way send: with the journal lost, say.
            held = owned_values(kind, wish, version.rrset)
            if version.unseen or not kind.ready(wish, held, scene):
                changed.append(version.replaced_at or scene.now)
    latest = max(changed, default=None)
    return ahead, latest if latest is not None and latest + soak > scene.now else None
