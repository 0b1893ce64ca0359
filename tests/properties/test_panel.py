"""Steps for a person: whatever is done of them, in whatever order, was reckoned with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsync.dns.rrset import RRset, txt_value
from mailsync.plan.model import Change
from mailsync.plan.panel import ROWS_MAX, Step, possible, steps

NAME = "example.jp."
HOSTS = [f"{preference} mx{number}.example." for preference in (10, 20) for number in range(3)]
TEXTS = [
    txt_value(text) for text in ("v=spf1 -all", "v=spf1 a -all", "token=1", "token=2", "x", "")
]

Versions = tuple[RRset | None, RRset | None]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Draw a change of an MX or a TXT RRset: from something or nothing to something else."""
    rdtype, values = draw(st.sampled_from([("MX", HOSTS), ("TXT", TEXTS)]))

    def version() -> RRset | None:
        found = draw(st.sets(st.sampled_from(values), max_size=4))
        # A domain has one SPF record at any time.
        spf = sorted(value for value in found if "spf1" in value)
        found -= set(spf[1:])
        ttl = draw(st.sampled_from([60, 300, 86400]))
        return RRset(NAME, rdtype, ttl, tuple(found)) if found else None

    before, after = version(), version()
    if before is None and after is None:
        after = RRset(NAME, rdtype, 60, (values[0],))
    return Change(before, after, "")


def done(before: frozenset[str], typed: list[Step]) -> frozenset[str]:
    """Give the values after some steps."""
    values = set(before)
    for step in typed:
        values -= {step.before}
        values |= {step.after} if step.after is not None else set()
    return frozenset(values)


def values_of(rrset: RRset | None) -> frozenset[str]:
    """Give an RRset's values."""
    return frozenset(rrset.values if rrset is not None else ())


@given(changes())
def test_all_steps_lead_to_the_end(change: Change) -> None:
    """And each is one record, of which there is one before or after."""
    found = steps([change])
    assert done(values_of(change.before), list(found)) == values_of(change.after)
    for step in found:
        assert step.before is not None or step.after is not None
        assert step.key == change.key


@given(changes())
def test_an_rrset_is_never_empty_on_the_way(change: Change) -> None:
    """In the printed order nothing is taken away before its successor is there."""
    found = list(steps([change]))
    for count in range(1, len(found)):
        if change.after is not None:
            assert done(values_of(change.before), found[:count])


@given(changes(), st.randoms(use_true_random=False))
def test_whatever_is_half_done_may_be_published(change: Change, random: object) -> None:
    """Up to four rows in any order, more in the printed one; with the old TTL or the new."""
    found = list(steps([change]))
    if len(found) <= ROWS_MAX:
        random.shuffle(found)  # type: ignore[attr-defined]
    known = {after for _, _, after in possible([change])} | {change.before}
    for count in range(len(found) + 1):
        values = done(values_of(change.before), found[:count])
        ttls = {one.ttl for one in (change.before, change.after) if one is not None}
        for ttl in ttls if values else ():
            assert RRset(NAME, change.key[1], ttl, tuple(values)) in known


@given(changes())
def test_the_end_stands_last_and_only_spf_records_that_stand_alone(change: Change) -> None:
    """The journal reads from the last one what was asked for; no version has two SPF records."""
    listed = possible([change])
    assert listed[-1] == (change.key, change.before, change.after)
    assert len({after for *_, after in listed}) == len(listed)
    for *_, after in listed:
        assert sum("spf1" in value for value in values_of(after)) <= 1
