"""A domain's life in any order: applied, reverted, edited by hand, killed, forgotten, late.

What happened is judged from outside, by `tests.properties.independent`: what was really published,
who really took the mail until when, who really sent it. The old service ends just when the last
plan said that it may.
"""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mailsync.desired.model import Cutover
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.journal.events import Intent, Seen
from mailsync.plan.model import DomainPlan
from mailsync.rehearse.published import Published
from mailsync.rehearse.world import Faults, Rehearsal
from tests.properties import independent
from tests.properties.domains import (
    ALL,
    CUTOVERS,
    FOREIGN,
    LONG_AGO,
    MX,
    MX1,
    STS,
    TXT,
    File,
    among,
    ask,
    files,
    told,
    world,
)
from tests.properties.independent import Case, Mailer, Version
from tests.unit.plan.story import ZONE

LONG = bool(os.environ.get("MAILSYNC_LONG"))
DAY, HOUR = 86400, 3600
KINDS = ALL - {"tlsa"}  # who presents which certificate is not told here
OTHER = "mx.other.example."
BY_HAND = "192.0.2.99"
GUARDED = {"dkim-selector-reuse", "spf-union-lookups"}
DMARC = (f"_dmarc.{ZONE}", "TXT")


def hosts(values: tuple[str, ...]) -> set[str]:
    """Give the hosts that MX values name."""
    return {value.split()[1] for value in values}


def wished(file: File, key: Key) -> tuple[str, ...]:
    """Give what a file asks for, of all wishes for an RRset."""
    return tuple(v for w in file.wishes if (w.name, w.type) == key for v in w.values)


