"""`mailsync plan` on a scratch copy of the example."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest

from mailsync.plan.document import from_json
from tests.unit.cli.site import ROOT, Site

SCHEMA = json.loads((ROOT / "tests" / "fixtures" / "plan.schema.json").read_text())
DOMAINS = ["example.co.jp", "example.jp", "example.net"]


def test_the_plan_is_shown_and_nothing_is_written(site: Site) -> None:
    """Text on stdout, nothing on stderr, and every file as it was: not even a journal."""
    before = site.files
    done = site.run("plan")
    assert (done.code, done.err) == (0, "")
    assert [name for name in DOMAINS if name not in done.out] == []
    assert "Asia/Tokyo" in done.out or "JST" in done.out
    assert site.files == before


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_same_inputs_give_the_same_bytes(form: str, site: Site) -> None:
    """Twice the same plan, whatever order the domains came in."""
    first = site.run("plan", "-f", form)
    assert first.out
    assert site.run("plan", "-f", form).out == first.out
    assert site.run("plan", "-f", form, *reversed(DOMAINS)).out == first.out


def test_json_is_as_the_schema_says(site: Site) -> None:
    """Every state of a cutover fits the published schema, and is read back."""
    for days in (0, 2, 8):
        site.passes(days=days)
        site.run("apply", "--yes")
        done = site.run("plan", "--format", "json")
        jsonschema.validate(done.plan, SCHEMA)
        assert [d["domain"] for d in done.plan["domains"]] == DOMAINS
        from_json(done.out)


def test_markdown_is_markdown(site: Site) -> None:
    """What a pull request shows."""
    done = site.run("plan", "-f", "markdown")
    assert done.code == 0
    assert "#" in done.out
    assert "\x1b" not in done.out


def test_out_saves_the_plan_as_json(site: Site) -> None:
    """The file holds what `--format json` shows; stdout is as asked; stderr says how to go on."""
    done = site.run("plan", "--out", "plan.json")
    saved = (site.directory / "plan.json").read_text()
    assert saved == site.run("plan", "-f", "json").out
    assert done.out.startswith("Mail plan")
    assert done.err == "saved: plan.json (carry it out with `mailsync apply plan.json`)\n"
    assert (site.directory / "plan.json").stat().st_mode & 0o777 == 0o644


def test_out_replaces_what_a_link_points_to(site: Site) -> None:
    """A symbolic link stays one."""
    site.write("real.json", "old")
    (site.directory / "link.json").symlink_to("real.json")
    assert site.run("plan", "--out", "link.json").code == 0
    assert (site.directory / "link.json").is_symlink()
    assert from_json((site.directory / "real.json").read_text()).domains


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("nowhere/plan.json", "no such file or directory"),
        (".", "not a regular file"),
        ("/dev/null", "not a regular file"),
    ],
)
def test_out_where_nothing_can_be_saved_is_one_line(out: str, says: str, site: Site) -> None:
    """The place is named, exit 1, and devices stay what they are."""
    before = site.files
    done = site.run("plan", "--out", out)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: {out}: cannot save the plan: {says}")
    assert site.files == before


def test_a_disk_that_fills_up_leaves_no_half_a_plan(site: Site) -> None:
    """Neither a cut file nor a temporary one stays behind."""

    def full(self: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    site.write("plan.json", "old")
    before = site.files
    site.patch.setattr(Path, "replace", full)
    done = site.run("plan", "--out", "plan.json")
    assert done.code == 1
    assert done.err == "error: plan.json: cannot save the plan: no space left on device\n"
    assert site.files == before


# ---- --now --------------------------------------------------------------------------------------


def test_now_shows_the_plan_as_of_another_time(site: Site) -> None:
    """RFC 3339, with an offset or without one (UTC), whole seconds."""
    for text in ("2026-12-05T22:00:00+09:00", "2026-12-05T13:00", "2026-12-05 13:00:00.9Z"):
        assert site.run("plan", "-f", "json", "--now", text).plan["created"] == (
            "2026-12-05T13:00:00Z"
        )


def test_a_held_switch_is_due_when_looked_at_from_later(site: Site) -> None:
    """With the journal's knowledge, `--now` tells what a later run would do."""
    site.only("example.jp")
    site.run("apply", "--yes")
    (stage,) = [
        s
        for s in site.run("plan", "-f", "json").domain("example.jp")["stages"]
        if s["name"] == "switch"
    ]
    assert stage["state"] == "held"
    later = site.run("plan", "-f", "json", "--now", stage["not_before"]).domain("example.jp")
    assert [s["state"] for s in later["stages"] if s["name"] == "switch"] == ["due"]


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-13-01", "", " ", "12:00", "0001-01-01T00:00Z", "9999-12-31T23:59Z"]
)
def test_a_bad_now_is_one_line(text: str, site: Site) -> None:
    """Also times at the ends of the calendar, where arithmetic would fail."""
    done = site.run("plan", "--now", text)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"error: --now {text!r}")


