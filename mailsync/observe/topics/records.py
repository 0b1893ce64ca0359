"""The records that are served, judged by lint's rules as if they stood in a zone file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mailsync.desired.model import Desired, Kind, Place, Wish
from mailsync.dns.rrset import txt_value
from mailsync.lint.case import Case, Files
from mailsync.lint.registry import TOPICS as LINTED
from mailsync.mail import dmarc, mta_sts, tls_rpt
from mailsync.mail.spf_syntax import is_spf
from mailsync.observe.facts import Facts
from mailsync.observe.results import Observation, Topic
from mailsync.observe.topics.saying import Saying

_SERVED = Place("DNS", 1, 1)

_TOPICS: Mapping[str, Topic] = {
    "MX": "mx",
    "SPF": "spf",
    "DKIM": "dkim",
    "DMARC": "dmarc",
    "MTA-STS and TLS reports": "mta-sts",
}
"""What lint calls a topic, and what `check` does."""


_TEXTS: tuple[tuple[Kind, str, Callable[[str], bool]], ...] = (
    ("spf", "", is_spf),
    ("dmarc", "_dmarc.", dmarc.is_dmarc),
    ("mta-sts", "_mta-sts.", mta_sts.is_mta_sts),
    ("tls-rpt", "_smtp._tls.", tls_rpt.is_tls_rpt),
)
"""The kinds of text: what stands before the domain's name, and how one is known."""


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge by every rule that needs no more than the records themselves."""
    desired = _as_desired(facts)
    case = Case(desired, Files.of([desired]))
    for linted, rules in LINTED.items():
        topic = _TOPICS.get(linted)
        for rule in rules if topic is not None else ():
            if rule.judge is None or rule.needs != "files" or topic is None:
                continue
            for remark in rule.judge(case):
                say = Saying(topic)
                yield say.failed(rule.id, "as served", remark.message, remark.severity)


def _as_desired(facts: Facts) -> Desired:
    subject = facts.subject
    wishes = tuple(_wishes(facts))
    kinds = frozenset(wish.kind.replace("-", "_") for wish in wishes)
    return Desired(subject.domain, subject.zone or subject.domain, wishes, _SERVED, kinds=kinds)


def _wishes(facts: Facts) -> Iterator[Wish]:
    domain = facts.subject.domain
    mx = facts.served(domain, "MX")
    if mx.answer.state == "found":
        yield Wish("mx", domain, "MX", mx.answer.values, mx.ttl, _SERVED)
    texts = [
        (kind, f"{before}{domain}", tuple(filter(is_one, facts.texts(f"{before}{domain}"))))
        for kind, before, is_one in _TEXTS
    ]
    texts += [
        ("dkim", name, facts.texts(name))
        for name in (f"{selector}._domainkey.{domain}" for selector in facts.subject.selectors)
        if not facts.served(name, "TXT").alias
    ]
    for kind, name, found in texts:
        if found:
            ttl = facts.served(name, "TXT").ttl
            yield Wish(kind, name, "TXT", tuple(map(txt_value, found)), ttl, _SERVED)
