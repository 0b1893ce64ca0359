"""`mailsync github`: what the GitHub action runs; see action.yml and docs/github.md.

`plan` shows the plan in the job's summary and in one comment of the pull request, `apply` does what
is due and shows what comes next. Both set the step's outputs and annotate what is wrong.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from http import HTTPStatus
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import typer

from mailsync.cli import apply as apply_command
from mailsync.cli import console
from mailsync.cli import plan as plan_command
from mailsync.cli.github_markdown import ROOM_MIN, Report, markdown
from mailsync.cli.github_step import Note, PullRequest, Step, current_step
from mailsync.cli.writing import save
from mailsync.errors import FileErrors, MailsyncError
from mailsync.lint.model import Severity
from mailsync.plan.document import to_json
from mailsync.report.markdown import COMMENT_LIMIT
from mailsync.report.workflow import Level

app = typer.Typer(
    help="What the GitHub action runs: see action.yml.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

NOTES_LIMIT = 50
"""The most annotations of a run; GitHub shows ten of a level for each step."""

_ANNOTATED: Mapping[Severity, Level] = {"error": "error", "warning": "warning"}
"""What is annotated; the rest stands in the summary, and would be noise beside the files."""

_DOMAINS = typer.Argument(None, metavar="DOMAIN", help="Domains or globs; all if none.")
_OUT = typer.Option(
    None, "--out", "-o", help="Where the plan is saved.", show_default="in $RUNNER_TEMP"
)
_OBSERVATIONS = typer.Option(
    None, "--observations", envvar="MAILSYNC_OBSERVATIONS", help=console.OBSERVATIONS_HELP
)


@app.command("plan")
def plan(
    context: typer.Context,
    domains: list[str] = _DOMAINS,
    out: Path = _OUT,
    comment: bool = typer.Option(
        True, envvar="MAILSYNC_COMMENT", help="Comment on the pull request, if it is one."
    ),
    observations: Path | None = _OBSERVATIONS,
) -> int:
    """Plan; show it in the job's summary and in one comment of the pull request.

    Exits as `mailsync plan` does: with 1 when files or domains have errors, else 0. A comment that
    cannot be written is told, and changes nothing.
    """
    step = _trusted_step()
    with step.as_plain_text():
        report = _planned(context.obj, domains or [], observations)
        for error in report.errors:
            console.complain(error)
        if report.plan is not None:
            console.give(plan_command.shown_as(report.plan, plan_command.Format.TEXT))
    _publish(step, report, out)
    if comment:
        for note in _comment(step, report, _marker(context.obj, domains or [])):
            step.annotate(note)
    return _exit_code(report)


@app.command("apply")
def apply(
    context: typer.Context,
    domains: list[str] = _DOMAINS,
    out: Path = _OUT,
    observations: Path | None = _OBSERVATIONS,
) -> int:
    """Do what is due, without asking; show what was done and what comes next.

    Exits as `mailsync apply` does; that something still waits for its time is no error.
    """
    step = _trusted_step()
    with step.as_plain_text():
        code, said = _applied(context, domains or [], observations)
        after = _planned(context.obj, domains or [], observations)
    _publish(step, Report(after.plan, after.errors, code, said), out)
    return code


def _trusted_step() -> Step:
    """Take the step from the environment; refuse the event that hands secrets to strangers."""
    step = current_step(os.environ)
    if step.event_name == "pull_request_target":
        raise MailsyncError(
            "pull_request_target runs a stranger's files with this repository's secrets:"
            " use pull_request"
        )
    return step


# ---- The run ------------------------------------------------------------------------------------


def _planned(config: Path, domains: Sequence[str], observations: Path | None) -> Report:
    """Plan what can be read; what cannot is told in the report."""
    try:
        loaded = console.load(config, domains)
        seen = console.observations(observations)
        made = plan_command.make(loaded.config, loaded.domains, console.this_second(), seen)
    except FileErrors as error:
        return Report(None, error.errors)
    except MailsyncError as error:
        return Report(None, (error,))
    return Report(made, loaded.errors)


def _applied(
    context: typer.Context, domains: list[str], observations: Path | None
) -> tuple[int, tuple[str, ...]]:
    """Run `mailsync apply --yes`; give its exit code, and what it said."""
    with _overheard() as said:
        try:
            code = apply_command.command(
                context,
                domains,
                yes=True,
                wait=False,
                allow_removals=False,
                observations=observations,
                detailed=False,
            )
        except MailsyncError as error:
            console.complain(error)
            code = error.exit_code
    return code, tuple(said.getvalue().splitlines())


class _Tee(io.StringIO):
    """Keeps what is written, and passes it on."""

    def __init__(self, onward: TextIO) -> None:
        super().__init__()
        self._onward = onward

    def write(self, text: str) -> int:
        self._onward.write(text)
        return super().write(text)

    def flush(self) -> None:
        self._onward.flush()


@contextmanager
def _overheard() -> Iterator[io.StringIO]:
    """Keep what is said on stderr meanwhile; the log has it all the same."""
    with redirect_stderr(_Tee(sys.stderr)) as said:
        yield said


# ---- What is shown of it ------------------------------------------------------------------------


def _publish(step: Step, report: Report, out: Path | None) -> None:
    """Save the plan, write the summary, set the outputs, annotate."""
    file = out or (step.temporary or Path()) / "mailsync-plan.json"
    digest = _save(report, file)
    room = step.summary_room()
    if room >= ROOM_MIN:
        step.summarise(markdown(report, room))
    status = _status(report)
    step.put(
        {
            "status": status,
            "changes": "true" if status in {"changes", "waiting"} else "false",
            "digest": digest,
            "plan": str(file) if digest else "",
        }
    )
    notes = _notes(report)
    for note in notes[:NOTES_LIMIT]:
        step.annotate(note)
    if len(notes) > NOTES_LIMIT:
        more = len(notes) - NOTES_LIMIT
        step.annotate(Note("warning", f"and {more} more, see the summary"))


def _save(report: Report, file: Path) -> str:
    """Save the plan as JSON and give its digest, which also tells whether the file is whole."""
    if report.plan is None:
        return ""
    text = to_json(report.plan)
    save(file, text)
    return str(json.loads(text)["digest"])


def _status(report: Report) -> str:
    """Sum up all domains in one word, the most urgent that is true of any."""
    if report.plan is None or report.errors:
        return "error"
    found = {domain.status for domain in report.plan.domains}
    return next((s for s in ("error", "changes", "waiting") if s in found), "converged")


def _exit_code(report: Report) -> int:
    return 1 if _status(report) == "error" else 0


def _notes(report: Report) -> list[Note]:
    """Give what is to be annotated, errors first."""
    notes = [Note("error", error.message, error.where) for error in report.errors]
    for domain in report.plan.domains if report.plan else ():
        notes += [
            Note(_ANNOTATED[f.severity], f.message, f.where)
            for f in domain.findings
            if f.severity in _ANNOTATED
        ]
    known = {str(note) for note in notes}
    for line in report.said:
        kind, _, message = line.partition(": ")
        if kind in {"error", "refused"} and message not in known:
            notes.append(Note("error", line))
    return sorted(notes, key=lambda note: note.level)


# ---- The comment --------------------------------------------------------------------------------


def _marker(config: Path, domains: Sequence[str]) -> str:
    """Name the comment by what is planned: two configurations have two comments.

    Percent-encoding leaves nothing that could end an HTML comment.
    """
    name = quote(" ".join([config.as_posix(), *domains]), safe="/*?")
    return f"<!-- mailsync:{name} -->"


def _comment(step: Step, report: Report, marker: str) -> Iterator[Note]:
    """Write the comment; give what went wrong or was found odd."""
    from mailsync.cli.github_api import ApiError, place_comment

    try:
        pull_request: PullRequest | None = step.pull_request()
        if pull_request is None:
            return
        if not step.token:
            yield Note("notice", "no comment written: there is no token; see the job's summary")
            return
        text = markdown(report, COMMENT_LIMIT - len(marker) - 1)
        placed = place_comment(step, pull_request, marker, text)
    except ApiError as error:
        # What a token may not see is answered with 404.
        denied = error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and not error.passes
        why = " (it takes pull-requests: write, which a fork's pull request never has)"
        yield Note(
            "notice" if denied else "warning",
            f"no comment written: {error}{why if denied else ''}; see the job's summary",
        )
    except MailsyncError as error:
        yield Note("warning", f"no comment written: {error}; see the job's summary")
    else:
        for url in placed.others:
            yield Note("notice", f"an older run's second comment may be deleted: {url}")
