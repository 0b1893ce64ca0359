"""A DNS host that nothing lists: what is asked for, and which of several answers is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, MailsyncError
from mailsync.hosts import manual
from mailsync.hosts.capabilities import adapter
from mailsync.hosts.manual import ManualHost
from mailsync.plan import policy
from mailsync.plan.ledger import Ledger
from mailsync.plan.model import Change, Gate
from mailsync_providers.manual import HOSTS
from tests.unit.plan.story import PLACE, START, ZONE, mx, rrset, wish, zone

MX: Key = (ZONE, "MX")
OLD, NEW = rrset(ZONE, "MX", 300, "10 old.example."), rrset(ZONE, "MX", 300, "10 new.example.")
PASS = Gate("authority", "pass", "as the DNS host lists")


class Servers:
    """Name servers: what each serves, and what they were asked for."""

    def __init__(self, *served: Mapping[Key, RRset]) -> None:
        self.served = served
        self.asked: set[Key] = set()

    def answers(self, _zone: str, keys: Sequence[Key]) -> Mapping[Key, tuple[RRset | None, ...]]:
        self.asked |= set(keys)
        return {key: tuple(dict.fromkeys(one.get(key) for one in self.served)) for key in keys}


def host(
    servers: Servers,
    *wishes: Wish,
    ledger: Ledger | None = None,
    panel: str = "onamae",
    pruned: frozenset[str] = frozenset(),
    delegated: bool = True,
    override: Mapping[str, object] | None = None,
) -> ManualHost:
    """Open a host of these servers, for a domain with these wishes."""
    desired = Desired(ZONE, ZONE, wishes, PLACE, ("panel",), pruned=pruned)
    return manual.load(
        "panel",
        {"class": manual.CLASS, "host": panel},
        override,
        servers.answers,
        lambda: [desired],
        lambda _zone: ledger or Ledger(),
        delegated=delegated,
    )


def test_it_reads_what_the_servers_serve_of_what_matters() -> None:
    """What is wished for, what guards look at, and the addresses of every MX host of the zone."""
    served = zone(
        rrset(ZONE, "MX", 300, "10 old.example.jp."),
        rrset("old." + ZONE, "A", 300, "192.0.2.1"),
        rrset(ZONE, "TXT", 300, "foreign"),
        rrset("www." + ZONE, "A", 300, "192.0.2.80"),
    )
    servers = Servers(served)
    selector = wish("dkim", "s1._domainkey." + ZONE, "TXT", "v=DKIM1; p=abc")
    found = host(servers, mx("10 new.example.jp."), selector).read(ZONE)
    assert found == {key: one for key, one in served.items() if key[0] != "www." + ZONE}
    assert (selector.name, "TXT") in servers.asked
    assert (selector.name, "CNAME") in servers.asked
    assert ("new." + ZONE, "AAAA") in servers.asked
    assert ("old." + ZONE, "AAAA") in servers.asked
    assert ("_mta-sts." + ZONE, "TXT") in servers.asked


def test_it_asks_for_what_the_journal_remembers_but_for_what_is_no_record() -> None:
    """A selector that the file no longer names is still looked at; a policy is not in DNS."""
    ledger = Ledger().seen(("s0._domainkey." + ZONE, "TXT"), None, START)
    ledger = ledger.seen(policy.key(ZONE), None, START).seen(("mx.example.net.", "A"), None, START)
    servers = Servers({})
    pruned = frozenset({"srv"})
    assert host(servers, mx("10 mx.example.net."), ledger=ledger, pruned=pruned).read(ZONE) == {}
    assert ("s0._domainkey." + ZONE, "TXT") in servers.asked
    assert ("_submissions._tcp." + ZONE, "SRV") in servers.asked
    assert all(name.endswith(ZONE) for name, _ in servers.asked)


@pytest.mark.parametrize("first", [OLD, NEW])
def test_of_two_answers_the_one_published_last_is_the_hosts_own(first: RRset) -> None:
    """A secondary that lags behind serves the older version, whoever is asked first."""
    ledger = Ledger().seen(MX, OLD, START).intended(MX, NEW, START + timedelta(hours=1))
    other = NEW if first is OLD else OLD
    servers = Servers(zone(first), zone(other))
    assert host(servers, ledger=ledger).read(ZONE)[MX] == NEW


def test_of_two_answers_the_one_that_nobody_expected_is_the_hosts_own() -> None:
    """Somebody has just typed it: it must not be overlooked."""
    typo = rrset(ZONE, "MX", 300, "10 typo.example.")
    ledger = Ledger().seen(MX, OLD, START).intended(MX, NEW, START)
    assert host(Servers(zone(OLD), zone(typo)), ledger=ledger).read(ZONE)[MX] == typo
    gone = Servers(zone(OLD), {})
    assert host(gone, ledger=ledger).read(ZONE).get(MX) is None


def test_what_a_host_cannot_hold_at_all_is_told_before_anybody_is_asked() -> None:
    """With the line in the file; a DDNS customer's name has no servers that could be found."""
    servers = Servers({})
    opened = host(servers, mx("10 mx.example.net."), panel="synology-ddns")
    with pytest.raises(HostError, match=r"^zones/.*MX: Synology DDNS publishes addresses and noth"):
        opened.read(ZONE)
    assert not servers.asked
    address = wish("host", ZONE, "A", "192.0.2.1")
    host(servers, address, panel="synology-ddns").read(ZONE)
    assert servers.asked


