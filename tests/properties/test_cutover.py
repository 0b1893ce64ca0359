"""Random lives of a domain, judged from outside: by what was really published, and when.

The oracle shares nothing with the planner: it knows the zone's true past, and that a resolver keeps
an answer for its TTL, at least five minutes, and absence for at most three hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired.model import Cutover
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.plan.ledger import Ledger
from tests.unit.plan.story import ZONE, Story, mx, rrset, spf, wish, zone

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
HOST = "mx1." + ZONE
OLD, OTHER = "mx.old.example.", "mx.other.example."
OLD_SPF = "v=spf1 include:_spf.old.example -all"
NEW_SPF = "v=spf1 include:_spf.new.example -all"


@dataclass
class Truth:
    """What was really published of each RRset: (from, version), oldest first."""

    past: dict[Key, list[tuple[datetime, RRset | None]]] = field(default_factory=dict)

    def note(self, life: Story) -> None:
        """Take down what is live now, where it changed."""
        for key in (MX, TXT, (HOST, "A")):
            known = self.past.setdefault(key, [])
            if not known or known[-1][1] != life.live.get(key):
                known.append((life.now, life.live.get(key)))

    def held(self, key: Key, at: datetime) -> list[tuple[RRset | None, datetime]]:
        """Give each version that a resolver may hold at that time, and until when."""
        found = []
        past = self.past.get(key, [])
        ends = [*(start for start, _ in past[1:]), None]
        for (start, version), end in zip(past, ends, strict=True):
            ttl = 10800 if version is None else max(version.ttl, 300)
            until = FOREVER if end is None else end + timedelta(seconds=ttl)
            if start <= at < until:
                found.append((version, until))
        return found


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 400_000)),
        st.tuples(st.just("forward"), st.just(0)),
        st.tuples(st.just("revert"), st.just(0)),
        st.tuples(st.just("edit by hand"), st.sampled_from([60, 3600, 86400])),
        st.tuples(st.just("lose the journal"), st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=150)
@given(
    actions=ACTIONS,
    old_ttl=st.sampled_from([60, 300, 3600, 86400]),
    unseen_ttl=st.sampled_from([None, 3600, 86400]),
    low=st.sampled_from([30, 300, 900]),
    soak=st.sampled_from([3600, 86400, 864000]),
)
def test_no_resolver_ever_leads_mail_to_a_server_that_was_let_go(
    actions: list[tuple[str, int]], old_ttl: int, unseen_ttl: int | None, low: int, soak: int
) -> None:
    """A server shut down at the printed time is named by no answer that any resolver may hold.

    However late or often the command runs, whatever is reverted, edited by hand or lost.
    """
    before = Story(zone(rrset(ZONE, "MX", old_ttl, f"10 {OLD}"), rrset(ZONE, "TXT", 3600, OLD_SPF)))
    before.cutover = Cutover(ttl=low, soak=soak)
    truth = Truth()
    if unseen_ttl is not None:
        # Somebody changed the MX just before mailsync saw it for the first time.
        before.live[MX] = rrset(ZONE, "MX", unseen_ttl, f"10 {OLD}", f"20 {OTHER}")
        before.now -= timedelta(hours=1)
        truth.note(before)
        before.now += timedelta(hours=1)
        before.live[MX] = rrset(ZONE, "MX", old_ttl, f"10 {OLD}")
    truth.note(before)
    life = before
    home = (mx(f"10 {OLD}", ttl=old_ttl), spf(OLD_SPF))
    away = (mx(f"10 {HOST}"), spf(NEW_SPF), wish("host", HOST, "A", "192.0.2.10"))
    life.wishes = away
    for action, number in actions:
        if action == "run":
            life.passes(str(number))
        elif action == "forward":
            life.wishes = away
        elif action == "revert":
            life.wishes = home
        elif action == "edit by hand":
            life.live[MX] = rrset(ZONE, "MX", number, f"10 {OTHER}")
            truth.note(life)
        else:
            life.ledger = Ledger()
        written = len(life.log)
        life.apply()
        truth.note(life)
        _check_release(life, truth)
        for _, stage, change in life.log[written:]:
            if stage == "switch" and change.key == MX:
                _check_switch(life, truth)


def _check_release(life: Story, truth: Truth) -> None:
    """Nobody may be led to a host that is neither live nor covered by the printed time."""
    plan = life.plan()
    live = life.live[MX].values
    released = plan.old_service_until or life.now
    for version, until in truth.held(MX, life.now):
        if version is not None and _leads_away(version.values, live) and plan.status != "changes":
            assert until <= released, (version, until, released)


def _leads_away(values: tuple[str, ...], live: tuple[str, ...]) -> bool:
    """Tell whether an answer names one of the two servers between which mail moves, now left."""
    return any(f"10 {host}" in values and f"10 {host}" not in live for host in (OLD, HOST))


def _check_switch(life: Story, truth: Truth) -> None:
    """At a switch to the new host, its address and its SPF are known to everybody."""
    if life.values(*MX) != (f"10 {HOST}",):
        return
    rolled_back = any(stage == "switch" for _, stage, _ in life.log[:-1])
    for version, _ in truth.held((HOST, "A"), life.now):
        assert version is not None or rolled_back
    for version, _ in truth.held(TXT, life.now):
        assert version is not None
        assert any("_spf.new.example" in txt_text(value) for value in version.values)


@settings(max_examples=60)
@given(
    old_ttl=st.integers(1, 172800),
    every=st.integers(20_000, 200_000),
    low=st.integers(30, 3600),
)
def test_every_cutover_ends(old_ttl: int, every: int, low: int) -> None:
    """Whatever the TTLs and however seldom it runs, the domain converges, and a next run rests."""
    life = Story(zone(rrset(ZONE, "MX", old_ttl, f"10 {OLD}"), rrset(ZONE, "TXT", 60, OLD_SPF)))
    life.wishes = (mx(f"10 {HOST}"), spf(NEW_SPF), wish("host", HOST, "A", "192.0.2.10"))
    life.cutover = Cutover(ttl=low)
    life.run("60d", every=str(every))
    assert life.plan().status == "converged"
    assert life.plan().stages == ()
    assert life.apply() == []


@settings(max_examples=100)
@given(known=st.integers(0, 400_000), old_ttl=st.sampled_from([60, 300, 3600, 86400]))
def test_knowledge_taken_away_never_makes_a_switch_earlier(known: int, old_ttl: int) -> None:
    """With the ledger or without it: what is known only shortens the wait."""
    life = Story(zone(rrset(ZONE, "MX", old_ttl, f"10 {OLD}")), (mx("10 mx.new.example."),))
    life.apply()
    life.passes(str(known))
    with_ledger = life.stage("switch")
    life.ledger = Ledger()
    without = life.stage("switch")
    if with_ledger is not None and without is not None and life.values(*MX) == (f"10 {OLD}",):
        assert without.not_before >= with_ledger.not_before


@settings(max_examples=60)
@given(actions=ACTIONS)
def test_planning_is_a_pure_function(actions: list[tuple[str, int]]) -> None:
    """The same inputs give the same plan, and planning changes none of them."""
    life = Story(zone(rrset(ZONE, "MX", 3600, f"10 {OLD}")), (mx("10 mx.new.example."),))
    for action, number in actions:
        if action == "run":
            life.passes(str(number))
        ledger, live = life.ledger, dict(life.live)
        assert life.plan() == life.plan()
        assert life.ledger is ledger
        assert life.live == live
        life.apply()
