"""Plans of any shape: through JSON and back, and drawn without harm."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailsync.dns.rrset import RRset
from mailsync.errors import MailsyncError
from mailsync.lint.model import Finding, Severity
from mailsync.plan.differences import differences
from mailsync.plan.document import from_json, to_json
from mailsync.plan.model import (
    Change,
    DomainPlan,
    Gate,
    GateState,
    Hold,
    Plan,
    Stage,
    StageName,
    StageState,
    Status,
)
from mailsync.report.markdown import plan_markdown
from mailsync.report.status import DomainStatus, Visible, status_json, status_text
from mailsync.report.text import plan_text
from mailsync.report.values import shortened
from tests.unit.report.samples import HOSTILE_TEXT
from tests.unit.report.test_markdown import foreign_html

_NASTY = st.sampled_from(
    [HOSTILE_TEXT, "`", "```", "~~~", "|", "<b>", "</details>", "\x1b[2J", "\u202e", "\u2028", "\n"]
)
TEXTS = st.one_of(st.text(max_size=30), _NASTY, st.tuples(_NASTY, _NASTY).map("".join))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001  # made aware
    lambda time: time.replace(tzinfo=UTC, microsecond=0)
)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,9}(\.[a-z]{2,6}){1,2}", fullmatch=True)


def one_of(literal: Any) -> st.SearchStrategy[Any]:
    """Draw one of a literal type's values."""
    return st.sampled_from(get_args(literal))


def tuples(strategy: st.SearchStrategy[Any], size: int = 2) -> st.SearchStrategy[Any]:
    """Draw a short tuple."""
    return st.lists(strategy, max_size=size).map(tuple)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Draw a change of an RRset, creation and removal included."""
    name, rdtype = draw(TEXTS), draw(TEXTS)
    versions = st.builds(
        RRset,
        st.just(name),
        st.just(rdtype),
        st.integers(0, 2**31 - 1),
        st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    )
    before, after = draw(st.none() | versions), draw(st.none() | versions)
    assume(before is not None or after is not None)
    return Change(before, after, draw(TEXTS))


STAGES = st.builds(
    Stage,
    one_of(StageName),
    one_of(StageState),
    TIMES,
    tuples(st.builds(Hold, TIMES, TEXTS, TEXTS)),
    tuples(st.builds(Gate, TEXTS, one_of(GateState), TEXTS)),
    tuples(changes()),
)
DOMAINS = st.builds(
    DomainPlan,
    NAMES,
    NAMES,
    tuples(TEXTS),
    one_of(Status),
    tuples(STAGES),
    st.none() | TIMES,
    tuples(st.builds(Finding, TEXTS, one_of(Severity), TEXTS, TEXTS)),
)
PLANS = st.builds(Plan, TIMES, tuples(DOMAINS))


def steers(text: str) -> bool:
    """Tell whether a text holds anything but printable characters and line ends."""
    return not text.replace("\n", "").isprintable()


@given(PLANS)
def test_a_plan_comes_back_from_its_json(plan: Plan) -> None:
    """Whatever a plan holds, its JSON gives it back, and the same bytes again."""
    text = to_json(plan)
    assert from_json(text) == plan
    assert to_json(from_json(text)) == text


@given(PLANS, st.data())
def test_no_member_can_be_altered_unseen(plan: Plan, data: st.DataObject) -> None:
    """Altering any one value of the JSON is found out."""
    document = json.loads(to_json(plan))
    where: Any = document
    while True:
        keys = range(len(where)) if isinstance(where, list) else sorted(where)
        assume(len(keys) > 0)
        key = data.draw(st.sampled_from(keys))
        if not isinstance(where[key], dict | list) or not where[key]:
            break
        where = where[key]
    where[key] = "altered" if where[key] != "altered" else "again"
    with pytest.raises(MailsyncError):
        from_json(json.dumps(document))


@given(DOMAINS, DOMAINS, TIMES)
def test_every_field_is_in_the_digest(
    domain: DomainPlan, other: DomainPlan, time: datetime
) -> None:
    """Two plans have the same digest only if they are the same, time zone aside."""
    digest = json.loads(to_json(Plan(time, (domain,))))["digest"]
    for field in fields(DomainPlan):
        if field.name == "timezone":
            continue
        value = getattr(other, field.name)
        changed = replace(domain, **{field.name: value})
        same = json.loads(to_json(Plan(time, (changed,))))["digest"] == digest
        assert same == (changed == domain)


@given(PLANS, st.booleans(), st.integers(0, 200))
def test_text_cannot_steer_the_terminal(plan: Plan, colour: bool, width: int) -> None:
    """Text holds no control character but mailsync's own colours, and only when asked."""
    text = plan_text(plan, colour=colour, width=width)
    assert not steers(re.sub(r"\x1b\[(0|1|1;33|3[1236]|90)m", "", text) if colour else text)
    statuses = [
        DomainStatus(d, tuple(Visible(c.key, c.after) for s in d.stages for c in s.changes))
        for d in plan.domains
    ]
    assert not steers(status_text(statuses, now=plan.created, colour=False, width=width))
    assert not steers(status_json(statuses, now=plan.created) + to_json(plan))


@given(PLANS, st.integers(2000, 20_000))
def test_markdown_is_bounded_and_harmless(plan: Plan, limit: int) -> None:
    """Markdown never exceeds its limit, and nothing foreign in it is HTML, a link or a control."""
    text = plan_markdown(plan, limit=limit)
    assert len(text.encode()) <= limit
    assert not steers(text)
    assert text.count("<details><summary>") <= text.count("</details>")
    assert foreign_html(text) == []


@given(PLANS, PLANS)
def test_differences_are_lines(saved: Plan, now: Plan) -> None:
    """Differences are printable lines, and a plan has none to itself."""
    assert not any(steers(line) or "\n" in line for line in differences(saved, now))
    names = [domain.domain for domain in saved.domains]
    if len(set(names)) == len(names):
        assert differences(saved, saved) == []


@given(st.lists(st.from_regex(r'"p=[AB]{90,110}"', fullmatch=True), max_size=6))
def test_shortened_values_stay_apart(values: list[str]) -> None:
    """Different values are never shown alike."""
    short = shortened(values)
    assert len(set(short.values())) == len(set(values))
