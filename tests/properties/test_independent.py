"""Two opinions agree: the invariants and the rehearsal on one side, plain enumeration on the other.

Small cases with random schedules, safe and unsafe ones, and whole stories of the real planner.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from mailsync.dns.rrset import RRset, canonical, txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan import policy as policies
from mailsync.plan.invariants import Instant, broken
from mailsync.rehearse import drive
from mailsync.rehearse.published import Published
from mailsync.rehearse.scenario import scenario
from mailsync.rehearse.services import Servers, Stream, Web
from mailsync.rehearse.verdict import Evidence, judge, violations
from mailsync.rehearse.world import START
from tests.properties import independent
from tests.properties.independent import Case, Key, Mailer, Version

CASES = 5000 if os.environ.get("MAILSYNC_LONG") else 300
"""How many cases of each kind."""

STORIES = 1000 if os.environ.get("MAILSYNC_LONG") else 80

DOMAIN = "example.jp."
MX, TXT, STS = (DOMAIN, "MX"), (DOMAIN, "TXT"), (f"_mta-sts.{DOMAIN}", "TXT")
DMARC = (f"_dmarc.{DOMAIN}", "TXT")
MX1 = f"mx1.{DOMAIN}"
A, AAAA = (MX1, "A"), (MX1, "AAAA")
TLSA = (f"_25._tcp.{MX1}", "TLSA")
S1, S2 = (f"s1._domainkey.{DOMAIN}", "TXT"), (f"s2._domainkey.{DOMAIN}", "TXT")
PTR = ("10.2.0.192.in-addr.arpa.", "PTR")
OLD, NEW, HERE = "10 mx.old.example.", "10 mx.new.example.", f"10 {MX1}"
KEYS = (
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=ed25519; p=7pGVvLTCLKBgbjYQKQFAREzLEXWNmpFTCQ1ZKGbhHcU=",
)
ONE, TWO = "3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32
LONG_AGO = -(10**7)
STEP, LAST = 100, 9000


def moments(random: Random, count: int, step: int = STEP) -> list[int]:
    """Give so many times in order: hasty ones, close to each other, or patient ones."""
    gaps = random.choice(((0, 1, 2, 3, 4, 6, 9, 13), (10, 13, 20)))
    found = [random.randrange(3) * step]
    while len(found) < count:
        found.append(found[-1] + random.choice(gaps) * step)
    return found


def course(random: Random, starts: Sequence[int], *values: Sequence[str]) -> list[Version]:
    """Give versions one after the other: the first from long ago, each next from its start on."""
    begins = [LONG_AGO, *starts]
    ends = [*starts, None]
    return [
        (begin, end, random.choice((60, 300, 600, 900)), tuple(told))
        for begin, end, told in zip(begins, ends, values, strict=True)
        if begin != end
    ]


def text(*texts: str) -> tuple[str, ...]:
    """Give TXT values."""
    return tuple(txt_value(one) for one in texts)


# ---- The kinds of small cases --------------------------------------------------------------------


def mx_and_address(random: Random) -> Case:
    """Mail goes to a host whose address comes, and perhaps moves, about the same time."""
    here, there, later, ends = moments(random, 4)
    addresses: list[tuple[str, ...]] = [(), ("192.0.2.1",), ("192.0.2.2",)]
    if random.random() < 0.5:
        addresses.pop()
    starts = [here, later][: len(addresses) - 1]
    records = {MX: course(random, [there], [OLD], [HERE]), A: course(random, starts, *addresses)}
    if random.random() < 0.3:
        records[AAAA] = course(random, [random.choice((here, there))], [], ["2001:db8::1"])
    last = {"mx.old.example.": ends}
    if len(addresses) == 3:
        last[f"{MX1} 192.0.2.1"] = ends + random.randrange(4) * STEP
    return Case(DOMAIN, records, random.choice((60, 600)), last, end=2 * LAST)


def implicit_mx(random: Random) -> Case:
    """A domain without MX gets its first one; until then its own address took the mail."""
    switched, ends = moments(random, 2)
    values = random.choice(([OLD], ["0 ."]))
    records = {MX: course(random, [switched], [], values)}
    records[DOMAIN, "A"] = course(random, [], ["192.0.2.1"])
    return Case(DOMAIN, records, random.choice((60, 600)), {DOMAIN: ends}, end=2 * LAST)


def mx_and_spf(random: Random) -> Case:
    """Mail moves, and the domain sends from elsewhere since, while SPF goes from one to the other.

    Through the union of both, or not.
    """
    wide, moved, narrow, queue = moments(random, 4)
    old, new = "include:old.example", "include:new.example"
    both = random.choice((f"{old} {new}", f"{old} {new}", f"{new} {old}", new))
    texts = [text(f"v=spf1 {terms} -all", "foreign") for terms in (old, both, new)]
    if random.random() < 0.1:
        texts[1] = text(f"v=spf1 {new} -all", f"v=spf1 {old} -all")
    records = {
        MX: course(random, [moved], [OLD], [NEW]),
        TXT: course(random, [wide, narrow], *texts),
    }
    starts = moved + random.randrange(3) * STEP
    mailers = [
        Mailer(LONG_AGO, random.choice((moved, narrow, queue)), "old.example"),
        Mailer(starts, LAST, "new.example"),
    ]
    last = {"mx.old.example.": moved + random.choice((0, 1, 3, 9, 9, 9)) * STEP}
    return Case(DOMAIN, records, 60, last, mailers=mailers, end=2 * LAST)


def mx_and_policy(random: Random) -> Case:
    """Mail moves under an MTA-STS policy; the policy, its record and MX change in some order."""
    hour = 3600
    times = moments(random, 5, 4 * hour)
    if random.random() < 0.4:
        random.shuffle(times)
    served, announced, moved, dropped, renamed = times
    age = random.choice((hour * 12, 86400, 3 * 86400))
    mode = random.choice(("enforce", "enforce", "testing", "none"))
    both = ("mx.old.example", random.choice(("mx.new.example", "*.new.example", "*.example")))
    old, union, new = (
        ("enforce", age, both[:1]),
        (mode, age, tuple(sorted(both))),
        ("enforce", age, ("mx.new.example",)),
    )
    told = [
        text(mta_sts.record(Policy(one[0], one[1], one[2])))  # type: ignore[arg-type]
        for one in (old, union, new)
    ]
    if random.random() < 0.3:
        told[2] = ()
    starts = sorted((announced, renamed))
    records = {MX: course(random, [moved], [OLD], [NEW]), STS: course(random, starts, *told)}
    found = [(LONG_AGO, old), (served, union), (max(dropped, served), new)]
    ends = max(times) + 6 * 86400
    return Case(DOMAIN, records, 600, {}, policies=found, end=ends)


def dkim_rotation(random: Random) -> Case:
    """A new selector comes, mail is signed with it, the old one goes; or one key for another."""
    created, signs, arrived, removed = moments(random, 4)
    records = {S1: course(random, [removed], text(KEYS[0]), random.choice(((), text(KEYS[1]))))}
    records |= {S2: course(random, [created], (), text(KEYS[1])), MX: course(random, [], [OLD])}
    mailers = [
        Mailer(LONG_AGO, max(arrived, signs), "", S1, text(KEYS[0])),
        Mailer(signs, LAST, "", S2, text(KEYS[1] + random.choice(("", "; t=s")))),
    ]
    return Case(DOMAIN, records, random.choice((60, 900)), mailers=mailers, end=2 * LAST)


def tlsa_roll(random: Random) -> Case:
    """A host's certificate changes, and its TLSA records with it, through both or not."""
    both, changed, removed = moments(random, 3)
    middle = [ONE, TWO] if random.random() < 0.7 else random.choice(([TWO], [ONE], []))
    records = {MX: course(random, [], [HERE]), A: course(random, [], ["192.0.2.1"])}
    records[TLSA] = course(random, [both, removed], [ONE], middle, [TWO])
    chains = {MX1: [(LONG_AGO, frozenset({ONE})), (changed, frozenset({TWO}))]}
    return Case(DOMAIN, records, 60, chains=chains, end=2 * LAST)


