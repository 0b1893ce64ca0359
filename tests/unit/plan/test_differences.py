from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailsync.dns.rrset import RRset
from mailsync.lint.model import Finding
from mailsync.plan.differences import differences
from mailsync.plan.model import Change, DomainPlan, Gate, Hold, Plan, Stage
from tests.unit.report.samples import CONVERGED, ERROR, NOW, PLANS, STAGED, SWITCH_AT

LATER = NOW + timedelta(hours=1)
A, B, C = "10 a.", "10 b.", "10 c."


def mx(*values: str, ttl: int = 300) -> RRset:
    """Build the MX RRset."""
    return RRset("example.jp.", "MX", ttl, values)


def planned(*stages: Stage, **more: object) -> Plan:
    """Build a plan of one domain."""
    domain = DomainPlan("example.jp", "example.jp", ("bind",), "changes", stages)
    return Plan(NOW, (replace(domain, **more),))  # type: ignore[arg-type]


def stage(before: RRset | None, after: RRset | None, **more: object) -> Stage:
    """Build a switch of the MX RRset."""
    one = Stage("switch", "due", NOW, changes=(Change(before, after, "why"),))
    return replace(one, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_does_not_differ_from_itself(name: str) -> None:
    """The same plan has no differences."""
    assert differences(PLANS[name], PLANS[name]) == []


@pytest.mark.parametrize(
    ("saved", "now", "text"),
    [
        ((mx(A), mx(B)), (mx(A, C), mx(B)), "10 c. was added after the plan was made"),
        ((mx(A, C), mx(B)), (mx(A), mx(B)), "10 c. was removed after the plan was made"),
        ((mx(A), mx(B)), (mx(C), mx(B)), "the plan was made from 10 a., now 10 c."),
        ((mx(A), mx(B)), (mx(A, ttl=60), mx(B)), "the plan was made from TTL 300, now TTL 60"),
        (
            (mx(A), mx(B)),
            (mx(C, ttl=60), mx(B)),
            "the plan was made from TTL 300, 10 a., now TTL 60, 10 c.",
        ),
        ((None, mx(B)), (mx(C), mx(B)), "the plan was made from nothing, now TTL 300, 10 c."),
        ((mx(A), mx(B)), (None, mx(B)), "the plan was made from TTL 300, 10 a., now nothing"),
        ((mx(A), mx(B)), (mx(A), mx(C)), "stage switch was to leave 10 b., now 10 c."),
        ((mx(A), mx(B)), (mx(A), mx(B, C)), "stage switch was to leave no 10 c., now 10 c."),
        ((mx(A), mx(B)), (mx(A), None), "stage switch was to leave TTL 300, 10 b., now nothing"),
        ((mx(A), mx(B, ttl=60)), (mx(A), mx(B)), "stage switch was to leave TTL 60, now TTL 300"),
    ],
)
def test_records_that_differ(
    saved: tuple[RRset | None, RRset | None], now: tuple[RRset | None, RRset | None], text: str
) -> None:
    """A record that is not as it was, or would not become what was reviewed, is told."""
    lines = differences(planned(stage(*saved)), planned(stage(*now)))
    assert lines == [f"example.jp: example.jp. MX: {text}"]


def test_a_difference_is_told_once() -> None:
    """What later stages repeat of an RRset is not told again."""
    saved = planned(stage(mx(A), mx(B)), stage(mx(B), mx(C), name="settle"))
    now = planned(stage(mx(A, C), mx(B, C)), stage(mx(B, C), mx(C), name="settle"))
    assert len(differences(saved, now)) == 1


def test_changes_that_come_and_go() -> None:
    """A stage that changes more or fewer RRsets than was reviewed is told."""
    one = stage(mx(A), mx(B))
    assert differences(planned(one), planned()) == [
        "example.jp: example.jp. MX: stage switch no longer changes it"
    ]
    assert differences(planned(), planned(one)) == [
        "example.jp: example.jp. MX: stage switch now changes it too"
    ]


def test_domains_that_come_and_go() -> None:
    """A domain that is new or gone is told."""
    assert differences(Plan(NOW, (STAGED,)), Plan(NOW, (CONVERGED,))) == [
        "example.org: the domain is new",
        "example.co.jp: the domain is gone",
    ]


def test_another_zone_or_dns_host() -> None:
    """A domain that is served elsewhere than was reviewed is told."""
    lines = differences(planned(), planned(zone="jp", targets=("knot", "nsd")))
    assert lines == [
        "example.jp: the plan was made for the zone example.jp, now it is jp",
        "example.jp: the plan was made for the DNS host bind, now it is knot, nsd",
    ]


def test_a_new_error() -> None:
    """An error that the reviewed plan did not have is told; warnings are not."""
    warning = Finding("w", "warning", "a warning", "")
    now = planned(status="error", findings=(*ERROR.findings, warning))
    (line,) = differences(planned(), now)
    assert line.startswith("example.jp: now an error: the old service ends at")


def test_a_stage_that_is_no_longer_due() -> None:
    """A stage that must wait again is told, with the last hold; or with its time alone."""
    due = stage(mx(A), mx(B))
    late = Hold(SWITCH_AT, "the window opens", "example.jp. MX")
    held = replace(due, state="held", not_before=SWITCH_AT, holds=(Hold(LATER, "x", ""), late))
    assert differences(planned(due), planned(held)) == [
        (
            "example.jp: stage switch is no longer due: example.jp. MX the window opens"
            " (2026-12-05 13:00:00 UTC)"
        )
    ]
    bare = replace(held, holds=())
    (line,) = differences(planned(due), planned(bare))
    assert line.endswith("no longer due: not before 2026-12-05 13:00:00 UTC")


def test_a_stage_is_told_once() -> None:
    """A stage of many changes is told once."""
    key = RRset("mx.example.jp.", "A", 60, ("192.0.2.1",))
    changes = (Change(mx(A), mx(B), ""), Change(None, key, ""))
    due = Stage("switch", "due", NOW, changes=changes)
    held = replace(due, state="held", not_before=SWITCH_AT)
    assert len(differences(planned(due), planned(held))) == 1
    assert len(differences(planned(held), planned(due))) == 1


def test_time_passing_is_no_difference() -> None:
    """A stage that has become due when the plan said it would is as reviewed; earlier is not."""
    held = stage(mx(A), mx(B), state="held", not_before=LATER)
    due = stage(mx(A), mx(B), not_before=LATER)
    assert differences(planned(held), replace(planned(due), created=LATER)) == []
    assert differences(planned(held), planned(due)) == [
        "example.jp: stage switch is due already; the plan said 2026-11-22 04:00:00 UTC"
    ]


def test_dates_that_differ_as_of_the_same_time() -> None:
    """Other dates as of the same time come from other files or records; later they only drift."""
    held = stage(mx(A), mx(B), state="held", not_before=LATER)
    longer = planned(replace(held, not_before=SWITCH_AT))
    assert differences(planned(held), longer) == [
        (
            "example.jp: stage switch was to wait until 2026-11-22 04:00:00 UTC,"
            " now until 2026-12-05 13:00:00 UTC"
        )
    ]
    assert differences(planned(held), replace(longer, created=LATER)) == []
    kept = planned(held, old_service_until=SWITCH_AT)
    assert differences(planned(held), kept) == [
        "example.jp: the old service was to stay until no time, now until 2026-12-05 13:00:00 UTC"
    ]


def test_a_gate_that_fails_now() -> None:
    """A gate that did not fail when the plan was reviewed, and fails now, is told once."""
    closed = stage(mx(A), mx(B), gates=(Gate("smtp", "fail", "451\x1b[2J"),))
    opened = stage(mx(A), mx(B), gates=(Gate("smtp", "unknown", ""),))
    again = replace(closed, name="settle", changes=())
    assert differences(planned(opened), planned(closed, again)) == [
        "example.jp: gate smtp of stage switch now fails: 451\\x1b[2J"
    ]
    assert differences(planned(closed), planned(closed)) == []


def test_parts_of_a_second_are_no_difference() -> None:
    """A saved plan holds whole seconds; the plan that it is compared with may hold parts."""
    exact = LATER - timedelta(microseconds=7)
    saved = planned(stage(mx(A), mx(B), state="held", not_before=LATER), old_service_until=LATER)
    now = planned(stage(mx(A), mx(B), state="held", not_before=exact), old_service_until=exact)
    assert differences(saved, now) == []
