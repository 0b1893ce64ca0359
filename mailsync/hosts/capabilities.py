"""What a DNS host can do: what is known of its adapter, what that says itself, what the user says.

What is known stands in `known`. ``capabilities`` in mailsync.yaml has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mailsync.dns import ttl
from mailsync.errors import MailsyncError
from mailsync.hosts import manual
from mailsync.hosts.known import ADAPTERS, Adapter
from mailsync.plan.live import Capability

__all__ = ["Adapter", "adapter", "capability"]

_BY_HAND = manual.CLASS.rpartition(".")[0]
_PLAIN = ("clock", "mx_below", "null_mx", "ptr", "ttl_scope", "txt_max", "write")
"""Keys of mailsync.yaml that are fields of `Capability`."""
_KEYS = {"ttl", "min_ttl", "max_ttl", "publish_delay", "types", *_PLAIN}


def adapter(modules: Iterable[str], settings: Mapping[str, object]) -> Adapter:
    """Give what is known of a provider, by the modules of its class and that class's bases.

    The longest name wins. ``settings`` are the provider's own, resolved.
    """
    known = Adapter()
    for module in modules:
        if module == _BY_HAND and "host" in settings:
            return manual.known(manual.described(settings, where=f"{module}.ManualProvider"))
        names = [name for name in ADAPTERS if module == name or module.startswith(f"{name}.")]
        if names:
            known = ADAPTERS[max(names, key=len)]
            break
    if known.unless and settings.get(known.unless[0]) == known.unless[1]:
        known = replace(known, write=known.unless[2])
    floor = settings.get(known.ttl_min_key)
    if isinstance(floor, int | str) and str(floor).isdecimal():
        known = replace(known, ttl_min=int(floor))
    return known


def capability(
    known: Adapter,
    override: Mapping[str, object] | Capability | None,
    *,
    where: str,
    types: Iterable[str] | None = None,
) -> Capability:
    """Join what is known of an adapter with what mailsync.yaml says of this DNS host.

    ``override``: ``ttl`` (``settable`` or ``fixed``), ``min_ttl``, ``max_ttl`` and
    ``publish_delay`` (durations), ``types``, and fields of `Capability` as they are. ``types``:
    those that the adapter says it supports. Raises `MailsyncError` with ``where``.
    """
    if isinstance(override, Capability):
        return override
    override = override or {}
    if unknown := sorted(set(override) - _KEYS):
        known_keys = ", ".join(sorted(_KEYS))
        raise MailsyncError(f"unknown key {unknown[0]!r}: write one of {known_keys}", where=where)
    if known.write == "by-hand" and override.get("write", "by-hand") != "by-hand":
        raise MailsyncError("write: a person writes at this host, and nothing else", where=where)
    settable = override.get("ttl", "settable" if known.settable else "fixed")
    if settable not in {"settable", "fixed"}:
        raise MailsyncError(f"ttl: {settable!r} is neither settable nor fixed", where=where)
    result = Capability(
        settable=settable == "settable",
        ttl_min=_seconds("min_ttl", override, known.ttl_min, where),
        ttl_max=_seconds("max_ttl", override, known.ttl_max, where),
        types=None if types is None else frozenset(types),
        ttl_scope=known.ttl_scope,
        txt_max=known.txt_max,
        txt_without=known.txt_without,
        txt_garbles=known.txt_garbles,
        txt_empty=known.txt_empty,
        null_mx=known.null_mx,
        mx_below=known.mx_below,
        mx_preferences=known.mx_preferences,
        ptr=known.ptr,
        write=known.write,
        compare_and_set=known.compare_and_set,
        publish_delay=known.publish_delay,
    )
    said: dict[str, Any] = {name: override[name] for name in _PLAIN if name in override}
    if isinstance(listed := override.get("types"), tuple):
        said["types"] = frozenset(listed)
    if "publish_delay" in override:
        said["publish_delay"] = _seconds("publish_delay", override, 0, where)
    result = replace(result, **said)
    if result.ttl_min > result.ttl_max:
        raise MailsyncError(
            f"min_ttl: {result.ttl_min} s is more than max_ttl, {result.ttl_max} s", where=where
        )
    return result


def _seconds(key: str, override: Mapping[str, object], otherwise: int, where: str) -> int:
    value = override.get(key, otherwise)
    try:
        return ttl.seconds(value if isinstance(value, int) else str(value))
    except ttl.BadDuration as error:
        raise MailsyncError(f"{key}: {error}", where=where) from None
