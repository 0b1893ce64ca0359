from __future__ import annotations

import importlib.resources
import re
from pathlib import Path

import pytest

from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.services import inputs
from mailsync.desired.services.catalogue import Catalogue, shipped
from tests.unit.desired.services.samples import errors, file, good, read, service

HERE = Place("z.yaml", 1, 1)
ASKED_FOR = {
    "microsoft365",
    "google_workspace",
    "line_works",
    "lolipop",
    "muumuu_mail",
    "kagoya",
    "mailgates",
    "cybermail",
    "synology_mailplus",
    "sakura_rental",
    "denet_acmf",
    "appliance",
    "mail_server",
    "xserver",
    "conoha_wing",
    "heteml",
    "iij_securemx",
    "hennge",
    "zoho_jp",
    "fastmail",
    "proton",
    "icloud",
    "amazon_ses",
    "sendgrid",
    "mailgun",
    "cloudflare_email_routing",
}


def test_every_service_is_there() -> None:
    """The catalogue holds the services that it promises, and no others."""
    assert shipped() == ASKED_FOR
    assert Catalogue().ids() == tuple(sorted(ASKED_FOR))
    faults = Faults()
    assert [one.id for one in Catalogue().all(faults)] == sorted(ASKED_FOR)
    assert not faults


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_every_record_says_how_it_is_known(name: str) -> None:
    """Each record has a source, and each input says what it is, where to find it and an example."""
    found = service(name)
    assert found.records
    for record in found.records:
        assert record.source, record
    for one in found.inputs:
        assert one.what, one
        assert one.where, one
        assert one.kind == "flag" or one.example, one
        if one.kind not in {"dkim", "flag", "spf"}:
            assert inputs.unfit(one, one.example) == ""


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_nothing_is_invented(name: str) -> None:
    """A value that nobody has seen stands nowhere; the user is asked for it."""
    file = importlib.resources.files("mailsync.desired") / "catalogue" / f"{name}.yaml"
    assert not re.search(r"not[ _]found", file.read_text(encoding="utf-8"))
    for record in service(name).records:
        if record.confidence == "own" and record.key in {"mx", "spf"}:
            assert record.each or "{" in str(record.node), record


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_service_makes_records(name: str, every: bool) -> None:
    """With sample inputs, the required ones or all, each service fills keys that are all right."""
    found = service(name)
    desired = good(file(found, every=every))
    assert desired.wishes
    use = desired.services[0]
    assert (use.service, use.layer) == (name, found.layer)
    assert use.exclusive == found.constraints.exclusive_mx
    takes = found.layer in {"mailbox", "inbound_gateway", "forwarder"}
    assert bool(use.mx) == (takes or (every and name == "amazon_ses"))
    for task in desired.tasks:
        assert task.id.startswith(f"{name}-") or task.id.startswith("mail_server-")
        assert "{" not in task.text


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_missing_input_is_asked_for(name: str) -> None:
    """A use without its required inputs is told each one, what it is and where to read it."""
    found = service(name)
    usual = {one.name: (one.otherwise,) for one in found.inputs if one.otherwise is not None}
    missing = [one for one in found.inputs if one.required and one.when.holds(usual)]
    told = errors(f"services: [{name}]")
    assert {error for error in told if " needs " in error} == {
        f"z.yaml:1:12: {name} needs {one.name!r}: {one.what} ({one.where})" for one in missing
    }


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_mailbox_behind_another_gives_no_mx(name: str) -> None:
    """Behind a gateway a service leaves the MX to it."""
    found = service(name)
    if found.layer not in {"mailbox", "forwarder"}:
        return
    text = file(found, every=True).replace("}", ", behind: mailgates}")
    if "{" not in text:
        text = text.replace(f"- {name}", f"- {name}: {{behind: mailgates}}")
    desired = good(text + "  - mailgates: {mx: mgf}\n")
    by_service = {use.service: use for use in desired.services}
    assert by_service[name].mx == ()
    assert by_service[name].behind == "mailgates"
    assert by_service["mailgates"].mx == ("mgf.cybermail.jp.",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("synology_mailplus", "in-addr.arpa"),
        ("synology_mailplus", "MX must name a host with addresses, never a CNAME"),
        ("sakura_rental", "names the domain itself"),
        ("xserver", "names the domain itself"),
        ("lolipop", "Some guides write mx1.lolipop.jp"),
        ("microsoft365", "A second MX does not split users"),
        ("google_workspace", "A second MX does not split users"),
        ("mailgates", "300 ten days before"),
    ],
)
def test_traps_are_told(name: str, words: str) -> None:
    """What is known to go wrong stands with the service."""
    assert any(words in trap for trap in service(name).traps)


