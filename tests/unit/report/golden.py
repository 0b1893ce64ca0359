"""Golden files: what the reports looked like when somebody last looked at them.

To make them again after a wanted change, and then to read the difference in git:

    MAILSYNC_UPDATE_GOLDEN=1 python -m pytest tests/unit/report
"""

from __future__ import annotations

import os
from pathlib import Path

DIRECTORY = Path(__file__).parents[2] / "fixtures" / "plans"
CHECKS = DIRECTORY.parent / "checks"
REHEARSALS = DIRECTORY.parent / "rehearsals"


def agrees(name: str, text: str, directory: Path = DIRECTORY) -> bool:
    """Tell whether the text is what the golden file holds; write it first when asked to."""
    path = directory / name
    if os.environ.get("MAILSYNC_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
