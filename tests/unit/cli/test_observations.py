"""`--observations`: another machine has looked at the mail servers, and this one believes it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

import dns.rcode
import pytest

from mailsync.cli import apply as apply_module
from mailsync.observe.observations import Sight, to_json
from tests.unit.cli.site import Site
from tests.unit.observe.fakes import FakeServer, reply

DOMAIN = "example.co.jp."
HOST = "mgf.cybermail.jp."
KEY = "a key of sixteen octets"


@pytest.fixture
def due(site: Site) -> Site:
    """The example's largest domain, prepared long ago: its switch is due."""
    site.only("example.co.jp")
    site.run("apply")
    site.passes(days=3)
    return site


def saw(site: Site, state: Literal["pass", "fail", "unknown"], key: str = "") -> Path:
    """Save what another machine saw of the new server a minute ago."""
    at = site.now - timedelta(minutes=1)
    sight = Sight(DOMAIN, "smtp-accepts", HOST, "192.0.2.7", state, "so it says", at)
    return site.write("seen.json", to_json(at, [sight], key.encode() or None))


def test_a_refusal_that_another_machine_saw_stops_the_switch(due: Site) -> None:
    """Exit code 3, and the words of the server; the next look may be better."""
    saw(due, "fail")
    done = due.run("apply", "--observations", "seen.json")
    assert done.code == 3
    assert "gate smtp-accepts: mgf.cybermail.jp (192.0.2.7): so it says" in done.err
    assert "mail.hosting.example" in due.zone("example.co.jp")
    saw(due, "pass")
    assert due.run("apply", "--observations", "seen.json").code == 0
    assert "mgf.cybermail.jp" in due.zone("example.co.jp")


def test_the_plan_shows_what_was_seen(due: Site) -> None:
    """Beside the stage that is due."""
    saw(due, "unknown")
    done = due.run("plan", "--observations", "seen.json")
    assert "? gate smtp-accepts: mgf.cybermail.jp (192.0.2.7): so it says" in done.out


def test_observations_are_refused_when_old_or_signed_by_nobody(
    due: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is done; the file is named."""
    saw(due, "pass")
    monkeypatch.setenv("MAILSYNC_OBSERVATIONS_KEY", KEY)
    done = due.run("apply", "--observations", "seen.json")
    assert done.code == 1
    assert "seen.json: no observations of this version: it is not signed" in done.err
    saw(due, "pass", KEY)
    due.passes(hours=2)
    assert "too old" in due.run("apply", "--observations", "seen.json").err
    assert "mail.hosting.example" in due.zone("example.co.jp")


@pytest.mark.parametrize(("seen_again", "code"), [(False, 0), (True, 3)])
def test_who_waits_believes_no_old_file_and_reads_a_new_one(
    site: Site, seen_again: bool, code: int
) -> None:
    """`--wait` may stay for days: what was seen when it began says nothing about later."""
    site.only("example.co.jp")
    saw(site, "fail")

    def passes(*_: object) -> None:
        site.passes(hours=12)
        if seen_again:
            saw(site, "fail")

    site.patch.setattr(apply_module, "_sleep", passes)
    done = site.run("apply", "--wait", "--observations", "seen.json")
    assert done.code == code
    assert ("warning: seen.json: observations of" in done.err) == (not seen_again)
    assert ("mgf.cybermail.jp" in site.zone("example.co.jp")) == (not seen_again)


def test_where_nothing_is_observed_no_mail_server_is_asked_unless_the_file_says_so(
    due: Site,
) -> None:
    """Files on disk: the example reaches for no network of its own accord."""
    assert "smtp-accepts" not in due.run("plan").out
    text = (due.directory / "mailsync.yaml").read_text()
    config = text.replace("soak: 1d,", "soak: 1d, gates: {smtp-accepts: require},")
    with FakeServer(lambda query, _: reply(query, rcode=dns.rcode.REFUSED).to_wire()) as mute:
        resolvers = f'["{mute.address}:{mute.port}"]'
        due.write("mailsync.yaml", f"{config}observe: {{resolvers: {resolvers}}}\n")
        done = due.run("apply")
    assert done.code == 3
    assert "(required: cutover.gates)" in done.err
