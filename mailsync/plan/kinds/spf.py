"""Choreography of SPF (RFC 7208).

Before: the union of what is live and what is wished for, so that old and new senders pass whatever
version a receiver holds. After: what only the old way needed goes, when the last mail that the old
senders queued has been delivered or given up (RFC 5321 §4.5.4.1). A pure removal, with no mail on
the move, is made directly: it rests on the user's word that nobody sends that way any more.

A record that this configuration publishes elsewhere and that a new term includes is visible before
the term is: including what is not there is a permanent error (§5.2).

Terms that name no address of their own (``a``, ``mx``, ``ptr``, ``exists``) mean what the DNS says
when the mail arrives: `mailsync.plan.guards` warns where a switch changes what ``mx`` means.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

from mailsync.desired.model import Wish
from mailsync.dns.rrset import RRset, txt_text, txt_value
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import spf as spf_record
from mailsync.plan.choreography import Scene, Steps, at_once, error
from mailsync.plan.kinds import included

LOOKUPS_MAX = 10
"""How many terms of one check may cause look-ups (RFC 7208 §4.6.4); more is a permanent error."""


def owns(_wish: Wish, value: str) -> bool:
    """Of a name's TXT values, those are ours that are SPF records (RFC 7208 §4.5)."""
    return spf_record.is_spf(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Publish the union, then shrink; what it includes is there before."""
    found = _steps(wish, owned, scene)
    if set(found.prepare) == set(owned) or not found.prepare:
        return found
    waits, findings = included.before_including(scene, wish, owned, found.prepare)
    return replace(found, holds=waits, findings=(*found.findings, *findings))


def _steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values:
        return _later_or_now(wish, owned, (), scene, "removes SPF")
    if not owned:
        return at_once(wish.values, "adds SPF")
    target = txt_text(wish.values[0])
    live = [txt_text(value) for value in owned]
    if not all(map(_parses, live)):
        return at_once(wish.values, "replaces an SPF record that no receiver can evaluate")
    union = (txt_value(reduce(lambda wide, old: spf_record.union(old, wide), live, target)),)
    if union == wish.values:
        return at_once(wish.values, "lets more servers send; takes nothing away")
    if (count := spf_record.lookups(spf_record.parse(txt_text(union[0])))) > LOOKUPS_MAX:
        return Steps(owned, owned, owned, findings=(_too_many(wish, count),))
    gone = ", ".join(spf_record.terms_removed(" ".join(live[:1]), target)) or "what is left over"
    if set(union) == set(owned):
        return _later_or_now(wish, owned, wish.values, scene, f"removes {gone} from SPF")
    return Steps(
        union,
        union,
        wish.values,
        why_prepare="SPF lets the old and the new servers send",
        why_settle=f"removes {gone} from SPF: only the old way needed it",
        wait=_wait(scene),
        since=scene.senders_at,
    )


def ready(wish: Wish, held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """The new way may send only when every visible SPF record lets it."""
    if not wish.values:
        return True
    texts = [txt_text(value) for value in held or ()]
    return (
        len(texts) == 1
        and _parses(texts[0])
        and spf_record.covers(texts[0], txt_text(wish.values[0]))
    )


def _too_many(wish: Wish, count: int) -> Finding:
    message = (
        f"while mail moves, SPF must let the old and the new servers send, and both records "
        f"together need {count} look-ups of their own: receivers stop at {LOOKUPS_MAX} (RFC 7208 "
        "§4.6.4); first write some of the old or new terms as ip4 and ip6"
    )
    return error("spf-union-lookups", message, wish)


def _parses(text: str) -> bool:
    try:
        spf_record.parse(text)
    except spf_record.BadSpf:
        return False
    return True


def _wait(scene: Scene) -> int:
    cutover = scene.desired.cutover
    return max(cutover.soak, cutover.queue_lifetime)


def _later_or_now(
    wish: Wish, owned: tuple[str, ...], target: tuple[str, ...], scene: Scene, why: str
) -> Steps:
    found = (
        _widened_at(wish, scene),
        _unseen_lately(wish, scene),
        scene.senders_lately(_wait(scene)),
    )
    since = max((at for at in found if at is not None), default=None)
    if since is None and not scene.in_flight:
        lifetime = written(scene.desired.cutover.queue_lifetime)
        note = f"assumes that nobody has sent that way for {lifetime}"
        return at_once(target, f"{why} ({note})")
    return Steps(
        owned,
        owned,
        target,
        why_settle=f"{why}: only the old way needed it",
        wait=_wait(scene),
        since=since,
    )


def _widened_at(wish: Wish, scene: Scene) -> datetime | None:
    """Find when the last version that did not yet let the new way send was out of all caches.

    It counts when it is what the live record replaced, or as long as mail sent before may still be
    queued; a removal long after that is one of its own.
    """
    narrow, before_live = [], None
    live = _ours(wish, scene.live.get((wish.name, wish.type)))
    for version in scene.history((wish.name, wish.type)).versions:
        held = _ours(wish, version.rrset)
        if version.unseen or (version.replaced_at is None and held == live):
            continue
        # Until then some receiver may have refused the new way, so the old one was in use.
        at = (version.replaced_at or scene.now) + scene.lifetimes.of(version)
        if held != live:
            before_live = at
        if not ready(wish, held, scene):
            narrow.append(at)
    latest = max(narrow, default=None)
    if latest is None or latest == before_live:
        return latest
    return latest if latest + timedelta(seconds=_wait(scene)) > scene.now else None


def _unseen_lately(wish: Wish, scene: Scene) -> datetime | None:
    """Find when a version that nobody saw was replaced, while mail sent under it may be queued.

    It may not yet have let the new way send: with the journal lost, a union looks like a record
    from which something is simply removed. So it does where nobody saw that mail moved.
    """
    times = (scene.unseen_at((wish.name, wish.type)), scene.unseen_move)
    unseen = max((at for at in times if at is not None), default=None)
    matters = timedelta(seconds=_wait(scene))
    return unseen if unseen is not None and unseen + matters > scene.now else None


def _ours(wish: Wish, rrset: RRset | None) -> tuple[str, ...]:
    return () if rrset is None else tuple(value for value in rrset.values if owns(wish, value))
