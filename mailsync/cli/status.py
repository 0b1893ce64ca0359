"""`mailsync status`: where each domain stands; writes nothing."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from threading import Event as Flag

import typer

from mailsync.apply.engine import View, look
from mailsync.apply.session import Result, run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.plan import failed
from mailsync.desired.model import Desired
from mailsync.observe.interface import Heard
from mailsync.plan.planner import visible
from mailsync.report.status import DomainStatus, Visible, status_json, status_text


class Format(StrEnum):
    """How the status is written."""

    TEXT = "text"
    JSON = "json"


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="DOMAIN",
        help="Domains to show, or globs; all when none is named. A zone brings its"
        " subdomains along.",
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How the status is shown."),
) -> int:
    """Show where each domain stands.

    Per domain: the stage, its gates and tasks and what it waits for, what resolvers may still hold
    and until when, until when the old service must keep accepting mail, and which MX each name
    server and each resolver answers now.
    """
    loaded = console.load(context.obj, domains or [])
    for error in loaded.errors:
        console.complain(error)
    stop = Flag()
    worlds = Worlds(loaded.config, console.say, stop, only_read=True)
    now = console.exact_now()
    found = [_status(result) for result in run_all(loaded.domains, partial(_look, worlds), stop)]
    found.sort(key=lambda one: one.plan.domain)
    if form is Format.JSON:
        console.give(status_json(found, now=now))
    else:
        colour = console.colours(sys.stdout)
        console.give(status_text(found, now=now, colour=colour, width=console.width()))
    return 1 if loaded.errors or any(one.plan.status == "error" for one in found) else 0


def _look(worlds: Worlds, desired: Desired) -> tuple[View, tuple[Heard, ...]]:
    world = worlds.open(desired)
    view = world.run(look(desired, world.host.capability, probing=True))
    return view, worlds.heard(desired, (desired.domain, "MX"))


def _status(result: Result[tuple[View, tuple[Heard, ...]]]) -> DomainStatus:
    if result.value is None:
        return DomainStatus(failed(result.desired, result.error))
    view, heard = result.value
    shown = [
        Visible(key, remnant.version.rrset, remnant.version.unseen, remnant.until)
        for key, remnants in visible(result.desired, view.live, view.ledger, view.at)
        for remnant in remnants
    ]
    return DomainStatus(view.plan, tuple(shown), heard)
