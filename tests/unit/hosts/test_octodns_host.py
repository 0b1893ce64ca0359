from collections.abc import Callable, Iterator
from typing import Any

import pytest
from octodns.provider import SupportsException
from octodns.provider.plan import Plan
from octodns.record import Create, Delete, Record
from octodns.zone import Zone

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError, StaleWrite
from mailsync.hosts.capabilities import Adapter
from mailsync.hosts.octodns_host import OctodnsHost
from mailsync.hosts.secrets import Secrets
from mailsync.plan.live import Capability
from mailsync.plan.model import Change
from mailsync_providers.zonefile import ZoneFileChanged
from tests.contracts.memory import MemoryProvider, WholeZoneProvider, snapshot, stored

# Hosts may still hold what octoDNS would have dynamic.
pytestmark = pytest.mark.filterwarnings("ignore:`geo` records:DeprecationWarning")

ZONE = "example.test."
MX = RRset(ZONE, "MX", 3600, ("10 old.example.test.",))
NEW_MX = RRset(ZONE, "MX", 300, ("10 new.example.test.",))
SWITCH = Change(MX, NEW_MX, "switch")
GEO = {
    "type": "A",
    "ttl": 60,
    "value": "192.0.2.1",
    "geo": {"AS-JP": ["192.0.2.2"]},
}
DYNAMIC = {
    "type": "A",
    "ttl": 60,
    "value": "192.0.2.1",
    "dynamic": {
        "pools": {"one": {"values": [{"value": "192.0.2.3"}]}},
        "rules": [{"pool": "one"}],
    },
}
RECORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {"type": "NS", "ttl": 3600, "values": ["ns1.example.net.", "ns2.example.net."]}),
    (
        "",
        {
            "type": "MX",
            "ttl": 3600,
            "value": {"preference": 10, "exchange": "old.example.test."},
            "octodns": {"cloudflare": {"comment": "do not touch", "tags": ["mail"]}},
        },
    ),
    ("geo", GEO),
    ("dynamic", DYNAMIC),
    ("", {"type": "ALIAS", "ttl": 60, "value": "host.example.net."}),
)


@pytest.fixture
def zones() -> Iterator[dict[str, list[Record]]]:
    """What the store that `host` reads and writes holds."""
    zone = Zone(ZONE, [])
    records = [Record.new(zone, name, data, lenient=True) for name, data in RECORDS]
    with stored("unit", {ZONE: records}) as zones:
        yield zones


def host(
    kind: type = MemoryProvider,
    capability: Capability | None = None,
    adapter: Adapter | None = None,
    **settings: object,
) -> OctodnsHost:
    """A DNS host on a provider class, without going through a settings file."""
    return OctodnsHost(
        "cloud",
        capability or Capability(),
        lambda: kind("cloud", "unit", **settings),
        adapter or Adapter(),
        Secrets({"hunter2": "$TOKEN"}),
    )


def refused(zones: dict[str, list[Record]], host: OctodnsHost, *changes: Change) -> str:
    """The one line with which a write is refused; nothing may have been written."""
    before = snapshot(zones[ZONE])
    with pytest.raises(HostError) as caught:
        host.write(ZONE, changes)
    assert snapshot(zones[ZONE]) == before
    assert str(caught.value).startswith("example.test: ")
    assert "\n" not in str(caught.value)
    return caught.value.message


def drop(_: Record) -> Record | None:
    """What a provider makes of a record that it does not take."""
    return None


def raise_ttl(record: Record) -> Record | None:
    """What a provider makes of a record whose TTL is under its floor."""
    record.ttl = 120
    return record


