"""The keys that a zone file may hold: each is one module of `mailsync.desired.keys`.

A module there is known as soon as it stands there: it says what it is in a `Key` named ``KEY``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mailsync.desired import keys
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.shape import Shape
from mailsync.desired.structure import ANYTHING
from mailsync.desired.tree import Node

Level = Literal["file", "subdomain", "profile", "defaults"]
"""Where keys stand: in a zone file or a subdomain of one; in mailsync.yaml, for several files."""

EVERYWHERE: frozenset[Level] = frozenset({"file", "subdomain", "profile", "defaults"})


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, what it is for in a sentence or two, and how it is read.

    ``read`` gives wishes; it tells faults to the context and never raises. A setting (``ttl``,
    ``cutover``) gives none: `zone` reads it before all others. ``kinds``: the keys that it speaks
    for, when that is not itself. ``levels``: where it may stand. ``shape``: what may stand there;
    ``read`` gets nothing that is not of it. ``example``: what a file may say there, in YAML.
    """

    name: str
    doc: str
    read: Callable[[Node, Context], tuple[Wish, ...]] | None
    kinds: frozenset[str] | None = None
    levels: frozenset[Level] = EVERYWHERE
    shape: Shape = ANYTHING
    example: str = ""

    @property
    def speaks_for(self) -> frozenset[str]:
        """The keys that a file has named when it names this one."""
        if self.kinds is not None:
            return self.kinds
        return frozenset() if self.read is None else frozenset({self.name})


@cache
def known() -> Mapping[str, Key]:
    """Give all keys by name."""
    modules = (
        importlib.import_module(f"{keys.__name__}.{found.name}")
        for found in pkgutil.iter_modules(keys.__path__)
    )
    return {module.KEY.name: module.KEY for module in modules}