class Life(RuleBasedStateMachine):
    """One domain between two files, home and away, that name other MX hosts."""

    there: Rehearsal
    asked: dict[str, File]

    @initialize(
        home=files(KINDS),
        away=files(KINDS),
        cutover=CUTOVERS,
        known=st.booleans(),
        old=st.booleans(),
    )
    def begin(self, home: File, away: File, cutover: Cutover, known: bool, old: bool) -> None:
        """Start at home, known for long or not; then perhaps another MX stood there just before."""
        self.asked = {"home": home, "away": away}
        self.way = "home"
        self.plan: DomainPlan | None = None
        self.ended: dict[str, int] = {}
        live = among(home.zone(), FOREIGN, {TXT: ('"foreign"',)})
        self.there = there = world(home, live, cutover, home.policy, 2)
        if not known and old and home.policy is None:
            there.truth = self._with_another_mx(there.truth, cutover.unseen_ttl)
        if known:
            self.apply()
            there.now += 20 * DAY

    def _with_another_mx(self, truth: Published, ttl: int) -> Published:
        found = Published(truth.servers)
        for key in sorted(truth.rrsets()):
            if key == MX:
                found.put(key, RRset(*MX, ttl, (f"10 {OTHER}",)), LONG_AGO)
                found.put(key, truth.served(0, key, 0), -60)
            else:
                found.put(key, truth.served(0, key, 0), LONG_AGO)
        return found

    # ---- What happens ----------------------------------------------------------------------------

    @rule()
    def apply(self) -> None:
        """Run; people do what the plan asks of them."""
        outcome = self.there.run()
        self.there.lags = ()
        self.plan = outcome.plan if outcome is not None else None
        self.there.person(self.plan)

    @rule(effect=st.integers(1, 30))
    def is_killed(self, effect: int) -> None:
        """Run, and be killed before some effect."""
        self.there.faults = Faults(killed_before=effect)
        self.apply()

    @rule(seconds=st.integers(1, 2 * DAY))
    def a_name_server_lags(self, seconds: int) -> None:
        """Run, and have one name server serve what is written only later."""
        self.there.lags = (0, seconds)
        self.apply()

    @rule(written=st.booleans())
    def fails(self, written: bool) -> None:
        """Run against a DNS host that refuses, or that writes and does not answer."""
        self.there.faults = Faults(refused=not written, reply_lost=written)
        self.apply()

    @rule(
        seconds=st.one_of(st.integers(1, HOUR), st.integers(1, 2 * DAY), st.integers(1, 12 * DAY))
    )
    def time_passes(self, seconds: int) -> None:
        """Let time pass; what may end by the last plan ends."""
        self._pass_until(self.there.now + seconds)

    @rule()
    def something_becomes_due(self) -> None:
        """Let time pass until the last plan's next stage is due."""
        if self.plan is not None:
            held = [self.there.second(stage.not_before) for stage in self.plan.stages]
            self._pass_until(min([at for at in held if at > self.there.now], default=0))

    @rule(way=st.sampled_from(["home", "away"]))
    def commit(self, way: str) -> None:
        """Ask for what is home or away; nobody goes back to a server that was shut down."""
        file = self.asked[way]
        named = hosts(wished(file, MX))
        used = named | {f"{h} {a}" for h, a in self._addresses(file) if h in named}
        if not used & self.ended.keys():
            self.way = way
            ask(self.there, file)

    @rule()
    def journal_is_lost(self) -> None:
        """Nothing is known any more."""
        self.there.entries.clear()

    @precondition(lambda self: self.asked["home"].policy is self.asked["away"].policy is None)
    @rule(ttl=st.sampled_from([60, 3600, 86400]))
    def somebody_edits_mx(self, ttl: int) -> None:
        """By hand, to another server that takes the mail."""
        if OTHER not in self.ended:
            self.plan = None  # nobody goes by a plan that was made before
            self.there.put(MX, RRset(*MX, self._bounded(ttl), (f"10 {OTHER}",)))

    @rule(ttl=st.sampled_from([60, 86400]))
    def somebody_edits_an_address(self, ttl: int) -> None:
        """By hand, to another server that takes the mail."""
        if f"{MX1} {BY_HAND}" not in self.ended and (MX1, "A") in self.there.live:
            self.plan = None  # nobody goes by a plan that was made before
            self.there.put((MX1, "A"), RRset(MX1, "A", self._bounded(ttl), (BY_HAND,)))

    def _bounded(self, ttl: int) -> int:
        """Keep the user's word: what nobody saw had no TTL above ``unseen_ttl``."""
        return min(ttl, self.there.desired.cutover.unseen_ttl)

    @rule(days=st.integers(1, 30))
    def a_clock_is_behind(self, days: int) -> None:
        """A run whose clock is far behind the journal writes nothing."""
        known = [e.at for e in self.there.entries if isinstance(e, Seen | Intent)]
        if known:
            behind = self.there.second(max(known)) - self.there.now - days * DAY
            self.there.faults = Faults(skew=behind)
            written = len(self.there.writes)
            self.apply()
            assert len(self.there.writes) == written

    def _pass_until(self, time: int) -> None:
        if time > self.there.now:
            self._close_down(time)
            self.there.now = time

    def _close_down(self, following: int) -> None:
        """End what was left, when the last plan said that it may, if that is before the next."""
        plan = self.plan
        late = plan is not None and "not-served-everywhere" in {f.id for f in plan.findings}
        if plan is None or plan.status == "error" or late:
            return
        printed = plan.old_service_until
        end = self.there.now if printed is None else self.there.second(printed)
        if end >= following:
            return
        live = hosts(self._live(MX))
        asked = hosts(wished(self.asked[self.way], MX))
        moved = any(change.key == MX for _, stage, change in self.there.writes if stage == "switch")
        for host in self._ever(MX) - live - asked if moved else ():
            self.ended.setdefault(host, max(end, self.there.now))
        for family in ("A", "AAAA"):
            for host in (MX1, f"mx2.{ZONE}"):
                kept = {*self._live((host, family)), *wished(self.asked[self.way], (host, family))}
                for address in self._ever((host, family)) - kept:
                    self.ended.setdefault(f"{host} {address}", max(end, self.there.now))

    def _live(self, key: Key) -> tuple[str, ...]:
        rrset = self.there.live.get(key)
        return () if rrset is None else rrset.values

    def _ever(self, key: Key) -> set[str]:
        """Give every host that MX named, or every address, since the beginning."""
        spans = self.there.truth.spans(key, 0)
        values = {value for rrset, _, _ in spans if rrset is not None for value in rrset.values}
        return hosts(tuple(values)) if key == MX else values

    # ---- How it is judged ------------------------------------------------------------------------

    @invariant()
    def nothing_foreign_changes(self) -> None:
        """Foreign RRsets and values are as they were."""
        if hasattr(self, "there"):
            assert FOREIGN.items() <= self.there.live.items()
            assert '"foreign"' in self._live(TXT)

    def teardown(self) -> None:
        """Let it come to rest, and judge all that happened."""
        if not hasattr(self, "there"):
            return
        begun = self.there.now
        while self.there.now < begun + 90 * DAY:
            self.apply()
            assert self.plan is not None, self.there.errors
            if self.plan.status in {"converged", "error"}:
                break
            held = [self.there.second(s.not_before) for s in self.plan.stages if s.state == "held"]
            following = [time for time in held if time > self.there.now]
            self._pass_until(min(following, default=self.there.now + DAY))
        self._pass_until(self.there.now + 9 * DAY)
        assert self.plan is not None
        errors = {f.id for f in self.plan.findings if f.severity == "error"}
        assert self.plan.status == "converged" or (errors and errors <= GUARDED), told(self.there)
        for case in (self._inbound(), self._outbound()):
            assert independent.everything_wrong(case) == {}, (self.ended, told(self.there))

    def _case(self, keys: set[Key], mailers: tuple[Mailer, ...] = ()) -> Case:
        records: dict[Key, list[Version]] = {}
        for key in keys & self.there.truth.rrsets():
            for rrset, first, end in (
                span for server in (0, 1) for span in self.there.truth.spans(key, server)
            ):
                values = () if rrset is None else rrset.values
                records.setdefault(key, []).append((first, end, rrset.ttl if rrset else 0, values))
        served = [
            (since, None if policy is None else (policy.mode, policy.max_age, policy.mx))
            for since, policy in self.there.web.policies
        ]
        absence = self.there.truth.negative_ttl
        return Case(ZONE, records, absence, {**self._never(), **self.ended}, {}, served, mailers)

    def _inbound(self) -> Case:
        """Mail to the domain: MX, addresses of its hosts, and policies."""
        families = {(host, f) for host in (MX1, f"mx2.{ZONE}") for f in ("A", "AAAA")}
        return self._case({MX, STS, *families})._replace(end=self.there.now)

    def _outbound(self) -> Case:
        """Mail from the domain: sent the way that mail goes, and on its way for days after."""
        cutover = self.there.desired.cutover
        mailers = []
        for way, since, until in self._ways():
            file = self.asked[way]
            queued = until + cutover.queue_lifetime
            (spf,) = (w for w in file.wishes if w.kind == "spf")
            mailers += [Mailer(since, queued, n) for n in _senders(txt_text(spf.values[0]))]
            other = self.asked["away" if way == "home" else "home"]
            for wish in file.wishes:
                key = (wish.name, wish.type)
                # One selector for two services: the second must not sign with it, says the plan.
                taken = wished(other, key) not in {(), wish.values} and since > LONG_AGO
                if wish.kind == "dkim" and wish.values and not taken:
                    arrived = queued + cutover.verifier_delay
                    mailers.append(Mailer(since, arrived, "", key, wish.values))
        keys = {mailer.signs for mailer in mailers if mailer.signs is not None}
        return self._case({TXT, *keys}, tuple(mailers))._replace(policies=(), end=self.there.now)

    def _ways(self) -> list[tuple[str, int, int]]:
        """Give when the domain sent from home and from away: as MX went, by mailsync's own hand."""
        found = [("home", LONG_AGO)]
        mx = {way: set(wished(file, MX)) for way, file in self.asked.items()}
        for rrset, start, _ in self.there.truth.spans(MX, 0):
            for way, values in mx.items():
                if rrset is not None and set(rrset.values) == values and found[-1][0] != way:
                    found.append((way, start))
        if mx["home"] == mx["away"]:
            return []
        ends = [since for _, since in found[1:]] + [10**9]
        return [(way, since, end) for (way, since), end in zip(found, ends, strict=True)]

    def _addresses(self, file: File) -> set[tuple[str, str]]:
        return {(w.name, value) for w in file.wishes if w.kind == "host" for value in w.values}

    def _never(self) -> dict[str, int]:
        """Give the addresses at which nobody ever took the domain's mail."""
        takes = {
            pair
            for file in self.asked.values()
            for pair in self._addresses(file)
            if pair[0] in hosts(wished(file, MX))
        }
        every = set().union(*(self._addresses(file) for file in self.asked.values()))
        return {f"{host} {address}": LONG_AGO for host, address in every - takes}


def _senders(text: str) -> list[str]:
    words = (word.replace("redirect=", "include:") for word in text.split())
    return [word.partition(":")[2] for word in words if word.startswith("include:")]


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=5000 if LONG else 100, stateful_step_count=30 if LONG else 20, deadline=None
)
