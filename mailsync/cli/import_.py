"""`mailsync import`: writes the zone file that says what a zone is; changes nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.session import Result, run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.import_from import (
    FromDns,
    FromHosts,
    FromMasterFile,
    FromOctodns,
    Origin,
    selectors,
)
from mailsync.cli.init_files import is_untouched
from mailsync.cli.writing import write
from mailsync.config import Config
from mailsync.config import load as load_config
from mailsync.desired import files, syntax
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.trial import Trial
from mailsync.dns.names import BadName, shown, whole
from mailsync.errors import MailsyncError
from mailsync.importing.model import Import
from mailsync.importing.recognise import imported
from mailsync.report.imported import import_text


class Include(StrEnum):
    """What is taken over."""

    MAIL = "mail"
    RECORDS = "records"


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for, besides the zones. ``config`` is None where there is none."""

    config: Config | None
    include: Include
    force: bool
    stdout: bool
    now: datetime


def command(  # noqa: PLR0913, PLR0917  # the options of a command are its arguments
    context: typer.Context,
    domains: list[str] = typer.Argument(
        ..., metavar="DOMAIN", help="Zones to import, or globs of those that the DNS host lists."
    ),
    from_dns: bool = typer.Option(
        False, "--from-dns", help="Ask the name servers for the usual mail names."
    ),
    from_zone: Path = typer.Option(
        None, "--from-zone", metavar="FILE", help="Read a master file (RFC 1035)."
    ),
    from_octodns: Path = typer.Option(
        None, "--from-octodns", metavar="DIR", help="Read octoDNS' YAML."
    ),
    selector: list[str] = typer.Option(
        None, "--selector", metavar="NAME", help="With --from-dns: a DKIM selector to ask for."
    ),
    include: Include = typer.Option(
        Include.MAIL, "--include", help="Mail alone, or all other records as well."
    ),
    force: bool = typer.Option(False, "--force", help="Replace files that are there."),
    stdout: bool = typer.Option(False, "--stdout", help="Print the files instead of writing them."),
) -> int:
    """Write the zone file that says what a zone is now.

    Reads the zone from the DNS host that mailsync.yaml names for it, or from where --from-dns,
    --from-zone or --from-octodns says, and writes zones/DOMAIN.yaml. Nothing is changed anywhere
    else, and a plan right after it is empty: what a file could not say exactly is left out, with
    the reason.

    Example: mailsync import example.co.jp, then mailsync plan example.co.jp
    """
    away = [from_dns, from_zone is not None, from_octodns is not None]
    if sum(away) > 1:
        raise MailsyncError("--from-dns, --from-zone and --from-octodns: choose one")
    if selector and not from_dns:
        raise MailsyncError("--selector goes with --from-dns: every other way lists the selectors")
    path: Path = context.obj
    # Whoever only looks needs no configuration.
    config = None if stdout and any(away) and not path.exists() else load_config(path)
    wanted = Wanted(config, include, force, stdout, console.this_second())
    stop = Flag()
    trial = _trial(config)
    origin: Origin
    if from_dns:
        servers = None if config is None else config.observe.nameservers
        asked = None if isinstance(servers, str) else servers
        origin = FromDns(selectors(selector or [], trial.services), asked)
    elif from_zone is not None:
        origin = FromMasterFile(from_zone)
    elif from_octodns is not None:
        origin = FromOctodns(from_octodns)
    else:
        assert config is not None  # noqa: S101  # there is none only with another origin
        origin = FromHosts(config, Worlds(config, console.say, stop))
    return _run(domains, origin, wanted, trial, stop)


def _trial(config: Config | None) -> Trial:
    if config is None:
        return Trial()
    layers = Layers(config.defaults, config.profiles, files.catalogue(config))
    return Trial(layers, config.severities)


