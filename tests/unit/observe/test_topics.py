"""What facts mean: each fault is told by its rule, and what is not known never fails."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired.model import Desired, Place
from mailsync.dns.answer import VOID, Answer, State
from mailsync.dns.rrset import Key, txt_value
from mailsync.lint.registry import RULES
from mailsync.mail.certificate import Certificate
from mailsync.mail.mta_sts import Policy
from mailsync.mail.smtp_reply import Reply, parse
from mailsync.mail.spf_evaluation import Evaluation
from mailsync.mail.spf_lookups import At, Fault
from mailsync.mail.spf_survey import Problem, Survey
from mailsync.observe.check import judged
from mailsync.observe.delegation import Delegation
from mailsync.observe.facts import Called, Canary, Dnssec, Facts, Reverse, Subject
from mailsync.observe.policy import Fetched
from mailsync.observe.question import Server
from mailsync.observe.resolving import Resolution
from mailsync.observe.results import Checked, Observation, Topic
from mailsync.observe.smtp import Answer as Told
from mailsync.observe.smtp import Endpoint, Session, Tls
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
from mailsync.observe.zones import Served, ServerLook, ZoneServers
from mailsync.report.check import CheckText
from tests.unit.observe.internet import NOW

DOMAIN = "example.com."
HOST = "mx1.example.com."
NS1 = Server("ns1.example.com.", "192.0.2.53")
NS2 = Server("ns2.example.com.", "192.0.2.54")
NAMES = ("ns1.example.com.", "ns2.example.com.")
ZONE = ZoneServers(DOMAIN, (NS1, NS2), Delegation(NAMES, (NS1, NS2)))
GOOD = ServerLook(NS1, serial=7, negative_ttl=900, names=NAMES)
FAILED = Answer("failed", reason="nobody answered")

Judge = Callable[[Facts], Iterator[Observation]]


def facts(**fields: object) -> Facts:
    """Facts of a domain in a zone with two good servers."""
    base = Facts(Subject(DOMAIN, DOMAIN), NOW, ZONE, (GOOD, replace(GOOD, server=NS2)))
    return replace(base, **fields)  # type: ignore[arg-type]


def served(name: str, rdtype: str, *values: str, alias: str = "") -> tuple[Key, Served]:
    """What the zone serves; nothing where there are no values."""
    key = (name, rdtype)
    answer = Answer("found", values) if values else VOID
    return key, Served(key, answer, 3600, alias)


def text(name: str, *texts: str) -> tuple[Key, Served]:
    """A TXT RRset."""
    return served(name, "TXT", *map(txt_value, texts))


def found(judge: Judge, of: Facts) -> list[tuple[str, str]]:
    """The rules that a topic speaks of, each with its level."""
    return [(one.id, one.level) for one in judge(of)]


def certificate(
    names: tuple[str, ...] = ("mx1.example.com",), days: float = 60, begins: float = -30
) -> Certificate:
    """A certificate that is valid for so many days more."""
    return Certificate(
        b"leaf",
        b"key",
        names,
        NOW + timedelta(days=begins),
        NOW + timedelta(days=days),
        "CN=leaf",
        "CN=root",
    )


def called(
    *,
    role: str = "mx",
    known: tuple[str, ...] = ("postmaster@example.com",),
    replies: dict[str, str] | None = None,
    **fields: object,
) -> Called:
    """A look at a mail server that takes the domain's mail, and nobody else's."""
    said = {
        **dict.fromkeys(known, "250 2.1.5 Ok"),
        "stranger@example.com": "550 5.1.1 User unknown",
        "foreign@example.net": "554 5.7.1 Relay access denied",
        **(replies or {}),
    }
    answers = tuple(Told(recipient, parse([line])) for recipient, line in said.items() if line)
    session = Session(
        Endpoint(HOST, "192.0.2.25"),
        reached=True,
        banner=Reply(220, ("mx1.example.com ESMTP",)),
        extensions=("STARTTLS",),
        tls=Tls("secured", "", "TLSv1.3", "AES", chain=(certificate(),)),
        mail=Reply(250, ("Ok",)),
        answers=answers,
    )
    session = replace(session, **fields)  # type: ignore[arg-type]
    return Called(role, session, known, "stranger@example.com", "foreign@example.net")  # type: ignore[arg-type]


# ---- delegation ---------------------------------------------------------------------------------


def test_a_zone_in_order() -> None:
    """Parent and zone agree, and every server answers."""
    assert found(delegation.judge, facts()) == [
        ("ns-consistency", "ok"),
        ("ns-lame", "ok"),
        ("ns-lame", "ok"),
    ]
    assert found(delegation.judge, facts(zone=None)) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"zone": ZoneServers(DOMAIN, fault="gone", delegated=False)}, ("ns-consistency", "error")),
        ({"zone": ZoneServers(DOMAIN, fault="no answer")}, ("ns-consistency", "unknown")),
        (
            {"zone": replace(ZONE, delegation=Delegation(NAMES, (), parent=False))},
            ("ns-consistency", "unknown"),
        ),
        (
            {"looks": (GOOD, replace(GOOD, server=NS2, names=("ns3.example.com.",)))},
            ("ns-consistency", "error"),
        ),
        ({"looks": (GOOD, ServerLook(NS2, "answered REFUSED"))}, ("ns-lame", "error")),
        ({"looks": (GOOD, ServerLook(NS2, "did not", silent=True))}, ("ns-lame", "unknown")),
        (
            {"looks": (GOOD, ServerLook(NS1, "no IPv6", silent=True, no_route=True))},
            ("ns-lame", "unknown"),
        ),
        ({"looks": (GOOD, replace(GOOD, server=NS2, tcp_fault="did not"))}, ("ns-tcp", "warning")),
        ({"looks": (replace(GOOD, tcp_fault="did not"),)}, ("ns-tcp", "unknown")),
        ({"looks": (GOOD, replace(GOOD, server=NS2, serial=8))}, ("ns-serial", "warning")),
        ({"looks": (replace(GOOD, negative_ttl=100_000),)}, ("soa-negative", "warning")),
        ({"zone": replace(ZONE, servers=(NS1,))}, ("ns-count", "warning")),
        (
            {
                "records": {
                    (DOMAIN, "MX"): Served((DOMAIN, "MX"), VOID, differing=("ns2 serves 1",))
                }
            },
            ("ns-consistency", "error"),
        ),
    ],
)
def test_faults_of_delegation(change: dict[str, object], wanted: tuple[str, str]) -> None:
    """Each is told by its own rule."""
    assert wanted in found(delegation.judge, facts(**change))


def test_servers_of_the_configurations_naming_are_taken_as_they_are() -> None:
    """There is no parent to ask, and their number is the user's to choose."""
    private = ZoneServers(DOMAIN, (NS1,))
    assert found(delegation.judge, facts(zone=private, looks=(GOOD,))) == [
        ("ns-consistency", "ok"),
        ("ns-lame", "ok"),
    ]


