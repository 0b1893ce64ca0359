"""Choreography of MX RRsets (RFC 5321 §5.1, RFC 7505).

Before: whatever the new hosts need is visible everywhere, and so is the low TTL. Switch: the whole
RRset at once; a cache holds one version of it, never a mix (RFC 2181 §5). After: every host that
left keeps accepting until no resolver names it.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.mail import mx as mx_record
from mailsync.plan.choreography import Scene, Steps, error


def owns(_wish: Wish, _value: str) -> bool:
    """An MX RRset is ours as a whole: a foreign MX beside ours would take part of the mail."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Keep what is live until the switch, then replace it as a whole."""
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned, why_settle="restore the TTL")
    if not wish.values or (hosts(owned) and not hosts(wish.values) and not scene.desired.no_mail):
        finding = error(
            "last-mx",
            "the last MX is never removed: without MX, mail goes to the name's own address "
            "(RFC 5321 §5.1); write 'mail: none' to say that it takes no mail",
            wish,
        )
        return Steps(owned, owned, owned, findings=(finding,))
    return Steps(
        owned,
        wish.values,
        wish.values,
        routes=True,
        why_prepare="lower the TTL ahead of the switch",
        why_switch=_what_switches(owned, wish.values),
        why_settle="restore the TTL",
    )


def ready(_wish: Wish, _held: tuple[str, ...] | None, _scene: Scene) -> bool:
    """Old MX versions are what a switch leaves behind, not what it needs."""
    return True


def hosts(values: tuple[str, ...]) -> frozenset[str]:
    """Give the hosts that MX values name; a null MX names none (RFC 7505 §3)."""
    named = (mx_record.parse(value).exchange for value in values)
    return frozenset(host for host in named if host != ".")


def _what_switches(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    if not hosts(new):
        return "no mail is accepted (null MX, RFC 7505)"
    if not old:
        return "the first MX: until now mail went to the name's own address, if it has one"
    if not hosts(old):
        return "mail is accepted again: until now a null MX said that there is none"
    gone, come = hosts(old) - hosts(new), hosts(new) - hosts(old)
    if gone and come:
        return "mail moves to the new servers"
    if come:
        return "another server takes mail as well"
    return "one server less takes mail" if gone else "the order of the servers changes"