def _run(domains: Sequence[str], origin: Origin, wanted: Wanted, trial: Trial, stop: Flag) -> int:
    zones, errors = _zones(domains, origin)
    for error in errors:
        console.complain(error)
    there = frozenset() if wanted.config is None else frozenset(files.domains(wanted.config))
    stubs = [Desired(zone, zone, (), Place("", 1, 1)) for zone in zones]
    work = partial(_import, origin=origin, wanted=wanted, trial=trial, there=there)
    results: list[Result[tuple[Import, str]]] = []
    for result in run_all(stubs, work, stop):
        results.append(result)
        if result.error is not None:
            console.complain(result.error)
        if len(stubs) > 1:
            console.say(f"{len(results)} of {len(stubs)}: {shown(result.desired.zone)}")
    done = [r.value for r in sorted(results, key=lambda r: r.desired.zone) if r.value is not None]
    _tell(done, wanted)
    return 1 if errors or len(done) < len(stubs) else 0


def _tell(done: Sequence[tuple[Import, str]], wanted: Wanted) -> None:
    """Give the files or the report on stdout; the report beside files goes to stderr."""
    for one, file in done:
        report = import_text(one, file, width=console.width())
        if wanted.stdout:
            console.give(one.text)
            for line in report.splitlines():
                console.say(line)
        else:
            console.give(report)
    if done and not wanted.stdout:
        empty = not any(one.still for one, _ in done)
        says = "shows that nothing changes" if empty else "shows what would change"
        what = f" {shown(done[0][0].zone)}" if len(done) == 1 else ""
        console.say(f"Next: `mailsync plan{what}` {says}. Then write down the mail that you want.")


def _zones(
    patterns: Sequence[str], origin: Origin
) -> tuple[tuple[str, ...], tuple[MailsyncError, ...]]:
    """Find the zones that are meant, by absolute name; a glob is looked up in what is listed."""
    found: dict[str, None] = {}
    errors = []
    listed: tuple[str, ...] | None = None
    for pattern in patterns:
        try:
            if not any(char in pattern for char in "*?["):
                found[whole(pattern)] = None
                continue
            listed = origin.zones() if listed is None else listed
            glob = pattern.lower().rstrip(".")
            matched = [zone for zone in listed if fnmatchcase(shown(zone), glob)]
        except BadName as error:
            errors.append(MailsyncError(str(error)))
            continue
        found.update(dict.fromkeys(matched))
        if not matched:
            errors.append(MailsyncError(f"no zone there matches {pattern!r}"))
    return tuple(found), tuple(errors)


def _import(
    desired: Desired, *, origin: Origin, wanted: Wanted, trial: Trial, there: frozenset[str]
) -> tuple[Import, str]:
    zone = desired.zone
    path = None
    if not wanted.stdout and wanted.config is not None:
        path = wanted.config.zones / f"{shown(zone)}.yaml"
        mine = is_untouched(path) or (wanted.force and path.exists())
        if shown(zone) in there and not mine:
            raise _taken(zone, path)
    found = replace(origin.read(zone), everything=wanted.include is Include.RECORDS)
    one = imported(found, trial, wanted.now)
    _check_readable(zone, one.text)
    if path is None:
        return one, "stdout"
    write(path, one.text, force=wanted.force or is_untouched(path))
    return one, syntax.shown(path)


def _check_readable(zone: str, text: str) -> None:
    """See that the file is no larger than files may be."""
    faults = Faults()
    syntax.parse(text.encode(), "its file", faults)
    for error in faults.errors()[:1]:
        why = f"{error.message}; it would be: import its mail alone, or write the file by hand"
        raise MailsyncError(why, where=shown(zone))


def _taken(zone: str, path: Path) -> MailsyncError:
    if path.exists():
        what = f"{syntax.shown(path)} is there: --force replaces it, --stdout only shows"
    else:
        what = f"another file in {syntax.shown(path.parent)} holds for it: --stdout only shows"
    return MailsyncError(what, where=shown(zone))
