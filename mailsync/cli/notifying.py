"""Tells people what came of a run, as ``notify`` in mailsync.yaml says, and notes what was told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from mailsync.apply.engine import Outcome
from mailsync.apply.session import Result
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.config import Config
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.journal.events import Told
from mailsync.notify.news import News, news, untold


def tell(config: Config, worlds: Worlds, results: Sequence[Result[Outcome]]) -> bool:
    """Send one message for all that is news; False where nobody could be told.

    Errors are printed, and change nothing about what was done.
    """
    if config.notify is None:
        return True
    now = console.exact_now()
    found: list[News] = []
    notes: list[tuple[str, Told]] = []
    wanted = config.notify.kinds
    journal = worlds.journals()
    for result in results:
        mine = [one for one in news(result, now) if one.kind in wanted]
        domain, zone = shown(result.desired.domain), result.desired.zone
        try:
            entries = journal.read(zone)
        except MailsyncError:
            entries = ()  # told as a failure of the domain itself
        fresh, note = untold(mine, entries, domain, now)
        found += fresh
        if note is not None:
            notes.append((zone, note))
    told = not found or _sent(config.notify.said, found)
    if told:
        for zone, note in notes:
            try:
                with journal.lock(zone):
                    journal.append(zone, (note,))
            except MailsyncError as error:
                console.complain(error)
    return told


def _sent(settings: Mapping[str, object], found: Sequence[News]) -> bool:
    """Send by every way; one that fails does not stop the others."""
    from mailsync.notify.sending import ways

    whole = True
    try:
        for way in ways(settings, os.environ):
            try:
                way.send(found)
            except MailsyncError as error:
                console.complain(error)
                whole = False
    except MailsyncError as error:
        console.complain(error)
        whole = False
    return whole
