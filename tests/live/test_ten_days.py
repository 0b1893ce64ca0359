"""Ten days in minutes: a cutover as it is done, TTL a day, on a Saturday night, then the soak.

Under the stepped clock; each run of the command is a process of its own, as cron starts it: every
fourteen hours (with MAILSYNC_LONG set, every hour), and each minute right around the switch.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import dns.rdatatype
import dns.zone
import pytest

from .clock import SteppedClock
from .company import (
    APEX,
    DOMAIN,
    FOREIGN,
    NEW_HOST,
    NEW_MX,
    NEW_SPF,
    OLD_HOST,
    OLD_MX,
    Checkout,
    Run,
    foreign_values,
    mail_on,
    spf_values,
    zone_file,
)
from .primary import Published
from .servers import Bind, Unbound, Watch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TTL, LOW = 86400, 300  # seconds
EVERY = HOUR if os.environ.get("MAILSYNC_LONG") else 14 * HOUR

TOKYO = ZoneInfo("Asia/Tokyo")
BEGIN = datetime(2026, 12, 4, 18, 0, tzinfo=TOKYO)  # Friday evening
SWITCH = datetime(2026, 12, 5, 22, 0, tzinfo=TOKYO)  # Saturday night
SOAKED = SWITCH + 10 * DAY
CUTOVER = (
    '{at: "2026-12-05T22:00+09:00", ttl: 5m, lead: 10d, soak: 10d, '
    'window: "Sat 20:00-24:00; Sun 00:00-24:00", timezone: Asia/Tokyo}'
)

Zone = dict[tuple[str, str], Published]


@dataclass(frozen=True)
class Step:
    """A run of the command, when it began and had ended, and the zone that it left behind."""

    began: datetime
    ended: datetime
    run: Run
    zone: Zone

    @property
    def mx(self) -> Published:
        """The company's MX."""
        return self.zone[APEX, "MX"]


def cron() -> Iterator[datetime]:
    """The times at which the command is run."""
    time = BEGIN
    while time <= SOAKED + 2 * EVERY:
        yield time
        if SWITCH - 2 * MINUTE <= time < SWITCH + 12 * MINUTE:
            time += MINUTE
        elif time == SWITCH - EVERY:
            time += EVERY - 2 * MINUTE
        elif time == SWITCH + 12 * MINUTE:
            time += EVERY - 12 * MINUTE
        else:
            time += EVERY


def run_through(
    checkout: Checkout, clock: SteppedClock, zone: Callable[[], Zone], look: Callable[[], object]
) -> list[Step]:
    """The whole cutover by cron; `look` is called right before each run."""
    steps = []
    for time in cron():
        clock.set(time)
        look()
        began = clock.now()
        run = checkout.apply()
        steps.append(Step(began, clock.now(), run, zone()))
    return steps


def judge(steps: list[Step]) -> datetime:
    """Check what holds wherever the zone is; return the time printed last for the old service."""
    lowered = next(step for step in steps if step.mx.ttl == LOW)
    assert lowered is steps[0]
    assert lowered.mx.values == (OLD_MX,)

    switched = next(step for step in steps if step.mx.values == (NEW_MX,))
    assert SWITCH <= switched.began < SWITCH + MINUTE
    assert switched.mx.ttl == LOW
    before = steps[: steps.index(switched)]
    assert {step.mx for step in before} == {Published(LOW, (OLD_MX,))}

    restored = next(step for step in steps[steps.index(switched) :] if step.mx.ttl == TTL)
    assert restored.ended >= switched.began + 10 * DAY
    assert restored.began <= switched.ended + 10 * DAY + EVERY
    assert {step.mx.values for step in steps[steps.index(switched) :]} == {(NEW_MX,)}

    # Both servers may send from before the switch until the soak is over; DKIM is there first.
    for step in steps:
        (spf,) = spf_values(step.zone)
        assert ("ip4:192.0.2.1 " in spf) == (step.began < restored.began)
        assert "ip4:192.0.2.2 " in spf
        assert (f"s2026._domainkey.{APEX}", "TXT") in step.zone
        assert foreign_values(step.zone) == tuple(sorted(FOREIGN))
        assert step.zone[f"www.{APEX}", "A"] == Published(TTL, ("192.0.2.80",))

    # What is left is what the file asks for, and nobody is told to keep the old service.
    end = steps[-1]
    assert end.mx == Published(TTL, (NEW_MX,))
    assert spf_values(end.zone) == (NEW_SPF,)
    assert f"{DOMAIN}: converged" in end.run.stderr
    assert end.run.old_service_until is None

    # The time was right from the first run on: five minutes of TTL, five of safety.
    printed = [until for step in steps if (until := step.run.old_service_until) is not None]
    assert all(SWITCH + 10 * MINUTE <= until <= SWITCH + 11 * MINUTE for until in printed)
    return printed[-1]


@pytest.mark.slow
def test_on_zone_files(tmp_path: Path, clock: SteppedClock) -> None:
    """Each change of the master file comes at its time, and no cache outlives what is printed."""
    checkout = Checkout(
        tmp_path / "mail",
        host="{class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./live}",
        cutover=CUTOVER,
        clock=clock,
    )
    checkout.wish(mail_on("new", TTL))
    master_file = checkout.directory / "live" / f"{DOMAIN}.zone"
    master_file.parent.mkdir()
    master_file.write_text(zone_file(TTL))
    served = [(clock.now(), parsed(master_file)[APEX, "MX"])]

    steps = run_through(checkout, clock, lambda: parsed(master_file), lambda: None)
    until = judge(steps)

    # A resolver may have asked right before each change, and keeps the answer for its TTL.
    served += [(step.ended, step.mx) for step in steps]
    forgotten = max(
        changed + timedelta(seconds=mx.ttl)
        for (_, mx), (changed, _) in pairwise(served)
        if mx.values == (OLD_MX,)
    )
    assert forgotten <= until
    day_old = max(
        changed + timedelta(seconds=mx.ttl)
        for (_, mx), (changed, _) in pairwise(served)
        if mx.ttl == TTL and mx.values == (OLD_MX,)
    )
    assert day_old <= SWITCH


@pytest.mark.slow
def test_on_servers(tmp_path: Path, clock: SteppedClock) -> None:
    """Nobody who asks the resolver is led to the old server after the time that was printed."""
    clock.set(BEGIN - DAY)
    with (
        Bind({DOMAIN: zone_file(TTL)}, clock=clock) as primary,
        Unbound({DOMAIN: [primary]}, clock=clock) as resolver,
        Watch(resolver, DOMAIN, "MX", clock=clock, interval=0.2) as senders,
    ):
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=CUTOVER, asked=[primary], clock=clock
        )
        checkout.wish(mail_on("new", TTL))
        steps = run_through(checkout, clock, lambda: primary.zone(DOMAIN), senders.look)
        senders.look()
    until = judge(steps)

    assert senders.naming(OLD_HOST)[-1].answered <= until
    assert SWITCH <= senders.naming(NEW_HOST)[0].answered <= SWITCH + 7 * MINUTE
    assert senders.sightings[-1].answer.values == (NEW_MX,)
    assert not senders.unanswered


def parsed(master_file: Path) -> Zone:
    """What a master file says, as dnspython reads it."""
    zone = dns.zone.from_file(str(master_file), DOMAIN, relativize=False)
    return {
        (owner.to_text(), dns.rdatatype.to_text(rdataset.rdtype)): Published(
            rdataset.ttl, tuple(sorted(rdata.to_text() for rdata in rdataset))
        )
        for owner, rdataset in zone.iterate_rdatasets()
    }
