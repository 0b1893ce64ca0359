"""`mailsync status` on a scratch copy of the example."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.unit.cli.site import Site


def test_status_tells_where_each_domain_stands_and_writes_nothing(site: Site) -> None:
    """Stage, holds, what is visible and until when, and how long the old service must stay."""
    site.run("apply")
    site.passes(minutes=5)
    before = site.files
    done = site.run("status")
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    for words in (
        "Mail status",
        "example.co.jp → local: waiting",
        "The old service must keep accepting mail until",
        "switch not before",
        "TTL 86400 10 mail.hosting.example.",
        "a version that nobody saw",
    ):
        assert words in text
    assert site.files == before


def test_status_as_json(site: Site) -> None:
    """Sorted by domain, with every visible version and its end; the same bytes every time."""
    site.run("apply")
    done = site.run("status", "--format", "json")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["format"] == "mailsync-status/1"
    assert [d["domain"] for d in found["domains"]] == ["example.co.jp", "example.jp", "example.net"]
    mx = [v for v in found["domains"][1]["visible"] if v["type"] == "MX"]
    assert [v["version"] and v["version"]["ttl"] for v in mx if not v["unseen"]] == [300, 3600]
    assert [v["until"] for v in mx if not v["unseen"]] == [None, "2026-11-23T04:00:00Z"]
    assert site.run("status", "--format", "json").out == done.out


def test_what_is_due_is_shown_as_due(site: Site) -> None:
    """Not as due in a second: a plan is made for the next whole second."""
    site.now += timedelta(milliseconds=500)
    assert "  prepare  due now\n" in site.run("status", "example.jp").out


def test_status_of_some_domains(site: Site) -> None:
    """Names and globs, as everywhere."""
    done = site.run("status", "-f", "json", "*.net")
    assert [d["domain"] for d in json.loads(done.out)["domains"]] == ["example.net"]


def test_status_of_a_domain_that_cannot_be_read(site: Site) -> None:
    """Exit 1; the error stands where its status would, and the others are shown."""
    site.write("zones/broken.example.yaml", "my: 1\n")
    site.write("live/example.jp.zone", "no ( zone\n")
    done = site.run("status")
    assert done.code == 1
    assert "zones/broken.example.yaml:1:1" in done.err
    assert "example.jp.zone" in done.out
    assert "example.net → local: " in done.out


def test_status_when_all_is_done(site: Site) -> None:
    """Converged: nothing to wait for."""
    for _ in range(5):
        site.run("apply")
        site.passes(days=8)
    done = site.run("status", "-f", "json")
    assert {d["status"] for d in json.loads(done.out)["domains"]} == {"converged"}
    assert "waits" not in site.run("status").out
