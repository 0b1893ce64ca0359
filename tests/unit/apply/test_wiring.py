"""Which journal and which observer a configuration leads to."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Timer
from typing import cast

import pytest

from mailsync.apply import effects as do
from mailsync.apply.edge import World
from mailsync.apply.neighbourhood import Neighbourhood
from mailsync.apply.wiring import Worlds
from mailsync.config import Config, FileStore, GitStore, Observe
from mailsync.desired.model import Desired
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, MailsyncError
from mailsync.hosts.known import ZONE_FILES
from mailsync.hosts.several import Several
from mailsync.journal.events import Intent
from mailsync.journal.file_store import FileJournal
from mailsync.journal.git_store import GitJournal
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.interface import Sighting
from mailsync.observe.nobody import NoObserver
from mailsync.observe.observations import Certificate, Observations, Sight
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability, Presented
from mailsync.plan.model import Change
from tests.unit.observe.internet import Internet
from tests.unit.plan.story import PLACE, START, mx, rrset, spf, wish, zone

BIND = "mailsync_providers.rfc2136.Rfc2136Provider"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two DNS hosts: files, and a name server."""
    return Config(
        file=Path("mailsync.yaml"),
        base=tmp_path,
        zones=tmp_path / "zones",
        providers={
            "files": {"class": ZONE_FILES, "directory": "live"},
            "server": {"class": BIND, "host": "192.0.2.53"},
        },
        targets=(),
        journal=FileStore(tmp_path / "journal"),
    )


def opened(config: Config, *targets: str, told: list[str] | None = None) -> World:
    """Open the world of a domain that these DNS hosts serve."""
    worlds = Worlds(config, (told if told is not None else []).append, Flag())
    return worlds.open(Desired("example.jp.", "example.jp.", (), PLACE, targets))


def test_the_journal_is_where_the_configuration_says(config: Config) -> None:
    """Files in a directory, or a branch of the repository that holds it."""
    assert isinstance(opened(config, "files").journal, FileJournal)
    git = replace(config, journal=GitStore(config.base, "log", "upstream"))
    journal = opened(git, "files").journal
    assert isinstance(journal, GitJournal)
    assert (journal._branch, journal._remote) == ("refs/heads/log", "upstream")


@pytest.mark.parametrize(
    ("target", "nameservers", "kind"),
    [
        ("files", "auto", NoObserver),
        ("server", "auto", AuthoritativeObserver),
        ("server", "none", NoObserver),
        ("files", (("192.0.2.53", 53),), AuthoritativeObserver),
    ],
)
def test_the_servers_are_asked_unless_there_are_none(
    target: str, nameservers: object, kind: type, config: Config
) -> None:
    """Files on disk have no name servers of their own; named servers are asked in any case."""
    config = replace(config, observe=Observe(nameservers))  # type: ignore[arg-type]
    assert isinstance(opened(config, target).observer, kind)


def test_what_nobody_sees_is_waited_for(config: Config) -> None:
    """Where no server is asked, what was written counts when the host publishes it at last."""
    config = replace(config, capabilities={"files": {"publish_delay": 60}})
    assert opened(config, "files").publish_delay == 60
    assert opened(config, "server").publish_delay == 0
    asked = replace(config, observe=Observe((("192.0.2.53", 53),), 5))
    assert opened(asked, "files").publish_delay == 0


def test_a_write_ends_when_it_is_published(config: Config) -> None:
    """A stop ends that wait, too: the next run looks again."""
    config = replace(config, capabilities={"files": {"publish_delay": 9999}})
    (config.base / "live").mkdir()
    zone = config.base / "live" / "example.jp.zone"
    zone.write_text("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\n")
    told: list[str] = []
    world = opened(config, "files", told=told)
    first = RRset("example.jp.", "MX", 60, ("0 .",))

    def course() -> Generator[do.Effect, do.Result, None]:
        yield do.Write((Change(None, first, "the first"),))

    Timer(0.05, world.stop.set).start()
    world.run(course())
    assert world.stop.is_set()  # it waited, and for nothing else
    assert told == ["example.jp: waiting 9999 s: until then it may not be served"]
    assert "MX" in zone.read_text()


def test_a_run_that_was_stopped_in_that_wait_proves_nothing(config: Config) -> None:
    """The next one counts it as served when the delay has passed, and not because it is listed."""
    config = replace(config, capabilities={"files": {"publish_delay": 9999}})
    first = RRset("example.jp.", "MX", 60, ("0 .",))
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def sighting(ahead: float) -> Sighting:
        def course() -> Generator[do.Effect, do.Result, Sighting]:
            return cast("Sighting", (yield do.Sight({first.key: first})))

        world = replace(opened(config, "files"), clock=lambda: now + timedelta(seconds=ahead))
        return world.run(course())

    assert sighting(0).lagging == {}
    opened(config, "files").journal.append(
        "example.jp.", (Intent(now, "example.jp", "switch", ((first.key, None, first),)),)
    )
    assert sighting(9998).lagging == {
        first.key: "example.jp MX: written at 2026-11-25 12:00:00 UTC, it may not be served for "
        "9999 s"
    }
    assert sighting(9999).lagging == {}


