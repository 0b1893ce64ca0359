"""Placeholders in a service's file: ``{mx}`` stands for the input mx, ``{domain}`` for the domain.

A brace after a percent sign is an SPF macro (RFC 7208 §7.1) and stays. What is put in is never
looked at again: a value with braces stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mailsync.desired import tree
from mailsync.desired.model import Place
from mailsync.desired.tree import Node, Scalar, Sequence

DOMAIN = "domain"
"""The domain's name without the final dot."""

PLACEHOLDER = re.compile(r"(?<!%)\{([a-z][a-z0-9_]*)\}", re.ASCII)
"""One placeholder; group 1 is its name."""

_BRACE = re.compile(r"(?<!%)\{|(?<!%)\}")


def named(text: str) -> tuple[str, ...]:
    """Name the placeholders of a text, in order."""
    return tuple(PLACEHOLDER.findall(text))


def stray(text: str) -> bool:
    """Tell whether a text has a brace that belongs to no placeholder and to no macro."""
    rest = re.sub(r"%\{[^{}]*\}", "", PLACEHOLDER.sub("", text))
    return _BRACE.search(rest) is not None


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders. Raises `KeyError` for one without a value."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def scalars(node: Node) -> Iterator[Scalar]:
    """Walk over the texts of a node, keys and values."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node:
            yield key
            yield from scalars(value)


def filled_in(node: Node, values: Mapping[str, str], place: Place) -> Node:
    """Put values into a whole node, whose parts all come to stand at ``place``.

    The texts count as quoted: a value that happens to read ``absent`` removes nothing.
    """
    if isinstance(node, Scalar):
        return Scalar(filled(node.text, values), place, quoted=True)
    if isinstance(node, Sequence):
        return Sequence(tuple(filled_in(item, values, place) for item in node.items), place)
    entries = {
        filled(key.text, values): filled_in(value, values, place) for key, value in node.entries
    }
    return tree.Mapping(
        tuple((Scalar(k, place, quoted=True), v) for k, v in entries.items()), place
    )
