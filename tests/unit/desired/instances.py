"""Files as JSON Schema sees them: read by YAML's core schema, as editors do."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own

from mailsync.desired import schema, syntax
from mailsync.desired.faults import Faults
from mailsync.desired.tree import Mapping, Node, Scalar

_BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)


@cache
def validator(file: Literal["zone", "config"]) -> Any:
    """Give what judges a kind of file."""
    return jsonschema.Draft202012Validator(schema.of(file))


def instance(text: str) -> object:
    """Read a file's text."""
    root = syntax.parse(text.encode(), "a.yaml", Faults())
    return None if root is None else plain(root)


def plain(node: Node) -> object:
    """Give a node as YAML's core schema has it (YAML 1.2 §10.3.2)."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node}
    if not isinstance(node, Scalar):
        return [plain(item) for item in node.items]
    text = node.text
    if node.quoted:
        return text
    if node.is_null:
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text[:2] in {"0x", "0o"} else 10)
    return float(text) if _FLOAT.fullmatch(text) else text


def refusals(text: str, file: Literal["zone", "config"] = "zone") -> list[str]:
    """Give what the schema has against a file."""
    return [error.message for error in validator(file).iter_errors(instance(text))]
