"""Why a stage may not run yet: every wait of mailsync is reckoned here, with its reason.

Each function gives the holds that have not passed at the scene's time; none means: go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from mailsync.desired.model import Wish
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import RRset
from mailsync.dns.ttl import written
from mailsync.mail import dane
from mailsync.plan import abroad
from mailsync.plan.choreography import Scene, Steps, owned_values
from mailsync.plan.course import Course, low_ttl
from mailsync.plan.kinds import CHOREOGRAPHIES, mta_sts
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import Gate, Hold
from mailsync.plan.reasons import held_text, named
from mailsync.plan.visible import Remnant


def lowering_time(scene: Scene, courses: tuple[Course, ...]) -> datetime:
    """Give when TTLs go down: now, or ``lead`` before ``at``, earlier where old TTLs are longer.

    Never before all ask the zone's present name servers: the former ones' TTLs stay as they were.
    """
    cutover = scene.desired.cutover
    earliest = max([scene.now, *(hold.until for hold in name_servers(scene))])
    if cutover.at is None:
        return earliest
    lives = [
        scene.lifetimes.of_ttl(course.live.ttl)
        for course in courses
        if course.lowers and course.live is not None
    ]
    lead = max([timedelta(seconds=cutover.lead), *lives])
    return max(earliest, cutover.at - lead)


def before_lowering(scene: Scene, lowering: datetime) -> tuple[Hold, ...]:
    """Hold the lowering of TTLs until ``lead`` before ``at``."""
    cutover = scene.desired.cutover
    if lowering <= scene.now or any(hold.until == lowering for hold in name_servers(scene)):
        return ()
    reason = f"TTLs go down {written(cutover.lead)} before the switch"
    return (Hold(lowering, reason, ""),)


def before_switch(
    scene: Scene, courses: tuple[Course, ...], lowering: datetime
) -> tuple[Hold, ...]:
    """Hold the switch until nothing that it leaves behind is cached for long, and all is ready."""
    pending = [course for course in courses if course.routes]
    if not pending:
        return ()
    found = {*not_served_yet(scene, courses), *name_servers(scene)}
    found.update(_hosts_abroad(scene, courses))
    if _coming(courses):
        renamed = any(_announces_another(course) for course in courses)
        found.update(mta_sts.forbidding(scene, renamed=renamed))
    for course in pending:
        found.update(_old_answers(scene, course, lowering))
    for course in courses:
        if not course.routes:
            found.update(_not_ready(scene, course, pending))
    found.update(_unwished_hosts(scene, courses))
    lead = named(min(course.key for course in pending if _is_first(course, pending)))
    cutover = scene.desired.cutover
    if cutover.at is not None and cutover.at > scene.now:
        found.add(Hold(cutover.at, "the time that the file sets (cutover.at)", lead))
    ready_at = max([scene.now, *(hold.until for hold in found)])
    opens = cutover.window.next_open(ready_at, cutover.zone)
    if opens > ready_at:
        reason = f"the window opens ({cutover.window.text}, {cutover.timezone})"
        found.add(Hold(opens, reason, lead))
    return tuple(sorted(hold for hold in found if hold.until > scene.now))


def _announces_another(course: Course) -> bool:
    ours = any(wish.kind == "mta-sts" for wish, _ in course.parts)
    return ours and not _same_values(course.live, course.prepare)


def after_addresses(
    scene: Scene, courses: tuple[Course, ...], switch_at: datetime
) -> tuple[Hold, ...]:
    """Hold an MX switch that brings in a host whose own address the switch moves.

    The address goes first. What took mail there took it for others, or took this domain's once:
    nobody has said that it takes it now.
    """
    coming = _coming(courses)
    found = []
    for course in courses:
        old, key = course.prepare, course.key
        if course.routes and key[1] in {"A", "AAAA"} and key[0] in coming and old is not None:
            reason = f"resolvers may hold {', '.join(old.values)} (TTL {old.ttl}) until then"
            found.append(Hold(switch_at + scene.lifetimes.of_ttl(old.ttl), reason, named(key)))
    return tuple(sorted(found))


def before_rollback(scene: Scene, courses: tuple[Course, ...]) -> tuple[Hold, ...]:
    """Hold the way back only while its hosts cannot be found by everybody."""
    pending = [course for course in courses if course.routes]
    found = {*not_served_yet(scene, courses), *_unwished_hosts(scene, courses)}
    for course in courses:
        if not course.routes and any(wish.kind == "host" for wish, _ in course.parts):
            found.update(_not_ready(scene, course, pending))
    return tuple(sorted(hold for hold in found if hold.until > scene.now))


def _is_first(course: Course, pending: list[Course]) -> bool:
    """Tell whether a course is one to name for all: MX, where MX is switched."""
    return course.key[1] == "MX" or all(other.key[1] != "MX" for other in pending)


def not_served_yet(scene: Scene, courses: tuple[Course, ...]) -> tuple[Hold, ...]:
    """Hold everything that follows while some authoritative server serves an older version."""
    found = []
    for course in courses:
        text = scene.live.lagging.get(course.key)
        if text is None:
            continue
        lives = [scene.lifetimes.of(remnant.version) for remnant in scene.visible(course.key)]
        until = scene.now + max([timedelta(seconds=1), *lives])
        reason = f"{text}; the wait begins when every server serves the new version"
        found.append(Hold(until, reason, named(course.key)))
    return tuple(sorted(found))


def before_settle(
    scene: Scene, course: Course, switch_at: datetime, retire: datetime | None
) -> tuple[Hold, ...]:
    """Hold what only the old way needed until the soak is over and nothing old is visible."""
    if course.change("settle") is None:
        return ()
    cutover = scene.desired.cutover
    wait = cutover.soak if course.wait is None else course.wait
    found = {*not_served_yet(scene, (course,)), *course.holds("settle")}
    found.update(name_servers(scene))
    ahead = scene.moving or course.routes
    known = [at for at in (course.since, scene.moved_at) if at is not None]
    base = switch_at if ahead else max(known, default=scene.now)
    what = "switch" if ahead or scene.moved_at is not None else "change"
    reason = f"soak: {written(wait)} after the {what}"
    found.add(Hold(base + timedelta(seconds=wait), reason, named(course.key)))
    if retire is not None and scene.in_flight:
        found.add(Hold(retire, "the old service may still be asked until then", named(course.key)))
    return tuple(sorted(hold for hold in found if hold.until > scene.now))


def is_rollback(scene: Scene, courses: tuple[Course, ...]) -> bool:
    """Tell whether all that would switch goes back to where mail was before a recent switch.

    Then it runs at once: no ``at``, no window, no wait, as long as the TTLs are low. Going back
    means: to values that were published for good (at a higher TTL, or before anything else that
    is known), and replaced within the soak.
    """
    pending = [course for course in courses if course.routes]
    at = scene.desired.cutover.at
    if not pending or (at is not None and at > scene.now):
        return False
    return all(_goes_back(scene, course) for course in pending)


def _goes_back(scene: Scene, course: Course) -> bool:
    if course.live is None or course.switch is None or course.live.ttl > low_ttl(scene):
        return False
    held = [r.version.rrset for r in scene.visible(course.key) if r.version.rrset is not None]
    if any(v.ttl > low_ttl(scene) and not _same_values(v, course.switch) for v in held):
        return False  # the low TTL is not yet what everybody holds
    known = [v for v in scene.history(course.key).versions if v.rrset is not None]
    earlier = [v for v in known if v.rrset is not None and v.rrset.values == course.switch.values]
    settled = any(v.rrset is not None and v.rrset.ttl > low_ttl(scene) for v in earlier)
    first = bool(earlier) and min(known, key=lambda v: v.published_at) in earlier
    soak = timedelta(seconds=scene.desired.cutover.soak)
    recent = any(v.replaced_at is not None and v.replaced_at + soak > scene.now for v in earlier)
    return (settled or first) and recent


def _old_answers(scene: Scene, course: Course, lowering: datetime) -> list[Hold]:
    """Hold while resolvers may hold an answer for longer than the low TTL."""
    if course.live is None:
        return []
    found = []
    # Half of a switch by hand: what it leads through was reckoned with when its steps were given.
    on_the_way = scene.live.asked.get(course.key, frozenset())
    for remnant in scene.visible(course.key):
        if remnant.until is None or _same_values(remnant.version.rrset, course.switch):
            continue
        if not remnant.version.unseen and remnant.version.rrset in on_the_way:
            continue
        found.append(Hold(remnant.until, held_text(remnant.version), named(course.key)))
    if course.lowers:
        until = lowering + scene.lifetimes.of_ttl(course.live.ttl)
        reason = f"resolvers may hold the answer with TTL {course.live.ttl} until then"
        found.append(Hold(until, reason, named(course.key)))
    return found


def _not_ready(scene: Scene, course: Course, pending: list[Course]) -> list[Hold]:
    """Hold while a resolver may hold what the new way cannot live with, or nothing at all."""
    found = []
    for wish, steps in course.parts:
        if wish.kind == "host" and not _is_named(wish.name, pending):
            continue
        if wish.kind == "tlsa" and not _is_moving(dane.host_of(wish.name), pending):
            continue
        kind, longer = CHOREOGRAPHIES[wish.kind], _longer(scene, wish)
        for remnant in scene.visible(course.key, longer):
            version = remnant.version
            held = None if version.unseen else owned_values(kind, wish, version.rrset)
            if kind.ready(wish, held, scene):
                continue
            until = _gone_by(scene, course, (wish, steps), remnant, longer)
            if until is not None:
                found.append(Hold(until, held_text(version, held or ()), named(course.key)))
    return found


def _gone_by(
    scene: Scene,
    course: Course,
    part: tuple[Wish, Steps],
    remnant: Remnant,
    longer: timedelta,
) -> datetime | None:
    """Give when a version that is not ready is out of all caches; None if it is there to stay."""
    wish, steps = part
    if remnant.until is not None:
        return remnant.until
    if course.change("prepare") is None or (wish.values and not steps.prepare):
        return None
    waits = (*course.holds("prepare"), *name_servers(scene))
    prepared = max([scene.now, *(hold.until for hold in waits)])
    return prepared + scene.lifetimes.of(remnant.version) + longer


def _longer(scene: Scene, wish: Wish) -> timedelta:
    """Give how much longer than resolvers somebody goes by what it read: senders, by policies."""
    refresh = scene.desired.cutover.policy_refresh if wish.kind == "mta-sts" else 0
    return timedelta(seconds=refresh)


def name_servers(scene: Scene) -> list[Hold]:
    """Hold while resolvers may still ask name servers that the zone has left (RFC 7583, Dprp).

    What those serve is no longer written by anybody: until then mail records stay as they are.
    """
    key = (scene.desired.zone, "NS")
    reason = "the zone's name servers have changed: resolvers may ask the former ones until then"
    return [
        Hold(remnant.until, reason, named(key))
        for remnant in scene.visible(key)
        if remnant.until is not None
        and remnant.version.rrset is not None
        and not _same_values(remnant.version.rrset, scene.live.get(key))
    ]


def _hosts_abroad(scene: Scene, courses: tuple[Course, ...]) -> list[Hold]:
    """Hold for addresses of new MX hosts that another domain's file asks for."""
    found: list[Hold] = []
    for host in sorted(_coming(courses)):
        for key in ((host, "A"), (host, "AAAA")):
            neighbour = abroad.publisher(scene.desired.zone, scene.live.neighbours, key)
            wish = None if neighbour is None else abroad.asked(neighbour, key)
            if neighbour is not None and wish is not None and wish.values:
                fits = partial(_are, wish.values)
                found += abroad.until_all(neighbour, key, scene.now, fits)
    return found


