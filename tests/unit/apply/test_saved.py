"""A saved plan: the same world, or nothing."""

from __future__ import annotations

from dataclasses import replace

from mailsync.apply.engine import Outcome, Terms
from mailsync.apply.saved import advance_reviewed, compare, reviewed_changes
from mailsync.desired.model import Cutover
from mailsync.desired.window import parse
from mailsync.plan.document import from_json, to_json
from mailsync.plan.model import DomainPlan, Plan
from tests.unit.apply.laboratory import AWAY, MX, NEW, OLD, TXT, Laboratory
from tests.unit.plan.story import ZONE, mx, rrset, spf, wish


def saved(laboratory: Laboratory) -> Plan:
    """Plan, save, and read the file again."""
    now = laboratory.now.replace(microsecond=0)
    return from_json(to_json(Plan(now, (laboratory.look(now).plan,))))


def differences(laboratory: Laboratory, plan: Plan) -> list[str]:
    """Compare a saved plan with the laboratory's world."""
    (domain,) = plan.domains
    course = compare(laboratory.desired, laboratory.capability, domain, plan.created)
    return laboratory.world().run(course)


def applied(laboratory: Laboratory, plan: Plan) -> Outcome:
    """Apply a saved plan."""
    course = advance_reviewed(laboratory.desired, laboratory.capability, _only(plan), Terms())
    return laboratory.world().run(course)


def _only(plan: Plan) -> DomainPlan:
    (domain,) = plan.domains
    return domain


def test_in_the_same_world_exactly_the_reviewed_is_done() -> None:
    """Hours later nothing differs: what was due is done, what was held still waits."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    laboratory.passes("3h")
    assert differences(laboratory, plan) == []
    assert applied(laboratory, plan).written == 3
    assert {c for write in laboratory.writes for c in write} == reviewed_changes(_only(plan))


def test_comparing_writes_nothing() -> None:
    """Neither host nor journal is changed by a comparison."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    before = dict(laboratory.rrsets)
    differences(laboratory, plan)
    assert laboratory.rrsets == before
    assert laboratory.entries == []


def test_a_value_added_by_somebody_else_differs() -> None:
    """A foreign value in an RRset that the plan writes is named."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    live = laboratory.rrsets[TXT]
    laboratory.rrsets[TXT] = replace(live, values=(*live.values, '"by hand"'))
    (line,) = differences(laboratory, plan)
    assert line.startswith("example.jp: ")
    assert "example.jp. TXT" in line
    assert "by hand" in line


def test_a_changed_file_differs() -> None:
    """What the files ask for now is not what was reviewed."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    laboratory.wishes = (mx("10 mx.third.example."), *AWAY[1:])
    assert any("mx.third.example." in line for line in differences(laboratory, plan))


def test_a_host_that_now_lists_something_else_differs() -> None:
    """The MX was edited meanwhile: the plan's `before` is no longer live."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    laboratory.rrsets[MX] = rrset(ZONE, "MX", 60, "10 mx.else.example.")
    assert any("example.jp. MX" in line for line in differences(laboratory, plan))


def test_what_was_already_applied_differs() -> None:
    """A saved plan is carried out once."""
    laboratory = Laboratory()
    plan = saved(laboratory)
    applied(laboratory, plan)
    assert differences(laboratory, plan)


def test_the_journal_written_since_is_no_difference() -> None:
    """Seeing more of the world since the review is no reason to refuse."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    plan = saved(laboratory)
    assert [s.name for s in _only(plan).stages if s.state == "due"] == ["switch"]
    laboratory.passes("1h")
    laboratory.wishes, wishes = (), laboratory.wishes
    laboratory.apply()
    laboratory.wishes = wishes
    assert differences(laboratory, plan) == []
    applied(laboratory, plan)
    assert laboratory.rrsets[MX].values == (NEW,)


def test_a_time_zone_for_showing_times_is_no_difference() -> None:
    """The file does not keep it."""
    laboratory = Laboratory(cutover=Cutover(timezone="Asia/Tokyo"))
    assert differences(laboratory, saved(laboratory)) == []


def test_a_window_that_has_closed_since_refuses() -> None:
    """The switch was due when reviewed, and no longer is: nothing is done, and it is said."""
    laboratory = Laboratory(cutover=Cutover(window=parse("Sun 00:00-12:00")))
    laboratory.apply()
    laboratory.passes("7d")
    plan = saved(laboratory)
    assert [s.name for s in _only(plan).stages if s.state == "due"] == ["switch"]
    laboratory.passes("12h")
    assert differences(laboratory, plan) == []
    outcome = applied(laboratory, plan)
    assert outcome.state == "refused"
    assert outcome.messages == ("what the saved plan would do is no longer due; plan again",)
    assert laboratory.rrsets[MX].values == (OLD,)


def test_a_plan_with_nothing_due_is_carried_out_by_doing_nothing() -> None:
    """A plan that only waits is no error to apply."""
    laboratory = Laboratory()
    laboratory.apply()
    plan = saved(laboratory)
    writes = len(laboratory.writes)
    assert applied(laboratory, plan).state == "waiting"
    laboratory.passes("2d")
    outcome = applied(laboratory, plan)
    assert outcome.state == "waiting"
    assert outcome.messages == (
        "stage switch is not what was reviewed: it is left; look at the plan again",
    )
    assert len(laboratory.writes) == writes


def test_what_came_due_since_the_review_is_left() -> None:
    """Of two changes that are due now, only the reviewed one is made."""
    dmarc = wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none")
    laboratory = Laboratory(wishes=(dmarc,))
    plan = saved(laboratory)
    laboratory.wishes = (dmarc, spf("v=spf1 include:_spf.old.example ?all"))
    outcome = applied(laboratory, plan)
    assert outcome.state == "refused"
    assert not laboratory.writes
