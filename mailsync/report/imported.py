"""What an import brought in and what it left, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from mailsync.dns.names import shown
from mailsync.importing.draft import ORDER
from mailsync.importing.model import Import
from mailsync.importing.recognise import FOREIGN, NO_MAIL
from mailsync.plan.printable import printable

_NAMED = 5
"""How many of the RRsets that are no mail are named; a zone may have thousands."""


def import_text(one: Import, file: str, *, width: int) -> str:
    """Tell of one zone; ``file`` is where its mail stands now."""
    lines = [f"{shown(one.zone)} → {file}"]
    if one.services:
        lines += _wrapped(f"services: {', '.join(one.services)}", width)
    if not one.entries:
        lines += _wrapped(NO_MAIL, width)
    for domain in sorted({entry.domain for entry in one.entries}, key=len):
        below = "" if domain == one.zone else f" of {shown(domain)}"
        lines += _wrapped(f"imported{below}: {_kinds(one, domain)}", width)
    for left in one.left:
        if left.about:
            name, rdtype = left.key
            lines += _wrapped(f"left as it is: {shown(name)} {rdtype}: {left.reason}", width)
    other = {left.key: left.reason for left in one.left if not left.about}
    if other:
        named = [f"{shown(name)} {rdtype}" for name, rdtype in sorted(other)]
        hint = " (--include records takes it over)" if FOREIGN in other.values() else ""
        lines += _wrapped(f"no mail, left alone{hint}: {_some(named)}", width)
    for reason in one.still:
        lines += _wrapped(f"the defaults in mailsync.yaml ask for more: {reason}", width)
    return "".join(f"{printable(line)}\n" for line in lines)


def _kinds(one: Import, domain: str) -> str:
    """Name the keys of a domain, with the names below them."""
    labels: dict[str, list[str]] = {}
    entries = [entry for entry in one.entries if entry.domain == domain]
    for entry in sorted(entries, key=lambda entry: ORDER.index(entry.key)):
        labels.setdefault(entry.key, []).extend([] if entry.label is None else [entry.label])
    return ", ".join(
        f"{key} ({_some(dict.fromkeys(names))})" if names else key for key, names in labels.items()
    )


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
