from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from mailsync.dns.rrset import RRset, txt_value
from mailsync.lint.model import Finding
from mailsync.plan.model import Change, DomainPlan, Gate, Hold, Plan, Stage
from mailsync.report.page import Page, cells, together
from mailsync.report.text import plan_text
from tests.unit.report.samples import CONVERGED, ERROR, NOW, PARKED, PLANS, STAGED, WAITING

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text_of(*domains: DomainPlan, width: int = 100) -> str:
    """Draw domains, plain."""
    return plan_text(Plan(NOW, domains), colour=False, width=width)


def one_stage(stage: Stage) -> DomainPlan:
    """Build a domain of one stage."""
    return DomainPlan("example.jp", "example.jp", ("bind",), "waiting", (stage,))


def test_the_old_service_comes_first() -> None:
    """Until when the old service must stay stands right under the domain's name."""
    lines = text_of(STAGED).splitlines()
    heading = next(i for i, line in enumerate(lines) if "example.co.jp → cloudflare" in line)
    assert (
        "The old service must keep accepting mail until Sat 2026-12-05 22:10 JST"
        in lines[heading + 1]
    )


def test_the_old_service_may_stay_longer_before_the_switch() -> None:
    """As long as the switch has not run, the date is said to be the earliest."""
    assert "longer if the switch runs later" in " ".join(text_of(STAGED).split("\n  ┃ "))
    after = replace(STAGED, stages=STAGED.stages[2:])
    assert "longer" not in text_of(after)


def test_the_old_service_is_let_go() -> None:
    """A date that has passed is said to have passed, and not at all once all is done."""
    past = replace(WAITING, old_service_until=NOW - timedelta(minutes=5))
    assert "it is no longer needed" in text_of(past)
    assert "old service" not in text_of(replace(past, status="converged"))


def test_a_converged_domain_is_one_line() -> None:
    """A domain with nothing to do or say takes one line."""
    text = text_of(CONVERGED, replace(CONVERGED, domain="example.com"))
    assert "✓ example.org → cloudflare, bind: converged\n✓ example.com" in text


def test_a_domain_without_targets_has_no_arrow() -> None:
    """Where no DNS host is known, none is shown."""
    assert "✗ news.example.jp: error" in text_of(replace(ERROR, targets=()))


@pytest.mark.parametrize("name", PLANS)
def test_colours_change_no_text(name: str) -> None:
    """The coloured text without its colours is the plain text."""
    coloured = plan_text(PLANS[name], colour=True, width=80)
    assert _ANSI.sub("", coloured) == plan_text(PLANS[name], colour=False, width=80)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("width", [40, 57, 80, 132])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    """Every line fits the width, and none ends in a space."""
    for line in plan_text(PLANS[name], colour=False, width=width).splitlines():
        assert cells(line) <= width
        assert line == line.rstrip()


def test_wide_characters_take_two_cells() -> None:
    """Japanese text is wrapped where it fills the line, between any two characters."""
    page = Page(colour=False, width=40)
    page.put(0, ("plain", "メール" * 10))
    assert [cells(line) for line in page.text().splitlines()] == [40, 20]


def test_accents_take_no_cell() -> None:
    """A combining accent adds no width."""
    assert cells("e\u0301") == 1


def test_short_texts_stay_together() -> None:
    """An RRset's name and type are not parted by a line's end."""
    page = Page(colour=False, width=40)
    page.put(0, ("plain", "x" * 30 + " "), ("plain", together("example.jp. MX")))
    assert page.text() == "x" * 30 + "\nexample.jp. MX\n"


def test_a_word_longer_than_the_line_is_cut() -> None:
    """A word that fits no line is continued below, nothing of it lost."""
    page = Page(colour=False, width=40)
    page.put(4, ("plain", "y" * 100), hang=4)
    lines = page.text().splitlines()
    assert max(map(len, lines)) <= 40
    assert "".join(line.strip() for line in lines) == "y" * 100


def test_unchanged_values_are_named_or_counted() -> None:
    """Few values that stay are named; many are counted."""
    long = tuple(txt_value(f"foreign value number {i} that nobody asked about") for i in range(3))

    def staying(*values: str) -> str:
        before = RRset("example.jp.", "TXT", 60, (*values, '"a"'))
        after = RRset("example.jp.", "TXT", 60, (*values, '"b"'))
        return text_of(
            one_stage(Stage("prepare", "due", NOW, changes=(Change(before, after, ""),)))
        )

    assert '= "kept"' in staying('"kept"')
    assert "= 3 values stay" in staying(*long)
    assert "= 1 value stays" in staying(txt_value("x" * 90))
    assert "why:" not in staying('"kept"')


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage("switch", "held", NOW), "switch   waits\n"),
        (
            Stage("switch", "due", NOW, gates=(Gate("smtp", "fail", ""),)),
            "waits for a gate to pass",
        ),
        (Stage("switch", "due", NOW, gates=(Gate("smtp", "fail", ""),)), "✗ gate smtp\n"),
        (Stage("switch", "done", NOW), "switch   done\n"),
        (Stage("switch", "held", NOW, (Hold(NOW, "a reason", ""),)), ": a reason\n"),
    ],
)
def test_a_stage_says_how_it_stands(stage: Stage, words: str) -> None:
    """A stage without a date, or with a closed gate, says what it waits for."""
    assert words in text_of(one_stage(stage))


def test_what_to_do_next() -> None:
    """The last line says what to do: apply, come back, mend, or nothing."""
    undated = one_stage(Stage("switch", "held", NOW))
    assert text_of(PARKED).endswith("`mailsync apply` carries out what is due.\n")
    assert "Nothing is due until Sun 2026-11-22 13:06 JST" in text_of(WAITING)
    assert "what waits has no time yet" in text_of(undated)
    assert "until they are mended" in text_of(ERROR)
    assert "Nothing to do: the zones are as the files say." in text_of(CONVERGED)
    assert text_of().endswith("No domains: nothing to plan.\n")


def test_findings_without_a_place() -> None:
    """A finding that is about no place shows its id alone."""
    domain = replace(CONVERGED, findings=(Finding("some-id", "info", "note", ""),))
    assert "info note (some-id)" in text_of(domain)
