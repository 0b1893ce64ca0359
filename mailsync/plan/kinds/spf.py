"""Choreography of SPF (RFC 7208).

Before: the union of what is live and what is wished for, so that old and new senders pass whatever
version a receiver holds. After: what only the old way needed goes, when the last mail that the old
senders queued has been delivered or given up (RFC 5321 §4.5.4.1). A pure removal, with no mail on
the move, is made directly: it rests on the user's word that nobody sends that way any more.

A record that this configuration publishes elsewhere and that a new term includes is visible before
the term is: including what is not there is a permanent error (§5.2). Records that include one
another are one (`spf_tree`): a term that goes from one of them to another is never missing.

Terms that name no address of their own (``a``, ``mx``, ``ptr``, ``exists``) mean what the DNS says
when the mail arrives: what a switch would change of ``mx`` stands beside it meanwhile (`spf_mx`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import RRset, txt_text, txt_value
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import spf as spf_record
from mailsync.mail.spf_hosts import Hosts, beside, follows_mx
from mailsync.plan.choreography import Scene, Steps, at_once, error
from mailsync.plan.kinds import included, spf_mx, spf_tree


def owns(_wish: Wish, value: str) -> bool:
    """Of a name's TXT values, those are ours that are SPF records (RFC 7208 §4.5)."""
    return spf_record.is_spf(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Publish the union, then shrink; what it includes is there before, and goes after."""
    hosts = _beside(wish, owned, scene)
    if set(owned) == set(wish.values) and not hosts:
        return Steps(owned, owned, owned)
    if not wish.values:
        return _removal(wish, owned, scene)
    found = _steps(wish, owned, scene, hosts)
    if set(found.prepare) == set(owned):
        return found
    waits, findings = included.before_including(scene, wish, owned, found.prepare)
    return replace(found, holds=(*found.holds, *waits), findings=(*found.findings, *findings))


def _steps(wish: Wish, owned: tuple[str, ...], scene: Scene, hosts: Hosts) -> Steps:
    if not owned:
        return at_once(wish.values, "adds SPF")
    target = txt_text(wish.values[0])
    live = [txt_text(value) for value in owned]
    if not all(map(spf_record.is_readable, live)):
        return at_once(wish.values, "replaces an SPF record that no receiver can evaluate")
    union = (_union(live, target, hosts),)
    if union == wish.values:
        return at_once(wish.values, "lets more servers send; takes nothing away")
    gone = spf_record.terms_removed(" ".join(live[:1]), target)
    moving = spf_tree.moving(wish, gone, scene)
    if gone and moving == gone and len(live) == 1:
        found = _moved(wish, owned, union, scene)
        if found is not None:
            return found
    if (count := spf_tree.lookups(txt_text(union[0]), scene)) > spf_record.LOOKUPS_MAX:
        return Steps(owned, owned, owned, findings=(_too_many(wish, count),))
    going = gone or spf_record.terms_removed(txt_text(union[0]), target)
    what = ", ".join(going) or "what is left over"
    if set(union) == set(owned):
        found = _later_or_now(wish, owned, wish.values, scene, f"removes {what} from SPF")
    else:
        found = Steps(
            union,
            union,
            wish.values,
            why_prepare="SPF lets the old and the new servers send",
            why_settle=f"removes {what} from SPF: only the old way needed it",
            wait=_wait(scene),
            since=scene.senders_at,
        )
    return _after_others(wish, found, union, scene) if moving else found


def _union(live: list[str], target: str, hosts: Hosts) -> str:
    """Write the record under which all may send that may by what is live, or by what is asked."""
    widest = beside(target, hosts)
    for old in live:
        widest = spf_record.union(beside(old, hosts), widest)
    return txt_value(widest)


def _beside(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Hosts:
    """Give the hosts that stand beside ``mx`` while it changes its meaning.

    None where a record cannot be read, or where there is no room for them (§4.6.4).
    """
    before, after = spf_mx.moving(wish.name, scene)
    texts = [txt_text(value) for value in (*owned, *wish.values)]
    if before == after or not wish.values or not all(map(spf_record.is_readable, texts)):
        return frozenset()
    hosts = before | after if follows_mx(texts[-1]) else before
    wide = txt_text(_union(texts[:-1], texts[-1], hosts))
    return hosts if spf_tree.lookups(wide, scene) <= spf_record.LOOKUPS_MAX else frozenset()


def _moved(
    wish: Wish, owned: tuple[str, ...], union: tuple[str, ...], scene: Scene
) -> Steps | None:
    """Let go of terms that stand in another record of the same tree, when all receivers know it.

    The record at the top of the tree, by which nobody is lost, changes in one step; one below it
    has what is new to it at once. None: it takes more than that.
    """
    if all(one.top != wish.name for one in spf_tree.meanings(wish, scene)):
        found = Steps(
            union,
            union,
            wish.values,
            why_prepare="SPF lets the old and the new servers send",
            why_settle="whoever may send still may: another record of SPF has what goes here",
            wait=0,
            since=scene.now,
        )
        return _after_others(wish, found, union, scene)
    if not spf_tree.loses_nobody(wish, scene):
        return None
    if not spf_tree.at_once(wish, scene):
        return Steps(owned, owned, owned, findings=(_later(wish),))
    why = "whoever may send still may: the records that SPF includes have what goes here"
    return at_once(wish.values, why, holds=spf_tree.until_known(wish, scene))


def _after_others(wish: Wish, found: Steps, union: tuple[str, ...], scene: Scene) -> Steps:
    """Let go of terms only when all receivers know the records that have them instead.

    From when that is can only be said when they are published.
    """
    if not spf_tree.published(wish, scene):
        return Steps(union, union, union, why_prepare=found.why_prepare, findings=(_later(wish),))
    if found.prepare == found.settle:
        why = found.why_prepare
        found = replace(found, why_prepare="", why_settle=why, wait=0, since=scene.now)
    known = spf_tree.until_known(wish, scene)
    return replace(found, prepare=union, switch=union, settle_holds=known)


def _removal(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Take the record away when no receiver holds one that includes it."""
    why = "removes SPF"
    if wish.name != scene.desired.domain:
        why = "removed: no SPF record of this domain includes it any more"
    found = _later_or_now(wish, owned, (), scene, why)
    waits, findings = included.before_removing(scene, wish)
    if included.still_included(scene, wish):
        return Steps(owned, owned, owned, findings=(*findings, _later(wish)))
    if waits and found.settle == found.prepare:
        why = "removed: no resolver holds a record that includes it"
        found = Steps(owned, owned, (), why_settle=why, wait=0, since=scene.now)
    return replace(found, settle_holds=waits, findings=(*found.findings, *findings))


def _later(wish: Wish) -> Finding:
    message = (
        f"{shown(wish.name)}: what goes from this SPF record goes when every receiver knows the "
        "records that have it instead, or that no longer include it; this plan comes before that"
    )
    return Finding("spf-shrinks-later", "info", message, str(wish.place))


def ready(wish: Wish, held: tuple[str, ...] | None, scene: Scene) -> bool:
    """The new way may send only when every visible SPF record lets it, and the old way still."""
    if not wish.values:
        return True
    texts = [txt_text(value) for value in held or ()]
    if len(texts) != 1 or not spf_record.is_readable(texts[0]):
        return False
    hosts = _beside(wish, _ours(wish, scene.live.get((wish.name, wish.type))), scene)
    asked = (texts[0], txt_text(wish.values[0]))
    return all(spf_record.covers(texts[0], beside(one, hosts)) for one in asked)


def _too_many(wish: Wish, count: int) -> Finding:
    message = (
        f"while mail moves, SPF must let the old and the new servers send, and both records "
        f"together need {count} look-ups of their own: receivers stop at {spf_record.LOOKUPS_MAX} "
        "(RFC 7208 §4.6.4); first write some of the old or new terms as ip4 and ip6"
    )
    return error("spf-union-lookups", message, wish)


def _wait(scene: Scene) -> int:
    cutover = scene.desired.cutover
    return max(cutover.soak, cutover.queue_lifetime)


def _later_or_now(
    wish: Wish, owned: tuple[str, ...], target: tuple[str, ...], scene: Scene, why: str
) -> Steps:
    family = (wish, *spf_tree.relatives(wish, scene))
    found = [_widened_at(one, scene) for one in family]
    found += [_unseen_lately(wish, scene), _signers_lately(scene)]
    since = max((at for at in found if at is not None), default=None)
    if since is None and not scene.in_flight and not spf_tree.grows(wish, scene):
        lifetime = written(scene.desired.cutover.queue_lifetime)
        note = f"assumes that nobody has sent that way for {lifetime}"
        return at_once(target, f"{why} ({note})")
    return Steps(
        owned,
        owned,
        target,
        why_settle=f"{why}: only the old way needed it",
        wait=_wait(scene),
        since=scene.not_before_senders(since),
    )


def _signers_lately(scene: Scene) -> datetime | None:
    """Find from when on the new way could sign, while mail sent the old way may be queued."""
    at = scene.signers_at
    return at if at is not None and at + timedelta(seconds=_wait(scene)) > scene.now else None


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
    unseen = scene.in_use_until(scene.unseen_at((wish.name, wish.type)), scene.unseen_move)
    matters = timedelta(seconds=_wait(scene))
    return unseen if unseen is not None and unseen + matters > scene.now else None


def _ours(wish: Wish, rrset: RRset | None) -> tuple[str, ...]:
    return () if rrset is None else tuple(value for value in rrset.values if owns(wish, value))
