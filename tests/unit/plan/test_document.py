from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest

from mailsync.errors import MailsyncError
from mailsync.plan import document
from mailsync.plan.document import SIZE_LIMIT, from_json, to_json
from mailsync.plan.model import Hold, Plan, Stage
from tests.unit.report.samples import CONVERGED, NOW, PLANS, STAGED

SCHEMA = json.loads((Path(__file__).parents[2] / "fixtures" / "plan.schema.json").read_text())


def in_utc(plan: Plan) -> Plan:
    """Give the plan as it is read: without the domains' time zones."""
    return replace(plan, domains=tuple(replace(d, timezone="UTC") for d in plan.domains))


def sealed(data: dict[str, Any]) -> str:
    """Write a document with a digest that fits it, as a forger would."""
    data.pop("digest", None)
    return json.dumps({**data, "digest": document._digest(data)})


def forged(change: Callable[[dict[str, Any]], object]) -> str:
    """Change a plan's document, and make the digest fit."""
    data = json.loads(to_json(PLANS["staged"]))
    change(data)
    return sealed(data)


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_is_as_the_schema_says(name: str) -> None:
    """The JSON of every sample fits the strict schema."""
    if name != "hostile":  # its names are none
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(to_json(PLANS[name])))


def test_the_schema_is_strict() -> None:
    """The schema itself is valid, and takes no key that design does not name."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = {**json.loads(to_json(PLANS["staged"])), "more": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(data)


@pytest.mark.parametrize("name", [name for name in PLANS if name != "hostile"])
def test_a_plan_comes_back(name: str) -> None:
    """Reading gives the plan that was written, time zone aside."""
    assert from_json(to_json(PLANS[name])) == in_utc(PLANS[name])


def test_the_keys_come_in_order() -> None:
    """The document's keys stand in the order of the design, the digest last."""
    data = json.loads(to_json(PLANS["staged"]))
    assert list(data) == ["format", "created", "domains", "summary", "digest"]
    assert list(data["domains"][0]["stages"][0]["changes"][0]) == [
        "action",
        "name",
        "type",
        "before",
        "after",
        "why",
    ]


def test_times_are_rounded_up() -> None:
    """A part of a second is rounded up, in UTC: what waits never runs too early."""
    tokyo = timezone(timedelta(hours=9))
    late = datetime(2026, 12, 5, 22, 0, 59, 1, tzinfo=tokyo)
    stage = Stage("switch", "held", late, (Hold(late, "r", ""),))
    domain = replace(STAGED, stages=(stage,), old_service_until=late)
    data = json.loads(to_json(Plan(NOW, (domain,))))["domains"][0]
    assert data["stages"][0]["not_before"] == "2026-12-05T13:01:00Z"
    assert data["stages"][0]["holds"][0]["until"] == "2026-12-05T13:01:00Z"
    assert data["old_service_until"] == "2026-12-05T13:01:00Z"


def test_the_text_is_utf8_and_harmless() -> None:
    """Letters stay as they are; what prints nothing, and lone surrogates, are escaped."""
    text = to_json(Plan(NOW, (replace(CONVERGED, targets=("Σ\x1b\x9b\u202e\udc80",)),)))
    assert "Σ\\u001b\\u009b\\u202e\\udc80" in text
    assert text.encode()
    assert from_json(text).domains[0].targets == ("Σ\x1b\x9b\u202e\udc80",)


def test_layout_does_not_matter() -> None:
    """A plan that a tool has laid out anew is still the same plan."""
    text = to_json(PLANS["staged"])
    assert from_json(json.dumps(json.loads(text), sort_keys=True)) == from_json(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON from line 1, column 1 on"),
        (to_json(PLANS["staged"])[:-20], "no JSON from line"),
        ("[" * 200_000, "too deeply nested"),
        ('{"a": 1, "a": 2}', "a key comes twice"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": ' + "9" * 5000 + "}", "this is no plan"),
        ("[]", "not an object"),
        ("{}", "this is no plan of mailsync"),
        ('{"format": "mailsync-status/1"}', "this is no plan of mailsync"),
        ('{"format": "mailsync-plan/2"}', "made by another version of mailsync (mailsync-plan/2,"),
        ('{"format": "mailsync-plan/1"}', "altered after mailsync wrote it"),
        (to_json(PLANS["staged"]).replace("86400", "8640"), "altered after mailsync wrote it"),
        (" " * (SIZE_LIMIT + 1), "longer than 64 MiB"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, words: str) -> None:
    """A file that is cut off, altered, too long or something else is refused in one line."""
    with pytest.raises(MailsyncError) as caught:
        from_json(text, where="plan.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("plan.json: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(more=1), "plan is no object of format, created"),
        (lambda d: d.update(domains={}), "plan.domains is no list"),
        (lambda d: d.update(created=5), "plan.created is no text"),
        (lambda d: d.update(created="2026-13-01T00:00:00Z"), "plan.created is no time"),
        (lambda d: d.update(created="2026-12-01"), "plan.created is no time"),
        (lambda d: d.update(created="٢٠٢٦-12-01T00:00:00Z"), "plan.created is no time"),
        (lambda d: d["summary"].update(due=7), "plan contradicts itself"),
        (lambda d: d["domains"][0].update(domain="example.jp."), "domains[0].domain is no domain"),
        (lambda d: d["domains"][0].update(zone="a b"), "domains[0].zone is no domain name"),
        (lambda d: d["domains"][0].update(zone="a." * 9999), "domains[0].zone is no domain name"),
        (lambda d: d["domains"][0].update(status="fine"), "status is none of converged"),
        (lambda d: first(d).update(action="delete"), "plan contradicts itself"),
        (lambda d: first(d).update(before=None, after=None), "changes[0] changes nothing"),
        (lambda d: first(d)["before"].update(ttl=True), "before.ttl is no TTL"),
        (lambda d: first(d)["before"].update(ttl=-1), "before.ttl is no TTL"),
        (lambda d: first(d)["before"].update(ttl=2**31), "before.ttl is no TTL"),
        (lambda d: first(d)["before"].update(values=[]), "before.values is empty"),
        (lambda d: first(d)["before"].update(values=["b", "a"]), "plan contradicts itself"),
    ],
)
def test_a_forged_plan_is_refused(change: Callable[[dict[str, Any]], object], words: str) -> None:
    """A document whose digest fits, but which mailsync would not write, is refused with where."""
    with pytest.raises(MailsyncError) as caught:
        from_json(forged(change))
    assert words in str(caught.value)
    assert "made by another version" in str(caught.value)


def first(data: dict[str, Any]) -> dict[str, Any]:
    """Give the first change of a document."""
    change: dict[str, Any] = data["domains"][0]["stages"][0]["changes"][0]
    return change


def test_created_is_utc() -> None:
    """Times that were read are aware, in UTC."""
    assert from_json(to_json(PLANS["staged"])).created.tzinfo is UTC
