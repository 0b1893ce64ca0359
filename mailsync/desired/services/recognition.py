"""Which service a live value belongs to, and which inputs made it: expansion, backwards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from mailsync.desired.services import placeholders
from mailsync.desired.services.model import Recognition, Service

Trace = Literal["mx", "spf", "dkim", "verification", "autodiscover"]
"""What a service is known by; see `model.Recognition` for the form of each value."""


def recognised(services: Iterable[Service], trace: Trace, value: str) -> tuple[Service, ...]:
    """Give the services that a live value may belong to.

    ``value``: a name without the final dot, one SPF term without qualifier, or a whole TXT value.
    """
    return tuple(one for one in services if fits(one.recognition, trace, value))


def fits(recognition: Recognition, trace: Trace, value: str) -> bool:
    """Tell whether a value fits one of the globs; case is of no matter."""
    globs: tuple[str, ...] = getattr(recognition, trace)
    return any(fnmatchcase(value.lower(), glob.lower()) for glob in globs)


def captured(template: str, text: str, domain: str) -> dict[str, str] | None:
    """Give the inputs with which a record's text says ``text``; None where none make it so.

    ``template``: a text of a record in a service's file, such as ``{preference} {mx}.``.
    ``domain``: without the final dot; it is what ``{domain}`` stands for.
    """
    pieces: list[str] = []
    seen: set[str] = set()
    end = 0
    for match in placeholders.PLACEHOLDER.finditer(template):
        pieces.append(re.escape(template[end : match.start()]))
        name = match[1]
        if name == placeholders.DOMAIN:
            pieces.append(re.escape(domain))
        elif name in seen:
            pieces.append(f"(?P={name})")
        else:
            # One input is one word: what is between two of them stays between them.
            pieces.append(f"(?P<{name}>[^ ]+?)" if " " in template else f"(?P<{name}>.+?)")
            seen.add(name)
        end = match.end()
    pieces.append(re.escape(template[end:]))
    found = re.fullmatch("".join(pieces), text, re.IGNORECASE)
    return None if found is None else found.groupdict()
