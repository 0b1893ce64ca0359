"""A cutover at a DNS host without an API: BIND is the control panel, and a person types late."""

import time
from pathlib import Path

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
from .person import printed, types
from .servers import Bind, KnotSecondary, Unbound, Watch

MINUTE, HOUR, DAY = 60, 3600, 86400
CUTOVER = "{ttl: 5m, soak: 5d, window: always}"
PANEL = "{class: mailsync_providers.manual.ManualProvider, host: onamae, language: en}"


def checkout_of(directory: Path, clock: SteppedClock, *servers: Bind | KnotSecondary) -> Checkout:
    """A checkout whose DNS host is a form on the web, and whose name servers are these."""
    asked = ", ".join(f'"{each.address}:{each.port}"' for each in servers)
    return Checkout(
        directory / "mail",
        host=PANEL,
        cutover=CUTOVER,
        observe=f"{{nameservers: [{asked}], timeout: 1s}}",
        clock=clock,
    )


def asked_of(run: Run) -> list[tuple[str, str, str]]:
    """What a run asks a person for, in brief."""
    return [(step.action, step.name, step.type) for step in printed(run.stdout)]


def caught_up(secondary: KnotSecondary, primary: Bind, within: float = 10) -> None:
    """Wait until a secondary serves what the panel holds."""
    deadline = time.monotonic() + within
    while secondary.ask(DOMAIN, "SOA").values != primary.ask(DOMAIN, "SOA").values:
        assert time.monotonic() < deadline, "the secondary lags behind"
        time.sleep(0.02)


def test_a_cutover_by_hand(tmp_path: Path, clock: SteppedClock) -> None:
    """Typed late, by halves and once wrongly: the old server is let go when nobody asks for it."""
    with (
        Bind({DOMAIN: zone_file(DAY)}, clock=clock) as panel,
        KnotSecondary(panel, clock=clock) as secondary,
        Unbound({DOMAIN: [panel, secondary]}, clock=clock) as resolver,
        Watch(resolver, DOMAIN, "MX", clock=clock) as senders,
    ):
        checkout = checkout_of(tmp_path, clock, panel, secondary)
        checkout.wish(mail_on("new", DAY))
        before = panel.zone(DOMAIN)
        assert "this DNS host has no API" in checkout.run("plan").stdout

        # The steps are given and nothing is written; the same again until somebody does them.
        first = checkout.run("apply", "--yes", "--detailed-exitcode", code=2)
        first_asked = asked_of(first)
        assert first_asked == [
            ("change", APEX, "MX"),
            ("change", APEX, "TXT"),
            ("add", NEW_HOST, "A"),
            ("add", f"s2026._domainkey.{APEX}", "TXT"),
        ]
        journal = checkout.journal
        assert b'"intent"' in journal
        clock.advance(5 * HOUR)
        assert checkout.apply().stdout == first.stdout
        assert (panel.zone(DOMAIN), checkout.journal) == (before, journal)

        # Half of it, five hours late: the other half is asked for, and nothing is claimed.
        steps = printed(first.stdout)
        types(panel, DOMAIN, steps[1], steps[2])
        caught_up(secondary, panel)
        half = checkout.apply()
        assert asked_of(half) == [
            ("change", APEX, "MX"),
            ("add", f"s2026._domainkey.{APEX}", "TXT"),
        ]
        assert "new.example.test A: done by hand" in half.stderr
        assert "MX: done" not in half.stderr
        types(panel, DOMAIN, *printed(half.stdout))
        lowered = clock.now()
        caught_up(secondary, panel)
        assert printed(checkout.apply().stdout) == []

        # The switch waits out the old TTL, which counts from when it was seen, not printed.
        clock.advance(DAY - MINUTE)
        assert printed(checkout.apply().stdout) == []
        clock.advance(2 * MINUTE)
        switch = checkout.apply()
        (step,) = printed(switch.stdout)
        assert (step.action, step.fields["VALUE"]) == (
            "change",
            f"{OLD_HOST[:-1]} → {NEW_HOST[:-1]}",
        )
        assert clock.now().timestamp() >= lowered.timestamp() + DAY

        # Typed hours later, on one server first: neither done nor asked for again.
        clock.advance(3 * HOUR)
        senders.look()
        secondary.hold()
        types(panel, DOMAIN, step)
        for _ in range(2):
            lagging = checkout.apply()
            assert f"waiting: {secondary.endpoint} still serves TTL 300: {OLD_MX}" in lagging.stderr
            assert printed(lagging.stdout) == []
            assert "done by hand" not in lagging.stderr
            assert lagging.old_service_until is not None
            assert lagging.old_service_until > clock.now()
            clock.advance(DAY)
            senders.look()
        secondary.release()
        caught_up(secondary, panel)
        done = checkout.apply()
        assert "example.test MX: done by hand" in done.stderr
        until = done.old_service_until
        assert until is not None
        assert until >= clock.now()
        for _ in range(12):
            senders.look()
            clock.advance(MINUTE)
        assert senders.naming(OLD_HOST)[-1].answered <= until

        # After the soak the rest, and then nothing.
        clock.advance(6 * DAY)
        types(panel, DOMAIN, *printed(checkout.apply().stdout))
        caught_up(secondary, panel)
        last = checkout.run("apply", "--yes", "--detailed-exitcode")
        assert "converged" in last.stderr
        zone = panel.zone(DOMAIN)
        assert (zone[APEX, "MX"].values, zone[APEX, "MX"].ttl) == ((NEW_MX,), DAY)
        assert spf_values(zone) == (NEW_SPF,)
        assert set(foreign_values(zone)) == set(FOREIGN)


def test_a_typing_mistake_is_told_and_corrected(tmp_path: Path, clock: SteppedClock) -> None:
    """What is served is not what was asked for: it is no success, and the way out is printed."""
    with Bind({DOMAIN: zone_file(HOUR)}, clock=clock) as panel:
        checkout = checkout_of(tmp_path, clock, panel)
        checkout.wish(mail_on("new", HOUR))
        types(panel, DOMAIN, *printed(checkout.apply().stdout))
        checkout.apply()
        clock.advance(2 * DAY)
        assert printed(checkout.apply().stdout)
        panel.replace(APEX, "MX", 300, "20 typo.example.net.")
        mistaken = checkout.apply()
        assert "MX: done by hand" not in mistaken.stderr
        clock.advance(2 * DAY)
        types(panel, DOMAIN, *printed(checkout.apply().stdout))
        done = checkout.apply()
        assert "example.test MX: done by hand" in done.stderr
        assert panel.ask(DOMAIN, "MX").values == (NEW_MX,)
        assert done.old_service_until is not None
        assert done.old_service_until > clock.now()


def test_reverted_steps_are_void(tmp_path: Path, clock: SteppedClock) -> None:
    """`git revert` while the steps lie on somebody's desk: told to throw them away, once."""
    with Bind({DOMAIN: zone_file(HOUR)}, clock=clock) as panel:
        checkout = checkout_of(tmp_path, clock, panel)
        checkout.wish(mail_on("new", HOUR))
        checkout.apply()
        checkout.wish(mail_on("old", HOUR))
        assert "example.test MX: the steps of" in checkout.apply().stderr
        again = checkout.apply()
        assert "void" not in again.stderr
        assert printed(again.stdout) == []
