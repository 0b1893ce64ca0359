"""The zones that imports are tried on: those written by hand, and the generator's."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailsync.dns.rrset import Key, RRset
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host

from . import generator

FIXTURES = Path(__file__).parents[2] / "fixtures"
_HEAD = """\
$ORIGIN {zone}.
$TTL 3600
@ SOA ns1.dns.example. hostmaster 1 7200 900 1209600 3600
@ NS ns1.dns.example.
@ NS ns2.dns.example.
"""


@dataclass(frozen=True)
class Written:
    """A zone written by hand, and what is expected of its import."""

    zone: str
    text: str
    what: str
    services: tuple[str, ...]
    left: frozenset[str]


def by_hand() -> Iterator[Written]:
    """The zones of `tests/fixtures/zones/real.zones`."""
    _, *parts = re.split(
        r"^=== ", (FIXTURES / "zones" / "real.zones").read_text(), flags=re.MULTILINE
    )
    for part in parts:
        head, _, body = part.partition("\n")
        name, what, *rest = (word.strip() for word in head.split("|"))
        said = dict(word.split(":") for word in rest)
        rng = random.Random(name)
        for bits in (1024, 2048):
            body = _long(body, f"KEY{bits}", generator.rsa_key(rng, bits))
        yield Written(
            f"{name}.",
            _HEAD.format(zone=name) + body,
            what,
            tuple(said.get("services", "").split()),
            frozenset(said.get("left", "").split()),
        )


def _long(body: str, word: str, key: str) -> str:
    """Put a key in the place of its word, in strings that a master file may hold."""
    return re.sub(
        rf'"([^"]*{word}[^"]*)"',
        lambda match: generator.quoted(match[1].replace(word, key)),
        body,
    )


def listed(directory: Path, zones: Iterable[tuple[str, str]]) -> Mapping[str, Mapping[Key, RRset]]:
    """Write zones as master files, and list them as the real provider does."""
    directory.mkdir(exist_ok=True)
    host = host_of(directory)
    found = {}
    for zone, text in zones:
        (directory / f"{zone}zone").write_bytes(text.encode("utf-8", "surrogateescape"))
        found[zone] = host.read(zone)
    return found


def host_of(directory: Path) -> Host:
    """The provider of those master files."""
    settings = {
        "class": "mailsync_providers.zonefile.ZoneFileProvider",
        "directory": str(directory),
    }
    return load_host("local", settings, directory)
