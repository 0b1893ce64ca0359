"""The pages are right: every command is run, every output compared, every file shown is written.

When outputs have changed on purpose, this makes them anew, in the pages themselves (look at the
difference before you commit it; gaps, lines of ``…``, stay where their edges are found again):

    MAILSYNC_README=write script/test tests/live/test_readme.py
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.readme import page
from tests.readme.session import ROOT, Session

from .clock import SteppedClock
from .company import APEX, DOMAIN, NEW_SPF, OLD_MX, mail_on, spf_values, zone_file
from .servers import Bind

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_shows_what_happens(path: Path, tmp_path: Path, clock: SteppedClock) -> None:
    """Whoever types what the page shows sees what the page shows."""
    text = path.read_text()
    played = Session(tmp_path, clock).play(text)
    if os.environ.get("MAILSYNC_README") == "write":
        path.write_text(played)
    else:
        assert played == text, "MAILSYNC_README=write makes the outputs anew"


def test_other_outputs_are_noticed(tmp_path: Path, clock: SteppedClock) -> None:
    """A page that shows another output than there is comes back with the one that there is."""
    shown = "<!-- scene: empty -->\n```console\n$ echo one; echo two\n{}\n```\nEnd.\n"
    session = Session(tmp_path, clock)
    assert session.play(shown.format("wrong")) == shown.format("one\ntwo")
    assert session.play(shown.format("one\n…")) == shown.format("one\n…")


@pytest.mark.parametrize("after", ["", "$ echo on\non\n"])
def test_failures_are_noticed(tmp_path: Path, clock: SteppedClock, after: str) -> None:
    """A command may fail only where the page shows its exit code."""
    session = Session(tmp_path, clock)
    told = "```console\n$ false\n$ echo $?\n1\n```\n"
    assert session.play(told) == told
    with pytest.raises(page.BadPageError, match="line 1: exit code 1, and no `echo"):
        session.play(f"```console\n$ false\n{after}```\n")


def test_dynamic_updates_work_as_shown(tmp_path: Path) -> None:
    """The entry that docs/dns-hosts.md shows for BIND, with another address and key, is enough."""
    text = (ROOT / "docs" / "dns-hosts.md").read_text()
    shown = next(block for block in page.blocks(text) if "Rfc2136Provider" in "".join(block.lines))
    config = yaml.safe_load("\n".join(shown.lines))
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / f"{DOMAIN}.yaml").write_text(mail_on("new", 3600))
    with Bind({DOMAIN: zone_file(3600)}) as primary:
        config["providers"]["primary"] |= {
            "host": primary.address,
            "port": primary.port,
            "key_name": primary.key.name,
        }
        config["observe"]["nameservers"] = [f"{primary.address}:{primary.port}"]
        (tmp_path / "mailsync.yaml").write_text(yaml.safe_dump(config))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mailsync", "apply", "--yes"],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "providers")]),
                "TSIG_SECRET": primary.key.secret,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        zone = primary.zone(DOMAIN)
    assert done.returncode == 0, done.stderr
    assert zone[APEX, "MX"].values == (OLD_MX,)
    assert zone[APEX, "MX"].ttl == 300
    (spf,) = spf_values(zone)
    assert NEW_SPF.split()[1] in spf
