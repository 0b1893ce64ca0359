"""`mailsync schema`: what editors read."""

from __future__ import annotations

import json

import pytest

from mailsync.desired import schema
from tests.unit.cli.site import Site


@pytest.mark.parametrize("file", ["zone", "config"])
def test_the_schema_is_printed_or_written(file: str, site: Site) -> None:
    """Of either kind of file; written, it is the same to the last octet."""
    done = site.run("schema", "--file", file)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == schema.of("zone" if file == "zone" else "config")
    written = site.run("schema", "--file", file, "--out", "s.json")
    assert (written.code, written.out, written.err) == (0, "", "written: s.json\n")
    assert (site.directory / "s.json").read_text() == done.out


def test_zone_files_come_first(site: Site) -> None:
    """They are what people edit; and no file has to be there for it."""
    (site.directory / "mailsync.yaml").unlink()
    assert site.run("schema").plan["$id"] == "urn:mailsync:schema:zone"
    wrong = site.run("schema", "--file", "zones")
    assert wrong.code == 1
    assert wrong.err == (
        "error: invalid value for '--file': 'zones' is not one of 'zone', 'config': "
        "see `mailsync schema --help`\n"
    )
    assert site.run("schema", "--out", "no/where.json").code == 1
