"""From the tree of one zone file to `model.Desired`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsync.desired import conflicts, reading, registry, spf_parts, terms
from mailsync.desired.context import Context
from mailsync.desired.faults import Faults
from mailsync.desired.keys import acknowledge, mta_sts, prune, subdomains
from mailsync.desired.layers import Layers
from mailsync.desired.model import Cutover, Desired, Place, Wish
from mailsync.desired.services.written import Expansion
from mailsync.desired.tree import Mapping, Node, kind

TTL = 3600
"""The TTL of records where nothing says another, in seconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """One mail domain of a zone (absolute names), and all that holds for it.

    ``place``: where the domain is named.
    """

    domain: str
    zone: str
    expansion: Expansion
    place: Place


def read(
    name: str, root: Node | None, layers: Layers, place: Place, faults: Faults
) -> tuple[Desired, ...]:
    """Read what a file asks for; ``name`` is the zone's absolute name.

    ``root``: the file's tree, None when it is empty. Gives the zone's own domain first. Tells
    ``faults``, never raises; the result is of use only when there are none.
    """
    found = [_domain(part, faults) for part in parts(name, root, layers, place, faults)]
    if not faults or not any(domain.no_mail for domain in found):
        # Keys beside 'mail: none' have been told of; they clash with what it stands for, too.
        conflicts.check([wish for domain in found for wish in domain.wishes], faults)
    return tuple(replace(domain, wishes=_sorted(domain.wishes)) for domain in found)


def parts(
    name: str, root: Node | None, layers: Layers, place: Place, faults: Faults
) -> tuple[Part, ...]:
    """Give the mail domains of a file and what it says of each, as `read` takes it."""
    if root is not None and not isinstance(root, Mapping):
        message = f"a zone file is a mapping of keys, such as 'mx: [10 mx1]', not {kind(root)}"
        faults.add(root.place, message)
        root = None
    file = layers.under(root or Mapping((), place), faults)
    found = [Part(name, name, _expanded(file, name, name, layers, faults), place)]
    for below, key, said in subdomains.entries(file.get("subdomains"), name, faults):
        whole = layers.under_subdomain(said, file, faults)
        found.append(Part(below, name, _expanded(whole, below, name, layers, faults), key.place))
    return tuple(found)


def _expanded(said: Mapping, name: str, zone: str, layers: Layers, faults: Faults) -> Expansion:
    """Write out the services that a domain names; who names none does not wait for their code."""
    if "services" not in said:
        return Expansion(said)
    from mailsync.desired.services.expansion import expand

    return expand(said, name, zone, layers.catalogue, faults)


def _domain(part: Part, faults: Faults) -> Desired:
    """Read one mail domain of a zone; what holds for it gives the order."""
    name, zone, place, expansion = part.domain, part.zone, part.place, part.expansion
    keys = registry.known()
    by_name = {key.text: node for key, node in expansion.said}
    ttl = reading.duration(by_name.get("ttl"), faults, "a TTL")
    asked = by_name.get("cutover")
    cutover = Cutover() if asked is None else terms.read(asked, faults)
    context = Context(name, zone, TTL if ttl is None else ttl, faults, cutover.zone)
    by_key = [
        (key, wish)
        for key, node in by_name.items()
        if (read_key := keys[key].read) is not None
        for wish in read_key(node, context)
    ]
    own = {wish.kind for key, wish in by_key if key != "mail"}
    by_key = [
        (key, wish)
        for key, wish in by_key
        if key != "mail" or wish.kind not in own & {"spf", "dmarc"}
    ]
    no_mail = next((wish for key, wish in by_key if key == "mail"), None)
    if no_mail is not None:
        conflicts.check_no_mail(by_key, no_mail, faults)
    wishes = tuple(wish for _, wish in by_key)
    policy_terms = mta_sts.terms(by_name.get("mta_sts"), faults)
    policy = None
    if policy_terms is not None:
        policy = mta_sts.announced(policy_terms, wishes, name, faults)
        value = (mta_sts.value(policy_terms, policy),)
        wishes = tuple(
            replace(wish, values=value) if wish.kind == "mta-sts" else wish for wish in wishes
        )
    wishes = spf_parts.divided(wishes, faults)
    return Desired(
        domain=name,
        zone=zone,
        wishes=wishes,
        place=place,
        kinds=frozenset[str]().union(*(keys[key].speaks_for for key in by_name)),
        no_mail=no_mail is not None,
        cutover=cutover,
        policy=policy,
        pruned=prune.keys(by_name.get("prune"), faults),
        acknowledged=acknowledge.findings(by_name.get("acknowledge"), faults),
        services=expansion.uses,
        tasks=expansion.tasks,
        remarks=tuple(context.remarks),
    )


def _sorted(wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
    """Order wishes by RRset, so that the order of a file's keys changes nothing but places."""
    return tuple(sorted(wishes, key=lambda wish: (wish.name, wish.type, wish.kind)))
