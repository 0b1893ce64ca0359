"""What providers for an API keep to besides: whatever goes wrong at whatever call.

Each scenario is first written with nothing wrong, to see which calls it takes; then again for every
fault at every one of these calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, get_args

import pytest
from octodns.zone import Zone

import mailsync_providers._http as http
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, StaleWrite
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from mailsync.hosts.records import record_of
from mailsync.plan.model import Change
from tests.contracts.host_contract import HostContract, Laboratory
from tests.contracts.sample import RSA_2048, VALUES, Sample, Traits, text_with
from tests.fakes.dns_api import FakeApi, Fault, Kind

Scenario = Callable[[Sample], list[Change]]

IDN = "xn--r8jz45g.test."
"""例え.test."""


def _switch(sample: Sample) -> list[Change]:
    mx = sample.rrset("@", "MX", 300, "10 new.elsewhere.", "20 new2.elsewhere.")
    return [Change(sample.mx, mx, "switch")]


def _prepare(sample: Sample) -> list[Change]:
    text = text_with(sample.txt, sample.spf, '"v=spf1 include:_spf.iana.org -all"')
    key = sample.rrset("s2._domainkey", "TXT", 3600, f'"{RSA_2048[:200]}"')
    changes = [
        Change(None, sample.rrset("mx9", "A", 3600, "192.0.2.99"), "a new host"),
        Change(sample.txt, text, "SPF"),
        Change(None, key, "DKIM"),
    ]
    if not sample.traits.one_ttl:
        changes.append(Change(sample.mx, sample.mx.with_ttl(sample.ttl(300)), "lower"))
    return changes


def _settle(sample: Sample) -> list[Change]:
    live = sample.listed
    old = live[f"s1._domainkey.{sample.zone}", "TXT"]
    kept = tuple(value for value in sample.txt.values if value != sample.spf)
    address = live[f"old.{sample.zone}", "A"]
    return [
        Change(old, None, "the old key goes"),
        Change(
            sample.txt, RRset(*sample.txt.key, sample.txt.ttl, kept or (sample.spf,)), "SPF goes"
        ),
        Change(address, RRset(*address.key, address.ttl, ("192.0.2.2",)), "one address goes"),
    ]


SCENARIOS: dict[str, Scenario] = {"switch": _switch, "prepare": _prepare, "settle": _settle}
QUICK: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if not kind.startswith("hang"))


class FaultContract(HostContract):
    """Subclasses name the fake, the provider's settings and what the host can hold."""

    FAKE: ClassVar[type[FakeApi]]
    TRAITS: ClassVar[Traits] = Traits()
    SETTINGS: ClassVar[dict[str, object]]
    """The provider's entry; ``{url}`` is where the fake serves."""
    HIDES_TTLS: ClassVar[bool] = False
    """Whether the provider shows one TTL where the records of an RRset have two: only others' may.

    A change of a TTL that ended half way is then taken for done; the name servers' answers tell.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def serving(cls) -> Iterator[FakeApi]:
        """Serve for all tests of the class; each starts with the sample."""
        with cls.FAKE() as fake:
            fake.fill(cls.TRAITS.zone, Sample(cls.TRAITS).listed)
            fake.initial = fake.exactly()
            yield fake

    @pytest.fixture
    def fake(self, serving: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
        """Give the fake with the sample, and have nobody wait."""
        serving.reset(serving.initial)
        monkeypatch.setattr(http, "wait", lambda _seconds: None)
        return serving

    def host(self, fake: FakeApi, **settings: object) -> Host:
        """Load the provider as mailsync.yaml's entry asks."""
        entry = {
            key: value.replace("{url}", fake.url) if isinstance(value, str) else value
            for key, value in {**self.SETTINGS, **settings}.items()
        }
        return load_host("api", entry, Path())

    @pytest.fixture
    def lab(self, fake: FakeApi) -> Laboratory:
        zone = self.TRAITS.zone
        return Laboratory(
            self.host(fake),
            lambda rrset: fake.publish(rrset, zone),
            fake.exactly,
            Sample(self.TRAITS),
            lambda keys: fake.raw(zone, keys),
        )

    def provider(self, fake: FakeApi) -> Any:
        """Make the octoDNS provider itself."""
        return self.host(fake).provider()  # type: ignore[attr-defined]  # OctodnsHost's

    # ---- When something goes wrong ----

    def test_writes_only_what_it_must(self, fake: FakeApi, lab: Laboratory) -> None:
        """Nothing to change, nothing written; and no write is ever sent twice."""
        changes = _prepare(lab.sample)
        lab.write(*changes)
        assert fake.writes
        assert fake.blind_repeats() == []
        done = len(fake.writes)
        after = [Change(c.after, c.after, "again") for c in changes]
        lab.write(*after)
        assert len(fake.writes) == done + self.reads_that_look_like_writes(fake, done)

    def reads_that_look_like_writes(self, fake: FakeApi, done: int) -> int:
        """Give how many of the writes since then were none (logging in, say)."""
        return 0

    @pytest.mark.unmeasured
    @pytest.mark.parametrize("scenario", SCENARIOS)
    @pytest.mark.parametrize("kind", QUICK)
    def test_every_fault_at_every_call(
        self, fake: FakeApi, lab: Laboratory, scenario: str, kind: Kind
    ) -> None:
        """Done, or refused in words that say how far it got; and the next run gets it done."""
        changes = SCENARIOS[scenario](lab.sample)
        for nth in self._calls(fake, changes, reads=scenario == "switch"):
            fake.reset(fake.initial)
            self._suffer(fake, lab, changes, Fault(kind, nth))

    @pytest.mark.parametrize("kind", ["hang-before", "hang-after"])
    def test_no_answer_to_a_write(self, fake: FakeApi, lab: Laboratory, kind: Kind) -> None:
        """An API that does not answer in time is not waited for, and then read."""
        changes = _switch(lab.sample)
        last = self._calls(fake, changes, reads=False)[-1]
        fake.reset(fake.initial)
        impatient = Laboratory(
            self.host(fake, timeout=0.4), lab.publish, lab.exactly, lab.sample, lab.foreign
        )
        self._suffer(fake, impatient, changes, Fault(kind, last))

    def _calls(self, fake: FakeApi, changes: list[Change], *, reads: bool) -> list[int]:
        """Give the calls that a write takes with nothing wrong, as numbers; or only the writes."""
        fake.reset(fake.initial)
        self.host(fake).write(self.TRAITS.zone, changes)
        assert fake.blind_repeats() == []
        return [nth for nth, call in enumerate(fake.calls) if reads or call.writes]

    def _suffer(self, fake: FakeApi, lab: Laboratory, changes: list[Change], fault: Fault) -> None:
        zone = lab.sample.zone
        keys = frozenset(change.key for change in changes)
        foreign = fake.raw(zone, keys)
        before = fake.served(zone)
        goal = _after(before, changes)
        where = f"{fault.kind} at call {fault.nth}"
        fake.faults = [fault]
        fake.watched = (zone,)
        said = ""
        try:
            lab.host.write(lab.zone, changes)
        except HostError as error:
            said = str(error)
        except StaleWrite as error:
            # A step whose effect came late looks like somebody else's.
            said = str(error)
        fake.settle()
        now = fake.served(zone)
        log = [f"{call.method} {call.path} {call.status}" for call in fake.calls]
        where = f"{where}: {said}; {log}"
        assert fake.gaps == [], where
        assert fake.raw(zone, keys) == foreign, where
        assert fake.blind_repeats() == [], where
        if not said:
            assert now == goal, where
            return
        assert all(secret not in said for secret in fake.SECRETS), where
        assert "\n" not in said, where
        assert len(said) > 40, where
        if "nothing was written" in said:
            assert now == before, where
        for change in changes:
            between = now.get(change.key)
            values = set(between.values if between else ())
            known = {v for one in (change.before, change.after) if one for v in one.values}
            assert values <= known, where
            assert values or change.before is None or change.after is None, where
        # The next run reads, plans from what is there, and gets it done.
        fake.faults = []
        live = lab.host.read(lab.zone)
        left = [Change(live.get(c.key), c.after, "again") for c in changes]
        lab.host.write(lab.zone, [c for c in left if c.before != c.after])
        now = fake.served(zone)
        if self.HIDES_TTLS:
            now = {key: one.with_ttl(goal[key].ttl) for key, one in now.items() if key in goal}
        assert now == goal, where
        assert fake.gaps == [], where

    def test_idn_zone(self, fake: FakeApi) -> None:
        """A zone whose name is not ASCII is read and written under its A-labels."""
        name = f"_dmarc.{IDN}"
        mx = RRset(IDN, "MX", 3600, (f"10 {Sample(self.TRAITS).mx.values[0].split()[1]}",))
        own = self.TRAITS.own_ns
        ns = {(IDN, "NS"): RRset(IDN, "NS", own.ttl, own.values)} if own else {}
        fake.fill(IDN, {mx.key: mx, **ns})
        host = self.host(fake)
        assert host.read(IDN)[mx.key] == mx
        dmarc = RRset(name, "TXT", 3600, ('"v=DMARC1; p=none"',))
        host.write(IDN, [Change(None, dmarc, "add")])
        assert fake.served(IDN)[dmarc.key] == dmarc

    def test_credentials_that_are_refused(self, fake: FakeApi) -> None:
        """A wrong credential is one line that does not hold it."""
        wrong = {
            key: "wr0ng-secret" if isinstance(value, str) and value in fake.SECRETS else value
            for key, value in self.SETTINGS.items()
        }
        assert wrong != self.SETTINGS
        with pytest.raises(HostError, match=r"(?i)credential|refused|auth|token|denied") as caught:
            self.host(fake, **wrong).read(self.TRAITS.zone)
        assert "wr0ng-secret" not in str(caught.value)
        assert all(secret not in str(caught.value) for secret in fake.SECRETS)

    def test_an_api_that_is_away(self, fake: FakeApi, lab: Laboratory) -> None:
        """An API that fails again and again is an error, not an empty zone."""
        fake.faults = [Fault("5xx-before") for _ in range(20)]
        with pytest.raises(HostError, match="500"):
            lab.host.read(lab.zone)

    @pytest.mark.parametrize(
        ("ahead", "said"), [(-90300, "1 d 1 h .* ahead of"), (3600, "(1 h|59 min .*) behind")]
    )
    def test_a_clock_that_is_wrong(
        self, fake: FakeApi, lab: Laboratory, monkeypatch: pytest.MonkeyPatch, ahead: int, said: str
    ) -> None:
        """Whoever goes by a wrong clock switches too early: nothing is planned from such a host."""
        monkeypatch.setattr(fake, "ahead", ahead)
        with pytest.raises(HostError, match=f"this machine's clock is {said} what 127.0.0.1 says"):
            lab.host.read(lab.zone)
        told_so = replace(lab.host.capability, clock=False)
        monkeypatch.setattr(lab.host, "capability", told_so)
        assert lab.host.read(lab.zone) == lab.sample.listed


