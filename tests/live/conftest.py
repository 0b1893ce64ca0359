"""Fixtures of the live tests, and what happens when a server that they need is not installed."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .clock import SteppedClock
from .machine import ProgramMissingError


@pytest.hookimpl(tryfirst=True)  # before -m chooses by the mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this directory."""
    here = Path(__file__).parent
    for item in filter(lambda item: item.path.is_relative_to(here), items):
        item.add_marker(pytest.mark.live)


def unavailable(missing: ProgramMissingError) -> NoReturn:
    """Skip the test, or fail it where nothing may be skipped (CI is set)."""
    if os.environ.get("CI"):
        pytest.fail(f"nothing may be skipped, but {missing}", pytrace=False)
    pytest.skip(str(missing))


def skipped_without_programs() -> Generator[None, object, object]:
    """Around a test or the making of a fixture: a missing program is the machine's, no failure."""
    try:
        return (yield)
    except ProgramMissingError as missing:
        unavailable(missing)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    """A server that cannot be found skips the test that starts it."""
    return (yield from skipped_without_programs())


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    """A server that cannot be found skips the tests that need the fixture."""
    return (yield from skipped_without_programs())


@pytest.fixture
def clock() -> Iterator[SteppedClock]:
    """A stepped clock that starts at the real time."""
    with SteppedClock() as clock:
        yield clock
