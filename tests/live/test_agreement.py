"""Real servers agree with the simulated ones: the same stories on BIND and unbound.

The stories are the rehearsal's own, driven by the real engine; what they publish, and when, is
published on BIND at the same times of a stepped clock, and unbound is asked what the simulated
resolver is asked. Tolerance: two seconds, since real servers need a little time for everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random

import pytest

from mailsync.dns.rrset import Key, RRset, canonical
from mailsync.rehearse import drive
from mailsync.rehearse.published import Published
from mailsync.rehearse.resolver import Resolver, Traits
from mailsync.rehearse.scenario import DOMAIN, INBOUND, Scenario, scenario

from .clock import SteppedClock
from .servers import Bind, Unbound

TOLERANCE = 2  # seconds
NEGATIVE = 900
EPOCH = datetime(2031, 1, 1, tzinfo=UTC)
STORIES = [(kind, seed) for kind in INBOUND for seed in (100, 101)]
QUESTIONS = 60

ZONE = f"""$ORIGIN {DOMAIN}
$TTL 3600
@ {NEGATIVE} SOA ns hostmaster 1 3600 600 86400 {NEGATIVE}
@ NS ns
ns A 127.0.0.1
"""


def test_there_are_enough_stories() -> None:
    """At least twenty, of every kind."""
    assert len(STORIES) >= 20
    assert {kind for kind, _ in STORIES} == set(INBOUND)


@pytest.mark.parametrize(("kind", "seed"), STORIES)
def test_unbound_answers_as_the_simulated_resolver_does(
    kind: str, seed: int, clock: SteppedClock
) -> None:
    """The same answers at the same times, kept for as long, through a whole cutover."""
    story = scenario(seed, kind, ())
    truth = drive.staged(story).truth
    truth.negative_ttl = NEGATIVE
    simulated = Resolver(Traits(cap=2**31, negative_cap=2**31), truth, lambda up: up[0])
    clock.set(at(-86400))
    compared = 0
    with (
        Bind({DOMAIN: ZONE}, clock=clock) as primary,
        Unbound({DOMAIN: [primary]}, clock=clock) as resolver,
    ):
        for time, steps in groupby(happenings(story, truth), key=lambda step: step[0]):
            clock.set(at(time))
            for _, key, change in sorted(steps, key=order):
                if change is not None:
                    publish(primary, key, change[0])
                    continue
                until = simulated.until(key)
                if until is not None and abs(until - time) <= TOLERANCE:
                    continue  # whose second it is cannot be said
                clock.set(at(time))
                answer = resolver.ask(key[0], key[1])
                expected = simulated.answer(key, time)
                compared += 1
                assert answer.rcode in {"NOERROR", "NXDOMAIN"}
                found = tuple(sorted(canonical(key[1], value) for value in answer.values))
                assert found == (expected.values if expected is not None else ()), (time, key)
                left = (simulated.until(key) or 0) - time
                if answer.ttl is not None:
                    assert abs(answer.ttl - left) <= TOLERANCE, (time, key)
    assert compared >= QUESTIONS // 2


def at(time: int) -> datetime:
    """Give a time of the story on the stepped clock."""
    return EPOCH + timedelta(seconds=time)


Step = tuple[int, Key, tuple[RRset | None] | None]
"""What happens when: an RRset becomes a version, or (None) is asked for."""


def order(step: Step) -> tuple[bool, bool, str]:
    """Write before asking; addresses before what names them, which goes before they do."""
    _, key, change = step
    goes = change is not None and change[0] is None
    return (change is None, key[1] == "MX" and not goes, key[0])


def happenings(story: Scenario, truth: Published) -> list[Step]:
    """Put together what is published when, and questions: some just before, some long after."""
    random = Random(story.seed)
    steps: list[Step] = []
    changes = []
    for key in sorted(truth.rrsets()):
        for rrset, start, _ in truth.spans(key, 0):
            time = max(start, -86400)
            if rrset is not None or start > -86400:
                steps.append((time, key, (rrset,)))
            if start > -86400:
                changes.append((start, key))
    for time in questions(changes, random):
        key = random.choice(sorted(truth.rrsets()))
        steps.append((time, key, None))
    for time, key in changes:
        steps += [(time - 5, key, None), (time + 5, key, None)]
    return sorted(steps, key=lambda step: step[0])


def questions(changes: list[tuple[int, Key]], random: Random) -> Iterator[int]:
    """Give times near changes, and in between."""
    last = max((time for time, _ in changes), default=0)
    for _ in range(QUESTIONS // 2):
        yield random.randrange(-80000, last + 86400)
        around, _ = random.choice(changes)
        yield around + random.choice((-3600, -60, 60, 301, 899, 902, 3600, 14400, 86399))


def publish(primary: Bind, key: Key, rrset: RRset | None) -> None:
    """Make the RRset that version on the primary."""
    if rrset is None:
        primary.replace(key[0], key[1], 0)
    else:
        primary.replace(key[0], key[1], rrset.ttl, *rrset.values)
