"""BIMI records: where a brand's logo is (draft-brand-indicators-for-message-identification-12).

No RFC yet; what mail clients show follows the draft. A logo is shown for mail that passes DMARC
under a policy which enforces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TAGS = ("v", "l", "a", "avp", "lps")
"""The tags of the draft (§4.3), in the order in which mailsync writes them."""

PREFERENCES = ("brand", "personal")
"""What ``avp`` may say: which picture comes first, the brand's logo or the sender's own."""

DECLINED = "v=BIMI1; l=; a=;"
"""The record of a domain that wants no logo shown (§4.3.1)."""

_VERSION = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")
_TAG = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=([ -:<-~\t]*)\Z")
_URI = re.compile(
    r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?/[!-:<-~]*\Z", re.IGNORECASE
)


class BadBimi(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """Nobody takes the text for such a record; the message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its tags in order, values without the white space around them."""

    tags: tuple[tuple[str, str], ...]

    def get(self, tag: str, otherwise: str = "") -> str:
        """Give a tag's value."""
        return dict(self.tags).get(tag, otherwise)

    @property
    def is_declined(self) -> bool:
        """Tell whether the domain asks that no logo be shown."""
        return not self.get("l") and not self.get("a")


def is_bimi(text: str) -> bool:
    """Tell whether a TXT's text is taken for such a record: ``v=BIMI1`` first, exactly."""
    return _VERSION.match(text) is not None


def parse(text: str) -> Record:
    """Read ``v=BIMI1; l=https://example.com/logo.svg;``; other tags are kept. Raises `BadBimi`."""
    if not is_bimi(text):
        raise BadBimi("no BIMI record: it begins 'v=BIMI1;', in capitals")
    pieces = text.split(";")
    if not pieces[-1].strip(" \t"):
        pieces.pop()
    tags: list[tuple[str, str]] = []
    for piece in pieces:
        match = _TAG.match(piece)
        if match is None:
            raise BadBimi(f"{piece.strip()[:40]!r} is no tag=value")
        name = match[1].lower()
        if any(name == earlier for earlier, _ in tags):
            raise BadBimi(f"the tag {name}= stands twice")
        tags.append((name, match[2].strip(" \t")))
    return Record(tuple(tags))


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a record."""
    return " ".join(f"{name}={value};" for name, value in record.tags)


def is_uri(text: str) -> bool:
    """Tell whether a logo or a certificate can be fetched there: HTTPS only (§4.3)."""
    return _URI.match(text) is not None


def objections(record: Record) -> tuple[str, ...]:
    """Say what would keep mail clients from showing the logo."""
    found = []
    for name, what in (("l", "the logo"), ("a", "its certificate")):
        if (value := record.get(name)) and not is_uri(value):
            found.append(f"{name}={value[:60]}: {what} is fetched over HTTPS: write https://…")
    if record.get("a") and not record.get("l"):
        found.append("a= stands without l=: name the logo as well")
    if (logo := record.get("l")) and is_uri(logo) and not _path(logo).endswith((".svg", ".svgz")):
        found.append(f"l={logo[:60]}: a logo is an SVG file (SVG Tiny PS)")
    preference = record.get("avp", "brand").lower()
    if preference not in PREFERENCES:
        found.append(f"avp={preference[:20]}: write brand or personal")
    return tuple(found)


def owner(selector: str, domain: str) -> str:
    """Give the name at which a selector's record stands (§4.2); ``domain`` is absolute."""
    return f"{selector}._bimi.{domain}"


def _path(uri: str) -> str:
    return uri.partition("?")[0].partition("#")[0].lower()
