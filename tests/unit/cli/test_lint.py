"""`mailsync lint` on a scratch copy of the example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

import mailsync.observe.lookups
from mailsync.observe.question import Server
from tests.unit.cli.site import Site
from tests.unit.observe.fakes import FakeServer, reply, zone_of

MIXED = "mx: [0 a.mail.protection.outlook.com., 20 mx.other.example.]\n"
APEX = "mx: [10 bad.example.]\n"


@pytest.fixture
def bad(site: Site) -> Site:
    """A site with one domain of which the test says what its file is."""
    site.only()
    return site


def write(site: Site, text: str, name: str = "bad.example") -> None:
    """Write a zone file."""
    site.write(f"zones/{name}.yaml", text)


def found(site: Site, *argv: str) -> list[dict[str, Any]]:
    """Lint, and give the findings."""
    findings = json.loads(site.run("lint", "-f", "json", *argv).out)["findings"]
    assert isinstance(findings, list)
    return findings


def ids(site: Site, *argv: str) -> list[str]:
    """Lint, and give the findings' ids."""
    return [one["id"] for one in found(site, *argv)]


def test_the_example_is_clean(site: Site) -> None:
    """Nothing counts, nothing is written, and no DNS host and no server is asked."""
    before = site.files
    done = site.run("lint", "--strict")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-2] == (
        "3 domains: 2 infos (names elsewhere: not asked for, see --online)."
    )
    assert site.files == before


def test_errors_are_told_with_place_and_rule(bad: Site) -> None:
    """Each finding is a line that editors follow; errors make the exit code."""
    write(bad, "ttl: 1h\n" + MIXED)
    done = bad.run("lint")
    assert done.code == 1
    line, _, summary, hint = done.out.splitlines()
    assert line.startswith("zones/bad.example.yaml:2:5: error: the MX of bad.example belong to")
    assert line.endswith("[mx-mixed-services]")
    assert summary.startswith("1 domain: 1 error")
    assert "--explain" in hint


def test_warnings_count_when_asked(bad: Site) -> None:
    """Warnings pass, and do not under --strict; remarks always do."""
    write(bad, APEX)
    assert bad.run("lint").code == 0
    assert bad.run("lint", "--strict").code == 1
    write(bad, "mx: [10 mx1]\nhosts: {mx1: 192.0.2.1}\n")
    assert ids(bad) == ["octodns-mail", "spf-helo"]
    assert bad.run("lint", "--strict").code == 0


def test_acknowledged_findings_are_shown_and_do_not_count(bad: Site) -> None:
    """What the file accepts is told as accepted."""
    write(bad, MIXED + "acknowledge: [mx-mixed-services]\n")
    done = bad.run("lint", "--strict")
    assert done.code == 0
    assert "acknowledged: the MX of bad.example" in done.out
    assert "[mx-mixed-services]" in done.out
    assert [one["acknowledged"] for one in found(bad)] == [True]
    assert bad.run("lint", "-f", "github").out == ""


def test_severities_are_set_in_the_configuration(bad: Site) -> None:
    """A rule can be milder, stricter or silent, octoDNS' validators as well."""
    config = bad.write("mailsync.yaml", "").with_name("mailsync.yaml")
    text = "providers: {p: {class: x.Y}}\ntargets: {'*': [p]}\nlint: {severity: {%s}}\n"
    write(bad, APEX)
    config.write_text(text % "mx-points-to-apex: error, octodns-mail: off")
    assert bad.run("lint").code == 1
    assert ids(bad) == ["mx-points-to-apex"]
    config.write_text(text % "mx-points-to-apex: off, octodns-mail: warning")
    assert [(one["id"], one["severity"]) for one in found(bad)] == [("octodns-mail", "warning")]


def test_files_that_cannot_be_read_are_findings(bad: Site) -> None:
    """What every command refuses stands among the findings, beside those of other files."""
    write(bad, "mx: [10 mx1]\nspf: 'v=spf1; -all'\nmxx: 1\n")
    write(bad, APEX.replace("bad", "good"), "good.example")
    done = bad.run("lint")
    assert done.code == 1
    assert [(one["id"], one["file"], one["line"]) for one in found(bad)] == [
        ("semicolon", "zones/bad.example.yaml", 2),
        ("file", "zones/bad.example.yaml", 3),
        ("mx-points-to-apex", "zones/good.example.yaml", 1),
        ("octodns-mail", "zones/good.example.yaml", 1),
    ]
    assert "2 domains: 2 errors, 1 warning, 1 info" in done.out


def test_domains_are_chosen(bad: Site) -> None:
    """Only the domains that are asked for are judged, with all files in mind."""
    write(bad, "mx: [10 mx1.other.example.]\n")
    write(bad, "hosts: {mx1: absent}\nspf: v=spf1 mx ?all\n", "other.example")
    assert ids(bad, "bad.example") == ["mx-target-no-address", "octodns-mail"]
    done = bad.run("lint", "nowhere.example", "bad.*")
    assert done.code == 1
    assert "no domain matches 'nowhere.example'" in done.err
    assert "[mx-target-no-address]" in done.out


def test_broken_configuration_is_an_error(bad: Site) -> None:
    """Without a configuration there is nothing to judge; its errors are as everywhere."""
    bad.write("mailsync.yaml", "lint: {severity: {spf-helop: off}}\n")
    done = bad.run("lint")
    assert (done.code, done.out) == (1, "")
    assert (
        "unknown finding (mailsync lint --list) 'spf-helop': did you mean 'spf-helo'?" in done.err
    )


