"""The DKIM selectors that services use: what may be asked for where nothing can be listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailsync.desired.services import placeholders
from mailsync.desired.services.model import Asked, Service
from mailsync.desired.tree import Mapping


def usual(services: Iterable[Service]) -> tuple[str, ...]:
    """Give the selectors that services always use, or use unless the user knows better."""
    found = {name for one in services for asked in one.records for name in _of(one, asked)}
    return tuple(sorted(found))


def _of(service: Service, asked: Asked) -> Iterator[str]:
    if asked.key != "dkim" or not isinstance(asked.node, Mapping):
        return
    known = {one.name: one.otherwise for one in service.inputs if one.otherwise is not None}
    for key, _ in asked.node:
        if set(placeholders.named(key.text)) <= set(known):
            yield placeholders.filled(key.text, known)
