"""Choreography of DKIM selectors (RFC 6376 §3.1, §3.6).

Before: a new key is visible before anybody signs with it (a missing key is a permanent failure,
§6.1.2). Rotation is always a new selector: under an old one, mail in transit would no longer
verify. After: an old selector goes when no signature made with it can still be checked: the time
that senders keep trying, and the verifiers' delay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import dkim as dkim_record
from mailsync.plan.choreography import Scene, Steps, at_once, error


def owns(_wish: Wish, _value: str) -> bool:
    """A selector named in the file is ours as a whole RRset."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Add at once, remove last, never replace a key under its selector."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not owned:
        return at_once(wish.values, "the key must be visible before mail is signed with it")
    if not wish.values or _is_tombstone(wish):
        return _retirement(wish, owned, scene)
    if _same_key(wish, owned):
        return at_once(wish.values, "same key, other tags")
    if wish.type == "CNAME":
        return _delegated_elsewhere(wish, scene)
    if _nothing_signs(wish, owned):
        return at_once(wish.values, "replaces a key that nothing can be signed with")
    finding = error(
        "dkim-selector-reuse",
        f"{shown(wish.name)} already holds another key: mail signed with it and still in transit "
        "would fail (RFC 6376 §3.1); publish the new key under a new selector, and write this one "
        "'absent'",
        wish,
    )
    return Steps(owned, owned, owned, findings=(finding,))


def ready(wish: Wish, held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """The new way may sign only when every resolver finds the key."""
    if not wish.values:
        return True
    return held is not None and (set(held) == set(wish.values) or _same_key(wish, held))


def _retirement(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    transit = _transit(scene)
    wait = max(scene.desired.cutover.soak, transit)
    found = (
        _successor_visible_at(wish, scene),
        _unseen_lately(wish, scene),
        scene.senders_lately(wait),
    )
    since = max((at for at in found if at is not None), default=None)
    if since is None and not scene.in_flight and not _successor_ahead(scene):
        note = f"assumes that nothing has been signed with it for {written(transit)}"
        return at_once(wish.values, f"retires the selector ({note})")
    return Steps(
        owned,
        owned,
        wish.values,
        why_settle="retires the selector (assumes that nobody signs with it any more)",
        wait=wait,
        since=since,
    )


def _delegated_elsewhere(wish: Wish, scene: Scene) -> Steps:
    """Point the selector to another service's key when nothing signed by the old one is on its way.

    The two services' keys are not ours to compare: taken to be two, the change is a key's reuse of
    a selector, and only time makes that harmless.
    """
    cutover = scene.desired.cutover
    transit = _transit(scene)
    since = _unseen_lately(wish, scene)
    if not scene.in_flight and since is None:
        note = f"assumes that the former service has signed nothing for {written(transit)}"
        return at_once(wish.values, f"another service keeps the key ({note})")
    held = tuple(scene.live.rrsets[wish.name, wish.type].values)
    finding = Finding(
        "dkim-delegation-waits",
        "warning",
        f"{shown(wish.name)} goes on to another service only when mail that the former one signed "
        "is no longer on its way: the new one must not sign with this selector before (RFC 6376 "
        "§3.1); if it can take another selector, use that one instead",
        str(wish.place),
    )
    return Steps(
        held,
        held,
        wish.values,
        why_settle="another service keeps the key: what the former one signed has arrived",
        wait=max(cutover.soak, transit),
        since=since,
        findings=(finding,),
    )


def _transit(scene: Scene) -> int:
    """Give for how many seconds a signature may still have to be verified."""
    return scene.desired.cutover.queue_lifetime + scene.desired.cutover.verifier_delay


def _unseen_lately(wish: Wish, scene: Scene) -> datetime | None:
    """Find when a version that nobody saw was replaced, while its signatures may be on their way.

    With the journal lost, a rotation looks like a selector that is simply removed; so does one with
    which mail moved, where nobody saw that it did.
    """
    keys = [(wish.name, wish.type), *((w.name, w.type) for w in _selectors(scene))]
    times = [scene.unseen_move, *(scene.unseen_at(key) for key in keys)]
    unseen = max((at for at in times if at is not None), default=None)
    matters = timedelta(seconds=max(scene.desired.cutover.soak, _transit(scene)))
    return unseen if unseen is not None and unseen + matters > scene.now else None


def _selectors(scene: Scene) -> list[Wish]:
    return [w for w in scene.desired.wishes if w.kind == "dkim" and w.values]


def _successor_ahead(scene: Scene) -> bool:
    return any(scene.live.get((w.name, w.type)) is None for w in _selectors(scene))


def _successor_visible_at(wish: Wish, scene: Scene) -> datetime | None:
    """Find when nobody could miss the newest selector that the file keeps any more."""
    created = [
        (version.replaced_at or scene.now) + scene.lifetimes.of(version)
        for other in _selectors(scene)
        if other.name != wish.name
        for version in scene.history((other.name, other.type)).versions
        if version.rrset is None and not version.unseen
    ]
    return max(created, default=None)


def _key(value: str) -> dkim_record.Record | None:
    try:
        return dkim_record.parse(txt_text(value))
    except dkim_record.BadDkim:
        return None


def _is_tombstone(wish: Wish) -> bool:
    key = _key(wish.values[0]) if wish.type == "TXT" else None
    return key is not None and dkim_record.is_tombstone(key)


def _same_key(wish: Wish, held: tuple[str, ...]) -> bool:
    if wish.type != "TXT" or len(held) != 1:
        return False
    new, old = _key(wish.values[0]), _key(held[0])
    return new is not None and old is not None and dkim_record.same_key(new, old)


def _nothing_signs(wish: Wish, owned: tuple[str, ...]) -> bool:
    """Tell whether the live record verifies nothing: unreadable, several at once, or revoked."""
    if wish.type != "TXT":
        return False
    keys = [_key(value) for value in owned]
    return len(keys) > 1 or keys[0] is None or dkim_record.is_tombstone(keys[0])
