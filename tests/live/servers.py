"""Real name servers: BIND and Knot as primaries, Knot as secondary, unbound as resolver.

The front door of the laboratory: what a scenario needs, but for the clock, is imported from here.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGHUP
from time import monotonic, sleep

from .asking import Answer, Askable, Sighting, Watch, ask
from .clock import SteppedClock
from .machine import find_program
from .primary import WRITER, Key, Primary, Published, zone_name
from .server import Server, ServerError

__all__ = [
    "Answer",
    "Bind",
    "Key",
    "Knot",
    "KnotSecondary",
    "Primary",
    "Published",
    "ServerError",
    "Sighting",
    "Unbound",
    "Update",
    "Watch",
    "ask",
]


@dataclass(frozen=True)
class Update:
    """One line of BIND's log about a dynamic update: when, and what.

    `at` is UTC on BIND's clock, which is read with the kernel's tick: early by up to 10 ms.
    """

    at: datetime
    text: str


class Bind(Primary):
    """BIND: a primary with TSIG updates and transfers, or a parent zone's server."""

    program = "named"
    package = "bind9"

    def __init__(
        self,
        zones: Mapping[str, str],
        *,
        address: str = "127.0.0.1",
        clock: SteppedClock | None = None,
    ) -> None:
        super().__init__(zones, address=address, clock=clock)
        self._secondaries: list[Askable] = []

    def notify(self, secondary: Askable) -> None:
        """From now on send a NOTIFY (RFC 1996) to this server after every change."""
        if secondary in self._secondaries:
            return
        self._secondaries.append(secondary)
        self._write_configuration()
        done = "reloading zones succeeded"
        reloads = self.log.count(done)
        self._signal(SIGHUP)
        deadline = monotonic() + 5
        while self.log.count(done) == reloads:
            if monotonic() > deadline:  # pragma: no cover: BIND has always reloaded so far
                raise ServerError(f"named does not reload\n{self._log_end()}")
            sleep(0.01)

    def updates(self) -> tuple[Update, ...]:
        """What the log says of the dynamic updates that were made, oldest first."""
        lines = re.findall(r"^(\S+ \S+) .*?updating zone '[^']+': (.*)$", self.log, re.MULTILINE)
        return tuple(
            Update(datetime.strptime(when, "%d-%b-%Y %H:%M:%S.%f").replace(tzinfo=UTC), text)
            for when, text in lines
        )

    def _arguments(self, configuration: Path) -> list[str]:
        return ["-g", "-4", "-n", "1", "-c", str(configuration)]

    def _configuration(self) -> str:
        notified = "".join(f"{each.address} port {each.port}; " for each in self._secondaries)
        zones = "".join(
            f"""
zone "{zone}" {{
    type primary;
    file "{self._master_file(zone)}";
    allow-update {{ key {self.key.name}; {WRITER}; }};
    allow-transfer {{ key {self.key.name}; {WRITER}; }};
    notify explicit;
    also-notify {{ {notified}}};
}};"""
            for zone in self.zones
        )
        return f"""
controls {{ }};
key {self.key.name} {{ algorithm {self.key.algorithm}; secret "{self.key.secret}"; }};
options {{
    directory "{self.directory}";
    managed-keys-directory "{self.directory}";
    pid-file none;
    session-keyfile none;
    lock-file none;
    listen-on port {self.port} {{ {self.address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    notify-delay 0;
}};
{zones}
"""


class _KnotServer(Server):
    """What Knot as primary and as secondary have in common."""

    program = "knotd"
    package = "knot"

    def _arguments(self, configuration: Path) -> list[str]:
        return ["-c", str(configuration)]

    def _configuration(self) -> str:
        key = self._key()
        return f"""
server:
    rundir: "{self.directory}"
    listen: {self.address}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{self.directory}"
control:
    listen: "{self._control}"
log:
  - target: stderr
    any: info
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.secret}
{self._zones()}
"""

    @abstractmethod
    def _key(self) -> Key: ...

    @abstractmethod
    def _zones(self) -> str:
        """The sections from `remote` on."""

    @property
    def _control(self) -> Path:
        return self.directory / "knot.sock"

    def _knotc(self, *command: str) -> None:
        knotc = find_program("knotc", self.package)
        self._run_tool(knotc, "-s", self._control, "-b", *command)


