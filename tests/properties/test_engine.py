"""The engine under every disturbance: killed anywhere, replies lost, servers late, disks full.

The oracle is the world's own past: which version which name server served, and until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.apply.edge import Interrupted
from mailsync.apply.engine import Terms
from mailsync.desired.model import Cutover
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.errors import HostError, JournalError
from mailsync.plan.model import Change
from tests.unit.apply.laboratory import MX, NEW, TXT, Laboratory, at_home
from tests.unit.plan.story import ZONE

HOST: Key = ("mx1." + ZONE, "A")
NEGATIVE_TTL = 900
"""Seconds for which the laboratory's SOA lets absence be remembered."""


@dataclass
class Watched(Laboratory):
    """A laboratory that remembers until when some name server served each version."""

    served_until: dict[tuple[Key, RRset | None], datetime] = field(default_factory=dict)
    switched_at: list[datetime] = field(default_factory=list)

    def note(self) -> None:
        """Take down what both servers serve now."""
        second = self.rrsets if self.held_back is None else self.held_back
        for key in (MX, TXT, HOST):
            for listing in (self.rrsets, second):
                self.served_until[key, listing.get(key)] = self.now

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Write, and judge a switch by what resolvers may hold at that moment."""
        self.note()
        before = self.rrsets[MX].values
        try:
            super().write(zone, changes)
        finally:
            if self.rrsets[MX].values == (NEW,) != before:
                self.switched_at.append(self.now)
                self.judge()

    def judge(self) -> None:
        """No answer that names the old server for long, or knows nothing of the new, is held."""
        for (key, version), until in self.served_until.items():
            if key == HOST and version is None:
                assert self.now - until >= timedelta(seconds=NEGATIVE_TTL)
            if version is None:
                continue
            age = self.now - until
            if key == MX and version.ttl > self.cutover.ttl:
                assert age >= timedelta(seconds=version.ttl), (version, age)
            if key == TXT and not any("_spf.new" in txt_text(v) for v in version.values):
                assert age >= timedelta(seconds=version.ttl), (version, age)

    def passes(self, duration: str) -> None:
        """Let time pass, in which everything goes on being served."""
        super().passes(duration)
        self.note()

    def hold_back(self, *, late: bool) -> None:
        """Keep the second server at what it serves now, or let it catch up."""
        self.note()
        self.held_back = (self.held_back or dict(self.rrsets)) if late else None
        self.note()


def made(old_ttl: int) -> Watched:
    """A domain that is to move."""
    return Watched(rrsets=at_home(old_ttl), cutover=Cutover(soak=86400, unseen_ttl=7200))


def disturbed_run(laboratory: Watched) -> None:
    """Run once, whatever is ordered to go wrong."""
    try:
        laboratory.apply(Terms(served_within=2))
    except (Interrupted, HostError, JournalError):
        pass
    finally:
        laboratory.stop_before = None
        laboratory.note()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.just(0)),
        st.tuples(st.just("kill"), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.sampled_from([1, 299, 900, 3599, 7200, 86400, 200000])),
        st.tuples(st.just("lose the reply"), st.just(1)),
        st.tuples(st.just("fill the disk"), st.integers(1, 2)),
        st.tuples(st.just("hold back"), st.just(0)),
        st.tuples(st.just("catch up"), st.just(0)),
    ),
    max_size=20,
)


@settings(max_examples=80, deadline=None)
@given(actions=ACTIONS, old_ttl=st.sampled_from([300, 3600, 86400]))
def test_no_disturbance_makes_a_switch_early_or_changes_the_end(
    actions: list[tuple[str, int]], old_ttl: int
) -> None:
    """Killed, deaf, late or out of disk in any order: undisturbed runs after it come to the same
    end, no switch was earlier than what caches held allowed, and no write went unannounced.
    """
    calm = made(old_ttl)
    calm.applied_for("14d", every="12h")
    laboratory = made(old_ttl)
    for action, number in actions:
        match action:
            case "run":
                disturbed_run(laboratory)
            case "kill":
                laboratory.stop_before = number
                disturbed_run(laboratory)
            case "wait":
                laboratory.passes(str(number))
            case "lose the reply":
                laboratory.lose_replies = number
            case "fill the disk":
                laboratory.journal_fails = number
            case _:
                laboratory.hold_back(late=action == "hold back")
        assert laboratory.every_write_was_announced()
    laboratory.hold_back(late=False)
    laboratory.lose_replies = laboratory.journal_fails = 0
    assert laboratory.applied_for("14d", every="12h").state == "converged"
    assert laboratory.rrsets == calm.rrsets
    assert len(calm.switched_at) == len(laboratory.switched_at) == 1
    assert laboratory.every_write_was_announced()
    writes = len(laboratory.writes)
    assert laboratory.apply().written == 0
    assert len(laboratory.writes) == writes
