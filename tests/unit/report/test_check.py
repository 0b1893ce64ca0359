"""Reports of `mailsync check`: each form is written piece by piece, and nothing foreign acts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mailsync.observe.results import Checked, Observation, Summary, changed, gone
from mailsync.report.check import CheckText, Form, summary_line
from mailsync.report.check_html import CheckHtml
from mailsync.report.check_json import CheckJson
from mailsync.report.check_markdown import CheckMarkdown
from tests.unit.report.golden import CHECKS, agrees
from tests.unit.report.samples import HOSTILE_TEXT, NOW
from tests.unit.report.test_markdown import foreign_html

FAULT = Observation(
    "smtp",
    "smtp-open-relay",
    "fail",
    "mx1.example.com (192.0.2.1)",
    "takes mail from strangers for mailsync-probe@example.net",
    "error",
    "Restrict relaying to your own networks and authenticated users.",
)
WARNING = Observation(
    "dmarc", "dmarc-missing", "fail", "_dmarc.example.com", "there is none", "warning", "Write one."
)
REMARK = Observation("tls", "certificate-trust", "fail", "mx1", "self-signed", "info", "Use one.")
UNKNOWN = Observation("smtp", "smtp-accepts", "unknown", "postmaster@example.com", "greylisting")
GOOD = Observation("mx", "mx-missing", "pass", "example.com MX", "10 mx1.example.com; TTL 3600 s")
BAD = Checked("example.com", NOW, True, (GOOD, UNKNOWN, FAULT, WARNING, REMARK), ("DKIM: so",))
FINE = Checked("example.net", NOW, False, (GOOD,))
BROKEN = Checked("example.org", NOW, True, error="internal error (x): please report it")
HOSTILE = Checked(
    HOSTILE_TEXT,
    NOW,
    True,
    tuple(
        replace(one, subject=HOSTILE_TEXT, detail=HOSTILE_TEXT) for one in (FAULT, UNKNOWN, GOOD)
    ),
    (HOSTILE_TEXT,),
)
EVERY = (BAD, FINE, BROKEN, HOSTILE)


def plain(*, brief: bool = False) -> CheckText:
    """The text form, without colours."""
    return CheckText(colour=False, width=100, brief=brief)


def report(form: Form, domains: Sequence[Checked]) -> str:
    """Put a report together from its pieces."""
    summary, parts = Summary(), [form.head(NOW)]
    for checked in domains:
        parts.append(form.domain(checked))
        summary = summary.plus(checked)
    return "".join([*parts, form.foot(summary)])


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("every.txt", plain()),
        ("brief.txt", plain(brief=True)),
        ("every.ansi", CheckText(colour=True, width=72, brief=False)),
        ("every.json", CheckJson()),
        ("every.md", CheckMarkdown()),
        ("every.html", CheckHtml()),
    ],
)
def test_reports_are_as_reviewed(name: str, form: Form) -> None:
    """Each form is what it was when it was last looked at."""
    assert agrees(name, report(form, EVERY), CHECKS)


def test_json_is_one_document_however_many_domains() -> None:
    """None, one, several: written piece by piece, read as a whole."""
    for domains in ((), (BAD,), EVERY):
        found = json.loads(report(CheckJson(), domains))
        assert found["format"] == "mailsync-check/1"
        assert len(found["domains"]) == len(domains) == found["summary"]["domains"]
    found = json.loads(report(CheckJson(), EVERY))
    assert found["domains"][0]["observations"][2]["severity"] == "error"
    assert found["domains"][2]["error"].startswith("internal error")
    assert found["summary"] == {"domains": 4, "error": 3, "ok": 1}


def test_nothing_foreign_acts() -> None:
    """No escape for the terminal, no HTML in Markdown, no element of others in the page."""
    assert report(plain(), [HOSTILE]).replace("\n", "").isprintable()
    assert foreign_html(report(CheckMarkdown(), [HOSTILE])) == []

    found: set[str] = set()

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.add(tag)

    Elements().feed(report(CheckHtml(), [HOSTILE]))
    assert "section" in found
    assert not found & {"script", "img", "a", "details"}


def test_a_page_is_complete() -> None:
    """Every section, table and list that is opened is closed."""
    page = report(CheckHtml(), EVERY)
    for element in ("html", "body", "section", "table", "ul"):
        assert page.count(f"<{element}") == page.count(f"</{element}>") > 0


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to a form."""
    every = {f"every.{kind}" for kind in ("txt", "ansi", "json", "md", "html")}
    assert {path.name for path in CHECKS.iterdir()} == {*every, "brief.txt"}


def test_what_changed_is_told_alone() -> None:
    """New, otherwise than before, gone; and nothing where all is as it was."""
    after = replace(BAD, observations=(GOOD, replace(UNKNOWN, state="pass"), FAULT, REMARK))
    assert [one.id for one in changed(BAD, after)] == ["smtp-accepts"]
    assert gone(BAD, after) == (WARNING,)
    text = plain().changes(BAD, after)
    assert "✓ ok      smtp: postmaster@example.com" in text
    assert "- dmarc: _dmarc.example.com is no longer there" in text
    assert FAULT.detail not in text
    assert plain().changes(BAD, BAD) == ""
    assert plain().changes(BAD, replace(BAD, observations=(), error="lost")).count("✗ lost") == 1
    assert changed(None, BAD) == BAD.observations
    assert gone(None, BAD) == ()
    assert plain().changes(None, FINE).count("mx: example.com MX") == 1


def test_domains_are_counted_by_what_is_worst() -> None:
    """Of each and of all; one of which nothing could be seen is not known."""
    assert [checked.level for checked in EVERY] == ["error", "ok", "error", "error"]
    assert Checked("x", NOW, False).level == "unknown"
    assert summary_line(Summary()) == "0 domains: none."
    two = Summary().plus(FINE).plus(replace(BAD, observations=(WARNING,)))
    assert summary_line(two) == "2 domains: 1 with warnings, 1 as they should be."
