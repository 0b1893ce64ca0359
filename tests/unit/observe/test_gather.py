"""A domain looked at from all sides, in a small internet of the tests' own."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event as Flag
from typing import TYPE_CHECKING

from mailsync.desired.model import Desired, Place, Use, Wish
from mailsync.dns.answer import VOID, Answer
from mailsync.dns.rrset import txt_value
from mailsync.mail.mx import Record
from mailsync.observe import gather as gathering
from mailsync.observe.check import check, judged
from mailsync.observe.errands import Courtesy, Errands
from mailsync.observe.facts import Called, Facts, Subject, exchanges_of, texts_of
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.policy import Fetched
from mailsync.observe.question import Server
from mailsync.observe.resolving import Planned
from mailsync.observe.results import TOPICS, Topic
from mailsync.observe.smtp import Endpoint, Session
from mailsync.observe.zones import Served
from tests.unit.observe.certificates import Authority
from tests.unit.observe.fakes import FakeServer
from tests.unit.observe.internet import NOW, QUICK, SOA, Internet, mail_domain
from tests.unit.observe.mail_servers import mail_server

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DOMAIN = "example.com."
PLACE = Place("zones/example.com.yaml", 1, 1)


def wish(kind: str, name: str, rdtype: str, *values: str) -> Wish:
    """A wish of a zone file."""
    return Wish(kind, name, rdtype, values, 3600, PLACE)  # type: ignore[arg-type]


def looked(net: Internet, subject: Subject, *topics: Topic, **settings: object) -> Facts:
    """Look at a domain in that internet."""
    base = Settings(seconds=5, patience=QUICK, canaries=(net.resolver,))
    return net.gatherer(replace(base, **settings)).gather(subject, topics)  # type: ignore[arg-type]


def test_everything_is_found(tmp_path: Path) -> None:
    """Records, hosts, mail servers, TLSA, names of addresses, resolvers, DNSSEC, policy, SPF."""
    authority = Authority(tmp_path)
    with mail_server(certificate=authority.issue("mx1.example.com")) as endpoint:
        records = mail_domain(
            "mx1.example.com. 3600 A 127.0.0.1",
            "_25._tcp.mx1.example.com. 3600 TLSA 3 1 1 " + "ab" * 32,
            "1.0.0.127.in-addr.arpa. 3600 PTR mx1.example.com.",
            's1._domainkey.example.com. 60 TXT "v=DKIM1; p="',
            '_mta-sts.example.com. 60 TXT "v=STSv1; id=1;"',
        )
        with Internet(*records) as net:
            net.secure = True
            subject = Subject(
                DOMAIN, DOMAIN, senders=("192.0.2.10", "192.0.2.99"), selectors=("s1",)
            )
            facts = net.gatherer(
                Settings(
                    seconds=5,
                    patience=QUICK,
                    canaries=(net.resolver,),
                    smtp_port=endpoint.port,
                    roots=str(authority.root),
                )
            ).gather(subject)
    assert facts.at == NOW
    assert facts.exchanges[0].exchange == "mx1.example.com."
    assert facts.addresses == {"mx1.example.com.": facts.addresses["mx1.example.com."]}
    (called,) = facts.called
    assert called.session.takes("postmaster@example.com")[0] == "pass"
    assert called.session.tls is not None
    assert called.session.tls.trust == ""
    assert facts.tlsa["mx1.example.com."].answer.state == "found"
    assert facts.secure == {
        (DOMAIN, "MX"): True,
        ("mx1.example.com.", "A"): True,
        ("_25._tcp.mx1.example.com.", "TLSA"): True,
    }
    assert set(facts.reverse) == {"192.0.2.10", "192.0.2.99", "127.0.0.1"}
    assert facts.reverse["127.0.0.1"].forward["mx1.example.com."].values == ("127.0.0.1",)
    assert [canary.key[1] for canary in facts.canaries] == ["MX", "TXT"]
    assert facts.dnssec is not None
    assert facts.dnssec.state == "secure"
    assert facts.policy is not None
    assert facts.policy.state == "wrong"  # announced, and mta-sts.example.com has no address
    assert {ip: found.result for ip, found in facts.spf.items()} == {
        "192.0.2.10": "pass",
        "192.0.2.99": "fail",
    }
    assert facts.spf_survey is not None
    assert facts.texts("s1._domainkey.example.com.") == ("v=DKIM1; p=",)


def test_no_resolver_is_asked_for_what_is_not_there_yet() -> None:
    """What the file wishes for is asked of the zone's own servers; canaries only of what is."""
    records = [line for line in mail_domain() if " TXT " not in line and " MX " not in line]
    wishes = (
        wish("mx", DOMAIN, "MX", "10 mx1.example.com."),
        wish("host", "mx1.example.com.", "A", "192.0.2.1"),
        wish("dkim", "s1._domainkey.example.com.", "TXT", '"v=DKIM1; p="'),
        wish("tlsa", "_25._tcp.mx1.example.com.", "TLSA", "3 1 1 " + "ab" * 32),
        wish("record", "*.example.com.", "A", "192.0.2.1"),
        wish("record", "x.example.com.", "ALIAS", "example.net."),
    )
    desired = Desired(DOMAIN, DOMAIN, wishes, PLACE)
    names = {one.name: DOMAIN for one in wishes if one.name != DOMAIN}
    with Internet(*records) as net:
        subject = Subject(
            DOMAIN, DOMAIN, desired, selectors=("s1",), new_hosts=("mx1.example.com.",)
        )
        facts = net.gatherer(planned=Planned(names)).gather(subject)
        by_resolver = net.asked(recursive=True)
        by_server = net.asked(recursive=False)
    assert facts.served(DOMAIN, "MX").answer == VOID
    assert facts.hosts == ()
    assert {name for name, _ in by_resolver} <= {
        DOMAIN,
        "ns1.example.com.",
        "10.2.0.192.in-addr.arpa.",
    }
    assert (DOMAIN, "MX") not in by_resolver
    assert {("mx1.example.com.", "A"), ("s1._domainkey.example.com.", "TXT")} <= by_server
    assert not {rdtype for _, rdtype in by_server} & {"ALIAS"}


