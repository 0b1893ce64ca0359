"""Asking resolvers: what they say, and never too early."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dns.message
import dns.resolver
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.dns.answer import VOID, Answer
from mailsync.observe import resolving
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import (
    Lookups,
    Planned,
    dnspython_resolver,
    resolved_by,
    system_resolvers,
)

from .fakes import FakeServer, reply
from .internet import QUICK, Internet, mail_domain

if TYPE_CHECKING:
    import pytest


def test_answers_are_given_with_their_circumstances() -> None:
    """Values, where they stand behind aliases, what is left of the TTL, whether validated."""
    with Internet("a.example. 60 CNAME b.example.", "b.example. 30 A 192.0.2.1") as net:
        net.secure = True
        found = resolved_by(net.resolver, "a.example.", "A", QUICK)
        assert found.answer == Answer("found", ("192.0.2.1",))
        assert (found.owner, found.ttl, found.secure) == ("b.example.", 30, True)
        assert resolved_by(net.resolver, "b.example.", "AAAA", QUICK).answer == VOID
        assert resolved_by(net.resolver, "c.example.", "A", QUICK).answer == VOID


def test_addresses_are_those_of_both_families() -> None:
    """IPv4 first; none is void, and a failure of one family counts only where none is known."""
    with Internet("a.example. 60 A 192.0.2.1", "a.example. 60 AAAA 2001:db8::1") as net:
        lookups = net.lookups()
        assert lookups.addresses("a.example.").values == ("192.0.2.1", "2001:db8::1")
        assert lookups.addresses("b.example.") == VOID
        net.broken.add("c.example.")
        assert lookups.addresses("c.example.").state == "failed"


def test_a_resolver_that_fails_is_not_the_last_one_asked() -> None:
    """The next is asked; when none knows, the last one's fault is told, and no name fails it."""
    with Internet("a.example. 60 A 192.0.2.1") as net, Internet(address="127.0.0.2") as lame:
        lame.broken.add("a.example.")
        both = Lookups((lame.resolver, net.resolver), QUICK)
        assert both.ask("a.example.", "A").values == ("192.0.2.1",)
        found = Lookups((lame.resolver,), QUICK).resolve("a.example.", "A")
        assert (found.answer.state, found.servfail) == ("failed", True)
        assert "SERVFAIL" in found.answer.reason
    silent = Lookups((net.resolver,), QUICK).ask("a.example.", "A")
    assert (silent.state, "resolver" in silent.reason) == ("failed", True)
    assert Lookups((), QUICK).ask("a.example.", "A").state == "failed"
    with Internet() as net:
        assert net.lookups().ask(f"{'a' * 64}.example.", "A").state == "failed"


