"""A rehearsal as text, JSON, picture and page: as reviewed, harmless, and whole in itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from mailsync.rehearse.forecast import Combination, Forecast, Happening, Share, Toll
from mailsync.report.html import plan_html
from mailsync.report.rehearsal import cost, rehearsal_json, rehearsal_text
from mailsync.report.rehearsal_html import rehearsal_html, rehearsal_svg
from tests.unit.report.golden import REHEARSALS, agrees
from tests.unit.report.samples import PLANS

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SWITCH = START + timedelta(days=2, hours=12)
OLD, NEW = "mail.hosting.example", "mgf.cybermail.jp"
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta"}


def share(at: datetime, old: float, combinations: int = 1) -> Share:
    """One instant at which this part of the world still goes to the old server."""
    parts = {name: part for name, part in ((OLD, old), (NEW, 1 - old)) if part}
    return Share(at, parts, parts, combinations)


FORECAST = Forecast(
    domain="example.co.jp",
    timezone="Asia/Tokyo",
    start=START,
    end=START + timedelta(days=15),
    seed=7,
    resolvers=200,
    happenings=(
        Happening(START, "prepare", ("example.co.jp. MX: lower the TTL", "a second change")),
        Happening(START + timedelta(hours=1), "task", ("a person: certificate-mx1",)),
        Happening(SWITCH, "switch", ("example.co.jp. MX: mail moves to the new servers",)),
        Happening(SWITCH + timedelta(days=10), "settle", ("restore the TTL",)),
    ),
    shares=(
        share(START, 1.0, 64),
        share(START + timedelta(hours=1), 1.0, 64),
        share(SWITCH, 0.5, 4),
        share(SWITCH + timedelta(minutes=5), 0.0),
    ),
    closer=tuple(share(SWITCH + timedelta(minutes=m), 1 - m / 10) for m in range(11)),
    shares_at_once=tuple(share(START + timedelta(hours=h), 1 - h / 24) for h in range(25)),
    combinations=(
        Combination(START, START + timedelta(days=1), "example.co.jp. MX: TTL 86400 beside 300"),
    ),
    toll=Toll(5469, delayed=3),
    at_once=Toll(4000, lost=941, misdelivered=5, rejected=2370),
    worst="a resolver that was asked just before the switch holds the old answer",
    worst_at_once="2026-11-25 12:24:10 JST: mail went to the old server: refused",
    old_service_until=SWITCH + timedelta(minutes=10),
    last_to_old=SWITCH + timedelta(minutes=5),
    last_to_old_at_once=START + timedelta(days=1),
)
QUIET = replace(FORECAST, domain="example.net", happenings=(), closer=(), shares_at_once=())
BROKEN = replace(
    FORECAST,
    toll=Toll(10, lost=2),
    broken=("a sender would not deliver",),
    worst="",
    worst_at_once="",
)
HOSTILE = replace(
    FORECAST,
    domain='<script>"&',
    happenings=(Happening(START, "prepare", ("</td><script>\x1b[31m",)),),
    shares=(Share(START, {"<b>&\x1b": 1.0}, {"<b>&\x1b": 1.0}, 1),),
    worst="<img src=x onerror=alert(1)>",
)
SAMPLES = {"staged": FORECAST, "quiet": QUIET, "broken": BROKEN, "hostile": HOSTILE}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_form_is_as_reviewed(name: str) -> None:
    """Text, JSON, picture and page are what they were when they were last looked at."""
    one = SAMPLES[name]
    text = rehearsal_text([one], colour=False, width=100)
    assert agrees(f"{name}.txt", text, REHEARSALS)
    assert agrees(f"{name}.json", rehearsal_json([one]), REHEARSALS)
    assert agrees(f"{name}.svg", rehearsal_svg(one), REHEARSALS)
    assert agrees(f"{name}.html", rehearsal_html([one]), REHEARSALS)


def test_colours_are_as_reviewed() -> None:
    """On a terminal each server has its colour."""
    assert agrees("staged.ansi", rehearsal_text([FORECAST], colour=True, width=80), REHEARSALS)


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to a sample."""
    expected = {f"{name}.{kind}" for name in SAMPLES for kind in ("txt", "json", "svg", "html")}
    assert {path.name for path in REHEARSALS.iterdir()} == {*expected, "staged.ansi"}


class Strict(HTMLParser):
    """Reads a page, and takes down what it would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.reaches: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        names = dict(attrs)
        if tag in {"script", "iframe", "object", "img", "link"} or "src" in names:
            self.reaches.append(tag)
        self.reaches += [n for n in names if n.startswith("on")]
        href = names.get("href") or "#"
        if not href.startswith("#"):
            self.reaches.append(href)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


PAGES = {
    **{f"rehearsal {name}": rehearsal_html([one]) for name, one in SAMPLES.items()},
    **{f"plan {name}": plan_html(plan) for name, plan in PLANS.items()},
    "nothing": rehearsal_html([]),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_in_itself(name: str) -> None:
    """Tags are closed in order; it runs no script and fetches nothing, whatever names hold."""
    reader = Strict()
    reader.feed(PAGES[name])
    assert reader.open == []
    assert reader.reaches == []
    assert "\x1b" not in PAGES[name]
    assert "http-equiv" in PAGES[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_is_well_formed(name: str) -> None:
    """As XML, with a title for those who do not see it."""
    root = ET.fromstring(rehearsal_svg(SAMPLES[name]))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_text_cannot_steer_the_terminal() -> None:
    """Escapes in names come out as text."""
    assert "\x1b" not in rehearsal_text([HOSTILE], colour=False, width=60)


def test_no_domain_is_said() -> None:
    """An empty answer is an answer."""
    assert rehearsal_text([], colour=False, width=80) == "No domains: nothing to rehearse.\n"
    assert json.loads(rehearsal_json([]))["domains"] == []


def test_what_went_wrong_is_told_in_words() -> None:
    """Only what there is of it."""
    assert cost(Toll(5)) == "all 5 messages arrive"
    assert cost(Toll(5, lost=1)) == "1 of 6 messages go wrong: 1 lost"