def test_a_stranger_is_looked_at_by_its_delegation() -> None:
    """The zone is found; a subdomain's is that of its parent."""
    with Internet(*mail_domain("news.example.com. 60 MX 10 mx1.example.com.")) as net:
        facts = looked(net, Subject("news.example.com."), "mx")
        assert facts.zone is not None
        assert facts.zone.zone == DOMAIN
        assert [record.exchange for record in facts.exchanges] == ["mx1.example.com."]
        assert not {r for r in net.asked(recursive=True) if r[1] == "PTR"}


def test_what_does_not_exist_is_told() -> None:
    """No zone but a top-level one; a resolver that fails leaves it unknown."""
    with Internet(*mail_domain()) as net:
        facts = looked(net, Subject("example.org."), "delegation")
        assert facts.zone is not None
        assert (facts.zone.delegated, facts.zone.fault) == (
            False,
            "nobody knows a zone for example.org",
        )
        net.broken.add("example.net.")
        facts = looked(net, Subject("example.net."), "delegation")
        assert facts.zone is not None
        assert facts.zone.delegated


def test_a_resolvers_word_is_taken_where_the_zones_servers_do_not_answer() -> None:
    """But not for names that are about to be created."""
    with Internet(*mail_domain()) as net:
        planned = Planned({"_dmarc.example.com.": DOMAIN}, {(DOMAIN, "A"): DOMAIN})
        gatherer = net.gatherer(planned=planned)
        gatherer._zones._nameservers = (("127.0.0.99", 1),)
        facts = gatherer.gather(Subject(DOMAIN, DOMAIN), ("mx",))
    assert facts.served(DOMAIN, "MX").answer.state == "found"
    dmarc = facts.served("_dmarc.example.com.", "TXT").answer
    assert (dmarc.state, dmarc.reason) == ("failed", "none of the zone's servers answers for it")
    assert facts.served(DOMAIN, "A").answer.state == "failed"
    assert facts.served(DOMAIN, "AAAA").answer.state == "void"
    assert [look.silent for look in facts.looks] == [True]


