"""`mailsync rehearse`: plays the plan against simulated resolvers, before anything is touched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.engine import look
from mailsync.apply.session import run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.plan import saved_plan
from mailsync.cli.plan import time as read_time
from mailsync.cli.writing import save
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.plan.abroad import siblings_records
from mailsync.plan.model import Change
from mailsync.rehearse.forecast import Forecast

_RESOLVERS_MAX = 5000


class Format(StrEnum):
    """How a rehearsal is shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    SVG = "svg"


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="DOMAIN",
        help="Domains to rehearse, or globs; all when none is named. A zone brings its"
        " subdomains along.",
    ),
    saved: Path = typer.Option(
        None, "--plan", help="A plan saved by `plan --out`: of what is due, play only that."
    ),
    resolvers: int = typer.Option(
        200, "--resolvers", min=1, max=_RESOLVERS_MAX, help="How many resolvers there are."
    ),
    seed: int = typer.Option(1, "--seed", help="Another seed, another world of resolvers."),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How it is shown."),
    out: Path = typer.Option(None, "--out", "-o", help="Write it to a file."),
    now: str | None = typer.Option(
        None, "--now", metavar="TIME", help="Begin at another time (RFC 3339; UTC if bare)."
    ),
) -> int:
    """Play the plan, and show where mail would go.

    Reads what `plan` reads and writes nothing. The real planner and the real engine run against a
    simulated clock, simulated resolvers (some of which stretch TTLs, or were asked just before
    something changed) and senders; what other domains of the zone have still to add is taken to be
    there. What is shown: which part of the world's resolvers leads mail where, hour by hour and
    around the switch by the minute (rows of the text that would look alike are one); what is
    visible beside each other; the worst case; and what the same changes would have cost had they
    been made at once.

    Exits with 3 if any message goes wrong.

    Example: mailsync rehearse example.co.jp --format html --out rehearsal.html
    """
    at = console.this_second() if now is None else read_time(now)
    changes: frozenset[Change] | None = None
    if saved is not None:
        plan, domains = _reviewed(saved, domains)
        changes = plan
    loaded = console.load(context.obj, domains or [])
    for error in loaded.errors:
        console.complain(error)
    stop = Flag()
    worlds = Worlds(loaded.config, console.say, stop, only_read=True)
    work = partial(_play, worlds, at, resolvers, seed, changes)
    results = []
    for result in run_all(loaded.domains, work, stop):
        results.append(result)
        if result.error is not None:
            console.complain(result.error)
        elif len(loaded.domains) > 1:
            domain = shown(result.desired.domain)
            console.say(f"{domain}: rehearsed ({len(results)} of {len(loaded.domains)})")
    forecasts = sorted(
        (r.value for r in results if r.value is not None), key=lambda forecast: forecast.domain
    )
    _show(forecasts, form, out)
    if loaded.errors or any(result.error is not None for result in results):
        return 1
    return 3 if any(one.toll.wrong or one.broken for one in forecasts) else 0


def _reviewed(file: Path, domains: Sequence[str] | None) -> tuple[frozenset[Change], list[str]]:
    """Read a saved plan: its changes, and its domains where none are named."""
    plan = saved_plan(file)
    changes = frozenset(c for d in plan.domains for stage in d.stages for c in stage.changes)
    return changes, list(domains or [domain.domain for domain in plan.domains])


def _play(
    worlds: Worlds,
    at: datetime,
    resolvers: int,
    seed: int,
    only: frozenset[Change] | None,
    desired: Desired,
) -> Forecast:
    """Look at a domain as `plan` does, then play it."""
    from mailsync.rehearse.play import Domain, play

    world = worlds.open(desired)
    view = world.run(look(desired, world.host.capability, now=at))
    entries = [e for e in world.journal.read(desired.zone) if getattr(e, "at", at) <= at]
    capability = view.live.capability
    if capability.by_hand:
        # As if the person did it at once.
        capability = replace(capability, write="in-place")
    known = Domain(
        desired,
        capability,
        {**siblings_records(desired.zone, view.live.neighbours), **view.live.rrsets},
        entries,
        at,
        view.live.negative_ttl,
        view.live.policy,
        view.live.certificates,
    )
    return play(known, resolvers=resolvers, seed=seed, only=only)


def _show(forecasts: Sequence[Forecast], form: Format, out: Path | None) -> None:
    if form is Format.SVG and len(forecasts) != 1:
        msg = f"--format svg draws one domain, here are {len(forecasts)}: name one"
        raise MailsyncError(msg)
    text = _drawn(forecasts, form)
    if out is None:
        console.give(text)
    else:
        save(out, text, what="the rehearsal")
        console.say(f"written: {out}")


def _drawn(forecasts: Sequence[Forecast], form: Format) -> str:
    if form is Format.JSON:
        from mailsync.report.rehearsal import rehearsal_json

        return rehearsal_json(forecasts)
    if form is Format.TEXT:
        from mailsync.report.rehearsal import rehearsal_text

        return rehearsal_text(forecasts, colour=console.colours(sys.stdout), width=console.width())
    from mailsync.report.rehearsal_html import rehearsal_html, rehearsal_svg

    return rehearsal_svg(forecasts[0]) if form is Format.SVG else rehearsal_html(forecasts)