def test_named_servers_are_the_ones_that_are_asked(config: Config) -> None:
    """And no others."""
    config = replace(config, observe=Observe((("192.0.2.53", 5353),)))
    observer = opened(config, "files").observer
    assert isinstance(observer, AuthoritativeObserver)
    assert observer._nameservers == (("192.0.2.53", 5353),)


def test_hosts_and_journal_are_shared_by_all_domains(config: Config) -> None:
    """One of each for a run, and every message names its domain."""
    told: list[str] = []
    worlds = Worlds(config, told.append, Flag())
    first, second = (
        worlds.open(Desired(name, name, (), PLACE, ("files",))) for name in ("a.jp.", "b.jp.")
    )
    assert first.host is second.host
    assert first.journal is second.journal
    first.tell("writing")
    second.tell("writing")
    assert told == ["a.jp: writing", "b.jp: writing"]


def test_two_hosts_for_one_zone_are_one(config: Config) -> None:
    """Both are written; where they differ, what is served is not the same everywhere."""
    providers = {name: {"class": ZONE_FILES, "directory": name} for name in ("one", "two")}
    config = replace(config, providers=providers)
    for name, host in (("one", "a"), ("two", "b")):
        (config.base / name).mkdir()
        text = f"@ 60 SOA ns hostmaster 1 2 3 4 60\n@ 60 NS ns.{name}.\n@ 60 MX 10 mx.{host}.\n"
        (config.base / name / "example.jp.zone").write_text(text)
    world = opened(config, "one", "two")
    assert isinstance(world.host, Several)
    listing = world.host.read("example.jp.")
    assert listing["example.jp.", "MX"].values == ("10 mx.b.",)
    assert listing["example.jp.", "NS"].values == ("ns.one.", "ns.two.")
    sighting = world._carry_out(do.Sight({}))
    assert isinstance(sighting, Sighting)
    assert "one lists TTL 60: 10 mx.a.; two lists" in sighting.lagging["example.jp.", "MX"]
    assert isinstance(world.observer, NoObserver)


