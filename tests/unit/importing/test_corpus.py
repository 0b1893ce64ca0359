"""Every zone of the corpus is imported, and a plan right after it is empty."""

from __future__ import annotations

from collections.abc import Mapping as ByKey
from pathlib import Path

import pytest

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.model import Wish
from mailsync.desired.tree import Mapping
from mailsync.desired.trial import Trial
from mailsync.dns.rrset import Key, RRset
from mailsync.importing.model import Found
from mailsync.mail.mta_sts import Mode, Policy
from mailsync.plan.live import ServedPolicy
from tests.unit.desired.instances import refusals

from . import generator
from .corpus import Tried, by_hand, found, listed, tried

BY_HAND = list(by_hand())
SEEDS = range(300)
_TRIAL = Trial()


def check(zone: Found) -> Tried:
    """What holds for every import of every zone."""
    done = tried(zone, trial=_TRIAL)
    what = done.one.text
    assert refusals(what) == [], what
    assert [(plan.status, plan.stages) for plan in done.plans] == [
        ("converged", ()) for _ in done.plans
    ], what
    assert not done.one.still, what
    assert not any(f.severity == "error" for plan in done.plans for f in plan.findings), what
    # Nothing is forgotten: what the file does not ask for is told, value by value.
    spoken = done.spoken
    for key, rrset in zone.rrsets.items():
        if key[1] != "SOA" and key != (zone.zone, "NS"):
            assert spoken.get(key) == set(rrset.values), (key, what)
    # An apply that found nothing of it would publish just this: foreign values keep their TTL.
    for wish in (wish for one in done.desired for wish in one.wishes):
        live = zone.rrsets[wish.name, wish.type]
        foreign = {v for left in done.one.left if left.key == live.key for v in left.values}
        assert set(wish.values) <= set(live.values)
        assert wish.ttl == live.ttl or (foreign and not wish.own_ttl), (wish, what)
    return done


def served(listing: ByKey[Key, RRset], zone: str, seed: int) -> ServedPolicy:
    """Serve an MTA-STS policy, whatever its record's id is; every fourth zone's cannot be had."""
    if seed % 4 == 0:
        return ServedPolicy()
    mx = listing.get((zone, "MX"))
    hosts = tuple(value.split()[1] for value in (mx.values if mx else ()) if value != "0 .")
    mode: Mode = "none" if not hosts or seed % 5 == 0 else "testing" if seed % 2 else "enforce"
    return ServedPolicy("served", Policy(mode, 600 * (seed + 1), hosts))


def test_zones_as_they_are_met_are_as_many_as_promised() -> None:
    """At least forty by hand, each of another kind; three hundred more by dice."""
    assert len({zone.zone for zone in BY_HAND}) == len(BY_HAND) >= 40
    assert len({generator.zone(seed)[1] for seed in SEEDS}) == 300


@pytest.mark.parametrize("everything", [False, True])
def test_zones_as_they_are_met(tmp_path: Path, everything: bool) -> None:
    """What is written is just what is live, and each service is named that should be."""
    listings = listed(tmp_path, [(zone.zone, zone.text) for zone in BY_HAND])
    for zone in BY_HAND:
        done = check(found(listings[zone.zone], zone.zone, everything=everything))
        assert done.one.services == zone.services, zone.what
        left = {one.about for one in done.one.left} - {"", "hosts"}
        assert left == zone.left, zone.what


@pytest.mark.unmeasured
def test_zones_by_dice(tmp_path: Path) -> None:
    """However odd a zone is: the plan is empty, nothing is forgotten, nothing crashes."""
    zones = [generator.zone(seed) for seed in SEEDS]
    keys, services = set(), set()
    for seed, (name, text) in enumerate(zones):
        listing = listed(tmp_path, [(name, text)])[name]
        zone = found(listing, name, everything=seed % 3 == 0, policy=served(listing, name, seed))
        done = check(zone)
        keys |= {entry.key for entry in done.one.entries}
        services |= set(done.one.services)
    # The corpus is no easy one: every key is written somewhere.
    assert keys >= {"mail", "mx", "hosts", "spf", "dkim", "dmarc", "tls_rpt", "tlsa", "srv"}
    assert keys >= {"autodiscover", "autoconfig", "verification", "records", "bimi", "mta_sts"}
    assert len(services) >= 6


def test_whoever_imports_twice_gets_the_same_file(tmp_path: Path) -> None:
    """The order in which a host lists things is of no matter."""
    for written in BY_HAND[::2]:
        listing = listed(tmp_path, [(written.zone, written.text)])[written.zone]
        first = tried(found(listing, written.zone), trial=_TRIAL)
        again = tried(found(dict(reversed(list(listing.items()))), written.zone), trial=_TRIAL)
        assert again.one.text == first.one.text


_FILES = [
    "mx: [10 mx1, 20 mx2.example.net.]\nhosts: {mx1: [192.0.2.10, '2001:db8::10']}\nttl: 1d",
    "spf: {include: [a.example, b.example], ip4: [192.0.2.0/24], all: softfail}",
    "spf: {txt: v=spf1 -all, ttl: 5m}\nverification: {values: [MS=ms1, b=c], ttl: 5m}",
    "mail: none",
    "mail: none\nttl: 2h\ndmarc: {p: reject, rua: 'mailto:d@example.net'}",
    "mx: [0 .]\nspf: {all: fail}",
    "dkim: {s1: {cname: a.example.}, s2: 'v=DKIM1; p='}\ntls_rpt: [mailto:a@example.net]",
    "mx: [10 mx1]\nhosts: {mx1: 192.0.2.1}\ntlsa: {mx1: 3 1 1 " + "ab" * 32 + "}",
    "srv: {imaps: [0 1 993 mail.example.net.], pop3: 0 0 0 .}\nautodiscover: a.example.",
    "services: [fastmail]\ndmarc: v=DMARC1; p=none",
    "services: [{mailgates: {mx: mgf}}, {google_workspace: {behind: mailgates}}]\nttl: 5m",
    "services: [{microsoft365: {mx: a.mail.protection.outlook.com}}]\nspf: {ip4: [192.0.2.1]}",
    "services: [{amazon_ses: {region: us-east-1, tokens: [a, b], mail_from: bounce}}]",
    "subdomains: {news: {mx: [10 mx.example.net.], spf: v=spf1 mx -all}, a.b: {mail: none}}",
]


@pytest.mark.parametrize("text", _FILES)
def test_what_a_file_publishes_is_imported_as_that_file(text: str) -> None:
    """From a file to the zone that an apply leaves, and back: the same wishes, to the last TTL."""
    faults = Faults()
    root = syntax.parse(text.encode(), "zone.yaml", faults)
    assert isinstance(root, Mapping)
    wishes = [w for one in _TRIAL.read("example.com.", root, faults) for w in one.wishes]
    assert [str(error) for error in faults.errors()] == []
    rrsets: dict[Key, RRset] = {}
    for wish in wishes:
        key = (wish.name, wish.type)
        beside = rrsets[key].values if key in rrsets else ()
        rrsets[key] = RRset(*key, wish.ttl, (*beside, *wish.values))
    done = check(found(rrsets, "example.com."))
    again = [w for one in done.desired for w in one.wishes]
    assert sorted(map(_said, again)) == sorted(map(_said, wishes)), done.one.text
    assert set(done.one.services) == {name for name in _TRIAL_IDS if name in text}


def _said(wish: Wish) -> tuple[object, ...]:
    return (wish.name, wish.type, wish.kind, wish.values, wish.ttl)


_TRIAL_IDS = {service.id for service in _TRIAL.services}
