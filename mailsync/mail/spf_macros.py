"""Macros in SPF records (RFC 7208 §7), and the names that come of them (§4.8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

NAME_MAX = 253
"""The longest name that an expansion gives, in characters; it is cut from the left (§7.3)."""

_MACRO = re.compile(
    r"%(?:\{(?P<letter>[A-Za-z])(?P<digits>\d*)(?P<reverse>[rR]?)(?P<delimiters>[.\-+,/_=]*)\}"
    r"|(?P<literal>[%_-]))",
    re.ASCII,
)
_LITERALS = {"%": "%", "_": " ", "-": "%20"}


def letters(text: str) -> frozenset[str]:
    """Give the macro letters that a text uses, in lower case."""
    return frozenset(m["letter"].lower() for m in _MACRO.finditer(text) if m["letter"])


def expand(text: str, value: Callable[[str], str]) -> str:
    """Expand a macro-string; ``value`` gives what a letter (lower case) stands for.

    A letter in upper case has its expansion escaped for URLs (§7.3).
    """

    def expanded(match: re.Match[str]) -> str:
        if match["literal"]:
            return _LITERALS[match["literal"]]
        letter: str = match["letter"]
        found = _transformed(value(letter.lower()), match)
        return quote(found, safe="") if letter.isupper() else found

    return _MACRO.sub(expanded, text)


def target(spec: str, value: Callable[[str], str]) -> str:
    """Expand a domain-spec to a target name, without a final dot (§4.8, §7.3)."""
    name = expand(spec, value).removesuffix(".")
    while len(name) > NAME_MAX and "." in name:
        name = name.partition(".")[2]
    return name


def is_name(text: str) -> bool:
    """Tell whether a target can be asked for: ASCII, labels of 1 to 63 octets (RFC 1035 §2.3.4)."""
    labels = text.split(".")
    return text.isascii() and len(text) <= NAME_MAX and all(0 < len(x) <= 63 for x in labels)


def _transformed(text: str, match: re.Match[str]) -> str:
    """Split, reverse, keep the right-most parts, and join with dots (§7.1, §7.3)."""
    if not (match["digits"] or match["reverse"] or match["delimiters"]):
        return text
    parts = re.split("[" + re.escape(match["delimiters"] or ".") + "]", text)
    if match["reverse"]:
        parts.reverse()
    # A record may ask for more parts than any name has; the number itself may be huge.
    kept = min(int(match["digits"][:9] or len(parts)), len(parts))
    return ".".join(parts[len(parts) - kept :])
