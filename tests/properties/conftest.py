"""Searches are not measured: what they run is covered by the tests of each module."""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Run a test of this directory as fast as a user would: measured, it takes four times as long.

    pytest-cov's own `no_cover` does not help: pytest's workers are processes that coverage.py
    measures by itself as well.
    """
    measuring = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(measuring)
