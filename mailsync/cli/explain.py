"""`mailsync explain`: the records that will exist, and where each comes from; writes nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from threading import Event as Flag

import typer

from mailsync.apply.session import run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.desired import files
from mailsync.desired.model import Desired
from mailsync.desired.origins import trace
from mailsync.desired.tree import Mapping as Said
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.kinds import CHOREOGRAPHIES
from mailsync.report.explain import Explanation, explain_json, explain_markdown, explain_text


class Format(StrEnum):
    """How the explanation is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None, metavar="DOMAIN", help="Domains to explain, or globs; all when none is named."
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How it is shown."),
    offline: bool = typer.Option(
        False, "--offline", help="Read the files alone; do not ask the DNS hosts what is live."
    ),
) -> int:
    """Show where each record comes from.

    Every record that the files ask for, with the service or key that makes it and the line where it
    stands, for SPF term by term; and which live values are not ours and stay as they are.
    """
    loaded = console.load(context.obj, domains or [])
    for error in loaded.errors:
        console.complain(error)
    parts = files.parts(loaded.config, {desired.zone for desired in loaded.domains})
    said = {part.domain: part.expansion.said for part in parts}
    found = [_explained(desired, said) for desired in loaded.domains]
    failed = bool(loaded.errors)
    if not offline:
        stop = Flag()
        worlds = Worlds(loaded.config, console.say, stop, only_read=True)
        work = partial(_live, worlds, loaded.domains)
        looked = {}
        for result in run_all(loaded.domains, work, stop):
            if result.error is not None:
                console.complain(result.error)
                failed = True
            looked[result.desired.domain] = result.value
        found = [
            _with_live(one, desired, looked[desired.domain])
            for one, desired in zip(found, loaded.domains, strict=True)
        ]
    found.sort(key=lambda one: one.domain)
    if form is Format.JSON:
        console.give(explain_json(found))
    elif form is Format.MARKDOWN:
        console.give(explain_markdown(found))
    else:
        colour = console.colours(sys.stdout)
        console.give(explain_text(found, colour=colour, width=console.width()))
    return 1 if failed else 0


def _explained(desired: Desired, said: Mapping[str, Said]) -> Explanation:
    nothing = Said((), desired.place)
    traced = trace(desired, said.get(desired.domain, nothing))
    return Explanation(desired.domain, desired.zone, traced)


def _live(worlds: Worlds, everyone: Sequence[Desired], desired: Desired) -> Mapping[Key, RRset]:
    """List what is live at the domain and below it, down to the next mail domain of the files."""
    below = [
        other.domain
        for other in everyone
        if other.domain != desired.domain and is_at_or_below(other.domain, desired.domain)
    ]
    listing = worlds.host(desired).read(desired.zone)
    return {
        key: rrset
        for key, rrset in listing.items()
        if is_at_or_below(key[0], desired.domain)
        and not any(is_at_or_below(key[0], other) for other in below)
    }


def _with_live(one: Explanation, desired: Desired, live: Mapping[Key, RRset] | None) -> Explanation:
    if live is None:
        return replace(one, failed=True)
    asked: dict[Key, list[str]] = {}
    for wish in desired.wishes:
        rrset = live.get((wish.name, wish.type))
        values = [] if rrset is None else rrset.values
        owned = {v for v in values if CHOREOGRAPHIES[wish.kind].owns(wish, v)}
        there = asked.setdefault((wish.name, wish.type), list(values))
        asked[wish.name, wish.type] = [value for value in there if value not in owned]
    foreign = {key: tuple(values) for key, values in asked.items() if values}
    others = tuple(live[key] for key in sorted(live) if key not in asked)
    return Explanation(one.domain, one.zone, one.traced, foreign, others)
