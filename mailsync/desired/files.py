"""`load`: every zone file that is asked for, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from mailsync.desired import reverse, syntax, zone
from mailsync.desired.faults import Faults, did_you_mean
from mailsync.desired.model import Desired, Place
from mailsync.desired.target import Target, serving
from mailsync.desired.tree import Mapping
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
        """What holds where a zone file says nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The domains whose files are right, by name, and the errors of the others.

    ``failed`` names the domains that are left out: one domain's errors do not stop the others.
    """

    desired: tuple[Desired, ...]
    errors: tuple[MailsyncError, ...] = ()
    failed: tuple[str, ...] = ()


def load(source: Source, patterns: Sequence[str] = ()) -> Loaded:
    """Read the zone files whose domain matches a glob; all of them when there is none."""
    faults = Faults()
    paths = _paths(source.zones, faults)
    wanted, unmatched = _matching(paths, patterns)
    desired: list[Desired] = []
    failed: list[str] = []
    # Whoever asks for some domains is not told what else lies about, unless they miss one.
    errors = [*unmatched, *(faults.errors() if unmatched or not patterns else ())]
    for name in wanted:
        of_file = Faults()
        found = _read(name, paths[name], source, of_file)
        errors += [error for error in of_file.errors() if str(error) not in map(str, errors)]
        if of_file:
            failed.append(shown(name))
        else:
            desired.append(found)
    clashes = Faults()
    routed = reverse.routed(desired, source.targets, frozenset(paths), clashes)
    errors += clashes.errors()
    return Loaded(routed, tuple(errors), tuple(failed))


def domains(source: Source) -> tuple[str, ...]:
    """Name all domains that have a file, without reading any."""
    return tuple(shown(name) for name in sorted(_paths(source.zones, Faults())))


def _read(name: str, path: Path, source: Source, faults: Faults) -> Desired:
    place = Place(syntax.shown(path), 1, 1)
    desired = zone.read(name, syntax.read(path, faults), source.defaults, place, faults)
    target = serving(source.targets, name)
    if target is None:
        message = f"no DNS host serves {shown(name)}: add it under targets in mailsync.yaml"
        faults.add(place, message)
        return desired
    return replace(desired, targets=target.hosts)


def _paths(directory: Path, faults: Faults) -> dict[str, Path]:
    """Find the zone files, by the absolute name of their zone."""
    top = Place(syntax.shown(directory), 1, 1)
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        why = error.strerror or str(error)
        faults.add(top, f"the directory of zone files cannot be read: {why}")
        return {}
    found: dict[str, Path] = {}
    for path in entries:
        if path.name.startswith(".") or path.name.endswith(_IGNORED):
            continue
        place = Place(syntax.shown(path), 1, 1)
        if path.suffix not in _SUFFIXES or path.is_dir():
            faults.add(place, "no zone file: those are named ZONE.yaml, such as example.com.yaml")
            continue
        try:
            name = absolute(path.stem)
        except BadName as error:
            faults.add(place, f"named for no zone: {error}")
            continue
        if name in found:
            other = syntax.shown(found[name])
            faults.add(place, f"the zone {shown(name)} has a file already: {other}")
            continue
        found[name] = path
    if not found and not faults:
        faults.add(top, "no zone file here: write one, such as example.com.yaml")
    return found


def _matching(
    paths: dict[str, Path], patterns: Sequence[str]
) -> tuple[list[str], list[MailsyncError]]:
    if not patterns:
        return sorted(paths, key=shown), []
    known = [shown(name) for name in paths]
    wanted: set[str] = set()
    errors = []
    for pattern in dict.fromkeys(patterns):
        glob = _glob(pattern)
        matched = [name for name in paths if fnmatchcase(shown(name), glob)]
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
