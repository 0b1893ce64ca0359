"""`mailsync plan` and `apply` where a person types: what stands on stdout, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.site import Site
from tests.unit.observe.fakes import FakeServer, zone_of

if TYPE_CHECKING:
    import dns.message

SOA = "example.test. 3600 SOA ns1.example.net. hostmaster.example.test. 1 7200 3600 2419200 300"
BEFORE = (SOA, "example.test. 300 NS ns1.example.net.", "example.test. 300 MX 10 old.example.net.")
DMARC = '_dmarc.example.test. 3600 TXT "v=DMARC1; p=none"'
CONFIG = """\
zones: ./wanted
providers:
  panel: {{class: mailsync_providers.manual.ManualProvider, host: {host}, language: en}}
targets: {{"*": [panel]}}
journal: {{store: file, directory: ./.mailsync}}
observe: {{nameservers: [{servers}], timeout: 1s}}
"""


class Served:
    """A name server whose records a person changes."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = BEFORE

    def __call__(self, query: dns.message.Message, tcp: bool) -> object:
        return zone_of(*self.lines)(query, tcp)


Opened = Callable[..., None]


@pytest.fixture
def served() -> Served:
    """What is served."""
    return Served()


@pytest.fixture
def opened(site: Site, served: Served) -> Iterator[Opened]:
    """Write the files of a domain whose DNS host is a panel."""
    with FakeServer(served) as server:  # type: ignore[arg-type]

        def write(host: str = "onamae", wishes: str = "dmarc: v=DMARC1; p=none\n") -> None:
            servers = f'"{server.address}:{server.port}"'
            text = CONFIG.format(host=host, servers=servers)
            (site.directory / "mailsync.yaml").write_text(text)
            (site.directory / "wanted").mkdir(exist_ok=True)
            (site.directory / "wanted" / "example.test.yaml").write_text(wishes)

        yield write


def test_the_plan_says_that_it_takes_a_person(site: Site, opened: Opened) -> None:
    """In every form, and with the panel's name."""
    opened()
    for form in ("text", "markdown", "html", "json"):
        said = " ".join(site.run("plan", "--format", form).out.split())
        assert "this DNS host has no API" in said
        assert "Onamae.com Navi" in said


def test_the_plan_shows_the_steps_to_come(site: Site, opened: Opened) -> None:
    """Those of apply, numbered, with their time; the journal knows of none, and nothing is done."""
    opened()
    shown = site.run("plan").out
    assert "1. add a record: _dmarc.example.test TXT" in shown
    assert "! To come, not before 20" in shown
    assert "wait until mailsync apply gives these steps out" in shown
    assert not list((site.directory / ".mailsync").glob("*"))
    assert "1. add a record" not in site.run("plan", "--format", "markdown").out
    given = site.run("apply", "--yes").out
    steps = [line for line in given.splitlines() if "To come" not in line]
    assert steps == [
        line for line in shown[shown.index(steps[0]) :].splitlines() if "To come" not in line
    ]


def test_apply_gives_the_steps_until_they_are_served(
    site: Site, opened: Opened, served: Served
) -> None:
    """Steps on stdout, what happens on stderr; done when the server serves it, not before."""
    opened()
    first = site.run("apply", "--yes", "--detailed-exitcode")
    assert first.code == 2
    assert "1. add a record: _dmarc.example.test TXT" in first.out
    assert "VALUE: v=DMARC1; p=none" in first.out
    assert "waiting: the steps count when every authoritative server serves" in first.err
    assert site.run("apply", "--yes").out == first.out
    served.lines = (*BEFORE, DMARC)
    done = site.run("apply", "--yes", "--detailed-exitcode")
    assert (done.code, done.out) == (0, "")
    assert "_dmarc.example.test TXT: done by hand" in done.err
    assert "example.test: converged" in done.err


def test_a_saved_plan_gives_the_steps_that_were_reviewed(site: Site, opened: Opened) -> None:
    """And waits, which is no refusal."""
    opened()
    site.run("plan", "--out", "plan.json")
    run = site.run("apply", "plan.json", "--yes")
    assert run.code == 0
    assert "1. add a record" in run.out


