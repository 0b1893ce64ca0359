from __future__ import annotations

import json

import pytest

from tests.unit.cli.site import Site

OWN = "names: [Ours]\nlayer: relay\nrecords: [{spf: include:spf.our.example}]\n"


def test_catalogue_is_shown_as_a_table(site: Site) -> None:
    """`mailsync services` lists every service, those of the user among them."""
    (site.directory / "services").mkdir()
    site.write("services/ours.yaml", OWN)
    done = site.run("services")
    assert (done.code, done.err) == (0, "")
    assert "\nmicrosoft365 " in done.out
    assert "\nours " in done.out
    assert "(yours)" in done.out


def test_catalogue_needs_no_configuration(site: Site) -> None:
    """Without a mailsync.yaml the services that come with mailsync are shown."""
    (site.directory / "mailsync.yaml").unlink()
    (site.directory / "services").mkdir()
    site.write("services/ours.yaml", OWN)
    done = site.run("services")
    assert done.code == 0
    assert "ours" not in done.out
    assert "mailgates" in done.out


def test_named_configuration_has_to_be_there(site: Site) -> None:
    """A configuration that was asked for by name is not passed over in silence."""
    done = site.run("-c", "other.yaml", "services")
    assert done.code == 1
    assert "there is no other.yaml" in done.err


def test_service_is_shown_in_full(site: Site) -> None:
    """`mailsync services ID` shows what it asks for, as text and as JSON."""
    done = site.run("services", "mailgates", "fastmail")
    assert done.code == 0
    assert "開通通知書" in done.out
    assert "fastmail  Fastmail" in done.out
    found = json.loads(site.run("services", "mailgates", "--format", "json").out)
    assert [one["id"] for one in found["services"]] == ["mailgates"]


@pytest.mark.parametrize(
    ("name", "guess"), [("mailgate", "did you mean 'mailgates'?"), ("zzz", "`mailsync services`")]
)
def test_unknown_service_is_told(site: Site, name: str, guess: str) -> None:
    """A service that is not known is an error that helps."""
    done = site.run("services", name)
    assert (done.code, done.out) == (1, "")
    assert guess in done.err


def test_broken_service_does_not_hide_the_others(site: Site) -> None:
    """What is wrong with one file is told, and the rest is shown."""
    (site.directory / "services").mkdir()
    site.write("services/ours.yaml", "layer: relay\n")
    done = site.run("services")
    assert done.code == 1
    assert done.err.splitlines() == [
        "error: services/ours.yaml:1:1: names is missing",
        "error: services/ours.yaml:1:1: records is missing",
    ]
    assert "fastmail" in done.out


MOVE = """
services:
  - mailgates: {mx: mgf, spf: none}
  - microsoft365: {behind: mailgates}
"""


def test_the_switch_waits_for_people(site: Site) -> None:
    """A move to a service is held by its tasks until the file says that they are done."""
    site.only("example.co.jp")
    site.write("zones/example.co.jp.yaml", MOVE)

    def open_tasks() -> set[str]:
        plan = site.run("plan", "--format", "json").domain("example.co.jp")
        stages = {stage["name"]: stage for stage in plan["stages"]}
        return {
            gate["detail"].rpartition("{")[2].partition(":")[0]
            for gate in stages["switch"]["gates"]
            if gate["name"] == "tasks-done"
        }

    waited_for = {
        "mailgates-accounts",
        "mailgates-downstream",
        "microsoft365-gateway-route",
        "microsoft365-inbound-connector",
        "microsoft365-recipients",
    }
    assert open_tasks() == waited_for
    done = ", ".join(f"{task}: done" for task in waited_for - {"mailgates-accounts"})
    site.write("zones/example.co.jp.yaml", f"{MOVE}cutover: {{tasks: {{{done}}}}}\n")
    assert open_tasks() == {"mailgates-accounts"}
    done = ", ".join(f"{task}: done" for task in waited_for)
    site.write("zones/example.co.jp.yaml", f"{MOVE}cutover: {{tasks: {{{done}}}}}\n")
    assert open_tasks() == set()
