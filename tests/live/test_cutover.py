"""Cutovers on real servers, carried out by the real command and judged from outside.

What counts is what servers and resolvers answered, what a zone transfer shows, and BIND's log of
updates; the command's own words only where they are what the user goes by.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
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

MINUTE, HOUR, DAY = 60, 3600, 86400
TICK = timedelta(milliseconds=20)  # by which the times in BIND's log may be early

IN_SECONDS = (
    "{ttl: 2s, soak: 6s, window: always, unseen_ttl: 20s, resolver_min_ttl: 0, negative_ttl: 2s, "
    "retire_safety: 1s, queue_lifetime: 0, verifier_delay: 0}"
)
IN_DAYS = "{ttl: 5m, soak: 10d, window: always}"


def test_cutover_by_cron_every_second(tmp_path: Path) -> None:
    """The switch comes after the old TTL, and the old server is let go when nobody asks for it."""
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
            tmp_path / "mail", primary, cutover=IN_SECONDS, asked=[primary, secondary]
        )
        checkout.wish(mail_on("new", 20))
        runs = list(every_second_until_converged(checkout))
        updates, zone, journal = primary.updates(), primary.zone(DOMAIN), checkout.journal

        # Nothing is left to do: a second full run writes nothing.
        checkout.run("apply", "--yes", "--detailed-exitcode")
        assert (primary.updates(), primary.zone(DOMAIN), checkout.journal) == (
            updates,
            zone,
            journal,
        )
        senders.look()

    # Both servers gave the low TTL, and after that the old TTL ran out, before the switch.
    lowered = max(last_at_ttl(20, at_primary), last_at_ttl(20, at_secondary))
    switched = next(each.at for each in updates if each.text == added(NEW_MX)) + TICK
    assert switched >= lowered + timedelta(seconds=20)
    assert at_primary.naming(NEW_HOST)[0].answered + TICK >= switched
    assert {seen.answer.ttl for seen in at_primary.naming(OLD_HOST)} == {20, 2}

    # After the time that was printed last, no sender was led to the old server.
    until = [run.old_service_until for run in runs if run.old_service_until is not None][-1]
    assert senders.naming(OLD_HOST)[-1].answered <= until
    assert senders.naming(NEW_HOST)[0].asked <= until <= switched + timedelta(seconds=10)
    assert senders.sightings[-1].asked > until
    assert not senders.unanswered

    # Nobody's TXT value was ever touched, and there was one SPF record at every moment.
    for seen in texts.sightings:
        spf = tuple(value for value in seen.answer.values if "v=spf1" in value)
        assert len(spf) == 1
        assert set(seen.answer.values) == {*FOREIGN, *spf}

    # The TTL is back at last.
    assert (zone[APEX, "MX"].values, zone[APEX, "MX"].ttl) == ((NEW_MX,), 20)
    assert spf_values(zone) == (NEW_SPF,)
    assert zone[f"s2026._domainkey.{APEX}", "TXT"].ttl == 20


class TestSecondaryHeldBack:
    """A secondary that transfers nothing for a while; a resolver asks it as well as the primary."""

    def test_before_the_lowering(self, tmp_path: Path, clock: SteppedClock) -> None:
        """However long one server keeps the old TTL, nothing is switched, and it is named."""
        with (
            Bind({DOMAIN: zone_file(HOUR)}, clock=clock) as primary,
            KnotSecondary(primary, clock=clock) as secondary,
        ):
            checkout = Checkout.of_servers(
                tmp_path / "mail",
                primary,
                cutover=IN_DAYS,
                asked=[primary, secondary],
                patience="1s",
                clock=clock,
            )
            checkout.wish(mail_on("new", HOUR))
            checkout.apply()  # sees the zone for the first time
            pytest.skip("TODO")
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


def added(value: str) -> str:
    """How BIND logs that a value was added to the MX."""
    return f"adding an RR at '{DOMAIN}' MX {value}"


def last_at_ttl(ttl: int, watch: Watch) -> datetime:
    """When a server surely still gave this TTL, in seconds: the last time that it did."""
    return [seen.asked for seen in watch.sightings if seen.answer.ttl == ttl and seen.answer.names(OLD_HOST)][-1]