class TestKept:
    @pytest.mark.parametrize("kind", [MemoryProvider, WholeZoneProvider])
    def test_what_the_provider_noted(
        self, zones: dict[str, list[Record]], kind: type[MemoryProvider]
    ) -> None:
        """Comments and tags beside a record stay when its values change; the root NS stays."""
        before = snapshot(zones[ZONE])
        host(kind).write(ZONE, [SWITCH])
        after = snapshot(zones[ZONE])
        assert after.keys() == before.keys()
        assert {key for key in after if after[key] != before[key]} == {(ZONE, "MX")}
        (mx,) = (r for r in zones[ZONE] if r._type == "MX")
        assert mx.octodns == {"cloudflare": {"comment": "do not touch", "tags": ["mail"]}}

    def test_zone_without_root_ns(self, zones: dict[str, list[Record]]) -> None:
        """Where the host lists no NS at the apex, none is written."""
        zones[ZONE] = [r for r in zones[ZONE] if r._type != "NS"]
        host(WholeZoneProvider).write(ZONE, [SWITCH])
        assert {r._type for r in zones[ZONE]} == {"MX", "A", "ALIAS"}

    def test_provider_without_root_ns(self, zones: dict[str, list[Record]]) -> None:
        """A provider that does not take NS at the apex is not asked to."""

        class NoRootNs(MemoryProvider):
            SUPPORTS_ROOT_NS = False

        host(NoRootNs).write(ZONE, [SWITCH])
        assert host().read(ZONE)[ZONE, "MX"] == NEW_MX

    def test_single_values(self, zones: dict[str, list[Record]]) -> None:
        """Records of one value, such as CNAME, change like any other."""
        old = RRset(f"www.{ZONE}", "CNAME", 60, ("a.example.net.",))
        new = RRset(f"www.{ZONE}", "CNAME", 60, ("b.example.net.",))
        for change in (Change(None, old, ""), Change(old, new, ""), Change(new, None, "")):
            host().write(ZONE, [change])
            assert host().read(ZONE).get(old.key) == change.after


class TestRoutedAnswers:
    @pytest.mark.parametrize("name", ["geo", "dynamic"])
    def test_left_alone(self, zones: dict[str, list[Record]], name: str) -> None:
        """What is answered by place or checks is listed, so that its name is not taken for free,
        and never changed.
        """
        live = RRset(f"{name}.{ZONE}", "A", 60, ("192.0.2.1",))
        assert host().read(ZONE)[live.key] == live
        for change in (Change(live, live.with_ttl(30), ""), Change(live, None, "")):
            assert "dynamic or geo" in refused(zones, host(), change)


class TestUnreadable:
    @pytest.fixture
    def odd(self, zones: dict[str, list[Record]]) -> str:
        record = Record.new(
            Zone(ZONE, []), "odd", {"type": "MX", "ttl": 60, "values": []}, lenient=True
        )
        zones[ZONE].append(record)
        name = f"odd.{ZONE}"

        class Odd:
            def to_rdata_text(self) -> str:
                raise LookupError

        record.values = [Odd()]
        return name

    def test_left_out_and_untouched(self, zones: dict[str, list[Record]], odd: str) -> None:
        """A record that cannot be said in presentation text is not listed, and stays."""
        assert (odd, "MX") not in host().read(ZONE)
        host().write(ZONE, [SWITCH])
        assert odd in {r.fqdn for r in zones[ZONE]}

    def test_not_replaced(self, odd: str) -> None:
        """Nor is it replaced by a change that takes its name for free."""
        with pytest.raises(HostError, match=rf"{odd} MX: holds a value that cannot be read"):
            host().write(ZONE, [Change(None, RRset(odd, "MX", 60, ("0 .",)), "")])


