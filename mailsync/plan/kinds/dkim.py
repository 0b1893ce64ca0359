"""Choreography of DKIM selectors (RFC 6376 §3.1, §3.6).

Before: a new key is visible before anybody signs with it (a missing key is a permanent failure,
§6.1.2). Rotation is always a new selector: under an old one, mail in transit would no longer
verify. After: an old selector goes when no signature made with it can still be checked: the time
that senders keep trying, and the verifiers' delay.

A selector, or all of them at once, may be delegated to the name servers of the service that has the
keys. A delegation hides what this zone publishes below it: it comes when nothing is there any more,
or when a person has seen that those servers publish the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from mailsync.desired.model import Wish
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key, txt_text
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import dkim as dkim_record
from mailsync.plan.choreography import Scene, Steps, at_once, error, task
from mailsync.plan.model import Gate

_SHOWN = 3
"""How many records a message names."""


def owns(_wish: Wish, _value: str) -> bool:
    """A selector named in the file is ours as a whole RRset."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Add at once, remove last, never replace a key under its selector."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if wish.type == "NS" and wish.values and (not owned or set(owned) & set(wish.values)):
        return _delegation(wish, owned, scene)
    if not owned:
        return at_once(wish.values, "the key must be visible before mail is signed with it")
    if not wish.values or _is_tombstone(wish):
        return _retirement(wish, owned, scene)
    if _same_key(wish, owned):
        return at_once(wish.values, "same key, other tags")
    if wish.type in {"CNAME", "NS"}:
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
    if held is None:
        return False
    if wish.type == "NS":
        return bool(set(held) & set(wish.values))
    return set(held) == set(wish.values) or _same_key(wish, held)


def _delegation(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Delegate when nothing is published here that resolvers would no longer find."""
    if owned:
        why = "other name servers have the keys; those that go answer until nobody asks them"
        return at_once(wish.values, why)
    hidden = sorted(
        key
        for key in scene.live.rrsets
        if is_at_or_below(key[0], wish.name) and not _is_of_cut(key, wish)
    )
    copied = task(scene, _copied(wish, hidden, scene), "have the new name servers publish it, too")
    if hidden and copied:
        return Steps((), (), (), findings=(_hides(wish, hidden, copied[0], scene),))
    return at_once(wish.values, "the keys are where these name servers say: they must answer first")


def _hides(wish: Wish, hidden: list[Key], copied: Gate, scene: Scene) -> Finding:
    """Say what a delegation would hide: it waits for what is going, and is refused for the rest."""
    going = {(other.name, other.type) for other in scene.desired.wishes if not other.values}
    staying = [key for key in hidden if key not in going]
    listed = staying or hidden
    names = ", ".join(f"{shown(name)} {rdtype}" for name, rdtype in listed[:_SHOWN])
    names += f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    if staying:
        message = (
            f"{shown(wish.name)} cannot be delegated while this zone publishes {names}: nobody "
            f"would find it any more; write it 'absent', or {copied.detail}"
        )
        return error("dkim-delegation-hides", message, wish)
    message = f"{shown(wish.name)} is delegated when {names} has gone; sooner: {copied.detail}"
    return Finding("dkim-delegation-waits", "info", message, str(wish.place))


def _copied(wish: Wish, hidden: list[Key], scene: Scene) -> str:
    """Name the task of having these very records published elsewhere."""
    values = [f"{key} {scene.live.rrsets[key].values}" for key in hidden]
    digest = hashlib.sha256(" ".join(values).encode()).hexdigest()
    return f"copied-{shown(wish.name)}-{digest[:8]}"


def _is_of_cut(key: Key, wish: Wish) -> bool:
    """Tell whether an RRset belongs to a delegation itself: its DS, its servers' addresses."""
    name, rdtype = key
    if name == wish.name and rdtype in {"NS", "DS"}:
        return True
    return name in wish.values and rdtype in {"A", "AAAA"}


def _retirement(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    transit = _transit(scene)
    found = (_successor_visible_at(wish, scene), _unseen_lately(wish, scene))
    since = max((at for at in found if at is not None), default=None)
    if since is None and not scene.in_flight and not _successor_ahead(wish, scene):
        note = f"assumes that nothing has been signed with it for {written(transit)}"
        return at_once(wish.values, f"retires the selector ({note})")
    return Steps(
        owned,
        owned,
        wish.values,
        why_settle="retires the selector (assumes that nobody signs with it any more)",
        wait=max(scene.desired.cutover.soak, transit),
        since=scene.not_before_senders(since),
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
    unseen = scene.in_use_until(scene.unseen_move, *(scene.unseen_at(key) for key in keys))
    matters = timedelta(seconds=max(scene.desired.cutover.soak, _transit(scene)))
    return unseen if unseen is not None and unseen + matters > scene.now else None


def _selectors(scene: Scene) -> list[Wish]:
    return [w for w in scene.desired.wishes if w.kind == "dkim" and w.values]


def _successors(wish: Wish, scene: Scene) -> list[Wish]:
    """Give the selectors that may sign instead; a delegation waits for what it would hide."""
    return [w for w in _selectors(scene) if not is_at_or_below(wish.name, w.name)]


def _successor_ahead(wish: Wish, scene: Scene) -> bool:
    return any(scene.live.get((w.name, w.type)) is None for w in _successors(wish, scene))


def _successor_visible_at(wish: Wish, scene: Scene) -> datetime | None:
    """Find when nobody could miss the newest selector that the file keeps any more."""
    created = [
        (version.replaced_at or scene.now) + scene.lifetimes.of(version)
        for other in _successors(wish, scene)
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
