"""Shapes that are made of shapes: lists, mappings, and one of several; see `shape`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailsync.desired import reading, tree
from mailsync.desired.faults import Faults
from mailsync.desired.patterns import NO_HOST
from mailsync.desired.shape import Address, Duration, Never, Schema, Shape, Text, Word
from mailsync.desired.tree import Node, Scalar, Sequence, told
from mailsync.dns.names import absolute


@dataclass(frozen=True, slots=True)
class Items(Shape):
    """One such, or a list of at least one; ``what`` is told where the list is empty.

    ``once``: the key's own reader tells of what stands twice, and of what breaks ``laws``, which
    hold between the items of a list; editors know from the schema.
    """

    item: Shape
    what: str
    once: bool = False
    laws: tuple[Schema, ...] = ()

    def takes(self, node: Node) -> bool:
        """Take a list, and what its items take."""
        return isinstance(node, Sequence) or self.item.takes(node)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Check every item."""
        if not isinstance(node, Sequence):
            return self.item.checked(node, faults)
        if not reading.items(node, faults, self.what):
            return told(node)
        items = tuple(self.item.checked(item, faults) for item in node.items)
        same = all(new is old for new, old in zip(items, node.items, strict=True))
        return node if same else Sequence(items, node.place)

    def schema(self) -> Schema:
        """Give both forms."""
        item = self.item.schema()
        several: Schema = {"type": "array", "items": item, "minItems": 1}
        if self.once:
            several["uniqueItems"] = True
        if self.laws:
            several["allOf"] = list(self.laws)
        return {"anyOf": [*_flat(item), several]}


@dataclass(frozen=True, slots=True)
class Single(Shape):
    """One such; ``several`` is told of a list."""

    item: Shape
    several: str

    def takes(self, node: Node) -> bool:
        """Take what the one may be."""
        return self.item.takes(node)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of a list, or of what is wrong with the one."""
        if isinstance(node, Sequence):
            faults.add(node.place, self.several)
            return told(node)
        return self.item.checked(node, faults)

    def schema(self) -> Schema:
        """Give that of the one."""
        return self.item.schema()


class Either(Shape):
    """One of several shapes: the first that takes a node checks it, else the last tells why not."""

    def __init__(self, *shapes: Shape) -> None:
        """Take at least one."""
        self.shapes = shapes

    def takes(self, node: Node) -> bool:
        """Take what one of them takes."""
        return any(shape.takes(node) for shape in self.shapes)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Let one of them check."""
        for shape in self.shapes:
            if shape.takes(node):
                return shape.checked(node, faults)
        return self.shapes[-1].checked(node, faults)

    def schema(self) -> Schema:
        """Give them all."""
        found = [shape.schema() for shape in self.shapes if not isinstance(shape, Never)]
        every = [one for schema in found for one in _flat(schema)]
        flat = [one for index, one in enumerate(every) if one not in every[:index]]
        return flat[0] if len(flat) == 1 else {"anyOf": flat}


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a mapping: what stands there, and what it is for.

    ``missing``: the key is required, and this is told where it is not there.
    """

    shape: Shape
    doc: str
    missing: str = ""

    def schema(self) -> Schema:
        """Give what stands there, with its description."""
        return described(self.shape.schema(), self.doc)


@dataclass(frozen=True, slots=True)
class Fields(Shape):
    """A mapping of known keys; ``what`` names it in messages, such as ``a journal``.

    ``marks``: only a mapping with one of these keys is taken for this one, where there are several.
    ``gone``: keys that are refused in words of their own. ``rest``: what stands at other keys.
    ``top``: it is a whole file, which may be empty, and is read on where something is missing.
    ``laws``: what holds between its keys, such as `one_of`; what the key's own reader tells of it,
    editors know from the schema.
    """

    what: str
    fields: Mapping[str, Field]
    marks: frozenset[str] = frozenset()
    gone: Mapping[str, str] = field(default_factory=dict)
    rest: Shape | None = None
    top: bool = False
    laws: tuple[Schema, ...] = ()

    def takes(self, node: Node) -> bool:
        """Take any mapping, or one that has a mark."""
        if not isinstance(node, tree.Mapping):
            return False
        return not self.marks or any(mark in node for mark in self.marks)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of unknown keys and missing ones, and of what is wrong at the others."""
        empty = self.top and isinstance(node, tree.Mapping)
        found = node if empty else reading.named(node, faults, self.what)
        if not isinstance(found, tree.Mapping):
            return told(node)
        entries, same, known = [], True, True
        for entry in found.entries:
            key, value = entry
            one = self.fields.get(key.text)
            shape = self.rest if one is None else one.shape
            if shape is None:
                known = self._refuse(key, faults)
                same = False
                continue
            new = shape.checked(value, faults)
            same = same and new is value
            entries.append(entry if new is value else (key, new))
        missing = self._missing(found, faults, told_of=not known and not self.top)
        if (missing or not entries) and not self.top:
            return told(node)
        return node if same else tree.Mapping(tuple(entries), node.place)

    def schema(self) -> Schema:
        """Give the keys and what stands at each."""
        found: Schema = {
            "type": "object",
            "properties": {name: one.schema() for name, one in self.fields.items()},
            "additionalProperties": self.rest.schema() if self.rest is not None else False,
            **({} if self.top else {"minProperties": 1}),
        }
        required = [name for name, one in self.fields.items() if one.missing]
        if required:
            found["required"] = required
        if self.laws:
            found["allOf"] = list(self.laws)
        return found

    def _refuse(self, key: Scalar, faults: Faults) -> bool:
        if key.text in self.gone:
            faults.add(key.place, self.gone[key.text])
        else:
            faults.unknown(key.place, "key", key.text, self.fields)
        return False

    def _missing(self, found: tree.Mapping, faults: Faults, *, told_of: bool) -> bool:
        """Tell whether a required key is missing; where another is unknown, it may be that one."""
        missing = [name for name, one in self.fields.items() if one.missing and name not in found]
        for name in () if told_of else missing:
            faults.add(found.place, f"{name} is missing: {self.fields[name].missing}")
        return bool(missing)


