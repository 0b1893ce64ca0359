"""Choreography of MTA-STS (RFC 8461): the record at ``_mta-sts`` that announces a policy.

Before: the policy that HTTPS serves permits every host that some visible MX names and every host
that is wished for (the union); only when it is served does the record take its id (§8.1), and only
when every sender had the time to read it does MX change. After: names that no visible MX names go,
HTTPS first, then the id. To leave: a policy of mode ``none``, until no sender holds any other
(§8.3).

The policy itself is served by a web server, not by the DNS host: mailsync says which one has to be
served, waits until it is, and announces it then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text, txt_value
from mailsync.dns.ttl import written
from mailsync.lint.model import Finding
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Mode, Policy
from mailsync.plan import policy as policies
from mailsync.plan.choreography import Scene, Steps, at_once, error
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import Gate, Hold
from mailsync.plan.reasons import held_text, named

LEAVING = Policy("none", 86400)
"""The policy with which a domain leaves MTA-STS (§8.3): none, for a day."""


def owns(_wish: Wish, value: str) -> bool:
    """Of the values at ``_mta-sts``, those are ours that announce a policy (§3.1)."""
    return mta_sts.is_mta_sts(txt_text(value))


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Announce what permits the old and the new hosts; what is wished for, when the old are out."""
    if not wish.values:
        return _leaving(owned, scene)
    final = scene.desired.policy
    if final is None:
        return at_once(wish.values, "announces the MTA-STS policy")
    if other := _under_the_same_id(wish, owned, scene):
        return Steps(owned, owned, owned, findings=(_reused(wish, other),))
    due = policy_due(scene)
    interim = _announcing(due)
    if due == final and set(owned) == set(wish.values):
        return Steps(owned, owned, owned, gates=_served(due, scene))
    if due == final:
        why = "announces the MTA-STS policy"
        return at_once(wish.values, why, _mx_unseen(due, scene), _served(due, scene))
    return Steps(
        interim,
        interim,
        wish.values,
        why_prepare="announces an MTA-STS policy that permits the old and the new servers",
        why_settle="announces the policy without the old servers",
        wait=scene.desired.cutover.soak,
        since=_unseen_lately(scene),
        gates=_served(due, scene),
        settle_gates=_served(final, scene),
    )


def ready(wish: Wish, held: tuple[str, ...] | None, scene: Scene) -> bool:
    """A sender may go by any policy that was announced: each must permit the hosts to come."""
    if held is None:
        return not wish.values and _never(scene)
    served = scene.live.policy.policy
    if served is not None and _stops(served, scene):
        return False  # whatever id it goes under: a sender may fetch it this minute
    ids = [_identifier(value) for value in held]
    if not ids:
        return not forbidding(scene, renamed=True)
    return all(one in _harmless(wish, scene) for one in ids)


def policy_due(scene: Scene) -> Policy:
    """Give the policy that has to be served now: the one in the end, and what is still needed.

    Every host that some visible MX names is permitted, and nothing is stricter than before, until
    the mail has moved and the soak is over.
    """
    final = scene.desired.policy
    if final is None:
        return LEAVING
    if final.mode == "none":
        return final  # stops no mail to anywhere, and so names no host
    needed = {host for host in _hosts(scene) if not mta_sts.permits(final, host)}
    served = scene.live.policy.policy
    flying = scene.in_flight or _unseen_lately(scene) is not None
    if not needed and not flying:
        return final
    if served is not None and flying and all(_permits(served, h) for h in _hosts(scene)):
        # What is served will do until all is over.
        if _weaker(served.mode, final.mode) == served.mode:
            return served
        return replace(served, mode=final.mode)
    mode = final.mode if served is None else _weaker(served.mode, final.mode)
    if not needed and mode == final.mode:
        return final
    return Policy(mode, final.max_age, (*final.mx, *sorted(map(shown, needed))))


def to_serve(wish: Wish, scene: Scene) -> Policy | None:
    """Give the policy that has to be served as things stand; None where none is needed any more."""
    if not wish.values and scene.live.get((wish.name, wish.type)) is None:
        return None
    return policy_due(scene)


def _mx_unseen(policy: Policy, scene: Scene) -> tuple[Hold, ...]:
    """Hold an enforced policy while some resolver may hold an MX that nobody saw."""
    key = (scene.desired.domain, "MX")
    return tuple(
        Hold(remnant.until, held_text(remnant.version), named(key))
        for remnant in scene.visible(key)
        if policy.mode == "enforce" and remnant.version.unseen and remnant.until is not None
    )


