"""JSON Schemas (draft 2020-12) of the files, from the shapes by which they are checked.

A schema knows what editors and other tools need to complete and to explain. What it accepts may
still be refused by the loader, which knows what names, records and times mean; what the loader
accepts, it accepts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal

import yaml

from mailsync.desired import reading, registry, settings
from mailsync.desired.keys import dkim
from mailsync.desired.registry import Key, Level
from mailsync.desired.shape import Schema
from mailsync.desired.structure import described

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ABSENT: Schema = {"const": reading.ABSENT}
_NO_MAIL: Schema = {
    "if": {"required": ["mail"]},
    "then": {
        "properties": {
            "mx": False,
            **dict.fromkeys(("autodiscover", "autoconfig"), _ABSENT),
            **{key: {"additionalProperties": _ABSENT} for key in ("hosts", "tlsa", "srv")},
            "dkim": {"additionalProperties": {"enum": [reading.ABSENT, dkim.REVOKED]}},
        }
    },
}
"""What may stand beside ``mail: none``, whose readers tell of it."""

_SHARED_MIN = 150
"""How long a schema is, in characters, before it is worth a definition of its own."""


def of(file: Literal["zone", "config"]) -> dict[str, Any]:
    """Give the schema of a kind of file, whole."""
    if file == "config":
        whole = settings.SHAPE.schema()
        title, doc = "mailsync.yaml", "Where mailsync finds zone files, DNS hosts and its journal."
        levels: tuple[Level, ...] = ("defaults", "profile", "subdomain")
    else:
        # An empty file is one that asks for nothing yet.
        whole = {**_keys("file"), "type": ["object", "null"]}
        title, doc = "mailsync zone file", "The mail that a zone is to have."
        levels = ("subdomain",)
    definitions: dict[str, Schema] = {
        **{level: _keys(level) for level in levels},
        **{
            f"key-{name}": _key(key)
            for name, key in sorted(registry.known().items())
            if file == "zone" or key.levels.intersection(levels)
        },
    }
    shared = _Shared([whole, *definitions.values()])
    return {
        "$schema": DIALECT,
        "$id": f"urn:mailsync:schema:{file}",
        "title": title,
        **described(shared.referring(whole), doc),
        "$defs": {name: shared.referring(one) for name, one in definitions.items()}
        | shared.definitions,
    }


class _Shared:
    """Schemas that stand in several places: each is written once, and referred to."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Count how often what stands where."""
        self._times: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self.definitions: dict[str, Schema] = {}
        for schema in schemas:
            self._count(schema)

    def referring(self, schema: Schema) -> Schema:
        """Give a schema in which all that stands elsewhere, too, is referred to."""
        return _within(schema, self._referred)

    def _count(self, schema: Schema) -> Schema:
        self._times[json.dumps(schema)] += 1
        return _within(schema, self._count)

    def _referred(self, schema: Schema) -> Schema:
        text = json.dumps(schema)
        if len(text) < _SHARED_MIN or self._times[text] == 1:
            return self.referring(schema)
        if text not in self._names:
            name = self._names[text] = f"shared-{len(self._names) + 1}"
            self.definitions[name] = self.referring(schema)
        return {"$ref": f"#/$defs/{self._names[text]}"}


def _within(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Change the schemas that stand in a schema."""
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {k: change(v) for k, v in schema["properties"].items()}
    if "anyOf" in schema:
        found["anyOf"] = [change(one) for one in schema["anyOf"]]
    for word in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(word), dict):
            found[word] = change(schema[word])
    return found


def _keys(level: Level) -> Schema:
    """Give a mapping of the keys that may stand on a level."""
    known = sorted(registry.known().items())
    return {
        "type": "object",
        "properties": {
            name: {"$ref": f"#/$defs/key-{name}"} for name, key in known if level in key.levels
        },
        "additionalProperties": False,
        # Of layers that lie below, some keys may be hidden by what says so.
        **({"allOf": [_NO_MAIL]} if level in {"file", "subdomain"} else {}),
    }


def _key(key: Key) -> Schema:
    found = described(key.shape.schema(), key.doc)
    if key.example:
        body = yaml.load(key.example, Loader=yaml.BaseLoader)  # noqa: S506  # texts, and our own
        found["defaultSnippets"] = [{"label": f"{key.name}: {key.example}", "body": body}]
    return found
