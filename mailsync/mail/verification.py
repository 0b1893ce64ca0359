"""Verification tokens: TXT values that prove to a service who owns a domain.

No standard fixes their form (RFC 8552 only gives them company); what can be said is what is none.
"""

from __future__ import annotations

from mailsync.mail import dmarc, spf

_LENGTH_MAX = 4096


class BadToken(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no verification token; the message says why."""


def parse(text: str) -> str:
    """Read a token: printable ASCII that is not a mail policy by itself. Raises `BadToken`."""
    if not text.strip():
        raise BadToken("an empty token")
    if len(text) > _LENGTH_MAX:
        raise BadToken(f"a token of {len(text)} characters, more than {_LENGTH_MAX}")
    if not (text.isascii() and text.isprintable()):
        raise BadToken(f"{text!r} holds characters that are not printable ASCII")
    if text[0] == text[-1] == '"':
        raise BadToken(f"{text!r} has the quotes of a master file: write the text without them")
    if spf.is_spf(text):
        raise BadToken("an SPF record is no token: write it under 'spf'")
    if dmarc.is_dmarc(text):
        raise BadToken("a DMARC record is no token: write it under 'dmarc'")
    return text
