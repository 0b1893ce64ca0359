"""Mail domains below the zone's own: what they say, what they inherit, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync.desired import files
from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired
from mailsync.desired.target import Target
from tests.unit.desired.reads import errors, good, keys, read_all
from tests.unit.desired.test_files import HERE, Source, messages


def domains(text: str, defaults: str = "", **profiles: str) -> dict[str, Desired]:
    """Read a file in which nothing is wrong; give its domains by name."""
    found, wrong = read_all(text, defaults, **profiles)
    assert wrong == []
    return {desired.domain: desired for desired in found}


def test_a_subdomain_is_a_domain_of_its_own() -> None:
    """With the same keys, and names relative to itself, in the zone of its file."""
    found = domains("""
mx: 10 mx1
hosts: {mx1: 192.0.2.1}
subdomains:
  news: {mx: [10 mx1, 20 mx1.example.com.], spf: v=spf1 -all}
  a.b.example.com.: {mail: none}
  idle: {}
""")
    assert list(found) == [f"{x}example.com." for x in ("", "news.", "a.b.", "idle.")]
    news = found["news.example.com."]
    assert (news.zone, str(news.place)) == ("example.com.", "z.yaml:5:3")
    assert [(w.name, w.values) for w in news.wishes if w.kind == "mx"] == [
        ("news.example.com.", ("10 mx1.news.example.com.", "20 mx1.example.com."))
    ]
    assert news.kinds == {"mx", "spf"}
    assert found["a.b.example.com."].no_mail
    assert not found["example.com."].no_mail
    assert found["idle.example.com."].wishes == ()


def test_a_subdomain_inherits_terms_and_no_records() -> None:
    """TTL and cutover are the file's, with what lies under it; its own profile comes between."""
    text = """
ttl: 600
cutover: {lead: 1d}
spf: v=spf1 -all
acknowledge: [ttl]
subdomains:
  news: {cutover: {soak: 2d}, profile: p, mx: 10 m.example.net.}
"""
    news = domains(
        text,
        "{cutover: {timezone: Asia/Tokyo, ttl: 77}, dmarc: v=DMARC1; p=none}",
        p="{cutover: {ttl: 66}, tls_rpt: 'mailto:a@example.net'}",
    )["news.example.com."]
    assert [(w.kind, w.ttl) for w in news.wishes] == [("tls-rpt", 600), ("mx", 600)]
    terms = news.cutover
    assert (terms.lead, terms.soak, terms.ttl) == (86400, 2 * 86400, 66)
    assert terms.timezone == "Asia/Tokyo"
    assert news.acknowledged == frozenset()


def test_subdomains_may_come_from_a_profile() -> None:
    """As any other key."""
    found = domains("profile: p", p="subdomains: {news: {mx: 10 mx.example.net.}}")
    assert list(found) == ["example.com.", "news.example.com."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subdomains: {}", "1:13: an empty mapping"),
        ("subdomains: [news]", "1:13: a name below the zone and its keys, such as {news:"),
        ("subdomains: {news: }", "1:20: keys as in a zone file are expected here, not nothing"),
        ("subdomains: {'@': {}}", "1:14: '@' is no name of a mail domain below example.com"),
        ("subdomains: {_a: {}}", "1:14: '_a' is no name of a mail domain below"),
        ("subdomains: {example.net.: {}}", "1:14: 'example.net.' is no name of a mail domain"),
        ("subdomains: {a.example.com: {}}", "1:14: 'a.example.com' is relative to example.com"),
        ("subdomains: {a b: {}}", "1:14: 'a b' holds a character"),
        ("subdomains: {a: {}, A.example.com.: {}}", "1:21: a.example.com stands twice, first at"),
        ("subdomains: {a: {subdomains: {}}}", "1:18: subdomains does not go into a subdomain"),
        ("subdomains: {a: {domains: [b]}}", "1:18: domains does not go into a subdomain"),
        ("subdomains: {a: {mxx: b}}", "1:18: unknown key 'mxx': did you mean 'mx'?"),
        ("subdomains: {a: {profile: q}}", "1:27: unknown profile 'q'"),
        ("subdomains: {a: {mx: 10 mx_1}}", "1:22: mx_1.a.example.com is no host's name"),
        (
            "hosts: {mx: 192.0.2.1}\nsubdomains: {a: {hosts: {mx.example.com.: 192.0.2.2}}}",
            "2:43: mx.example.com A is asked for twice, first at z.yaml:1:13",
        ),
        (
            "records: {a: {type: CNAME, value: b.example.}}\nsubdomains: {a: {mx: 10 c.d.}}",
            "2:22: a.example.com MX stands beside the CNAME at z.yaml:1:11",
        ),
    ],
)
def test_mistakes_in_subdomains_are_told(text: str, message: str) -> None:
    """One line each, at its place; the domains of a zone do not ask for one RRset twice."""
    (error,) = errors(text)
    assert error.startswith(f"z.yaml:{message}")


