"""What a person is asked to type, word for word: one golden file per control panel and language."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from mailsync.hosts import manual
from mailsync.plan.model import Change, Stage
from mailsync.plan.panel import Panel
from mailsync.report.steps import steps_text
from mailsync_providers.manual import HOSTS
from tests.unit.plan.story import START, ZONE, rrset
from tests.unit.report.golden import DIRECTORY, agrees

ROOT = DIRECTORY.parents[2]
READ_ONLY = {"lolipop", "synology-ddns"}
STEPS = DIRECTORY.with_name("steps")
MX = Change(
    rrset(ZONE, "MX", 300, "10 mx.old.example.", "20 mx2.old.example."),
    rrset(ZONE, "MX", 300, "10 mx1.example.jp."),
    "",
)
SPF = Change(
    rrset(ZONE, "TXT", 3600, "v=spf1 a -all", "google-site-verification=1"),
    rrset(ZONE, "TXT", 300, "v=spf1 a ip4:192.0.2.1 -all", "google-site-verification=1", "MS=ms1"),
    "",
)
CHANGES = {
    "interlink": (
        Change(None, rrset("10.2.0.192.in-addr.arpa.", "PTR", 3600, "mx1.example.jp."), ""),
    ),
}
EVERYTHING = (
    MX,
    SPF,
    Change(None, rrset("mx1." + ZONE, "A", 3600, "192.0.2.10"), ""),
    Change(None, rrset("s1._domainkey." + ZONE, "CNAME", 3600, "s1.example.net."), ""),
    Change(None, rrset("_imaps._tcp." + ZONE, "SRV", 3600, "0 1 993 mx1.example.jp."), ""),
    Change(rrset("old." + ZONE, "TXT", 3600, "gone"), None, ""),
)


def panel_of(host: str, language: str = "both") -> Panel:
    """Give a control panel as the wiring does."""
    settings = {"host": host, "language": language}
    return manual.panel(manual.described(settings, where="providers.x"), host, language)


def printed(host: str, language: str, *changes: Change) -> str:
    """Print the steps of some changes."""
    stage = Stage("switch", "due", START, changes=changes)
    return steps_text(stage, "example.jp", "example.jp", panel_of(host, language))


def test_what_is_to_come_says_when() -> None:
    """In both languages, by the domain's clock."""
    stage = Stage("switch", "held", START, changes=(MX,))
    text = steps_text(stage, "example.jp", "example.jp", panel_of("onamae"), ZoneInfo("Asia/Tokyo"))
    day = START.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"これは予定です ({day:%Y-%m-%d %H:%M} JST 以降)" in text
    assert f"To come, not before {day:%Y-%m-%d %H:%M} JST: wait until mailsync apply" in text


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("host", sorted(set(HOSTS) - READ_ONLY))
def test_each_panel_has_its_own_words(host: str, language: str) -> None:
    """Labels, buttons, traps and what is not known stand as the panel's description has them."""
    text = printed(host, language, *CHANGES.get(host, EVERYTHING))
    assert agrees(f"{host}.{language}.txt", text, STEPS)


def test_both_languages_stand_side_by_side() -> None:
    """Who reads only one of them finds every step and every warning."""
    assert agrees("onamae.both.txt", printed("onamae", "both", MX, SPF), STEPS)


def test_the_page_shows_what_is_printed() -> None:
    """docs/hosts/manual.md holds the very steps."""
    text = (ROOT / "docs" / "hosts" / "manual.md").read_text(encoding="utf-8")
    assert f"```text\n{printed('muumuu', 'en', MX, SPF)}```\n" in text


def test_a_long_text_is_not_to_be_cut() -> None:
    """A key of 2048 bits where no limit is known: all of it, or stop."""
    key = rrset("s1._domainkey." + ZONE, "TXT", 3600, "v=DKIM1; p=" + "A" * 392)
    text = printed("onamae", "en", Change(None, key, ""))
    assert "VALUE: v=DKIM1; p=" + "A" * 392 in text
    assert "half a text is worse than none" in text


def test_a_null_mx_that_the_form_refuses_stops_the_work() -> None:
    """Nothing tells whether these forms take a dot."""
    null = Change(rrset(ZONE, "MX", 300, "10 a.example."), rrset(ZONE, "MX", 300, "0 ."), "")
    text = printed("generic", "en", null)
    assert "value: a.example → .\n" in text
    assert "preference: 10 → 0\n" in text
    assert "RFC 7505" in text


def test_what_a_form_cannot_take_as_text_is_given_in_quotes() -> None:
    """Octets beyond ASCII and controls never reach the terminal raw."""
    text = printed("generic", "en", Change(None, rrset(ZONE, "TXT", 300, "é\x1b[2J"), ""))
    assert 'value: "\\195\\169\\027[2J"' in text or 'value: "\\233\\027[2J"' in text
    assert "\x1b" not in text


def test_a_reverse_name_of_a_divided_block_is_given_as_it_is() -> None:
    """Names of classless zones are no addresses (RFC 2317)."""
    divided = rrset("33.32-63.2.0.192.in-addr.arpa.", "PTR", 3600, "mx1.example.jp.")
    assert "33.32-63.2.0.192.in-addr.arpa" in printed("interlink", "en", Change(None, divided, ""))


def test_every_golden_file_belongs_to_a_panel() -> None:
    """A panel that is gone leaves no file behind."""
    names = {file.name.split(".")[0] for file in STEPS.iterdir()}
    assert names == set(HOSTS) - READ_ONLY
