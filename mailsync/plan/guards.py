"""What stops a domain's plan, and what the user should know about it.

The guards of design §3 do not depend on what the file says otherwise, nor on the zone's size.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.lint.judge import judgement
from mailsync.lint.model import Finding
from mailsync.lint.rules.services import served_elsewhere
from mailsync.mail import mta_sts, spf
from mailsync.mail.spf_hosts import beside
from mailsync.plan import ability, abroad, unmanaged
from mailsync.plan.choreography import Scene
from mailsync.plan.course import Course, low_ttl
from mailsync.plan.kinds import spf_mx
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.reasons import named
from mailsync.plan.times import local_text

_OPEN_END = ": every date here counts from when all do, and moves on until then"


def findings(
    scene: Scene,
    courses: tuple[Course, ...],
    switch_at: datetime,
    retire: datetime | None,
    lowering: datetime,
    *,
    rollback: bool,
) -> tuple[Finding, ...]:
    """Collect all findings, errors first."""
    found = [one for course in courses for _, steps in course.parts for one in steps.findings]
    found += ability.findings(scene, courses)
    found += _by_hand(scene, courses)
    found += _no_address(scene, courses)
    found += _cname_conflicts(scene, courses)
    found += _alias_targets(scene, courses)
    if rollback:
        found += _rollback(scene, courses)
    else:
        found += _too_late(scene, courses, switch_at, retire, lowering)
    found += _at_outside_window(scene, courses)
    found += _spf_follows_mx(scene, courses)
    found += _policy_not_named(scene, courses)
    found += _half_moved(scene, courses)
    found += _ttl_bounds(scene, courses)
    found += _lagging(scene, courses)
    found += unmanaged.findings(scene, courses)
    found += _dns_host(scene)
    rank = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda one: (rank[one.severity], one.id, one.where)))


def _dns_host(scene: Scene) -> list[Finding]:
    """Say that a service asks for another DNS host than the one whose name servers are listed."""
    desired = scene.desired
    servers = scene.live.get((desired.zone, "NS"))
    return [
        one.finding
        for use in desired.services
        if (message := served_elsewhere(use, desired.zone, servers.values if servers else ()))
        for one in judgement(desired, "service-dns-host", "warning", message, use.place)
        if not one.acknowledged
    ]


def _place(course: Course) -> str:
    return str(course.parts[0][0].place)


def _by_hand(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """Say that it takes a person to carry out what is planned."""
    capability = scene.live.capability
    stages = ("prepare", "switch", "settle")
    if not capability.by_hand or not any(c.change(stage) for c in courses for stage in stages):
        return []
    message = (
        f"this DNS host has no API: `mailsync apply` prints the steps for {capability.panel}, a "
        "person types them, and each counts when every authoritative server serves it"
    )
    return [Finding("by-hand", "info", message, shown(scene.desired.domain))]


def _no_address(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """An MX host in this zone needs an address of its own, not an alias (RFC 5321 §5.1)."""
    after = {course.key: course.switch for course in courses}
    # The switch waits for what other domains of the zone ask for; see `holds`.
    elsewhere = {
        (wish.name, wish.type): bool(wish.values)
        for neighbour in scene.live.neighbours
        if neighbour.zone == scene.desired.zone
        for wish in abroad.wishes(neighbour)
    }
    found = []
    for course in courses:
        if course.key[1] != "MX" or course.switch is None:
            continue
        for host in sorted(hosts(course.switch.values)):
            if not is_at_or_below(host, scene.desired.zone) or scene.live.delegates(
                host, scene.desired.zone
            ):
                continue

            # A wildcard's address will do for a host that takes mail already; nothing is known of
            # its past, so no mail is led to it anew.
            takes = course.live is not None and host in hosts(course.live.values)
            found_at = scene.live.answering if takes else scene.live.get

            def there(
                rdtype: str,
                host: str = host,
                found_at: Callable[[Key], RRset | None] = found_at,
            ) -> bool:
                key = (host, rdtype)
                if key in elsewhere:
                    return elsewhere[key]
                return after.get(key, found_at(key)) is not None

            if there("CNAME"):
                message = f"the MX host {host} is an alias (CNAME), which mail must not be sent to"
                found.append(Finding("mx-target-cname", "error", message, _place(course)))
            elif not there("A") and not there("AAAA"):
                message = (
                    f"the MX host {host} has no address in this zone: name it under 'hosts', or "
                    "write the name of the server that really takes the mail"
                )
                found.append(Finding("mx-target-no-address", "error", message, _place(course)))
    return found


def _cname_conflicts(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """An alias stands alone at its name (RFC 2181 §10.1)."""
    kept: dict[str, set[str]] = {}
    for name, rdtype in scene.live.rrsets:
        kept.setdefault(name, set()).add(rdtype)
    for course in courses:
        types = kept.setdefault(course.key[0], set())
        (types.discard if course.settle is None else types.add)(course.key[1])
    found = []
    for course in courses:
        types = kept[course.key[0]]
        created = course.live is None and course.settle is not None
        if created and "CNAME" in types and len(types) > 1:
            others = ", ".join(sorted(types - {course.key[1]}))
            message = (
                f"{named(course.key)} cannot stand beside {others} at one name: remove the other "
                "first, or leave this one out"
            )
            found.append(Finding("cname-conflict", "error", message, _place(course)))
    return found


def _alias_targets(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """What an alias names does not go: a selector's key, say, which another domain's file uses."""
    gone = {c.key: c for c in courses if c.live is not None and c.settle is None}
    kept = {key[0] for key in scene.live.rrsets if key not in gone}
    kept |= {course.key[0] for course in courses if course.settle is not None}
    asked = [w for one in scene.live.neighbours for w in abroad.wishes(one)]
    users: dict[str, set[str]] = {}
    for wish in (*scene.desired.wishes, *asked):
        for target in wish.values if wish.type == "CNAME" else ():
            users.setdefault(target, set()).add(shown(wish.name))
    return [
        Finding(
            "alias-target-in-use",
            "error",
            f"{named(key)} cannot go: {', '.join(sorted(users[key[0]]))} is an alias of that name",
            _place(course),
        )
        for key, course in sorted(gone.items())
        if key[0] in users and key[0] not in kept
    ]


def _too_late(
    scene: Scene,
    courses: tuple[Course, ...],
    switch_at: datetime,
    retire: datetime | None,
    lowering: datetime,
) -> list[Finding]:
    """An old service that ends before the last resolver lets go of it would lose mail."""
    cutover = scene.desired.cutover
    pending = [course for course in courses if course.routes and course.key[1] != "CNAME"]
    if cutover.old_until is None or retire is None or retire <= cutover.old_until:
        return []
    if not pending:
        message = (
            f"the old service ends at {local_text(cutover.old_until, cutover.zone)} "
            "(cutover.old_until), but it may be asked until "
            f"{local_text(retire, cutover.zone)}: keep it longer"
        )
        where = shown(scene.desired.domain)
        return [Finding("old-service-ends-too-soon", "warning", message, where)]
    low = scene.lifetimes.of_ttl(low_ttl(scene))
    latest = cutover.old_until - timedelta(seconds=cutover.retire_safety) - low
    zone = cutover.zone
    message = (
        f"the old service ends at {local_text(cutover.old_until, zone)}, but it may be asked until "
        f"{local_text(retire, zone)}: the switch would have to run by {local_text(latest, zone)}"
    )
    lowered = [
        scene.lifetimes.of_ttl(course.live.ttl)
        for course in pending
        if course.lowers and course.live is not None
    ]
    if lowered:
        by = latest - max(lowered)
        message += f", and for that the TTL to have been lowered by {local_text(by, zone)}"
    remedy = "keep the old service longer (cutover.old_until)"
    earlier = switch_at > latest and lowering + max([*lowered, timedelta(0)]) <= latest
    if earlier and (cutover.at is not None or cutover.window.openings):
        remedy += ", or let the switch run earlier (cutover.at, cutover.window)"
    if earlier and _unseen_until(scene, courses) > latest:
        remedy += (
            ", or, if you know that nobody has changed these records lately, say so "
            "(cutover.unseen_ttl: 0)"
        )
    place = _place(pending[0])
    return [Finding("old-service-ends-too-soon", "error", f"{message}; {remedy}", place)]


def _unseen_until(scene: Scene, courses: tuple[Course, ...]) -> datetime:
    """Give until when some resolver may hold a version that nobody saw; now if none does."""
    held = (remnant for course in courses for remnant in scene.visible(course.key))
    ends = (remnant.until for remnant in held if remnant.version.unseen)
    return max([scene.now, *(until for until in ends if until is not None)])


def _rollback(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    cutover = scene.desired.cutover
    pending = [course for course in courses if course.routes]
    if cutover.old_until is not None and cutover.old_until <= scene.now:
        message = (
            f"the old service ended at {local_text(cutover.old_until, cutover.zone)} "
            "(cutover.old_until): going back would send mail to a server that may not take it; if "
            "it does, correct old_until"
        )
        return [Finding("rollback-too-late", "error", message, _place(pending[0]))]
    back = ", ".join(named(course.key) for course in pending)
    message = (
        f"rollback: {back} goes back to what was published before the switch, at once, as the "
        "TTL is still low; what mail is going to now must keep accepting as long as said here"
    )
    return [Finding("rollback", "warning", message, shown(scene.desired.domain))]


def _at_outside_window(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    cutover = scene.desired.cutover
    if cutover.at is None or not any(course.routes for course in courses):
        return []
    if cutover.window.next_open(cutover.at, cutover.zone) == cutover.at:
        return []
    message = (
        f"cutover.at ({local_text(cutover.at, cutover.zone)}) lies outside the window "
        f"({cutover.window.text}): the switch waits for the window"
    )
    return [Finding("at-outside-window", "warning", message, str(scene.desired.place))]


def _spf_follows_mx(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """An ``mx`` term in SPF changes its meaning when the MX does (RFC 7208 §5.4)."""
    domain = scene.desired.domain
    if not any(course.routes and course.key[1] == "MX" for course in courses):
        return []
    key = (domain, "TXT")
    rrset = next((one.switch for one in courses if one.key == key), scene.live.get(key))
    for value in rrset.values if rrset else ():
        text = txt_text(value)
        if not spf.is_spf(text) or not spf.is_readable(text):
            continue
        before, _ = spf_mx.moving(domain, scene)
        if not spf.covers(text, beside(text, before)):
            message = (
                f"{named(key)}: SPF lets 'mx' send, so the switch also changes who may send, and "
                "takes the old servers out at once: name 'spf' in the file, and their addresses "
                "stay beside it until their queues are empty; where SPF has no room for more "
                "look-ups, name them yourself (ip4, ip6)"
            )
            return [Finding("spf-uses-mx", "warning", message, shown(domain))]
    return []


def _policy_not_named(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """A policy that somebody else announced may forbid the new hosts (RFC 8461 §4.1)."""
    key = (f"_mta-sts.{scene.desired.domain}", "TXT")
    rrset = scene.live.get(key)
    switched = any(course.routes and course.key[1] == "MX" for course in courses)
    if not switched or rrset is None or key in {course.key for course in courses}:
        return []
    if not any(mta_sts.is_mta_sts(txt_text(value)) for value in rrset.values):
        return []
    message = (
        f"{named(key)} announces an MTA-STS policy that the file does not name: senders that "
        "enforce it would not deliver to the new servers; name it under 'mta_sts', or leave "
        "MTA-STS with 'mta_sts: absent'"
    )
    return [Finding("mta-sts-unmanaged", "error", message, str(scene.desired.place))]


def _half_moved(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """A host whose addresses of one family move takes mail at the other family's as before."""
    wished = {course.key for course in courses}
    found = []
    for course in courses:
        if not course.routes or course.key[1] not in {"A", "AAAA"}:
            continue
        other = (course.key[0], "AAAA" if course.key[1] == "A" else "A")
        if other not in wished and scene.live.get(other) is not None:
            message = (
                f"{named(course.key)} moves and {named(other)} stays, as the file does not name "
                "it: mail goes to both; name all addresses of the host under 'hosts'"
            )
            found.append(Finding("host-half-moved", "warning", message, _place(course)))
    return found


def _ttl_bounds(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """Say where the DNS host's TTLs bend what the file asks for."""
    capability = scene.live.capability
    found = []
    if not capability.settable and any(course.routes for course in courses):
        message = "this DNS host cannot change TTLs"
        if capability.ttl_scope == "zone":
            message = (
                f"this DNS host has one TTL for the whole zone, {capability.ttl_max} s; to be "
                "faster, lower it in the control panel first"
            )
        message += ": nothing is lowered, the switch is followed by the whole old TTL"
        found.append(Finding("ttl-fixed", "info", message, shown(scene.desired.domain)))
    for course in courses:
        asked = min(wish.ttl for wish, _ in course.parts)
        if capability.settable and course.settle is not None and capability.nearest(asked) != asked:
            message = (
                f"{named(course.key)}: TTL {asked} is outside what the DNS host takes; "
                f"{capability.nearest(asked)} is used"
            )
            found.append(Finding("ttl-out-of-range", "warning", message, _place(course)))
    return found


def _lagging(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    return [
        Finding("not-served-everywhere", "warning", f"{text}{_OPEN_END}", named(course.key))
        for course in courses
        if (text := scene.live.lagging.get(course.key))
    ]