def test_no_mail_of_one_domain_is_no_matter_of_another() -> None:
    """Each domain of a zone says for itself whether it takes mail."""
    desired = good("mail: none\nsubdomains: {a: {mx: 10 mx.example.net.}}")
    assert desired.no_mail
    (error,) = errors("mail: none\nsubdomains: {a: {mx: 10 b.c., mail: none}}")
    assert "'mx' stands beside 'mail: none' (line 2)" in error


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A zone with two subdomains, and a plain one."""
    monkeypatch.chdir(tmp_path)
    zones = Path("zones")
    zones.mkdir()
    (zones / "b.example.yaml").write_text("mx: 10 mx1\nsubdomains: {news: {}, shop: {}}")
    (zones / "c.example.yaml").write_text("mx: 10 mx1")
    return Source(zones, (Target("*", ("first",), HERE),))


def loaded(source: Source, *patterns: str) -> list[str]:
    """Load; give the names of the domains that match."""
    found = files.load(source, patterns)
    assert messages(found) == []
    return [desired.domain for desired in found.desired]


def test_a_zone_brings_its_subdomains_and_they_come_alone(source: Source) -> None:
    """Whoever names the zone means its file; a subdomain is named by itself, or by a glob."""
    assert loaded(source) == [f"{x}.example." for x in ("b", "c", "news.b", "shop.b")]
    assert loaded(source, "b.example") == ["b.example.", "news.b.example.", "shop.b.example."]
    assert loaded(source, "?.example") == loaded(source)
    assert loaded(source, "news.b.example") == ["news.b.example."]
    assert loaded(source, "*.b.example") == ["news.b.example.", "shop.b.example."]
    assert files.domains(source) == ("b.example", "c.example", "news.b.example", "shop.b.example")
    (error,) = messages(files.load(source, ["new.b.example"]))
    assert error == "no domain matches 'new.b.example': did you mean 'news.b.example'?"


def test_names_of_subdomains_are_known_from_profiles(source: Source) -> None:
    """Also where the zone file does not say the word; one that does has its own instead."""
    source.defaults = keys("subdomains: {all: {}}", Faults())
    assert loaded(source, "all.c.example") == ["all.c.example."]
    assert "all.b.example" not in files.domains(source)


def test_a_subdomain_with_a_zone_of_its_own_is_told(source: Source) -> None:
    """What the parent's zone said of it nobody would see; and so below it."""
    (source.zones / "news.b.example.yaml").write_text("")
    (source.zones / "b.example.yaml").write_text("subdomains: {news: {}, x.news: {}, shop: {}}")
    found = files.load(source)
    assert [desired.domain for desired in found.desired] == ["c.example.", "news.b.example."]
    there = "the zone news.b.example, which has a file of its own, zones/news.b.example.yaml:1:1"
    assert messages(found) == [
        f"zones/b.example.yaml:1:14: news.b.example lies in {there}: write it there",
        f"zones/b.example.yaml:1:24: x.news.b.example lies in {there}: write it there",
    ]


def test_one_wrong_subdomain_holds_back_its_zone(source: Source) -> None:
    """They are one file: nothing of it is planned until all of it is right."""
    (source.zones / "b.example.yaml").write_text("mx: 10 a.b.\nsubdomains: {news: {mx: x}}")
    found = files.load(source, ["b.example"])
    assert found.desired == ()
    assert tuple(found.failed) == ("b.example",)
    assert [error.partition(": ")[0] for error in messages(found)] == ["zones/b.example.yaml:2:25"]
