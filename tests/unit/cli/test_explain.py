from __future__ import annotations

from typing import Any

from tests.unit.cli.site import Site

SERVICES = """
services:
  - mailgates: {mx: mgf, spf: none}
  - microsoft365: {behind: mailgates, verification: MS=ms12345678}
spf: {ip4: [192.0.2.10], all: fail}
"""


def origins(record: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Give the parts of a record: text, service and place."""
    return [(part["text"], part["service"], part["where"]) for part in record["origins"]]


def record(site: Site, domain: str, name: str, rdtype: str, *argv: str) -> dict[str, Any]:
    """Give one record of a domain's explanation."""
    done = site.run("explain", domain, "--format", "json", *argv)
    assert (done.code, done.err) == (0, "")
    (found,) = [
        one
        for one in done.domain(domain)["records"]
        if (one["name"], one["type"]) == (name, rdtype)
    ]
    assert isinstance(found, dict)
    return found


def test_every_part_has_its_line(site: Site) -> None:
    """SPF is told term by term, a shared TXT value by value: service or key, and the line."""
    site.write("zones/example.co.jp.yaml", SERVICES)
    mx = record(site, "example.co.jp", "example.co.jp.", "MX")
    assert origins(mx) == [
        ("10 mgf.cybermail.jp.", "mailgates", "zones/example.co.jp.yaml:3:5"),
    ]
    txt = record(site, "example.co.jp", "example.co.jp.", "TXT")
    assert origins(txt) == [
        ("ip4:192.0.2.10", None, "zones/example.co.jp.yaml:5:13"),
        ("include:spf.protection.outlook.com", "microsoft365", "zones/example.co.jp.yaml:4:5"),
        ("-all", None, "zones/example.co.jp.yaml:5:31"),
        ('"MS=ms12345678"', "microsoft365", "zones/example.co.jp.yaml:4:5"),
    ]
    assert '"apple-domain-verification=Zq0u1example"' in txt["foreign"]


def test_foreign_values_are_told_apart(site: Site) -> None:
    """Live values that nobody asked for are shown as such, in text and Markdown."""
    done = site.run("explain", "example.co.jp")
    assert done.code == 0
    assert "foreign: stays as it is" in done.out
    assert "RRsets beside: not asked for, not touched." in done.out
    markdown = site.run("explain", "example.co.jp", "--format", "markdown").out
    assert "| foreign: stays as it is |" in markdown
    assert "RRsets beside: not asked for, not touched." in markdown


def test_offline_asks_nobody(site: Site) -> None:
    """With --offline the files alone are read; nothing is said of what is live."""
    for path in (site.directory / "live").iterdir():
        path.unlink()
    assert site.run("explain").code == 1
    done = site.run("explain", "--offline")
    assert (done.code, done.err) == (0, "")
    assert "The DNS host was not asked" in done.out
    found = site.run("explain", "--offline", "--format", "json").plan["domains"]
    assert {one["others"] is None for one in found} == {True}


def test_unreachable_host_leaves_the_files_explained(site: Site) -> None:
    """A DNS host that does not answer is an error, and the files are explained all the same."""
    (site.directory / "live" / "example.co.jp.zone").unlink()
    done = site.run("explain", "example.co.jp")
    assert done.code == 1
    assert "error: example.co.jp" in done.err
    assert "10 mgf.cybermail.jp." in done.out


def test_unmanaged_mail_records_are_shown(site: Site) -> None:
    """A live record of mail that no file speaks of is shown with its values, and stays."""
    site.write("zones/example.co.jp.yaml", "spf: v=spf1 -all\n")
    done = site.run("explain", "example.co.jp")
    assert "example.co.jp. MX  TTL 86400  unmanaged: stays as it is" in done.out
    markdown = site.run("explain", "example.co.jp", "--format", "markdown").out
    assert "| `example.co.jp. MX` | 86400 |" in markdown
    found = site.run("explain", "example.co.jp", "--format", "json").domain("example.co.jp")
    assert [one["type"] for one in found["others"] if one["type"] == "MX"] == ["MX"]


def test_removed_records_are_absent(site: Site) -> None:
    """What a file removes is told as absent, with the line that says so."""
    done = site.run("explain", "example.jp")
    assert "s2019._domainkey.example.jp. TXT  absent  dkim  zones/example.jp.yaml:" in done.out
    markdown = site.run("explain", "example.jp", "--format", "markdown").out
    assert "| `s2019._domainkey.example.jp. TXT` | absent | `absent` | dkim " in markdown


def test_a_domain_with_errors_is_told_and_the_rest_explained(site: Site) -> None:
    """One broken file stops only its own domain."""
    site.write("zones/example.jp.yaml", "mx: 1")
    done = site.run("explain")
    assert done.code == 1
    assert "zones/example.jp.yaml:1:5" in done.err
    assert "example.co.jp. MX" in done.out


def test_subdomains_are_explained_on_their_own(site: Site) -> None:
    """A subdomain shows its own records, with its services, and leaves them out above."""
    site.write(
        "zones/example.co.jp.yaml",
        "mx: [10 mx.example.net.]\n"
        "subdomains:\n"
        "  news: {services: [amazon_ses: {region: eu-west-1, tokens: [abc], mail_from: b}]}\n",
    )
    site.write(
        "live/example.co.jp.zone",
        site.zone("example.co.jp") + '\nold._domainkey.news TXT "v=DKIM1; p="\n',
    )
    found = site.run("explain", "example.co.jp", "--format", "json")
    assert [one["domain"] for one in found.plan["domains"]] == [
        "example.co.jp",
        "news.example.co.jp",
    ]
    news = record(site, "news.example.co.jp", "b.news.example.co.jp.", "MX")
    assert origins(news) == [
        (
            "10 feedback-smtp.eu-west-1.amazonses.com.",
            "amazon_ses",
            "zones/example.co.jp.yaml:3:21",
        )
    ]
    names = {
        domain["domain"]: {one["name"] for one in domain["others"]}
        for domain in found.plan["domains"]
    }
    assert "old._domainkey.news.example.co.jp." in names["news.example.co.jp"]
    assert "old._domainkey.news.example.co.jp." not in names["example.co.jp"]


def test_a_dns_host_that_cannot_be_read_is_said_to_be(site: Site) -> None:
    """It was asked: the files are explained all the same, and the run counts as failed."""
    (site.directory / "live" / "example.jp.zone").unlink()
    done = site.run("explain", "example.jp")
    assert done.code == 1
    assert "The DNS host could not be read: what else is live there" in done.out