def test_aliases_are_followed() -> None:
    """A key that is an alias is judged by what stands at its end."""
    records = mail_domain(
        "s1._domainkey.example.com. 60 CNAME s1.example.net.",
        's1.example.net. 60 TXT "v=DKIM1; p="',
        "mx1.example.com. 60 CNAME a.example.net.",
        "a.example.net. 60 A 127.0.0.1",
    )
    with Internet(*records) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN, selectors=("s1",)), "dkim")
    served = facts.served("s1._domainkey.example.com.", "TXT")
    assert (served.alias, served.answer.values) == ("s1.example.net.", ('"v=DKIM1; p="',))
    assert facts.aliases == {"mx1.example.com.": "a.example.net."}


def test_mail_servers_are_looked_at_for_a_reason() -> None:
    """Those of the MX with all recipients; a former one and one behind a gateway without."""
    records = mail_domain(
        "mx1.example.com. 60 A 127.0.0.1",
        "old.example.net. 60 A 127.0.0.1",
        "tenant.example.net. 60 A 127.0.0.1",
    )
    subject = Subject(
        DOMAIN,
        DOMAIN,
        mailboxes=("info@example.com",),
        old_hosts=("old.example.net.", "mx1.example.com."),
        mailbox_hosts=("tenant.example.net.",),
    )
    with mail_server() as endpoint, Internet(*records) as net:
        facts = looked(net, subject, "smtp", "services", smtp_port=endpoint.port)
    roles = {
        call.role: [answer.recipient for answer in call.session.answers] for call in facts.called
    }
    assert set(roles) == {"mx", "old", "mailbox"}
    assert roles["old"] == roles["mailbox"] == ["postmaster@example.com", "info@example.com"]
    assert len(roles["mx"]) == 4
    assert roles["mx"][3] == "mailsync-probe@example.net"


