"""`mailsync import` on a scratch copy of the example, and from everywhere else."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from mailsync.cli import import_from
from mailsync.desired import syntax
from mailsync.dns.rrset import RRset
from mailsync.importing.model import Found
from mailsync.mail.mta_sts import Policy, record
from mailsync.observe import survey as survey_module
from mailsync.observe.survey import Survey
from mailsync.plan.live import ServedPolicy
from tests.unit.cli.site import Site
from tests.unit.observe.fakes import FakeServer, zone_of

MINIMAL = "$TTL 300\n@ SOA ns1.x.example. h 1 2 3 4 5\n@ NS ns1.x.example.\n"


@pytest.fixture
def empty(site: Site) -> Site:
    """The example without any zone file."""
    for path in (site.directory / "zones").iterdir():
        path.unlink()
    return site


def zone(site: Site, name: str) -> str:
    """The zone file of a domain."""
    return (site.directory / "zones" / f"{name}.yaml").read_text()


def test_one_domain_is_brought_in(empty: Site) -> None:
    """The file is written, the report says what is in it, and a plan is empty."""
    before = empty.files
    done = empty.run("import", "example.jp")
    assert done.code == 0
    assert done.out == (
        "example.jp → zones/example.jp.yaml\n"
        "  imported: mx, hosts (mail), spf, dkim (s2019), dmarc\n"
        "  no mail, left alone (--include records takes it over): example.jp A, www.example.jp A\n"
    )
    assert done.err == (
        "Next: `mailsync plan example.jp` shows that nothing changes. Then write down the mail "
        "that you want.\n"
    )
    assert zone(empty, "example.jp").startswith(
        "# The mail of example.jp, as imported from DNS host local."
    )
    assert set(empty.files) - set(before) == {"zones/example.jp.yaml"}
    assert (empty.directory / "zones/example.jp.yaml").stat().st_mode & 0o777 == 0o644
    plan = empty.run("plan", "--format", "json", "--detailed-exitcode")
    assert plan.code == 0
    assert plan.domain("example.jp")["status"] == "converged"


def test_globs_mean_what_the_dns_host_lists(empty: Site) -> None:
    """Many at once, with progress; one that fails does not stop the others."""
    done = empty.run("import", "*.jp", "nope.example", "EXAMPLE.net.", "*.org")
    assert done.code == 1
    assert [line for line in done.out.splitlines() if " → " in line] == [
        "example.co.jp → zones/example.co.jp.yaml",
        "example.jp → zones/example.jp.yaml",
        "example.net → zones/example.net.yaml",
    ]
    assert "error: no zone there matches '*.org'\n" in done.err
    assert "error: nope.example: DNS host 'local' has no such zone" in done.err
    assert "4 of 4: " in done.err
    assert "Next: `mailsync plan` shows that nothing changes." in done.err
    plan = empty.run("plan", "--format", "json")
    assert {domain["status"] for domain in plan.plan["domains"]} == {"converged"}


def test_all_records_are_taken_over_where_asked(empty: Site) -> None:
    """And the plan is empty all the same."""
    assert empty.run("import", "*", "--include", "records").code == 0
    assert "records:" in zone(empty, "example.net")
    plan = empty.run("plan", "--format", "json")
    assert {domain["status"] for domain in plan.plan["domains"]} == {"converged"}


def test_a_file_that_is_there_is_never_written_over(site: Site) -> None:
    """Unless that is asked for; --stdout shows what would be written."""
    before = site.files
    done = site.run("import", "example.jp")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: example.jp: zones/example.jp.yaml is there: --force replaces it, --stdout only "
        "shows\n"
    )
    shown = site.run("import", "example.jp", "--stdout")
    assert shown.code == 0
    assert shown.out.startswith("# The mail of example.jp")
    assert shown.err.startswith("example.jp → stdout\n  imported: mx")
    assert site.files == before
    assert site.run("import", "example.jp", "--force").code == 0
    assert zone(site, "example.jp") == shown.out


def test_a_zone_of_another_file_is_no_files_own(empty: Site) -> None:
    """One file may hold for several zones: it is not for an import to take one out of it."""
    empty.write("zones/brands.yaml", "domains: [example.jp]\nmx: [10 mail]\n")
    for more in ((), ("--force",)):
        done = empty.run("import", "example.jp", *more)
        assert done.code == 1
        assert "another file in zones holds for it: --stdout only shows" in done.err
    assert not (empty.directory / "zones/example.jp.yaml").exists()


def test_a_file_that_comes_in_between_is_not_written_over(empty: Site) -> None:
    """Whoever is faster keeps what they wrote."""
    real = import_from.FromHosts.read

    def slowly(self: import_from.FromHosts, zone: str) -> Found:
        empty.write("zones/example.jp.yaml", "mx: [10 mail]\n")
        return real(self, zone)

    empty.patch.setattr(import_from.FromHosts, "read", slowly)
    done = empty.run("import", "example.jp")
    assert done.err == "error: zones/example.jp.yaml: is there now: nothing was written\n"
    assert zone(empty, "example.jp") == "mx: [10 mail]\n"
    assert [p.name for p in (empty.directory / "zones").iterdir()] == ["example.jp.yaml"]


@pytest.mark.parametrize("there", [False, True])
def test_where_there_are_no_hard_links(empty: Site, there: bool) -> None:
    """The file is written all the same, and none is written over."""

    def refused(self: Path, target: Path) -> None:
        if there:
            self.write_text("mine")
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    empty.patch.setattr(Path, "hardlink_to", refused)
    done = empty.run("import", "example.jp")
    assert done.code == int(there)
    assert zone(empty, "example.jp").startswith("mine" if there else "# The mail")


def test_where_nothing_can_be_written(empty: Site) -> None:
    """One line, with the file; nothing half-written stays."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    empty.patch.setattr(os, "fsync", full)
    done = empty.run("import", "example.jp")
    assert done.err.startswith("error: ")
    assert "zones/example.jp.yaml: cannot be written: no space left on device" in done.err
    assert list((empty.directory / "zones").iterdir()) == []