class Knot(_KnotServer, Primary):
    """Knot DNS as a primary with TSIG updates and transfers."""

    def _key(self) -> Key:
        return self.key

    def _zones(self) -> str:
        zones = "".join(
            f"""
  - domain: {zone}
    file: "{self._master_file(zone)}"
    acl: [signed, writer]"""
            for zone in self.zones
        )
        return f"""
acl:
  - id: signed
    key: {self.key.name}
    action: [transfer, update]
  - id: writer
    address: {WRITER}
    action: [transfer, update]
template:
  - id: default
    storage: "{self.directory}"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:{zones}
"""


class KnotSecondary(_KnotServer):
    """Knot DNS as a secondary that a Bind feeds by NOTIFY and zone transfer.

    Serving from entry on. After a transfer Knot lets up to two seconds pass before the next one.
    """

    def __init__(
        self, primary: Bind, *, address: str = "127.0.0.1", clock: SteppedClock | None = None
    ) -> None:
        super().__init__(address=address, clock=clock)
        self._primary = primary

    def start(self) -> None:
        """Start, transfer the zones, and have the primary send a NOTIFY from now on."""
        super().start()
        self._primary.notify(self)

    def hold(self) -> None:
        """From now on transfer nothing; a transfer under way is finished first."""
        self._knotc("zone-freeze")

    def release(self) -> None:
        """Transfer again, at once whatever was missed."""
        self._knotc("zone-thaw")
        self._knotc("zone-refresh")

    def _is_ready(self) -> bool:
        return all(self.ask(zone, "SOA", tcp=True, timeout=0.5).aa for zone in self._primary.zones)

    def _key(self) -> Key:
        return self._primary.key

    def _zones(self) -> str:
        zones = "".join(
            f"""
  - domain: {zone}
    master: primary
    acl: notify"""
            for zone in self._primary.zones
        )
        return f"""
remote:
  - id: primary
    address: {self._primary.address}@{self._primary.port}
    key: {self._primary.key.name}
acl:
  - id: notify
    address: {self._primary.address}
    action: notify
template:
  - id: default
    storage: "{self.directory}"
    zonefile-sync: -1
zone:{zones}
"""


class Unbound(Server):
    """unbound: a caching resolver that knows only the given zones and asks nobody else.

    `stubs`: zone → its authoritative servers, of which it chooses as resolvers do. It caches for
    the TTLs that these give, but at least `cache_min_ttl` seconds.
    """

    program = "unbound"
    package = "unbound"

    def __init__(
        self,
        stubs: Mapping[str, Sequence[Askable]],
        *,
        cache_min_ttl: int = 0,
        address: str = "127.0.0.1",
        port: int | None = None,
        clock: SteppedClock | None = None,
    ) -> None:
        super().__init__(address=address, clock=clock)
        if port is not None:
            self._numbers = (port,)
        self._stubs = {zone_name(name): tuple(servers) for name, servers in stubs.items()}
        self._cache_min_ttl = cache_min_ttl

    def ask(self, name: str, rdtype: str, *, tcp: bool = True, timeout: float = 2.0) -> Answer:
        """What it answers (see `asking.ask`): over TCP, where each question has a time of its own.

        unbound reads the clock once, then takes in what UDP questions there are, and those that
        come meanwhile: one that is asked after a jump can be answered as of before it.
        """
        return super().ask(name, rdtype, tcp=tcp, timeout=timeout)

    def _arguments(self, configuration: Path) -> list[str]:
        return ["-d", "-c", str(configuration)]

    def _is_ready(self) -> bool:
        return self.ask("localhost", "A", timeout=0.5).rcode == "NOERROR"

    def _configuration(self) -> str:
        # "transparent" takes a zone back from what unbound answers by itself (test., private
        # reverse zones) and from the refusal of everything else.
        local_zones = "".join(f'    local-zone: "{zone}" transparent\n' for zone in self._stubs)
        stubs = "".join(
            f'stub-zone:\n    name: "{zone}"\n'
            + "".join(f"    stub-addr: {each.address}@{each.port}\n" for each in servers)
            for zone, servers in self._stubs.items()
        )
        return f"""
server:
    interface: {self.address}
    port: {self.port}
    access-control: 127.0.0.0/8 allow
    directory: "{self.directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    log-time-ascii: yes
    verbosity: 1
    num-threads: 1
    do-ip6: no
    do-not-query-localhost: no
    module-config: "iterator"
    qname-minimisation: no
    target-fetch-policy: "0 0 0 0 0"
    cache-min-ttl: {self._cache_min_ttl}
    cache-max-ttl: 2147483647
    cache-max-negative-ttl: 2147483647
    local-zone: "." refuse
{local_zones}
remote-control:
    control-enable: no
{stubs}
"""
