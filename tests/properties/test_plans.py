"""What is true of every plan, whatever the file asks for and whatever is live."""

from __future__ import annotations

from hypothesis import assume, event, given, settings

from mailsync.desired.model import Cutover
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.choreography import owned_values
from mailsync.plan.kinds import CHOREOGRAPHIES
from tests.properties.domains import CUTOVERS, File, among, files, strangers, to_rest, told, world

Strangers = tuple[dict[Key, RRset], dict[Key, tuple[str, ...]]]

GUARDS = {
    "cname-conflict",
    "dkim-selector-reuse",
    "host-in-use",
    "last-mx",
    "mx-target-cname",
    "mx-target-no-address",
    "mta-sts-unmanaged",
    "spf-include-missing",
    "spf-target-in-use",
    "spf-union-lookups",
}


@settings(max_examples=200)
@given(before=files(), after=files(), cutover=CUTOVERS, foreign=strangers())
def test_what_was_applied_leaves_nothing_to_do(
    before: File, after: File, cutover: Cutover, foreign: Strangers
) -> None:
    """Every domain comes to rest as its file has it, and the next run does nothing."""
    live = among(before.zone(), *foreign)
    there = world(after, live, cutover, before.policy)
    status = to_rest(there)
    assert status != "failed", told(there)
    plan = there.runs[-1][1]
    assert plan is not None
    errors = {f.id for f in plan.findings if f.severity == "error"}
    event(f"{status} {errors}")
    assert not {e for e in errors if e.startswith("invariant")}, plan.findings
    assume(not errors)
    assert status == "converged", told(there)
    written = len(there.writes)
    there.run()
    assert len(there.writes) == written
    for wish in after.wishes:
        rrset = there.live.get((wish.name, wish.type))
        assert set(owned_values(CHOREOGRAPHIES[wish.kind], wish, rrset)) == set(wish.values)
