"""What all tests share: how hypothesis searches, and loggers left as they were found."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

# A busy machine is no failure: searches are bounded by their number of examples, not by the clock.
settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile("long", parent=settings.get_profile("default"), max_examples=5000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take ``--long``: search for as long as it is worth before a release, not before a commit."""
    parser.addoption("--long", action="store_true", help="hours instead of minutes of searching")


def pytest_configure(config: pytest.Config) -> None:
    """Tell it to the tests, which read ``MAILSYNC_LONG``: it may be set instead."""
    if config.getoption("--long"):
        os.environ["MAILSYNC_LONG"] = "1"
    settings.load_profile("long" if os.environ.get("MAILSYNC_LONG") else "default")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A script began us with `&`. Tests press Ctrl-C, and what they begin inherits the ignoring.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no core waits for it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run what is not to be measured as fast as a user would.

    pytest-cov's own `no_cover` does not help: pytest's workers are processes that coverage.py
    measures by itself as well.
    """
    measuring = sys.gettrace()
    if item.get_closest_marker("unmeasured") is not None:
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(measuring)


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """Take back what loading a DNS host does to octoDNS' loggers: they outlive a test."""
    yield
    loading = sys.modules.get("mailsync.hosts.loading")
    if loading is None:
        return
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.removeFilter(loading._as_debug)