def test_the_directory_of_zone_files_is_made(empty: Site) -> None:
    """The first import needs nothing but mailsync.yaml."""
    (empty.directory / "zones").rmdir()
    assert empty.run("import", "example.jp").code == 0
    assert zone(empty, "example.jp").startswith("# The mail")


def test_a_name_in_ones_own_script_is_one(empty: Site) -> None:
    """U-labels are understood; the file has the name that DNS has."""
    empty.write("live/xn--wgv71a119e.example.zone", MINIMAL + "@ MX 10 mx.example.net.\n")
    assert empty.run("import", "日本語.example").code == 0
    assert "mx: [10 mx.example.net.]" in zone(empty, "xn--wgv71a119e.example")
    done = empty.run("import", "no name")
    assert done.code == 1
    assert "holds a character that no name here may hold" in done.err


def test_defaults_that_ask_for_more_are_told(empty: Site) -> None:
    """The plan is not empty then, and it is not the file's doing."""
    config = (empty.directory / "mailsync.yaml").read_text()
    empty.write("mailsync.yaml", config.replace("ttl: 3600", "tls_rpt: mailto:tls@example.net"))
    done = empty.run("import", "example.jp")
    assert "the defaults in mailsync.yaml ask for more: a plan would change it" in done.out
    assert "shows what would change" in done.err


def test_from_a_master_file(empty: Site) -> None:
    """Whatever its name; one zone, which has to be named."""
    empty.write("db.17", MINIMAL + '@ MX 10 mx.example.net.\n_mta-sts TXT "v=STSv1; id=1;"\n')
    done = empty.run("import", "example.org", "--from-zone", "db.17")
    assert done.code == 0
    assert "as imported from the master file db.17." in zone(empty, "example.org")
    assert "files were read, the web was not asked" in done.out
    done = empty.run("import", "*.org", "--from-zone", "db.17")
    assert done.err == "error: db.17 holds one zone: name it\n"
    done = empty.run("import", "example.com", "--from-zone", "db.18")
    assert done.err == "error: db.18: no such file\n"


def test_from_octodns(empty: Site) -> None:
    """Every zone of a directory, without a configuration where it is only shown."""
    (empty.directory / "octo").mkdir()
    mx = "'': {type: MX, ttl: 300, value: {preference: 10, exchange: mx.example.net.}}\n"
    for name in ("example.org", "example.com"):
        empty.write(f"octo/{name}.yaml", mx)
    done = empty.run("import", "*", "--from-octodns", "octo")
    assert done.code == 0
    assert zone(empty, "example.org").endswith("ttl: 5m\nmx: [10 mx.example.net.]\n")
    (empty.directory / "mailsync.yaml").unlink()
    done = empty.run("import", "example.com", "--from-octodns", "octo", "--stdout")
    assert done.code == 0
    assert done.out.count("mx: [10 mx.example.net.]") == 1
    assert "there is no mailsync.yaml" in empty.run("import", "*", "--from-octodns", "octo").err


