"""Secrets of a DNS host's settings: taken from the environment, and kept out of every message.

octoDNS' syntax: a value ``env/NAME`` or ``env/NAME/DEFAULT``. Unlike octoDNS, which makes numbers
of what looks like one (``00123`` becomes 123), what the environment holds stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from mailsync.errors import MailsyncError

_HANDLER = "env"
_SECRET_KEY = re.compile(
    r"secret|token|passw|credential|(?:api|private|access|shared)_?key", re.IGNORECASE
)
_NOT_SECRET_KEY = re.compile(r"(?:_id|_name|_algorithm|_file|_path|_url)$", re.IGNORECASE)
_TELLING = 4
"""From how many characters a value of the environment is hidden whatever its key: hiding a port
number wherever its digits stand would garble every message."""
_LINE_TELLING = 8
"""The same for a single line of a value of several lines, such as a private key in PEM."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must not be shown, each text with what is shown instead."""

    shown_as: Mapping[str, str] = field(default_factory=dict, repr=False)

    def redact(self, text: str) -> str:
        """Write a text with every secret replaced, also where it stands percent-encoded."""
        for secret in sorted(self.shown_as, key=len, reverse=True):
            text = text.replace(secret, self.shown_as[secret])
        return text


def resolve(
    settings: Mapping[str, object], environment: Mapping[str, str], *, where: str
) -> tuple[dict[str, object], Secrets]:
    """Replace every ``env/NAME`` in the settings, at any depth, by that variable's text.

    Gives new settings, which share nothing that can change with the ones given, and the secrets
    in them: what came from the environment, and what is written under a key such as ``token``.
    Raises `MailsyncError` with ``where`` and the key for a variable that is not set.
    """
    hidden: dict[str, str] = {}
    resolved = {
        key: _resolved(value, _Place(where, key, key), environment, hidden)
        for key, value in settings.items()
    }
    return resolved, Secrets(hidden)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: ``path`` is the keys down to it, ``key`` the nearest one."""

    where: str
    path: str
    key: str

    @property
    def is_secret(self) -> bool:
        return bool(_SECRET_KEY.search(self.key)) and not _NOT_SECRET_KEY.search(self.key)

    def below(self, key: str) -> _Place:
        return _Place(self.where, f"{self.path}.{key}", key)

    def item(self, index: int) -> _Place:
        return _Place(self.where, f"{self.path}[{index}]", self.key)


def _resolved(
    value: object, place: _Place, environment: Mapping[str, str], hidden: dict[str, str]
) -> object:
    if isinstance(value, Mapping):
        # A secret key's mapping holds secrets: `passwords: {example.com.: …}`.
        return {
            key: _resolved(
                inner,
                _Place(place.where, f"{place.path}.{key}", place.key)
                if place.is_secret
                else place.below(str(key)),
                environment,
                hidden,
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _resolved(inner, place.item(index), environment, hidden)
            for index, inner in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    handler, slash, rest = value.partition("/")
    if handler != _HANDLER or not slash:
        if place.is_secret:
            hidden |= dict.fromkeys(_spellings(value, 1), "***")
        return value
    name, has_default, default = rest.partition("/")
    if name in environment:
        text = environment[name]
        hidden |= dict.fromkeys(_spellings(text, 1 if place.is_secret else _TELLING), f"${name}")
        return text
    if has_default:
        return default
    raise MailsyncError(
        f"{place.path}: the environment variable {name} is not set: set it, or write a default "
        f"as env/{name}/DEFAULT"
        if name
        else f"{place.path}: no variable is named: write env/NAME",
        where=place.where,
    )


def _spellings(secret: str, telling: int) -> Iterator[str]:
    """Give the ways in which libraries write a value into their messages."""
    if len(secret) < telling or not secret.strip():
        return
    yield from {secret, repr(secret)[1:-1], quote(secret, safe=""), quote(secret)}
    yield quote_plus(secret)
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE_TELLING)
