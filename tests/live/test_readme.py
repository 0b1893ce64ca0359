"""The pages are right: every command is run, every output compared, every file shown is written.

When outputs have changed on purpose, this makes them anew, in the pages themselves (look at the
difference before you commit it; gaps, lines of ``…``, stay where their edges are found again):

    MAILSYNC_README=write script/test tests/live/test_readme.py
"""

import os
from pathlib import Path

import pytest

from tests.readme.session import ROOT, Session

from .clock import SteppedClock

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_shows_what_happens(path: Path, tmp_path: Path, clock: SteppedClock) -> None:
    """Whoever types what the page shows sees what the page shows."""
    text = path.read_text()
    played = Session(tmp_path, clock).play(text)
    if os.environ.get("MAILSYNC_README") == "write":
        path.write_text(played)
    else:
        assert played == text, "MAILSYNC_README=write makes the outputs anew"
