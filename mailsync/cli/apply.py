"""`mailsync apply`: does what is due; with a saved plan exactly what was reviewed, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.engine import Outcome, Terms, advance
from mailsync.apply.saved import advance_reviewed, compare, reviewed_changes
from mailsync.apply.session import Result, run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.plan import make
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError, Refused
from mailsync.plan.document import from_json
from mailsync.plan.model import DomainPlan, Plan
from mailsync.report.times import moment

_POLL = timedelta(minutes=1)
"""How often `--wait` looks again when nothing says when; a hand edit may come at any time."""


@dataclass(frozen=True)
class Run:
    """What one invocation works with."""

    loaded: console.Loaded
    terms: Terms
    stop: Flag

    def worlds(self) -> Worlds:
        """Open hosts and journal anew: nothing is kept between rounds."""
        return Worlds(self.loaded.config, console.say, self.stop)


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="[FILE | DOMAIN...]",
        help="A plan saved by `plan --out`, or domains and globs; all when none is named.",
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask on a terminal."),
    wait: bool = typer.Option(False, "--wait", "-w", help="Stay until everything has converged."),
    allow_removals: bool = typer.Option(
        False, "--allow-removals", help="Let one stage remove many records."
    ),
    detailed: bool = typer.Option(
        False, "--detailed-exitcode", help="Exit with 2 when a domain has not converged yet."
    ),
) -> int:
    """Do what is due now, and nothing else.

    Run it again and again, by hand or by cron, until every domain has converged. Before each write
    the intent is journalled; after it the records are read back, and every authoritative server is
    asked until all serve them. Ctrl-C and power cuts leave a state from which the next run goes on.

    With a saved plan it does exactly what was reviewed: when the files or the records have changed
    since, it says what differs, does nothing and exits with 3.
    """
    file = _saved_plan(domains or [])
    if file and wait:
        msg = "a saved plan is carried out once, --wait goes on with what nobody reviewed: name one"
        raise MailsyncError(msg, where=str(file))
    loaded = console.load(context.obj, [] if file else domains or [])
    for error in loaded.errors:
        console.complain(error)
    terms = Terms(allow_removals, served_within=loaded.config.observe.timeout)
    run = Run(loaded, terms, Flag())
    outcomes = _reviewed(run, file, yes=yes) if file else _due(run, yes=yes)
    while wait and _must_wait(outcomes):
        _sleep(run, outcomes)
        outcomes = _apply(run)
    return _exit_code(outcomes, loaded.errors, detailed=detailed)


def _saved_plan(words: Sequence[str]) -> Path | None:
    """Tell a saved plan from a domain: a plan is a file."""
    files = [Path(word) for word in words if word.endswith(".json") or _is_file(word)]
    if not files:
        return None
    if len(words) > 1:
        msg = "a saved plan stands alone: it names its domains itself"
        raise MailsyncError(msg, where=str(files[0]))
    return files[0]


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except OSError:  # too long a name, say
        return False


def _due(run: Run, *, yes: bool) -> list[Result[Outcome]]:
    """Ask on a terminal, then do what is due."""
    if yes or not sys.stdin.isatty():
        return _apply(run)
    plan = make(run.loaded.config, run.loaded.domains, console.this_second())
    _show(plan)
    if any(domain.status == "changes" for domain in plan.domains):
        _confirm()
    shown_changes = frozenset(c for domain in plan.domains for c in reviewed_changes(domain))
    return _apply(replace(run, terms=replace(run.terms, only=shown_changes)))


def _apply(run: Run) -> list[Result[Outcome]]:
    worlds = run.worlds()

    def work(desired: Desired) -> Outcome:
        world = worlds.open(desired)
        with world.journal.lock(world.zone):
            return world.run(advance(desired, world.host.capability, run.terms))

    return _reported(run.loaded.domains, work, run.stop)


def _reviewed(run: Run, file: Path, *, yes: bool) -> list[Result[Outcome]]:
    """Compare the saved plan with the world, all of it, then do exactly what it says."""
    plan = _read(file)
    saved = {domain.domain: domain for domain in plan.domains}
    domains = [d for d in run.loaded.domains if shown(d.domain) in saved]
    gone = sorted(set(saved) - {shown(d.domain) for d in domains})
    if gone:
        msg = f"the saved plan is for {', '.join(gone)}, which the files no longer name; plan again"
        raise Refused(msg, where=str(file))
    if not yes and sys.stdin.isatty():
        _show(plan)
        _confirm()
    _check(run, domains, saved, plan.created, file)
    worlds = run.worlds()

    def work(desired: Desired) -> Outcome:
        world = worlds.open(desired)
        reviewed = saved[shown(desired.domain)]
        with world.journal.lock(world.zone):
            course = advance_reviewed(desired, world.host.capability, reviewed, run.terms)
            return world.run(course)

    return _reported(domains, work, run.stop)


def _check(
    run: Run,
    domains: Sequence[Desired],
    saved: dict[str, DomainPlan],
    created: datetime,
    file: Path,
) -> None:
    """Refuse the whole saved plan when anything that it was made from differs."""
    worlds = run.worlds()

    def work(desired: Desired) -> list[str]:
        world = worlds.open(desired)
        reviewed = saved[shown(desired.domain)]
        return world.run(compare(desired, world.host.capability, reviewed, created))

    differences = []
    for result in run_all(domains, work, run.stop):
        if result.error is not None:
            raise result.error
        differences += result.value or []
    if differences:
        for line in sorted(differences):
            console.say(f"differs: {line}")
        msg = "the saved plan no longer fits: nothing was done; plan and review again"
        raise Refused(msg, where=str(file))


def _read(file: Path) -> Plan:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        msg = f"cannot read the saved plan: {getattr(error, 'strerror', None) or error}"
        raise MailsyncError(msg, where=str(file)) from None
    try:
        return from_json(text)
    except MailsyncError as error:
        raise type(error)(error.message, where=str(file)) from None


def _show(plan: Plan) -> None:
    from mailsync.report.text import plan_text

    console.give(plan_text(plan, colour=console.colours(sys.stdout), width=console.width()))


def _confirm() -> None:
    if not typer.confirm("Do what is due now?", default=False, err=True):
        msg = "not confirmed: nothing was done"
        raise Refused(msg)


def _reported(
    domains: Sequence[Desired], work: Callable[[Desired], Outcome], stop: Flag
) -> list[Result[Outcome]]:
    """Do the work, telling how each domain stands as soon as it is known."""
    results = []
    with closing(run_all(domains, work, stop)) as running:
        for result in running:
            results.append(result)
            domain = shown(result.desired.domain)
            if result.error is not None:
                console.complain(result.error)
            elif result.value is not None:  # pragma: no branch  # a result has one of the two
                _tell(domain, result.value)
    return results


def _tell(domain: str, outcome: Outcome) -> None:
    for message in outcome.messages:
        prefix = {"failed": "error: ", "refused": "refused: "}.get(outcome.state, "")
        console.say(f"{prefix}{domain}: {message}")
    done = f"{outcome.written} changed, " if outcome.written else ""
    if outcome.state == "converged":
        console.say(f"{domain}: {done}converged")
    elif outcome.state == "waiting" and outcome.plan is not None:
        nexts = [stage for stage in outcome.plan.stages if stage.state == "held"]
        if nexts:
            stage = min(nexts, key=lambda one: one.not_before)
            when = moment(stage.not_before, outcome.plan.timezone, console.exact_now())
            console.say(f"{domain}: {done}{stage.name} waits until {when}")
    if outcome.plan is not None and (retire := outcome.plan.old_service_until) is not None:
        until = moment(retire, outcome.plan.timezone, console.exact_now())
        console.say(f"{domain}: the old service must keep accepting mail until {until}")


def _must_wait(results: Sequence[Result[Outcome]]) -> bool:
    return any(r.value is not None and r.value.state == "waiting" for r in results)


def _sleep(run: Run, results: Sequence[Result[Outcome]]) -> None:
    """Sleep until something may be due, at most a poll's time: the world may change meanwhile."""
    now = console.exact_now()
    times = [
        stage.not_before
        for result in results
        if result.value is not None and result.value.plan is not None
        for stage in result.value.plan.stages
        if stage.state == "held"
    ]
    pause = min([_POLL, *(max(time - now, timedelta(seconds=1)) for time in times)])
    run.stop.wait(pause.total_seconds())


def _exit_code(
    results: Sequence[Result[Outcome]], errors: Sequence[MailsyncError], *, detailed: bool
) -> int:
    states = {result.value.state for result in results if result.value is not None}
    codes = {result.error.exit_code for result in results if result.error is not None}
    if errors or "failed" in states or 1 in codes:
        return 1
    if "refused" in states or Refused.exit_code in codes:
        return Refused.exit_code
    return console.CHANGES if detailed and "waiting" in states else 0
