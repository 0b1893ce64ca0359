"""What each authoritative server serves, where there is no listing to compare with."""

from __future__ import annotations

import dns.message
import dns.rdatatype
import pytest

from mailsync.dns.rrset import RRset
from mailsync.errors import HostError
from mailsync.observe.authoritative import AuthoritativeObserver

from .fakes import FakeServer, reply, resolver_at, zone_of
from .test_authoritative import LINE, LIVE, MX, QUICK, SOA, ZONE, observer


def test_each_version_that_some_server_serves_is_given_once() -> None:
    """Two that agree give one; absence is a version, too; aliases are asked for by themselves."""
    other = LINE.replace("300", "60")
    alias = f"www.{ZONE} 60 CNAME {ZONE}"
    with (
        FakeServer(zone_of(SOA, LINE, alias)) as one,
        FakeServer(zone_of(SOA, LINE)) as two,
        FakeServer(zone_of(SOA, other)) as three,
    ):
        keys = [MX, (ZONE, "TXT"), (f"www.{ZONE}", "A"), (f"www.{ZONE}", "CNAME"), (ZONE, "ALIAS")]
        found = observer(one, two, three).answers(ZONE, keys)
    assert set(found[MX]) == {LIVE, LIVE.with_ttl(60)}
    assert found[ZONE, "TXT"] == (None,)
    assert found[f"www.{ZONE}", "A"] == (None,)
    assert set(found[f"www.{ZONE}", "CNAME"]) == {
        RRset(f"www.{ZONE}", "CNAME", 60, (ZONE,)),
        None,
    }
    assert (ZONE, "ALIAS") not in found


def test_a_name_below_a_delegation_gives_the_delegation() -> None:
    """A referral is no absence: the name is another zone's."""
    cut = f"sub.{ZONE}"

    def answering(query: dns.message.Message, tcp: bool) -> bytes:
        if query.question[0].name.to_text() == f"mx.{cut}":
            authority = [f"{cut} 300 NS ns1.example.net.", f"{ZONE} 300 NS ns2.example.net."]
            return reply(query, aa=False, authority=authority).to_wire()
        return zone_of(SOA)(query, tcp)  # type: ignore[return-value]

    with FakeServer(answering) as server:
        found = observer(server).answers(ZONE, [(f"mx.{cut}", "A")])
    assert found == {(cut, "NS"): (RRset(cut, "NS", 300, ("ns1.example.net.",)),)}


def test_a_server_that_falls_silent_is_left_out() -> None:
    """It answered for its SOA and then no more: what it serves is not known."""

    def answering(query: dns.message.Message, tcp: bool) -> bytes | None:
        asked = query.question[0].rdtype
        return zone_of(SOA)(query, tcp) if asked == dns.rdatatype.SOA else None  # type: ignore[return-value]

    with FakeServer(answering) as mute, FakeServer(zone_of(SOA, LINE)) as server:
        assert observer(mute, server).answers(ZONE, [MX]) == {MX: (LIVE,)}


def test_where_nobody_answers_nothing_is_taken_for_absent() -> None:
    """Neither with servers that are mute, nor without any."""
    with FakeServer(lambda query, tcp: None) as mute:
        with pytest.raises(HostError, match="no authoritative server answers"):
            observer(mute).answers(ZONE, [MX])
        lost = AuthoritativeObserver(resolver=resolver_at(mute), patience=QUICK)
        with pytest.raises(HostError, match="its servers are not known"):
            lost.answers(ZONE, [MX])
