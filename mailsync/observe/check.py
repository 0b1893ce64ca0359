"""`mailsync check` for one domain: the facts are gathered, each topic judges them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.observe.facts import Facts, Subject
from mailsync.observe.gather import Gatherer
from mailsync.observe.results import TOPICS, Checked, Observation, Topic
from mailsync.observe.topics import (
    dane,
    delegation,
    dkim,
    dmarc,
    dnssec,
    mta_sts,
    mx,
    records,
    resolvers,
    reverse,
    services,
    smtp,
    spf,
    tls,
)

JUDGES: Mapping[Topic, Callable[[Facts], Iterator[Observation]]] = {
    "delegation": delegation.judge,
    "dnssec": dnssec.judge,
    "resolvers": resolvers.judge,
    "mx": mx.judge,
    "smtp": smtp.judge,
    "tls": tls.judge,
    "dane": dane.judge,
    "mta-sts": mta_sts.judge,
    "spf": spf.judge,
    "dkim": dkim.judge,
    "dmarc": dmarc.judge,
    "reverse": reverse.judge,
    "services": services.judge,
}


def check(subject: Subject, gatherer: Gatherer, topics: Sequence[Topic] = TOPICS) -> Checked:
    """Look at a domain, and say what was found; bounded in time, and never an exception's fault."""
    facts = gatherer.gather(subject, topics)
    return Checked(
        shown(subject.domain),
        facts.at,
        subject.desired is not None,
        judged(facts, topics),
        tuple(_not_known(subject, topics)),
    )


def judged(facts: Facts, topics: Sequence[Topic] = TOPICS) -> tuple[Observation, ...]:
    """Judge facts by topic. What the user acknowledged is told, and counts as no fault."""
    found = [one for topic in TOPICS if topic in topics for one in JUDGES[topic](facts)]
    told = {one.id for one in found}
    found += [one for one in records.judge(facts) if one.topic in topics and one.id not in told]
    desired = facts.subject.desired
    return tuple(found) if desired is None else tuple(_as_wished(found, desired))


def _as_wished(found: Iterable[Observation], desired: Desired) -> Iterator[Observation]:
    """Give each fault the severity that the configuration gives its rule, or none at all."""
    levels = dict(desired.severities)
    for one in found:
        level = levels.get(one.id)
        if one.state != "fail":
            yield one
        elif one.id in desired.acknowledged:
            yield replace(one, severity="info", detail=f"{one.detail} (acknowledged)")
        elif level != "off":
            yield one if level is None else replace(one, severity=level)


def _not_known(subject: Subject, topics: Sequence[Topic]) -> Iterator[str]:
    """Say what the DNS cannot tell, and nobody declared."""
    if subject.desired is None:
        yield "it has no zone file: what is meant to be there is not known, only what is"
    if "dkim" in topics and not subject.selectors:
        yield "DKIM: the DNS does not list selectors; name them with --selector"
    if "smtp" in topics and not subject.mailboxes:
        yield "SMTP: no mailbox is declared but postmaster; name one with --mailbox"
    if "spf" in topics and not subject.senders:
        yield "SPF: no sender is declared to be tried; name addresses with --sender"
    if "services" in topics and not subject.old_hosts:
        yield "no former mail server is known; name one with --old-host"