def dns(site: Site, *rrsets: RRset, **more: Any) -> list[tuple[Any, ...]]:
    """Let name servers show these, and remember what they were asked."""
    asked = []

    def survey(*args: Any) -> Survey:
        asked.append(args)
        return Survey({one.key: one for one in rrsets}, **more)

    site.patch.setattr(survey_module, "survey", survey)
    return asked


MX = RRset("example.org.", "MX", 300, ("10 mx.example.net.",))


def test_from_dns(empty: Site) -> None:
    """Selectors cannot be listed: those that are asked for are named, in the file and beside."""
    key = RRset("s9._domainkey.example.org.", "CNAME", 300, ("s9.dkim.example.net.",))
    asked = dns(empty, MX, key, synthesised=("a.example.org",), unanswered=("b.example.org TXT",))
    done = empty.run("import", "example.org", "--from-dns", "--selector", "s9")
    assert done.code == 0
    text = zone(empty, "example.org")
    assert "as imported from its name servers." in text
    assert "dkim: {s9: {cname: s9.dkim.example.net.}}" in text
    assert "# DNS does not list DKIM selectors. Asked for: s9, cf2024-1, default, fm1," in text
    assert "# a.example.org answers as a wildcard does: left out.\n" in text
    assert "# Not known, as nobody answered: b.example.org TXT.\n" in text
    ((name, selectors, servers),) = asked
    assert (name, selectors[0], servers) == ("example.org.", "s9", None)
    assert {"selector1", "google"} <= set(selectors)
    done = empty.run("import", "*.org", "--from-dns")
    assert done.err == "error: DNS lists no zones: name them one by one\n"


def test_from_the_name_servers_of_the_configuration(empty: Site) -> None:
    """Private servers are asked where mailsync.yaml names them; the web is not, then."""
    lines = (
        "example.org. 3600 SOA ns1.example.org. hostmaster.example.org. 1 7200 3600 2419200 900",
        "example.org. 300 MX 10 mail.example.org.",
        'example.org. 300 TXT "v=spf1 mx -all"',
        "mail.example.org. 300 A 192.0.2.1",
        '_mta-sts.example.org. 300 TXT "v=STSv1; id=1;"',
        "google._domainkey.example.org. 300 CNAME key.example.net.",
    )
    config = (empty.directory / "mailsync.yaml").read_text()
    with FakeServer(zone_of(*lines)) as server:
        where = f"observe: {{nameservers: ['{server.address}:{server.port}']}}\n"
        empty.write("mailsync.yaml", config + where)
        done = empty.run("import", "example.org", "--from-dns")
    assert done.code == 0
    assert (
        "ttl: 5m\nmx: [10 mail]\nhosts: {mail: [192.0.2.1]}\nspf: {mx: true, all: fail}\n"
        "dkim: {google: {cname: key.example.net.}}\n"
    ) in zone(empty, "example.org")
    assert "observe.nameservers names private servers" in done.out


def test_a_policy_is_fetched_where_one_is_announced(empty: Site) -> None:
    """Over HTTPS, as senders do; taken over where its id is what it says."""
    policy = Policy("testing", 86400, ("mx.example.net",))
    said = f'"{record(policy)}"'
    sts = RRset("_mta-sts.example.org.", "TXT", 300, (said,))
    dns(empty, MX, sts)
    fetched = []

    def fetch(domain: str) -> ServedPolicy:
        fetched.append(domain)
        return ServedPolicy("served", policy, "fetched")

    empty.patch.setattr("mailsync.observe.policy.fetch", fetch)
    assert empty.run("import", "example.org", "--from-dns").code == 0
    assert "mta_sts: {mode: testing, max_age: 1d}" in zone(empty, "example.org")
    assert fetched == ["example.org."]