def test_neighbours_are_read_once_and_only_where_needed(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A domain that leans on nobody costs no listing; one that does gets what it leans on."""
    asked: list[str] = []

    class Files:
        name, capability = "files", Capability()

        def read(self, zone: str) -> dict[Key, RRset]:
            asked.append(zone)
            if zone == "broken.example.":
                raise HostError("out of order")
            return {}

    monkeypatch.setattr("mailsync.apply.wiring.load_host", lambda *_: Files())
    host = wish("host", "mx.hosting.example.", "A", "192.0.2.1")
    mail = replace(mx("10 mx.hosting.example."), name="customer.example.")
    broken = replace(mx("10 mx.hosting.example."), name="broken.example.")
    everyone = [
        Desired(f"{name}.", f"{name}.", wishes, PLACE, ("files",))
        for name, wishes in (
            ("hosting.example", (host,)),
            ("customer.example", (mail,)),
            ("broken.example", (broken,)),
            ("alone.example", ()),
        )
    ]
    told: list[str] = []
    worlds = Worlds(config, told.append, Flag(), everyone=everyone)
    assert worlds.open(everyone[3]).neighbours({}) == ()
    assert asked == []
    (found,) = worlds.open(everyone[1]).neighbours({})
    assert (found.zone, found.rrsets) == ("hosting.example.", {})
    others = worlds.open(everyone[0]).neighbours({})
    assert [(n.zone, n.rrsets) for n in others] == [
        ("broken.example.", None),
        ("customer.example.", {}),
    ]
    assert asked == ["hosting.example.", "broken.example.", "customer.example."]
    assert told == ["broken.example: a neighbour that cannot be listed: out of order"]
    alone = Worlds(config, told.append, Flag(), everyone=everyone[:1])
    assert alone.open(everyone[0]).neighbours({}) == ()


def test_a_journal_tells_of_a_neighbour_that_its_file_has_left(config: Config) -> None:
    """Mail that went to a host here makes a neighbour, as long as the journal remembers it."""
    customer, hosting = "customer.example.", "hosting.example."
    key = (customer, "MX")
    ledger = Ledger().seen(key, rrset(*key, 60, f"10 mx.{hosting}"), START)

    def read(zone: str) -> Ledger:
        if zone == "torn.example.":
            raise MailsyncError("torn")
        return ledger if zone == customer else Ledger()

    everyone = [
        Desired(hosting, hosting, (wish("host", f"mx.{hosting}", "A"),), PLACE),
        Desired(customer, customer, (), PLACE),
        Desired("torn.example.", "torn.example.", (), PLACE),
    ]
    told: list[str] = []
    around = Neighbourhood(lambda: everyone, read, lambda _: {}, told.append)
    assert [found.zone for found in around.of(everyone[0], {})] == [customer]
    assert told == ["torn.example: its journal cannot be read: torn"]


def test_certificates_are_looked_at_from_here_or_told_by_another_machine(config: Config) -> None:
    """Where another machine has looked at mail hosts, this one asks none, for an hour."""
    host, address, value = "mx1.example.jp.", "192.0.2.1", f"3 1 1 {'ab' * 32}"
    seen = opened(config, "files").certificates({host: ()})
    assert seen == {host: Presented(detail="no address of it is known")}
    certificates = (Certificate(host, address, value, "", START),)
    sight = Sight("example.jp.", "smtp-accepts", host, address, "pass", "250 Ok", START)
    observations = Observations(START, (sight,), certificates=certificates)
    now = START + timedelta(minutes=59)
    worlds = Worlds(config, print, Flag(), lambda: now, observations=observations)
    there = worlds.open(Desired("example.jp.", "example.jp.", (), PLACE, ("files",)))
    assert there.certificates({host: (address,)}) == {host: Presented((value,))}
    assert [look.state for look in there.probe(frozenset({host}))] == ["pass"]
    now += timedelta(minutes=2)  # `apply --wait` is still there
    assert there.certificates({host: (address,)})[host].values == ()
    assert {look.state for look in there.probe(frozenset({host}))} == {"unknown"}


def test_what_hosts_present_is_no_wish_of_the_file(config: Config) -> None:
    """Where two DNS hosts differ, a record that the file leaves to a mail host decides nothing."""
    wishes = (wish("tlsa", "_25._tcp.mx1.example.jp.", "TLSA", auto=True),)
    worlds = Worlds(config, print, Flag())
    host = worlds.host(Desired("example.jp.", "example.jp.", wishes, PLACE, ("files", "server")))
    assert isinstance(host, Several)
    assert host._wished == {}


def test_status_asks_no_resolver_for_what_is_not_there_yet(config: Config) -> None:
    """It would remember that there is none, beyond the switch; once it is there, it is asked."""
    zone, key = "example.com.", ("example.com.", "MX")
    with Internet("example.com. 60 SOA ns1.example.com. h.example.com. 7 1 1 1 900") as net:
        here = ((net.server.address, net.server.port),)
        observe = replace(config.observe, nameservers=here, resolvers=here)
        worlds = Worlds(replace(config, observe=observe), print, Flag())
        desired = Desired(zone, zone, (), PLACE, ("server",))
        server, resolver = worlds.heard(desired, key)
        assert (server.what, server.fault) == (None, "")
        assert resolver.fault.startswith("was not asked")
        assert not net.asked(recursive=True)
        net.records.append("example.com. 60 MX 10 mx1.example.com.")
        server, resolver = worlds.heard(desired, key)
        assert server.what == resolver.what == RRset(*key, 60, ("10 mx1.example.com.",))


def test_a_zone_that_no_journal_knows_is_listed_before_anything_goes_on_which_it_leans() -> None:
    """Its file has left the host and the record, and nobody has seen yet that it led there."""
    hosting = "hosting.example."
    key, included = (f"mx.{hosting}", "A"), (f"_spf.{hosting}", "TXT")
    wishes = (wish("host", *key), wish("record", *included))
    listings = {
        "customer.example.": zone(rrset("customer.example.", "MX", 60, f"10 mx.{hosting}")),
        "sender.example.": zone(
            rrset("sender.example.", "TXT", 60, "v=spf1 redirect=_spf.hosting.example")
        ),
        "known.example.": zone(rrset("known.example.", "MX", 60, f"10 mx.{hosting}")),
        hosting: zone(rrset(*key, 60, "192.0.2.1")),
    }
    everyone = [Desired(name, name, (), PLACE) for name in listings if name != hosting]
    everyone.append(Desired(hosting, hosting, wishes, PLACE))
    asked: list[str] = []

    def read(name: str) -> Ledger:
        known = Ledger().seen((name, "MX"), rrset(name, "MX", 60, "10 mx.old.example."), START)
        return known if name == "known.example." else Ledger()

    def listing(desired: Desired) -> Mapping[Key, RRset]:
        asked.append(desired.zone)
        return listings[desired.zone]

    around = Neighbourhood(lambda: everyone, read, listing, print)
    token = zone(rrset(hosting, "TXT", 60, "v=spf1 -all", "a token"))
    assert (
        around.of(replace(everyone[-1], wishes=(replace(spf("v=spf1 -all"), name=hosting),)), token)
        == ()
    )
    assert around.of(everyone[-1], {}) == ()
    assert asked == []
    found = around.of(everyone[-1], listings[hosting])
    assert [one.zone for one in found] == ["customer.example.", "sender.example."]
    assert "known.example." not in asked
