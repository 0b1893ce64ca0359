"""All rules by their ids, in the order in which documents list them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from mailsync.lint.model import Rule
from mailsync.lint.rules import (
    bimi,
    clients,
    dane,
    dkim,
    dmarc,
    files,
    mx,
    reverse,
    servers,
    services,
    spf,
    transport,
    zone,
)

TOPICS: Mapping[str, tuple[Rule, ...]] = {
    module.TOPIC: module.RULES
    for module in (
        mx,
        spf,
        dkim,
        dmarc,
        transport,
        dane,
        bimi,
        reverse,
        clients,
        services,
        zone,
        servers,
        files,
    )
}

RULES: Mapping[str, Rule] = {rule.id: rule for rules in TOPICS.values() for rule in rules}


class UnknownRule(LookupError):  # noqa: N818  # reads as what it is where it is raised
    """There is no such rule; the message names the nearest."""


def rule(id_: str) -> Rule:
    """Give a rule by its id. Raises `UnknownRule`."""
    found = RULES.get(id_)
    if found is None:
        near = difflib.get_close_matches(id_[:60], RULES, n=1)
        hint = f": did you mean {near[0]!r}?" if near else ": see `mailsync lint --list`"
        raise UnknownRule(f"there is no rule {id_[:60]!a}{hint}")
    return found


def told_by(one: Rule) -> Iterator[str]:
    """Give the commands that tell of a rule's findings."""
    if one.needs == "files":
        yield from ("lint", "plan")
    if one.asks or one.needs == "lookups":
        yield "lint --online"
    if one.needs == "records":
        yield "plan"
    if one.needs == "world":
        yield "check"
