"""`load`: every zone file that is asked for, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from collections.abc import Mapping as ByName
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Protocol

from mailsync.desired import reverse, syntax, zone
from mailsync.desired.faults import Faults, did_you_mean
from mailsync.desired.keys import domains as domains_key
from mailsync.desired.keys import subdomains as subdomains_key
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Level, Place
from mailsync.desired.services.catalogue import OWN, Catalogue
from mailsync.desired.target import Target, serving
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import BadName, absolute, shown, whole
from mailsync.errors import MailsyncError

_SUFFIXES = (".yaml", ".yml")
_IGNORED = (".md", "~", ".bak", ".orig", ".swp")
"""What people and editors leave beside zone files."""

_NO_KEYS = Mapping((), Place("", 1, 1))


class Source(Protocol):
    """What of mailsync.yaml bears on the zone files."""

    @property
    def zones(self) -> Path:
        """The directory of zone files."""

    @property
    def targets(self) -> Sequence[Target]:
        """The first that matches a zone says who serves it."""

    @property
    def defaults(self) -> Mapping | None:
        """What holds where neither a zone file nor its profile says anything."""

    @property
    def profiles(self) -> ByName[str, Mapping]:
        """Named sets of keys, for the zone files that name one."""

    @property
    def severities(self) -> tuple[tuple[str, Level], ...]:
        """What lint's findings are to be, by the id of their rule."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The domains whose files are right, by name, and the errors of the others.

    ``failed`` names the zones that are left out, each with all its errors: they do not stop the
    others.
    """

    desired: tuple[Desired, ...]
    errors: tuple[MailsyncError, ...] = ()
    failed: ByName[str, tuple[MailsyncError, ...]] = field(default_factory=dict)


def load(source: Source, patterns: Sequence[str] = ()) -> Loaded:
    """Read the domains that match a glob; all of them when there is none.

    A glob that matches a zone takes its subdomains along: they are one file.
    """
    faults = Faults()
    layers = Layers(source.defaults, source.profiles, catalogue(source))
    claims = _claims(_files(source.zones, faults), layers, faults)
    wanted, unmatched = _matching(claims, patterns)
    desired: list[Desired] = []
    failed: dict[str, tuple[MailsyncError, ...]] = {}
    told = _Told()
    told.add("", unmatched)
    if unmatched or not patterns:
        # Whoever asks for some domains is not told what else lies about, unless they miss one.
        told.add("", faults.errors())
    for name, names in wanted.items():
        of_zone = Faults()
        found = _read(name, claims, source, layers, of_zone)
        told.add(name, of_zone.errors())
        if of_zone:
            failed[shown(name)] = tuple(of_zone.errors())
        else:
            desired += [one for one in found if one.domain in names]
    if not patterns:
        of_layers = Faults()
        layers.check(of_layers)
        told.add("", of_layers.errors())
    clashes = Faults()
    routed = reverse.routed(desired, source.targets, frozenset(claims), clashes)
    told.add("", clashes.errors())
    return Loaded(routed, told.errors, failed)


def catalogue(source: Source) -> Catalogue:
    """Give the services that zone files may name: those in services/ beside them, and ours."""
    return Catalogue(source.zones.parent / OWN)


def parts(source: Source, zones: Container[str]) -> Iterator[zone.Part]:
    """Give what the files say of every mail domain of these zones, services written out.

    The same as `load` reads, for who asks where something stands; what is wrong is told there.
    """
    faults = Faults()
    layers = Layers(source.defaults, source.profiles, catalogue(source))
    for name, (claim, *_) in _claims(_files(source.zones, faults), layers, faults).items():
        if name in zones:
            yield from zone.parts(name, claim.file.root(faults), layers, claim.place, faults)


def domains(source: Source) -> tuple[str, ...]:
    """Name all domains of all files, reading no more of these than that takes."""
    faults = Faults()
    layers = Layers(source.defaults, source.profiles)
    claims = _claims(_files(source.zones, faults), layers, faults)
    return tuple(
        shown(name) for name in sorted({n for zone in claims for n in _names(zone, claims)})
    )


class _Told:
    """The errors of a run; what several zones share, a profile say, is told for the first alone."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], MailsyncError] = {}

    def add(self, zone_name: str, errors: Sequence[MailsyncError]) -> None:
        """Add a zone's errors; those that differ in its name alone are one."""
        name = shown(zone_name)
        for error in errors:
            alike = error.message.replace(name, "…") if name else error.message
            self._told.setdefault((error.where, alike), error)

    @property
    def errors(self) -> tuple[MailsyncError, ...]:
        """All that were added, in that order."""
        return tuple(self._told.values())


