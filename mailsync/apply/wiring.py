"""From configuration to the world of a domain: its DNS host, its journal, its observer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import Event as Flag
from threading import Lock

from mailsync.apply.edge import World, no_probe, utc_now
from mailsync.apply.neighbourhood import Neighbourhood
from mailsync.config import Config, FileStore
from mailsync.desired import files
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key
from mailsync.errors import MailsyncError
from mailsync.hosts import manual
from mailsync.hosts.interface import Host
from mailsync.hosts.known import ZONE_FILES
from mailsync.hosts.loading import load_host
from mailsync.hosts.once import Once
from mailsync.hosts.several import Several
from mailsync.journal.fold import fold
from mailsync.journal.interface import Journal
from mailsync.observe.interface import Heard, Observer
from mailsync.observe.nobody import NoObserver
from mailsync.observe.observations import Observations
from mailsync.plan import gates
from mailsync.plan.live import Look, Presented


class Worlds:
    """Opens the world of each domain; hosts and the journal are shared by all domains of a run."""

    def __init__(
        self,
        config: Config,
        tell: Callable[[str], None],
        stop: Flag,
        clock: Callable[[], datetime] = utc_now,
        everyone: Sequence[Desired] | None = None,
        *,
        only_read: bool = False,
        observations: Observations | None = None,
    ) -> None:
        """Take the configuration, and where messages go.

        ``everyone``: all domains of the configuration where they are at hand, so that the files
        need not be read again to find neighbours. ``only_read``: nothing is written, and no zone is
        listed twice. ``observations``: what another machine saw of mail hosts; here none is asked.
        """
        self._config = config
        self._tell = tell
        self._stop = stop
        self._clock = clock
        self._only_read = only_read
        self._observations = observations
        self._lock = Lock()
        self._hosts: dict[str, Host] = {}
        self._journal: Journal | None = None
        self._asking: Observer | None = None
        self._certificates: (
            Callable[[Mapping[str, tuple[str, ...]]], Mapping[str, Presented]] | None
        ) = None
        self._neighbourhood = Neighbourhood(
            lambda: everyone if everyone is not None else files.load(config).desired,
            lambda zone: fold(self.journals().read(zone)),
            lambda desired: self.host(desired).read(desired.zone),
            tell,
        )

    def open(self, desired: Desired) -> World:
        """Give the world of one domain. Raises `MailsyncError`."""
        observer = self._observer(desired.targets)
        host = self.host(desired)
        return World(
            zone=desired.zone,
            host=host,
            journal=self.journals(),
            observer=observer,
            tell=partial(self._tell_about, shown(desired.domain)),
            stop=self._stop,
            clock=self._clock,
            neighbours=partial(self._neighbourhood.of, desired),
            policy=observer.policy,
            certificates=self._look_at_certificates,
            probe=self._probe(desired, observer),
            publish_delay=_unseen_delay(host, observer),
        )

    def _look_at_certificates(
        self, hosts: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Presented]:
        """Look at certificates from this machine, unless another one looked for it."""
        if self._observations is not None:
            from mailsync.observe import looking

            return looking.presented_by(self._observations.fresh(self._clock()), hosts)
        from mailsync.observe.certificate import Certificates

        with self._lock:
            if self._certificates is None:
                self._certificates = Certificates()
        return self._certificates(hosts)

    def _probe(
        self, desired: Desired, observer: Observer
    ) -> Callable[[frozenset[str]], tuple[Look, ...]]:
        """Give what looks at mail hosts: this machine, or a file that another one has made.

        Where nothing is observed, nobody looks at mail servers either, unless the file asks.
        """
        from mailsync.observe import looking

        observations = self._observations
        if observations is not None:
            return lambda hosts: looking.told_by(observations.fresh(self._clock()), desired, hosts)
        if isinstance(observer, NoObserver) and not gates.asked_for(desired):
            return no_probe
        observe = self._config.observe
        prober = looking.Prober(
            tuple(observe.resolvers or ()), observe.mailboxes, self._clock, self._stop
        )
        return partial(prober, desired)

    def host(self, desired: Desired) -> Host:
        """Give the DNS host of a domain, or several as one. Raises `MailsyncError`."""
        by_hand = [target for target in desired.targets if self._is_by_hand(target)]
        if by_hand:
            if len(desired.targets) > 1:
                msg = "a DNS host that is changed by hand stands alone: name one target"
                raise MailsyncError(msg, where=f"targets: {', '.join(desired.targets)}")
            return self._by_hand(by_hand[0], desired)
        with self._lock:
            for target in desired.targets:
                if target not in self._hosts:
                    self._hosts[target] = self._host(target)
            hosts = [self._hosts[target] for target in desired.targets]
        if len(hosts) == 1:
            return hosts[0]
        wishes = (wish for wish in desired.wishes if not wish.auto)
        return Several(hosts, {(wish.name, wish.type): wish.values for wish in wishes})

    def _is_by_hand(self, target: str) -> bool:
        return self._config.providers[target].get("class") == manual.CLASS

    def _by_hand(self, target: str, desired: Desired) -> Host:
        """Open a host without an API: for each domain anew, as what is read is what it asks for."""
        from mailsync.observe.authoritative import AuthoritativeObserver

        observer = self._observer(desired.targets)
        if not isinstance(observer, AuthoritativeObserver):
            msg = (
                "what a person types counts when the name servers serve it: they have to be asked; "
                "write auto, or list them"
            )
            raise MailsyncError(msg, where="observe.nameservers")

        def wanted() -> list[Desired]:
            siblings = self._neighbourhood.of_zone(desired.zone)
            return [desired, *(one for one in siblings if one.domain != desired.domain)]

        return manual.load(
            target,
            self._config.providers[target],
            self._config.capabilities.get(target),
            observer.answers,
            wanted,
            lambda zone: fold(self.journals().read(zone)),
            delegated=self._config.observe.nameservers == "auto",
        )

    def heard(self, desired: Desired, key: Key) -> tuple[Heard, ...]:
        """Ask every name server, and resolvers, what they answer now; nobody where none is asked.

        Resolvers are those that mailsync.yaml names; else, where the zone is the world's, public
        ones.
        """
        from mailsync.observe.authoritative import AuthoritativeObserver

        observer = self._observer(desired.targets)
        if not isinstance(observer, AuthoritativeObserver):
            return ()
        from mailsync.observe.heard import by_resolvers, by_servers, is_there, not_asked
        from mailsync.observe.question import Patience, Server
        from mailsync.observe.resolving import PUBLIC

        observe = self._config.observe
        public = tuple((one, 53) for one in PUBLIC if observe.nameservers == "auto")
        named = public if observe.resolvers is None else observe.resolvers
        resolvers = tuple(Server(address, address, port) for address, port in named)
        servers = tuple(by_servers(observer, desired.zone, key))
        if not is_there(servers):
            return (*servers, *not_asked(resolvers, key))
        return (*servers, *by_resolvers(resolvers, key, Patience(timeout=2.0, tries=1)))

    def journals(self) -> Journal:
        """Give the journal of all zones, opened once. Raises `MailsyncError`."""
        with self._lock:
            if self._journal is None:
                self._journal = open_journal(self._config)
            return self._journal

    def _tell_about(self, domain: str, message: str) -> None:
        self._tell(f"{domain}: {message}")

    def _host(self, target: str) -> Host:
        config = self._config
        host = load_host(
            target, config.providers[target], config.base, config.capabilities.get(target)
        )
        return Once(host) if self._only_read else host

    def _observer(self, targets: tuple[str, ...]) -> Observer:
        nameservers = self._config.observe.nameservers
        if nameservers == "none":
            return NoObserver()
        on_disk = all(self._config.providers[t].get("class") == ZONE_FILES for t in targets)
        if nameservers == "auto" and on_disk:
            return NoObserver("files on disk have no name servers")
        with self._lock:
            if self._asking is None:  # one for all: it knows who serves what, and who is mute
                from mailsync.observe.authoritative import AuthoritativeObserver

                self._asking = AuthoritativeObserver(None if nameservers == "auto" else nameservers)
            return self._asking


def _unseen_delay(host: Host, observer: Observer) -> int:
    """Give for how long a write is waited for where nobody can be asked whether it is served."""
    return host.capability.publish_delay or 0 if isinstance(observer, NoObserver) else 0


def open_journal(config: Config) -> Journal:
    """Give the journal that the configuration names. Raises `JournalError`."""
    store = config.journal
    if isinstance(store, FileStore):
        from mailsync.journal.file_store import FileJournal

        return FileJournal(store.directory)
    from mailsync.journal.git_store import GitJournal

    return GitJournal(store.directory, store.branch, store.remote)