# ---- dnssec, resolvers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "days", "wanted"),
    [
        ("secure", None, [("dnssec", "ok")]),
        ("unsigned", None, [("dnssec", "ok")]),
        ("unknown", None, [("dnssec", "unknown")]),
        ("bogus", None, [("dnssec", "error")]),
        ("secure", 9, [("dnssec", "ok")]),
        ("secure", 1, [("dnssec", "ok"), ("dnssec-expiry", "warning")]),
        ("secure", -1, [("dnssec", "ok"), ("dnssec", "error")]),
    ],
)
def test_dnssec(state: str, days: int | None, wanted: list[tuple[str, str]]) -> None:
    """Only what a validating resolver refuses, or has expired, is an error."""
    ends = None if days is None else NOW + timedelta(days=days)
    said = Dnssec(state, "so", ends)  # type: ignore[arg-type]
    assert found(dnssec.judge, facts(dnssec=said)) == wanted
    assert found(dnssec.judge, facts()) == []


@pytest.mark.parametrize(
    ("said", "level"),
    [
        (Resolution(Answer("found", ("10 mx1.example.com.",)), DOMAIN, 60), "ok"),
        (Resolution(Answer("found", ("10 old.example.com.",)), DOMAIN, 60), "info"),
        (Resolution(VOID, DOMAIN, 60), "info"),
        (Resolution(FAILED), "unknown"),
        (Resolution(Answer("unknown", reason="no time")), "unknown"),
        (Resolution(FAILED, servfail=True), "error"),
    ],
)
def test_what_resolvers_say(said: Resolution, level: str) -> None:
    """An older answer is no fault, a time-out is unknown, SERVFAIL is one."""
    mx_served = dict([served(DOMAIN, "MX", "10 mx1.example.com.")])
    canary = Canary(Server("192.0.2.1", "192.0.2.1"), (DOMAIN, "MX"), said)
    told = found(resolvers.judge, facts(records=mx_served, canaries=(canary,)))
    assert told == [("resolver-answer", level)]


# ---- mx -----------------------------------------------------------------------------------------


