"""What is known of octoDNS' adapters: TTL floors, and which of them delete before they create.

From the adapters' source; keyed by the package that holds the class. ``capabilities`` in
mailsync.yaml overrides what stands here of TTLs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mailsync.dns import ttl
from mailsync.errors import MailsyncError
from mailsync.plan.live import Capability


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is known of an adapter. ``ttl_min`` in seconds.

    ``ttl_min_key``: the setting that moves the floor. ``recreates``: an RRset is deleted and then
    created anew, even where only its TTL changes, so that for a moment there is none;
    ``unless``: a setting and the value with which that is not so.
    """

    ttl_min: int = 0
    ttl_min_key: str = ""
    recreates: bool = False
    unless: tuple[str, str] | None = None


_ADAPTERS: Mapping[str, Adapter] = {
    "octodns_autodns": Adapter(recreates=True),
    "octodns_cloudflare": Adapter(ttl_min=120, ttl_min_key="min_ttl"),
    "octodns_constellix": Adapter(recreates=True),
    "octodns_desec": Adapter(ttl_min=3600),
    "octodns_digitalocean": Adapter(recreates=True),
    "octodns_dnsimple": Adapter(recreates=True),
    "octodns_dnsmadeeasy": Adapter(recreates=True),
    "octodns_easydns": Adapter(recreates=True),
    "octodns_gandi": Adapter(ttl_min=300, recreates=True),
    # The old DNS Console API; the Cloud API changes an RRset in place.
    "octodns_hetzner": Adapter(recreates=True, unless=("backend", "hcloud")),
    "octodns_mythicbeasts": Adapter(recreates=True),
    "octodns_ovh": Adapter(recreates=True),
    "octodns_rackspace": Adapter(ttl_min=300),
    "octodns_selectel": Adapter(ttl_min=60),
    "octodns_selectel.v1": Adapter(ttl_min=60, recreates=True),
    "octodns_transip": Adapter(ttl_min=120),
}

_KEYS = {"ttl", "min_ttl", "max_ttl"}


def adapter(modules: Iterable[str], settings: Mapping[str, object]) -> Adapter:
    """Give what is known of a provider, by the modules of its class and that class's bases.

    The longest name wins. ``settings`` are the provider's own, resolved.
    """
    known = Adapter()
    for module in modules:
        names = [name for name in _ADAPTERS if module == name or module.startswith(f"{name}.")]
        if names:
            known = _ADAPTERS[max(names, key=len)]
            break
    if known.unless and settings.get(known.unless[0]) == known.unless[1]:
        known = replace(known, recreates=False)
    floor = settings.get(known.ttl_min_key)
    if isinstance(floor, int | str) and str(floor).isdecimal():
        known = replace(known, ttl_min=int(floor))
    return known


def capability(
    known: Adapter, override: Mapping[str, object] | Capability | None, *, where: str
) -> Capability:
    """Join what is known of an adapter with what mailsync.yaml says of this DNS host.

    ``override``: ``ttl`` (``settable`` or ``fixed``), ``min_ttl`` and ``max_ttl`` (durations).
    Raises `MailsyncError` with ``where``.
    """
    if isinstance(override, Capability):
        return override
    override = override or {}
    if unknown := sorted(set(override) - _KEYS):
        raise MailsyncError(
            f"unknown key {unknown[0]!r}: write ttl, min_ttl or max_ttl", where=where
        )
    settable = override.get("ttl", "settable")
    if settable not in {"settable", "fixed"}:
        raise MailsyncError(f"ttl: {settable!r} is neither settable nor fixed", where=where)
    result = Capability(
        settable=settable == "settable",
        ttl_min=_seconds("min_ttl", override, known.ttl_min, where),
        ttl_max=_seconds("max_ttl", override, ttl.TTL_MAX, where),
    )
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
