"""Which inputs make a service's records just what is live: expansion, backwards.

A service fits when every record that it would ask for with these inputs is live. Whether the file
then says the same as the zone is for the loader to judge: see `judge`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mailsync.desired import tree
from mailsync.desired.model import Place
from mailsync.desired.services import placeholders
from mailsync.desired.services.model import BEHIND, Asked, Condition, Input, Service
from mailsync.desired.services.recognition import captured
from mailsync.desired.tree import Node, Scalar
from mailsync.dns.names import shown
from mailsync.importing.nodes import free, listed, mapping, word
from mailsync.importing.traces import Atom

_NOWHERE = Place("", 1, 1)
_FREE = frozenset({"text", "dkim", "word"})
"""Kinds of inputs whose values may be anybody's, unless something else of the record is known."""

_NEVER = ("-",)
"""A glob that fits nothing."""

Captures = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """A service with inputs that fit, and what is live because of it."""

    service: Service
    given: Mapping[str, tuple[str, ...]]
    explains: frozenset[Atom]

    @property
    def takes_mail(self) -> bool:
        """Whether the domain's MX is its."""
        return any(atom.key == "mx" for atom in self.explains)

    @property
    def node(self) -> Node:
        """What stands in the list of services."""
        names = (BEHIND, *(one.name for one in self.service.inputs))
        said = {
            name: _said(self.service.input(name), self.given[name])
            for name in names
            if name in self.given and not _is_default(self.service.input(name), self.given[name])
        }
        return mapping({self.service.id: mapping(said)}) if said else word(self.service.id)


def fitted(
    service: Service, atoms: Sequence[Atom], domain: str, behind: str | None = None
) -> Use | None:
    """Find the inputs with which a service explains most of what is live; None where none fit.

    ``behind``: the service in front of it.
    """
    chosen = {
        one.name: ("", "true") if one.kind == "flag" else one.choices
        for one in service.inputs
        if one.choices or one.kind == "flag"
    }
    best: Use | None = None
    for words in itertools.product(*chosen.values()):
        said = zip(chosen, words, strict=True)
        given: dict[str, tuple[str, ...]] = {name: (value,) for name, value in said if value}
        if behind is not None:
            given[BEHIND] = (behind,)
        use = _Fitting(service, atoms, shown(domain), given).use()
        if use is not None and (best is None or len(use.explains) > len(best.explains)):
            best = use
    return best


@dataclass(slots=True)
class _Fitting:
    """One try: choices are made, all else is captured from what is live."""

    service: Service
    atoms: Sequence[Atom]
    domain: str
    given: dict[str, tuple[str, ...]]
    own: set[str] = field(default_factory=set)

    def use(self) -> Use | None:
        """Give the use with these choices; None where something that it asks for is not live."""
        for asked in self.service.records:
            for node in _pieces(asked):
                self._capture(asked, node)
        for one in self.service.inputs:
            if one.otherwise is not None:
                self.given.setdefault(one.name, (one.otherwise,))
        while (wrong := self._wrong()) is not None:
            spare = self.own & wrong
            if not spare:
                return None
            for name in spare:
                del self.given[name]
            self.own -= spare
        return Use(self.service, dict(self.given), self._explained())

    def _capture(self, asked: Asked, node: Node) -> None:
        names = _named(node)
        if not names or not _may_hold(asked.when, self.given, names):
            return
        for atom in self.atoms:
            if atom.key != asked.key:
                continue
            found = _captures(node, atom.node, self.domain)
            if found is None or not self._likely(found, node):
                continue
            if any(self.given.get(n, (v,)) != (v,) for n, v in found.items() if n != asked.each):
                continue
            for name, value in found.items():
                before = self.given.get(name, ()) if name == asked.each else ()
                self.given[name] = tuple(dict.fromkeys((*before, value)))
                self.own.add(name)
            if asked.each is None:
                return

    def _likely(self, found: Captures, node: Node) -> bool:
        """Tell whether a value is this service's, and not just anybody's in the same place."""
        free = True
        for name, value in found.items():
            one = self.service.input(name)
            if one is None or (one.choices and value not in one.choices):
                return False
            likely = one.like or self._globs(one)
            if likely:
                plain = value.lower().removesuffix(".")
                if not any(fnmatchcase(plain, glob.lower()) for glob in likely):
                    return False
                free = False
            elif (one.otherwise is not None and value == one.otherwise) or (
                one.kind not in _FREE and not one.listed
            ):
                free = False
        literal = any(
            placeholders.PLACEHOLDER.sub("", said).strip(" .") for said in _values_of(node)
        )
        return literal or not free

    def _globs(self, one: Input) -> tuple[str, ...]:
        """Give what an MX or an SPF term of it looks like, where the input does not say."""
        known = self.service.recognition
        if one.kind == "mx":
            return tuple(f"* {glob}" for glob in known.mx) or _NEVER
        return (known.spf or _NEVER) if one.kind == "spf" else ()

    def _wrong(self) -> set[str] | None:
        """Name the inputs of a record that is not live, or that lacks one; None when all is well.

        An empty set: it is none of the optional inputs' fault.
        """
        for one in self.service.inputs:
            if one.required and one.name not in self.given and one.when.holds(self.given):
                return {clause.name for clause in one.when.met}
        for asked in self.service.records:
            if asked.when.holds(self.given) and self._live(asked) is None:
                names = {name for node in _pieces(asked) for name in _named(node)}
                return names | {clause.name for clause in asked.when.met}
        return None

    def _explained(self) -> frozenset[Atom]:
        return frozenset(
            atom
            for asked in self.service.records
            if asked.when.holds(self.given)
            for atom in self._live(asked) or ()
        )

    def _live(self, asked: Asked) -> tuple[Atom, ...] | None:
        """Give the live pieces that a record asks for; None where one of them is not live."""
        found = []
        for values in self._each(asked):
            for node in _pieces(asked):
                if not set(_named(node)) <= values.keys():
                    continue  # pragma: no cover  # such a record has a condition, see consistency
                said = _said_by(placeholders.filled_in(node, values, _NOWHERE))
                alike = (a for a in self.atoms if a.key == asked.key and _said_by(a.node) == said)
                atom = next(alike, None)
                if atom is None:
                    return None
                found.append(atom)
        return tuple(found)

    def _each(self, asked: Asked) -> Iterator[dict[str, str]]:
        single = {name: values[0] for name, values in self.given.items() if len(values) == 1}
        single[placeholders.DOMAIN] = self.domain
        if asked.each is None:
            yield single
        else:
            for value in self.given.get(asked.each, ()):
                yield {**single, asked.each: value}