def of_mx(*values: str, **fields: object) -> Facts:
    """Facts of a domain with this MX."""
    return facts(records=dict([served(DOMAIN, "MX", *values)]), **fields)


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (facts(), ("mx-missing", "unknown")),
        (
            facts(records=dict([served(DOMAIN, "MX"), served(DOMAIN, "A", "8.8.8.8")])),
            ("mx-missing", "warning"),
        ),
        (
            facts(
                records=dict([served(DOMAIN, "MX"), served(DOMAIN, "A"), served(DOMAIN, "AAAA")])
            ),
            ("mx-missing", "warning"),
        ),
        (
            facts(records=dict([served(DOMAIN, "MX"), served(DOMAIN, "A")])),
            ("mx-missing", "unknown"),
        ),
        (of_mx("0 ."), ("null-mx", "ok")),
        (of_mx("0 .", "10 mx1.example.com."), ("null-mx", "error")),
        (of_mx("10 ms1.msv1.invalid."), ("mx-target-no-address", "ok")),
        (of_mx(f"10 {HOST}"), ("mx-target-no-address", "unknown")),
        (of_mx(f"10 {HOST}", addresses={HOST: FAILED}), ("mx-target-no-address", "unknown")),
        (of_mx(f"10 {HOST}", addresses={HOST: VOID}), ("mx-target-no-address", "error")),
        (of_mx(f"10 {HOST}", aliases={HOST: "a.example."}), ("mx-target-cname", "error")),
        (
            of_mx(f"10 {HOST}", addresses={HOST: Answer("found", ("8.8.8.8",))}),
            ("mx-target-no-address", "ok"),
        ),
        (
            of_mx(f"10 {HOST}", addresses={HOST: Answer("found", ("10.0.0.1",))}),
            ("mx-address-not-public", "error"),
        ),
        (
            of_mx(
                f"10 {HOST}",
                addresses={HOST: Answer("found", tuple(f"8.8.8.{n}" for n in range(6)))},
            ),
            ("mx-too-many-addresses", "warning"),
        ),
    ],
)
def test_faults_of_mx(of: Facts, wanted: tuple[str, str]) -> None:
    """Each is told by its own rule."""
    assert wanted in found(mx.judge, of)


def test_a_domain_that_does_not_exist_has_no_mail() -> None:
    """That is said, rather than that a record is missing."""
    nowhere = ZoneServers(DOMAIN, fault="nobody knows a zone for example.com", delegated=False)
    of = facts(records=dict([served(DOMAIN, "MX")]), zone=nowhere)
    (fault,) = mx.judge(of)
    assert fault.detail == "nobody knows a zone for example.com: mail goes nowhere"


def test_hosts_at_the_same_addresses() -> None:
    """Two MX on one machine are a remark; a new MX at the old one's address is a warning."""
    same = Answer("found", ("8.8.8.8",))
    addresses = {HOST: same, "mx2.example.com.": same, "new.example.net.": same}
    subject = Subject(DOMAIN, DOMAIN, new_hosts=(HOST, "new.example.net.", "lost.example.net."))
    of = of_mx(f"10 {HOST}", "20 mx2.example.com.", addresses=addresses, subject=subject)
    told = [(one.subject, one.level) for one in mx.judge(of) if one.id == "mx-same-addresses"]
    assert told == [("mx1.example.com, mx2.example.com", "info"), ("new.example.net", "warning")]


def test_private_addresses_are_right_in_private_zones() -> None:
    """Where the configuration names the servers, it is not the world's senders who deliver."""
    of = of_mx(f"10 {HOST}", addresses={HOST: Answer("found", ("10.0.0.1",))})
    assert ("mx-address-not-public", "error") not in found(
        mx.judge, replace(of, zone=ZoneServers(DOMAIN, (NS1,)))
    )


# ---- smtp ---------------------------------------------------------------------------------------


def of_servers(*calls: Called, **fields: object) -> Facts:
    """Facts of a domain whose MX was looked at."""
    return of_mx(f"10 {HOST}", called=calls, **fields)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (called(), ("smtp-accepts", "ok")),
        (called(), ("smtp-catch-all", "ok")),
        (called(), ("smtp-open-relay", "ok")),
        (called(banner=None, mail=None, problem="blocked"), ("smtp-dialogue", "unknown")),
        (
            called(banner=None, mail=None, problem="is no SMTP", garbled=True),
            ("smtp-dialogue", "error"),
        ),
        (called(banner=Reply(554, ("no service",)), mail=None), ("smtp-dialogue", "error")),
        (called(banner=Reply(421, ("busy",)), mail=None), ("smtp-dialogue", "unknown")),
        (called(mail=Reply(550, ("no bounces",))), ("smtp-null-sender", "error")),
        (called(mail=Reply(451, ("later",))), ("smtp-null-sender", "unknown")),
        (called(replies={"postmaster@example.com": "550 5.1.1 no"}), ("smtp-accepts", "error")),
        (called(replies={"postmaster@example.com": "550 5.7.1 no"}), ("smtp-accepts", "error")),
        (called(replies={"postmaster@example.com": "450 4.7.1 x"}), ("smtp-accepts", "unknown")),
        (called(replies={"postmaster@example.com": ""}), ("smtp-accepts", "unknown")),
        (
            called(
                known=("postmaster@example.com", "info@example.com"),
                replies={"postmaster@example.com": "550 5.1.1 no"},
            ),
            ("smtp-accepts", "warning"),
        ),
        (
            called(
                known=("postmaster@example.com", "info@example.com"),
                replies={"info@example.com": "550 5.1.1 no"},
            ),
            ("smtp-accepts", "error"),
        ),
        (called(replies={"stranger@example.com": "250 Ok"}), ("smtp-catch-all", "warning")),
        (called(replies={"stranger@example.com": "451 x"}), ("smtp-catch-all", "unknown")),
        (called(replies={"foreign@example.net": "250 Ok"}), ("smtp-open-relay", "error")),
        (called(replies={"foreign@example.net": "451 x"}), ("smtp-open-relay", "unknown")),
        (called(replies={"foreign@example.net": "556 5.1.10 x"}), ("smtp-open-relay", "unknown")),
        (called(replies={"foreign@example.net": "550 5.1.2 x"}), ("smtp-open-relay", "unknown")),
    ],
)
def test_what_mail_servers_say(call: Called, wanted: tuple[str, str]) -> None:
    """A refusal of the domain's own is an error; greylisting and blocked ports are unknown."""
    assert wanted in found(smtp.judge, of_servers(call))


