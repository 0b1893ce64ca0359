"""Lint takes whatever a file, or anybody's DNS, may say."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from mailsync.desired.model import LEVELS, Desired, Kind, Place, Use, Wish
from mailsync.dns.answer import Answer
from mailsync.dns.rrset import txt_value
from mailsync.lint.case import Files
from mailsync.lint.judge import judge, offline
from mailsync.lint.registry import RULES
from mailsync.mail.mta_sts import MODES, Policy

NAMES = st.sampled_from(
    [
        "example.com.", "mx1.example.com.", "_dmarc.example.com.", "s1._domainkey.example.com.",
        "*._domainkey.example.com.", "*.example.com.", "_mta-sts.example.com.", ".", "com.",
        "_smtp._tls.example.com.", "default._bimi.example.com.", "_25._tcp.mx1.example.com.",
        "_imap._tcp.example.com.", "_imaps._tcp.example.com.", "autodiscover.example.com.",
        "10.2.0.192.in-addr.arpa.", "in-addr.arpa.", "mx.example.net.", "_spf.example.net.", "",
    ]
)  # fmt: skip
TYPES = st.sampled_from(
    ["TXT", "MX", "A", "AAAA", "CNAME", "SRV", "PTR", "TLSA", "SOA", "NS", "", "TYPE65534"]
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "v=spf1 mx a ptr include:example.com redirect=_spf.example.net", "v=spf1; -all",
            "v=spf1 include:_spf.example.net include:%{d2} exists:%{p}.%{i} ?all", "v=spf1 +all",
            "v=spf1 ip4:0.0.0.0/0 mx:mx.example.net//0 a/0", "V=SPF1 ip4=1 -all", "spf2.0/pra",
            "v=DMARC1; p=reject; rua=mailto:a@x.example,mailto:%2C@y.example!1m; t=y; pct=1",
            "v=DMARC1; p=\x00", "v=DMARC1", "v=DKIM1; k=ed25519; p=AAAA", "v=DKIM1; t=y:s; p=",
            "v=DKIM1; p=MAoCBHd3d3cCAgAB", "v=STSv1; id=1;", "v=TLSRPTv1; rua=x", "v=BIMI1; l",
            "MS=ms1", '"', "\\", "", "0 .", "10 mx1.example.com.", "10 example.com.", "0 0 1 -",
            "99999999999 x", "0 1 465 mx1.example.com.", "3 0 0 00", "192.0.2.1", "::1",
            "mx.example.net.", "ns. h. 1 2 3 4 99999999999", ".",
        ]
    ),
    st.text(max_size=30),
    st.binary(max_size=30).map(lambda octets: octets.decode("latin-1")),
)  # fmt: skip
VALUES = TEXTS | TEXTS.map(lambda text: txt_value(text.encode("utf-8", "replace")))
PLACES = st.builds(Place, st.just("z.yaml"), st.integers(1, 9), st.integers(1, 9))
WISHES = st.builds(
    Wish,
    st.sampled_from(get_args(Kind)),
    NAMES,
    TYPES,
    st.lists(VALUES, max_size=3).map(tuple),
    st.integers(0, 2**31 - 1),
    PLACES,
    named=st.lists(VALUES, max_size=1).map(tuple),
)
USES = st.builds(
    Use,
    st.sampled_from(["microsoft365", "other"]),
    st.sampled_from(["mailbox", "inbound_gateway"]),
    PLACES,
    st.lists(NAMES, max_size=2).map(tuple),
    st.booleans(),
)
POLICIES = st.builds(
    Policy, st.sampled_from(MODES), st.integers(0, 10**9), st.lists(st.text(), max_size=2)
)
IDS = st.sampled_from(sorted(RULES)) | st.text(max_size=5)
DOMAINS = st.builds(
    Desired,
    st.sampled_from(["example.com.", "sub.example.com.", "2.0.192.in-addr.arpa.", "."]),
    st.sampled_from(["example.com.", "."]),
    st.lists(WISHES, max_size=8).map(tuple),
    PLACES,
    kinds=st.frozensets(st.sampled_from(["spf", "dkim", "mx", "dmarc"])),
    policy=st.none() | POLICIES,
    acknowledged=st.frozensets(IDS, max_size=3),
    services=st.lists(USES, max_size=2).map(tuple),
    severities=st.lists(st.tuples(IDS, st.sampled_from(LEVELS)), max_size=3).map(tuple),
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from(["found", "void", "failed", "unknown"]),
    st.lists(VALUES, max_size=3).map(tuple),
)


class Liar:
    """Answers whatever comes to its mind, the same to the same question."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers

    def ask(self, name: str, rdtype: str) -> Answer:
        return self._answers[sum(map(ord, name + rdtype)) % len(self._answers)]


@given(
    DOMAINS, st.lists(DOMAINS, max_size=2), st.none() | st.lists(ANSWERS, min_size=1, max_size=5)
)
def test_lint_takes_anything(
    desired: Desired, others: list[Desired], answers: list[Answer] | None
) -> None:
    """No wish and no answer makes a rule raise; findings are in order, of known rules, and mild."""
    resolver = None if answers is None else Liar(answers)
    found = judge(desired, Files.of((desired, *others)), resolver)
    assert [one.place for one in found] == sorted(one.place for one in found)
    levels = dict(desired.severities)
    for one in found:
        rule = RULES[one.finding.id]
        announced = (levels[rule.id],) if rule.id in levels else rule.severities
        assert one.finding.severity in announced
        assert one.acknowledged == (rule.id in desired.acknowledged)
        assert len(one.finding.message) < 2000


@given(DOMAINS)
def test_plans_are_told_what_counts(desired: Desired) -> None:
    """Of the files alone, a plan gets errors and warnings that nobody has accepted."""
    counted = [
        one.finding
        for one in judge(desired)
        if one.finding.severity != "info" and not one.acknowledged
    ]
    assert list(offline(desired)) == counted
