"""The zones that imports are tried on: those written by hand, and the generator's."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.tree import Mapping as Mapped
from mailsync.desired.trial import Trial
from mailsync.dns.names import absolute
from mailsync.dns.rrset import Key, RRset, canonical, txt_value
from mailsync.hosts.interface import Host
from mailsync.hosts.loading import load_host
from mailsync.importing.model import Found, Import
from mailsync.importing.recognise import imported
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import DomainPlan
from mailsync.plan.planner import plan_domain

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


def found(listing: Mapping[Key, RRset], zone: str, **more: Any) -> Found:
    """A zone as it was found."""
    return Found(zone, listing, "a DNS host", **more)


def zone_of(*lines: str, ttl: int = 3600, zone: str = "example.com.") -> dict[Key, RRset]:
    """RRsets from lines such as ``@ MX 10 mail.example.net.``; a TTL may stand before the type."""
    values: dict[Key, list[str]] = {}
    ttls: dict[Key, int] = {}
    for line in lines:
        owner, *rest = line.split(" ", 2)
        own = ttl
        if rest[0].isdigit():
            own = int(rest[0])
            rest = rest[1].split(" ", 1)
        rdtype, value = rest
        key = (absolute(owner, zone), rdtype)
        values.setdefault(key, []).append(
            txt_value(value) if rdtype == "TXT" else canonical(rdtype, value)
        )
        ttls[key] = own
    return {key: RRset(*key, ttls[key], tuple(said)) for key, said in values.items()}


NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Tried:
    """An import, and what the loader and the planner make of its text."""

    one: Import
    desired: tuple[Desired, ...]
    plans: tuple[DomainPlan, ...]

    @property
    def text(self) -> str:
        """The file's text without its title."""
        return self.one.text.split("\n", 1)[1]

    def left(self, about: str) -> list[str]:
        """Why values that would stand under a key are left."""
        return [left.reason for left in self.one.left if left.about == about]

    @property
    def spoken(self) -> dict[Key, set[str]]:
        """Every value that the file asks for, and every one that the report says is left."""
        said: dict[Key, set[str]] = {}
        for wish in (wish for one in self.desired for wish in one.wishes):
            said.setdefault((wish.name, wish.type), set()).update(wish.values)
        for left in self.one.left:
            said.setdefault(left.key, set()).update(left.values)
        return said


def tried(zone: Found, layers: Layers | None = None, trial: Trial | None = None) -> Tried:
    """Import a zone, and read the text again as a file on disk is read."""
    trial = trial or Trial(layers or Layers())
    one = imported(zone, trial, NOW)
    faults = Faults()
    root = syntax.parse(one.text.encode(), "zone.yaml", faults)
    assert root is None or isinstance(root, Mapped)
    desired = trial.read(zone.zone, root or Mapped((), Place("zone.yaml", 1, 1)), faults)
    assert [str(error) for error in faults.errors()] == [], one.text
    live = Live(zone.rrsets, zone.capability, policy=zone.policy)
    plans = tuple(plan_domain(domain, live, Ledger(), NOW) for domain in desired)
    return Tried(one, desired, plans)