def _said_by(node: Node) -> object:
    """Give what a node says, to be compared: names know no case."""
    if isinstance(node, Scalar):
        return node.text.lower()
    if isinstance(node, tree.Sequence):
        return [_said_by(item) for item in node.items]
    return {key.text.lower(): _said_by(value) for key, value in node}


def _pieces(asked: Asked) -> tuple[Node, ...]:
    """Take a record apart into the pieces that stand alone in a zone."""
    node = asked.node
    if isinstance(node, tree.Sequence):
        return node.items
    if isinstance(node, tree.Mapping):
        return tuple(
            mapping({key.text: _plain(one)})
            for key, value in node
            for one in (value.items if isinstance(value, tree.Sequence) else (value,))
        )
    return (node,)


def _plain(node: Node) -> Node:
    """Write a record's only value as one, as the zone's own are written."""
    values = node.get("values") if isinstance(node, tree.Mapping) else None
    if not isinstance(node, tree.Mapping) or not isinstance(values, tree.Sequence):
        return node
    if len(values.items) != 1:
        return node
    return mapping(
        {
            "value" if key.text == "values" else key.text: values.items[0]
            if value is values
            else value
            for key, value in node
        }
    )


def _captures(template: Node, node: Node, domain: str) -> dict[str, str] | None:
    """Give the inputs with which a record's node says the same as a live one's."""
    if isinstance(template, Scalar) and isinstance(node, Scalar):
        return captured(template.text, node.text, domain)
    if isinstance(template, tree.Sequence) and isinstance(node, tree.Sequence):
        if len(template.items) != len(node.items):
            return None
        pairs = zip(template.items, node.items, strict=True)
        return _joined(_captures(one, other, domain) for one, other in pairs)
    if isinstance(template, tree.Mapping) and isinstance(node, tree.Mapping):
        if len(template.entries) == len(node.entries) == 1:
            ((key, value),), ((name, said),) = template.entries, node.entries
            return _joined((captured(key.text, name.text, domain), _captures(value, said, domain)))
        named = [(value, node.get(key.text)) for key, value in template]
        return _joined(
            None if other is None else _captures(one, other, domain) for one, other in named
        )
    return None


def _joined(
    found: Iterator[dict[str, str] | None] | Sequence[dict[str, str] | None],
) -> dict[str, str] | None:
    joined: dict[str, str] = {}
    for one in found:
        if one is None:
            return None
        for name, value in one.items():
            if joined.setdefault(name, value).lower() != value.lower():
                return None
    return joined


def _may_hold(when: Condition, given: Mapping[str, tuple[str, ...]], names: frozenset[str]) -> bool:
    """Tell whether a record may be asked for once the inputs that it shows itself are known."""
    met = all(test.holds(given) for test in when.met if test.name not in names)
    return met and not any(test.holds(given) for test in when.unmet)


def _named(node: Node) -> frozenset[str]:
    """Name the inputs that stand in a record."""
    names = (name for one in placeholders.scalars(node) for name in placeholders.named(one.text))
    return frozenset(names) - {placeholders.DOMAIN}


def _values_of(node: Node) -> tuple[str, ...]:
    """Give the texts that are no keys."""
    if isinstance(node, Scalar):
        return (node.text,)
    inside = node.items if isinstance(node, tree.Sequence) else [value for _, value in node]
    return tuple(text for one in inside for text in _values_of(one))


def _is_default(one: Input | None, values: tuple[str, ...]) -> bool:
    return one is not None and values == (one.otherwise,)


def _said(one: Input | None, values: tuple[str, ...]) -> Node:
    """Write an input as a file has it."""
    write = free if one is not None and one.kind in {"text", "dkim"} else word
    if one is not None and one.kind == "mx":
        by_preference = sorted(values, key=lambda value: int(value.partition(" ")[0]))
        values = tuple(value.removesuffix(".") for value in by_preference)
    if one is not None and one.listed and len(values) > 1:
        return listed(map(write, values))
    return write(values[0])