class GarbledTexts:
    """Kept by adapters that write quotation marks wrongly; put before `FaultContract`."""

    def test_a_text_with_quotation_marks(self, fake: FakeApi, lab: Laboratory) -> None:
        """Beside one nothing is changed: the adapter would write it back as another."""
        odd = lab.sample.rrset("@", "TXT", 3600, r'"say \"hi\""', lab.sample.spf)
        fake.publish(odd, lab.sample.zone)
        live = lab.host.read(lab.zone)[odd.key]
        changed = text_with(live, lab.sample.spf, '"v=spf1 -all"')
        lab.refuses(Change(live, changed, "SPF"), why="would write back wrongly")


class PresentationTexts(GarbledTexts):
    """Kept by those that take a text's presentation text for the text.

    With `plain_text` among the traits.
    """

    @pytest.mark.parametrize("odd", [r'"a\\b"', r'"tab\009"', r'"caf\195\169"'])
    def test_a_text_with_backslashes(self, fake: FakeApi, lab: Laboratory, odd: str) -> None:
        """A foreign one is shown with twice as many, and stays as it is when its RRset changes."""
        theirs = lab.sample.rrset("@", "TXT", 3600, odd, lab.sample.spf)
        fake.publish(theirs, lab.sample.zone)
        live = lab.host.read(lab.zone)[theirs.key]
        lab.write(Change(live, text_with(live, lab.sample.spf, '"v=spf1 -all"'), "SPF"))
        assert odd in fake.served(lab.sample.zone)[theirs.key].values