def dmarc_tightening(random: Random) -> Case:
    """DMARC refuses while who sends is not yet, or no longer, spoken for by SPF or by DKIM."""
    strict, listed, known, starts = moments(random, 4)
    old, new = "include:old.example", "include:new.example"
    policy = random.choice(("quarantine", "reject"))
    records = {
        DMARC: course(random, [strict], text("v=DMARC1; p=none"), text(f"v=DMARC1; p={policy}")),
        TXT: course(random, [listed], text(f"v=spf1 {old} -all"), text(f"v=spf1 {old} {new} -all")),
        S2: course(random, [known], (), text(KEYS[1])),
        MX: course(random, [], [OLD]),
    }
    signs = S2 if random.random() < 0.5 else None
    mailers = [Mailer(starts, LAST, "new.example", signs, text(KEYS[1]) if signs else ())]
    return Case(DOMAIN, records, 60, mailers=mailers, end=2 * LAST)


def names_of_addresses(random: Random) -> Case:
    """An address gets a name, and the name the address."""
    address, name, other = moments(random, 3)
    records = {
        PTR: course(random, [name], [], [MX1]),
        A: course(random, [address, other], [], ["192.0.2.10"], ["192.0.2.10", "192.0.2.11"]),
    }
    if random.random() < 0.3:
        records[A] = course(random, [address, other], [], ["192.0.2.10"], ["192.0.2.11"])
    return Case(DOMAIN, records, random.choice((60, 600)), end=2 * LAST)