@pytest.mark.parametrize(
    ("host", "wishes", "said"),
    [
        ("synology-ddns", "dmarc: v=DMARC1; p=none\n", "publishes addresses and nothing else"),
        ("synology-ddns", "mx: [10 mx.example.net.]\n", "publishes addresses and nothing else"),
        ("synology-ddns", "hosts: {www: [192.0.2.1]}\n", "the Synology device registers"),
        ("lolipop", "mx: [10 mx.example.net.]\n", "move the name servers to Muumuu DNS"),
        ("interlink", "mx: [10 mx.example.net.]\n", "requests for reverse names (PTR)"),
        ("generic, null_mx: false", "mail: none\n", "takes no null MX"),
        ("muumuu", f"verification: [{'a' * 256}]\n", "takes texts of up to 255 octets"),
        ("sakura", f"verification: [{'a' * 256}]\n", "a CNAME to a zone elsewhere"),
    ],
)
def test_what_the_panel_cannot_hold_is_an_error_of_the_plan(
    site: Site, opened: Opened, host: str, wishes: str, said: str
) -> None:
    """With the reason and the way out, and nobody is asked to type anything."""
    opened(host, wishes)
    plan = site.run("plan")
    assert plan.code == 1
    assert said in " ".join(plan.out.split())
    assert site.run("apply", "--yes").out == ""


def test_servers_have_to_be_asked(site: Site, opened: Opened) -> None:
    """Without any there is nothing by which a person's work could be known."""
    opened()
    config = site.directory / "mailsync.yaml"
    config.write_text(config.read_text().partition("observe:")[0] + "observe: none\n")
    plan = site.run("plan")
    assert plan.code == 1
    assert "they have to be asked" in " ".join(plan.out.split())


def test_a_panel_stands_alone(site: Site, opened: Opened) -> None:
    """Two hosts for one zone, one of them by hand: told at once."""
    opened()
    config = site.directory / "mailsync.yaml"
    text = config.read_text().replace("[panel]", "[panel, other]")
    other = "  other: {class: mailsync_providers.manual.ManualProvider, host: muumuu}\ntargets"
    config.write_text(text.replace("targets", other, 1))
    plan = site.run("plan")
    assert plan.code == 1
    assert "stands alone" in " ".join(plan.out.split())


def test_what_it_can_do_is_told(site: Site, opened: Opened) -> None:
    """`mailsync providers` knows the panel that the entry names."""
    opened("muumuu")
    told = site.run("providers", "panel").out
    assert "by a person, who is given the steps" in told
    assert "up to 255 octets" in told


def test_a_rehearsal_plays_the_person_as_well(site: Site, opened: Opened) -> None:
    """As if all were typed at once: what is asked is whether the plan loses mail."""
    opened(wishes="mx: [10 mx.example.net.]\n")
    run = site.run("rehearse", "--resolvers", "20")
    assert run.code == 0, run.err
    assert "example.test" in run.out
    assert site.run("status").code == 0


def test_a_reverse_name_is_a_request(site: Site, opened: Opened, served: Served) -> None:
    """The holder's form wants the address and the host's name, and takes nothing else."""
    opened("interlink", "hosts: {mx1: [192.0.2.10]}\nptr: {192.0.2.10: mx1}\n")
    config = site.directory / "mailsync.yaml"
    text = (
        config.read_text()
        .replace(
            "targets: {",
            "  local: {class: mailsync_providers.zonefile.ZoneFileProvider, "
            "directory: ./files}\ntargets: {2.0.192.in-addr.arpa: [panel], ",
        )
        .replace('"*": [panel]', '"*": [local]')
    )
    config.write_text(text)
    (site.directory / "files").mkdir()
    lines = (SOA, "example.test. 300 NS ns1.example.net.", "mx1.example.test. 3600 A 192.0.2.10")
    (site.directory / "files" / "example.test.zone").write_text("\n".join(lines) + "\n")
    reverse = SOA.replace("example.test. 3600", "2.0.192.in-addr.arpa. 3600")
    served.lines = (*lines, reverse)
    held = site.run("apply", "--yes")
    assert "prepare waits until" in held.err
    assert held.out == ""
    site.now += timedelta(hours=25)
    asked = site.run("apply", "--yes").out
    assert "1 step by hand in Interlink (ZOOT NEXT)" in asked
    assert "IP address: 192.0.2.10" in asked
    assert "host's full name: mx1.example.test" in asked
    served.lines = (*served.lines, "10.2.0.192.in-addr.arpa. 3600 PTR mx1.example.test.")
    done = site.run("apply", "--yes")
    assert "10.2.0.192.in-addr.arpa PTR: done by hand" in done.err
    assert done.out == ""
