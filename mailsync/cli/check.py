"""`mailsync check`: looks at the real world; writes nothing but ``--out``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.cli import check_subjects, console
from mailsync.cli.check_gates import write as write_gates
from mailsync.cli.check_stream import in_order
from mailsync.cli.interrupts import flagged
from mailsync.cli.writing import whole_file
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.observe.check import check
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.results import TOPICS, Checked, Summary, Topic
from mailsync.report.check import CheckText, Form
from mailsync.report.check_html import CheckHtml
from mailsync.report.check_json import CheckJson
from mailsync.report.check_markdown import CheckMarkdown

_LISTED_IN_FULL = 3
"""Up to so many domains, the text lists what is as it should be, too."""


class Format(StrEnum):
    """How the findings are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def command(  # noqa: PLR0913, PLR0917  # typer: each option is an argument
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None,
        metavar="DOMAIN",
        help="Domains to look at, with a zone file or without, or globs of those that have one; "
        "all that have one when none is named.",
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How it is shown."),
    out: Path | None = typer.Option(None, "--out", "-o", help="Write it to a file."),
    only: list[str] = typer.Option(
        None, "--only", metavar="TOPIC", help=f"Only this: {', '.join(TOPICS)}. May be repeated."
    ),
    problems: bool = typer.Option(
        False, "--problems", help="List only what is not as it should be (text)."
    ),
    watch: int | None = typer.Option(
        None,
        "--watch",
        min=1,
        metavar="SECONDS",
        help="Look again so often, and tell what changed.",
    ),
    timeout: float = typer.Option(
        60.0, "--timeout", min=0.1, max=3600, metavar="SECONDS", help="For one domain as a whole."
    ),
    gates: bool = typer.Option(
        False, "--gates", help="Look at the mail servers only, and save what gates want to know."
    ),
    mailbox: list[str] = typer.Option(
        None, "--mailbox", metavar="ADDRESS", help="A mailbox that exists. May be repeated."
    ),
    sender: list[str] = typer.Option(
        None, "--sender", metavar="IP", help="An address that sends for the domains."
    ),
    selector: list[str] = typer.Option(None, "--selector", help="A selector of DKIM."),
    old_host: list[str] = typer.Option(
        None, "--old-host", metavar="HOST", help="A server that took the mail before."
    ),
    helo: str = typer.Option("", "--helo", metavar="NAME", help="The name to say in EHLO."),
    smtp_port: int = typer.Option(25, "--smtp-port", hidden=True, min=1, max=65535),
) -> int:
    """Look at the real world, and say what is wrong.

    Name servers, resolvers, mail servers, TLS, DANE, policies, SPF, DKIM, DMARC, reverse names, and
    whoever else still takes the mail.

    Mail servers are asked up to RCPT TO, never further: nothing is sent. What could not be found
    out (a blocked port, a server that asks to come back later) is shown as unknown, never as an
    error. No resolver is asked for a name that is about to be created.

    Exits with 1 if anything is in error.

    Example: mailsync check example.co.jp --mailbox info@example.co.jp
    """
    now = console.exact_now()
    topics = _topics(only or [])
    if watch is not None and (form is not Format.TEXT or out is not None or gates):
        raise MailsyncError(
            "--watch tells changes as text on a terminal: leave out the other forms"
        )
    if gates and out is None:
        raise MailsyncError("--gates saves what was seen: name a file with --out")
    declared = check_subjects.declared_by(
        mailbox or [], sender or [], selector or [], old_host or []
    )
    asked = check_subjects.asked(context.obj, domains or [], declared, now)
    for error in asked.errors:
        console.complain(error)
    settings = Settings(
        seconds=timeout,
        patience=check_subjects.PATIENCE,
        canaries=asked.canaries,
        smtp_port=smtp_port,
        helo=helo,
    )
    stop = Flag()
    with flagged(stop):
        if gates and out is not None:
            code = write_gates(out, asked.subjects, asked.gatherer(settings, stop), now, stop)
        elif watch is not None:
            code = _watched(asked, settings, topics, watch, stop)
        else:
            code = _once(
                asked.subjects,
                asked.gatherer(settings, stop),
                topics,
                _Out(form, out, problems),
                stop,
            )
    return 1 if asked.errors else code


class _Out:
    """Where a report goes, and in which form."""

    def __init__(self, form: Format, path: Path | None, problems: bool) -> None:
        self._form, self._path, self._problems = form, path, problems

    def form(self, domains: int) -> Form:
        """Give the form for a report about so many domains."""
        if self._form is Format.JSON:
            return CheckJson()
        if self._form is Format.MARKDOWN:
            return CheckMarkdown()
        if self._form is Format.HTML:
            return CheckHtml()
        on_paper = self._path is not None
        brief = self._problems or domains > _LISTED_IN_FULL
        colour = not on_paper and console.colours(sys.stdout)
        return CheckText(colour=colour, width=100 if on_paper else console.width(), brief=brief)

    def opened(self) -> AbstractContextManager[Callable[[str], None]]:
        """Give what takes the pieces of the report: a file as a whole, or stdout."""
        return nullcontext(console.give) if self._path is None else whole_file(self._path)


def _once(
    subjects: Sequence[Subject],
    gatherer: Gatherer,
    topics: Sequence[Topic],
    out: _Out,
    stop: Flag,
) -> int:
    """Look at every domain, and write each as it comes."""
    form, summary = out.form(len(subjects)), Summary()
    with out.opened() as give:
        give(form.head(console.exact_now()))
        for checked in _each(subjects, gatherer, topics, stop):
            give(form.domain(checked))
            summary = summary.plus(checked)
        if stop.is_set():
            raise KeyboardInterrupt  # no report that looks whole
        give(form.foot(summary))
    return 1 if dict(summary.levels).get("error") else 0


def _watched(
    asked: check_subjects.Asked,
    settings: Settings,
    topics: Sequence[Topic],
    seconds: int,
    stop: Flag,
) -> int:
    """Look again and again, and tell what stands otherwise; until Ctrl-C."""
    before: dict[str, Checked] = {}
    brief = len(asked.subjects) > _LISTED_IN_FULL
    form = CheckText(colour=console.colours(sys.stdout), width=console.width(), brief=brief)
    console.give(form.head(console.exact_now()))
    while not stop.is_set():
        for checked in _each(asked.subjects, asked.gatherer(settings, stop), topics, stop):
            known = before.get(checked.domain)
            console.give(form.domain(checked) if known is None else form.changes(known, checked))
            before[checked.domain] = checked
        stop.wait(seconds)
    return 0


def _each(
    subjects: Sequence[Subject], gatherer: Gatherer, topics: Sequence[Topic], stop: Flag
) -> Iterator[Checked]:
    def work(subject: Subject) -> Checked:
        return check(subject, gatherer, topics)

    return in_order(subjects, work, _failed, stop)


def _failed(subject: Subject, error: Exception) -> Checked:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    message = f"internal error ({text}): please report it"
    has_file = subject.desired is not None
    return Checked(shown(subject.domain), console.exact_now(), has_file, error=message)


def _topics(only: Iterable[str]) -> tuple[Topic, ...]:
    wanted = list(only)
    for word in wanted:
        if word not in TOPICS:
            raise MailsyncError(f"--only {word[:40]!r} is no topic: write {', '.join(TOPICS)}")
    return tuple(topic for topic in TOPICS if not wanted or topic in wanted)
