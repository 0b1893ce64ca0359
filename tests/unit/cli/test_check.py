"""`mailsync check` in a small internet of the tests' own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from threading import Timer
from typing import Any

import pytest

from mailsync.cli import check as check_command
from mailsync.cli import check_gates, check_subjects
from mailsync.cli.check_stream import in_order
from mailsync.cli.writing import whole_file
from mailsync.config import Observe
from mailsync.dns.rrset import RRset
from mailsync.errors import MailsyncError
from mailsync.journal.events import Seen
from mailsync.journal.file_store import FileJournal
from mailsync.observe.dialogue import context
from mailsync.observe.gather import Settings
from mailsync.observe.observations import KEY_VARIABLE, from_json
from mailsync.observe.question import Patience
from mailsync.observe.resolving import Planned
from mailsync.observe.results import Checked, Observation, Summary
from mailsync.observe.subjects import Declared
from mailsync.report.check import CheckText
from tests.unit.cli.site import ROOT, Done, Site, command, environment
from tests.unit.observe.certificates import Authority
from tests.unit.observe.internet import NOW, SOA, Internet
from tests.unit.observe.mail_servers import drips, mail_server, raw_server

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ZONE = f"""\
mx: [10 mx1, 20 mx2]
hosts: {{mx1: [127.0.0.21], mx2: [127.0.0.22]}}
spf: {{ip4: [127.0.0.21, 127.0.0.22], all: fail}}
dkim: {{s2026: "{KEY}"}}
dmarc: v=DMARC1; p=reject; rua=mailto:dmarc@example.com
"""
RECORDS = (
    SOA,
    "example.com. 3600 NS ns1.example.com.",
    "ns1.example.com. 3600 A 127.0.0.1",
    "example.com. 3600 MX 10 mx1.example.com.",
    "example.com. 3600 MX 20 mx2.example.com.",
    "mx1.example.com. 3600 A 127.0.0.21",
    "mx2.example.com. 3600 A 127.0.0.22",
    "21.0.0.127.in-addr.arpa. 3600 PTR mx1.example.com.",
    'example.com. 3600 TXT "v=spf1 ip4:127.0.0.21 ip4:127.0.0.22 -all"',
    f's2026._domainkey.example.com. 3600 TXT "{KEY}"',
    '_dmarc.example.com. 3600 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"',
)


def recipients(address: str) -> str:
    """What a server says that knows three mailboxes."""
    if address in {f"{name}@example.com" for name in ("postmaster", "info", "dmarc")}:
        return "250 2.1.5 Ok"
    if address.endswith("@example.com"):
        return "550 5.1.1 User unknown"
    return "554 5.7.1 Relay access denied"


@dataclass
class World:
    """A site with one domain, its name server, and its two mail servers."""

    site: Site
    net: Internet
    port: int

    def run(self, *argv: str) -> Done:
        """Run the command; mail servers are asked at their port."""
        return self.site.run("check", *argv, "--smtp-port", str(self.port))

    def json(self, *argv: str) -> dict[str, Any]:
        """Run it, and read its JSON."""
        found = json.loads(self.run(*argv, "--format", "json").out)
        assert isinstance(found, dict)
        return found

    def levels(self, *argv: str) -> set[tuple[str, str]]:
        """Run it, and give each rule with its state, of the first domain."""
        (domain,) = self.json(*argv)["domains"]
        return {(one["id"], one["state"]) for one in domain["observations"]}


@pytest.fixture
def world(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One server takes only what it should; the other takes everything, without TLS."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    context.cache_clear()
    monkeypatch.setattr(check_subjects, "PATIENCE", Patience(timeout=0.3, tries=1))
    site.now = datetime.now(UTC)
    site.only()
    with ExitStack() as stack:
        net = stack.enter_context(Internet(*RECORDS))
        certificate = authority.issue("mx1.example.com")
        one = stack.enter_context(
            mail_server(recipients, certificate=certificate, address="127.0.0.21")
        )
        stack.enter_context(mail_server(address="127.0.0.22", port=one.port))
        here = f"127.0.0.1:{net.server.port}"
        site.write(
            "mailsync.yaml",
            "providers:\n"
            "  local: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./live}\n"
            'targets: {"*": [local]}\n'
            f'observe: {{nameservers: ["{here}"], resolvers: ["{here}"]}}\n',
        )
        site.write("zones/example.com.yaml", ZONE)
        yield World(site, net, one.port)
    context.cache_clear()


def test_all_that_is_wrong_is_told(world: World) -> None:
    """By topic, with severity, reason and fix; exit 1; nothing is written anywhere."""
    before = world.site.files
    done = world.run()
    assert (done.code, done.err) == (1, "")
    text = " ".join(done.out.split())
    for words in (
        "✗ example.com:",
        "! warning mx2.example.com (127.0.0.22",
        "does not offer STARTTLS",
        "(smtp-catch-all)",
        "✗ error mx2.example.com",
        "takes mail from strangers",
        "→ Restrict relaying to your own networks",
        "✗ error 127.0.0.22: has no name (PTR)",
        "✓ ok mx1.example.com (127.0.0.21",
        "✓ ok s2026._domainkey.example.com: an Ed25519 key",
        "✓ ok dmarc@example.com at mx1.example.com",
        "1 domain: 1 with errors.",
    ):
        assert words in text, words
    assert world.site.files == before


def test_no_resolver_is_asked_for_what_is_about_to_be_created(world: World) -> None:
    """What the file wishes for, and nobody has published yet; once it was seen, it may be."""
    world.site.write("zones/example.com.yaml", ZONE.replace("mx2:", "mx3: [127.0.0.23], mx2:"))
    world.site.write("zones/example.net.yaml", "mx: [10 mx3.example.com.]\n")
    world.net.records.append("example.com. 3600 MX 30 mx3.example.com.")
    world.run("example.com")
    assert ("mx3.example.com.", "A") in world.net.asked(recursive=False)
    there = {(line.split(" ")[0], line.split(" ")[2]) for line in world.net.records}
    below = {one for one in world.net.asked(recursive=True) if one[0].endswith(".example.com.")}
    assert ("example.com.", "MX") in world.net.asked(recursive=True)
    assert below <= there
    key = ("mx1.example.com.", "A")
    FileJournal(world.site.directory / ".mailsync").append(
        "example.com.", [Seen(world.site.now, key, RRset(*key, 3600, ("127.0.0.21",)))]
    )
    world.run("example.com", "--only", "mx")
    assert ("mx1.example.com.", "AAAA") in world.net.asked(recursive=True)


def test_only_some_topics(world: World) -> None:
    """And nobody is asked for the others; without an error it exits with 0."""
    done = world.run("--only", "spf", "--only", "dmarc", "--format", "json")
    assert done.code == 0
    (domain,) = json.loads(done.out)["domains"]
    assert {one["topic"] for one in domain["observations"]} == {"spf", "dmarc"}
    assert domain["zone_file"]
    assert world.site.run("check", "--only", "nonsense").code == 1


def test_every_form_goes_to_a_file_too(world: World) -> None:
    """As a whole, readable by all; the text without colours and as wide as paper."""
    for form, begin in (
        ("text", "Mail check"),
        ("json", "{"),
        ("markdown", "## Mail"),
        ("html", "<!DOC"),
    ):
        argv = ("--only", "mx", "--format", form, "--out", "report")
        assert world.run(*argv).code == 0
        assert world.run(*argv[:-2]).out.startswith(begin)
        assert (world.site.directory / "report").read_text().startswith(begin)
    assert world.run("--only", "mx", "--out", "no/such/directory").code == 1


def test_a_domain_without_a_file_is_asked_of_the_dns(world: World) -> None:
    """By name, beside those with files; what cannot be known of it is said."""
    world.net.records += [
        "example.net. 60 SOA ns1.example.com. h.example.com. 1 7200 3600 2419200 900",
        "example.net. 60 NS ns1.example.com.",
        "example.net. 60 MX 0 .",
        'example.net. 60 TXT "v=spf1 -all"',
    ]
    found = world.json("example.net", "example.com", "--only", "mx", "--only", "dkim")
    assert [one["domain"] for one in found["domains"]] == ["example.com", "example.net"]
    stranger = found["domains"][1]
    assert not stranger["zone_file"]
    assert stranger["not_known"][0].startswith("it has no zone file")
    assert ("null-mx", "pass") in {(o["id"], o["state"]) for o in stranger["observations"]}
    some = world.json("*.com", "--only", "mx")["domains"]
    assert [one["domain"] for one in some] == ["example.com"]
    assert world.site.run("check", "*.org").code == 1


def test_no_configuration_is_needed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Domains that are named are looked at wherever one stands."""
    (world.site.directory / "mailsync.yaml").unlink()
    monkeypatch.setattr(check_subjects, "system_resolvers", lambda: (world.net.resolver,))
    monkeypatch.setattr(check_subjects, "PUBLIC", ())
    done = world.run("example.com", "--only", "mx", "--timeout", "5")
    assert "10 mx1.example.com, 20 mx2.example.com" in done.out
    assert world.site.run("check").code == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["a b"], "'a b' is no mail domain: write one such as example.com"),
        (["info@example.com"], "'info@example.com' is no mail domain"),
        (["_x.example"], "is no mail domain"),
        (["com"], "is no mail domain"),
        (["--sender", "example.com"], "is no IP address"),
        (["--mailbox", "info"], "write such as info@example.com"),
        (["--selector", "a b"], "--selector"),
        (["--old-host", "."], "--old-host names nobody"),
        (["--old-host", "a b"], "--old-host"),
        (["--gates"], "name a file with --out"),
        (["--watch", "5", "--format", "json"], "--watch tells changes as text"),
    ],
)
def test_mistakes_on_the_command_line(argv: list[str], words: str, site: Site) -> None:
    """One line that says what to write."""
    done = site.run("check", *argv)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_files_that_are_wrong_do_not_stop_the_others(world: World) -> None:
    """They are told, and the exit code tells."""
    world.site.write("zones/example.org.yaml", "my: 1\n")
    done = world.run("--only", "spf")
    assert done.code == 1
    assert "example.org.yaml:1:1" in done.err
    assert "example.com" in done.out
    world.site.write("zones/example.com.yaml", "my: 1\n")
    done = world.run("--only", "spf")
    assert (done.code, done.out) == (1, "")