def test_only_mail_servers_of_the_mx_are_judged_as_such() -> None:
    """Others have their own topic; those that were left out are told."""
    assert found(smtp.judge, of_servers(called(role="old"), left_out=3)) == [
        ("smtp-dialogue", "unknown")
    ]
    assert found(tls.judge, of_servers(called(role="old"))) == []


# ---- tls ----------------------------------------------------------------------------------------

ENFORCED = Fetched("served", "so", Policy("enforce", 604800, ("mx1.example.com",)), "text/plain")


@pytest.mark.parametrize(
    ("session_tls", "wanted", "enforced"),
    [
        (Tls("absent"), ("smtp-starttls", "warning"), ("smtp-starttls", "error")),
        (Tls("refused", "454"), ("smtp-starttls", "warning"), ("smtp-starttls", "error")),
        (Tls("broken", "bad"), ("smtp-starttls", "warning"), ("smtp-starttls", "error")),
        (Tls("stalled", "slow"), ("smtp-starttls", "unknown"), ("smtp-starttls", "unknown")),
        (
            Tls("secured", "", "TLSv1", "X", chain=(certificate(),)),
            ("tls-version", "warning"),
            ("tls-version", "warning"),
        ),
        (Tls("secured", "", "TLSv1.3", "X"), ("certificate-name", "unknown"), None),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(("a.example",)),)),
            ("certificate-name", "warning"),
            ("certificate-name", "error"),
        ),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(()),)),
            ("certificate-name", "warning"),
            ("certificate-name", "error"),
        ),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(days=-1),), trust="has expired"),
            ("certificate-expiry", "warning"),
            ("certificate-expiry", "error"),
        ),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(days=5),)),
            ("certificate-expiry", "warning"),
            ("certificate-expiry", "warning"),
        ),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(begins=1),)),
            ("certificate-trust", "warning"),
            ("certificate-trust", "error"),
        ),
        (
            Tls("secured", "", "TLSv1.3", "X", chain=(certificate(),), trust="self-signed"),
            ("certificate-trust", "info"),
            ("certificate-trust", "error"),
        ),
    ],
)
def test_faults_of_tls(
    session_tls: Tls, wanted: tuple[str, str], enforced: tuple[str, str] | None
) -> None:
    """What senders overlook without a policy stops delivery under an enforced one."""
    of = of_servers(called(tls=session_tls))
    assert wanted in found(tls.judge, of)
    if enforced is not None:
        assert enforced in found(tls.judge, replace(of, policy=ENFORCED))


def test_tls_in_order_and_tls_that_nobody_saw() -> None:
    """Four things are as they should be; a dialogue that ended before tells nothing."""
    assert [level for _, level in found(tls.judge, of_servers(called()))] == ["ok"] * 4
    early = called(tls=Tls(), extensions=(), mail=None, problem="took too long")
    assert found(tls.judge, of_servers(early)) == [("smtp-starttls", "unknown")]
    assert found(tls.judge, of_servers(called(tls=None))) == []


def test_an_expired_certificate_is_told_once() -> None:
    """What OpenSSL says of it is the same fault."""
    expired = Tls("secured", "", "TLSv1.3", "X", "has expired", (certificate(days=-1),))
    told = found(tls.judge, of_servers(called(tls=expired)))
    assert [rule for rule, level in told if level != "ok"] == ["certificate-expiry"]


# ---- dane ---------------------------------------------------------------------------------------


TLSA = f"_25._tcp.{HOST}"


