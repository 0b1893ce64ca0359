"""A plan carries what lint says of the files."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired.model import Use
from mailsync.plan.model import DomainPlan
from mailsync.plan.planner import plan_domain
from tests.unit.plan.story import PLACE, ZONE, Story, mx, rrset, spf, wish, zone

APEX = mx(f"10 {ZONE}")
MIXED = mx("10 example-jp.mail.protection.outlook.com.", "20 mx.other.example.")
LIVE = zone(rrset(ZONE, "MX", 3600, "10 mx.old.example."), rrset(ZONE, "A", 3600, "192.0.2.80"))


def plan(story: Story, **more: object) -> DomainPlan:
    """Plan a story's domain, of which more is known."""
    desired = replace(story.desired, **more)  # type: ignore[arg-type]
    return plan_domain(desired, story.world, story.ledger, story.now)


def found(one: DomainPlan) -> dict[str, str]:
    """Give the severities of a plan's findings."""
    return {finding.id: finding.severity for finding in one.findings}


def test_warnings_stand_in_the_plan_and_stop_nothing() -> None:
    """What lint warns of is told with the plan, which goes on; its remarks are not."""
    one = plan(Story(LIVE, (APEX, wish("verification", ZONE, "TXT", "abc=def"))))
    assert found(one)["mx-points-to-apex"] == "warning"
    assert "verification" not in found(one)
    assert one.status == "changes"


def test_errors_stop_the_domain() -> None:
    """What lint calls an error is one for the plan: nothing is carried out."""
    one = plan(Story(LIVE, (MIXED,)))
    assert found(one)["mx-mixed-services"] == "error"
    assert one.status == "error"


def test_what_is_acknowledged_does_not_count() -> None:
    """An accepted finding is left out of the plan, and so is a rule that is switched off."""
    one = plan(Story(LIVE, (MIXED,)), acknowledged=frozenset({"mx-mixed-services"}))
    assert "mx-mixed-services" not in found(one)
    assert one.status == "changes"
    off = plan(Story(LIVE, (MIXED,)), severities=(("mx-mixed-services", "off"),))
    assert off.status == "changes"
    milder = plan(Story(LIVE, (MIXED,)), severities=(("mx-mixed-services", "warning"),))
    assert (found(milder)["mx-mixed-services"], milder.status) == ("warning", "changes")


def test_what_the_plan_says_itself_is_not_said_twice() -> None:
    """The plan sees the zone: where both find the same at the same place, its words stand."""
    alias = wish("record", f"mx.{ZONE}", "CNAME", "mx.example.net.")
    one = plan(Story(LIVE, (mx(f"10 mx.{ZONE}"), alias)))
    (finding,) = [f for f in one.findings if f.id == "mx-target-cname"]
    assert "which mail must not be sent to" in finding.message


def test_nothing_bars_the_way_back() -> None:
    """A rollback is to what was published before: lint warns of it, and does not stop it."""
    story = Story(zone(rrset(ZONE, "MX", 3600, *MIXED.values)), (MIXED,))
    story.see()
    story.wishes = (mx("10 mx.new.example."),)
    story.run("3d")
    assert story.live[ZONE, "MX"].values == ("10 mx.new.example.",)
    story.wishes = (MIXED,)
    one = story.plan()
    assert found(one)["rollback"] == "warning"
    assert found(one)["mx-mixed-services"] == "warning"
    assert one.status == "changes"


def test_a_clean_file_adds_nothing() -> None:
    """Where lint finds nothing, the plan is what it was."""
    one = plan(Story(LIVE, (mx("10 mx.new.example."), spf("v=spf1 ip4:192.0.2.1 -all"))))
    assert one.findings == ()


def test_a_plan_sees_that_another_dns_host_serves_the_zone() -> None:
    """The zone's own NS tell what a service asks for; without them nothing is known."""
    service = Use(
        "routing", "forwarder", PLACE, dns_host="Ours", name_servers=("*.ns.ours.example",)
    )
    served = LIVE | zone(rrset(ZONE, "NS", 3600, "ns.else.example."))
    told = plan(Story(served, (APEX,)), services=(service,))
    assert (found(told)["service-dns-host"], told.status) == ("warning", "changes")
    accepted = frozenset({"service-dns-host"})
    quiet = plan(Story(served, (APEX,)), services=(service,), acknowledged=accepted)
    assert "service-dns-host" not in found(quiet)
    assert "service-dns-host" not in found(plan(Story(LIVE, (APEX,)), services=(service,)))