def test_a_policy_of_a_zone_file_is_nobodys_to_fetch(empty: Site) -> None:
    """Master files have no name servers, and the example no web."""
    empty.write(
        "live/example.org.zone", MINIMAL + '@ MX 10 a.example.\n_mta-sts TXT "v=STSv1; id=1;"\n'
    )
    done = empty.run("import", "example.org")
    assert "could not be had: nobody looks (files on disk have no name servers)" in " ".join(
        done.out.split()
    )
    assert not (empty.directory / ".mailsync").exists()


def test_zones_that_no_target_serves(empty: Site) -> None:
    """Say how to go on: targets, or another origin; globs mean what targets name."""
    config = (empty.directory / "mailsync.yaml").read_text()
    empty.write("mailsync.yaml", config.replace('{"*": [local]}', "{example.jp: [local]}"))
    done = empty.run("import", "example.net")
    assert "error: example.net: no DNS host serves it: add it under targets" in done.err
    assert empty.run("import", "*").out.startswith("example.jp → ")


def test_a_host_that_cannot_list_its_zones(empty: Site) -> None:
    """A glob needs a listing; a name does not."""
    empty.patch.setattr(import_from, "ListsZones", _Nobody)
    done = empty.run("import", "*")
    assert done.err == (
        "error: the adapter of DNS host 'local' cannot list zones: name them one by one\n"
    )
    assert empty.run("import", "example.jp").code == 0


class _Nobody:
    """No host is one of these."""


def test_several_hosts_that_differ(empty: Site) -> None:
    """What they do not agree on is left to be made alike first."""
    config = (empty.directory / "mailsync.yaml").read_text()
    other = "  other: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./other}\n"
    config = config.replace("targets:", f"{other}targets:").replace("[local]", "[local, other]")
    empty.write("mailsync.yaml", config)
    (empty.directory / "other").mkdir()
    text = MINIMAL + '@ MX 10 a.example.\n_dmarc TXT "v=DMARC1; p=none"\n'
    empty.write("live/example.org.zone", text)
    empty.write("other/example.org.zone", text.replace("p=none", "p=reject"))
    done = empty.run("import", "example.org")
    assert done.code == 0
    assert "as imported from DNS host local and other." in zone(empty, "example.org")
    assert "mx: [10 a.example.]" in zone(empty, "example.org")
    assert "_dmarc.example.org TXT is not the same at all DNS hosts" in zone(empty, "example.org")
    assert "dmarc:" not in zone(empty, "example.org")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from-dns", "--from-zone", "x"), "choose one"),
        (("--selector", "s1"), "--selector goes with --from-dns"),
        (("--include", "everything"), "invalid value for '--include'"),
    ],
)
def test_options_that_do_not_go_together(words: tuple[str, ...], says: str, empty: Site) -> None:
    """One line each, and nothing is written."""
    before = empty.files
    done = empty.run("import", "example.jp", *words)
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert says in done.err
    assert empty.files == before


def test_a_zone_name_is_needed(empty: Site) -> None:
    """Nothing is imported unasked."""
    assert "missing argument 'DOMAIN'" in empty.run("import").err


def test_a_zone_too_large_for_a_file_is_one_line(empty: Site) -> None:
    """Its mail can be imported; all of its records cannot."""
    empty.patch.setattr(syntax, "NODES_MAX", 60)
    many = "".join(f"h{n} A 192.0.2.1\n" for n in range(20))
    empty.write("live/example.org.zone", f"{MINIMAL}@ MX 10 mx.example.net.\n{many}")
    done = empty.run("import", "example.org", "--include", "records")
    assert done.code == 1
    assert done.err.startswith("error: example.org: the file has more than 60 values")
    assert "import its mail alone" in done.err
    assert empty.run("import", "example.org").code == 0


def test_hostile_zones_are_one_line_or_a_file(empty: Site) -> None:
    """Whatever stands in a zone: no traceback, nothing raw in what is printed."""
    empty.write(
        "live/example.org.zone",
        MINIMAL + '@ MX 0 .\n@ TXT "v=spf1 \\027[31m"\n_dmarc TXT "v=DMARC1; p=\\010\\234"\n',
    )
    empty.write("live/example.com.zone", "\x00\x01")
    done = empty.run("import", "example.org", "example.com")
    assert done.code == 1
    assert "\x1b" not in done.out + done.err + zone(empty, "example.org")
    assert "internal error" not in done.err
