"""Choreography of TLSA records of mail hosts (RFC 7672, RFC 7671 §8.1).

A sender that finds TLSA records delivers only to a server whose certificate matches one of them.
Before: the records of the old and of the new certificate stand side by side, until nobody holds the
old set alone. Then a person changes the certificate. After: the old records go, once no server
presents the old chain. Records of a host that leaves the MX outlive its MX, as its address does.

Where the file says ``auto``, the records follow what the host is seen to present: nobody need say
that a certificate was changed. What cannot be seen changes nothing.
"""

from __future__ import annotations

import hashlib

from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.lint.model import Finding
from mailsync.mail import dane
from mailsync.plan import certificates
from mailsync.plan.choreography import Scene, Steps, at_once, task
from mailsync.plan.kinds.host import mx_in_the_end
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import Hold


def owns(_wish: Wish, _value: str) -> bool:
    """A host's TLSA RRset is ours as a whole: each record is one more chain that is let in."""
    return True


def steps(wish: Wish, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Add beside the old ones, remove when the certificate was changed; leave DANE at once."""
    host = dane.host_of(wish.name)
    if wish.auto and not scene.live.presented(host).values:
        return _unseen(wish, host, owned, scene)
    if set(owned) == set(wish.values):
        return Steps(owned, owned, owned)
    if not wish.values and _is_left(host, scene):
        return Steps(
            owned,
            owned,
            (),
            why_settle="removed once no resolver holds an MX that names this host",
            wait=scene.desired.cutover.soak,
        )
    if not wish.values:
        why = (
            "mail to this host no longer asks for a certificate; change TLS there only when no "
            "resolver holds the old records"
        )
        return at_once((), why)
    if not owned:
        what = f"see that {shown(host)} presents the certificate that its TLSA records name"
        asks = host in scene.routed and not wish.auto
        gates = task(scene, _task("tlsa", host, wish), what) if asks else ()
        return at_once(wish.values, "senders will ask for this certificate (DANE)", gates=gates)
    both = tuple({*owned, *wish.values})
    what = f"when every sender knows the new TLSA records, change the certificate of {shown(host)}"
    # Absence asks for no certificate at all.
    known = scene.until_all(
        (wish.name, wish.type), lambda held: not held or set(wish.values) <= set(held)
    )
    if wish.auto:
        return _as_presented(wish, host, owned, scene, known)
    return Steps(
        both,
        both,
        wish.values,
        why_prepare="both certificates are let in, the present one and the next",
        why_settle="removes the records of the old certificate",
        wait=0,
        since=scene.now,
        settle_holds=known,
        settle_gates=task(scene, _task("certificate", host, wish), what),
    )


def ready(wish: Wish, held: tuple[str, ...] | None, scene: Scene) -> bool:
    """Without records a host takes mail from all; with them, all its certificates are let in."""
    if wish.auto and not scene.live.presented(dane.host_of(wish.name)).values:
        return held == ()
    if not wish.values or held == ():
        return True
    return held is not None and set(wish.values) <= set(held)


def _is_left(host: str, scene: Scene) -> bool:
    """Tell whether mail leaves the host, or has left it: its records outlive its MX."""
    stays = any(host in hosts(values) for values in mx_in_the_end(scene))
    return not stays and (host in scene.routed or scene.in_flight)


def _unseen(wish: Wish, host: str, owned: tuple[str, ...], scene: Scene) -> Steps:
    """Leave everything as it is: what the host presents could not be seen."""
    detail = scene.live.presented(host).detail
    message = (
        f"the certificate of {shown(host)} could not be looked at ({detail}): its TLSA records "
        "stay as they are"
    )
    finding = Finding("tlsa-not-seen", "warning", message, str(wish.place))
    what = f"see that the server to which {shown(host)} goes presents what its TLSA records name"
    gates = task(scene, _task("tlsa", host, wish), what)
    return Steps(owned, owned, owned, gates=gates, findings=(finding,))


def _as_presented(
    wish: Wish, host: str, owned: tuple[str, ...], scene: Scene, known: tuple[Hold, ...]
) -> Steps:
    """Let in what the host presents, and what it presented lately."""
    both = tuple({*owned, *wish.values})
    history = scene.history(certificates.key(host))
    findings: tuple[Finding, ...] = ()
    if not set(owned) & set(scene.live.presented(host).values):
        message = (
            f"{shown(host)} presents a certificate that none of its TLSA records names: senders "
            "that ask for DANE do not deliver until the new record is known everywhere; publish "
            "the next key's record before you change it ('pem' beside 'auto')"
        )
        findings = (Finding("tlsa-mismatch", "warning", message, str(wish.place)),)
    return Steps(
        both,
        both,
        wish.values,
        why_prepare="the certificate that the host presents is let in",
        why_settle="removes the records of certificates that the host presents no more",
        wait=scene.desired.cutover.soak,
        since=certificates.presented_last(history, set(owned) - set(wish.values), scene.now),
        settle_holds=known,
        findings=findings,
    )


def _task(what: str, host: str, wish: Wish) -> str:
    """Name a task for these very records: one marked done says nothing about the next."""
    digest = hashlib.sha256(" ".join(sorted(wish.values)).encode()).hexdigest()
    return f"{what}-{shown(host)}-{digest[:8]}"