def _unseen_lately(scene: Scene) -> datetime | None:
    """Find when mail may have moved last without anybody seeing it, while that matters."""
    unseen = scene.unseen_move
    return unseen if unseen is not None and unseen + scene.transit > scene.now else None


def _stops(policy: Policy, scene: Scene) -> bool:
    """Tell whether a policy would stop mail to some host that takes it, or is going to."""
    return not all(_permits(policy, host) for host in _hosts(scene))


def _hosts(scene: Scene) -> set[str]:
    """Give the hosts that some visible MX names, or that the file names."""
    found = set(_wished(scene))
    for remnant in scene.visible((scene.desired.domain, "MX")):
        if remnant.version.rrset is not None:
            found |= hosts(remnant.version.rrset.values)
    return found


def _wished(scene: Scene) -> frozenset[str]:
    """Give the hosts that the file's MX names."""
    key = (scene.desired.domain, "MX")
    return hosts(next((w.values for w in scene.desired.wishes if (w.name, w.type) == key), ()))


def _leaving(owned: tuple[str, ...], scene: Scene) -> Steps:
    if not owned:
        return Steps((), (), ())
    held = _others_until(scene)
    told = (_announcing(LEAVING)) == owned
    if not told and held is None and scene.live.policy.state == "none":
        return at_once((), "no policy is served, and no sender holds one")
    gates = _served(LEAVING, scene)
    # What else is served again binds senders anew: the wait begins when that has ended.
    again = told and bool(gates) and scene.live.policy.policy is not None
    waits = []
    if not again and (not told or held is not None):
        until = max(filter(None, (held, scene.now + timedelta(seconds=1))))
        reason = "senders may hold an MTA-STS policy until then (RFC 8461 §8.3)"
        waits.append(Hold(until, reason, f"_mta-sts.{scene.desired.domain} TXT"))
    return Steps(
        _announcing(LEAVING),
        _announcing(LEAVING),
        (),
        why_prepare="announces the policy with which the domain leaves MTA-STS",
        why_settle="removes the record: no sender holds a policy any more",
        wait=LEAVING.max_age,
        since=scene.history((f"_mta-sts.{scene.desired.domain}", "TXT")).seen_at if told else None,
        gates=gates,
        settle_gates=gates if again else (),
        settle_holds=tuple(waits),
    )


def _others_until(scene: Scene) -> datetime | None:
    """Give until when a sender may hold a policy other than the leaving one; None when none may."""
    ends = []
    for version in scene.history(policies.key(scene.desired.domain)).versions:
        if version.rrset is None or policies.of_rrset(version.rrset).mode == "none":
            continue
        served_last = version.replaced_at or scene.now
        ends.append(served_last + timedelta(seconds=version.rrset.ttl))
    return max((end for end in ends if end > scene.now), default=None)


def forbidding(scene: Scene, *, renamed: bool) -> tuple[Hold, ...]:
    """Hold MX while some sender may go by a policy that was served without the hosts to come.

    ``renamed``: the record gets another id now, so that everybody fetches the policy anew.
    """
    key = (f"_mta-sts.{scene.desired.domain}", "TXT")
    reason = "senders may go by an MTA-STS policy without the new servers until then"
    ends = _forbidding(scene, renamed=renamed)
    return tuple(Hold(end, reason, named(key)) for end in ends if end > scene.now)


def _forbidding(scene: Scene, *, renamed: bool) -> list[datetime]:
    key = (f"_mta-sts.{scene.desired.domain}", "TXT")
    live = scene.live.get(key)
    records: list[policies.Held] = []
    for version in scene.history(key).versions:
        values = None if version.rrset is None else version.rrset.values
        goes = scene.now if renamed or version.rrset != live else None
        end = version.replaced_at or goes
        gone = None if end is None else end + scene.lifetimes.of(version)
        # What nobody saw may have announced any policy.
        records.append((("",) if version.unseen else values, version.published_at, gone))
    refresh = timedelta(seconds=scene.desired.cutover.policy_refresh)
    ends = []
    for version in scene.history(policies.key(scene.desired.domain)).versions:
        policy = None if version.rrset is None else policies.of_rrset(version.rrset)
        if policy is None or all(_permits(policy, host) for host in _wished(scene)):
            continue
        served = (version.published_at, version.replaced_at)
        for _, until in policies.bound(policy, served, records, refresh):
            ends.append(until or scene.now + timedelta(seconds=policy.max_age))
    return ends


