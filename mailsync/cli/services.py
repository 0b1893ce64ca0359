"""`mailsync services`: the catalogue, and what each service asks for; reads files, asks nobody."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path

import typer

from mailsync.cli import console
from mailsync.config import FILE
from mailsync.config import load as load_config
from mailsync.desired.faults import Faults, did_you_mean
from mailsync.desired.files import catalogue
from mailsync.desired.model import Place
from mailsync.desired.services.catalogue import Catalogue
from mailsync.errors import MailsyncError
from mailsync.report.services import Listing, service_text, services_json, services_text


class Format(StrEnum):
    """How the catalogue is written."""

    TEXT = "text"
    JSON = "json"


def command(
    context: typer.Context,
    services: list[str] = typer.Argument(
        None, metavar="ID", help="Services to show in full; a table of all when none is named."
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How the catalogue is shown."),
) -> int:
    """Show the services that mailsync knows, and what each asks for.

    Your own, in services/ beside zones/, are among them; without a mailsync.yaml, only those that
    come with mailsync. With an ID: its records, what only you know and where to find it, what a
    person has to do and when, known traps, and how well each record is known.

    Example: mailsync services microsoft365
    """
    known = _catalogue(context.obj)
    faults = Faults()
    found = [
        Listing(service, known.is_own(service.id))
        for name in services or known.ids()
        if (service := known.find(_known(name, known), Place(name, 1, 1), faults)) is not None
    ]
    for error in faults.errors():
        console.complain(error)
    if form is Format.JSON:
        console.give(services_json(found))
    else:
        draw = service_text if services else services_text
        console.give(draw(found, colour=console.colours(sys.stdout), width=console.width()))
    return 1 if faults else 0


def _catalogue(config: Path) -> Catalogue:
    """Give the services of a configuration; ours alone where there is none."""
    if config == Path(FILE) and not config.exists():
        return Catalogue()
    return catalogue(load_config(config))


def _known(name: str, known: Catalogue) -> str:
    if name not in known.ids():
        guess = did_you_mean(name, known.ids()) or ": `mailsync services` lists all"
        raise MailsyncError(f"unknown service {name!r}{guess}")
    return name
