"""What only a person can do, and what waits for it."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired.model import Task
from tests.unit.plan.story import PLACE, ZONE, Story, mx, rrset, zone

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
