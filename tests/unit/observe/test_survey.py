"""What a zone's servers show of its mail: asked one question at a time."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest

from mailsync.dns.rrset import RRset, txt_value
from mailsync.errors import MailsyncError
from mailsync.observe import survey as module
from mailsync.observe.delegation import LookupFailed
from mailsync.observe.question import Patience
from mailsync.observe.survey import Survey, survey

from .fakes import Answering, FakeServer, reply, resolver_at, zone_of

ZONE = "example.jp."
SOA = f"{ZONE} 3600 SOA ns1.example.jp. hostmaster.example.jp. 1 7200 3600 2419200 900"
QUICK = Patience(timeout=0.25, tries=1)


def asked(*answerings: Answering, selectors: tuple[str, ...] = ()) -> Survey:
    """A survey of servers that answer like that."""
    servers = [FakeServer(answering) for answering in answerings]
    for server in servers:
        server.__enter__()
    try:
        return survey(
            ZONE,
            selectors,
            [(server.address, server.port) for server in servers],
            resolver=dns.resolver.Resolver(configure=False),
            patience=QUICK,
        )
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def shown(found: Survey) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    """What was found, TTLs and values by RRset."""
    return {key: (rrset.ttl, rrset.values) for key, rrset in found.rrsets.items()}


def test_the_usual_names_are_found() -> None:
    """With their own TTLs, which resolvers count down and these servers do not."""
    found = asked(
        zone_of(
            SOA,
            f"{ZONE} 300 MX 10 mx1.example.jp.",
            f"{ZONE} 300 MX 20 mx.example.net.",
            f'{ZONE} 600 TXT "v=spf1 include:_spf.example.jp include:x.example -all"',
            '_spf.example.jp. 60 TXT "v=spf1 redirect=_r.example.jp"',
            '_r.example.jp. 60 TXT "v=spf1 -all"',
            "mx1.example.jp. 86400 A 192.0.2.1",
            "mx1.example.jp. 86400 AAAA 2001:db8::1",
            f"_25._tcp.mx1.example.jp. 300 TLSA 3 1 1 {'ab' * 32}",
            '_dmarc.example.jp. 3600 TXT "v=DMARC1; p=none"',
            '_mta-sts.example.jp. 3600 TXT "v=STSv1; id=1;"',
            "_smtp._tls.example.jp. 3600 CNAME tls.example.net.",
            "autodiscover.example.jp. 3600 CNAME autodiscover.outlook.com.",
            "_imaps._tcp.example.jp. 3600 SRV 0 1 993 imap.example.jp.",
            "imap.example.jp. 3600 A 192.0.2.2",
            '*._domainkey.example.jp. 3600 TXT "v=DKIM1; p="',
            "s1._domainkey.example.jp. 3600 CNAME s1.dkim.example.net.",
            's2._domainkey.example.jp. 3600 TXT "v=DKIM1; p=AAAA"',
            "www.example.jp. 3600 A 192.0.2.80",
        ),
        selectors=("s1", "s2", "s3"),
    )
    assert shown(found) == {
        (ZONE, "MX"): (300, ("10 mx1.example.jp.", "20 mx.example.net.")),
        (ZONE, "TXT"): (600, ('"v=spf1 include:_spf.example.jp include:x.example -all"',)),
        ("_spf.example.jp.", "TXT"): (60, ('"v=spf1 redirect=_r.example.jp"',)),
        ("_r.example.jp.", "TXT"): (60, ('"v=spf1 -all"',)),
        ("mx1.example.jp.", "A"): (86400, ("192.0.2.1",)),
        ("mx1.example.jp.", "AAAA"): (86400, ("2001:db8::1",)),
        ("_25._tcp.mx1.example.jp.", "TLSA"): (300, (f"3 1 1 {'ab' * 32}",)),
        ("_dmarc.example.jp.", "TXT"): (3600, ('"v=DMARC1; p=none"',)),
        ("_mta-sts.example.jp.", "TXT"): (3600, ('"v=STSv1; id=1;"',)),
        ("_smtp._tls.example.jp.", "CNAME"): (3600, ("tls.example.net.",)),
        ("autodiscover.example.jp.", "CNAME"): (3600, ("autodiscover.outlook.com.",)),
        ("_imaps._tcp.example.jp.", "SRV"): (3600, ("0 1 993 imap.example.jp.",)),
        ("imap.example.jp.", "A"): (3600, ("192.0.2.2",)),
        ("*._domainkey.example.jp.", "TXT"): (3600, (txt_value("v=DKIM1; p="),)),
        ("s1._domainkey.example.jp.", "CNAME"): (3600, ("s1.dkim.example.net.",)),
        ("s2._domainkey.example.jp.", "TXT"): (3600, ('"v=DKIM1; p=AAAA"',)),
    }
    assert (found.synthesised, found.unanswered) == ((), ())


def wildcard(*lines: str, under: str) -> Answering:
    """A zone whose wildcard answers for all other names below ``under``."""
    known = zone_of(*lines)

    def answering(query: dns.message.Message, tcp: bool) -> object:
        question = query.question[0]
        name = question.name.to_text().lower()
        rdtype = dns.rdatatype.to_text(question.rdtype)
        exact = known(query, tcp)
        if dns.message.from_wire(exact).answer or not name.endswith(under):  # type: ignore[arg-type]
            return exact
        like = [line for line in lines if line.startswith("*.")]
        made = [line.replace(line.split()[0], name, 1) for line in like if f" {rdtype} " in line]
        return reply(query, *made).to_wire()

    return answering  # type: ignore[return-value]


def test_what_a_wildcard_answers_is_no_record() -> None:
    """The wildcard is found, and not a record at every name that was asked for."""
    found = asked(
        wildcard(
            SOA,
            f"{ZONE} 300 MX 10 mail.example.jp.",
            '*.example.jp. 300 TXT "hello"',
            "*.example.jp. 300 A 192.0.2.80",
            '_dmarc.example.jp. 300 TXT "v=DMARC1; p=none"',
            under=".example.jp.",
        ),
        selectors=("s1",),
    )
    assert set(found.rrsets) == {
        (ZONE, "MX"),
        ("*.example.jp.", "TXT"),
        ("*.example.jp.", "A"),
        ("_dmarc.example.jp.", "TXT"),
    }
    assert {"s1._domainkey.example.jp", "mail.example.jp"} <= set(found.synthesised)
    assert "_dmarc.example.jp" not in found.synthesised


def test_a_delegation_is_seen_as_one() -> None:
    """A referral tells that a host lies in another zone; its records are not these servers'."""

    def answering(query: dns.message.Message, tcp: bool) -> object:
        name = query.question[0].name.to_text().lower()
        if name.endswith("cut.example.jp."):
            referral = (
                "cut.example.jp. 600 NS ns.cut.example.jp.",
                "cut.example.jp. 600 NS NS.example.net.",
            )
            return reply(query, aa=False, authority=referral).to_wire()
        known = zone_of(SOA, f"{ZONE} 300 MX 10 mx.cut.example.jp.")
        return known(query, tcp)

    found = asked(answering)  # type: ignore[arg-type]
    assert shown(found)["cut.example.jp.", "NS"] == (
        600,
        ("ns.cut.example.jp.", "ns.example.net."),
    )
    assert ("mx.cut.example.jp.", "A") not in found.rrsets


