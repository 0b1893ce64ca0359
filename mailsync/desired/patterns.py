"""What the patterns of shapes are made of: regular expressions of a whole text.

They are written in what Python and ECMAScript (ECMA-262, with the flag u) have in common.
"""

from __future__ import annotations

ANY = r"[\s\S]*"
"""Whatever there may be before, between and after."""

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
"""An IPv4 address."""

NUMBER_16 = "0*(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})"
"""A number of 16 bits, as records have them."""

NO_HOST = "|".join(
    (
        rf"{IPV4}\.*",
        r"localhost\.*",
        r"\S*[!-,/:-?\[-`{-\x7f]\S*",  # RFC 1123 §2.1: letters, digits, hyphens
        r"\S*[-0-9A-Za-z]{64}\S*",  # RFC 1035 §2.3.4
    )
)
"""Names that can be no host's."""

BARE_TAG = rf"{ANY};\s*[^=;\s][^=;]*(?:;{ANY})?"
"""A list of tags (RFC 6376 §3.2) with one that has no value."""

SPF = rf"[vV]=[sS][pP][fF]1(?: {ANY})?"
"""What receivers take for an SPF record (RFC 7208 §4.5)."""


def any_case(*words: str) -> str:
    """Give the pattern of these words, in capitals or not."""
    return "|".join("".join(f"[{one}{one.upper()}]" for one in word) for word in words)


def anchored(pattern: str, but: str = "") -> str:
    """Give the pattern of whole texts that match one, but not another."""
    return f"^{f'(?!(?:{but})$)' if but else ''}(?:{pattern or ANY})$"