def test_too_many_mail_servers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first few are looked at, the rest is told."""
    monkeypatch.setattr(gathering, "_ENDPOINTS_MAX", 2)
    addresses = [f"mx1.example.com. 60 A 127.0.0.{number}" for number in range(1, 6)]
    with mail_server() as endpoint, Internet(*mail_domain(*addresses)) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN), "smtp", smtp_port=endpoint.port)
    assert (len(facts.called), facts.left_out) == (2, 3)


def test_the_time_of_a_domain_ends() -> None:
    """Whatever does not answer by then is unknown, and nothing of it is a fault."""
    with FakeServer(lambda query, tcp: None) as mute, Internet(*mail_domain()) as net:
        gatherer = net.gatherer(Settings(seconds=0.5, canaries=()))
        gatherer._zones._nameservers = ((mute.address, mute.port),)
        began = time.monotonic()
        found = check(Subject(DOMAIN, DOMAIN), gatherer)
        assert time.monotonic() - began < 2
    assert {one.level for one in found.observations if one.topic == "delegation"} == {"unknown"}


def test_what_there_was_no_time_for_is_unknown_and_not_missing() -> None:
    """Records came, and nothing after: each topic says that it did not look."""
    records = mail_domain(
        "mx1.example.com. 60 A 127.0.0.1",
        "_25._tcp.mx1.example.com. 60 TLSA 3 1 1 " + "ab" * 32,
        '_mta-sts.example.com. 60 TXT "v=STSv1; id=1;"',
    )
    with Internet(*records) as net:
        settings = Settings(seconds=5, patience=QUICK, canaries=(net.resolver,))
        gatherer = net.gatherer(settings)
        with gatherer.errands() as errands:
            facts = gatherer._zone(Facts(Subject(DOMAIN, DOMAIN), NOW), errands)
            facts = gatherer._hosts(gatherer._records(facts, errands), errands)
        net.server.answering = lambda query, tcp: None
        with Errands(0) as errands:
            facts = replace(facts, subject=replace(facts.subject, senders=("192.0.2.77",)))
            facts = gatherer._rest(facts, frozenset(TOPICS), errands)
    told = {one.topic: one.state for one in judged(facts) if one.state != "pass"}
    assert told.keys() >= {"smtp", "dane", "reverse", "resolvers", "dnssec", "mta-sts", "spf"}
    assert set(told.values()) == {"unknown"}


def test_a_run_that_is_stopped_takes_no_more_time() -> None:
    """A flag that is set ends every look at once, however long the world would take."""
    stop = Flag()
    stop.set()
    with FakeServer(lambda query, tcp: None) as mute, Internet() as net:
        zones = net.zones(DOMAIN)
        zones._nameservers = ((mute.address, mute.port),)
        began = time.monotonic()
        facts = Gatherer(Settings(seconds=30), net.lookups(), zones, lambda: NOW, stop).gather(
            Subject(DOMAIN, DOMAIN)
        )
        assert time.monotonic() - began < 1
    assert facts.exchanges == ()


def test_a_resolver_that_does_not_answer_vouches_for_nothing() -> None:
    """Without a validating resolver nothing is secure, and with a second one that one is asked."""
    records = mail_domain(
        "mx1.example.com. 60 A 127.0.0.1", "_25._tcp.mx1.example.com. 60 TLSA 3 1 1 " + "ab" * 32
    )
    silent = Server("127.0.0.1", "127.0.0.1", 1)
    with Internet(*records) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN), "dane", canaries=(silent,), smtp_port=1)
        assert set(facts.secure.values()) == {None}
        net.secure = True
        both = (silent, net.resolver)
        facts = looked(net, Subject(DOMAIN, DOMAIN), "dane", canaries=both, smtp_port=1)
        assert set(facts.secure.values()) == {True}


def test_an_announced_policy_is_fetched_from_its_addresses() -> None:
    """The first that answers; a name that has none, or cannot be looked up, is told apart."""
    announced = '_mta-sts.example.com. 60 TXT "v=STSv1; id=1;"'
    address = "mta-sts.example.com. 60 A 127.0.0.1"
    with Internet(*mail_domain(announced, address)) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN), "mta-sts", https_port=1, smtp_port=1)
        assert facts.policy is not None
        assert facts.policy.state == "unknown"
        net.broken.add("mta-sts.example.com.")
        facts = looked(net, Subject(DOMAIN, DOMAIN), "mta-sts", https_port=1, smtp_port=1)
        assert facts.policy is not None
        assert "SERVFAIL" in facts.policy.detail
    with Internet(*mail_domain()) as net:
        assert looked(net, Subject(DOMAIN, DOMAIN), "mta-sts", smtp_port=1).policy is None


def test_the_first_address_that_serves_the_policy_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others need not be asked."""
    served = Fetched("served", "so")
    monkeypatch.setattr("mailsync.observe.policy.look", lambda domain, place: served)
    announced = '_mta-sts.example.com. 60 TXT "v=STSv1; id=1;"'
    with Internet(*mail_domain(announced, "mta-sts.example.com. 60 A 127.0.0.1")) as net:
        assert looked(net, Subject(DOMAIN, DOMAIN), "mta-sts", smtp_port=1).policy == served


def test_an_address_that_is_busy_with_other_domains_is_unknown() -> None:
    """Whose turn does not come is not looked at."""
    with Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net:
        gatherer = net.gatherer(Settings(seconds=0.5, patience=QUICK))
        gatherer._courtesy = Courtesy(limit=0)
        facts = gatherer.gather(Subject(DOMAIN, DOMAIN), ("smtp",))
        call = Called("mx", Session(Endpoint("mx1.example.com.", "127.0.0.1")))
        with Errands(0) as errands:
            told = gatherer.call(call, errands)
    (called,) = facts.called
    assert called.session.problem
    assert told.session.problem.startswith("was not looked at")


