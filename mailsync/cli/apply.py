"""`mailsync apply`: does what is due; with a saved plan exactly what was reviewed, or nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.engine import Outcome, Terms, advance
from mailsync.apply.saved import advance_reviewed, compare, reviewed_changes
from mailsync.apply.session import Result, run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.by_hand import steps
from mailsync.cli.interrupts import flagged
from mailsync.cli.notifying import tell
from mailsync.cli.plan import make, saved_plan
from mailsync.cli.progress import Progress
from mailsync.config import load as load_config
from mailsync.desired.files import domains as known_domains
from mailsync.desired.model import Desired
from mailsync.dns.names import BadName, shown, whole
from mailsync.errors import FileErrors, MailsyncError, Refused
from mailsync.observe.observations import Observations
from mailsync.plan.model import DomainPlan, Plan

_POLL = timedelta(minutes=1)
"""How often `--wait` looks again when nothing says when; a hand edit may come at any time."""

_QUESTION = "Do what is due now?"


@dataclass(frozen=True)
class Run:
    """What one invocation works with."""

    loaded: console.Loaded
    terms: Terms
    stop: Flag
    observations: Observations | None = None
    progress: Progress = field(default_factory=Progress)

    def worlds(self) -> Worlds:
        """Open hosts and journal anew: nothing is kept between rounds."""
        seen = self.observations
        return Worlds(self.loaded.config, console.say, self.stop, observations=seen)


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="FILE|DOMAIN",
        help="A plan saved by `plan --out`, or domains and globs; all when none is named. A zone"
        " brings its subdomains along. A word is"
        " a saved plan if it ends in .json or holds a /, or if a file of that name exists and no"
        " zone file does.",
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask on a terminal."),
    wait: bool = typer.Option(
        False, "--wait", "-w", help="Stay, and do what becomes due, until all have converged."
    ),
    allow_removals: bool = typer.Option(
        False, "--allow-removals", help="Let one stage remove many records."
    ),
    observations: Path | None = typer.Option(
        None, "--observations", help=console.OBSERVATIONS_HELP
    ),
    detailed: bool = typer.Option(
        False, "--detailed-exitcode", help="Exit with 2 when a domain has not converged yet."
    ),
) -> int:
    """Do what is due now, and nothing else.

    Run it again and again, by hand or by cron, until every domain has converged. Before each write
    the intent is journalled; after it the records are read back, and every authoritative server is
    asked until all serve them. Ctrl-C and power cuts leave a state from which the next run goes on.

    Where the DNS host has no API it prints the steps for a person, after the journal knows of them,
    and counts them when every authoritative server serves what they lead to.

    With a saved plan it does exactly what was reviewed: when the files or the records have changed
    since, it says what differs, does nothing and exits with 3.
    """
    file = _saved_plan(context.obj, domains or [])
    if file and wait:
        msg = "a saved plan is carried out once, --wait goes on with what nobody reviewed: name one"
        raise MailsyncError(msg, where=str(file))
    plan = None if file is None else saved_plan(file)
    if file is None or plan is None:
        loaded = console.read(context.obj, domains or [])
    else:
        loaded = _load_reviewed(context.obj, plan, file)
    if loaded.errors and (plan is not None or not loaded.domains):
        tell(loaded.config, (), loaded.failed)
        raise FileErrors(loaded.errors)
    for error in loaded.errors:
        console.complain(error)
    terms = Terms(allow_removals, served_within=loaded.config.observe.timeout)
    run = Run(loaded, terms, Flag(), console.observations(observations))
    if file is None or plan is None:
        outcomes = _due(run, yes=yes, wait=wait)
    else:
        outcomes = _reviewed(run, plan, file, yes=yes)
    tell(loaded.config, outcomes, loaded.failed)
    while wait and _must_wait(outcomes):
        _sleep(run, outcomes)
        _check_files(loaded, console.load(context.obj, domains or []))
        run = _observed_anew(run, observations)
        outcomes = _apply(run)
        tell(loaded.config, outcomes, loaded.failed)
    return _exit_code(outcomes, loaded.errors, detailed=detailed)


def _observed_anew(run: Run, path: Path | None) -> Run:
    """Read the observations again: another machine may have looked since; old ones say nothing."""
    try:
        return replace(run, observations=console.observations(path))
    except MailsyncError as error:
        console.say(f"warning: {error}")
        return run


def _saved_plan(config: Path, words: Sequence[str]) -> Path | None:
    """Tell a saved plan from a domain, as the help says."""
    files = [Path(word) for word in words if _is_saved_plan(config, word)]
    if not files:
        return None
    if len(words) > 1:
        msg = "a saved plan stands alone: it names its domains itself"
        raise MailsyncError(msg, where=str(files[0]))
    return files[0]


def _is_saved_plan(config: Path, word: str) -> bool:
    if word.endswith(".json") or os.sep in word:
        return True
    try:
        if not Path(word).is_file():
            return False
    except OSError:  # too long a name, say
        return False
    try:
        name = shown(whole(word))
    except BadName:
        return True
    return name not in known_domains(load_config(config))


def _check_files(began: console.Loaded, now: console.Loaded) -> None:
    """Refuse to go on by files that are no longer so: a `git revert` must not be undone by us."""
    if (now.config, now.domains) != (began.config, began.domains):
        msg = "the files have changed since this run began: it ends here; start it again"
        raise Refused(msg, where=str(began.config.file))


def _due(run: Run, *, yes: bool, wait: bool) -> list[Result[Outcome]]:
    """Ask on a terminal, once for the whole run, then do what is due."""
    if yes or not sys.stdin.isatty():
        return _apply(run)
    now = console.this_second()
    plan = make(run.loaded.config, run.loaded.domains, now, run.observations)
    _show(plan)
    states = {domain.status for domain in plan.domains}
    if "changes" in states:
        _confirm("Do what is due now, and stay for what becomes due?" if wait else _QUESTION)
    elif wait and "waiting" in states:
        _confirm("Stay and do what becomes due?")
    shown_changes = frozenset(c for domain in plan.domains for c in reviewed_changes(domain))
    return _apply(replace(run, terms=replace(run.terms, only=shown_changes)))


def _apply(run: Run) -> list[Result[Outcome]]:
    worlds = run.worlds()

    def work(desired: Desired) -> Outcome:
        world = worlds.open(desired)
        with world.journal.lock(world.zone):
            return world.run(advance(desired, world.host.capability, run.terms))

    return _reported(run, work)


def _load_reviewed(config: Path, plan: Plan, file: Path) -> console.Loaded:
    """Read the files of the plan's domains, and no others: all of them have to be right."""
    saved = {domain.domain for domain in plan.domains}
    known = saved & set(known_domains(load_config(config)))
    if saved and not known:
        raise _no_longer(saved, file)
    loaded = console.read(config, sorted(known))
    if loaded.errors:
        return loaded
    names = {shown(desired.domain) for desired in loaded.domains}
    if saved - names:
        raise _no_longer(saved - names, file)
    if names - saved:
        new = ", ".join(sorted(names - saved))
        msg = f"the files name {new} as well, which the saved plan does not know; plan again"
        raise Refused(msg, where=str(file))
    return loaded


