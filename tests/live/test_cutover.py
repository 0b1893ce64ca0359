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
from .server import Server
from .servers import Bind, KnotSecondary, Unbound, Watch

MINUTE, HOUR, DAY = 60, 3600, 86400
TICK = timedelta(milliseconds=20)  # by which the times in BIND's log may be early

# Of all that the switch waits for, the old TTL of the MX takes longest by far.
IN_SECONDS = (
    "{ttl: 2s, soak: 6s, window: always, unseen_ttl: 2s, resolver_min_ttl: 0, negative_ttl: 2s, "
    "retire_safety: 1s, queue_lifetime: 0, verifier_delay: 0}"
)
IN_DAYS = "{ttl: 5m, soak: 5d, window: always}"


def test_cutover_by_cron_every_second(tmp_path: Path) -> None:
    """The switch comes after the old TTL, and the old server is let go when nobody asks for it."""
    with (
        Bind({DOMAIN: zone_file(20, text_ttl=2, negative_ttl=2)}) as primary,
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
    assert senders.naming(NEW_HOST)[0].asked <= until <= switched + timedelta(seconds=15)
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
    """A secondary gets no transfers for a while: what it serves is what some senders see."""

    def test_before_the_lowering(self, tmp_path: Path, clock: SteppedClock) -> None:
        """However long one server keeps the old TTL, nothing switches, and that server is named."""
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
            secondary.hold()
            for _ in range(6):
                run = checkout.apply()
                assert f"waiting: {secondary.endpoint} still serves TTL {HOUR}: {OLD_MX}" in (
                    run.stderr
                )
                assert primary.endpoint not in run.stderr
                assert primary.ask(DOMAIN, "MX").values == (OLD_MX,)
                clock.advance(DAY)
            checkout.run("apply", "--yes", "--detailed-exitcode", code=2)

            secondary.release()
            eventually_ttl(secondary, 300)
            for minutes in (0, 30, 29):
                clock.advance(minutes * MINUTE)
                assert "waiting:" not in checkout.apply().stderr
                assert primary.ask(DOMAIN, "MX").values == (OLD_MX,)
            clock.advance(2 * MINUTE)
            checkout.apply()
            assert primary.ask(DOMAIN, "MX").values == (NEW_MX,)

    def test_before_the_switch(self, tmp_path: Path, clock: SteppedClock) -> None:
        """The old server must stay, and nothing settles, as long as one server names it."""
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
            checkout.apply()
            clock.advance(2 * DAY)
            secondary.hold()
            for _ in range(7):  # days, longer than the soak
                run = checkout.apply()
                assert f"waiting: {secondary.endpoint} still serves TTL 300: {OLD_MX}" in run.stderr
                assert primary.ask(DOMAIN, "MX").values == (NEW_MX,)
                assert secondary.ask(DOMAIN, "MX").values == (OLD_MX,)
                assert run.old_service_until is not None
                assert run.old_service_until > clock.now() + timedelta(minutes=5, seconds=-10)
                (spf,) = spf_values(primary.zone(DOMAIN))
                assert "ip4:192.0.2.1" in spf
                assert "ip4:192.0.2.2" in spf
                clock.advance(DAY)

            secondary.release()
            secondary.wait_for(DOMAIN, "MX", NEW_MX)
            released = clock.now()
            until = checkout.apply().old_service_until
            assert until is not None
            assert until >= released + timedelta(minutes=5)
            assert until < released + timedelta(minutes=11)


class TestSomeoneElse:
    """Others write to the same zone, between our looking and our writing."""

    @pytest.fixture
    def primary(self) -> Iterator[Bind]:
        """The company's name server."""
        with Bind({DOMAIN: zone_file(HOUR)}) as primary:
            yield primary

    @pytest.mark.parametrize(
        ("rdtype", "value"), [("TXT", '"theirs"'), ("MX", "20 backup.example.net.")]
    )
    def test_after_the_review(self, tmp_path: Path, primary: Bind, rdtype: str, value: str) -> None:
        """A saved plan that no longer fits is refused with what differs, and overwrites nothing."""
        checkout = Checkout.of_servers(tmp_path / "mail", primary, cutover=IN_DAYS, asked=[primary])
        checkout.wish(mail_on("new", HOUR))
        checkout.run("plan", "--out", "plan.json")
        primary.add(APEX, rdtype, HOUR, value)
        theirs = primary.zone(DOMAIN)

        refused = checkout.run("apply", "plan.json", "--yes", code=3)
        assert f"differs: {DOMAIN}: {APEX} {rdtype}: " in refused.stderr
        assert value in refused.stderr
        assert primary.zone(DOMAIN) == theirs
        assert checkout.journal == b""

        # Reviewed anew it is carried out, and what the other one added is still there.
        checkout.run("plan", "--out", "plan.json")
        checkout.run("apply", "plan.json", "--yes")
        zone = primary.zone(DOMAIN)
        assert zone[APEX, "MX"].ttl == 300
        assert value in zone[APEX, rdtype].values

    def test_within_the_run(self, tmp_path: Path, primary: Bind) -> None:
        """A value that arrives between reading and writing is seen by the server: refused."""

        def add_theirs() -> None:
            primary.add(APEX, "TXT", HOUR, '"theirs"')
            theirs.append(primary.zone(DOMAIN))

        theirs: list[object] = []
        with before_the_first_update(primary, add_theirs) as port:
            checkout = Checkout.of_servers(
                tmp_path / "mail", primary, cutover=IN_DAYS, asked=[primary], port=port
            )
            checkout.wish(mail_on("new", HOUR))
            refused = checkout.run("apply", "--yes", code=3)
            assert "someone else changed" in refused.stderr
            assert [primary.zone(DOMAIN)] == theirs

            checkout.apply()
        zone = primary.zone(DOMAIN)
        assert zone[APEX, "MX"].ttl == 300
        assert set(foreign_values(zone)) == {*FOREIGN, '"theirs"'}


def test_git_revert_is_the_rollback(tmp_path: Path, clock: SteppedClock) -> None:
    """Reverted after the switch, mail is back at the old server within the low TTL."""
    with (
        Bind({DOMAIN: zone_file(DAY)}, clock=clock) as primary,
        Unbound({DOMAIN: [primary]}, clock=clock) as resolver,
        Watch(resolver, DOMAIN, "MX", clock=clock) as senders,
    ):
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=IN_DAYS, asked=[primary], clock=clock
        )
        checkout.git("init", "--quiet")
        for host in ("old", "new"):
            checkout.wish(mail_on(host, DAY))
            checkout.git("add", "zones")
            checkout.git("commit", "--quiet", "--message", f"Mail on the {host} server")
        checkout.apply()
        clock.advance(DAY + MINUTE)
        checkout.apply()
        clock.advance(2 * HOUR)
        assert senders.look().answer.names(NEW_HOST)

        checkout.git("revert", "--no-edit", "HEAD")
        plan = checkout.run("plan", "--detailed-exitcode", code=2)
        assert "rollback" in plan.stdout
        senders.look()  # the resolver has the new server's name afresh
        rolled_back = checkout.apply()
        back = clock.now()
        status = checkout.status()
        for _ in range(6):
            clock.advance(MINUTE)
            senders.look()
        clock.advance(DAY)
        checkout.apply()
        senders.look()

        strays = [seen for seen in senders.naming(NEW_HOST) if seen.asked > back]
        assert strays  # the rollback was noticed no earlier than the low TTL allows …
        # … and no later; resolvers count in whole seconds.
        assert strays[-1].answered <= back + timedelta(minutes=5, seconds=1)
        assert rolled_back.old_service_until is not None
        assert strays[-1].answered <= rolled_back.old_service_until
        assert datetime.fromisoformat(status["old_service_until"]) == rolled_back.old_service_until
        assert senders.sightings[-1].answer.values == (OLD_MX,)
        assert not senders.unanswered

        # After the soak everything is as it was before.
        clock.advance(5 * DAY)
        checkout.apply()
        zone = primary.zone(DOMAIN)
        assert (zone[APEX, "MX"].values, zone[APEX, "MX"].ttl) == ((OLD_MX,), DAY)
        assert spf_values(zone) == (OLD_SPF,)
        assert set(foreign_values(zone)) == {*FOREIGN}


