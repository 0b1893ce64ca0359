"""Cutovers on real servers, carried out by the real command and judged from outside.

What counts is what servers and resolvers answered, what a zone transfer shows, and BIND's log of
updates; the command's own words only where they are what the user goes by.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

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
    OLD_SPF,
    Checkout,
    Run,
    foreign_values,
    mail_on,
    spf_values,
    zone_file,
)
from .proxy import before_the_first_update
from .servers import Bind, KnotSecondary, Unbound, Watch

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TICK = timedelta(milliseconds=20)  # by which the times in BIND's log may be early

SECONDS = (
    "{ttl: 2s, soak: 6s, window: always, unseen_ttl: 20s, resolver_min_ttl: 0, negative_ttl: 2s, "
    "retire_safety: 1s, queue_lifetime: 0, verifier_delay: 0}"
)
DAYS = "{ttl: 5m, soak: 10d, window: always}"


class TestEverySecond:
    """The whole cutover in real time, TTLs of seconds instead of days."""

    def test_no_mail_goes_astray(self, tmp_path: Path) -> None:
        """A cutover by cron switches after the old TTL, and lets the old server go when it says."""
        with (
            Bind({DOMAIN: zone_file(20, negative_ttl=2)}) as primary,
            KnotSecondary(primary) as secondary,
            Unbound({DOMAIN: [primary, secondary]}) as resolver,
            Watch(primary, DOMAIN, "MX") as at_primary,
            Watch(secondary, DOMAIN, "MX") as at_secondary,
            Watch(resolver, DOMAIN, "MX") as senders,
            Watch(primary, DOMAIN, "TXT") as texts,
        ):
            checkout = Checkout.of_servers(
                tmp_path / "mail", primary, cutover=SECONDS, asked=[primary, secondary]
            )
            checkout.wish(mail_on("new", 20))
            runs = []
            for r in every_second_until_converged(checkout):
                print(time.time(), r); runs.append(r)
            checkout.run("status")
            zone = primary.zone(DOMAIN)
            first = (primary.updates(), primary.zone(DOMAIN), checkout.journal)
            again = checkout.run("apply", "--yes", "--detailed-exitcode")
            second = (primary.updates(), primary.zone(DOMAIN), checkout.journal)
            senders.look()

        # The TTL was 20 s at every server, then 2 s; only 20 s after that came the switch.
        lowered = max(
            [seen for seen in watch.sightings if seen.answer.ttl == 20 and seen.answer.names(OLD_HOST)][-1].asked
            for watch in (at_primary, at_secondary)
        )
        (switched,) = (update.at for update in primary.updates() if update.text == added(NEW_MX, 2))
        assert switched + TICK >= lowered + timedelta(seconds=20)
        assert all(seen.answered >= switched for seen in at_primary.naming(NEW_HOST))

        # Every printed time was good: no sender was led to the old server after the last of them.
        printed = [run.old_service_until for run in runs if run.old_service_until is not None]
        assert senders.naming(OLD_HOST)[-1].answered <= printed[-1]
        assert printed[-1] - switched < timedelta(seconds=15)
        assert senders.naming(NEW_HOST)
        assert not senders.unanswered

        # Nobody's TXT value ever changed, and never was there any but one SPF record.
        for seen in texts.sightings:
            spf = [value for value in seen.answer.values if "v=spf1" in value]
            assert sorted({*seen.answer.values} - {*spf}) == sorted(FOREIGN)
            assert len(spf) == 1
        assert spf_values(zone) == (NEW_SPF,)

        # In the end the TTL is back, and a second run writes nothing.
        assert zone[APEX, "MX"].values == (NEW_MX,)
        assert zone[APEX, "MX"].ttl == 20
        assert zone[f"s2026._domainkey.{APEX}", "TXT"].ttl == 20
        assert again.code == 0
        assert first == second
def every_second_until_converged(checkout: Checkout, within: float = 90) -> Iterator[Run]:
    """Run `mailsync apply` each second, as by cron, until the domain has converged."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        begun = time.monotonic()
        run = checkout.apply()
        yield run
        if f"{DOMAIN}: converged" in run.stderr or "changed, converged" in run.stderr:
            return
        time.sleep(max(0, begun + 1 - time.monotonic()))
    raise AssertionError(f"not converged within {within} s; the last run:\n{run}")


def added(value: str, ttl: int) -> str:
    """How BIND logs that a value of the apex MX was added; the log has no TTLs."""
    return f"adding an RR at '{DOMAIN}' MX {value}"
