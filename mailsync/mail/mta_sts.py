"""MTA-STS (RFC 8461): the record that announces a policy, and the policy that HTTPS serves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["none", "testing", "enforce"]

MODES: tuple[Mode, ...] = ("none", "testing", "enforce")
"""The modes, the weakest first (§5)."""

MAX_AGE_MAX = 31557600
"""The longest ``max_age``, in seconds: about a year (§3.2)."""

_VERSION = re.compile(r"v=STSv1[ \t]*(?:;|\Z)")
_FIELD = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c\x3e-\x7e]+)[ \t]*\Z")
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_LINE = re.compile(r"([A-Za-z0-9_.-]{1,32}):[ \t]*(\S(?:.*\S)?)[ \t]*\Z")
_PATTERN = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}\Z")
_TEXT_MAX = 65536


class BadRecord(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no record that announces a policy; the message says why."""


class BadPolicy(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy (§3.2): ``max_age`` in seconds; ``mx`` are patterns, lower case, no final dot.

    The order of patterns says nothing: they are kept sorted, each once.
    """

    mode: Mode
    max_age: int
    mx: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Bring the patterns to one form."""
        named = {pattern.lower().removesuffix(".") for pattern in self.mx}
        object.__setattr__(self, "mx", tuple(sorted(named)))


@dataclass(frozen=True, slots=True)
class Record:
    """What stands at ``_mta-sts`` (§3.1): the policy's id, and extensions in their order."""

    id: str
    extensions: tuple[tuple[str, str], ...] = field(default=())


def is_mta_sts(text: str) -> bool:
    """Tell whether senders take a TXT's text for such a record: ``v=STSv1`` first (§3.1)."""
    return _VERSION.match(text) is not None


def parse_record(text: str) -> Record:
    """Read ``v=STSv1; id=20261122;``. Raises `BadRecord`."""
    if not is_mta_sts(text):
        raise BadRecord("no MTA-STS record: it begins 'v=STSv1;' (RFC 8461 §3.1)")
    fields = []
    for piece in text.split(";")[1:]:
        if not piece.strip(" \t"):
            continue
        match = _FIELD.match(piece)
        if match is None:
            raise BadRecord(f"{piece.strip()[:40]!r} is no name=value (RFC 8461 §3.1)")
        fields.append((match[1], match[2]))
    ids = [value for name, value in fields if name == "id"]
    if len(ids) != 1 or not _ID.match(ids[0]):
        raise BadRecord("id= is needed once: 1 to 32 letters and digits (RFC 8461 §3.1)")
    return Record(ids[0], tuple(pair for pair in fields if pair[0] != "id"))


def format_record(record: Record) -> str:
    """Write a record; the inverse of `parse_record`."""
    fields = (("id", record.id), *record.extensions)
    return "v=STSv1; " + " ".join(f"{name}={value};" for name, value in fields)


def parse_policy(text: str) -> Policy:
    """Read a policy file (§3.2): lines of ``key: value``; unknown keys are skipped.

    Raises `BadPolicy`.
    """
    if len(text) > _TEXT_MAX:
        raise BadPolicy(f"longer than {_TEXT_MAX} characters")
    pairs = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match is None:
            raise BadPolicy(f"{line[:40]!r} is no line such as 'mode: testing' (RFC 8461 §3.2)")
        pairs.append((match[1], match[2]))
    first: dict[str, str] = {}
    for key, value in pairs:
        first.setdefault(key, value)
    if first.get("version") != "STSv1":
        raise BadPolicy("'version: STSv1' is missing (RFC 8461 §3.2)")
    mode = next((mode for mode in MODES if mode == first.get("mode")), None)
    if mode is None:
        raise BadPolicy(f"mode is one of {', '.join(MODES)} (RFC 8461 §3.2)")
    age = first.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) <= 10 and int(age) <= MAX_AGE_MAX):
        raise BadPolicy(f"max_age is a number of seconds up to {MAX_AGE_MAX} (RFC 8461 §3.2)")
    patterns = tuple(value for key, value in pairs if key == "mx")
    for pattern in patterns:
        if not is_pattern(pattern):
            raise BadPolicy(f"{pattern[:60]!r} is no host, and no '*.' before one (RFC 8461 §4.1)")
    if mode != "none" and not patterns:
        raise BadPolicy(f"a policy in mode {mode} names an mx (RFC 8461 §3.2)")
    return Policy(mode, int(age), patterns)


def format_policy(policy: Policy) -> str:
    """Write the file that HTTPS serves, with CRLF line ends; the inverse of `parse_policy`."""
    lines = ["version: STSv1", f"mode: {policy.mode}"]
    lines += [f"mx: {pattern}" for pattern in policy.mx]
    lines.append(f"max_age: {policy.max_age}")
    return "".join(f"{line}\r\n" for line in lines)


def identifier(policy: Policy) -> str:
    """Derive the id from what the policy says: another policy, another id (§3.1)."""
    return hashlib.sha256(format_policy(policy).encode()).hexdigest()[:32]


def record(policy: Policy) -> str:
    """Write the record that announces a policy."""
    return format_record(Record(identifier(policy)))


def is_pattern(text: str) -> bool:
    """Tell whether a text can be an ``mx`` of a policy (§4.1)."""
    return len(text) < 254 and _PATTERN.match(text.lower().removesuffix(".")) is not None


def matches(pattern: str, host: str) -> bool:
    """Tell whether a pattern stands for a host; ``*.`` is exactly one label (§4.1)."""
    pattern, host = (text.lower().removesuffix(".") for text in (pattern, host))
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern.removeprefix("*.")
    return pattern == host


def permits(policy: Policy, host: str) -> bool:
    """Tell whether a host is among those that the policy names (§4.1)."""
    return any(matches(pattern, host) for pattern in policy.mx)


def union(first: Policy, *others: Policy) -> Policy:
    """Permit what any of them permits, as weakly and for as short as the weakest of them."""
    every: Sequence[Policy] = (first, *others)
    mode = min((policy.mode for policy in every), key=MODES.index)
    age = min(policy.max_age for policy in every)
    return Policy(mode, age, tuple(pattern for policy in every for pattern in policy.mx))