def test_the_user_declares_what_the_dns_cannot_tell(world: World) -> None:
    """Mailboxes, senders, selectors, and where mail went before."""
    world.net.records.append("old.example.net. 60 A 127.0.0.22")
    found = world.levels(
        "--mailbox", "sales@example.com", "--sender", "192.0.2.99", "--selector", "s9",
        "--old-host", "old.example.net",
    )  # fmt: skip
    assert ("smtp-accepts", "fail") in found
    assert ("spf-sender", "fail") in found
    assert ("dkim-record", "fail") in found
    assert ("old-service-accepts", "fail") in found


def test_the_journal_tells_who_took_the_mail_before(world: World) -> None:
    """A host of an MX that no resolver holds any more, and that still takes the domain's mail."""
    world.net.records.append("old.example.net. 60 A 127.0.0.22")
    key = ("example.com.", "MX")
    journal = FileJournal(world.site.directory / ".mailsync")
    events = [
        Seen(datetime(2026, 1, day, tzinfo=UTC), key, RRset(*key, 3600, (value,)))
        for day, value in ((1, "10 old.example.net."), (2, "10 mx1.example.com."))
    ]
    journal.append("example.com.", events)
    assert ("old-service-accepts", "fail") in world.levels("--only", "services")


def test_traps_that_no_record_shows_are_found(world: World) -> None:
    """A back door beside a gateway, a new service at the old one's address, six addresses."""
    world.site.write(
        "zones/example.com.yaml",
        f"{ZONE.replace('20 mx2', '20 mx2, 30 new')}"
        "services: [{mailgates: {mx: mgf}}, {microsoft365: {behind: mailgates}}]\n",
    )
    world.net.records += [
        "example-com.mail.protection.outlook.com. 60 A 127.0.0.22",
        "new.example.com. 60 A 127.0.0.21",
        *(f"mx2.example.com. 60 A 127.0.0.{number}" for number in range(60, 65)),
    ]
    found = world.levels("--only", "services", "--only", "mx")
    assert {rule for rule, state in found if state == "fail"} == {
        "gateway-bypass",
        "mx-same-addresses",
        "mx-too-many-addresses",
    }


