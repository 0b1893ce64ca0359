"""Domain names as text: absolute, lower case, A-labels, with the final dot (RFC 1035 §3.1)."""

from __future__ import annotations

import re

import dns.exception
import dns.name

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_SERVICE_LABEL = re.compile(r"[a-z0-9_-]{1,63}\Z")

_PLAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+\Z")
_NAME_OCTETS = 254
"""The longest name with its final dot: 255 octets with their lengths (RFC 1035 §2.3.4)."""


class BadName(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no domain name; the message says why, in a few words."""


def absolute(text: str, origin: str = ".") -> str:
    """Read a name as in a master file: ``@`` is the origin, a final dot ends an absolute name.

    U-labels become A-labels (IDNA 2008), letters become lower case. Raises `BadName`.
    """
    if text == "@":
        return origin
    plain = text.lower() if text.endswith(".") else f"{text}.{origin.removeprefix('.')}".lower()
    if _PLAIN.match(plain) and len(plain) <= _NAME_OCTETS:
        return plain  # the usual one, long before dnspython has read it
    if not text:
        msg = "an empty name"
        raise BadName(msg)
    if any(char.isspace() or char in "\"'();\\/@" for char in text):
        msg = f"{text!r} holds a character that no name here may hold"
        raise BadName(msg)
    try:
        base = dns.name.from_text(origin, idna_codec=dns.name.IDNA_2008)
        name = dns.name.from_text(text, base, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        msg = f"{text!r} is no domain name: {reason}"
        raise BadName(msg) from None
    labels = name.to_text().lower().rstrip(".").split(".")
    if name != dns.name.root and not all(
        _SERVICE_LABEL.match(label) or (label == "*" and not index)
        for index, label in enumerate(labels)
    ):
        msg = f"{text!r} is no domain name: letters, digits, '-' and '_' only"
        raise BadName(msg)
    return name.to_text().lower()


def whole(text: str) -> str:
    """Read a name that is whole, with its final dot or without. Raises `BadName`."""
    return absolute(f"{text.rstrip('.')}.")


def is_host(name: str) -> bool:
    """Tell whether an absolute name may be a host's (RFC 1123 §2.1: letters, digits, hyphens)."""
    return name != "." and all(_HOST_LABEL.match(label) for label in name.rstrip(".").split("."))


def is_at_or_below(name: str, ancestor: str) -> bool:
    """Tell whether an absolute name equals another one or lies below it."""
    return ancestor in {".", name} or name.endswith("." + ancestor)


def shown(name: str) -> str:
    """Drop the final dot: how domains and zones are written in files, plans and messages."""
    return name if name == "." else name.rstrip(".")
