"""Choreography of records that route no mail: they are set as asked, at once.

But for SPF records at names of their own, which others include: there the old and the new senders
are let in first, and the old ones taken out later, as everywhere.
"""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired.model import Wish
from mailsync.plan.choreography import Scene, Steps, at_once
from mailsync.plan.kinds import spf, spf_tree


def owns(_wish: Wish, _value: str) -> bool:
    """A record named in the file is ours as a whole RRset."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Set what is wished for."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if wish.type == "TXT" and any(spf.owns(wish, value) for value in (*owned, *wish.values)):
        return _as_spf(wish, owned, scene)
    if not wish.values:
        return at_once((), "removed, as the file asks")
    return at_once(wish.values, "as the file asks")


def ready(wish: Wish, held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """No mail depends on it, but for an SPF record: others may include it."""
    return not spf_tree.holds_spf(wish) or spf_tree.lets_all(wish, held or ())


def _as_spf(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Lead the SPF record among the values in its own order; the other values are set at once."""
    plain = tuple(value for value in wish.values if not spf.owns(wish, value))
    ours = tuple(value for value in wish.values if spf.owns(wish, value))
    held = tuple(value for value in owned if spf.owns(wish, value))
    found = spf.steps(replace(wish, values=ours), held, scene)
    return replace(
        found,
        prepare=(*plain, *found.prepare),
        switch=(*plain, *found.switch),
        settle=(*plain, *found.settle),
        why_prepare=found.why_prepare or "as the file asks",
    )
