"""Reading JSON that anybody may have written: every value is checked, and named by its path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, cast, get_args

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class NotAsExpected(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text or a value in it is not what was asked for; the message says where and why."""


def parsed(text: str) -> dict[str, Any]:
    """Parse one JSON object; repeated keys and NaN are refused too. Raises `NotAsExpected`."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise NotAsExpected("too deeply nested") from None
    except json.JSONDecodeError as error:
        raise NotAsExpected(f"no JSON from line {error.lineno}, column {error.colno} on") from None
    except ValueError as error:  # from below, or a number of thousands of digits
        raise NotAsExpected(str(error)) from None
    if not isinstance(value, dict):
        raise NotAsExpected("not an object")
    return cast("dict[str, Any]", value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotAsExpected("a key comes twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise NotAsExpected(f"{text} is no number of JSON")


@dataclass(frozen=True, slots=True)
class At:
    """A value of a document and its path. Every method raises `NotAsExpected`."""

    value: Any
    path: str

    def refuse(self, what: str) -> NoReturn:
        """Raise, saying what is wrong with this value."""
        raise NotAsExpected(f"{self.path} {what}")

    def members(self, *keys: str) -> tuple[At, ...]:
        """Read an object of exactly these keys; give its values in their order."""
        if not isinstance(self.value, dict) or set(self.value) != set(keys):
            self.refuse(f"is no object of {', '.join(keys)}")
        return tuple(At(self.value[key], f"{self.path}.{key}") for key in keys)

    def items(self) -> tuple[At, ...]:
        """Read a list."""
        if not isinstance(self.value, list):
            self.refuse("is no list")
        return tuple(At(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))

    def text(self) -> str:
        """Read a string."""
        if not isinstance(self.value, str):
            self.refuse("is no text")
        return self.value

    def one_of(self, literal: Any) -> str:
        """Read one of the strings of a ``Literal``."""
        if self.text() not in get_args(literal):
            self.refuse(f"is none of {', '.join(get_args(literal))}")
        return self.text()

    def time(self) -> datetime:
        """Read a time in UTC, whole seconds (RFC 3339)."""
        if not _TIME.fullmatch(self.text()):
            self.refuse("is no time in UTC")
        try:
            return datetime.fromisoformat(self.text())
        except ValueError:
            self.refuse("is no time in UTC")