def test_it_never_writes() -> None:
    """A person does."""
    with pytest.raises(HostError, match="are a person's to make"):
        host(Servers({})).write(ZONE, [Change(OLD, NEW, "")])


@pytest.mark.parametrize(
    ("names", "panel", "state"),
    [
        (("01.dnsv.jp.", "02.dnsv.jp."), "onamae", "pass"),
        (("01.dnsv.jp.", "ns1.example.net."), "onamae", "fail"),
        (("ns-rs1.gmoserver.jp.",), "onamae", "fail"),
        (("dns01.muumuu-domain.com.",), "muumuu", "pass"),
        (("ns1.example.net.",), "generic", "pass"),
    ],
)
def test_records_in_an_unused_form_are_served_by_nobody(
    names: tuple[str, ...], panel: str, state: str
) -> None:
    """Where the zone's name servers are not the panel's, nobody is asked to type anything."""
    listing = zone(RRset(ZONE, "NS", 3600, names))
    gate = host(Servers({}), panel=panel).recognised(ZONE, PASS, listing)
    assert gate.state == state
    if state == "fail":
        assert "what is typed there would not be served" in gate.detail


def test_private_servers_and_failed_gates_are_judged_by_others() -> None:
    """The names of servers that the configuration lists say nothing."""
    listing = zone(RRset(ZONE, "NS", 3600, ("ns1.example.net.",)))
    private = host(Servers({}), delegated=False)
    assert private.recognised(ZONE, PASS, listing) is PASS
    failed = Gate("authority", "fail", "not delegated")
    assert host(Servers({})).recognised(ZONE, failed, listing) is failed
    assert host(Servers({})).recognised(ZONE, PASS, {}) is PASS


@pytest.mark.parametrize("name", HOSTS)
def test_what_is_known_of_each_panel_is_what_it_can_do(name: str) -> None:
    """TTLs that cannot be set are planned for; what cannot be there has its reason and way out."""
    opened = host(Servers({}), panel=name)
    can = opened.capability
    assert can.by_hand
    assert can.panel == opened.panel.name.en
    assert can.settable == opened.panel.ttl_settable == (name in {"onamae", "generic"})
    assert bool(can.cannot) == (name in {"lolipop", "interlink", "synology-ddns"})
    assert can.txt_max == {"muumuu": 255, "sakura": 255}.get(name)
    known = adapter(["mailsync_providers.manual"], {"host": name})
    assert (known.settable, known.txt_max, known.write) == (can.settable, can.txt_max, "by-hand")


def test_the_user_knows_better() -> None:
    """A TTL field that nobody wrote about is used when mailsync.yaml says so."""
    opened = host(Servers({}), panel="kagoya", override={"ttl": "settable"})
    assert opened.capability.settable
    assert opened.panel.ttl_settable


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "gmo"}, "'gmo' is none of generic, interlink"),
        ({}, "name the control panel"),
        ({"host": "onamae", "language": "fr"}, "'fr' is none of both, en, ja"),
        ({"host": "onamae", "ttl": "fixed"}, "ttl: goes with host: generic"),
        ({"host": "generic", "colour": 1}, "colour: no such setting"),
        ({"host": "generic", "nameservers": ["a b"]}, "neither HOST nor HOST:PORT"),
    ],
)
def test_mistakes_in_the_entry_are_told(settings: dict[str, object], said: str) -> None:
    """With the provider and the key."""
    with pytest.raises(MailsyncError, match=said) as raised:
        manual.described({"class": manual.CLASS, **settings}, where="providers.panel")
    assert raised.value.where == "providers.panel"
