"""Zones in files that no DNS host of the configuration serves: master files, octoDNS' YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError
from mailsync.hosts.failures import in_one_line
from mailsync.hosts.loading import demote, prepare_octodns
from mailsync.hosts.records import rrsets_of
from mailsync.hosts.secrets import Secrets
from mailsync_providers.zonefile import ZoneFileProvider


class _OneFile(ZoneFileProvider):
    """A master file by its own name, whatever zone it is of."""

    def __init__(self, file: Path) -> None:
        super().__init__("file", str(file.parent))
        demote(self.log)
        self._file = file

    def path(self, zone_name: str) -> Path:  # noqa: ARG002  # the provider asks for a zone's
        return self._file


def of_master_file(file: Path, zone: str) -> Mapping[Key, RRset]:
    """List the RRsets of a master file (RFC 1035 §5); ``zone`` is its absolute name.

    Raises `HostError`.
    """
    if not file.is_file():
        raise HostError("no such file" if not file.exists() else "no file", where=str(file))
    return _read(lambda: _OneFile(file), zone, str(file))


def of_octodns(directory: Path, zone: str) -> Mapping[Key, RRset]:
    """List the RRsets of a zone in a directory of octoDNS' YamlProvider, split or not.

    ``;`` in a TXT may stand with a backslash, octoDNS' old default, or alone. Raises `HostError`.
    """
    if not directory.is_dir():
        raise HostError("no such directory", where=str(directory))
    return _read(lambda: _yaml(directory), zone, str(directory))


def octodns_zones(directory: Path) -> tuple[str, ...]:
    """Name the zones of such a directory, absolute. Raises `HostError`."""
    if not directory.is_dir():
        raise HostError("no such directory", where=str(directory))
    return tuple(_guarded(lambda: _yaml(directory).list_zones(), str(directory)))


def _yaml(directory: Path) -> Any:
    return YamlProvider(
        "octodns",
        str(directory),
        enforce_order=False,
        split_extension=".",
        escaped_semicolons=True,
    )


def _read(provider: Callable[[], Any], zone: str, where: str) -> Mapping[Key, RRset]:
    listing = Zone(zone, [])
    _guarded(lambda: provider().populate(listing, lenient=True), f"{where}: {shown(zone)}")
    return rrsets_of(listing)


def _guarded(call: Callable[[], Any], where: str) -> Any:
    prepare_octodns()
    try:
        return call()
    except (Exception, RecursionError) as error:  # noqa: BLE001  # a file may hold anything
        raise HostError(in_one_line(error, Secrets()), where=where) from None
