"""`mailsync plan`: shows what will change and when it is safe; writes nothing but ``--out``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.engine import View, look
from mailsync.apply.session import Result, run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.by_hand import to_come
from mailsync.cli.writing import save
from mailsync.config import Config
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.lint.model import Finding
from mailsync.observe.observations import Observations
from mailsync.plan.document import from_json, to_json
from mailsync.plan.model import DomainPlan, Plan
from mailsync.plan.planner import plan_all


class Format(StrEnum):
    """How a plan is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="DOMAIN",
        help="Domains to plan, or globs; all when none is named. A zone brings its"
        " subdomains along.",
    ),
    out: Path = typer.Option(None, "--out", "-o", help="Save the plan for `mailsync apply FILE`."),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How the plan is shown."),
    now: str | None = typer.Option(
        None, "--now", metavar="TIME", help="Show it as of another time (RFC 3339; UTC if bare)."
    ),
    observations: Path = typer.Option(None, "--observations", help=console.OBSERVATIONS_HELP),
    detailed: bool = typer.Option(
        False, "--detailed-exitcode", help="Exit with 2 when there are changes, due or waiting."
    ),
) -> int:
    """Show what will change, when, and why then.

    Reads the files, the DNS host's records, the journal and the authoritative servers, and writes
    nothing. Each domain's plan has up to three stages:

    prepare lowers the TTL of what will be switched, and adds what must be visible before;

    switch replaces what routes mail, when no cache can hold the old answer for long;

    settle removes what only the old way needed, and restores TTLs, after the soak.

    Where a DNS host has no API, the steps follow that a person will be given by `mailsync apply`.

    Example: mailsync plan example.co.jp --out plan.json, then mailsync apply plan.json
    """
    at = console.this_second() if now is None else time(now)
    loaded = console.load(context.obj, domains or [])
    seen = console.observations(observations)
    plan = make(loaded.config, loaded.domains, at, seen, probing=now is None)
    for error in loaded.errors:
        console.complain(error)
    if out is not None:
        save(out, to_json(plan))
        console.say(f"saved: {out} (carry it out with `mailsync apply {out}`)")
    console.give(shown_as(plan, form))
    if form is Format.TEXT:
        worlds = Worlds(loaded.config, console.say, Flag(), only_read=True)
        for text in to_come(worlds, loaded.domains, plan):
            console.give(text)
    if loaded.errors or any(domain.status == "error" for domain in plan.domains):
        return 1
    changes = any(domain.status in {"changes", "waiting"} for domain in plan.domains)
    return console.CHANGES if detailed and changes else 0


def make(
    config: Config,
    domains: Sequence[Desired],
    at: datetime,
    observations: Observations | None = None,
    *,
    probing: bool = True,
) -> Plan:
    """Plan the domains as of a time; a domain that cannot be read becomes an error in the plan.

    ``probing``: look at the mail servers to which a due switch leads, or at ``observations``.
    """
    stop = Flag()
    worlds = Worlds(config, console.say, stop, only_read=True, observations=observations)
    results = run_all(domains, partial(_look, worlds, at, probing), stop)
    return plan_all((_domain_plan(result) for result in results), at)


def _look(worlds: Worlds, at: datetime, probing: bool, desired: Desired) -> View:
    world = worlds.open(desired)
    return world.run(look(desired, world.host.capability, now=at, probing=probing))


def _domain_plan(result: Result[View]) -> DomainPlan:
    if result.value is not None:
        return result.value.plan
    return failed(result.desired, result.error)


def failed(desired: Desired, error: MailsyncError | None) -> DomainPlan:
    """Put an error where the domain's plan would stand."""
    message, where = (error.message, error.where) if error else ("no result", "")
    finding = Finding("unreadable", "error", message, where or shown(desired.domain))
    return DomainPlan(
        shown(desired.domain), shown(desired.zone), desired.targets, "error", findings=(finding,)
    )


def shown_as(plan: Plan, form: Format) -> str:
    """Write a plan in one of its forms."""
    if form is Format.JSON:
        return to_json(plan)
    if form is Format.MARKDOWN:
        from mailsync.report.markdown import plan_markdown

        return plan_markdown(plan)
    if form is Format.HTML:
        from mailsync.report.html import plan_html

        return plan_html(plan)
    from mailsync.report.text import plan_text

    return plan_text(plan, colour=console.colours(sys.stdout), width=console.width())


def time(text: str) -> datetime:
    """Read a time from the command line (RFC 3339; without an offset: UTC), whole seconds."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        msg = f"--now {text!r} is no time: write such as 2026-12-05T22:00+09:00"
        raise MailsyncError(msg) from None
    if not 1970 <= read.year < 9000:
        # Far enough from both ends of the calendar for every wait and every time zone.
        msg = f"--now {text!r} is a time in which nobody runs mailsync: write one in this century"
        raise MailsyncError(msg)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def saved_plan(file: Path) -> Plan:
    """Read a plan that `--out` has written. Raises `MailsyncError`, which names the file."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = f"there is no such file: `mailsync plan --out {file}` saves a plan"
        raise MailsyncError(msg, where=str(file)) from None
    except (OSError, UnicodeError) as error:
        msg = f"cannot read the saved plan: {getattr(error, 'strerror', None) or error}"
        raise MailsyncError(msg, where=str(file)) from None
    try:
        return from_json(text)
    except MailsyncError as error:
        raise type(error)(error.message, where=str(file)) from None
