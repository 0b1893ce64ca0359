"""What an import brought in and what it left, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from mailsync.dns.names import shown
from mailsync.importing.draft import ORDER
from mailsync.importing.model import Import
from mailsync.plan.printable import printable

_NONE = "nothing: no mail was found. If there is to be none, write 'mail: none'"

_NAMED = 5
"""How many of the RRsets that are no mail are named; a zone may have thousands."""


def import_text(one: Import, file: str, *, width: int) -> str:
    """Tell of one zone; ``file`` is where its mail stands now."""
    lines = [f"{shown(one.zone)} → {file}"]
    lines += _wrapped("imported: " + (_kinds(one) or _NONE), width)
    for left in one.left:
        if left.about:
            name, rdtype = left.key
            lines += _wrapped(f"left as it is: {shown(name)} {rdtype}: {left.reason}", width)
    other = sorted({left.key for left in one.left if not left.about})
    if other:
        lines += _wrapped(_others(other), width)
    for reason in one.still:
        lines += _wrapped(f"the defaults in mailsync.yaml ask for more: {reason}", width)
    return "".join(f"{printable(line)}\n" for line in lines)


def _kinds(one: Import) -> str:
    """Name the keys, with the names below them."""
    labels: dict[str, list[str]] = {}
    for entry in sorted(one.entries, key=lambda entry: ORDER.index(entry.key)):
        labels.setdefault(entry.key, []).extend([] if entry.label is None else [entry.label])
    return ", ".join(
        f"{key} ({_some(dict.fromkeys(names))})" if names else key for key, names in labels.items()
    )


def _others(keys: Iterable[tuple[str, str]]) -> str:
    named = [f"{shown(name)} {rdtype}" for name, rdtype in keys]
    return f"no mail, left alone: {_some(named)}"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _wrapped(text: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