@dataclass(frozen=True)
class _File:
    """A file of the directory; ``octets`` is None where it cannot be read."""

    path: Path
    octets: bytes | None

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(syntax.shown(self.path), 1, 1)

    def root(self, faults: Faults) -> Node | None:
        """Give its tree; None when it is empty, or ``faults`` say what is wrong."""
        root, told = self._parsed
        faults.include(told)
        return root

    @cached_property
    def _parsed(self) -> tuple[Node | None, Faults]:
        faults = Faults()
        if self.octets is None:
            syntax.read(self.path, faults)
            return None, faults
        return syntax.parse(self.octets, syntax.shown(self.path), faults), faults

    def zones(self, faults: Faults) -> ByName[str, Place | None]:
        """Give the zones for which it holds: those under ``domains``, else the one of its name.

        Each with the place that says so, None for the file itself.
        """
        listed = self._keys(faults).get("domains")
        if listed is not None:
            return domains_key.zones(listed, faults)
        try:
            return {absolute(self.path.stem): None}
        except BadName as error:
            faults.add(self.place, f"named for no zone: {error}")
            return {}

    def subdomains(self, zone_name: str, layers: Layers) -> ByName[str, Place]:
        """Give the absolute names of its subdomains, as far as they are right."""
        untold = Faults()
        keys = self._keys(untold, layers)
        if "subdomains" not in keys and not layers.mention("subdomains"):
            return {}
        node = layers.under(keys, untold).get("subdomains")
        return {name: key.place for name, key, _ in subdomains_key.entries(node, zone_name, untold)}

    def _keys(self, faults: Faults, layers: Layers | None = None) -> Mapping:
        """Give its keys, as far as they bear on which domains there are."""
        octets = self.octets or b""
        # Most files need not be parsed to know that they have no such key, however it is escaped.
        if b"domains" in octets or b"\\" in octets or (layers and layers.mention("subdomains")):
            root = self.root(faults)
            if isinstance(root, Mapping):
                return root
        return _NO_KEYS


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that holds for a zone, the place in it that says so, and the zone's subdomains."""

    file: _File
    listed_at: Place | None
    subdomains: ByName[str, Place]

    @property
    def place(self) -> Place:
        """Where the zone is named; in most files that is the whole of it."""
        return self.file.place if self.listed_at is None else self.listed_at


_Claims = ByName[str, Sequence[_Claim]]
"""Which files hold for which zone, by its absolute name; more than one is a mistake."""


def _claims(files: Sequence[_File], layers: Layers, faults: Faults) -> _Claims:
    found: dict[str, list[_Claim]] = {}
    for file in files:
        for name, place in file.zones(faults).items():
            claim = _Claim(file, place, file.subdomains(name, layers))
            found.setdefault(name, []).append(claim)
    return found


def _names(zone_name: str, claims: _Claims) -> frozenset[str]:
    """Give the names of a zone's domains."""
    below = (name for claim in claims[zone_name] for name in claim.subdomains)
    return frozenset({zone_name, *below})


def _read(
    name: str, claims: _Claims, source: Source, layers: Layers, faults: Faults
) -> tuple[Desired, ...]:
    first, *others = claims[name]
    for other in others:
        message = f"the zone {shown(name)} has a file already: {first.place}"
        faults.add(other.place, message)
    for below, place in first.subdomains.items():
        inner = next(zone_name for zone_name in _upwards(below) if zone_name in claims)
        if inner != name:
            message = (
                f"{shown(below)} lies in the zone {shown(inner)}, which has a file of its own, "
                f"{claims[inner][0].place}: write it there"
            )
            faults.add(place, message)
    found = zone.read(name, first.file.root(faults), layers, first.place, faults)
    target = serving(source.targets, name)
    if target is None:
        message = f"no DNS host serves {shown(name)}: add it under targets in mailsync.yaml"
        faults.add(first.place, message)
        return ()
    return tuple(
        replace(desired, targets=target.hosts, severities=source.severities) for desired in found
    )


def _upwards(name: str) -> Iterator[str]:
    """Give a name and those above it."""
    while name:
        yield name
        name = name.partition(".")[2]


def _files(directory: Path, faults: Faults) -> list[_File]:
    top = Place(syntax.shown(directory), 1, 1)
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        why = error.strerror or str(error)
        faults.add(top, f"the directory of zone files cannot be read: {why}")
        return []
    found = []
    for path in entries:
        if path.name.startswith(".") or path.name.endswith(_IGNORED):
            continue
        if path.suffix not in _SUFFIXES or path.is_dir():
            message = "no zone file: those are named ZONE.yaml, such as example.com.yaml"
            faults.add(Place(syntax.shown(path), 1, 1), message)
            continue
        found.append(_File(path, syntax.content(path, Faults())))
    if not found and not faults:
        faults.add(top, "no zone file here: write one, such as example.com.yaml")
    return found


def _matching(
    claims: _Claims, patterns: Sequence[str]
) -> tuple[ByName[str, frozenset[str]], list[MailsyncError]]:
    """Give the zones that are wanted, in the order of their names, each with those of its domains.

    And what is wrong with the patterns.
    """
    names = {zone_name: _names(zone_name, claims) for zone_name in sorted(claims, key=shown)}
    if not patterns:
        return names, []
    wanted: dict[str, frozenset[str]] = {}
    errors = []
    for pattern in dict.fromkeys(patterns):
        glob = _glob(pattern)
        matched = False
        for zone_name, below in names.items():
            found = frozenset(name for name in below if fnmatchcase(shown(name), glob))
            matched = matched or bool(found)
            found = below if zone_name in found else found
            if found:
                wanted[zone_name] = wanted.get(zone_name, frozenset()) | found
        if not matched:
            known = [shown(name) for below in names.values() for name in below]
            guess = did_you_mean(glob, known) or ": there is no such file under zones"
            errors.append(MailsyncError(f"no domain matches {pattern!r}{guess}"))
    return {name: wanted[name] for name in names if name in wanted}, errors


def _glob(pattern: str) -> str:
    """Bring a pattern to the form of names: lower case, A-labels, no final dot."""
    try:
        return shown(whole(pattern))
    except BadName:
        return pattern.lower().rstrip(".")
