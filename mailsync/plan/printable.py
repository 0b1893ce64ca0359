"""Text from DNS, files and servers, made safe to print: nothing in it can steer a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Write every character that prints nothing as its escape: ``\n``, ``\x1b``, ``\u202e``.

    That is all controls, ANSI sequences, bidirectional overrides, zero-width characters, line
    separators, spaces other than U+0020, and lone surrogates. Text without any comes back as it is.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
