"""The DKIM keys of known selectors, as verifiers find them."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.mail import dkim
from mailsync.observe.facts import Facts, texts_of
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying
from mailsync.observe.zones import Served

_SAY = Saying("dkim")
_WEAK_BITS = 2048


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge each key; selectors that nobody named cannot be found in the DNS."""
    for selector in facts.subject.selectors:
        name = f"{selector}._domainkey.{facts.subject.domain}"
        yield from _key(shown(name), facts.served(name, "TXT"))


def _key(name: str, served: Served) -> Iterator[Observation]:
    answer = served.answer
    if answer.state in {"failed", "unknown"}:
        yield _SAY.unknown("dkim-record", name, answer.reason)
        return
    if answer.state == "void":
        if served.alias:
            detail = f"is an alias of {shown(served.alias)}, where there is nothing"
            yield _SAY.failed("dkim-cname", name, detail)
        else:
            yield _SAY.failed(
                "dkim-record", name, "there is no key", fix="Publish it: see the plan."
            )
        return
    texts = texts_of(answer.values)
    if len(texts) != 1:
        yield _SAY.failed("dkim-record", name, f"{len(texts)} records at one selector")
        return
    try:
        record = dkim.parse(texts[0])
    except dkim.BadDkim as error:
        yield _SAY.failed("dkim-record", name, str(error))
        return
    yield from _record(name, record)


def _record(name: str, record: dkim.Record) -> Iterator[Observation]:
    if dkim.is_tombstone(record):
        yield _SAY.passed("dkim-record", name, "is revoked: nothing verifies with it any more")
        return
    objections = dkim.objections(record)
    for objection in objections:
        yield _SAY.failed("dkim-record", name, objection)
    if "y" in record.get("t").split(":"):
        yield _SAY.failed("dkim-testing", name, "is in testing mode (t=y)")
    if objections:
        return
    if record.key_type == "rsa":
        bits = dkim.rsa_bits(record.key)
        if bits < _WEAK_BITS:
            yield _SAY.failed("dkim-key", name, f"an RSA key of {bits} bits", "warning")
        else:
            yield _SAY.passed("dkim-key", name, f"an RSA key of {bits} bits")
    else:
        yield _SAY.passed("dkim-key", name, "an Ed25519 key")
