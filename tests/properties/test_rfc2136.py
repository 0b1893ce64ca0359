"""Updates of Rfc2136Provider, carried out by a model of RFC 2136 §3.2 and §3.4.2."""

from __future__ import annotations

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.update
import dns.zone
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st
from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.zone import Zone

from mailsync_providers._rfc2136_update import edit, octodns_text, update_message

ORIGIN = dns.name.from_text("example.test.")
ZONE = Zone("example.test.", [])
TTLS = st.sampled_from([60, 300, 3600])

strings = st.lists(
    st.one_of(
        st.binary(max_size=6),
        st.text('ab;"\\ é', max_size=6).map(str.encode),
        st.sampled_from([b"v=spf1 -all", b"x" * 255]),
    ),
    min_size=1,
    max_size=3,
)
rdatas = strings.map(lambda each: TXT(dns.rdataclass.IN, dns.rdatatype.TXT, each))
rrsets = st.lists(rdatas, unique=True, max_size=4)
new_texts = st.sampled_from(['"v=spf1 ~all"', '"new"', '"' + "y" * 255 + '" "z"'])


def record_of(texts: list[str], ttl: int) -> Record | None:
    """The octoDNS record with these values; None without any."""
    if not texts:
        return None
    return Record.from_rrset(ZONE, Rrset("example.test.", "TXT", ttl, texts), lenient=True)


class Change:
    """What octoDNS hands to a provider."""

    def __init__(self, existing: Record | None, new: Record | None) -> None:
        self.existing, self.new, self.record = existing, new, new or existing


def carried_out(
    message: dns.update.UpdateMessage, held: list[TXT], ttl: int, *, like_knot: bool
) -> tuple[set[TXT], int] | None:
    """The TXT RRset after the update: values and TTL (seconds); None if a prerequisite fails.

    ``like_knot``: a value that is there already is not added again, not even with a new TTL.
    """
    now = set(held)
    asked = {rdata for rrset in message.prerequisite for rdata in rrset}
    absent = any(
        rrset.deleting == dns.rdataclass.NONE and rrset.rdtype == dns.rdatatype.TXT
        for rrset in message.prerequisite
    )
    if (absent and now) or (not absent and asked != now):
        return None
    for rrset in message.update:
        (rdata,) = rrset
        if rrset.deleting == dns.rdataclass.NONE:
            now.discard(rdata)
        elif not (like_knot and rdata in now):
            now.add(rdata)
            ttl = rrset.ttl
    return now, ttl


@given(
    held=rrsets,
    held_ttl=TTLS,
    ttl=TTLS,
    keep=st.lists(st.booleans(), min_size=4, max_size=4),
    added=st.lists(new_texts, unique=True, max_size=2),
    meanwhile=st.one_of(st.none(), rdatas),
    like_knot=st.booleans(),
)
def test_an_update_makes_the_plan_true_and_touches_no_other_octet(
    held: list[TXT],
    held_ttl: int,
    ttl: int,
    keep: list[bool],
    added: list[str],
    meanwhile: TXT | None,
    like_knot: bool,
) -> None:
    """Kept values keep their octets, the rest is as planned; a value put in meanwhile stops it."""
    transferred = dns.zone.Zone(ORIGIN, relativize=False)
    if held:
        rdataset = transferred.find_rdataset(ORIGIN, "TXT", create=True)
        for rdata in held:
            rdataset.add(rdata, held_ttl)
    texts = {rdata: octodns_text(ZONE, ORIGIN, rdata) for rdata in held}
    shown = [text for text in texts.values() if text is not None]
    kept = [text for text, stays in zip(shown, keep, strict=False) if stays]
    existing, new = record_of(shown, held_ttl), record_of([*kept, *added], ttl)
    if existing is None and new is None:
        return

    message = update_message([edit(Change(existing, new), transferred)], transferred)

    stale = None if meanwhile is None else [*held, meanwhile]
    if stale is not None and meanwhile not in held:
        assert carried_out(message, stale, held_ttl, like_knot=like_knot) is None
    after = carried_out(message, held, held_ttl, like_knot=like_knot)
    assert after is not None
    values, after_ttl = after
    untouched = {rdata for rdata, text in texts.items() if text is None or text in kept}
    assert untouched <= values
    assert values & set(held) == untouched | {r for r in held if texts[r] in added}
    assert {octodns_text(ZONE, ORIGIN, rdata) for rdata in values - untouched} == set(added) - set(
        kept
    )
    if values:
        assert after_ttl == (ttl if new else held_ttl)
