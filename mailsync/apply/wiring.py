"""From configuration to the world of a domain: its DNS host, its journal, its observer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Event as Flag
from threading import Lock

from mailsync.apply.edge import World, utc_now
from mailsync.config import Config, FileStore
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from mailsync.journal.interface import Journal
from mailsync.observe.interface import Observer

EMBEDDED = "mailsync_providers.zonefile.ZoneFileProvider"
"""The embedded default: files have no name servers to ask."""


class Worlds:
    """Opens the world of each domain; hosts and the journal are shared by all domains of a run."""

    def __init__(
        self,
        config: Config,
        tell: Callable[[str], None],
        stop: Flag,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take the configuration, and where messages go."""
        self._config = config
        self._tell = tell
        self._stop = stop
        self._clock = clock
        self._lock = Lock()
        self._hosts: dict[str, Host] = {}
        self._journal: Journal | None = None

    def open(self, desired: Desired) -> World:
        """Give the world of one domain. Raises `MailsyncError`."""
        domain = shown(desired.domain)
        if len(desired.targets) != 1:
            names = ", ".join(desired.targets)
            msg = (
                f"two DNS hosts for one zone ({names}) are not supported yet: name one under "
                "'targets' in mailsync.yaml"
            )
            raise MailsyncError(msg, where=domain)
        target = desired.targets[0]
        with self._lock:
            if target not in self._hosts:
                self._hosts[target] = self._host(target)
            if self._journal is None:
                self._journal = self._open_journal()
        return World(
            zone=desired.zone,
            host=self._hosts[target],
            journal=self._journal,
            observer=self._observer(target),
            tell=partial(self._tell_about, domain),
            stop=self._stop,
            clock=self._clock,
        )

    def _tell_about(self, domain: str, message: str) -> None:
        self._tell(f"{domain}: {message}")

    def _host(self, target: str) -> Host:
        config = self._config
        return load_host(
            target, config.providers[target], config.base, config.capabilities.get(target)
        )

    def _open_journal(self) -> Journal:
        store = self._config.journal
        if isinstance(store, FileStore):
            from mailsync.journal.file_store import FileJournal

            return FileJournal(store.directory)
        from mailsync.journal.git_store import GitJournal

        return GitJournal(store.directory, store.branch, store.remote)

    def _observer(self, target: str) -> Observer:
        from mailsync.observe.authoritative import AuthoritativeObserver, NoObserver

        nameservers = self._config.observe.nameservers
        if nameservers == "none":
            return NoObserver()
        if nameservers != "auto":
            return AuthoritativeObserver(nameservers)
        if self._config.providers[target].get("class") == EMBEDDED:
            return NoObserver("files on disk have no name servers")
        return AuthoritativeObserver()
