"""Who sends for a domain while its plan is played: the old way until it is over, then the new one.

Where mail is switched, senders change with it; else when every receiver knows what the new way
needs. What the plan takes away at once, on the user's word that nobody sends so, nobody sends by.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.mail import dkim, spf
from mailsync.rehearse.resolver import Traits
from mailsync.rehearse.services import FOREVER, Stream
from mailsync.rehearse.world import Rehearsal

_LONG_AGO = -400 * 86400
_OLD, _NEW = "by the old way", "by the new way"


def streams(before: Mapping[Key, RRset], world: Rehearsal, switch: int | None) -> list[Stream]:
    """Give everybody who sends; ``before``: the zone as it was, ``switch``: when mail moved."""
    apex = (world.desired.domain, "TXT")
    records = (_spf(before.get(apex)), _spf(world.live.get(apex)))
    old_keys, new_keys = _keys(before, world.live, world), _keys(world.live, before, None)
    gone, come = (_terms(*records), _terms(*reversed(records)))
    if switch is None and not (gone and come):
        gone = come = ""
    if switch is None and not (old_keys and new_keys):
        old_keys = new_keys = {}
    known = [_known_at(before, world, key) for key in ((apex,) if come else ()) + (*new_keys,)]
    at = max([one for one in known if one is not None], default=None) if switch is None else switch
    if at is None:
        return []
    cutover = world.desired.cutover
    queue = cutover.queue_lifetime - 1
    transit = queue + cutover.verifier_delay
    found = [Stream(_OLD, _LONG_AGO, at, queue, gone)] if gone else []
    found += [Stream(_NEW, at, FOREVER, queue, come)] if come else []
    found += [Stream(_OLD, _LONG_AGO, at, transit, "", *one) for one in old_keys.items()]
    found += [Stream(_NEW, at, FOREVER, transit, "", *one) for one in new_keys.items()]
    return found


def _keys(
    there: Mapping[Key, RRset], not_there: Mapping[Key, RRset], world: Rehearsal | None
) -> dict[Key, tuple[str, ...]]:
    """Give the selectors that are in one zone only; of a ``world``, those that settled away."""
    writes = () if world is None else world.writes
    settled = {change.key for _, stage, change in writes if stage == "settle"}
    return {
        key: rrset.values
        for key, rrset in sorted(there.items())
        if "._domainkey." in f".{key[0]}" and not key[0].startswith("*.")
        if key[1] in {"TXT", "CNAME"} and (world is None or key in settled)
        if not any((key[0], rdtype) in not_there for rdtype in ("TXT", "CNAME", "NS"))
        if key[1] == "CNAME" or _verifies(rrset)
    }


def _verifies(rrset: RRset) -> bool:
    """Tell whether something can be signed with the key."""
    try:
        keys = [dkim.parse(txt_text(value)) for value in rrset.values]
    except dkim.BadDkim:  # pragma: no cover  # no plan has a new one, nor lets an old one settle
        return False
    return len(keys) == 1 and not dkim.is_tombstone(keys[0])


def _known_at(before: Mapping[Key, RRset], world: Rehearsal, key: Key) -> int | None:
    """Give from when on nobody holds an RRset as it was; None where it was not written."""
    written = [at for at, _, change in world.writes if change.key == key]
    life = Traits(floor=300).life(before.get(key), world.truth.negative_ttl)
    return written[0] + life if written else None


def _terms(there: str | None, not_there: str | None) -> str:
    """Give a record of the terms that only one of two SPF records has; empty where none is."""
    if there is None or not_there is None:
        return ""
    terms = spf.terms_removed(there, not_there)
    # Beside `all`, a redirect means nothing (RFC 7208 §6.1).
    last = () if any(term.startswith("redirect=") for term in terms) else ("-all",)
    return " ".join(("v=spf1", *terms, *last)) if terms else ""


def _spf(rrset: RRset | None) -> str | None:
    texts = [txt_text(value) for value in rrset.values] if rrset is not None else []
    first = next(filter(spf.is_spf, texts), None)
    return first if first is not None and spf.is_readable(first) else None