def of_tlsa(*values: str, secure: bool | None = True, **fields: object) -> Facts:
    """Facts of a domain with TLSA records, all of them validated."""
    base: dict[str, object] = {
        "tlsa": {HOST: Resolution(Answer("found", values), HOST, 60)},
        "secure": {(DOMAIN, "MX"): True, (HOST, "A"): True, (TLSA, "TLSA"): secure},
        "dnssec": Dnssec("secure", "so"),
    }
    return of_mx(f"10 {HOST}", **{"called": (called(),), **base, **fields})


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (of_tlsa("3 1 0 6b6579"), ("tlsa-mismatch", "ok")),
        (of_tlsa("3 1 0 6b6579"), ("tlsa-unsigned", "ok")),
        (of_tlsa("3 1 0 ffff"), ("tlsa-mismatch", "error")),
        (of_tlsa("3 1 0 6b6579", "3 0 0 ffff"), ("tlsa-mismatch", "error")),
        (of_tlsa("2 1 0 6b6579"), ("tlsa-mismatch", "error")),
        (of_tlsa("1 1 0 6b6579"), ("tlsa-usage", "error")),
        (of_tlsa("9 9 9 00"), ("tlsa-usage", "warning")),
        (of_tlsa("3 1 0 6b6579", secure=False), ("tlsa-unsigned", "error")),
        (
            of_tlsa("3 1 0 6b6579", secure=False, dnssec=Dnssec("unknown", "so")),
            ("tlsa-unsigned", "unknown"),
        ),
        (of_tlsa("3 1 0 6b6579", secure=None), ("tlsa-unsigned", "unknown")),
        (of_tlsa("3 1 0 6b6579", secure=False, dnssec=None), ("tlsa-unsigned", "unknown")),
        (of_tlsa("3 1 0 6b6579", tlsa={HOST: Resolution(FAILED)}), ("tlsa-mismatch", "unknown")),
        (of_tlsa("3 1 0 6b6579", called=(called(tls=None),)), ("tlsa-mismatch", "unknown")),
        (of_tlsa("3 1 0 6b6579", called=(called(tls=Tls()),)), ("tlsa-mismatch", "error")),
    ],
)
def test_faults_of_dane(of: Facts, wanted: tuple[str, str]) -> None:
    """Unsigned, unused, or matching nothing: each by its own rule."""
    assert wanted in found(dane.judge, of)


def test_a_host_without_tlsa_is_not_spoken_of() -> None:
    """DANE is nobody's duty."""
    assert found(dane.judge, of_servers(called())) == []
    assert found(dane.judge, of_tlsa("3 1 0 00", tlsa={HOST: Resolution(VOID)})) == []
    elsewhere = replace(called(), session=Session(Endpoint("mx2.example.com.", "192.0.2.26")))
    assert found(dane.judge, of_tlsa("3 1 0 00", called=(elsewhere,))) == [("tlsa-unsigned", "ok")]


def test_why_a_trust_anchor_does_not_do_is_told() -> None:
    """The words of the comparison stand in the detail."""
    root = replace(certificate(), der=b"root", spki=b"anchor")
    chain = (certificate(("other.example",)), root)
    call = called(tls=Tls("secured", "", "TLSv1.3", "X", chain=chain))
    of = of_tlsa("2 1 0 " + b"anchor".hex(), called=(call,))
    (fault,) = [one for one in dane.judge(of) if one.id == "tlsa-mismatch"]
    assert "does not name the host" in fault.detail


# ---- mta-sts ------------------------------------------------------------------------------------

STS = text("_mta-sts.example.com.", "v=STSv1; id=1;")
TLSRPT = text("_smtp._tls.example.com.", "v=TLSRPTv1; rua=mailto:tls@example.com")


def of_sts(*entries: tuple[Key, Served], policy: Fetched | None = ENFORCED) -> Facts:
    """Facts of a domain that announces a policy."""
    base = dict([served(DOMAIN, "MX", f"10 {HOST}"), STS, TLSRPT])
    return facts(records={**base, **dict(entries)}, policy=policy)


def with_policy(mode: str, max_age: int, *names: str, media_type: str = "text/plain") -> Fetched:
    """A policy that is served."""
    return Fetched("served", "so", Policy(mode, max_age, names), media_type)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (of_sts(), ("sts-policy", "ok")),
        (facts(), ("sts-record", "unknown")),
        (
            of_sts(text("_mta-sts.example.com.", "v=STSv1; id=1;", "v=STSv1; id=2;")),
            ("sts-record", "error"),
        ),
        (of_sts(text("_mta-sts.example.com.", "v=STSv1;")), ("sts-record", "error")),
        (of_sts(policy=Fetched("unknown", "slow")), ("sts-policy", "unknown")),
        (of_sts(policy=Fetched("wrong", "500")), ("sts-policy", "error")),
        (of_sts(policy=Fetched("none", "404")), ("sts-policy", "error")),
        (
            of_sts(policy=with_policy("enforce", 604800, "a.example", media_type="text/html")),
            ("sts-policy", "error"),
        ),
        (of_sts(policy=with_policy("enforce", 604800, "a.example")), ("sts-mx-mismatch", "error")),
        (
            of_sts(policy=with_policy("testing", 604800, "a.example")),
            ("sts-mx-mismatch", "warning"),
        ),
        (
            of_sts(policy=with_policy("enforce", 604800, "mx1.example.com", "a.example")),
            ("sts-mx-mismatch", "warning"),
        ),
        (of_sts(policy=with_policy("enforce", 60, "mx1.example.com")), ("sts-max-age", "warning")),
        (of_sts(policy=with_policy("testing", 604800, "mx1.example.com")), ("sts-max-age", "info")),
        (of_sts(served("_smtp._tls.example.com.", "TXT")), ("sts-without-tlsrpt", "warning")),
        (of_sts(text("_smtp._tls.example.com.", "v=TLSRPTv1; x")), ("tlsrpt-record", "error")),
        (
            of_sts(
                text("_smtp._tls.example.com.", "v=TLSRPTv1; rua=mailto:a@b.c", "v=TLSRPTv1; rua=b")
            ),
            ("tlsrpt-record", "error"),
        ),
    ],
)
def test_faults_of_mta_sts(of: Facts, wanted: tuple[str, str]) -> None:
    """The record, the policy, the MX beside it, and the reports."""
    assert wanted in found(mta_sts.judge, of)


