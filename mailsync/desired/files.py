"""`load`: every zone file that is asked for, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Protocol

from mailsync.desired import reverse, syntax, zone
from mailsync.desired.faults import Faults, did_you_mean
from mailsync.desired.keys import domains as domains_key
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.services.catalogue import OWN, Catalogue
from mailsync.desired.target import Target, serving
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import BadName, absolute, shown
from mailsync.errors import MailsyncError

_SUFFIXES = (".yaml", ".yml")
_IGNORED = (".md", "~", ".bak", ".orig", ".swp")
"""What people and editors leave beside zone files."""


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """The domains whose files are right, by name, and the errors of the others.

    ``failed`` names the zones that are left out: one zone's errors do not stop the others.
    """

    desired: tuple[Desired, ...]
    errors: tuple[MailsyncError, ...] = ()
    failed: tuple[str, ...] = ()


def load(source: Source, patterns: Sequence[str] = ()) -> Loaded:
    """Read the zone files whose domain matches a glob; all of them when there is none."""
    faults = Faults()
    claims = _claims(_files(source.zones, faults), faults)
    wanted, unmatched = _matching(claims, patterns)
    layers = Layers(source.defaults, source.profiles, catalogue(source))
    desired: list[Desired] = []
    failed: list[str] = []
    told = _Told()
    told.add("", unmatched)
    if unmatched or not patterns:
        # Whoever asks for some domains is not told what else lies about, unless they miss one.
        told.add("", faults.errors())
    for name in wanted:
        of_zone = Faults()
        found = _read(name, claims[name], source, layers, of_zone)
        told.add(name, of_zone.errors())
        if of_zone:
            failed.append(shown(name))
        else:
            desired += found
    clashes = Faults()
    routed = reverse.routed(desired, source.targets, frozenset(claims), clashes)
    told.add("", clashes.errors())
    return Loaded(routed, told.errors, tuple(failed))


def catalogue(source: Source) -> Catalogue:
    """Give the services that zone files may name: those in services/ beside them, and ours."""
    return Catalogue(source.zones.parent / OWN)


def domains(source: Source) -> tuple[str, ...]:
    """Name all domains for which there is a file, reading no more of them than that takes."""
    faults = Faults()
    return tuple(shown(name) for name in sorted(_claims(_files(source.zones, faults), faults)))


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

    def zones(self, faults: Faults) -> ByName[str, Place]:
        """Give the zones for which it holds: those under ``domains``, else the one of its name."""
        # Most files need not be parsed to know that they have no such key, however it is escaped.
        if self.octets is not None and (b"domains" in self.octets or b"\\" in self.octets):
            root = self.root(faults)
            listed = root.get("domains") if isinstance(root, Mapping) else None
            if listed is not None:
                return domains_key.zones(listed, faults)
        try:
            return {absolute(self.path.stem): self.place}
        except BadName as error:
            faults.add(self.place, f"named for no zone: {error}")
            return {}


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that holds for a zone, and the place that says so."""

    file: _File
    place: Place


def _claims(files: Sequence[_File], faults: Faults) -> dict[str, list[_Claim]]:
    """Find which files hold for which zone, by its absolute name; more than one is a mistake."""
    found: dict[str, list[_Claim]] = {}
    for file in files:
        for name, place in file.zones(faults).items():
            found.setdefault(name, []).append(_Claim(file, place))
    return found


def _read(
    name: str, claims: Sequence[_Claim], source: Source, layers: Layers, faults: Faults
) -> tuple[Desired, ...]:
    first, *others = claims
    for other in others:
        message = f"the zone {shown(name)} has a file already: {first.place}"
        faults.add(other.place, message)
    found = zone.read(name, first.file.root(faults), layers, first.place, faults)
    target = serving(source.targets, name)
    if target is None:
        message = f"no DNS host serves {shown(name)}: add it under targets in mailsync.yaml"
        faults.add(first.place, message)
        return ()
    return tuple(replace(desired, targets=target.hosts) for desired in found)


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
    claims: ByName[str, object], patterns: Sequence[str]
) -> tuple[list[str], list[MailsyncError]]:
    if not patterns:
        return sorted(claims, key=shown), []
    known = [shown(name) for name in claims]
    wanted: set[str] = set()
    errors = []
    for pattern in dict.fromkeys(patterns):
        glob = _glob(pattern)
        matched = [name for name in claims if fnmatchcase(shown(name), glob)]
        wanted.update(matched)
        if not matched:
            guess = did_you_mean(glob, known) or ": there is no such file under zones"
            errors.append(MailsyncError(f"no domain matches {pattern!r}{guess}"))
    return sorted(wanted, key=shown), errors


def _glob(pattern: str) -> str:
    """Bring a pattern to the form of names: lower case, A-labels, no final dot."""
    try:
        return shown(absolute(pattern.rstrip(".") + "."))
    except BadName:
        return pattern.lower().rstrip(".")