def test_another_server_answers_where_one_does_not() -> None:
    """One is lame, the next one answers; what nobody answers is told and not taken for absent."""
    good = zone_of(SOA, f"{ZONE} 300 MX 10 mx.example.net.")

    def lame(query: dns.message.Message, tcp: bool) -> object:
        if query.question[0].rdtype == dns.rdatatype.SOA:
            return good(query, tcp)
        return reply(query, rcode=dns.rcode.REFUSED, authority=("jp. 60 NS a.dns.jp.",)).to_wire()

    def flaky(query: dns.message.Message, tcp: bool) -> object:
        if query.question[0].name.to_text().startswith("_dmarc"):
            return None
        return good(query, tcp)

    found = asked(lame, flaky)  # type: ignore[arg-type]
    assert set(found.rrsets) == {(ZONE, "MX")}
    (text,) = found.unanswered
    assert text.startswith("_dmarc.example.jp TXT: 127.0.0.1:")
    assert "answered REFUSED" in text


def test_hostile_values_lead_nowhere() -> None:
    """SPF that is none, hosts elsewhere, and includes with macros are not followed."""
    found = asked(
        zone_of(
            SOA,
            f"{ZONE} 300 MX 0 .",
            f'{ZONE} 300 TXT "v=spf1 include:%{{i}}.example.jp -all"',
            f'{ZONE} 300 TXT "v=spf1 bad:term"',
        )
    )
    assert set(found.rrsets) == {(ZONE, "MX"), (ZONE, "TXT")}


@pytest.mark.parametrize(
    ("answering", "says"),
    [
        (zone_of(), "has no SOA there: it is no zone of its own"),
        (lambda query, tcp: None, "did not answer within"),
        (
            lambda query, tcp: reply(query, rcode=dns.rcode.REFUSED).to_wire(),
            "answered REFUSED",
        ),
    ],
)
def test_nobody_answers_for_the_zone(answering: Answering, says: str) -> None:
    """One line that names the server and what it did."""
    with pytest.raises(MailsyncError, match=rf"example\.jp: none of its name servers.*{says}"):
        asked(answering)


def test_no_name_servers_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS does not tell who serves the zone, or this machine has no resolver: one line each."""
    with FakeServer(lambda query, tcp: reply(query).to_wire()) as server:
        with pytest.raises(MailsyncError, match="its name servers cannot be found: no name serv"):
            survey(ZONE, (), resolver=resolver_at(server), patience=QUICK)
        with pytest.raises(MailsyncError, match=r"no address of ns\.nowhere"):
            survey(ZONE, (), [("ns.nowhere", 53)], resolver=resolver_at(server), patience=QUICK)

    def none(timeout: float) -> dns.resolver.Resolver:
        raise LookupFailed("no resolver on this machine")

    monkeypatch.setattr(module, "system_resolver", none)
    with pytest.raises(MailsyncError, match="no resolver on this machine"):
        survey(ZONE, ())


def test_equal_surveys() -> None:
    """The same answers make the same survey, whatever came first."""
    lines = (SOA, f"{ZONE} 300 MX 10 mx.example.net.")
    assert asked(zone_of(*lines)) == asked(zone_of(*reversed(lines)))
    assert isinstance(asked(zone_of(*lines)).rrsets[ZONE, "MX"], RRset)
