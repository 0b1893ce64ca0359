"""What lint found, in each of its forms; `golden` says how to make them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest

from mailsync.desired.model import Place
from mailsync.lint.judge import Judgement
from mailsync.lint.model import Finding, Severity
from mailsync.lint.registry import RULES, rule
from mailsync.report.findings import (
    Lint,
    lint_json,
    lint_text,
    rule_text,
    rules_json,
    rules_text,
)
from mailsync.report.sarif import lint_sarif
from mailsync.report.workflow import annotation, lint_annotations
from tests.unit.report.golden import agrees

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "lint" / "sarif.schema.json").read_text()
)
"""What of SARIF 2.1.0 holds for the objects that are written here (no others are)."""


def judgement(
    id_: str, severity: Severity, message: str, place: Place, *, acknowledged: bool = False
) -> Judgement:
    """Make a finding of example.jp."""
    return Judgement("example.jp", Finding(id_, severity, message, str(place)), place, acknowledged)


FOUND = Lint(
    (
        judgement(
            "mx-mixed-services",
            "error",
            "the MX of example.jp belong to Microsoft 365 and servers of your own",
            Place("zones/example.jp.yaml", 3, 5),
        ),
        judgement(
            "mx-points-to-apex",
            "warning",
            "the MX of example.jp is example.jp itself",
            Place("zones/example.jp.yaml", 3, 5),
            acknowledged=True,
        ),
        judgement(
            "semicolon",
            "error",
            "'v=spf1; \x1b[31m%0A::error::-all' has a semicolon",
            Place("zones/例, 1%.yaml", 10, 2),
        ),
        judgement("spf-ptr", "warning", "'ptr'", Place("zones/例, 1%.yaml", 10, 2)),
        judgement("octodns-root-cname", "info", "octoDNS\u202e says", Place("z.yaml", 1, 1)),
    ),
    3,
)
CLEAN = Lint((), 1, online=True)


def test_text_is_as_reviewed() -> None:
    """A line for each finding, which editors can follow, and what they come to."""
    assert agrees("../lint/found.txt", lint_text(FOUND, colour=False, width=60))
    assert agrees("../lint/found.ansi", lint_text(FOUND, colour=True, width=60))
    assert agrees("../lint/clean.txt", lint_text(CLEAN, colour=False, width=60))


def test_json_is_as_reviewed() -> None:
    """The JSON holds all that is told, in the same order, byte for byte."""
    assert agrees("../lint/found.json", lint_json(FOUND))
    assert json.loads(lint_json(CLEAN))["findings"] == []


def test_annotations_are_as_reviewed() -> None:
    """Each finding that counts is one command, from whose text nothing escapes."""
    assert agrees("../lint/found.github", lint_annotations(FOUND))
    assert lint_annotations(CLEAN) == ""


def test_annotations_are_escaped() -> None:
    """A message ends its command, a property its property."""
    written = annotation("error", "50%\n::warning::x", {"title": "a:b,c%", "file": "x\r\ny"})
    assert written == r"::error title=a%3Ab%2Cc%25,file=x%0D%0Ay::50%25\n::warning::x"


@pytest.mark.parametrize("lint", [FOUND, CLEAN], ids=["found", "clean"])
def test_sarif_is_valid(lint: Lint) -> None:
    """It holds what SARIF 2.1.0 asks for, and nothing that it does not know."""
    document = json.loads(lint_sarif(lint, "1.2.3"))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_sarif_is_as_reviewed() -> None:
    """The SARIF is what it was when it was last looked at."""
    assert agrees("../lint/found.sarif", lint_sarif(FOUND, "1.2.3"))


def test_sarif_refers_to_rules_that_it_describes() -> None:
    """Every result's index leads to its own rule; accepted findings are suppressed, no others."""
    (run,) = json.loads(lint_sarif(FOUND, "1"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result, one in zip(run["results"], FOUND.judgements, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == one.finding.id
        assert ("suppressions" in result) == one.acknowledged
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_sarif_knows_a_finding_again_when_lines_move() -> None:
    """The fingerprint is of what is found, not of the line on which it stands."""

    def print_of(place: Place, message: str) -> str:
        lint = Lint((judgement("spf-ptr", "warning", message, place),), 1)
        (run,) = json.loads(lint_sarif(lint, "1"))["runs"]
        found = run["results"][0]["partialFingerprints"]["mailsyncFinding/v1"]
        assert isinstance(found, str)
        return found

    one = print_of(Place("z.yaml", 3, 5), "'ptr'")
    assert one == print_of(Place("z.yaml", 30, 2), "'ptr'")
    assert one != print_of(Place("z.yaml", 3, 5), "'ptr:a.example'")


def test_acknowledged_findings_do_not_count() -> None:
    """They are counted apart, and nobody is sent to their rule's story."""
    assert (FOUND.count("error"), FOUND.count("warning"), FOUND.acknowledged) == (2, 1, 1)
    alone = Lint((FOUND.judgements[1],), 1)
    assert "1 domain: 1 acknowledged" in lint_text(alone, colour=False, width=80)
    assert "--explain" not in lint_text(alone, colour=False, width=80)


@pytest.mark.parametrize("id_", sorted(RULES))
def test_every_rule_tells_its_story(id_: str) -> None:
    """The story says what, why, how to fix it, who says so, who tells, and how to change it."""
    text = rule_text(rule(id_), width=80)
    found = rule(id_)
    flat = " ".join(text.split())
    assert text.startswith(f"{id_}: {found.severity}")
    for part in (found.what, found.why, found.fix, found.source, "Told by"):
        assert part in flat
    assert ("Accept" in flat) == (id_ not in {"file", "acknowledged-nothing"})
    assert max(map(len, text.splitlines())) <= 80


def test_stories_are_as_reviewed() -> None:
    """Two stories, one of a rule that the loader knows, are what they were."""
    assert agrees("../lint/story.txt", rule_text(rule("mx-mixed-services"), width=80))
    assert agrees("../lint/refused.txt", rule_text(rule("spf-lookups"), width=80))


def test_all_rules_are_listed() -> None:
    """The list names every rule once, by topic, and octoDNS' after them."""
    text = rules_text(("octodns-root-cname",))
    for id_ in (*RULES, "octodns-root-cname"):
        assert sum(line.split()[:1] == [id_] for line in text.splitlines()) == 1
    assert "octoDNS" not in rules_text()
    listed = json.loads(rules_json(("octodns-root-cname",)))
    assert [one["id"] for one in listed["rules"]] == list(RULES)
    assert listed["octodns"] == ["octodns-root-cname"]