def test_a_domain_without_a_policy_is_not_spoken_of() -> None:
    """Nor one whose policy says that there is none any more; reports may stand by themselves."""
    empty = served("_mta-sts.example.com.", "TXT")
    assert found(mta_sts.judge, of_sts(empty, policy=None)) == [("tlsrpt-record", "ok")]
    nothing = served("_smtp._tls.example.com.", "TXT")
    assert found(mta_sts.judge, of_sts(empty, nothing, policy=None)) == []
    gone = with_policy("none", 60)
    assert [
        rule for rule, level in found(mta_sts.judge, of_sts(policy=gone)) if level != "ok"
    ] == []
    assert ("sts-record", "ok") in found(mta_sts.judge, of_sts(policy=None))
    failed = Served(("_smtp._tls.example.com.", "TXT"), FAILED)
    of = of_sts((failed.key, failed))
    assert ("tlsrpt-record", "unknown") in found(mta_sts.judge, of)


# ---- spf ----------------------------------------------------------------------------------------


def of_spf(
    *texts: str, problems: tuple[Fault, ...] = (), lookups: int = 1, voids: int = 0
) -> Facts:
    """Facts of a domain whose SPF record was surveyed."""
    told = tuple(Problem(fault, At(DOMAIN, "", 0), "so") for fault in problems)
    names = tuple(f"v{number}.example." for number in range(voids))
    return facts(records=dict([text(DOMAIN, *texts)]), spf_survey=Survey(lookups, names, told, ()))


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (facts(), ("spf-missing", "unknown")),
        (of_spf("other"), ("spf-missing", "warning")),
        (of_spf("v=spf1 -all", "v=spf1 ~all"), ("spf-multiple", "error")),
        (of_spf("v=spf1 -all"), ("spf-syntax", "ok")),
        (replace(of_spf("v=spf1 -all"), spf_survey=None), ("spf-include-none", "unknown")),
        (of_spf("v=spf1 -all", problems=("none",)), ("spf-include-none", "error")),
        (of_spf("v=spf1 -all", problems=("failed",)), ("spf-include-none", "unknown")),
        (of_spf("v=spf1 -all", lookups=11), ("spf-lookups", "error")),
        (of_spf("v=spf1 -all", voids=3), ("spf-void", "error")),
    ],
)
def test_faults_of_spf(of: Facts, wanted: tuple[str, str]) -> None:
    """The record, and the tree of what it includes."""
    assert wanted in found(spf.judge, of)


@pytest.mark.parametrize(
    ("result", "level"),
    [("pass", "ok"), ("softfail", "error"), ("permerror", "error"), ("temperror", "unknown")],
)
def test_declared_senders(result: str, level: str) -> None:
    """They have to pass; a DNS that did not answer is unknown."""
    said = Evaluation(result, "ip4:192.0.2.1", 1, 0, (), "because")  # type: ignore[arg-type]
    of = replace(of_spf("v=spf1 -all"), spf={"192.0.2.1": said})
    assert ("spf-sender", level) in found(spf.judge, of)


# ---- dkim ---------------------------------------------------------------------------------------


def rsa_key(bits: int) -> str:
    """A key record's p=."""
    key = rsa.generate_private_key(65537, bits).public_key()
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SELECTOR = "s1._domainkey.example.com."


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (text(SELECTOR, f"v=DKIM1; k=ed25519; p={ED25519}"), ("dkim-key", "ok")),
        (text(SELECTOR, f"v=DKIM1; p={rsa_key(2048)}"), ("dkim-key", "ok")),
        (text(SELECTOR, f"v=DKIM1; p={rsa_key(1024)}"), ("dkim-key", "warning")),
        (text(SELECTOR, "v=DKIM1; p="), ("dkim-record", "ok")),
        (text(SELECTOR, f"v=DKIM1; t=y; k=ed25519; p={ED25519}"), ("dkim-testing", "warning")),
        (text(SELECTOR, "v=DKIM1; p=AAAA"), ("dkim-record", "error")),
        (text(SELECTOR, "rubbish"), ("dkim-record", "error")),
        (text(SELECTOR, "v=DKIM1; p=", "v=DKIM1; p=AA=="), ("dkim-record", "error")),
        (served(SELECTOR, "TXT"), ("dkim-record", "error")),
        (served(SELECTOR, "TXT", alias="s1.example.net."), ("dkim-cname", "error")),
    ],
)
def test_keys(entry: tuple[Key, Served], wanted: tuple[str, str]) -> None:
    """As verifiers find them at the selectors that somebody named."""
    subject = Subject(DOMAIN, DOMAIN, selectors=("s1",))
    assert wanted in found(dkim.judge, facts(subject=subject, records=dict([entry])))
    assert found(dkim.judge, facts(subject=subject)) == [("dkim-record", "unknown")]