# ---- Domains and exit codes ---------------------------------------------------------------------


def names(done: Any) -> list[str]:
    """Give the domains of a plan in JSON."""
    return [domain["domain"] for domain in done.plan["domains"]]


@pytest.mark.parametrize(
    ("words", "planned"),
    [
        (["example.jp"], ["example.jp"]),
        (["example.jp."], ["example.jp"]),
        (["EXAMPLE.JP"], ["example.jp"]),
        (["*.jp"], ["example.co.jp", "example.jp"]),
        (["example.net", "example.net"], ["example.net"]),
        (["*"], DOMAINS),
    ],
)
def test_domains_are_named_or_globbed(words: list[str], planned: list[str], site: Site) -> None:
    """One domain, several, or all that match."""
    assert names(site.run("plan", "-f", "json", *words)) == planned


def test_an_unknown_domain_is_an_error(site: Site) -> None:
    """Whoever misspells a domain is told, and by what name it may be known."""
    done = site.run("plan", "exmaple.jp")
    assert (done.code, done.out) == (1, "")
    assert "exmaple.jp" in done.err
    assert "example.jp" in done.err
    done = site.run("plan", "-f", "json", "example.jp", "*.museum")
    assert done.code == 1
    assert names(done) == ["example.jp"]
    assert "*.museum" in done.err


def test_detailed_exit_codes(site: Site) -> None:
    """2 while something is due or waits, 0 when converged, 1 with an error; else 0 and 1."""
    site.only("example.net")
    assert site.run("plan").code == 0
    assert site.run("plan", "--detailed-exitcode").code == 2
    site.run("apply", "--yes")
    assert site.run("plan", "--detailed-exitcode").code == 2
    for _ in range(4):
        site.passes(days=8)
        site.run("apply", "--yes")
    assert site.run("plan", "--detailed-exitcode").code == 0
    (site.directory / "live" / "example.net.zone").unlink()
    assert site.run("plan", "--detailed-exitcode").code == 1
    assert site.run("plan").code == 1


def test_a_broken_file_beside_good_ones(site: Site) -> None:
    """The good ones are planned; every error of the broken one is shown; exit 1."""
    site.write("zones/broken.example.yaml", "mx: [10 mx1]\nmy: 1\nspff: 2\n")
    done = site.run("plan", "-f", "json")
    assert done.code == 1
    assert names(done) == DOMAINS
    places = [line.split(": ")[1] for line in done.err.splitlines()]
    assert "zones/broken.example.yaml:2:1" in places
    assert "zones/broken.example.yaml:3:1" in places


def test_a_broken_zone_file_at_the_host_is_that_domains_error(site: Site) -> None:
    """A master file that cannot be read: an error in the plan, with its place; others go on."""
    site.write("live/example.jp.zone", "this is ( no zone\n")
    done = site.run("plan", "-f", "json")
    assert done.code == 1
    jsonschema.validate(done.plan, SCHEMA)
    assert done.domain("example.jp")["status"] == "error"
    assert "example.jp.zone" in done.domain("example.jp")["findings"][0]["message"]
    assert done.domain("example.net")["status"] == "changes"
    assert "example.jp.zone" in site.run("plan").out


def test_nothing_is_coloured_but_on_a_terminal(site: Site) -> None:
    """No escape sequence where nobody looks, with whatever TERM."""
    environ = {"TERM": "xterm-256color", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}
    for name, value in environ.items():
        site.patch.setenv(name, value)
    for form in ("text", "json", "markdown"):
        assert "\x1b" not in site.run("plan", "-f", form).out
    assert "\x1b" not in site.run("status").out
    assert os.environ["TERM"] == "xterm-256color"
