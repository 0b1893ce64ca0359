"""`mailsync check --gates`: what gates want to know of mail servers, saved for another machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Event as Flag

from mailsync.cli import console
from mailsync.cli.check_stream import in_order
from mailsync.cli.writing import whole_file
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.observe import gates
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Gatherer
from mailsync.observe.observations import KEY_VARIABLE, Certificate, Sight, to_json


def write(
    path: Path, subjects: Sequence[Subject], gatherer: Gatherer, now: datetime, stop: Flag
) -> int:
    """Look, and save; signed where the environment has a key. Gives the exit code."""
    key = os.environ.get(KEY_VARIABLE, "").encode() or None
    to_json(now, (), key)  # a key that cannot be used is told before anybody is asked
    sights: list[Sight] = []
    certificates: list[Certificate] = []
    failures: list[MailsyncError] = []

    def work(subject: Subject) -> gates.Seen:
        return gates.look(subject, gatherer, console.exact_now)

    def failed(subject: Subject, error: Exception) -> gates.Seen:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"internal error ({text}): please report it"
        failures.append(MailsyncError(message, where=shown(subject.domain)))
        return gates.Seen(())

    for found in in_order(subjects, work, failed, stop):
        sights += found.sights
        certificates += found.certificates
    for failure in failures:
        console.complain(failure)
    if stop.is_set():
        raise KeyboardInterrupt  # no file that looks whole
    with whole_file(path) as give:
        give(to_json(console.exact_now(), sights, key, certificates))
    counted = {
        state: sum(s.state == state for s in sights) for state in ("pass", "fail", "unknown")
    }
    how = "signed" if key else f"not signed: {KEY_VARIABLE} is not set"
    numbers = ", ".join(f"{number} {state}" for state, number in counted.items())
    if certificates:
        numbers += f"; {sum(bool(one.tlsa) for one in certificates)} of "
        numbers += f"{len(certificates)} certificates for tlsa: auto"
    console.say(f"saved: {path} ({how}; {numbers})")
    return 1 if counted["fail"] or failures else 0