def test_forms(bad: Site) -> None:
    """SARIF for code scanning, workflow commands for annotations, JSON for scripts."""
    write(bad, MIXED)
    sarif = json.loads(bad.run("lint", "--format", "sarif").out)
    (run,) = sarif["runs"]
    assert run["results"][0]["ruleId"] == "mx-mixed-services"
    assert bad.run("lint", "--format", "github").out.startswith(
        "::error title=mailsync mx-mixed-services,file=zones/bad.example.yaml,line=1,col=5::"
    )
    document = json.loads(bad.run("lint", "--format", "json").out)
    assert document["format"] == "mailsync-lint/1"
    assert document["summary"] == {
        "domains": 1, "errors": 1, "warnings": 0, "infos": 0, "acknowledged": 0,
    }  # fmt: skip


def test_rules_are_explained(site: Site) -> None:
    """A rule's story needs no files; octoDNS' validators tell their own."""
    site.write("mailsync.yaml", "!")
    done = site.run("lint", "--explain", "spf-lookups")
    assert (done.code, done.err) == (0, "")
    assert "RFC 7208 §4.6.4" in done.out
    done = site.run("lint", "--explain", "octodns-root-cname")
    assert "in its own words" in done.out
    done = site.run("lint", "--explain", "octodns-rot-cname")
    assert (done.code, done.out) == (1, "")
    assert "there is no rule" in done.err


def test_rules_are_listed(site: Site) -> None:
    """All rules, with octoDNS' validators, as text or JSON."""
    text = site.run("lint", "--list").out
    assert "mx-mixed-services" in text
    assert "octodns-root-cname" in text
    listed = json.loads(site.run("lint", "--list", "-f", "json").out)
    assert "octodns-root-cname" in listed["octodns"]
    assert "octodns-mx-target-not-cname" not in listed["octodns"]


def test_look_ups_see_more_and_never_ask_for_what_is_to_come(
    bad: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names elsewhere are asked for; what the files speak of is not, at any resolver."""
    write(
        bad,
        "mx: [10 mx1]\nhosts: {mx1: 192.0.2.1}\nspf: v=spf1 include:spf.gone.example -all\n"
        "dkim: {s1: {cname: s1.keys.example.}}\n",
    )
    records = ("s1.keys.example. 300 TXT v=DKIM1;p=", "spf.gone.example. 300 A 192.0.2.1")
    with FakeServer(zone_of(*records)) as server:
        use_resolver(monkeypatch, server)
        done = bad.run("lint", "--online")
    assert "include:spf.gone.example: spf.gone.example has no SPF record" in done.out
    assert "see --online" not in done.out
    assert done.code == 1
    asked = {(q.question[0].name.to_text(), q.question[0].rdtype) for q in server.queries}
    assert {"s1.keys.example.", "spf.gone.example."} <= {name for name, _ in asked}
    ours = {(name, rdtype) for name, rdtype in asked if name.endswith("bad.example.")}
    assert ours <= {("bad.example.", dns.rdatatype.NS)}, "the delegation, and nothing else"


def test_a_dns_that_fails_is_no_finding(bad: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be learnt, nothing is said; the rest is judged."""
    write(bad, "mx: [10 mx.gone.example.]\nspf: v=spf1 include:spf.gone.example ?all\n")

    def answering(query: dns.message.Message, _tcp: bool) -> bytes:
        return reply(query, rcode=dns.rcode.SERVFAIL).to_wire()

    with FakeServer(answering) as server:
        use_resolver(monkeypatch, server)
        assert ids(bad, "--online") == ["octodns-mail", "spf-all"]


def test_the_zones_own_servers_are_asked_for_what_is_to_come(
    bad: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With name servers in the configuration these tell what else stands at a name of ours."""
    token = "x=" + "y" * 240
    records = [f"bad.example. 300 TXT {token}1", f"bad.example. 300 TXT {token}2"]
    records.append("bad.example. 300 SOA ns. h. 1 7200 900 1209600 604800")
    with FakeServer(zone_of(*records)) as own, FakeServer(zone_of()) as elsewhere:
        use_resolver(monkeypatch, elsewhere)
        bad.write(
            "mailsync.yaml",
            "providers: {p: {class: x.Y}}\ntargets: {'*': [p]}\n"
            f"observe: {{nameservers: ['{own.address}:{own.port}']}}\n",
        )
        write(bad, "spf: v=spf1 -all\n")
        assert ids(bad, "--online") == ["soa-negative", "spf-size"]
    assert elsewhere.queries == []
    assert not any(query.flags & dns.flags.RD for query in own.queries)


def use_resolver(monkeypatch: pytest.MonkeyPatch, server: FakeServer) -> None:
    """Let the machine be set to use this resolver."""
    resolvers = (Server(server.address, server.address, server.port),)
    monkeypatch.setattr(mailsync.observe.lookups, "system_resolvers", lambda: resolvers)


def test_a_directory_without_files_is_told(site: Site) -> None:
    """An empty directory is an error with its place."""
    for path in Path("zones").iterdir():
        path.unlink()
    done = site.run("lint")
    assert done.code == 1
    assert "no zone file here" in done.out


def test_a_bug_is_told_as_one(bad: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside, the user gets one line, and no findings that were not made."""

    def broken(*_: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr("mailsync.cli.lint.judge", broken)
    write(bad, APEX)
    done = bad.run("lint")
    assert (done.code, done.out) == (1, "")
    assert "internal error (ValueError: odd)" in done.err
