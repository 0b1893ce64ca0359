"""What is live and of what the file does not speak: told, and left as it is."""

from __future__ import annotations

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.lint.model import Finding
from mailsync.mail import dkim, dmarc, spf
from mailsync.plan.choreography import Scene
from mailsync.plan.course import Course
from mailsync.plan.reasons import named

_KEEPS_KEYS = frozenset({"TXT", "CNAME", "NS"})
"""By which records a DKIM selector is found: a key, an alias, a delegation."""

_SHOWN = 3
"""How many record sets one finding names."""


def findings(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """Give a finding for each kind of mail record that is not named, and one for keys left over."""
    return [*_unmanaged(scene), *_keys_left(scene, courses)]


def _unmanaged(scene: Scene) -> list[Finding]:
    """Report mail records that are live and that the file does not speak of."""
    domain, kinds = scene.desired.domain, scene.desired.kinds
    there: dict[str, Key] = {}
    for key, rrset in sorted(scene.live.rrsets.items()):
        kind = _mail_kind(domain, rrset)
        if kind and kind not in kinds:
            there.setdefault(kind, key)
    return [
        Finding(
            "unmanaged",
            "info",
            f"{named(key)} is live, and the file does not name '{kind}': left as it is"
            + _left_low(scene, key),
            shown(domain),
        )
        for kind, key in sorted(there.items())
    ]


def _keys_left(scene: Scene, courses: tuple[Course, ...]) -> list[Finding]:
    """A key by whose selector something may still be signed outlives the mail: nobody asks it to.

    The revoked key under every selector (RFC 4592 §3.3.1) is under none that has records.
    """
    if not scene.desired.no_mail:
        return []
    wished = {course.key for course in courses}
    domain = scene.desired.domain
    left = [
        key
        for key, rrset in sorted(scene.live.rrsets.items())
        if key not in wished and _mail_kind(domain, rrset) == "dkim" and not _revokes(rrset)
    ]
    if not left:
        return []
    names = ", ".join(map(named, left[:_SHOWN])) + ", …" * (len(left) > _SHOWN)
    message = (
        f"'mail: none', and what is signed with {names} still verifies: 'prune: [dkim]' takes all "
        "such keys away, 'absent' under 'dkim' one"
    )
    return [Finding("keys-left", "warning", message, str(scene.desired.place))]


def _revokes(rrset: RRset) -> bool:
    """Tell whether an RRset is there, and no key in it that verifies anything."""
    try:
        keys = [dkim.parse(txt_text(value)) for value in rrset.values if rrset.type == "TXT"]
    except dkim.BadDkim:
        return True
    return bool(keys) and all(map(dkim.is_tombstone, keys))


def _left_low(scene: Scene, key: Key) -> str:
    """Say what a TTL was before it was lowered for a change that the file no longer asks for."""
    live = scene.live.get(key)
    ttls = [v.rrset.ttl for v in scene.history(key).versions if v.rrset is not None]
    if live is None or not ttls or max(ttls) <= live.ttl:
        return ""
    return f", also its TTL of {live.ttl}, which was {max(ttls)} before"


def _mail_kind(domain: str, rrset: RRset) -> str | None:
    if rrset.name == domain and rrset.type == "MX":
        return "mx"
    if f".{rrset.name}".endswith("._domainkey." + domain) and rrset.type in _KEEPS_KEYS:
        return "dkim"
    if rrset.type != "TXT":
        return None
    texts = [txt_text(value) for value in rrset.values]
    if rrset.name == domain and any(map(spf.is_spf, texts)):
        return "spf"
    if rrset.name == "_dmarc." + domain and any(map(dmarc.is_dmarc, texts)):
        return "dmarc"
    return None
