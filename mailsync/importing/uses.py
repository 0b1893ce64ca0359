"""Which services a domain's records are of, so far as a file could name them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mailsync.desired.services.model import Service
from mailsync.importing.fitting import Use, fitted
from mailsync.importing.model import Entry, Found
from mailsync.importing.traces import atoms, known_by

_IN_FRONT = frozenset({"inbound_gateway", "forwarder"})


def used(
    found: Found,
    domain: str,
    entries: Sequence[Entry],
    services: Sequence[Service],
    without: Collection[str] = (),
) -> tuple[Use, ...]:
    """Give the services whose records are all live, the one in front of the others first.

    ``entries``: what a file can say. ``without``: ids that were tried, and did not do. A token
    alone is no sign: it may be left from long ago. A mailbox service without an MX stands behind
    the gateway that has it, if there is just one of each.
    """
    live = atoms(found, domain, entries)
    signs = {atom: known_by(services, atom) for atom in live if atom.key != "verification"}
    known = {service.id: service for by in signs.values() for service in by}
    candidates = [one for name, one in sorted(known.items()) if name not in without]

    def fits(service: Service, behind: str | None = None) -> Use | None:
        use = fitted(service, live, domain, behind)
        shown = use is not None and any(service in signs.get(atom, ()) for atom in use.explains)
        return use if shown else None

    alone = {one.id: use for one in candidates if (use := fits(one)) is not None}
    front = [one for one in alone.values() if one.takes_mail and one.service.layer in _IN_FRONT]
    behind: list[Use] = []
    if len(front) == 1:
        found_behind = (
            fits(one, front[0].service.id)
            for one in candidates
            if one.id not in alone and one.layer == "mailbox"
        )
        behind = [use for use in found_behind if use is not None]
    if len(behind) != 1:
        behind = []
        gateways = [use for use in front if use.service.layer == "inbound_gateway"]
        front = [use for use in front if use not in gateways]
        alone = {name: use for name, use in alone.items() if use not in gateways}
    others = [use for use in alone.values() if use not in front]
    others.sort(key=lambda use: not use.takes_mail)
    return (*front, *behind, *others)