# ---- dmarc --------------------------------------------------------------------------------------

POLICY = "_dmarc.example.com."
OUTSIDE = "v=DMARC1; p=none; rua=mailto:a@example.net"
ALLOWS = "example.com._report._dmarc.example.net."


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (facts(), ("dmarc-missing", "unknown")),
        (facts(records=dict([served(POLICY, "TXT")])), ("dmarc-missing", "warning")),
        (facts(records=dict([text(POLICY, "v=DMARC1; p=none")])), ("dmarc-policy", "ok")),
        (facts(records=dict([text(POLICY, "v=DMARC1; p=x")])), ("dmarc-policy", "warning")),
        (facts(records=dict([text(POLICY, "v=DMARC1; p")])), ("dmarc-version", "error")),
        (
            facts(records=dict([text(POLICY, "v=DMARC1; p=none", "v=DMARC1; p=reject")])),
            ("dmarc-multiple", "error"),
        ),
        (
            facts(
                subject=Subject("news.example.com.", DOMAIN),
                records=dict(
                    [served("_dmarc.news.example.com.", "TXT"), text(POLICY, "v=DMARC1; p=none")]
                ),
            ),
            ("dmarc-missing", "ok"),
        ),
        (facts(records=dict([text(POLICY, OUTSIDE)])), ("dmarc-external-rua", "unknown")),
        (
            facts(records=dict([text(POLICY, OUTSIDE)]), reports={ALLOWS: VOID}),
            ("dmarc-external-rua", "error"),
        ),
        (
            facts(records=dict([text(POLICY, OUTSIDE)]), reports={ALLOWS: FAILED}),
            ("dmarc-external-rua", "unknown"),
        ),
        (
            facts(
                records=dict([text(POLICY, OUTSIDE)]),
                reports={ALLOWS: Answer("found", (txt_value("v=DMARC1"),))},
            ),
            ("dmarc-external-rua", "ok"),
        ),
    ],
)
def test_faults_of_dmarc(of: Facts, wanted: tuple[str, str]) -> None:
    """The record, the one above it, and the places outside that get reports."""
    assert wanted in found(dmarc.judge, of)


# ---- reverse, services --------------------------------------------------------------------------

NAMED = Answer("found", ("mx1.example.com.",))


@pytest.mark.parametrize(
    ("names", "forward", "aliases", "level"),
    [
        (NAMED, Answer("found", ("192.0.2.25",)), frozenset(), "ok"),
        (NAMED, Answer("found", ("192.0.2.25",)), frozenset({"mx1.example.com."}), "error"),
        (NAMED, Answer("found", ("192.0.2.99",)), frozenset(), "error"),
        (NAMED, VOID, frozenset(), "error"),
        (NAMED, FAILED, frozenset(), "unknown"),
        (NAMED, None, frozenset(), "unknown"),
        (VOID, None, frozenset(), "error"),
        (FAILED, None, frozenset(), "unknown"),
    ],
)
def test_names_of_addresses(
    names: Answer, forward: Answer | None, aliases: frozenset[str], level: str
) -> None:
    """They have to lead back; a service's own hosts are its own business."""
    back = {} if forward is None else {"mx1.example.com.": forward}
    seen = Reverse("192.0.2.25", names, back, aliases)
    own = of_mx(
        f"10 {HOST}",
        addresses={HOST: Answer("found", ("192.0.2.25",))},
        reverse={"192.0.2.25": seen},
    )
    assert found(reverse.judge, own) == [("fcrdns", level)]
    theirs = replace(own, addresses={})
    expected = "info" if level == "error" else level
    assert found(reverse.judge, theirs) == [("fcrdns", expected)]


@pytest.mark.parametrize(
    ("role", "reply", "wanted"),
    [
        ("old", "250 Ok", ("old-service-accepts", "warning")),
        ("old", "550 5.7.1 Relaying denied", ("old-service-accepts", "ok")),
        ("old", "450 4.7.1 later", ("old-service-accepts", "unknown")),
        ("mailbox", "250 Ok", ("gateway-bypass", "warning")),
        ("mailbox", "550 5.7.51 restricted", ("gateway-bypass", "ok")),
        ("mailbox", "451 later", ("gateway-bypass", "unknown")),
        ("mx", "250 Ok", None),
    ],
)
def test_who_else_takes_the_mail(role: str, reply: str, wanted: tuple[str, str] | None) -> None:
    """A former service that still does, and a back door beside a gateway, are warnings."""
    call = called(role=role, replies={"postmaster@example.com": reply})
    told = found(services.judge, of_servers(call))
    assert told == ([] if wanted is None else [wanted])