def test_a_network_that_blocks_the_port_is_found_out() -> None:
    """The ninth server is not waited for; nothing of it is a fault."""
    addresses = [f"mx1.example.com. 60 A 127.{number}.0.1" for number in range(1, 9)]
    with Internet(*mail_domain(*addresses)) as net:
        gatherer = net.gatherer(Settings(seconds=5, patience=QUICK, smtp_port=1))
        gatherer.gather(Subject(DOMAIN, DOMAIN), ("smtp",))
        facts = gatherer.gather(Subject(DOMAIN, DOMAIN), ("smtp",))
    assert {call.session.problem.split(":")[0] for call in facts.called} == {"was not tried"}
    assert {one.state for one in judged(facts, ("smtp",))} == {"unknown"}


def test_names_that_are_aliases_are_told() -> None:
    """A name of an address may lead back by an alias."""
    records = mail_domain(
        "10.2.0.192.in-addr.arpa. 60 PTR a.example.com.",
        "a.example.com. 60 CNAME b.example.com.",
        "b.example.com. 60 A 192.0.2.10",
    )
    with Internet(*records) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN), "reverse")
    assert facts.reverse["192.0.2.10"].aliases == {"a.example.com."}


def test_what_is_no_value_is_left_out() -> None:
    """Of an MX, a TXT, or an SPF record that names no single address."""
    assert exchanges_of(["10 a.", "ten a."]) == (Record(10, "a."),)
    assert texts_of(['"a"', '"']) == ("a",)
    for text in ("v=spf1 ip4:x", "v=spf1 ip4:192.0.2.0/24 a -ip4:192.0.2.1", "else"):
        served = Served((DOMAIN, "TXT"), Answer("found", (txt_value(text),)))
        assert Facts(Subject(DOMAIN), NOW, records={served.key: served}).senders == ()


def test_outside_places_of_reports_are_asked_for() -> None:
    """Only those that are other domains."""
    records = [line for line in mail_domain() if "_dmarc" not in line]
    dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.net"
    records += [
        f'_dmarc.example.com. 60 TXT "{dmarc}"',
        'example.com._report._dmarc.example.net. 60 TXT "v=DMARC1"',
    ]
    with Internet(*records) as net:
        facts = looked(net, Subject(DOMAIN, DOMAIN), "dmarc")
    assert set(facts.reports) == {"example.com._report._dmarc.example.net."}


def test_the_whole_of_a_check() -> None:
    """Observations of each topic that is asked for, and of no other; and what is not known."""
    with Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net:
        settings = Settings(seconds=5, patience=QUICK, canaries=(net.resolver,), smtp_port=1)
        found = check(Subject(DOMAIN), net.gatherer(settings))
        some = check(Subject(DOMAIN), net.gatherer(settings), ("spf",))
    assert {one.topic for one in found.observations} >= {"delegation", "mx", "smtp", "spf", "dmarc"}
    assert {one.topic for one in some.observations} == {"spf"}
    assert not found.has_file
    assert [sentence.split(":")[0] for sentence in found.not_known] == [
        "it has no zone file",
        "DKIM",
        "SMTP",
        "SPF",
        "no former mail server is known; name one with --old-host",
    ]
    assert len(some.not_known) == 2


def test_what_the_user_accepts_or_switches_off_is_no_fault() -> None:
    """An acknowledged finding is told; one that is off is not; a severity is the user's."""
    desired = Desired(
        DOMAIN,
        DOMAIN,
        (),
        PLACE,
        acknowledged=frozenset({"mx-missing"}),
        severities=(("dmarc-missing", "off"), ("spf-missing", "error")),
        services=(Use("x", "relay", PLACE),),
    )
    with Internet(SOA, "example.com. 60 NS ns1.example.com.") as net:
        found = check(Subject(DOMAIN, DOMAIN, desired), net.gatherer(), ("mx", "spf", "dmarc"))
    assert [(one.id, one.level) for one in found.observations] == [
        ("mx-missing", "info"),
        ("spf-missing", "error"),
    ]
    assert found.observations[0].detail.endswith("(acknowledged)")
