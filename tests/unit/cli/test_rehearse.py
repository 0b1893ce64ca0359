"""`mailsync rehearse`: the real plan of real files, played against simulated resolvers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.site import Site

DOMAIN = "example.co.jp"
FEW = ("--resolvers", "20")


def played(site: Site, *argv: str) -> dict[str, Any]:
    """Rehearse the example's largest domain; give what the JSON says of it."""
    done = site.run("rehearse", DOMAIN, "--format", "json", *FEW, *argv)
    assert done.code == 0, done.err
    (found,) = json.loads(done.out)["domains"]
    assert isinstance(found, dict)
    return found


def test_as_planned_every_message_arrives_and_at_once_many_do_not(site: Site) -> None:
    """The stages run in order; nothing is written anywhere."""
    before = site.files
    found = played(site)
    stages = [happening["stage"] for happening in found["happenings"]]
    assert stages == ["prepare", "switch", "settle"]
    assert found["broken"] == []
    assert found["staged"]["delivered"] > 100
    assert {found["staged"][k] for k in ("lost", "misdelivered", "rejected")} == {0}
    assert found["at_once"]["lost"] + found["at_once"]["rejected"] > 10
    assert found["last_to_old"] < found["old_service_until"]
    assert "mail.hosting.example" in found["worst"]
    assert "JST" in found["worst"]
    assert site.files == before


def test_the_same_seed_plays_the_same_rehearsal(site: Site) -> None:
    """And another seed another one."""
    assert played(site, "--seed", "3") == played(site, "--seed", "3")
    assert played(site, "--seed", "3")["shares"] != played(site, "--seed", "4")["shares"]


def test_shares_begin_at_the_old_server_and_end_at_the_new(site: Site) -> None:
    """Instant by instant, all parts of the world together are the whole."""
    shares = played(site)["shares"]
    assert shares[0]["resolvers"] == {"mail.hosting.example": 1.0}
    assert shares[-1]["resolvers"] == {"mgf.cybermail.jp": 1.0}
    for share in shares:
        assert sum(share["resolvers"].values()) == pytest.approx(1, abs=0.01)
        assert sum(share["mail"].values()) == pytest.approx(1, abs=0.01)
    assert max(share["combinations"] for share in shares) > 1


def test_each_form_is_written_to_a_file_or_shown(site: Site) -> None:
    """Text to the terminal, a page and a picture to files."""
    assert "as planned: all" in site.run("rehearse", DOMAIN, *FEW).out
    done = site.run("rehearse", DOMAIN, *FEW, "--format", "html", "--out", "r.html")
    assert (done.code, done.out) == (0, "")
    assert "written: r.html" in done.err
    assert (site.directory / "r.html").read_text().startswith("<!DOCTYPE html>")
    picture = site.run("rehearse", DOMAIN, *FEW, "--format", "svg").out
    assert picture.startswith("<svg")
    nowhere = site.run("rehearse", DOMAIN, *FEW, "--out", "nowhere/r.txt")
    assert "cannot save the rehearsal" in nowhere.err


def test_a_picture_is_of_one_domain(site: Site) -> None:
    """Of several, the user has to name one."""
    done = site.run("rehearse", *FEW, "--format", "svg")
    assert done.code == 1
    assert "--format svg draws one domain, here are 3: name one" in done.err


def test_all_domains_are_rehearsed_and_one_failure_stops_no_other(site: Site) -> None:
    """A zone that cannot be read is an error; the rest is played."""
    site.write("live/example.jp.zone", "no ( zone\n")
    done = site.run("rehearse", *FEW, "--format", "json")
    assert done.code == 1
    assert "example.jp.zone" in done.err
    assert [one["domain"] for one in json.loads(done.out)["domains"]] == [DOMAIN, "example.net"]


def test_a_domain_that_has_arrived_has_nothing_to_play(site: Site) -> None:
    """That is said."""
    site.only("example.net")
    for _ in range(3):
        site.run("apply")
        site.passes(days=12)
    assert "there is nothing to play" in site.run("rehearse").out


def test_a_plan_with_errors_is_not_played(site: Site) -> None:
    """The error is told instead."""
    site.only("example.co.jp")
    site.write("zones/example.co.jp.yaml", "mx: [10 nowhere]\n")
    done = site.run("rehearse", *FEW)
    assert done.code == 1
    assert "there is nothing to rehearse" in done.err
    assert "has no address" in done.err


def test_a_saved_plan_is_played_and_no_more_of_what_is_due(site: Site) -> None:
    """Its domains are the ones that are played; a broken file is told."""
    site.run("plan", DOMAIN, "--out", "p.json")
    done = site.run("rehearse", "--plan", "p.json", *FEW, "--format", "json")
    assert done.code == 0, done.err
    assert [one["domain"] for one in json.loads(done.out)["domains"]] == [DOMAIN]
    site.write("p.json", "{}")
    done = site.run("rehearse", "--plan", "p.json")
    assert done.code == 1
    assert "p.json" in done.err
    assert "Traceback" not in done.err
    assert site.run("rehearse", "--plan", "none.json").code == 1


def test_a_rehearsal_may_begin_in_the_middle(site: Site) -> None:
    """What the journal knows of the past is part of it: the switch lies behind, the rest ahead."""
    site.only(DOMAIN)
    site.run("apply")
    site.passes(days=3)
    site.run("apply")
    site.passes(minutes=2)
    found = played(site)
    assert [happening["stage"] for happening in found["happenings"]] == ["settle"]
    assert {found["staged"][k] for k in ("lost", "misdelivered", "rejected")} == {0}


def test_it_may_begin_at_another_time(site: Site) -> None:
    """As of a time that is named."""
    assert played(site, "--now", "2027-03-01T00:00Z")["start"] == "2027-03-01T00:00:00Z"


def test_a_policy_and_an_own_host_are_played_as_well(site: Site) -> None:
    """An MTA-STS policy that a person serves, a host's address that changes, null MX at the end."""
    site.only("example.jp")
    site.write(
        "live/example.jp.zone",
        "$ORIGIN example.jp.\n$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 900\n NS ns1\n"
        '@ MX 10 mx1\n@ TXT "v=spf1 mx -all"\nmx1 A 192.0.2.1\nns1 A 192.0.2.53\n',
    )
    site.write("zones/example.jp.yaml", "mx: [10 mx1]\nhosts: {mx1: [192.0.2.2]}\n")
    done = site.run("rehearse", "example.jp", *FEW, "--format", "json")
    assert done.code == 0, done.err
    (found,) = json.loads(done.out)["domains"]
    assert any("192.0.2.1" in name for name in found["shares"][0]["resolvers"])
    assert any("192.0.2.2" in name for name in found["shares"][-1]["resolvers"])
    site.write("zones/example.jp.yaml", "mail: none\n")
    (found,) = json.loads(site.run("rehearse", "example.jp", *FEW, "--format", "json").out)[
        "domains"
    ]
    assert found["shares"][-1]["resolvers"] == {"no mail": 1.0}
