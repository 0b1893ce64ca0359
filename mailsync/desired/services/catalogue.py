"""Where services are found: the user's own first, then those that mailsync knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync.desired import syntax
from mailsync.desired.faults import Faults, did_you_mean, quoted
from mailsync.desired.model import Place

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from mailsync.desired.services.model import Service

OWN = "services"
"""The directory of the user's own services, beside that of the zone files."""


@dataclass(slots=True)
class Catalogue:
    """The services that a run knows; a file is read when its service is asked for, and once.

    ``own``: the directory of the user's files, which need not exist. One of theirs stands in front
    of one of ours with the same name.
    """

    own: Path | None = None
    _read: dict[str, tuple[Service | None, Faults]] = field(default_factory=dict)

    def find(self, name: str, place: Place, faults: Faults) -> Service | None:
        """Give a service; None after telling what is wrong with it, or that there is none."""
        if name not in self._read:
            of_file = Faults()
            self._read[name] = (self._load(name, of_file), of_file)
        service, wrong = self._read[name]
        faults.include(wrong)
        if service is None and not wrong:
            guess = did_you_mean(name, self.ids()) or ": `mailsync services` lists all"
            faults.add(place, f"unknown service {quoted(name)}{guess}")
        return service

    def ids(self) -> tuple[str, ...]:
        """Name all services, without reading any."""
        return tuple(sorted({*shipped(), *self._own_files()}))

    def all(self, faults: Faults) -> Iterator[Service]:
        """Read every service, by name; what is wrong with one is told, and it is left out."""
        for name in self.ids():
            service = self.find(name, Place(name, 1, 1), faults)
            if service is not None:
                yield service

    def is_own(self, name: str) -> bool:
        """Tell whether a service is the user's."""
        return name in self._own_files()

    def _load(self, name: str, faults: Faults) -> Service | None:
        path = self._own_files().get(name)
        if path is not None:
            from mailsync.desired.services import format as service_format

            place = Place(syntax.shown(path), 1, 1)
            if not service_format.ID.match(name):
                faults.add(place, "named for no service: write a-z, 0-9 and _")
            root = syntax.read(path, faults)
            return service_format.read(root, name, place, faults) if not faults else None
        return _shipped(name) if name in shipped() else None

    def _own_files(self) -> dict[str, Path]:
        if self.own is None:
            return {}
        try:
            paths = sorted(self.own.glob("*.y*ml"), reverse=True)
        except OSError:  # pragma: no cover  # glob lets most errors pass as an empty directory
            return {}
        return {path.stem: path for path in paths if path.suffix in {".yaml", ".yml"}}


@cache
def shipped() -> frozenset[str]:
    """Name the services that mailsync knows."""
    return frozenset(
        entry.name.removesuffix(".yaml")
        for entry in _directory().iterdir()
        if entry.name.endswith(".yaml")
    )


@cache
def _shipped(name: str) -> Service:
    from mailsync.desired.services import format as service_format

    faults = Faults()
    file = f"{name}.yaml"
    root = syntax.parse(_directory().joinpath(file).read_bytes(), file, faults)
    service = service_format.read(root, name, Place(file, 1, 1), faults)
    faults.raise_if_any()  # never: the tests read them all
    assert service is not None  # noqa: S101  # it told nothing
    return service


def _directory() -> Traversable:
    from importlib.resources import files

    return files("mailsync.desired").joinpath("catalogue")