class TestProviders:
    """What providers do to a plan; each of these was seen in one."""

    def test_other_changes_are_dropped(self, zones: dict[str, list[Record]]) -> None:
        """Changes and settings that a provider adds to a plan are not carried out."""
        plans = []

        class Adding(MemoryProvider):
            def _extra_changes(self, existing: Zone, **_: object) -> list[Delete]:
                return [Delete(r) for r in existing.records if r._type == "ALIAS"]

            def _plan_meta(self, **_: object) -> dict[str, str]:
                return {"zone_plan": "enterprise"}

            def _apply(self, plan: Plan) -> None:
                plans.append(plan)
                super()._apply(plan)

        host(Adding).write(ZONE, [SWITCH])
        assert (ZONE, "ALIAS") in host().read(ZONE)
        assert [(len(plan.changes), plan.meta) for plan in plans] == [(1, None)]
        host(Adding).write(ZONE, [Change(NEW_MX, NEW_MX, "")])
        assert len(plans) == 1

    def test_sees_nothing_to_change(self, zones: dict[str, list[Record]]) -> None:
        """A provider that takes a change for none (a TTL under its floor) cannot hold it."""

        class Floor(MemoryProvider):
            def _include_change(self, change: Any) -> bool:
                return bool(change.new.ttl >= 120)

        change = Change(MX, MX.with_ttl(60), "")
        assert "sees nothing to change: it cannot hold TTL 60: 10 old" in refused(
            zones, host(Floor), change
        )

    @pytest.mark.parametrize("bend", [drop, raise_ttl])
    def test_makes_something_else(
        self, zones: dict[str, list[Record]], bend: Callable[[Record], Record | None]
    ) -> None:
        """A provider that would write something else than asked is not asked to."""

        class Bending(MemoryProvider):
            def _process_desired_zone(self, desired: Zone) -> Zone:
                desired = super()._process_desired_zone(desired)
                for record in [r for r in desired.records if r._type == "MX"]:
                    desired.remove_record(record)
                    if bent := bend(record.copy()):
                        desired.add_record(bent)
                return desired

        assert "cannot hold TTL 300: 10 new.example.test.: it makes" in refused(
            zones, host(Bending), SWITCH
        )

    def test_plans_something_else(self, zones: dict[str, list[Record]]) -> None:
        """A plan in which a change is not the one asked for is not applied."""

        class Replanning(MemoryProvider):
            def plan(self, *args: Any, **kwargs: Any) -> Plan:
                plan = super().plan(*args, **kwargs)
                plan.changes = [Create(change.existing) for change in plan.changes]
                return plan

        assert "would write TTL 3600: 10 old.example.test. for TTL 300" in refused(
            zones, host(Replanning), SWITCH
        )

    def test_unsupported(self, zones: dict[str, list[Record]]) -> None:
        """A type that a provider does not take is its own error, in one line."""

        class NoMail(MemoryProvider):
            SUPPORTS = MemoryProvider.SUPPORTS - {"TLSA"}

        tlsa = RRset(f"_25._tcp.{ZONE}", "TLSA", 60, ("3 1 1 " + "ab" * 32,))
        assert "TLSA records not supported" in refused(zones, host(NoMail), Change(None, tlsa, ""))

    def test_not_canonical(self, zones: dict[str, list[Record]]) -> None:
        """A value that octoDNS would write in another way than it was asked is refused."""
        after = RRset(ZONE, "MX", 60, ("10 Mixed.Example.",))
        said = refused(zones, host(), Change(MX, after, ""))
        assert "octoDNS makes ('10 mixed.example.',) of ('10 Mixed.Example.',)" in said

    def test_apply_disabled(self, zones: dict[str, list[Record]]) -> None:
        """A provider that only pretends to write is refused."""
        assert "apply_disabled" in refused(zones, host(apply_disabled=True), SWITCH)

    @pytest.mark.usefixtures("zones")
    def test_no_such_zone(self) -> None:
        """A zone that is not there is never created."""
        missing = RRset("missing.test.", "MX", 60, ("0 .",))
        with pytest.raises(HostError, match=r"^missing\.test: .*has no such zone"):
            host().write("missing.test", [Change(None, missing, "")])
        with pytest.raises(HostError, match="has no such zone"):
            host().read("missing.test")

    def test_says_nothing_of_existence(self, zones: dict[str, list[Record]]) -> None:
        """A provider that does not say whether a zone exists is taken at its records."""

        class Silent(MemoryProvider):
            def populate(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
                super().populate(*args, **kwargs)

        host(Silent).write(ZONE, [SWITCH])
        assert host(Silent).read(ZONE)[ZONE, "MX"] == NEW_MX
        assert zones

    @pytest.mark.usefixtures("zones")
    def test_asked_for_its_own_servers(self) -> None:
        """A provider that insists on the zone's own NS finds them in what it is asked for."""
        seen: list[list[str]] = []

        class Insisting(MemoryProvider):
            def _process_desired_zone(self, desired: Zone) -> Zone:
                seen.append(desired.root_ns.values)
                return super()._process_desired_zone(desired)

        host(Insisting).write(ZONE, [SWITCH])
        assert seen == [["ns1.example.net.", "ns2.example.net."]]

    def test_an_empty_answer(self, zones: dict[str, list[Record]]) -> None:
        """Where every listing has the zone's own NS, one without is a read that failed."""
        careful = host(adapter=Adapter(lists_ns=True))
        assert (ZONE, "NS") in careful.read(ZONE)
        zones[ZONE] = []
        with pytest.raises(HostError, match="'cloud' gave an empty answer"):
            careful.read(ZONE)
        assert host().read(ZONE) == {}

    def test_international_zone(self, zones: dict[str, list[Record]]) -> None:
        """A zone may be named in Unicode; its records are in A-labels."""
        zone = Zone("xn--r8jz45g.test.", [])
        zones[zone.name] = [
            Record.new(
                zone,
                "",
                {"type": "MX", "ttl": 60, "value": {"preference": 0, "exchange": "."}},
                lenient=True,
            )
        ]
        live = RRset(zone.name, "MX", 60, ("0 .",))
        assert host().read("例え.test") == {live.key: live}
        host().write("例え.test", [Change(live, live.with_ttl(30), "")])
        assert host().read("例え.test") == {live.key: live.with_ttl(30)}


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "kind", "said"),
        [
            (
                SupportsException("a\nhunter2"),
                HostError,
                r"'cloud': a \$TOKEN; it is not known what",
            ),
            (ZoneFileChanged("f: changed"), StaleWrite, "'cloud': f: changed$"),
            (ValueError("x; nothing was written"), HostError, "x; nothing was written$"),
        ],
    )
    @pytest.mark.usefixtures("zones")
    def test_while_writing(self, error: Exception, kind: type[Exception], said: str) -> None:
        """A failure while writing says whether something may have been written."""

        class Failing(MemoryProvider):
            def _apply(self, plan: Plan) -> None:
                raise error

        with pytest.raises(kind, match=rf"^example\.test: DNS host .*{said}") as caught:
            host(Failing).write(ZONE, [SWITCH])
        assert caught.value.__suppress_context__

    @pytest.mark.usefixtures("zones")
    def test_while_reading_before(self) -> None:
        """A failure before the write says that nothing was written."""

        class Failing(MemoryProvider):
            def populate(self, *args: Any, **kwargs: Any) -> bool:
                raise OSError("network is unreachable")

        with pytest.raises(HostError, match=r"unreachable; nothing was written$"):
            host(Failing).write(ZONE, [SWITCH])


