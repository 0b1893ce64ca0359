"""`mailsync.yaml`: where zone files, DNS hosts, journal and name servers are (design §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mailsync.desired import reading, settings, syntax, tree
from mailsync.desired.faults import Faults
from mailsync.desired.model import LEVELS, Level, Place
from mailsync.desired.target import Target
from mailsync.dns.names import BadName, is_host, shown, whole
from mailsync.errors import MailsyncError

Setting = str | int | float | bool | None | Sequence["Setting"] | Mapping[str, "Setting"]
"""A value of a provider's settings; ``env/NAME`` is text here, and resolved by `mailsync.hosts`."""

FILE = settings.FILE
_KEYS = tuple(settings.SHAPE.fields)
_PORT = 53
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})\.\d{1,17}\Z", re.ASCII)
_YAML_1_1_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})
_GLOB = re.compile(r"[a-z0-9_.*?\[\]!-]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileStore:
    """The journal as files, one per zone."""

    directory: Path


@dataclass(frozen=True, slots=True)
class GitStore:
    """The journal as a branch of its own in the repository that holds ``directory``."""

    directory: Path
    branch: str = "mailsync-journal"
    remote: str = "origin"


@dataclass(frozen=True, slots=True)
class Observe:
    """Which authoritative servers are asked, and for how long an apply waits for all (seconds).

    ``auto``: those of the delegation. ``none``: what was read back counts as served. Else each as
    (address or name, port). ``resolvers``, as (address, port), are what `mailsync check` compares;
    None: some public ones, and names are looked up as this machine does. ``mailboxes`` are
    addresses that exist, for it to ask mail servers for.
    """

    nameservers: Literal["auto", "none"] | tuple[tuple[str, int], ...] = "auto"
    timeout: int = 60
    resolvers: tuple[tuple[str, int], ...] | None = None
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of which kinds of news; ``said``: the settings as written, with ``env/NAME``."""

    said: Mapping[str, Setting]
    kinds: tuple[str, ...] = settings.KINDS


@dataclass(frozen=True, slots=True)
class Config:
    """What mailsync.yaml says. ``file`` is as the user named it; paths are joined to ``base``.

    ``base`` is the directory of the file. ``providers``: settings by name, in octoDNS' syntax and
    as written: what they name relatively is relative to ``base``. ``capabilities``: what
    is said of a provider's ``ttl`` (``fixed`` or ``settable``), ``min_ttl``, ``max_ttl`` (seconds).
    ``defaults`` and ``profiles`` hold keys of zone files, which `mailsync.desired` reads.
    ``severities``: what lint's findings are to be, by the id of their rule.
    """

    file: Path
    base: Path
    zones: Path
    providers: Mapping[str, Mapping[str, Setting]]
    targets: tuple[Target, ...]
    journal: FileStore | GitStore
    observe: Observe = field(default_factory=Observe)
    defaults: tree.Mapping | None = None
    profiles: Mapping[str, tree.Mapping] = field(default_factory=dict)
    capabilities: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    severities: tuple[tuple[str, Level], ...] = ()
    notify: Notify | None = None


def load(path: Path | str = FILE) -> Config:
    """Read the file. Raises `FileErrors` with all that is wrong in it, or `MailsyncError`."""
    file = Path(path)
    if not file.exists():
        raise MailsyncError(
            f"there is no {syntax.shown(file)}: go to where it is, name it with -c FILE, or write "
            "one with 'providers' and 'targets'"
        )
    faults = Faults()
    root = syntax.read(file, faults)
    faults.raise_if_any()
    place = Place(syntax.shown(file), 1, 1)
    reader = _Reader(file, faults)
    config = reader.config(root if root is not None else tree.Mapping((), place))
    faults.raise_if_any()
    return config


class _Reader:
    """Reads the keys of one mailsync.yaml; faults go where all of them are collected."""

    def __init__(self, file: Path, faults: Faults) -> None:
        self._file = file
        self._base = file.absolute().parent
        self._faults = faults

    def config(self, root: tree.Node) -> Config:
        """Read the whole file; what is wrong is left out, and told."""
        found = tree.Mapping((), root.place)
        if isinstance(root, tree.Mapping):
            checked = settings.SHAPE.checked(root, self._faults)
            found = checked if isinstance(checked, tree.Mapping) else found
        else:
            message = f"{FILE} is a mapping of keys, not {tree.kind(root)}"
            self._faults.add(root.place, message)
        providers = self._providers(found)
        return Config(
            file=self._file,
            base=self._base,
            zones=self._path(found.get("zones"), "zones"),
            providers=providers,
            targets=self._targets(found, tuple(providers)),
            journal=self._journal(found.get("journal")),
            observe=self._observe(found.get("observe")),
            defaults=_keys(found.get("defaults")),
            profiles=self._profiles(found.get("profiles")),
            capabilities=self._capabilities(found.get("capabilities"), tuple(providers)),
            severities=self._severities(found.get("lint")),
            notify=self._notify(found.get("notify")),
        )

    def _notify(self, node: tree.Node | None) -> Notify | None:
        if not isinstance(node, tree.Mapping):
            return None
        said = {key.text: self._setting(value) for key, value in node if key.text != "news"}
        news = node.get("news")
        kinds = () if news is None else reading.items(news, self._faults, "a kind of news")
        words = tuple(kind.text for kind in kinds if isinstance(kind, tree.Scalar))
        if not said:
            self._faults.add(node.place, f"nobody is told: write {settings.NOTIFY}")
        return Notify(said, words or settings.KINDS)

    def _path(self, node: tree.Node | None, otherwise: str) -> Path:
        text = None if node is None else reading.text(node, self._faults, "a directory")
        return self._base / (otherwise if text is None else Path(text).expanduser())

    def _providers(self, root: tree.Mapping) -> dict[str, Mapping[str, Setting]]:
        node, what = root.get("providers"), settings.PROVIDERS
        providers: dict[str, Mapping[str, Setting]] = {}
        for key, value in () if node is None else reading.named(node, self._faults, what) or ():
            # Known by name even when its settings are wrong: targets may name it.
            said = reading.named(value, self._faults, what) or ()
            providers[key.text] = {name.text: self._setting(node) for name, node in said}
        return providers

    def _setting(self, node: tree.Node) -> Setting:
        """Read as YAML 1.2 does (§10.3.2); ``yes`` and ``no`` are refused, ``00123`` is a text."""
        if isinstance(node, tree.Mapping):
            return {key.text: self._setting(value) for key, value in node}
        if isinstance(node, tree.Sequence):
            return [self._setting(item) for item in node.items]
        if node.quoted:
            return node.text
        if node.is_null:
            return None
        if node.text.lower() in {"true", "false"}:
            return node.text.lower() == "true"
        if node.text.lower() in _YAML_1_1_BOOLEANS:
            message = f"{node.text} is read in two ways: write true or false, or put it in quotes"
            self._faults.add(node.place, message)
        if _INTEGER.match(node.text):
            return int(node.text)
        return float(node.text) if _FLOAT.match(node.text) else node.text

    def _targets(self, root: tree.Mapping, providers: tuple[str, ...]) -> tuple[Target, ...]:
        node, what = root.get("targets"), settings.TARGETS
        targets = []
        for key, value in () if node is None else reading.named(node, self._faults, what) or ():
            pattern = self._pattern(key)
            hosts: list[str] = []
            for item in reading.items(value, self._faults, settings.PROVIDER):
                name = self._provider(item, providers)
                if name in hosts:
                    self._faults.add(item.place, f"{name} stands twice")
                hosts += [] if name is None else [name]
            targets.append(Target(pattern, tuple(hosts), key.place))
        return tuple(targets)

    def _pattern(self, key: tree.Scalar) -> str:
        text = key.text.lower().rstrip(".")
        if any(char in text for char in "*?["):
            if not _GLOB.match(text):
                self._faults.add(key.place, f"{key.text[:60]!r} is no glob of zone names")
            return text
        try:
            return shown(whole(key.text))
        except BadName as error:
            self._faults.add(key.place, str(error))
            return text

    def _provider(self, node: tree.Node, providers: tuple[str, ...]) -> str | None:
        name = reading.text(node, self._faults, settings.PROVIDER)
        if name is not None and name not in providers:
            self._faults.unknown(node.place, "provider", name, providers)
            return None
        return name

    def _profiles(self, node: tree.Node | None) -> dict[str, tree.Mapping]:
        """Read named sets of keys; with an empty one a file does without that of the defaults."""
        what = settings.PROFILES
        named = () if node is None else reading.named(node, self._faults, what) or ()
        return {key.text: keys for key, value in named if (keys := _keys(value)) is not None}

    def _journal(self, node: tree.Node | None) -> FileStore | GitStore:
        found = None if node is None else reading.named(node, self._faults, "a journal")
        if found is None:
            return FileStore(self._base / ".mailsync")
        name = reading.text(found["store"], self._faults, "store")
        if name == "git":
            return GitStore(
                self._path(found.get("directory"), "."),
                self._git_name(found.get("branch"), "mailsync-journal"),
                self._git_name(found.get("remote"), "origin"),
            )
        for other in ("branch", "remote"):
            if name == "file" and other in found:
                self._faults.add(found.key(other).place, f"{other} goes with 'store: git'")
        return FileStore(self._path(found.get("directory"), ".mailsync"))

    def _git_name(self, node: tree.Node | None, otherwise: str) -> str:
        text = None if node is None else reading.text(node, self._faults, "a name")
        if node is None or text is None:
            return otherwise
        if ".." in text or text.endswith(("/", ".", ".lock")):
            self._faults.add(node.place, f"{text[:60]!r} is no name of a branch or a remote")
            return otherwise
        return text

    def _observe(self, node: tree.Node | None) -> Observe:
        if node is None:
            return Observe()
        if not isinstance(node, tree.Mapping):
            return Observe(self._nameservers(node))
        servers, resolvers = node.get("nameservers"), node.get("resolvers")
        timeout = reading.duration(node.get("timeout"), self._faults, "a timeout")
        return Observe(
            "auto" if servers is None else self._nameservers(servers),
            Observe().timeout if timeout is None else timeout,
            None if resolvers is None else self._resolvers(resolvers),
            self._mailboxes(node.get("mailboxes")),
        )

    def _resolvers(self, node: tree.Node) -> tuple[tuple[str, int], ...]:
        found = self._servers(node, settings.RESOLVERS)
        for item, (host, _) in found:
            if not reading.is_address(host):
                message = f"{host} is a name, and who would look it up? {settings.RESOLVERS}"
                self._faults.add(item.place, message)
        return tuple(server for _, server in found)

    def _mailboxes(self, node: tree.Node | None) -> tuple[str, ...]:
        what = settings.MAILBOXES
        items = () if node is None else reading.items(node, self._faults, what)
        texts = (reading.text(item, self._faults, what) for item in items)
        return tuple(text for text in texts if text is not None)

    def _nameservers(
        self, node: tree.Node
    ) -> Literal["auto", "none"] | tuple[tuple[str, int], ...]:
        if isinstance(node, tree.Scalar) and node.text in {"auto", "none"}:
            return "auto" if node.text == "auto" else "none"
        found = self._servers(node, settings.SERVERS)
        return tuple(server for _, server in found)

    def _servers(self, node: tree.Node, what: str) -> list[tuple[tree.Node, tuple[str, int]]]:
        servers: list[tuple[tree.Node, tuple[str, int]]] = []
        for item in reading.items(node, self._faults, what):
            text = reading.text(item, self._faults, what)
            if text is None:
                continue
            server = _server(text)
            if server is None:
                self._faults.add(item.place, f"{text[:60]!r} is no server: write {what}")
            elif server in [one for _, one in servers]:
                self._faults.add(item.place, f"{text} stands twice")
            else:
                servers.append((item, server))
        return servers

    def _capabilities(
        self, node: tree.Node | None, providers: tuple[str, ...]
    ) -> dict[str, Mapping[str, object]]:
        what = settings.CAPABILITIES
        found = None if node is None else reading.named(node, self._faults, what)
        capabilities: dict[str, Mapping[str, object]] = {}
        for key, value in found or ():
            if key.text not in providers:
                self._faults.unknown(key.place, "provider", key.text, providers)
            fields = reading.named(value, self._faults, what)
            if fields is not None:
                capabilities[key.text] = self._capability(fields)
        return capabilities

    def _severities(self, node: tree.Node | None) -> tuple[tuple[str, Level], ...]:
        """Read ``{severity: {spf-ptr: error, spf-helo: off}}``."""
        if node is None:
            return ()
        what = settings.SEVERITIES
        fields = reading.named(node, self._faults, "lint")
        said = None if fields is None else fields.get("severity")
        found: dict[str, Level] = {}
        for key, value in () if said is None else reading.named(said, self._faults, what) or ():
            word = reading.word(value, self._faults, "severity", LEVELS)
            found.update((key.text, level) for level in LEVELS if level == word)
        return tuple(sorted(found.items()))

    def _capability(self, fields: tree.Mapping) -> Mapping[str, object]:
        faults = self._faults
        said: dict[str, object] = {}
        for key, node in fields:
            match key.text:
                case "ttl" | "ttl_scope" | "write":
                    said[key.text] = reading.text(node, faults, "value")
                case "min_ttl" | "max_ttl" | "publish_delay":
                    said[key.text] = reading.duration(node, faults, "a duration")
                case "clock" | "null_mx" | "mx_below" | "ptr":
                    said[key.text] = reading.boolean(node, faults, "value")
                case "txt_max":
                    said[key.text] = reading.integer(node, faults, "length", settings.TXT_LONGEST)
                case "types":
                    items = reading.items(node, faults, "a type")
                    types = (reading.text(item, faults, "a type") for item in items)
                    said[key.text] = tuple(one for one in types if one)
        return {name: value for name, value in said.items() if value is not None}


def _keys(node: tree.Node | None) -> tree.Mapping | None:
    """Give keys of zone files, which are checked with these."""
    return node if isinstance(node, tree.Mapping) else None


def _server(text: str) -> tuple[str, int] | None:
    """Read ``HOST``, ``HOST:PORT``, ``[IPv6]:PORT`` or a bare IPv6 address."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:\[\]]+)(?::(\d{1,5}))?", text, re.ASCII)
    host, digits = (match[1] or match[3], match[2] or match[4]) if match else (text, None)
    bracketed = match is not None and match[1] is not None
    if reading.is_address(host):
        known = (":" in host) == (bracketed or match is None)
    else:
        known = not bracketed and match is not None and _is_host(host)
    port = _PORT if digits is None else int(digits)
    return (host, port) if known and 0 < port <= 65535 else None


def _is_host(text: str) -> bool:
    try:
        return is_host(whole(text))
    except BadName:
        return False