KINDS: dict[str, Callable[[Random], Case]] = {
    "mx and address": mx_and_address,
    "implicit mx": implicit_mx,
    "mx and spf": mx_and_spf,
    "mx and policy": mx_and_policy,
    "dkim rotation": dkim_rotation,
    "tlsa roll": tlsa_roll,
    "dmarc tightening": dmarc_tightening,
    "names of addresses": names_of_addresses,
}


# ---- The same case, as mailsync sees it ----------------------------------------------------------


def instant(case: Case, at: int) -> Instant:
    """Give what somebody may hold at a time, as the enumeration has it."""
    visible = {
        key: tuple(rrset(key, 60, values) for values in independent.held(case, key, at))
        for key in case.records
    }
    kept = [Policy(mode, age, mx) for mode, age, mx in independent.kept(case, at)]  # type: ignore[arg-type]
    visible[policies.key(DOMAIN)] = tuple(policies.as_rrset(DOMAIN, one) for one in kept)
    active = [mailer for mailer in case.mailers if mailer.since <= at < mailer.until]

    def takes(host: str, address: str | None) -> bool:
        servers = [host] if address is None else [host, f"{host} {address}"]
        return all(at <= case.last.get(server, at) for server in servers)

    return Instant(
        START,
        case.domain,
        case.domain,
        visible,
        takes=takes,
        may_send=tuple(f"v=spf1 include:{one.listed} -all" for one in active if one.listed),
        signed={one.signs: one.key for one in active if one.signs is not None},
        chains={host: (chain(case, host, at),) for host in case.chains},
    )


def chain(case: Case, host: str, at: int) -> frozenset[str]:
    """Give what matches a host's certificate at a time."""
    return [values for since, values in case.chains[host] if since <= at][-1]


def rrset(key: Key, ttl: int, values: tuple[str, ...]) -> RRset | None:
    """Give values as an RRset; none as absence."""
    texts = tuple(canonical(key[1], value) for value in values)
    return RRset(*key, ttl, texts) if values else None


def evidence(case: Case) -> Evidence:
    """Give a case as a rehearsal's evidence."""
    truth = Published(1, case.absence)
    for key, versions in case.records.items():
        for first, _, ttl, values in versions:
            truth.put(key, rrset(key, ttl, values), first)
    hosts = {server: last for server, last in case.last.items() if " " not in server}
    addresses = {
        (server.split()[0], server.split()[1]): last
        for server, last in case.last.items()
        if " " in server
    }
    web = Web(
        [
            (since, None if told is None else Policy(*told))  # type: ignore[arg-type]
            for since, told in case.policies
        ]
    )
    streams = [
        Stream(
            "somebody",
            mailer.since,
            mailer.until,
            0,
            f"v=spf1 include:{mailer.listed} -all" if mailer.listed else "",
            mailer.signs,
            mailer.key,
        )
        for mailer in case.mailers
    ]
    servers = Servers(hosts, addresses, chains={h: list(c) for h, c in case.chains.items()})
    return Evidence(
        case.domain, case.domain, truth, servers, web, streams, case.begin, case.end, START
    )


