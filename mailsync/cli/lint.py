"""`mailsync lint`: what is wrong in the mail that the files ask for; writes nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from threading import Event as Flag

import typer

from mailsync import __version__
from mailsync.apply.session import run_all
from mailsync.cli import console
from mailsync.config import Config
from mailsync.config import load as load_config
from mailsync.desired import files
from mailsync.desired.model import Desired
from mailsync.desired.rule_ids import OCTODNS
from mailsync.dns.answer import Resolver
from mailsync.errors import MailsyncError
from mailsync.lint.case import Files
from mailsync.lint.judge import Judgement, judge, ordered
from mailsync.lint.registry import UnknownRule, rule
from mailsync.lint.unread import unread
from mailsync.report import findings as report
from mailsync.report.findings import Lint


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def command(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None, metavar="DOMAIN", help="Domains to judge, or globs; all when none is named."
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How findings are written."),
    explain: str = typer.Option(None, "--explain", metavar="ID", help="Tell a rule's story."),
    listed: bool = typer.Option(False, "--list", help="List all rules."),
    online: bool = typer.Option(
        False, "--online", help="Also ask the DNS for names elsewhere, such as SPF includes."
    ),
    strict: bool = typer.Option(False, "--strict", help="Exit with 1 for warnings, too."),
) -> int:
    """Check the files: what is wrong in the mail that they ask for.

    Reads the files and nothing else: no DNS host, no network, unless --online is given. Names that
    a file asks for are never asked for: a resolver that is asked too early remembers that there was
    nothing.

    Severities are set in mailsync.yaml, `lint: {severity: {spf-helo: off}}`. What a domain's file
    lists under 'acknowledge' is shown, and does not count.

    Example: mailsync lint example.co.jp, then mailsync lint --explain mx-points-to-apex
    """
    if explain is not None:
        console.give(_story(explain))
        return 0
    if listed:
        from mailsync.hosts.validators import ids

        write = report.rules_json if form is Format.JSON else report.rules_text
        console.give(write(ids()))
        return 0
    config = load_config(context.obj)
    loaded = files.load(config, domains or [])
    everyone = loaded.desired if not domains else files.load(config).desired
    judged = [*unread(loaded.errors), *_judged(config, loaded.desired, everyone, online=online)]
    placeless = [error for error in loaded.errors if not error.where]
    for error in placeless:
        console.complain(error)
    found = Lint(ordered(tuple(judged)), len(loaded.desired) + len(loaded.failed), online)
    console.give(_written(found, form))
    wrong = found.count("error") + (found.count("warning") if strict else 0)
    return 1 if wrong or placeless else 0


def _judged(
    config: Config, domains: Sequence[Desired], everyone: Sequence[Desired], *, online: bool
) -> list[Judgement]:
    from mailsync.hosts import validators

    resolver: Resolver | None = None
    if online:
        from mailsync.observe.lookups import lookups

        resolver = lookups(everyone, config.observe.nameservers)
    work = partial(_one, Files.of(everyone), resolver)
    found = list(validators.judge(domains))
    stop = Flag()
    for result in run_all(domains, work, stop):
        if result.value is None:
            raise result.error or MailsyncError("no result")
        found += result.value
    return found


def _one(among: Files, resolver: Resolver | None, desired: Desired) -> tuple[Judgement, ...]:
    return judge(desired, among, resolver)


def _story(id_: str) -> str:
    if id_.startswith(OCTODNS):
        from mailsync.hosts.validators import story

        told = story(id_)
        if told:
            return f"{id_}: a validator of octoDNS, in its own words:\n{told}\n"
    try:
        return report.rule_text(rule(id_), width=console.width())
    except UnknownRule as error:
        raise MailsyncError(str(error)) from None


def _written(found: Lint, form: Format) -> str:
    if form is Format.JSON:
        return report.lint_json(found)
    if form is Format.SARIF:
        from mailsync.report.sarif import lint_sarif

        return lint_sarif(found, __version__)
    if form is Format.GITHUB:
        from mailsync.report.workflow import lint_annotations

        return lint_annotations(found)
    return report.lint_text(found, colour=console.colours(sys.stdout), width=console.width())
