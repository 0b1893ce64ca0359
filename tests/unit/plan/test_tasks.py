"""What only a person can do, and what waits for it."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired.model import Task
from tests.unit.plan.story import PLACE, ZONE, Story, mx, rrset, wish, zone

MX = (ZONE, "MX")
OLD, NEW = "10 mx.old.example.", "10 mx.new.example."
CONNECTOR = Task("m365-connector", "switch", "set the inbound connector", PLACE)


def moving(*tasks: Task) -> Story:
    """A domain whose mail is about to move, with TTLs that are low already."""
    life = Story(zone(rrset(ZONE, "MX", 300, OLD)), (mx(OLD, ttl=300),))
    life.known_for("2d")
    life.wishes, life.tasks = (mx(NEW),), tasks
    return life


def done(life: Story, *ids: str) -> None:
    """Write in the file that tasks are done."""
    life.cutover = replace(life.cutover, tasks=life.cutover.tasks | set(ids))


def test_a_switch_waits_for_its_task_and_says_how_it_ends() -> None:
    """Nothing else holds it; the gate says what to do, and what to write then."""
    life = moving(CONNECTOR)
    stage = life.stage("switch")
    assert stage is not None
    assert (stage.state, stage.holds) == ("held", ())
    (gate,) = stage.gates
    assert (gate.name, gate.state) == ("tasks-done", "fail")
    assert "set the inbound connector" in gate.detail
    assert "'tasks: {m365-connector: done}'" in gate.detail
    assert life.apply() == []
    done(life, "m365-connector")
    assert life.apply() == ["switch"]
    assert life.values(*MX) == (NEW,)


def test_a_task_that_does_not_block_holds_nothing() -> None:
    """It is told with its stage, until it is marked done."""
    life = moving(replace(CONNECTOR, blocks=False))
    stage = life.stage("switch", "due")
    assert stage is not None
    (gate,) = stage.gates
    assert (gate.name, gate.state) == ("task", "unknown")
    assert "(nothing waits for it); then write 'tasks: {m365-connector: done}'" in gate.detail
    assert life.apply() == ["switch"]


def test_a_task_holds_its_own_stage_alone() -> None:
    """What has to be done before the clean-up does not hold the switch."""
    life = moving(replace(CONNECTOR, stage="settle"))
    assert life.apply() == ["switch"]
    life.run("30d", every="1d")
    held = life.stage("settle")
    assert held is not None
    assert (held.state, [gate.name for gate in held.gates]) == ("held", ["tasks-done"])
    done(life, "m365-connector")
    life.apply()
    assert life.plan().status == "converged"


def test_the_way_back_waits_for_no_task() -> None:
    """A revert leads mail to where it was taken a moment ago."""
    life = moving()
    life.apply()
    life.passes("10m")
    life.wishes, life.tasks = (mx(OLD, ttl=300),), (CONNECTOR,)
    assert life.apply() == ["switch"]
    assert life.values(*MX) == (OLD,)


def test_where_nothing_is_to_be_done_no_task_stands() -> None:
    """A domain that has arrived is converged, whatever its services would ask of a newcomer."""
    life = Story(zone(rrset(ZONE, "MX", 3600, OLD)), (mx(OLD),), tasks=(CONNECTOR,))
    life.see()
    assert life.plan().status == "converged"


ACCOUNTS = Task("ours-accounts", "switch", "make the accounts", PLACE, hosts=("mx.new.example.",))
TARGET = replace(ACCOUNTS, id="ours-target", stage="settle")


def gates(life: Story, name: str) -> list[str]:
    """Give the names of a stage's gates, of whatever state."""
    return [g.name for stage in life.plan().stages if stage.name == name for g in stage.gates]


def test_the_tasks_of_a_service_hold_the_change_that_brings_it_in() -> None:
    """Its MX is not live yet: the switch waits, and what has to be done after it waits as well."""
    life = moving(ACCOUNTS, TARGET)
    assert life.apply() == []
    done(life, ACCOUNTS.id)
    assert life.apply() == ["switch"]
    life.run("60d", every="1d")
    assert gates(life, "settle") == ["tasks-done"]
    done(life, TARGET.id)
    life.apply()
    assert life.plan().status == "converged"


def test_a_service_that_has_the_mail_already_needs_no_task() -> None:
    """Neither a change of another host nor a later clean-up waits for it."""
    both = ("10 mx.new.example.", "20 mx.spare.example.")
    life = Story(zone(rrset(ZONE, "MX", 300, *both)), (mx(*both, ttl=300),))
    life.known_for("2d")
    life.wishes, life.tasks = (mx(NEW),), (ACCOUNTS, TARGET, replace(TARGET, id="b", blocks=False))
    assert life.apply() == ["switch"]
    life.run("60d", every="1d")
    assert life.plan().status == "converged"


def test_a_service_that_was_only_the_last_resort_is_brought_in() -> None:
    """Hardly any mail went there: that it takes all of it is still to be seen to."""
    both = (OLD, "20 mx.new.example.")
    life = Story(zone(rrset(ZONE, "MX", 300, *both)), (mx(*both, ttl=300),))
    life.known_for("2d")
    life.wishes, life.tasks = (mx(NEW),), (ACCOUNTS,)
    assert life.apply() == []
    assert gates(life, "switch") == ["tasks-done"]


def test_a_known_host_at_another_address_is_a_new_server() -> None:
    """Where the host of a service moves, somebody has to see to the accounts there again."""
    host = f"mx.{ZONE}"
    served = zone(rrset(ZONE, "MX", 300, f"10 {host}"), rrset(host, "A", 300, "192.0.2.1"))
    at = wish("host", host, "A", "192.0.2.1", ttl=300)
    life = Story(served, (mx(f"10 {host}", ttl=300), at))
    life.known_for("2d")
    life.tasks = (replace(ACCOUNTS, hosts=(host,)),)
    assert life.plan().status == "converged"
    life.wishes = (mx(f"10 {host}", ttl=300), wish("host", host, "A", "192.0.2.2", ttl=300))
    assert gates(life, "switch") == ["tasks-done"]
    assert life.apply() == []


def test_what_is_only_told_is_told_while_the_move_lasts() -> None:
    """Months later nobody wants to hear of the service that had the mail before."""
    life = moving(replace(TARGET, blocks=False))
    assert life.apply() == ["switch"]
    assert gates(life, "settle") == ["task"]
    life.run("60d", every="1d")
    assert life.plan().status == "converged"