def test_a_former_service_that_was_not_asked_is_unknown() -> None:
    """Neither when nobody was asked for, nor when its name cannot be looked up."""
    nobody = of_servers(called(role="old", known=()), called(role="mailbox", known=()))
    assert {level for _, level in found(services.judge, nobody)} == {"unknown"}
    subject = Subject(
        DOMAIN,
        DOMAIN,
        old_hosts=("old.example.net.", "gone.example.net."),
        mailbox_hosts=("tenant.example.net.",),
    )
    addresses = {
        "old.example.net.": FAILED,
        "gone.example.net.": VOID,
        "tenant.example.net.": FAILED,
    }
    told = list(services.judge(facts(subject=subject, addresses=addresses)))
    assert [(one.id, one.subject, one.state) for one in told] == [
        ("old-service-accepts", "old.example.net", "unknown"),
        ("old-service-accepts", "gone.example.net", "pass"),
        ("gateway-bypass", "tenant.example.net", "unknown"),
    ]


# ---- all ----------------------------------------------------------------------------------------


def test_lint_judges_what_is_served() -> None:
    """As if it stood in a file, by its own rules; what a topic has told already is told once."""
    of = facts(
        records=dict(
            [
                served(DOMAIN, "MX", f"10 {DOMAIN}"),
                text(DOMAIN, "v=spf1 ?all", "other"),
                text(POLICY, "v=DMARC1; p=none; pct=50"),
                text(SELECTOR, "v=DKIM1; t=y; p="),
            ]
        ),
        subject=Subject(DOMAIN, DOMAIN, selectors=("s1",)),
    )
    told = {one.id: one.topic for one in records.judge(of)}
    assert told["mx-points-to-apex"] == "mx"
    assert told["spf-all"] == "spf"
    everything = judged(of)
    assert {"mx-points-to-apex", "spf-all"} <= {one.id for one in everything}
    only: tuple[Topic, ...] = ("mx",)
    assert {one.topic for one in judged(of, only)} == {"mx"}


def test_every_rule_that_is_told_is_in_the_register() -> None:
    """Ids are lint's, so that a finding can be acknowledged; no fault is without a fix."""
    of = of_tlsa("3 1 0 ffff", looks=(GOOD, ServerLook(NS2, "answered REFUSED")))
    everything = judged(of)
    assert everything
    assert {one.id for one in everything} <= set(RULES)
    assert all(one.fix for one in everything if one.state == "fail")


def test_nothing_known_is_nothing_wrong() -> None:
    """Of a domain of which nothing could be seen, everything is unknown and nothing fails."""
    blank = Facts(Subject(DOMAIN), NOW, ZoneServers(DOMAIN, fault="no time"))
    assert {one.state for one in judged(blank)} == {"unknown"}
    desired = Desired(DOMAIN, DOMAIN, (), Place("f", 1, 1))
    known = replace(blank, subject=Subject(DOMAIN, DOMAIN, desired))
    assert {one.state for one in judged(known)} == {"unknown"}


# ---- whatever the DNS says ----------------------------------------------------------------------

PIECES = st.sampled_from(
    ["v=spf1 ", "v=DKIM1; ", "v=DMARC1; ", "v=STSv1; ", "v=TLSRPTv1; ", "p=", "rua=mailto:a@b.c,"]
)
TEXTS = st.lists(st.tuples(PIECES, st.text(st.characters(max_codepoint=255), max_size=30)))
STATES: st.SearchStrategy[State] = st.sampled_from(["found", "void", "failed", "unknown"])
MX_VALUES = st.lists(st.sampled_from([f"10 {HOST}", "0 .", "x", "10 a b", "9 \\000."]))
TLSA_VALUES = st.lists(st.sampled_from(["3 1 1 00", "3 1 0 6b6579", "rubbish", "2 0 0 ff"]))
NAMES_ASKED = (DOMAIN, POLICY, SELECTOR, "_mta-sts.example.com.", "_smtp._tls.example.com.")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_record_is_too_strange_to_be_judged(data: st.DataObject) -> None:
    """Whatever the DNS says, nothing is raised, each fault has its rule, and all is printed."""
    entries = {}
    for name in NAMES_ASKED:
        texts = ["".join(pair) for pair in data.draw(TEXTS)]
        key = (name, "TXT")
        answer = Answer(data.draw(STATES), tuple(map(txt_value, texts)), "so")
        entries[key] = Served(key, answer, 60, data.draw(st.sampled_from(["", "a.example."])))
    key = (DOMAIN, "MX")
    values = tuple(data.draw(MX_VALUES))
    entries[key] = Served(key, Answer(data.draw(STATES), values, "so"))
    addresses = data.draw(st.sampled_from([(), ("192.0.2.25", "2001:db8::25")]))
    of = replace(
        of_tlsa(*data.draw(TLSA_VALUES)),
        records=entries,
        subject=Subject(DOMAIN, DOMAIN, selectors=("s1",)),
        canaries=(Canary(NS1, (DOMAIN, "MX"), Resolution(Answer(data.draw(STATES)))),),
        addresses={HOST: Answer(data.draw(STATES), addresses, "so")},
    )
    everything = judged(of)
    assert {one.id for one in everything} <= set(RULES)
    checked = Checked("example.com", NOW, False, everything)
    page = CheckText(colour=False, width=80, brief=False).domain(checked)
    assert page.replace("\n", "").isprintable()
