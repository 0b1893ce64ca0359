"""The DMARC policy that receivers find, and whether its reports may go where it sends them."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.answer import Answer
from mailsync.dns.names import shown
from mailsync.mail import dmarc
from mailsync.observe import reporting
from mailsync.observe.facts import Facts, texts_of
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed

_SAY = Saying("dmarc")


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the record, and each place outside that gets its reports."""
    subject = facts.subject
    name = f"_dmarc.{subject.domain}"
    served = facts.served(name, "TXT")
    if served.answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("dmarc-missing", shown(name), served.answer.reason)
        return
    records = [text for text in facts.texts(name) if dmarc.is_dmarc(text)]
    if not records:
        above = f"_dmarc.{subject.zone}"
        inherited = [text for text in facts.texts(above) if dmarc.is_dmarc(text)]
        if inherited and above != name:
            yield _SAY.passed("dmarc-missing", shown(name), f"that of {shown(above)} holds")
        else:
            yield _SAY.failed("dmarc-missing", shown(name), "there is no DMARC record")
        return
    if len(records) > 1:
        yield _SAY.failed("dmarc-multiple", shown(name), f"{len(records)} records: none counts")
        return
    yield from _record(shown(name), records[0])
    for outside in reporting.outside(records[0], subject.domain):
        at = f"{shown(subject.domain)}._report._dmarc.{outside}"
        yield _authorised(shown(at), facts.reports.get(at))


def _record(name: str, text: str) -> Iterator[Observation]:
    try:
        record = dmarc.parse(text)
    except dmarc.BadDmarc as error:
        yield _SAY.failed("dmarc-version", name, str(error))
        return
    objections = dmarc.objections(record)
    for objection in objections:
        yield _SAY.failed("dmarc-policy", name, objection, "warning")
    if not objections:
        where = listed(reporting.addresses(text)) or "nobody"
        yield _SAY.passed("dmarc-policy", name, f"p={record.policy()}, reports go to {where}")


def _authorised(name: str, answer: Answer | None) -> Observation:
    if answer is None or answer.state in {"failed", "unknown"}:
        reason = "there was no time to ask" if answer is None else answer.reason
        return _SAY.unknown("dmarc-external-rua", name, reason)
    if any(map(dmarc.is_dmarc, texts_of(answer.values))):
        return _SAY.passed("dmarc-external-rua", name, "allows the reports")
    return _SAY.failed("dmarc-external-rua", name, "there is no record that allows the reports")
