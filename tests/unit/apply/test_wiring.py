"""Which journal and which observer a configuration leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

import pytest

from mailsync.apply.edge import World
from mailsync.apply.wiring import EMBEDDED, Worlds
from mailsync.config import Config, FileStore, GitStore, Observe
from mailsync.desired.model import Desired
from mailsync.errors import MailsyncError
from mailsync.journal.file_store import FileJournal
from mailsync.journal.git_store import GitJournal
from mailsync.observe.authoritative import AuthoritativeObserver, NoObserver
from tests.unit.plan.story import PLACE

BIND = "mailsync_providers.rfc2136.Rfc2136Provider"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two DNS hosts: files, and a name server."""
    return Config(
        file=Path("mailsync.yaml"),
        base=tmp_path,
        zones=tmp_path / "zones",
        providers={
            "files": {"class": EMBEDDED, "directory": "live"},
            "server": {"class": BIND, "host": "192.0.2.53"},
        },
        targets=(),
        journal=FileStore(tmp_path / "journal"),
    )


def opened(config: Config, *targets: str, told: list[str] | None = None) -> World:
    """Open the world of a domain that these DNS hosts serve."""
    worlds = Worlds(config, (told if told is not None else []).append, Flag())
    return worlds.open(Desired("example.jp.", "example.jp.", (), PLACE, targets))


def test_the_journal_is_where_the_configuration_says(config: Config) -> None:
    """Files in a directory, or a branch of the repository that holds it."""
    assert isinstance(opened(config, "files").journal, FileJournal)
    git = replace(config, journal=GitStore(config.base, "log", "upstream"))
    journal = opened(git, "files").journal
    assert isinstance(journal, GitJournal)
    assert (journal._branch, journal._remote) == ("refs/heads/log", "upstream")


@pytest.mark.parametrize(
    ("target", "nameservers", "kind"),
    [
        ("files", "auto", NoObserver),
        ("server", "auto", AuthoritativeObserver),
        ("server", "none", NoObserver),
        ("files", (("192.0.2.53", 53),), AuthoritativeObserver),
    ],
)
def test_the_servers_are_asked_unless_there_are_none(
    target: str, nameservers: object, kind: type, config: Config
) -> None:
    """Files on disk have no name servers of their own; named servers are asked in any case."""
    config = replace(config, observe=Observe(nameservers))  # type: ignore[arg-type]
    assert isinstance(opened(config, target).observer, kind)


def test_named_servers_are_the_ones_that_are_asked(config: Config) -> None:
    """And no others."""
    config = replace(config, observe=Observe((("192.0.2.53", 5353),)))
    observer = opened(config, "files").observer
    assert isinstance(observer, AuthoritativeObserver)
    assert observer._nameservers == (("192.0.2.53", 5353),)


def test_hosts_and_journal_are_shared_by_all_domains(config: Config) -> None:
    """One of each for a run, and every message names its domain."""
    told: list[str] = []
    worlds = Worlds(config, told.append, Flag())
    first, second = (
        worlds.open(Desired(name, name, (), PLACE, ("files",))) for name in ("a.jp.", "b.jp.")
    )
    assert first.host is second.host
    assert first.journal is second.journal
    first.tell("writing")
    second.tell("writing")
    assert told == ["a.jp: writing", "b.jp: writing"]


def test_two_hosts_for_one_zone_are_refused(config: Config) -> None:
    """As long as one journal cannot speak for two hosts."""
    with pytest.raises(MailsyncError, match=r"example\.jp: two DNS hosts for one zone \(files, se"):
        opened(config, "files", "server")