def test_a_journal_that_cannot_be_read_is_told(world: World) -> None:
    """Then nothing is known to be published, and the rest goes on."""
    (world.site.directory / ".mailsync").write_text("not a directory")
    done = world.run("--only", "spf")
    assert done.code == 0
    assert "what was published before is not known" in done.err


def test_public_resolvers_are_not_told_of_private_zones() -> None:
    """Where the servers are the user's own, and no resolver is named, none is compared."""

    def compared(observe: Observe) -> list[str]:
        asked = check_subjects.Asked((), (), observe, Planned(), frozenset())
        return [server.address for server in asked.canaries]

    private = (("192.0.2.53", 53),)
    assert compared(Observe()) == ["1.1.1.1", "8.8.8.8", "9.9.9.9"]
    assert compared(Observe(nameservers=private)) == []
    assert compared(Observe(nameservers=private, resolvers=(("192.0.2.1", 53),))) == ["192.0.2.1"]


def test_gates_are_saved_for_another_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed where there is a key; a gate that fails is told by the exit code."""
    done = world.run("--gates", "--out", "seen.json")
    assert done.code == 1
    assert f"not signed: {KEY_VARIABLE} is not set" in done.err
    text = (world.site.directory / "seen.json").read_text()
    found = from_json(text, world.site.now)
    assert {(s.host, s.gate, s.state) for s in found.of("example.com.")} == {
        ("mx1.example.com.", "smtp-accepts", "pass"),
        ("mx1.example.com.", "smtp-tls", "pass"),
        ("mx1.example.com.", "smtp-certificate", "pass"),
        ("mx2.example.com.", "smtp-accepts", "pass"),
        ("mx2.example.com.", "smtp-tls", "fail"),
        ("mx2.example.com.", "smtp-certificate", "fail"),
    }
    monkeypatch.setenv(KEY_VARIABLE, "sixteen octets or more")
    assert "(signed; 4 pass, 2 fail, 0 unknown)" in world.run("--gates", "-o", "seen.json").err
    text = (world.site.directory / "seen.json").read_text()
    assert from_json(text, world.site.now, key=b"sixteen octets or more").signed
    monkeypatch.setenv(KEY_VARIABLE, "short")
    done = world.run("--gates", "-o", "other.json")
    assert (done.code, "too short" in done.err) == (1, True)
    assert not (world.site.directory / "other.json").exists()


def test_a_machine_without_port_25_plans_what_another_saw_mail_hosts_present(world: World) -> None:
    """For `tlsa: auto`: this one asks no mail server; what was not seen changes nothing."""
    site = world.site
    site.write("zones/example.com.yaml", f"{ZONE}tlsa: {{mx1: auto, mx2: auto}}\n")
    done = world.run("--gates", "--out", "seen.json")
    assert "1 of 2 certificates for tlsa: auto)" in done.err
    found = from_json((site.directory / "seen.json").read_text(), site.now)
    (value,) = [one.tlsa for one in found.certificates if one.tlsa]
    site.write("live/example.com.zone", "\n".join(("$ORIGIN .", *RECORDS[:7])) + "\n")
    config = (site.directory / "mailsync.yaml").read_text()
    site.write(
        "mailsync.yaml", f"{config.partition('observe:')[0]}observe: {{nameservers: none}}\n"
    )
    planned = site.run("plan", "--observations", "seen.json")
    assert value in planned.out
    words = " ".join(planned.out.split())
    assert "mx2.example.com (127.0.0.22) does not offer STARTTLS" in words
    assert site.run("apply", "--observations", "seen.json").code == 0
    assert value.split()[-1] in "".join(site.zone("example.com").split())


def test_a_bug_in_one_domain_is_that_domains(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in its place, as an error; of gates too."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(check_command, "check", fails)
    done = world.run()
    assert done.code == 1
    assert "internal error (ZeroDivisionError: a bug): please report it" in done.out
    monkeypatch.setattr("mailsync.observe.gates.look", fails)
    done = world.run("--gates", "--out", "seen.json")
    assert (done.code, "example.com: internal error" in done.err) == (1, True)


def started(world: World, *argv: str) -> subprocess.Popen[str]:
    """Run the command as a process of its own."""
    return subprocess.Popen(
        command("check", *argv, "--smtp-port", str(world.port)),
        cwd=world.site.directory,
        env=os.environ | environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read lines until one holds these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_watching_tells_what_changed(world: World) -> None:
    """The first round in full, then only what stands otherwise; until Ctrl-C."""
    process = started(world, "--watch", "1", "--only", "reverse")
    first = read_until(process, "127.0.0.21: is mx1.example.com, and back")
    assert "127.0.0.22: has no name" in first
    world.net.records.append("22.0.0.127.in-addr.arpa. 3600 PTR mx2.example.com.")
    second = read_until(process, "127.0.0.22: is mx2.example.com, and back")
    assert "127.0.0.21" not in second
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err


def test_an_interrupted_run_leaves_no_report_that_looks_whole(world: World) -> None:
    """It ends at the first Ctrl-C, whatever servers it waits for."""
    records = [line for line in world.net.records if " MX " not in line]
    reached = Flag()

    def drip(connection: socket.socket) -> None:
        reached.set()
        drips()(connection)

    with raw_server(drip, address="127.0.0.23") as slow:
        world.port = slow.port
        world.net.records[:] = [
            *records,
            "example.com. 60 MX 10 slow.example.com.",
            "slow.example.com. 60 A 127.0.0.23",
        ]
        process = started(world, "--out", "report")
        assert reached.wait(30)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert time.monotonic() - began < 3
    assert process.returncode == 130
    assert not (world.site.directory / "report").exists()
    stop = Flag()
    stop.set()
    asked = check_subjects.asked(Path("mailsync.yaml"), [], Declared(), world.site.now)
    with pytest.raises(KeyboardInterrupt):
        check_gates.write(
            Path("seen.json"), asked.subjects, asked.gatherer(Settings(), stop), NOW, stop
        )
    assert not (world.site.directory / "seen.json").exists()


def test_the_page_shows_what_happens(world: World) -> None:
    """docs/check.md shows this run, with the addresses of documents."""
    argv = ("example.com", "--mailbox", "info@example.com")
    found = world.run(*argv, "--format", "json").out
    found = found.replace(f":{world.port}", "").replace(f":{world.net.server.port}", ":53")
    found = re.sub(r"127\.0\.0\.2([12])", r"192.0.2.2\1", found)
    found = found.replace("127.0.0.1:53", "192.0.2.53")
    found = re.sub(r"[0-9a-f]{16}@", "3f1c9a0be5d27746@", found)
    found = re.sub(r"valid until [0-9-]+ [0-9:]+ UTC", "valid until 2027-01-21 09:00 UTC", found)
    found = found.replace("mx.example.com Python SMTP 1.4.6", "ESMTP")
    found = found.replace("Root of the tests", "Example Root")
    (domain,) = json.loads(found)["domains"]
    checked = Checked(
        domain["domain"],
        datetime(2026, 11, 25, 3, 0, tzinfo=UTC),
        domain["zone_file"],
        tuple(
            Observation(**{key: one[key] for key in one if key != "severity"} | _severity(one))
            for one in domain["observations"]
        ),
        tuple(domain["not_known"]),
    )
    form = CheckText(colour=False, width=100, brief=False)
    text = form.head(checked.at) + form.domain(checked) + form.foot(Summary().plus(checked))
    path = ROOT / "docs" / "check.md"
    page = path.read_text()
    begin = page.index("Mail check as of")
    end = page.index("```\n", begin)
    if os.environ.get("MAILSYNC_README") == "write":
        path.write_text(page[:begin] + text + page[end:])
    else:
        assert page[begin:end] == text, "MAILSYNC_README=write makes it anew"


def _severity(one: dict[str, str]) -> dict[str, str]:
    return {"severity": one["severity"]} if "severity" in one else {}


def test_results_come_in_order_and_none_is_kept() -> None:
    """However many there are: no more is begun than a bounded number ahead of what was told."""
    begun, ahead = [], []
    told = 0

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        time.sleep(0.001 * (item % 3))
        return item

    def failed(item: int, error: Exception) -> int:
        assert str(error) == "three"
        return -item

    for result in in_order(range(200), work, failed, Flag()):
        assert result == (-3 if told == 3 else told)
        told += 1
        ahead.append(len(begun) - told)
    assert told == 200
    assert max(ahead) <= 32
    assert list(in_order([], work, failed, Flag())) == []


def test_a_run_of_many_domains_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten times, on stderr; a few domains need no telling."""
    assert len(list(in_order(range(40), str, lambda *_: "", Flag()))) == 40
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "4 of 40 domains looked at"
    assert len(lines) == 10
    assert len(list(in_order(range(10), str, lambda *_: "", Flag()))) == 10
    assert capsys.readouterr().err == ""


def test_a_run_that_is_stopped_begins_nothing_more() -> None:
    """What is under way is given up."""
    stop, release = Flag(), Flag()

    def work(item: int) -> int:
        release.wait(5)
        return item

    results = in_order(range(100), work, lambda item, _: item, stop)
    Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert list(results) == []
    some = in_order(range(9), str, lambda *_: "", first := Flag())
    assert next(some) == "0"
    first.set()
    assert list(some) == []
    assert time.monotonic() - began < 2
    release.set()


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """What was there stays until all is written."""
    path = tmp_path / "report"
    path.write_text("before")
    with pytest.raises(TypeError), whole_file(path) as give:
        give("half" + None)  # type: ignore[operator]
    assert path.read_text() == "before"
    with whole_file(path) as give:
        give("one ")
        give("two")
    assert path.read_text() == "one two"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(MailsyncError, match="cannot write"), whole_file(tmp_path / "no" / "x"):
        pass