class TestGuards:
    def test_mx_is_never_gone(self, zones: dict[str, list[Record]]) -> None:
        """An adapter that deletes and re-creates may not change an MX, not even its TTL; it may
        create and delete one, and change what else there is.
        """
        recreating = host(capability=Capability(write="delete-then-create"))
        for change in (SWITCH, Change(MX, MX.with_ttl(60), "")):
            assert "the domain has no MX for a moment" in refused(zones, recreating, change)
            unknown = host(capability=Capability(write=None))
            assert "(write: in-place, say)" in refused(zones, unknown, change)
        text = RRset(ZONE, "TXT", 60, ('"a"',))
        more = RRset(f"sub.{ZONE}", "MX", 60, ("0 .",))
        recreating.write(ZONE, [Change(None, text, ""), Change(None, more, "")])
        recreating.write(ZONE, [Change(text, text.with_ttl(30), ""), Change(more, None, "")])
        assert recreating.read(ZONE)[text.key] == text.with_ttl(30)

    def test_fixed_ttl(self, zones: dict[str, list[Record]]) -> None:
        """A host that keeps its TTLs is not asked to change one; values and new RRsets may be."""
        fixed = host(capability=Capability(settable=False))
        assert "keeps its TTLs: plan again" in refused(zones, fixed, SWITCH)
        fixed.write(ZONE, [Change(MX, NEW_MX.with_ttl(3600), "")])
        fixed.write(ZONE, [Change(None, RRset(ZONE, "TXT", 60, ('"a"',)), "")])

    def test_ttl_range(self, zones: dict[str, list[Record]]) -> None:
        """A TTL that the host would bend is refused; one that it has already is left."""
        floor = host(capability=Capability(ttl_min=3601, ttl_max=86400))
        assert "takes TTLs from 3601 to 86400 s, not 300 s" in refused(zones, floor, SWITCH)
        assert "not 90000 s" in refused(zones, floor, Change(MX, MX.with_ttl(90000), ""))
        floor.write(ZONE, [Change(MX, NEW_MX.with_ttl(3600), "")])


def test_zones_are_listed_where_the_adapter_can() -> None:
    """By absolute name, sorted; what is no zone's name here is left out."""

    class Listing(MemoryProvider):
        def list_zones(self) -> list[str]:
            return ["b.example.", "A.example", "0/25.2.0.192.in-addr.arpa.", "b.example."]

    class Broken(MemoryProvider):
        def list_zones(self) -> list[str]:
            raise ValueError("no such token")

    def made(kind: type[MemoryProvider]) -> OctodnsHost:
        return OctodnsHost("memory", Capability(), lambda: kind("memory", "store"))

    with stored("store", {}):
        assert made(Listing).zones() == ("a.example.", "b.example.")
        assert made(MemoryProvider).zones() is None
        with pytest.raises(HostError, match=r"DNS host 'memory': .*no such token"):
            made(Broken).zones()
