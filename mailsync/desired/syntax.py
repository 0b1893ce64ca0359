"""From a file's octets to a tree: a strict part of YAML 1.2, read by libyaml's events.

Refused, each with its position: duplicate keys, anchors, aliases and merge keys, tags, nesting
deeper than `DEPTH_MAX`, several documents, control characters (tabs too), byte order marks, text
that shows in another order than it stands (bidirectional controls), and plain keys that YAML 1.1
would not read as text: ``no:``, ``1:``, ``2026-12-05:`` are quoted, ``192.0.2.10:`` need not be.
A file over `FILE_OCTETS_MAX` or of more than `NODES_MAX` nodes is not read on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
import yaml.resolver

from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence

FILE_OCTETS_MAX = 1024 * 1024
"""A zone with a thousand hosts has a tenth of it."""

DEPTH_MAX = 20
NODES_MAX = 20_000

# The C parser is ten times faster; PyYAML may have been built without it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"

_FORBIDDEN = re.compile(
    "[^\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_NAMES = {"\t": "a tab: use spaces", "\ufeff": "a byte order mark: save it as UTF-8 without one"}


class _Unreadable(Exception):  # noqa: N818  # what the file is
    """Nothing more can be read of this file; its fault has been told."""


def read(path: Path, faults: Faults) -> Node | None:
    """Read a file; None when it is empty, or when it cannot be read and ``faults`` say why."""
    octets = content(path, faults)
    return None if octets is None else parse(octets, shown(path), faults)


def content(path: Path, faults: Faults) -> bytes | None:
    """Give a file's octets, of a large one no more than `parse` needs to refuse it."""
    try:
        with path.open("rb") as stream:
            return stream.read(FILE_OCTETS_MAX + 1)
    except OSError as error:
        faults.add(Place(shown(path), 1, 1), f"cannot be read: {error.strerror or error}")
        return None


def parse(octets: bytes, file: str, faults: Faults) -> Node | None:
    """Read the text of a file; ``file`` is how messages name it."""
    try:
        return _Reader(file, faults).document(_text(octets, file, faults))
    except _Unreadable:
        return None


def shown(path: Path) -> str:
    """Write a path as a user would type it: from where they stand, when it lies below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)


def _text(octets: bytes, file: str, faults: Faults) -> str:
    if len(octets) > FILE_OCTETS_MAX:
        size = f"the file is larger than {FILE_OCTETS_MAX // 1024} KiB"
        raise _told(faults, Place(file, 1, 1), f"{size}: no zone's mail needs as much")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8")
        raise _told(faults, _place(file, before), "no UTF-8: save the file as UTF-8") from None
    if match := _FORBIDDEN.search(text):
        what = _NAMES.get(match[0], f"the character U+{ord(match[0]):04X} may not stand in a file")
        raise _told(faults, _place(file, text[: match.start()]), what)
    return text


def _place(file: str, before: str) -> Place:
    """Give the place that comes right after a text."""
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _told(faults: Faults, place: Place, message: str) -> _Unreadable:
    faults.add(place, message)
    return _Unreadable()


class _Reader:
    """Builds the tree of one file out of its events."""

    def __init__(self, file: str, faults: Faults) -> None:
        self._file = file
        self._faults = faults
        self._nodes = 0
        self._make: dict[type, Callable[[Iterator[Any], Any, int], Node | None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingStartEvent: self._mapping,
            yaml.AliasEvent: self._alias,
        }

    def document(self, text: str) -> Node | None:
        """Read the only document of a file; None when there is nothing in it."""
        events = self._events(text)
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "a second document: one per file"
                    raise _told(self._faults, self._at(event), message)
                if event.version or event.tags:
                    self._faults.add(self._at(event), "a directive: leave out %YAML and %TAG")
                root = self._node(events, next(events), 1)
        return None if isinstance(root, Scalar) and root.is_null else root

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            place = Place(self._file, mark.line + 1, mark.column + 1)
            said = ", ".join(filter(None, (error.context, error.problem)))
            raise _told(self._faults, place, f"no valid YAML: {said}") from None

    def _node(self, events: Iterator[Any], event: Any, depth: int) -> Node | None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            message = f"the file has more than {NODES_MAX} values: no zone's mail needs as many"
            raise _told(self._faults, self._at(event), message)
        if depth > DEPTH_MAX:
            message = f"nested more than {DEPTH_MAX} levels deep"
            raise _told(self._faults, self._at(event), message)
        return self._make[type(event)](events, event, depth)

    def _scalar(self, _events: Iterator[Any], event: Any, _depth: int) -> Scalar:
        self._check_bare(event)
        return Scalar(event.value, self._at(event), quoted=event.style not in (None, ""))

    def _sequence(self, events: Iterator[Any], event: Any, depth: int) -> Sequence:
        self._check_bare(event)
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            node = self._node(events, item, depth + 1)
            if node is not None:
                items.append(node)
        return Sequence(tuple(items), self._at(event))

    def _mapping(self, events: Iterator[Any], event: Any, depth: int) -> Mapping:
        self._check_bare(event)
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(item := next(events), yaml.MappingEndEvent):
            key = self._key(self._node(events, item, depth + 1), self._at(item))
            node = self._node(events, next(events), depth + 1)
            if key is None or node is None:
                continue
            if key.text in entries:
                first = entries[key.text][0].place
                message = f"{quoted(key.text)} stands twice, first at line {first.line}"
                self._faults.add(key.place, message)
                continue
            entries[key.text] = (key, node)
        return Mapping(tuple(entries.values()), self._at(event))

    def _alias(self, _events: Iterator[Any], event: Any, _depth: int) -> None:
        self._faults.add(self._at(event), "an alias: write the value out")

    def _key(self, node: Node | None, place: Place) -> Scalar | None:
        """Give a key that every reader of YAML takes for the same text."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self._faults.add(place, "a key is a text, not a list or a mapping")
            return None
        if not node.quoted:
            tag = _RESOLVER.resolve(yaml.ScalarNode, node.text, (True, False))
            if tag == _MERGE_TAG:
                self._faults.add(node.place, "a merge key: write the values out")
                return None
            if tag != _TEXT_TAG:
                message = f"the key {node.text[:40] or '(nothing)'} is no text in YAML: quote it"
                self._faults.add(node.place, message)
                return None
        return node

    def _check_bare(self, event: Any) -> None:
        if event.anchor is not None:
            self._faults.add(self._at(event), "an anchor: write the values out where they are used")
        if event.tag is not None:
            self._faults.add(self._at(event), f"the tag {quoted(event.tag)}: leave it out")

    def _at(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)
