"""What a YAML file says, as plain values with positions; nothing is cast behind anyone's back.

A scalar is its text: whether ``00123``, ``1:30`` or ``no`` is a number, a time or a name is for the
key that reads it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailsync.desired.model import Place

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""The plain scalars that say nothing (YAML 1.2 §10.3.2)."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; ``quoted`` tells that it was written in quotes or as a block.

    ``told``: it stands for something that was wrong, which has been told; it says nothing itself.
    """

    text: str
    place: Place
    quoted: bool = False
    told: bool = False

    @property
    def is_null(self) -> bool:
        """Tell whether nothing was written."""
        return not self.quoted and self.text in NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Nodes by key; the keys are all different."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place
    _index: dict[str, Node] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the entries."""
        self._index.update((key.text, node) for key, node in self.entries)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def __getitem__(self, key: str) -> Node:
        return self._index[key]

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)

    def get(self, key: str) -> Node | None:
        """Give the node of a key, None where there is none."""
        return self._index.get(key)

    def key(self, text: str) -> Scalar:
        """Give a key that is there, with its place. Raises `KeyError`."""
        for key, _ in self.entries:
            if key.text == text:
                return key
        raise KeyError(text)


Node = Scalar | Sequence | Mapping


def told(node: Node) -> Scalar:
    """Give what stands for a node whose fault has been told."""
    return Scalar("", node.place, told=True)


def kind(node: Node) -> str:
    """Name what a node is, for messages."""
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else "a text"
    return "a list" if isinstance(node, Sequence) else "a mapping"