def every_second_until_converged(checkout: Checkout, within: float = 90) -> Iterator[Run]:
    """Run `mailsync apply` each second, as by cron, until the domain has converged."""
    deadline = time.monotonic() + within
    while True:
        begun = time.monotonic()
        run = checkout.apply()
        yield run
        if run.stderr.rstrip().endswith("converged"):
            return
        assert begun < deadline, f"not converged within {within} s; the last run:\n{run}"
        time.sleep(max(0, begun + 1 - time.monotonic()))


def added(value: str) -> str:
    """How BIND logs that a value was added to the MX."""
    return f"adding an RR at '{DOMAIN}' MX {value}"


def last_at_ttl(ttl: int, watch: Watch) -> datetime:
    """When a server surely still gave this TTL, in seconds: the last time that it did."""
    return [
        seen.asked
        for seen in watch.sightings
        if seen.answer.ttl == ttl and seen.answer.names(OLD_HOST)
    ][-1]


def eventually_ttl(server: Server, ttl: int, within: float = 5) -> None:
    """Wait until a server gives the MX this TTL, in seconds."""
    deadline = time.monotonic() + within
    while server.ask(DOMAIN, "MX").ttl != ttl:
        assert time.monotonic() < deadline, f"{server.endpoint} does not give the TTL {ttl}"
        time.sleep(0.02)