class ApiContract(FaultContract):
    """What providers of our own keep to besides, also when octoDNS alone uses them."""

    def test_zones(self, fake: FakeApi) -> None:
        """All zones are listed, with their final dot and as A-labels."""
        fake.fill(IDN, {})
        assert set(self.provider(fake).list_zones()) >= {self.TRAITS.zone, IDN}

    def test_names_the_tool(self, fake: FakeApi, lab: Laboratory) -> None:
        """Every request says which tool asks, and in which version."""
        lab.host.read(lab.zone)
        assert {agent.partition("/")[0] for agent in fake.agents} == {"mailsync-dns"}

    def test_plain_octodns(self, fake: FakeApi) -> None:
        """OctoDNS alone plans, applies, and finds nothing left to do."""
        sample = Sample(self.TRAITS)
        provider = self.provider(fake)
        desired = Zone(sample.zone, [])
        assert provider.populate(desired, target=True, lenient=True)
        if not provider.SUPPORTS_ROOT_NS and desired.root_ns:
            desired.remove_record(desired.root_ns)
        mx = desired.get_type("", "MX").copy()
        mx.values = mx.values[:1]
        desired.add_record(mx, replace=True)
        plan = provider.plan(desired)
        assert [change.record._type for change in plan.changes] == ["MX"]
        assert provider.apply(plan) == 1
        assert self.provider(fake).plan(desired) is None
        assert fake.served(sample.zone)[sample.mx.key].values == sample.mx.values[:1]

    def test_plain_octodns_that_is_not_strict(self, fake: FakeApi) -> None:
        """Where octoDNS is to be lenient, the nearest TTL that the host takes is planned."""
        if self.TRAITS.one_ttl:
            return
        provider = self.host(fake, strict_supports=False).provider()  # type: ignore[attr-defined]
        desired = Zone(self.TRAITS.zone, [])
        mx = record_of(desired, Sample(self.TRAITS).mx.with_ttl(0), lenient=True)
        desired.add_record(mx)
        plan = provider.plan(desired)
        (change,) = [c for c in plan.changes if c.new and c.new._type == "MX"]
        assert change.new.ttl == self.TRAITS.ttl_min

    @pytest.mark.parametrize(("name", "rdtype", "values"), VALUES)
    def test_plain_octodns_is_refused_too(
        self, fake: FakeApi, name: str, rdtype: str, values: tuple[str, ...]
    ) -> None:
        """What the host cannot hold is refused by the provider itself, whoever uses it."""
        sample = Sample(self.TRAITS)
        wanted = sample.rrset(name, rdtype, 300, *values)
        desired = Zone(sample.zone, [])
        desired.add_record(record_of(desired, wanted, lenient=True), lenient=True)
        refusal = self.TRAITS.refusal(wanted)
        if refusal:
            with pytest.raises(Exception, match=refusal):
                self.provider(fake).plan(desired)
            assert fake.writes == []

    def test_a_source_without_the_zone(self, fake: FakeApi) -> None:
        """A zone that is not there is no empty source."""
        with pytest.raises(Exception, match=r"missing\.test"):
            self.provider(fake).populate(Zone("missing.test.", []))

    def test_a_busy_api_is_waited_for(self, fake: FakeApi, lab: Laboratory) -> None:
        """429 with Retry-After is honoured, within reason."""
        fake.faults = [Fault("429", retry_after="1")]
        assert lab.host.read(lab.zone) == lab.sample.listed
        fake.faults = [Fault("429", retry_after="86400")]
        with pytest.raises(HostError, match="try again in 86400 seconds"):
            lab.host.read(lab.zone)


def _after(before: Any, changes: list[Change]) -> dict[Key, RRset]:
    goal = dict(before)
    for change in changes:
        if change.after is None:
            goal.pop(change.key, None)
        else:
            goal[change.key] = change.after
    return goal