def _never(scene: Scene) -> bool:
    """Tell whether it is known that the domain has had no policy, as far back as that matters."""
    key = policies.key(scene.desired.domain)
    unseen = scene.unseen_at(key)
    lately = scene.now - scene.lifetimes.of_ttl(scene.desired.cutover.unseen_ttl)
    known = scene.history(key).seen_at is not None and not _known(scene)
    return known and (unseen is None or unseen <= lately)


def _known(scene: Scene) -> list[Policy]:
    """Give every policy that was seen served."""
    versions = scene.history(policies.key(scene.desired.domain)).versions
    return [policies.of_rrset(version.rrset) for version in versions if version.rrset is not None]


def _harmless(wish: Wish, scene: Scene) -> set[str]:
    """Give the ids of policies that stop no mail to the hosts to come."""
    final = scene.desired.policy
    candidates = [*_known(scene), policy_due(scene), *([final] if final is not None else [])]
    found = {mta_sts.identifier(one) for one in candidates if not _stops(one, scene)}
    if wish.values and final is not None and not _stops(final, scene):
        seen = scene.live.policy.policy
        if final == seen or (seen is None and final in _known(scene)):
            found.add(_identifier(wish.values[0]))  # it may be one that somebody else gave it
    return found


def _under_the_same_id(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Policy | None:
    """Find another policy that senders may have fetched under the id that the file gives this one.

    Of an id that is derived there is none: it says what the policy says. One that was served while
    that id stood matters where it stops mail: the way back after a union is open.
    """
    final = scene.desired.policy
    given = _identifier(wish.values[0])
    if final is None or given in {"", mta_sts.identifier(final)}:
        return None
    served = scene.live.policy.policy
    if served is not None and served != final and given in map(_identifier, owned):
        return served
    times = [
        (version.published_at, version.replaced_at or scene.now)
        for version in scene.history((wish.name, wish.type)).versions
        if version.rrset is not None and given in map(_identifier, version.rrset.values)
    ]
    for version in scene.history(policies.key(scene.desired.domain)).versions:
        other = None if version.rrset is None else policies.of_rrset(version.rrset)
        if other is not None and other != final and _stops(other, scene):
            until = version.replaced_at or scene.now
            if any(begin < until and version.published_at < end for begin, end in times):
                return other
    return None


def _reused(wish: Wish, other: Policy) -> Finding:
    message = (
        f"the id {_identifier(wish.values[0])} stands for another policy already (mode "
        f"{other.mode}, mx {', '.join(other.mx) or 'none'}): senders that have it would not look "
        "for this one; take 'txt' out of mta_sts, and mailsync gives it an id (RFC 8461 §3.1), or "
        "serve again what the file says"
    )
    return error("sts-id-unchanged", message, wish)


def _served(wanted: Policy, scene: Scene) -> tuple[Gate, ...]:
    """Make a gate of the policy being served; none when it is."""
    seen = scene.live.policy
    if seen.policy is not None and seen.policy == wanted:
        return ()
    name = f"mta-sts-policy-{mta_sts.identifier(wanted)[:12]}"
    if name in scene.desired.cutover.tasks and seen.state == "unknown":
        return ()
    where = f"https://mta-sts.{shown(scene.desired.domain)}/.well-known/mta-sts.txt"
    patterns = ", ".join(wanted.mx) or "none"
    what = (
        f"serve this policy at {where}: mode {wanted.mode}, mx {patterns}, "
        f"max_age {written(wanted.max_age)}"
    )
    if seen.state == "unknown":
        what += (
            f" (it could not be looked at: {seen.detail}; if it is served, write 'tasks: "
            f"{{{name}: done}}' under 'cutover')"
        )
    elif seen.policy is not None:
        what += f" (served now: mode {seen.policy.mode}, mx {', '.join(seen.policy.mx) or 'none'})"
    return (Gate("policy-permits", "fail", what),)


def _announcing(policy: Policy) -> tuple[str, ...]:
    return (txt_value(mta_sts.record(policy)),)


def _identifier(value: str) -> str:
    try:
        return mta_sts.parse_record(txt_text(value)).id
    except mta_sts.BadRecord:
        return ""


def _permits(policy: Policy, host: str) -> bool:
    return policy.mode != "enforce" or mta_sts.permits(policy, host)


def _weaker(one: Mode, other: Mode) -> Mode:
    return min(one, other, key=mta_sts.MODES.index)
