"""`mailsync providers`: what is known of DNS hosts, without asking one."""

from __future__ import annotations

import json
import re

import pytest

from mailsync.hosts.known import ADAPTERS
from tests.unit.cli.site import Site


def test_a_table_of_all(site: Site) -> None:
    """Those of mailsync.yaml come first, then every adapter that is known."""
    done = site.run("providers")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert re.match(r"host +TTL +written +null MX +TXT +PTR +TLSA$", lines[0])
    assert lines[1].startswith("local ")
    assert len(lines) == 2 + len(ADAPTERS)
    assert re.search(
        r"^Sakura Cloud +from 1 +whole-zone +no +up to 500 +yes +no$", done.out, re.MULTILINE
    )
    assert re.search(r"^Value-Domain +from 1 for the zone +whole-zone ", done.out, re.MULTILINE)
    assert re.search(r"^MyDNS\.jp +fixed +whole-zone ", done.out, re.MULTILINE)


def test_without_a_configuration(site: Site) -> None:
    """It answers anywhere."""
    (site.directory / "mailsync.yaml").unlink()
    done = site.run("providers")
    assert done.code == 0
    assert len(done.out.splitlines()) == 1 + len(ADAPTERS)


@pytest.mark.parametrize(
    "name", ["Value-Domain", "value_domain", "octodns-cloudflare", "cloudflare", "LOCAL"]
)
def test_by_whatever_name(site: Site, name: str) -> None:
    """A host is known by its own name, its module's and its package's."""
    done = site.run("providers", name)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^  written: ", done.out, re.MULTILINE)


def test_details(site: Site) -> None:
    """All that is known, a line each, and what a user should know besides."""
    text = site.run("providers", "mydns", "route53", "googlecloud", "xserver", "hetzner").out
    for line in (
        "TTL:             cannot be set",
        "TTL changes:     no: nothing is lowered before a switch",
        "MX:              at the zone's own name only",
        "note:            its API sets no mail records; the web form (web_form: true) is an",
        "published after: 60 s",
        "stale plans:     the host itself refuses them",
        "TTL:             60 to 86400 seconds; each record has its own",
        "MX:              at every name, each with a preference of its own",
        "written:         an RRset is deleted and created anew",
        "types:           A, AAAA, CAA, CNAME, MX, SRV, TXT",
    ):
        assert f"  {line}" in text


@pytest.mark.parametrize("missing", ["ovh", "own"])
def test_types_of_what_is_not_installed(site: Site, missing: str) -> None:
    """An adapter that is not installed, or says nothing usable, is described all the same."""
    site.write(
        "mailsync.yaml",
        "providers: {own: {class: mailsync_providers.zonefile.Unheard}}\ntargets: {'*': [own]}\n",
    )
    assert (
        "types:           told once its package is installed" in site.run("providers", missing).out
    )


def test_what_mailsync_yaml_says_counts(site: Site) -> None:
    """A setting that changes what an adapter does, and `capabilities`, are heeded."""
    site.write(
        "mailsync.yaml",
        "providers:\n"
        "  hetzner: {class: octodns_hetzner.HetznerProvider, token: t, backend: hcloud}\n"
        'targets: {"*": [hetzner]}\n'
        "capabilities: {hetzner: {min_ttl: 60}}\n",
    )
    found = json.loads(site.run("providers", "hetzner", "--format", "json").out)
    assert found["format"] == "mailsync-providers/1"
    (hetzner,) = found["providers"]
    assert hetzner["configured"] is True
    assert hetzner["write"] == "in-place"
    assert hetzner["ttl"] == {"settable": True, "scope": "rrset", "min": 60, "max": 2147483647}


def test_all_as_json(site: Site) -> None:
    """The same for all; null is what is not known."""
    found = json.loads(site.run("providers", "-f", "json").out)["providers"]
    assert len(found) == 1 + len(ADAPTERS)
    sakura = next(one for one in found if one["name"] == "Sakura Cloud")
    assert (sakura["txt_max"], sakura["txt_without"], sakura["types"]) == (500, '"\\', None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Sakura", "Sakura: no such DNS host is known: did you mean Sakura Cloud?"),
        ("zzz", "zzz: no such DNS host is known: `mailsync providers` lists all that are"),
    ],
)
def test_nobody_of_that_name(site: Site, name: str, said: str) -> None:
    """A name that nobody has is one line with the nearest one."""
    done = site.run("providers", name)
    assert (done.code, done.out, done.err) == (1, "", f"error: {said}\n")


def test_types_that_a_form_takes(site: Site) -> None:
    """They are the form's, not those that octoDNS could write down."""
    site.write(
        "mailsync.yaml",
        "providers:\n"
        "  one: {class: mailsync_providers.manual.ManualProvider, host: onamae}\n"
        "  two: {class: mailsync_providers.manual.ManualProvider, host: muumuu}\n"
        "  three: {class: mailsync_providers.manual.ManualProvider, host: synology-ddns}\n"
        'targets: {"*": [one]}\n',
    )
    types = re.findall(r"types: +(.*)", site.run("providers", "one", "two", "three").out)
    assert types == ["A, AAAA, CAA, CNAME, DS, MX, NS, SRV, TXT", "not known", "none of one's own"]