def test_nothing_is_asked_twice_in_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are remembered, the latest of them, whatever the number of domains."""
    monkeypatch.setattr(resolving, "_REMEMBERED", 2)
    with Internet("a.example. 60 A 192.0.2.1") as net:
        lookups = net.lookups()
        for name in ("a.example.", "A.example.", "b.example.", "c.example.", "a.example."):
            lookups.ask(name, "A")
        asked = [query.question[0].name.to_text() for query in net.server.queries]
    assert asked == ["a.example.", "b.example.", "c.example.", "a.example."]


def test_a_failure_is_not_remembered_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """One packet that is lost must not hold for a thousand domains."""
    with Internet("a.example. 60 A 192.0.2.1") as net:
        lookups = net.lookups()
        net.broken.add("a.example.")
        assert lookups.ask("a.example.", "A").state == "failed"
        net.broken.clear()
        assert lookups.ask("a.example.", "A").state == "failed"
        monkeypatch.setattr(resolving, "_FAILURE_HOLDS", -1.0)
        net.broken.add("b.example.")
        assert lookups.ask("b.example.", "A").state == "failed"
        net.broken.clear()
        assert lookups.ask("b.example.", "A") == VOID


def test_no_resolver_is_asked_near_a_name_that_is_about_to_be_created() -> None:
    """Nor for a neighbour on the same branch: what is missing above is missing below (RFC 8020)."""
    planned = Planned({"s1._domainkey.example.com.": "example.com."})
    with Internet(*mail_domain()) as net:
        lookups = net.lookups(planned)
        for name in ("s1._domainkey", "s2._domainkey", "_domainkey"):
            assert lookups.ask(f"{name}.example.com.", "TXT").state == "unknown"
        assert lookups.ask("example.com.", "MX").state == "found"
        assert net.asked(recursive=True) == {("example.com.", "MX")}


def test_the_zones_own_servers_are_asked_instead() -> None:
    """They remember nothing; aliases that lead elsewhere are followed through the resolver."""
    records = mail_domain(
        "new.example.com. 60 CNAME there.example.net.",
        "there.example.net. 60 A 192.0.2.9",
        "loop.example.com. 60 CNAME loop.example.com.",
    )
    names = ("new", "old", "loop")
    planned = Planned({f"{name}.example.com.": "example.com." for name in names})
    with Internet(*records) as net:
        lookups = net.lookups(planned, net.zones("example.com."))
        found = lookups.resolve("new.example.com.", "A")
        assert (found.answer.values, found.owner) == (("192.0.2.9",), "there.example.net.")
        assert lookups.ask("old.example.com.", "A") == VOID
        assert lookups.ask("loop.example.com.", "A").reason == "a loop of aliases"
        net.broken.add("down.old.example.com.")
        assert "SERVFAIL" in lookups.ask("down.old.example.com.", "A").reason
        assert net.asked(recursive=True) == {("there.example.net.", "A")}


def test_branches_are_those_of_the_zone() -> None:
    """A planned name holds its own branch, in its own zone, and no other."""
    planned = Planned({"a.b.example.com.": "example.com.", "com.": ".", "x.": "other."})
    assert planned.zone("c.b.example.com.", "A") == "example.com."
    assert planned.zone("b.example.com.", "A") == "example.com."
    assert planned.zone("d.example.org.", "A") is None
    assert planned.zone("x.", "A") == "other."
    apex = Planned(keys={("example.com.", "MX"): "example.com."})
    assert [apex.zone("example.com.", rdtype) for rdtype in ("MX", "TXT")] == ["example.com.", None]


def test_answers_that_contradict_themselves_are_failures() -> None:
    """A chain of aliases without end, or an answer beside "no such name"."""

    def loops(query: dns.message.Message, tcp: bool) -> bytes:
        lines = [f"{n}.example. 60 CNAME {n + 1}.example." for n in range(30)]
        return reply(query, *lines).to_wire(max_size=65535)

    with FakeServer(loops) as server:
        resolver = Server(server.address, server.address, server.port)
        found = resolved_by(resolver, "0.example.", "A", QUICK)
    assert (found.answer.state, "contradicts" in found.answer.reason) == ("failed", True)


@given(octets=st.binary(max_size=120), keeps=st.booleans())
@settings(max_examples=30, deadline=None)
def test_arbitrary_octets_neither_crash_nor_hold_a_question(octets: bytes, keeps: bool) -> None:
    """Over UDP and with the question's own id and without: a failure, in time."""

    def answering(query: dns.message.Message, tcp: bool) -> bytes:
        return query.to_wire()[:2] + octets if keeps else octets

    with FakeServer(answering) as server:
        resolver = Server(server.address, server.address, server.port)
        patience = Patience(timeout=0.05, tries=1)
        began = time.monotonic()
        found = resolved_by(resolver, "a.example.", "MX", patience)
        assert time.monotonic() - began < 1
    assert found.answer.state in {"failed", "void"}


def test_this_machines_resolvers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with addresses; a machine without any has none."""

    class Some:
        nameservers = ("192.0.2.53", "https://dns.example/dns-query")
        port = 53

    monkeypatch.setattr(dns.resolver, "Resolver", Some)
    assert system_resolvers() == (Server("192.0.2.53", "192.0.2.53"),)

    def fails() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", fails)
    assert system_resolvers() == ()


def test_dnspython_asks_the_same_resolvers() -> None:
    """At their ports."""
    with Internet(*mail_domain()) as net:
        found = dnspython_resolver((net.resolver,), QUICK).resolve("example.com.", "MX")
    assert [value.to_text() for value in found] == ["10 mx1.example.com."]