def _no_longer(gone: set[str], file: Path) -> Refused:
    """Say which domains of a saved plan the files have lost."""
    names = ", ".join(sorted(gone))
    msg = f"the saved plan is for {names}, which the files no longer name; plan again"
    return Refused(msg, where=str(file))


def _reviewed(run: Run, plan: Plan, file: Path, *, yes: bool) -> list[Result[Outcome]]:
    """Compare the saved plan with the world, all of it, then do exactly what it says."""
    saved = {domain.domain: domain for domain in plan.domains}
    if not yes and sys.stdin.isatty():
        _show(plan)
        _confirm(_QUESTION)
    _check(run, saved, plan.created, file)
    worlds = run.worlds()

    def work(desired: Desired) -> Outcome:
        world = worlds.open(desired)
        reviewed = saved[shown(desired.domain)]
        with world.journal.lock(world.zone):
            course = advance_reviewed(desired, world.host.capability, reviewed, run.terms)
            return world.run(course)

    return _reported(run, work)


def _check(run: Run, saved: dict[str, DomainPlan], created: datetime, file: Path) -> None:
    """Refuse the whole saved plan when anything that it was made from differs."""
    worlds = run.worlds()

    def work(desired: Desired) -> list[str]:
        world = worlds.open(desired)
        reviewed = saved[shown(desired.domain)]
        return world.run(compare(desired, world.host.capability, reviewed, created))

    with flagged(run.stop):
        results = list(run_all(run.loaded.domains, work, run.stop))
    differences = []
    for result in results:
        if result.error is not None:
            raise result.error
        differences += result.value or []
    if differences:
        for line in sorted(differences):
            console.say(f"differs: {line}")
        msg = "the saved plan no longer fits: nothing was done; plan and review again"
        raise Refused(msg, where=str(file))


def _show(plan: Plan) -> None:
    from mailsync.report.text import plan_text

    console.give(plan_text(plan, colour=console.colours(sys.stdout), width=console.width()))


def _confirm(question: str) -> None:
    if not typer.confirm(question, default=False, err=True):
        msg = "not confirmed: nothing was done"
        raise Refused(msg)


def _reported(run: Run, work: Callable[[Desired], Outcome]) -> list[Result[Outcome]]:
    """Do the work, telling how each domain stands as soon as it is known."""
    results = []
    with flagged(run.stop), closing(run_all(run.loaded.domains, work, run.stop)) as running:
        for result in running:
            results.append(result)
            if (result.error is None or not run.stop.is_set()) and run.progress.tell(result):
                _give_steps(run, result)
    return results


def _give_steps(run: Run, result: Result[Outcome]) -> None:
    """Print what a person has to do, where the DNS host has no API."""
    if result.value is not None and result.value.asked is not None:
        for text in steps(run.worlds(), result.desired, (result.value.asked,)):
            console.give(text)


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
    with flagged(run.stop):
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
