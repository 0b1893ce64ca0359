"""What holds between the parts of a shape, as JSON Schema says it.

The reader of a key tells of what breaks them, in its own words; editors know from the schema.
"""

from __future__ import annotations

from mailsync.desired.patterns import anchored
from mailsync.desired.shape import Schema

SINGLE: Schema = {"maxItems": 1}
"""The law that a list has one item."""


def alone(item: Schema) -> Schema:
    """Give the law that such an item has none beside it."""
    return {"anyOf": [SINGLE, {"not": {"contains": item}}]}


def alone_text(pattern: str) -> Schema:
    """Give the law that a text of that pattern has none beside it."""
    return alone({"type": "string", "pattern": anchored(pattern)})


def at_least_one(*keys: str) -> Schema:
    """Give the law that one or more of these keys are there."""
    return {"anyOf": [{"required": [key]} for key in keys]}


def one_of(*groups: tuple[str, ...]) -> Schema:
    """Give the law that keys of just one of these groups are there."""
    return {"oneOf": [at_least_one(*group) for group in groups]}


def never_beside(key: str, *others: str) -> Schema:
    """Give the law that where this key is, none of the others is."""
    return {"not": {"required": [key], **at_least_one(*others)}}


def needs(key: str, *others: str) -> Schema:
    """Give the law that where this key is, the others are."""
    return {"dependentRequired": {key: list(others)}}
