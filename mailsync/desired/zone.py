"""From the tree of one zone file to `model.Desired`."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import conflicts, reading, registry, terms
from mailsync.desired.context import Context
from mailsync.desired.faults import Faults
from mailsync.desired.keys import mta_sts
from mailsync.desired.model import Cutover, Desired, Place, Wish
from mailsync.desired.tree import Mapping, Node, Scalar, kind

TTL = 3600
"""The TTL of records where nothing says another, in seconds."""

_OF_MAIL = frozenset({"mx", "hosts", "dkim", "autodiscover", "mta_sts", "tlsa", "srv", "ptr"})
_OF_NO_MAIL = _OF_MAIL | {"spf", "dmarc"}


def read(
    name: str,
    root: Node | None,
    defaults: Mapping | None,
    place: Place,
    faults: Faults,
) -> Desired:
    """Read what a file asks for; ``name`` is the zone's absolute name.

    ``root``: the file's tree, None when it is empty. ``defaults``: entries that hold where the
    file has none of its own; those of ``cutover`` one by one. Tells ``faults``, never raises; the
    result is of use only when there are none.
    """
    if root is not None and not isinstance(root, Mapping):
        message = f"a zone file is a mapping of keys, such as 'mx: [10 mx1]', not {kind(root)}"
        faults.add(root.place, message)
        root = None
    entries = _merged(root, defaults)
    keys = registry.known()
    for key, _ in (*(root or ()), *(defaults or ())):
        _check_known(key, faults)
    by_name = {key.text: node for key, node in entries if key.text in keys}
    ttl = reading.duration(by_name.get("ttl"), faults, "a TTL")
    asked = by_name.get("cutover")
    cutover = Cutover() if asked is None else terms.read(asked, faults)
    context = Context(name, name, TTL if ttl is None else ttl, faults, cutover.zone)
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
    said = mta_sts.terms(by_name.get("mta_sts"), faults)
    policy = None if said is None else mta_sts.announced(said, wishes, name, faults)
    if policy is not None:
        wishes = tuple(
            replace(wish, values=(mta_sts.value(policy),)) if wish.kind == "mta-sts" else wish
            for wish in wishes
        )
    if no_mail is None or not faults:
        conflicts.check(wishes, faults)
    return Desired(
        domain=name,
        zone=name,
        wishes=_sorted(wishes),
        place=place,
        kinds=frozenset[str]().union(*(keys[key].speaks_for for key in by_name)),
        no_mail=no_mail is not None,
        cutover=cutover,
        policy=policy,
    )


def _sorted(wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
    """Order wishes by RRset, so that the order of a file's keys changes nothing but places."""
    return tuple(sorted(wishes, key=lambda wish: (wish.name, wish.type, wish.kind)))


def _check_known(key: Scalar, faults: Faults) -> None:
    keys = registry.known()
    if key.text in registry.LATER:
        faults.add(key.place, f"{key.text} is not supported yet by this version")
    elif key.text not in keys:
        faults.unknown(key.place, "key", key.text, sorted(keys))


def _merged(root: Mapping | None, defaults: Mapping | None) -> tuple[tuple[Scalar, Node], ...]:
    """Let the file win over the defaults, key by key.

    A file that says ``mail: none`` wants nothing of the defaults' mail, and one that has mail wants
    none of their ``mail: none``.
    """
    if root is None or defaults is None:
        return (root or defaults or Mapping((), Place("", 1, 1))).entries
    dropped = frozenset[str]()
    if "mail" in root:
        dropped = _OF_NO_MAIL
    elif any(key in root for key in _OF_MAIL):
        dropped = frozenset({"mail"})
    entries = []
    for key, node in root:
        under = defaults.get("cutover") if key.text == "cutover" else None
        entries.append((key, node if under is None else terms.merged(node, under)))
    rest = [e for e in defaults.entries if e[0].text not in root and e[0].text not in dropped]
    return (*entries, *rest)