def test_only_the_seen_host_of_lolipop_is_used() -> None:
    """The MX is mx01.lolipop.jp, whatever guides write."""
    assert good("services: [lolipop]").services[0].mx == ("mx01.lolipop.jp.",)


def test_own_service_stands_in_front(tmp_path: Path) -> None:
    """A file in services/ is a service, and hides one of ours of the same name."""
    own = "names: [Ours]\nlayer: mailbox\nrecords: [{mx: 10 mx.our.example.}]\n"
    (tmp_path / "ours.yaml").write_text(own)
    (tmp_path / "fastmail.yml").write_text(own)
    (tmp_path / "README.md").write_text("no service")
    assert good("services: [ours]", tmp_path).services[0].mx == ("mx.our.example.",)
    assert good("services: [fastmail]", tmp_path).services[0].mx == ("mx.our.example.",)
    known = Catalogue(tmp_path)
    assert "ours" in known.ids()
    assert known.is_own("ours")
    assert known.is_own("fastmail")
    assert not known.is_own("proton")


def test_broken_service_is_told_where_it_is_broken(tmp_path: Path) -> None:
    """What is wrong with a service's file is told there, once, whoever uses it."""
    (tmp_path / "ours.yaml").write_text("names: [Ours]\nlayer: mailbox\nrecord: []\n")
    (tmp_path / "Two-Words.yaml").write_text("names: [Ours]\nlayer: mailbox\n")
    (tmp_path / "empty.yaml").write_text("")
    told = errors("services: [ours]", tmp_path)
    where = tmp_path / "ours.yaml"
    assert told == [
        f"{where}:1:1: records is missing",
        f"{where}:3:1: unknown key 'record': did you mean 'records'?",
    ]
    faults = Faults()
    found = [one.id for one in Catalogue(tmp_path).all(faults)]
    assert ("ours" in found, "fastmail" in found, bool(faults)) == (False, True, True)
    assert errors("services: [Two-Words]", tmp_path) == [
        f"{tmp_path / 'Two-Words.yaml'}:1:1: named for no service: write a-z, 0-9 and _"
    ]
    assert errors("services: [empty]", tmp_path) == [
        (
            f"{tmp_path / 'empty.yaml'}:1:1: an empty file: a service has at least 'names', "
            "'layer' and 'records'"
        )
    ]


def test_unreadable_service_is_told(tmp_path: Path) -> None:
    """A file that is no YAML is told at its line."""
    (tmp_path / "ours.yaml").write_text("names: [\n")
    (error,) = errors("services: [ours]", tmp_path)
    assert error.startswith(f"{tmp_path / 'ours.yaml'}:2:1: no valid YAML")


def test_service_is_read_once(tmp_path: Path) -> None:
    """A run reads the file of a service that many zones name once, and no others at all."""
    path = tmp_path / "ours.yaml"
    path.write_text("names: [Ours]\nlayer: relay\nrecords: [{spf: include:spf.our.example}]\n")
    known = Catalogue(tmp_path)
    first = known.find("ours", HERE, Faults())
    path.unlink()
    assert known.find("ours", HERE, Faults()) is first


@pytest.mark.parametrize(
    ("name", "guess"), [("fastmial", "did you mean 'fastmail'?"), ("x", "`mailsync services`")]
)
def test_unknown_service_is_guessed(name: str, guess: str) -> None:
    """A service that is not known is told with the one that may have been meant."""
    (error,) = errors(f"services: [{name}]")
    assert error.startswith(f"z.yaml:1:12: unknown service '{name}': ")
    assert guess in error


def test_services_need_no_file_of_the_user() -> None:
    """Ours are known wherever a zone file lies."""
    assert read("services: [fastmail]")[1] == []
