from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from markdown_it import MarkdownIt

from mailsync.dns.rrset import RRset
from mailsync.plan.model import Change, Plan, Stage
from mailsync.report.markdown import COMMENT_LIMIT, cell, code, plan_markdown
from tests.unit.report.samples import CONVERGED, ERROR, HOSTILE, NOW, PLANS, STAGED, WAITING

_OURS = {"</details>", "<details>", "<summary>", "</summary>"}


def foreign_html(markdown: str) -> list[str]:
    """Give all HTML that a CommonMark parser with tables and links sees and we did not write."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = [t for token in parser.parse(markdown) for t in (token, *(token.children or ()))]
    found = [t.content.strip() for t in tokens if t.type in {"html_block", "html_inline"}]
    found += [t.type for t in tokens if t.type in {"link_open", "image"}]
    return [
        text
        for text in found
        if text != "</details>"
        and not text.startswith("<details><summary>")
        and text.count("<") != 3
    ]


def many(number: int) -> Plan:
    """Build a plan of many domains, one of them with an error."""
    domains = [replace(STAGED, domain=f"d{i:05}.example.co.jp") for i in range(number)]
    return Plan(NOW, (*domains, replace(ERROR, domain="broken.example")))


@pytest.mark.parametrize("name", PLANS)
def test_nothing_foreign_is_html(name: str) -> None:
    """A CommonMark parser finds no HTML, link or image in a plan but mailsync's own."""
    assert foreign_html(plan_markdown(PLANS[name])) == []


@pytest.mark.parametrize("text", ["a", "`", "``a`", " a ", "a`b``c", "", "  ", "a|b", "\\", "@a"])
def test_a_code_span_holds_any_text(text: str) -> None:
    """A code span shows the text as it is, whatever backticks it holds."""
    (paragraph,) = (
        t for t in MarkdownIt("commonmark").parse(f"x {code(text)} y") if t.type == "inline"
    )
    spans = [child.content for child in paragraph.children or () if child.type == "code_inline"]
    assert [span.strip() for span in spans] == [text.strip()]


def test_a_cell_is_one_cell() -> None:
    """A pipe in a table's cell does not begin another one."""
    assert cell("a|b") == "`a\\x7cb`"


def test_the_table_keeps_its_columns() -> None:
    """Hostile names change nothing in the table's shape."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(plan_markdown(Plan(NOW, (HOSTILE,))))
    assert sum(token.type == "td_open" for token in tokens) == 3


def test_errors_come_first() -> None:
    """The most urgent domains come first, so that they are the last to be left out."""
    text = plan_markdown(Plan(NOW, (CONVERGED, WAITING, STAGED, ERROR)))
    places = [text.index(d.domain) for d in (ERROR, STAGED)]
    places += [text.index("`example.jp`"), text.index("`example.org`")]
    assert places[0] < places[1] < places[3]
    assert text.index("### ✗") < text.index("### ▶") < text.index("### ○") < text.index("\n✓")


def test_a_comment_is_never_too_long() -> None:
    """What does not fit is left out domain by domain, and counted; the errors are there."""
    text = plan_markdown(many(2000))
    assert len(text.encode()) <= COMMENT_LIMIT
    assert "2001 domains: 2000 due, 1 with errors" in text
    assert "`broken.example`" in text
    shown = text.count("### ▶")
    assert f"**{2000 - shown} domains left out here for want of room:**" in text
    assert text.count("<details>") == text.count("</details>")
    assert foreign_html(text) == []


def test_a_huge_domain_keeps_its_warning() -> None:
    """A domain whose changes do not fit still says until when the old service must stay."""
    values = tuple(f"10 mx{i}.example." for i in range(9000))
    huge = Change(None, RRset("example.co.jp.", "MX", 60, values), "huge")
    domain = replace(STAGED, stages=(Stage("prepare", "due", NOW, changes=(huge,)),))
    text = plan_markdown(Plan(NOW, (domain,)))
    assert "The old service must keep accepting mail" in text
    assert "mx1.example." not in text


def test_the_limit_can_be_lowered() -> None:
    """A caller that adds text of its own gets less."""
    assert len(plan_markdown(many(50), limit=5000).encode()) <= 5000


def test_many_rrsets_are_counted_in_the_table() -> None:
    """A stage that changes many RRsets names how many; the details name them all."""
    changes = tuple(
        Change(None, RRset(f"h{i}.example.jp.", "A", 60, ("192.0.2.1",)), "") for i in range(5)
    )
    domain = replace(WAITING, stages=(Stage("prepare", "due", NOW, changes=changes),))
    text = plan_markdown(Plan(NOW, (domain,)))
    assert "| due now | 5 RRsets |" in text
    assert "@@ create h4.example.jp. A @@" in text


def test_the_old_service_that_may_go() -> None:
    """A date that has passed is said plainly, without the alert."""
    text = plan_markdown(Plan(NOW, (replace(WAITING, old_service_until=NOW - timedelta(days=1)),)))
    assert "it is no longer needed" in text
    assert "IMPORTANT" not in text
    assert "\nNo domains: nothing" not in text
