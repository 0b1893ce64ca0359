from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.site import Site


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Site:
    """A scratch copy of the example."""
    return Site(tmp_path, monkeypatch, capsys)
