"""Zones in files: a master file by any name, octoDNS' YAML in its usual forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.hosts.files import octodns_zones, of_master_file, of_octodns

ZONE = "example.com."
MX = RRset(ZONE, "MX", 300, ("10 mail.example.com.",))


def test_a_master_file_may_have_any_name(tmp_path: Path) -> None:
    """It is read as the zone that is asked for; what octoDNS cannot hold is left out quietly."""
    file = tmp_path / "db.customer.17"
    file.write_text(
        "$TTL 300\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1\n@ MX 10 mail\nmail A 192.0.2.1\n"
        'odd TXT "\\195\\040"\n'
    )
    found = of_master_file(file, ZONE)
    assert found[ZONE, "MX"] == MX
    assert set(found) == {(ZONE, "NS"), (ZONE, "MX"), ("mail.example.com.", "A")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "nowhere.zone: no such file"),
        ("nonsense", "example.com: .*:1: "),
        ("@ MX 10 mail", "no TTL, and none to take over"),
    ],
)
def test_a_master_file_that_cannot_be_read(tmp_path: Path, text: str | None, says: str) -> None:
    """One line, with the file and what is wrong in it."""
    file = tmp_path / "nowhere.zone"
    if text is not None:
        file.write_text(text)
    with pytest.raises(HostError, match=says) as told:
        of_master_file(file, ZONE)
    assert "\n" not in str(told.value)
    with pytest.raises(HostError, match=r"no file"):
        of_master_file(tmp_path, ZONE)


_YAML = """\
'':
  - {type: MX, ttl: 300, value: {preference: 10, exchange: mail.example.com.}}
  - {type: TXT, values: ['a\\; b', v=spf1 mx -all]}
mail: {type: A, value: 192.0.2.1}
"""


def test_octodns_yaml_in_one_file_or_split(tmp_path: Path) -> None:
    """Both forms, semicolons with a backslash or alone; zones are listed."""
    (tmp_path / "example.com.yaml").write_text(_YAML)
    split = tmp_path / "example.net."
    split.mkdir()
    (split / "www.yaml").write_text("www: {type: TXT, ttl: 60, value: 'v=DKIM1; p='}\n")
    found = of_octodns(tmp_path, ZONE)
    assert found[ZONE, "MX"] == MX
    assert found[ZONE, "TXT"] == RRset(ZONE, "TXT", 3600, ('"a; b"', '"v=spf1 mx -all"'))
    assert of_octodns(tmp_path, "example.net.") == {
        ("www.example.net.", "TXT"): RRset("www.example.net.", "TXT", 60, ('"v=DKIM1; p="',))
    }
    assert octodns_zones(tmp_path) == ("example.com.", "example.net.")


@pytest.mark.parametrize(
    "text", ["- a", "'': {type: NOPE}", "a: [", "'': 1", "x: {type: A, ttl: soon, value: 1}"]
)
def test_octodns_yaml_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    """Whatever stands in it, one line."""
    (tmp_path / "example.com.yaml").write_text(text)
    with pytest.raises(HostError, match=r"example\.com: ") as told:
        of_octodns(tmp_path, ZONE)
    assert "\n" not in str(told.value)


def test_octodns_yaml_that_is_not_there(tmp_path: Path) -> None:
    """The directory or the zone is named."""
    with pytest.raises(HostError, match=r"no YAMLs found for example\.com"):
        of_octodns(tmp_path, ZONE)
    for call in (lambda path: of_octodns(path, ZONE), octodns_zones):
        with pytest.raises(HostError, match=r"nowhere: no such directory"):
            call(tmp_path / "nowhere")


def test_nesting_without_end_is_one_line(tmp_path: Path) -> None:
    """A file made to break readers breaks nothing."""
    (tmp_path / "example.com.yaml").write_text("[" * 20_000)
    with pytest.raises(HostError, match=r"example\.com: "):
        of_octodns(tmp_path, ZONE)
