"""One SPF record for all senders: the file's own terms and those that services need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsync.desired import tree
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.services.demand import Demand
from mailsync.desired.services.inputs import joinable
from mailsync.desired.services.model import Verdict
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import shown
from mailsync.mail import spf

_STRICTEST_FIRST: tuple[Verdict, ...] = ("fail", "softfail", "neutral")
_BARE = frozenset({"a", "mx"})
"""Mechanisms that stand for the domain itself when nothing follows them (RFC 7208 §5.3, §5.4)."""


def merged(own: Node | None, demands: Sequence[Demand], domain: str, faults: Faults) -> Node | None:
    """Join the terms; a record that the file writes as text has to have them all already.

    Without an ``all`` of the file's own, it is the strictest that every service with a term allows.
    """
    needed = list(_needed(demands, faults))
    if not needed:
        return own
    if own is not None and not _is_terms(own):
        _check_text(own, needed, faults)
        return own
    fields = dict(_fields(own))
    for _, term, place in needed:
        _add(fields, term, place, domain)
    if "all" not in fields and "redirect" not in fields:
        allowed = [d.strictest for d in demands if any(e.key == "spf" for e in d.entries)]
        verdict = max(allowed, key=_STRICTEST_FIRST.index)
        place = needed[0][2] if own is None else own.place
        fields["all"] = (Scalar("all", place), Scalar(verdict, place))
    return Mapping(tuple(fields.values()), needed[0][2] if own is None else own.place)


def _needed(
    demands: Sequence[Demand], faults: Faults
) -> Iterator[tuple[str, spf.Mechanism, Place]]:
    """Give each term once, with the service that wants it first."""
    seen: set[str] = set()
    for demand in demands:
        for entry in demand.entries:
            if entry.key != "spf":
                continue
            items = entry.node.items if isinstance(entry.node, tree.Sequence) else (entry.node,)
            for item in items:
                try:
                    terms = joinable(item.text if isinstance(item, Scalar) else "")
                except ValueError as error:
                    faults.add(item.place, f"{demand.service}: {error}")
                    continue
                for term in terms:
                    if str(term).lower() not in seen:
                        seen.add(str(term).lower())
                        yield demand.service, term, item.place


def _is_terms(node: Node) -> bool:
    return isinstance(node, Mapping) and "txt" not in node


def _check_text(
    own: Node, needed: Sequence[tuple[str, spf.Mechanism, Place]], faults: Faults
) -> None:
    source = own.get("txt") if isinstance(own, Mapping) else own
    text = source.text if isinstance(source, Scalar) else ""
    if text == "absent":
        there = spf.Record(())
    else:
        try:
            record = spf.parse(text)
        except spf.BadSpf:
            return  # its key tells what is wrong with it
        there = spf.Record(tuple(term for term in record.mechanisms if term.qualifier == "+"))
    for service, term, place in needed:
        for missing in spf.terms_removed(f"v=spf1 {term}", spf.format(there)):
            message = (
                f"{missing} is missing, which {service} at {place} needs: add it, or "
                "write the record as a mapping, to which it is added"
            )
            faults.add((source or own).place, message)


def _fields(own: Node | None) -> Iterator[tuple[str, tuple[Scalar, Node]]]:
    if isinstance(own, Mapping):
        for key, node in own:
            yield key.text, (key, node)


def _add(
    fields: dict[str, tuple[Scalar, Node]],
    term: spf.Mechanism,
    place: Place,
    domain: str,
) -> None:
    """Add a term to the field of its name, unless it is there."""
    key, node = fields.get(term.name, (Scalar(term.name, place), None))
    bare = term.name in _BARE and not term.argument
    if node is None or (isinstance(node, Scalar) and node.text == "false"):
        fields[term.name] = (key, _alone(term, place, domain))
        return
    if isinstance(node, Scalar) and node.text == "true" and term.name in _BARE:
        if bare:
            return
        # In a list, the domain itself is written out.
        node = Scalar(shown(domain), node.place)
    items = node.items if isinstance(node, tree.Sequence) else (node,)
    argument = _argument(term, domain)
    there = {item.text.lower().removesuffix(".") for item in items if isinstance(item, Scalar)}
    if argument.lower() not in there:
        fields[term.name] = (key, tree.Sequence((*items, Scalar(argument, place)), node.place))


def _alone(term: spf.Mechanism, place: Place, domain: str) -> Node:
    if term.name in _BARE and not term.argument:
        return Scalar("true", place)
    return tree.Sequence((Scalar(_argument(term, domain), place),), place)


def _argument(term: spf.Mechanism, domain: str) -> str:
    """Write what follows the mechanism's colon; ``a/24`` speaks of the domain."""
    if term.argument.startswith(":"):
        return term.argument[1:].removesuffix(".")
    return f"{shown(domain)}{term.argument}"
