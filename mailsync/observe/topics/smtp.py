"""Whether the mail servers take the domain's mail, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.lint.model import Severity
from mailsync.mail.smtp_reply import explained, verdict
from mailsync.observe.facts import Called, Facts
from mailsync.observe.results import Observation
from mailsync.observe.smtp import Session
from mailsync.observe.topics.saying import Saying

_SAY = Saying("smtp")

_NOT_ITS_BUSINESS = frozenset({"5.1.2", "5.1.8", "5.1.10"})
"""Refusals that say of a domain that it takes no mail, not that the server does not relay."""


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge each address of each MX host."""
    for called in facts.called:
        if called.role == "mx":
            yield from _server(called)
    if facts.left_out:
        detail = f"{facts.left_out} more addresses of mail servers were not looked at"
        yield _SAY.unknown("smtp-dialogue", "the rest", detail)


def _server(called: Called) -> Iterator[Observation]:
    session, subject = called.session, str(called.endpoint)
    if session.garbled or _turns_away(session):
        yield _SAY.failed("smtp-dialogue", subject, session.takes("")[1])
        return
    if session.mail is None:
        yield _SAY.unknown("smtp-dialogue", subject, session.takes("")[1])
        return
    yield _SAY.passed("smtp-dialogue", subject, f"greets with {session.banner}")
    said = verdict(session.mail)
    if said != "accepted":
        told = _SAY.failed if said == "refused" else _SAY.unknown
        yield told("smtp-null-sender", subject, f"MAIL FROM:<>: {explained(session.mail)}")
        return
    yield from _recipients(called, subject)
    yield from _strangers(called, subject)


def _turns_away(session: Session) -> bool:
    return session.banner is not None and verdict(session.banner) == "refused"


def _recipients(called: Called, subject: str) -> Iterator[Observation]:
    session = called.session
    states = {recipient: session.takes(recipient) for recipient in called.known}
    takes_some = any(state == "pass" for state, _ in states.values())
    for recipient, (state, detail) in states.items():
        what = f"{recipient} at {subject}"
        if state == "fail":
            # With another mailbox accepted the domain is known there; only this one is missing.
            postmaster = recipient.startswith("postmaster@") and takes_some
            severity: Severity = "warning" if postmaster else "error"
            yield _SAY.failed("smtp-accepts", what, detail, severity)
        elif state == "pass":
            yield _SAY.passed("smtp-accepts", what, detail)
        else:
            yield _SAY.unknown("smtp-accepts", what, detail)


def _strangers(called: Called, subject: str) -> Iterator[Observation]:
    session = called.session
    state, detail = session.takes(called.stranger)
    if state == "pass":
        words = f"takes mail for {called.stranger}, which nobody has: {detail}"
        yield _SAY.failed("smtp-catch-all", subject, words)
    elif state == "fail":
        words = f"refuses a mailbox that does not exist ({session.answer(called.stranger).reply})"
        yield _SAY.passed("smtp-catch-all", subject, words)
    else:
        yield _SAY.unknown("smtp-catch-all", subject, detail)
    state, detail = session.takes(called.foreign)
    reply = session.answer(called.foreign).reply
    if state == "pass":
        words = f"takes mail from strangers for {called.foreign}: {detail}"
        yield _SAY.failed("smtp-open-relay", subject, words)
    elif state == "fail" and not (
        reply is not None and (reply.enhanced in _NOT_ITS_BUSINESS or reply.code == 556)
    ):
        yield _SAY.passed("smtp-open-relay", subject, f"refuses other domains ({reply})")
    else:
        yield _SAY.unknown("smtp-open-relay", subject, detail)
