"""SPF records that others include (RFC 7208 §5.2, §6.1), where this configuration publishes them.

An include or a redirect of a name without an SPF record is a permanent error: the record is visible
before the term that names it, and stays until no resolver holds such a term.
"""

from __future__ import annotations

from mailsync.desired.model import Wish
from mailsync.dns.names import BadName, is_at_or_below, shown, whole
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.lint.model import Finding
from mailsync.mail import spf as spf_record
from mailsync.plan import abroad
from mailsync.plan.choreography import Scene, error
from mailsync.plan.model import Hold
from mailsync.plan.reasons import named
from mailsync.plan.visible import Remnant


def before_including(
    scene: Scene, wish: Wish, owned: tuple[str, ...], values: tuple[str, ...]
) -> tuple[tuple[Hold, ...], tuple[Finding, ...]]:
    """Say what a record with these values has to wait for: what it includes, and we publish."""
    new = targets(values) - targets(owned)
    waits: list[Hold] = []
    findings: list[Finding] = []
    for target in sorted(new):
        key = (target, "TXT")
        neighbour = abroad.publisher(scene.desired.zone, scene.live.neighbours, key)
        if _is_ours(scene, key):
            waits += scene.until_all(key, _holds_spf)
        elif neighbour is not None and key in _spf_keys(abroad.wishes(neighbour)):
            waits += abroad.until_all(neighbour, key, scene.now, _holds_spf)
        elif is_at_or_below(target, scene.desired.zone) and _missing(scene, target):
            findings.append(_no_record(target, wish))
    return tuple(sorted(waits)), tuple(findings)


def before_removing(scene: Scene, wish: Wish) -> tuple[tuple[Hold, ...], tuple[Finding, ...]]:
    """Say what the removal of an SPF record has to wait for: whoever includes it."""
    waits: list[Hold] = []
    findings: list[Finding] = []
    for key, wished, held in _including(scene, wish):
        if wish.name in targets(wished):
            message = (
                f"the SPF record of {shown(wish.name)} cannot go: that of {shown(key[0])} "
                "includes it, and receivers would give up with permerror (RFC 7208 §5.2)"
            )
            findings.append(error("spf-target-in-use", message, wish))
        for remnant in held:
            if wish.name in targets(_values(remnant.version.rrset)):
                until = remnant.until or scene.now + scene.lifetimes.of(remnant.version)
                reason = f"resolvers may hold an SPF record that includes {shown(wish.name)}"
                waits.append(Hold(until, reason, named(key)))
    return tuple(sorted(waits)), tuple(findings)


def still_included(scene: Scene, wish: Wish) -> bool:
    """Tell whether another SPF record of this domain's file includes a record as it is live."""
    return any(
        wish.name in targets(_values(scene.live.get((other.name, other.type))))
        for other in scene.desired.wishes
        if (other.name, other.type) != (wish.name, wish.type) and _may_be_spf(other)
    )


def targets(values: tuple[str, ...]) -> frozenset[str]:
    """Give the names whose SPF records these ones include or are redirected to; no macros."""
    found = set()
    for value in values:
        text = txt_text(value)
        try:
            record = spf_record.parse(text) if spf_record.is_spf(text) else None
        except spf_record.BadSpf:
            continue
        if record is None:
            continue
        written = [m.argument.removeprefix(":") for m in record.mechanisms if m.name == "include"]
        written += [record.redirect] if record.redirect is not None else []
        for name in written:
            try:
                found.add(whole(name))
            except BadName:
                continue  # a macro: what it stands for, only the receiver knows
    return frozenset(found)


def _including(scene: Scene, wish: Wish) -> list[tuple[Key, tuple[str, ...], tuple[Remnant, ...]]]:
    """Give every TXT of the configuration but this one, as wished for, and what is visible of it.

    Also of neighbours whose files have left what they included: caches may not have.
    """
    ours = {(w.name, w.type): w.values for w in scene.desired.wishes if _may_be_spf(w)}
    ours.pop((wish.name, wish.type), None)
    found = [(key, values, scene.visible(key)) for key, values in ours.items()]
    for neighbour in scene.live.neighbours:
        for key in abroad.keys_of(neighbour, "TXT"):
            if key not in ours and key != (wish.name, wish.type):
                other = abroad.asked(neighbour, key)
                held = abroad.visible(neighbour, key, scene.now)
                found.append((key, other.values if other is not None else (), held))
    return found


def _may_be_spf(wish: Wish) -> bool:
    return wish.kind == "spf" or (wish.kind == "record" and wish.type == "TXT")


def _spf_keys(wishes: tuple[Wish, ...]) -> set[Key]:
    return {(w.name, w.type) for w in wishes if _may_be_spf(w) and _holds_spf(w.values)}


def _is_ours(scene: Scene, key: Key) -> bool:
    return key in _spf_keys(scene.desired.wishes)


def _missing(scene: Scene, target: str) -> bool:
    """Tell whether a name of this very zone has no SPF record, nor an alias or a delegation."""
    if scene.live.delegates(target, scene.desired.zone):
        return False
    if scene.live.get((target, "CNAME")) is not None:
        return False
    return not _holds_spf(_values(scene.live.get((target, "TXT"))))


def _holds_spf(values: tuple[str, ...]) -> bool:
    return any(spf_record.is_spf(txt_text(value)) for value in values)


def _values(rrset: RRset | None) -> tuple[str, ...]:
    return () if rrset is None else rrset.values


def _no_record(target: str, wish: Wish) -> Finding:
    message = (
        f"SPF includes {shown(target)}, which has no SPF record in this zone: receivers would give "
        "up with permerror (RFC 7208 §5.2); name it under 'records', or leave the term out"
    )
    return error("spf-include-missing", message, wish)
