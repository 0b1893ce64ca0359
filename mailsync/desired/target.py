"""Which DNS hosts serve which zones, as ``targets`` in mailsync.yaml says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mailsync.desired.model import Place
from mailsync.dns.names import shown


@dataclass(frozen=True, slots=True)
class Target:
    """Which DNS hosts serve the zones whose name matches a glob."""

    pattern: str
    hosts: tuple[str, ...]
    place: Place


def serving(targets: Sequence[Target], zone: str) -> Target | None:
    """Find who serves a zone (an absolute name): the first pattern that matches wins."""
    return next((t for t in targets if fnmatchcase(shown(zone), t.pattern)), None)
