"""Until when the old service must keep accepting mail (RFC 7583's retire interval, for mail).

An old server may be shut down when no resolver holds a version that leads to it, and when senders
have let go of the connections that they keep open.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailsync.desired.model import Wish
from mailsync.plan import abroad
from mailsync.plan.choreography import Scene, Steps
from mailsync.plan.course import Course, moved_at
from mailsync.plan.kinds.host import mx_in_the_end
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Version
from mailsync.plan.model import Stage


def old_service_until(
    scene: Scene, courses: tuple[Course, ...], switch_at: datetime
) -> datetime | None:
    """Give the time until which a server that mail leaves, or has left, may still be asked.

    ``switch_at``: when the switch runs at the earliest; no version with a higher TTL is held then,
    as that is what it waits for. None when no visible version leads to a server other than those
    wished for.
    """
    safety = timedelta(seconds=scene.desired.cutover.retire_safety)
    ends = [
        end
        for course in courses
        for wish, steps in course.parts
        if wish.kind in {"mx", "host"}
        for end in _ends(scene, course, wish, steps, switch_at)
    ]
    ends += _unwished(scene, courses)
    latest = max(ends, default=None)
    return None if latest is None or latest + safety <= scene.now else latest + safety


def after_settling(scene: Scene, stages: list[Stage], retire: datetime | None) -> datetime | None:
    """Give the same, with addresses that go while settling from hosts that MX still names."""
    safety = timedelta(seconds=scene.desired.cutover.retire_safety)
    ends = [
        stage.not_before + scene.lifetimes.of_ttl(change.before.ttl) + safety
        for stage in stages
        if stage.name == "settle"
        for change in stage.changes
        if change.before is not None
        and change.key[1] in {"A", "AAAA"}
        and any(change.key[0] in hosts(values) for values in mx_in_the_end(scene))
        and set(change.before.values) - set(change.after.values if change.after else ())
    ]
    return max([*ends, *([retire] if retire else [])], default=None)


def _unwished(scene: Scene, courses: tuple[Course, ...]) -> list[datetime]:
    """Give the same for what no file speaks of any more, as far as the ledger remembers it."""
    wished = {course.key for course in courses}
    wished |= abroad.siblings_keys(scene.desired.zone, scene.live.neighbours)
    found = []
    for key, history in scene.ledger.histories.items():
        mail = key == (scene.desired.domain, "MX") or (
            key[0] in scene.routed and key[1] in {"A", "AAAA"}
        )
        if key in wished or not mail:
            continue
        live = scene.live.get(key)
        there = set(live.values) if live else set()
        found += [
            (version.replaced_at or scene.now) + scene.lifetimes.of(version)
            for version in history.versions
            if version.rrset is not None and set(version.rrset.values) - there
        ]
    return found


def _ends(
    scene: Scene,
    course: Course,
    wish: Wish,
    steps: Steps,
    switch_at: datetime,
) -> list[datetime]:
    """Give, for each version that leads to a departing server, when no cache holds it any more."""
    named = any(wish.name in hosts(values) for values in mx_in_the_end(scene))
    if wish.kind == "host" and wish.name not in scene.routed and not named:
        return []
    lives = scene.lifetimes
    live_leads = steps.routes and _leads_away(scene, wish, steps, Version(course.live, scene.now))
    past = [
        version
        for version in scene.history(course.key).versions
        if not version.unseen and version.rrset != course.live
        if _leads_away(scene, wish, steps, version)
    ]
    if past or live_leads or moved_at(scene, wish) is not None:
        # Something departs, or seems to have: what nobody saw may have led to it for longer.
        past += [v for v in scene.history(course.key).versions if v.unseen]
    ends = [(version.replaced_at or scene.now) + lives.of(version) for version in past]
    if live_leads:
        if course.live is None:
            ends.append(switch_at + lives.of_absence())
        else:
            ends.append(switch_at + lives.of_ttl(course.prepare.ttl if course.prepare else 0))
    return ends


def _leads_away(scene: Scene, wish: Wish, steps: Steps, version: Version) -> bool:
    """Tell whether a version leads senders to a server that the final version does not name."""
    target = steps.settle
    if version.rrset is None:
        # RFC 5321 §5.1: without MX, the name's own address takes the mail (the implicit MX).
        implicit = any(scene.live.get((wish.name, family)) for family in ("A", "AAAA"))
        return wish.kind == "mx" and implicit and wish.name not in hosts(target)
    if wish.kind == "mx":
        return bool(hosts(version.rrset.values) - hosts(target))
    return bool(set(version.rrset.values) - set(target))