@dataclass(frozen=True, slots=True)
class Named(Shape):
    """A mapping with keys of the user's own; ``what`` names it in messages.

    ``laws``: what else holds at some of them; what the key's own reader tells of it, editors know
    from the schema.
    """

    what: str
    key: Text | Word | Address
    value: Shape
    laws: tuple[Schema, ...] = ()

    def takes(self, node: Node) -> bool:
        """Take any mapping."""
        return isinstance(node, tree.Mapping)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Check every key, and what stands there."""
        found = reading.named(node, faults, self.what)
        if found is None:
            return told(node)
        entries, same = [], True
        for entry in found.entries:
            key, value = entry
            right = self.key.checked(key, faults) is key
            new = self.value.checked(value, faults)
            same = same and right and new is value
            if right:
                entries.append(entry if new is value else (key, new))
        if not entries:
            return told(node)
        return node if same else tree.Mapping(tuple(entries), node.place)

    def schema(self) -> Schema:
        """Give what keys look like, and what stands there."""
        value = self.value.schema()
        if isinstance(self.key, Word):
            keys: Schema = {
                "properties": {
                    word: described(value, f"The {self.key.what} {word}.")
                    for word in self.key.offered
                },
                "additionalProperties": False,
            }
            if self.key.besides:
                keys["patternProperties"] = {f"^(?:{self.key.besides})$": value}
        else:
            keys = {"additionalProperties": value}
            pattern = self.key.schema().get("pattern")
            if pattern is not None:
                keys["propertyNames"] = {"pattern": pattern}
        laws: Schema = {"allOf": list(self.laws)} if self.laws else {}
        return {"type": "object", **keys, "minProperties": 1, **laws}


@dataclass(frozen=True, slots=True)
class Cases(Shape):
    """A mapping whose other keys depend on the word at one of them, its ``tag``."""

    what: str
    tag: str
    cases: Mapping[str, Fields]

    def takes(self, node: Node) -> bool:
        """Take any mapping."""
        return isinstance(node, tree.Mapping)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Check by the case that the word names."""
        found = reading.named(node, faults, self.what)
        if found is None:
            return told(node)
        word = found.get(self.tag)
        if word is None:
            faults.add(node.place, f"{self.tag} is missing: write {self.what}")
            return told(node)
        case = reading.word(word, faults, self.tag, self.cases)
        return told(node) if case is None else self.cases[case].checked(node, faults)

    def schema(self) -> Schema:
        """Give every case."""
        return {"anyOf": [case.schema() for case in self.cases.values()]}


@dataclass(frozen=True, slots=True)
class Ref(Shape):
    """A mapping that is described, and checked, elsewhere: ``name`` is that of its definition."""

    name: str
    what: str

    def takes(self, node: Node) -> bool:
        """Take any mapping."""
        return isinstance(node, tree.Mapping)

    def checked(self, node: Node, faults: Faults) -> Node:
        """Tell of what is no mapping."""
        if isinstance(node, tree.Mapping):
            return node
        faults.add(node.place, f"{self.what} are expected here, not {tree.kind(node)}")
        return told(node)

    def schema(self) -> Schema:
        """Point to the definition."""
        return {"$ref": f"#/$defs/{self.name}"}


class Anything(Shape):
    """Whatever stands there: only the key that reads it can tell."""

    def takes(self, node: Node) -> bool:  # noqa: ARG002  # it takes all
        """Take any node."""
        return True

    def checked(self, node: Node, faults: Faults) -> Node:  # noqa: ARG002  # it tells nothing
        """Find nothing wrong."""
        return node

    def schema(self) -> Schema:
        """Give what everything is of."""
        return {}


ANYTHING = Anything()

TTL = Field(Duration("a TTL"), "The TTL of this record, in seconds or such as 1h.")
"""The TTL of its own that a record may carry."""


def name(what: str, *examples: str, but: str = "") -> Text:
    """Give the shape of a domain name as files write it; whose it may be, is meaning."""
    return Text(what, r"@|[^\s\x22'();\\/@]+", absolute, "domain name", examples, but=but)


def host(what: str, *examples: str, but: str = "") -> Text:
    """Give the shape of a host's name as files write it."""
    return name(what, *examples, but="|".join(filter(None, (NO_HOST, but))))


def described(schema: Schema, doc: str) -> Schema:
    """Put a description before a schema."""
    return {"description": doc, **{k: v for k, v in schema.items() if k != "description"}}


def _flat(schema: Schema) -> Iterable[Schema]:
    """Give the alternatives of a schema, itself where it has none."""
    return schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
