"""Several mail domains in one zone: every command on a scratch copy of the example."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event as Flag

import pytest

from mailsync.apply import wiring
from mailsync.cli.console import load, say
from mailsync.hosts.interface import Host
from mailsync.hosts.octodns_host import OctodnsHost
from tests.unit.cli.site import Site

ZONE, NEWS, SHOP = "example.jp", "news.example.jp", "shop.example.jp"
FILE = """\
mx: [10 mx1]
hosts: {mx1: [192.0.2.10]}
spf: {ip4: [192.0.2.10], all: fail}
subdomains:
  news:
    mx: [10 mx1.example.jp., 20 mx2]
    hosts: {mx2: [192.0.2.11]}
    spf: {include: [example.jp], all: fail}
  shop: {mail: none}
"""


@pytest.fixture
def zone(site: Site) -> Site:
    """A zone with three mail domains, and no other."""
    site.only(ZONE)
    site.write(f"zones/{ZONE}.yaml", FILE)
    return site


def test_each_domain_of_a_zone_has_its_own_plan(zone: Site) -> None:
    """Named by the zone all of them, by a subdomain's name it alone; each says its zone."""
    done = zone.run("plan", "-f", "json", ZONE)
    assert done.code == 0
    assert [(d["domain"], d["zone"]) for d in done.plan["domains"]] == [
        (ZONE, ZONE),
        (NEWS, ZONE),
        (SHOP, ZONE),
    ]
    changed = [
        {change["name"] for stage in d["stages"] for change in stage["changes"]}
        for d in done.plan["domains"]
    ]
    assert changed[0].isdisjoint(changed[1] | changed[2])
    alone = zone.run("plan", "-f", "json", NEWS)
    assert [d["domain"] for d in alone.plan["domains"]] == [NEWS]
    assert [d["domain"] for d in zone.run("status", "-f", "json", "s*").plan["domains"]] == [SHOP]


def test_a_zone_is_listed_once(zone: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many domains it has: calls to the DNS host are what time goes into."""
    listed: list[str] = []
    read = OctodnsHost.read

    def counted(self: OctodnsHost, name: str) -> object:
        listed.append(name)
        return read(self, name)

    monkeypatch.setattr(OctodnsHost, "read", counted)
    assert zone.run("plan").code == 0
    assert zone.run("status").code == 0
    assert listed == ["example.jp."] * 2


def test_a_host_that_is_only_read_writes_nothing(zone: Site) -> None:
    """What it lists may be old: writing by it is a bug, and stops."""
    loaded = load(Path("mailsync.yaml"), ())
    host: Host = wiring.Worlds(loaded.config, say, Flag(), only_read=True).host(loaded.domains[0])
    assert (host.name, host.capability.settable) == ("local", True)
    with pytest.raises(AssertionError, match="opened for reading, 0 changes"):
        host.write("example.jp.", ())


def test_domains_of_one_zone_are_applied_one_after_another(zone: Site) -> None:
    """They share its lock and its journal, and all come to their end."""
    for _ in range(8):
        done = zone.run("apply")
        assert done.code == 0, done.err
        zone.passes(days=4)
    assert zone.run("plan", "--detailed-exitcode").code == 0
    text = zone.zone(ZONE)
    assert "mx2.news" in text
    assert "v=spf1 include:example.jp -all" in text
    assert zone.run("apply").err == "".join(f"{d}: converged\n" for d in (ZONE, NEWS, SHOP))


def test_mail_of_a_domain_waits_for_the_host_of_another(zone: Site) -> None:
    """The zone's own mail is to go to a host that a subdomain's file asks for."""
    zone.write(
        f"zones/{ZONE}.yaml",
        "mx: [10 mx.news]\nsubdomains: {news: {hosts: {mx: 192.0.2.12}, mx: [10 mx]}}\n",
    )
    with (zone.directory / "live" / f"{ZONE}.zone").open("a") as file:
        file.write("news 3600 IN A 203.0.113.26\n")
    done = zone.run("plan", "-f", "json", ZONE)
    assert done.code == 0, done.err
    waits = [stage["holds"] for stage in done.domain(ZONE)["stages"] if stage["name"] == "switch"]
    assert "mx.news.example.jp. A" in {hold["rrset"] for hold in waits[0]}
    rehearsed = zone.run("rehearse", ZONE, "--resolvers", "20")
    assert rehearsed.code == 0, rehearsed.out
    zone.run("apply")
    zone.passes(days=2)
    zone.run("apply")
    assert re.search(r"(?m)^example\.jp\..*\bMX\s+10 mx\.news\b", zone.zone(ZONE))


def test_a_saved_plan_knows_all_domains_of_its_zone(zone: Site) -> None:
    """One that was reviewed without a subdomain, or with another, is not carried out."""
    zone.run("plan", "--out", "plan.json", ZONE)
    zone.write(f"zones/{ZONE}.yaml", FILE + "  late: {mail: none}\n")
    done = zone.run("apply", "plan.json")
    assert done.code == 3
    assert "the files name late.example.jp as well, which the saved plan does not" in done.err
    zone.write(f"zones/{ZONE}.yaml", FILE.replace("  shop: {mail: none}\n", ""))
    done = zone.run("apply", "plan.json")
    assert done.code == 3
    assert "the saved plan is for shop.example.jp, which the files no longer name" in done.err
    zone.write(f"zones/{ZONE}.yaml", FILE)
    done = zone.run("apply", "plan.json")
    assert done.code == 0, done.err
    assert "news.example.jp: prepare: writing" in done.err


def test_a_saved_plan_with_a_reverse_zone_is_carried_out(zone: Site) -> None:
    """A zone that only `targets` names has no file, and is planned along with its domain."""
    zone.write(f"zones/{ZONE}.yaml", FILE + "ptr: {192.0.2.10: mx1}\n")
    config = (zone.directory / "mailsync.yaml").read_text()
    reverse = "2.0.192.in-addr.arpa"
    zone.write("mailsync.yaml", config.replace("targets: {", f"targets: {{{reverse}: [local], "))
    zone.write(f"live/{reverse}.zone", "@ 60 SOA ns hostmaster 1 2 3 4 60\n@ 60 NS ns.example.\n")
    done = zone.run("plan", "--out", "plan.json", ZONE)
    assert done.code == 0, done.err
    assert f"○ {reverse} → local: waiting" in done.out
    done = zone.run("apply", "plan.json")
    assert done.code == 0, done.err
