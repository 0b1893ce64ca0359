"""What the services of a domain make of its keys; `expansion` makes it."""

from __future__ import annotations

from dataclasses import dataclass

from mailsync.desired.model import Task, Use
from mailsync.desired.tree import Mapping


@dataclass(frozen=True, slots=True)
class Expansion:
    """A domain's keys with those of its services among them, and what else these are about."""

    said: Mapping
    uses: tuple[Use, ...] = ()
    tasks: tuple[Task, ...] = ()
