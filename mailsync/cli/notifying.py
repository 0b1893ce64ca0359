"""Tells people what came of a run, as ``notify`` in mailsync.yaml says, and notes what was told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mailsync.apply.engine import Outcome
from mailsync.apply.session import Result
from mailsync.apply.wiring import open_journal
from mailsync.cli import console
from mailsync.config import Config
from mailsync.dns.names import absolute, shown
from mailsync.errors import MailsyncError
from mailsync.journal.events import Told
from mailsync.notify.news import News, news, unread, untold

if TYPE_CHECKING:
    from mailsync.notify.sending import Way


def tell(
    config: Config,
    results: Sequence[Result[Outcome]],
    failed: Mapping[str, Sequence[MailsyncError]],
) -> None:
    """Send one message for all that is news, ``failed`` files as well; never raises.

    What goes wrong is printed, and changes nothing about the run nor its exit code. What stands is
    told at the next run, where nobody could be told.
    """
    if config.notify is None:
        return
    now = console.exact_now()
    found: list[News] = []
    notes: list[tuple[str, Told]] = []
    wanted = config.notify.kinds
    try:
        journal = open_journal(config)
    except MailsyncError:
        journal = None  # told as a failure of each domain itself
    said = [(shown(r.desired.domain), r.desired.zone, news(r, now)) for r in results]
    said += [(name, absolute(f"{name}."), (unread(name, told),)) for name, told in failed.items()]
    for domain, zone, all_of_it in said:
        mine = [one for one in all_of_it if one.kind in wanted]
        try:
            entries = () if journal is None else journal.read(zone)
        except MailsyncError:
            entries = ()
        fresh, note = untold(mine, entries, domain, now)
        found += fresh
        if note is not None:
            notes.append((zone, note))
    heard = not found or _sent(config.notify.said, found)
    if journal is None or not heard:
        return
    for zone, note in notes:
        try:
            with journal.lock(zone):
                journal.append(zone, (note,))
        except MailsyncError as error:
            console.complain(error)


def _sent(settings: Mapping[str, object], found: Sequence[News]) -> bool:
    """Send by every way; one that fails does not stop the others. False where all failed."""
    from mailsync.notify.sending import ways

    try:
        known = ways(settings, os.environ)
    except MailsyncError as error:
        console.complain(error)
        return False
    return sum(_sent_by(way, found) for way in known) > 0


def _sent_by(way: Way, found: Sequence[News]) -> bool:
    try:
        way.send(found)
    except MailsyncError as error:
        console.complain(error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the run's own work is done
        # Its words may hold a secret.
        message = f"nobody was notified: internal error ({type(error).__name__}): please report it"
        console.complain(MailsyncError(message, where="notify"))
    else:
        return True
    return False