def _are(wished: tuple[str, ...], held: tuple[str, ...]) -> bool:
    return set(wished) == set(held)


def _coming(courses: tuple[Course, ...]) -> frozenset[str]:
    """Give the hosts that a pending MX switch brings in."""
    return frozenset(
        host
        for course in courses
        if course.routes and course.key[1] == "MX" and course.switch is not None
        for host in hosts(course.switch.values) - hosts(course.live.values if course.live else ())
    )


def switch_gates(scene: Scene, courses: tuple[Course, ...]) -> tuple[Gate, ...]:
    """Give the gates of what has to be prepared before the switch, and is not."""
    found: list[Gate] = []
    pending = [course for course in courses if course.routes]
    for course in courses:
        for wish, steps in course.parts:
            kind = CHOREOGRAPHIES[wish.kind]
            if wish.kind == "tlsa" and not _is_moving(dane.host_of(wish.name), pending):
                continue
            held = owned_values(kind, wish, course.live)
            if steps.gates and not kind.ready(wish, held, scene):
                found += steps.gates
    return tuple(found)


def _is_named(host: str, pending: list[Course]) -> bool:
    """Tell whether an MX that is switched to names the host."""
    return any(
        host in hosts(course.switch.values)
        for course in pending
        if course.switch is not None and course.key[1] == "MX"
    )


def _is_moving(host: str, pending: list[Course]) -> bool:
    """Tell whether a switch leads mail to the host for the first time, or to another address."""
    moved = any(course.key in {(host, "A"), (host, "AAAA")} for course in pending)
    return moved or host in _coming(tuple(pending))


def _unwished_hosts(scene: Scene, courses: tuple[Course, ...]) -> list[Hold]:
    """Hold for addresses of new MX hosts in this zone that the file does not name."""
    wished = {course.key for course in courses}
    found = []
    for course in courses:
        if not course.routes or course.key[1] != "MX" or course.switch is None:
            continue
        for host in sorted(_coming((course,))):
            for key in ((host, "A"), (host, "AAAA")):
                if key in wished or not is_at_or_below(host, scene.desired.zone):
                    continue
                live = scene.live.get(key)
                found += [
                    Hold(remnant.until, held_text(remnant.version), named(key))
                    for remnant in scene.visible(key)
                    if live is not None
                    and remnant.until is not None
                    and not _same_values(remnant.version.rrset, live)
                ]
    return found


def _same_values(one: RRset | None, other: RRset | None) -> bool:
    return (one.values if one else None) == (other.values if other else None)
