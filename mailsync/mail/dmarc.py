"""DMARC policy records (RFC 9989 §4.7 on tags, §4.8 on syntax)."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Change = Literal["tighter", "looser", "same", "mixed"]
"""What a new policy is to an old one: whether receivers may refuse more of the domain's mail."""

POLICIES = ("none", "quarantine", "reject")

TAGS = ("v", "p", "sp", "np", "adkim", "aspf", "fo", "psd", "t", "rua", "ruf")
"""The tags of RFC 9989, in the order in which mailsync writes them."""

OBSOLETE = {
    "pct": "it is gone, most receivers never followed it; 't=y' asks for a policy one step milder",
    "rf": "it is gone; there is one format of failure reports",
    "ri": "it is gone; reports come daily",
}
"""Tags of RFC 7489 that receivers skip now (RFC 9989, appendix A)."""

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_TAG = re.compile(r"[ \t]*([A-Za-z]+)[ \t]*=[ \t]*([!-:<-~][ -:<-~\t]*?)[ \t]*\Z")
_WORDS = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}
_FAILURE_OPTIONS = frozenset({"0", "1", "d", "s"})


class BadDmarc(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """Receivers do not take the text for a policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One policy record: its tags in order, as written."""

    tags: tuple[tuple[str, str], ...]

    def get(self, tag: str, otherwise: str = "") -> str:
        """Give a tag's value."""
        return dict(self.tags).get(tag, otherwise)

    def policy(self, tag: Literal["p", "sp", "np"] = "p") -> str:
        """Give the policy for the domain (``p``), its subdomains, or those that do not exist.

        As receivers read it (RFC 9989 §4.7): ``np`` falls back on ``sp``, that on ``p``; a ``p``
        that is missing or unknown is ``none``.
        """
        value = self.get(tag).lower()
        if value in POLICIES:
            return value
        return "none" if tag == "p" else self.policy("p" if tag == "sp" else "sp")


def is_dmarc(text: str) -> bool:
    """Tell whether receivers take a TXT's text for a policy record: ``v=DMARC1`` first, exactly."""
    return _VERSION.match(text) is not None


def parse(text: str) -> Record:
    """Read a record; tags that are not known are kept. Raises `BadDmarc`."""
    if not is_dmarc(text):
        raise BadDmarc("no DMARC record: it begins 'v=DMARC1;', in capitals (RFC 9989 §4.8)")
    pieces = text.split(";")
    if not pieces[-1].strip(" \t"):
        pieces.pop()
    tags: list[tuple[str, str]] = []
    for piece in pieces:
        match = _TAG.match(piece)
        if match is None:
            shown = piece if len(piece) <= 40 else f"{piece[:37]}..."
            raise BadDmarc(f"{shown!r} is no tag=value (RFC 9989 §4.8)")
        name = match[1].lower()
        if any(name == earlier for earlier, _ in tags):
            raise BadDmarc(f"the tag {name}= stands twice (RFC 9989 §4.8)")
        tags.append((name, match[2]))
    return Record(tuple(tags))


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a record."""
    return "; ".join(f"{name}={value}" for name, value in record.tags)


def strictness(record: Record | None) -> tuple[int, ...]:
    """Put a policy as numbers that grow with what receivers may refuse; None is no policy.

    For the domain, its subdomains and those that do not exist: 0 none, 1 quarantine, 2 reject
    (``t=y`` asks for one step less, RFC 9989 §4.7); then DKIM's and SPF's alignment: 1 when strict
    and anything is enforced at all.
    """
    if record is None:
        return (0, 0, 0, 0, 0)
    milder = record.get("t").lower() == "y"
    levels = [POLICIES.index(record.policy(tag)) for tag in ("p", "sp", "np")]
    levels = [max(level - milder, 0) for level in levels]
    strict = [any(levels) and record.get(tag).lower() == "s" for tag in ("adkim", "aspf")]
    return (*levels, *map(int, strict))


def compare(old: Record | None, new: Record | None) -> Change:
    """Say what the new policy is to the old one; ``mixed`` is tighter here and looser there."""
    before, after = strictness(old), strictness(new)
    tighter = any(b < a for b, a in zip(before, after, strict=True))
    looser = any(b > a for b, a in zip(before, after, strict=True))
    if tighter and looser:
        return "mixed"
    return "tighter" if tighter else "looser" if looser else "same"


def objections(record: Record) -> tuple[str, ...]:
    """Say what receivers would read as something else than it was meant, or skip."""
    found = []
    for name, value in record.tags:
        if name in _WORDS and value.lower() not in _WORDS[name]:
            found.append(f"{name}={value}: write one of {', '.join(_WORDS[name])}")
        elif (
            name == "fo" and not set(value.lower().replace(" ", "").split(":")) <= _FAILURE_OPTIONS
        ):
            found.append(f"fo={value}: write 0, 1, d or s, with colons between")
        elif name in {"rua", "ruf"}:
            found += _uri_objections(name, value)
        elif name not in TAGS and name not in OBSOLETE:
            near = sorted(difflib.get_close_matches(name, TAGS, n=2, cutoff=0.5))
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            found.append(f"unknown tag {name}={hint} (RFC 9989 §4.7)")
    if not record.get("p"):
        found.append("p= is missing: write p=none, p=quarantine or p=reject (RFC 9989 §4.7)")
    return tuple(found)


def _uri_objections(tag: str, value: str) -> list[str]:
    """Reports go by mail: other schemes are not used by anyone (RFC 9989 §4.7)."""
    found = []
    for uri in (part.strip(" \t") for part in value.split(",")):
        try:
            scheme, _, address, _, _ = urlsplit(uri)
        except ValueError:
            scheme, address = "", ""
        local, at, domain = address.partition("@")
        if scheme.lower() != "mailto" or not (local and at and "." in domain and "@" not in domain):
            found.append(f"{tag}={uri}: write an address, such as mailto:dmarc@example.com")
    return found