def cases(kind: str) -> Iterator[tuple[int, Case]]:
    """Give the random cases of a kind."""
    for seed in range(CASES):
        yield seed, KINDS[kind](Random(f"{kind} {seed}"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_invariants_say_what_enumeration_says(kind: str) -> None:
    """At every instant of every case, of each invariant: that it holds, and that it does not."""
    verdicts: Counter[bool] = Counter()
    for seed, case in cases(kind):
        anything = False
        for at in independent.instants(case):
            found = {one.invariant for one in broken(instant(case, at))}
            expected = independent.wrong(case, at)
            assert found == expected, (kind, seed, at, found, expected)
            anything = anything or bool(found)
        verdicts[anything] += 1
    assert min(verdicts[True], verdicts[False]) > CASES / 8, verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_the_rehearsal_judges_as_enumeration_does(kind: str) -> None:
    """Its invariants break in just the cases in which something can go wrong, and of the same."""
    verdicts: Counter[bool] = Counter()
    for seed, case in cases(kind):
        expected = {name for names in independent.everything_wrong(case).values() for name in names}
        found = {one.invariant for one in violations(evidence(case))}
        assert found == expected, (kind, seed)
        verdicts[bool(found)] += 1
    assert min(verdicts.values()) > CASES / 8, verdicts


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "names of addresses"])
def test_messages_go_wrong_only_where_enumeration_says_that_they_can(kind: str) -> None:
    """In a safe case none is lost, and none comes late; in most of the unsafe ones some are."""
    verdicts: Counter[tuple[bool, bool]] = Counter()
    for seed, case in cases(kind):
        can = bool(independent.everything_wrong(case))
        toll = judge(evidence(case), 10, seed).toll
        does = toll.wrong + toll.delayed > 0
        assert can or not does, (kind, seed)
        verdicts[can, does] += 1
    assert verdicts[True, True] > verdicts[True, False], verdicts


# ---- Whole stories -------------------------------------------------------------------------------


def plainly(found: Evidence) -> Case:
    """Give what happened in a story as plain values."""
    records: dict[Key, list[Version]] = {}
    for key in found.truth.rrsets():
        for server in range(found.truth.servers):
            for version, first, end in found.truth.spans(key, server):
                values = () if version is None else version.values
                ttl = 0 if version is None else version.ttl
                records.setdefault(key, []).append((first, end, ttl, values))
    told = [
        (since, None if policy is None else (policy.mode, policy.max_age, policy.mx))
        for since, policy in found.web.policies
    ]
    last = dict(found.servers.host_ends)
    last |= {f"{host} {one}": end for (host, one), end in found.servers.address_ends.items()}
    mailers = [
        Mailer(
            stream.since,
            stream.until + stream.queue,
            re.sub("^v=spf1 (include:|redirect=)?| -all$", "", stream.spf),
            stream.selector,
            stream.key,
        )
        for stream in found.streams
        if stream.proper and (stream.spf or stream.selector is not None)
    ]
    return Case(
        found.domain,
        records,
        found.truth.negative_ttl,
        last,
        found.servers.chains,
        told,
        mailers,
        found.since,
        found.until,
    )


@pytest.mark.parametrize("part", range(4))
def test_whole_stories_are_judged_alike(part: int) -> None:
    """What the real planner did is safe in both opinions; the same done at once, wrong in both."""
    verdicts: Counter[bool] = Counter()
    for seed in range(part, STORIES, 4):
        # Clocks that are off take some seconds from every bound: the rehearsal allows for them.
        story = scenario(seed, troubles=scenario(seed).troubles - {"clock"})
        staged = drive.evidence(story, drive.staged(story))
        assert independent.everything_wrong(plainly(staged)) == {}, seed
        assert violations(staged) == [], seed
        at_once = drive.evidence(story, drive.at_once(story), plainly=True)
        can = independent.everything_wrong(plainly(at_once)).values()
        # DMARC asks for SPF or DKIM, and streams tell of each alone.
        expected = {name for names in can for name in names} - {"dmarc"}
        found = {one.invariant for one in violations(at_once)} - {"dmarc"}
        assert found == expected, seed
        verdicts[bool(found)] += 1
    assert verdicts[True] > verdicts[False], verdicts


def test_the_second_opinion_is_its_own() -> None:
    """It imports nothing but the standard library."""
    tree = ast.parse(Path(independent.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    }
    assert imported
    assert {str(name).partition(".")[0] for name in imported} <= sys.stdlib_module_names
