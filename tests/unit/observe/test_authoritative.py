from __future__ import annotations

import errno
import socket
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from mailsync.dns.rrset import Key, RRset
from mailsync.observe import authoritative, delegation
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.delegation import LookupFailed, system_resolver
from mailsync.observe.interface import Sighting
from mailsync.observe.nobody import NoObserver
from mailsync.observe.question import Patience, Server, Silence, ask

from .fakes import Answering, FakeServer, reply, resolver_at, zone_of

ZONE = "example.jp."
MX: Key = (ZONE, "MX")
SOA = f"{ZONE} 3600 SOA ns1.example.jp. hostmaster.example.jp. 1 7200 3600 2419200 900"
LIVE = RRset(*MX, 300, ("10 mx.example.net.",))
LINE = f"{ZONE} 300 MX 10 mx.example.net."
QUICK = Patience(timeout=0.25, tries=2)


def observer(*servers: FakeServer) -> AuthoritativeObserver:
    """An observer of these servers, which is quick to give up."""
    return AuthoritativeObserver([(s.address, s.port) for s in servers], patience=QUICK)


def lag(answering: Answering, expected: RRset | None = LIVE) -> str:
    """What is said of a server that answers its SOA well, and MX queries like that."""

    def mixed(query: dns.message.Message, tcp: bool) -> object:
        if query.question[0].rdtype == dns.rdatatype.SOA:
            return zone_of(SOA)(query, tcp)
        return answering(query, tcp)

    with FakeServer(mixed) as server:  # type: ignore[arg-type]
        sighting = observer(server).sight(ZONE, {MX: expected})
    assert sighting.negative_ttl == 900
    text = sighting.lagging.get(MX, "")
    return text.replace(f"{server.address}:{server.port}", "HERE")


def test_served_everywhere() -> None:
    """An RRset that every server serves as expected does not lag; case means nothing in names."""
    with (
        FakeServer(zone_of(SOA, LINE.replace("mx.", "MX."))) as one,
        FakeServer(zone_of(SOA.replace("900", "7200"), LINE)) as two,
    ):
        sighting = observer(one, two).sight(ZONE, {MX: LIVE, (ZONE, "TXT"): None})
        assert sighting == Sighting({}, negative_ttl=3600)
        assert all(not query.flags & dns.flags.RD for query in one.queries)
        assert {query.payload for query in one.queries} == {1232}


def test_nothing_expected_asks_for_the_soa_only() -> None:
    """The negative TTL is known even when no RRset is in doubt."""
    with FakeServer(zone_of(SOA)) as server:
        assert observer(server).sight(ZONE, {}).negative_ttl == 900
        assert len(server.queries) == 1


def test_what_is_served_instead_is_told() -> None:
    """Other values, another TTL, too much, too little, a CNAME: each is told in words."""
    old = f"{ZONE} 86400 MX 10 mx.old.example."
    assert lag(zone_of(old)) == "HERE still serves TTL 86400: 10 mx.old.example."
    assert (
        lag(zone_of(LINE.replace("300", "301"))) == "HERE still serves TTL 301: 10 mx.example.net."
    )
    assert lag(zone_of(LINE, old)).startswith(
        "HERE still serves TTL 300: 10 mx.example.net., 10 mx.o"
    )
    assert lag(zone_of()) == "HERE does not serve it yet"
    assert lag(zone_of(LINE), None) == "HERE still serves TTL 300: 10 mx.example.net."
    cname = f"{ZONE} 300 CNAME Elsewhere.Example."
    assert lag(zone_of(cname)) == "HERE serves a CNAME to elsewhere.example."
    assert lag(zone_of(cname), None) == "HERE serves a CNAME to elsewhere.example."


CUT: Key = (f"_domainkey.{ZONE}", "NS")
DELEGATED = RRset(*CUT, 300, ("ns1.example.net.",))


def referral(*lines: str) -> Answering:
    """Answer as the parent of a zone does: its name servers, without authority."""

    def answering(query: dns.message.Message, tcp: bool) -> object:
        if query.question[0].rdtype == dns.rdatatype.SOA:
            return zone_of(SOA)(query, tcp)
        answer = dns.message.make_response(query)
        for line in lines:
            name, ttl, _, _, target = line.split()
            answer.authority.append(dns.rrset.from_text(name, int(ttl), "IN", "NS", target))
        return [answer.to_wire()]

    return answering  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("lines", "expected", "text"),
    [
        ([f"{CUT[0]} 300 IN NS NS1.example.net."], DELEGATED, ""),
        ([f"{CUT[0]} 300 IN NS ns2.example.net."], DELEGATED, "still serves TTL 300: ns2.example"),
        ([f"{CUT[0]} 300 IN NS ns1.example.net."], None, "still serves TTL 300: ns1.example"),
        ([f"{ZONE} 300 IN NS ns1.example.net."], DELEGATED, "answered without authority"),
        ([], DELEGATED, "answered without authority"),
    ],
)
def test_a_delegation_is_seen_in_a_referral(
    lines: list[str], expected: RRset | None, text: str
) -> None:
    """The parent's servers name those of a delegated name without authority, and that counts."""
    with FakeServer(referral(*lines)) as server:
        lagging = observer(server).sight(ZONE, {CUT: expected}).lagging
    assert text in lagging.get(CUT, "")
    assert bool(lagging) == bool(text)


def test_what_a_delegation_hides_is_gone_for_all() -> None:
    """A record that was removed below a delegation is waited for no longer."""
    below = (f"s1.{CUT[0]}", "TXT")
    with FakeServer(referral(f"{CUT[0]} 300 IN NS ns1.example.net.")) as server:
        one = observer(server)
        assert one.sight(ZONE, {below: None}).lagging == {}
        there = RRset(*below, 300, ('"v=DKIM1; p="',))
        assert "without authority" in one.sight(ZONE, {below: there}).lagging[below]


def test_long_values_are_cut() -> None:
    """A stranger's answer fills no screen."""
    many = [f"{ZONE} 300 MX {number} mx{number}.example.net." for number in range(200)]
    text = lag(zone_of(*many))
    assert text.endswith("…")
    assert len(text) < 200


def test_txt_is_compared_by_its_text() -> None:
    """Where a TXT's strings are cut means nothing."""
    key = (ZONE, "TXT")
    with FakeServer(zone_of(SOA, f'{ZONE} 300 TXT "v=spf1 " "-all"')) as server:
        expected = {key: RRset(*key, 300, ('"v=spf1 -all"',))}
        assert observer(server).sight(ZONE, expected).lagging == {}


@pytest.mark.parametrize("foreign", [r'"caf\195\169"', r'"\"quoted"'])
def test_txt_values_that_no_listing_shows_are_not_waited_for(foreign: str) -> None:
    """A foreign value that octoDNS cannot hold does not make its RRset lag for ever."""
    key = (ZONE, "TXT")
    spf = '"v=spf1 -all"'
    with FakeServer(zone_of(SOA, *(f"{ZONE} 300 TXT {text}" for text in (spf, foreign)))) as server:
        for values in ((spf,), (spf, foreign)):
            assert not observer(server).sight(ZONE, {key: RRset(*key, 300, values)}).lagging
        assert observer(server).sight(ZONE, {key: RRset(*key, 301, (spf,))}).lagging
        assert observer(server).sight(ZONE, {key: RRset(*key, 300, ('"other"',))}).lagging
    with FakeServer(zone_of(SOA, f"{ZONE} 300 TXT {foreign}")) as server:
        assert not observer(server).sight(ZONE, {key: None}).lagging
        assert observer(server).sight(ZONE, {key: RRset(*key, 300, (spf,))}).lagging


def test_types_outside_dns_never_lag() -> None:
    """What cannot be asked for is not waited for."""
    key = (ZONE, "ALIAS")
    with FakeServer(zone_of(SOA)) as server:
        expected = {key: RRset(*key, 300, ("elsewhere.example.",))}
        assert observer(server).sight(ZONE, expected).lagging == {}


def test_truncated_answers_come_over_tcp() -> None:
    """An answer that does not fit into a datagram is fetched whole."""

    def answering(query: dns.message.Message, tcp: bool) -> bytes:
        message = reply(query, LINE) if tcp else reply(query)
        message.flags |= 0 if tcp else dns.flags.TC
        return message.to_wire()

    assert lag(answering) == ""


def test_servers_without_edns_are_asked_without() -> None:
    """A server that refuses EDNS is asked the old way (RFC 6891 §7)."""

    def answering(query: dns.message.Message, tcp: bool) -> bytes:
        if query.edns >= 0:
            return reply(query, rcode=dns.rcode.FORMERR).to_wire()
        return reply(query, LINE).to_wire()

    assert lag(answering) == ""


def no_authority(query: dns.message.Message, tcp: bool) -> bytes:
    """The right data from a server that is no authority."""
    return reply(query, LINE, aa=False).to_wire()


def failing(query: dns.message.Message, tcp: bool) -> bytes:
    """SERVFAIL."""
    return reply(query, rcode=dns.rcode.SERVFAIL).to_wire()


def wrong_id(query: dns.message.Message, tcp: bool) -> bytes:
    """The right data under an id that was not asked with."""
    message = reply(query, LINE)
    message.id = (message.id + 1) % 65536
    return message.to_wire()


def wrong_question(query: dns.message.Message, tcp: bool) -> bytes:
    """The answer to another question."""
    other = dns.message.make_query("example.net.", "MX")
    other.id = query.id
    return reply(other, "example.net. 300 MX 10 mx.example.net.").to_wire()


def garbage(query: dns.message.Message, tcp: bool) -> bytes:
    """A header that promises what does not come, and pointers that go round."""
    return query.id.to_bytes(2, "big") + b"\x80\x00\xff\xff\xff\xff" + b"\xc0\x0c" * 600


def garbage_over_tcp(query: dns.message.Message, tcp: bool) -> bytes:
    """Truncated, and garbage over TCP."""
    if tcp:
        return garbage(query, tcp)
    message = reply(query)
    message.flags |= dns.flags.TC
    return message.to_wire()


def silence(query: dns.message.Message, tcp: bool) -> None:
    """Nothing."""
    return


@pytest.mark.parametrize(
    ("answering", "text"),
    [
        (no_authority, "HERE answered without authority"),
        (failing, "HERE answered SERVFAIL"),
        (wrong_id, "HERE did not answer within 0.25 s"),
        (wrong_question, "HERE did not answer within 0.25 s"),
        (garbage, "HERE did not answer within 0.25 s"),
        (garbage_over_tcp, "HERE gave an answer that cannot be read"),
        (silence, "HERE did not answer within 0.25 s"),
    ],
)
def test_hostile_and_broken_answers_lag(answering: Answering, text: str) -> None:
    """Whatever is no authoritative answer to the question counts as not served, in bounded time."""
    begun = time.monotonic()
    assert lag(answering) == text
    assert time.monotonic() - begun < 3


def test_forged_answers_do_not_hide_the_true_one() -> None:
    """Datagrams with a wrong id or garbage before the answer are passed over."""

    def answering(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [wrong_id(query, tcp), garbage(query, tcp), reply(query, LINE).to_wire()]

    assert lag(answering) == ""


def test_lost_datagram_is_asked_for_again() -> None:
    """One lost question is no lag."""
    lost = iter([True])

    def answering(query: dns.message.Message, tcp: bool) -> bytes | None:
        return None if next(lost, False) else reply(query, LINE).to_wire()

    assert lag(answering) == ""


def test_values_that_are_not_understood_are_compared_as_they_are() -> None:
    """An expected value that is none of its type is never served, and is no crash."""
    broken = RRset(*MX, 300, ("not a preference",))
    assert lag(zone_of(LINE), broken) == "HERE still serves TTL 300: 10 mx.example.net."


def test_cname_loop() -> None:
    """A CNAME that leads to itself is told like any other."""
    assert lag(zone_of(f"{ZONE} 300 CNAME {ZONE}")) == f"HERE serves a CNAME to {ZONE}"


def test_dead_server_is_asked_once_for_all() -> None:
    """A server that is down costs its timeouts once, not for each RRset, and lags for all."""
    keys: list[Key] = [(f"a{number}.{ZONE}", "A") for number in range(40)]
    with FakeServer(silence) as dead, FakeServer(zone_of(SOA)) as alive:
        begun = time.monotonic()
        sighting = observer(dead, alive).sight(ZONE, dict.fromkeys(keys))
        assert time.monotonic() - begun < 3
        assert len(dead.queries) == QUICK.tries
    assert set(sighting.lagging) == set(keys)
    assert set(sighting.lagging.values()) == {f"127.0.0.1:{dead.port} did not answer within 0.25 s"}


def test_a_dead_server_is_waited_for_once_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks a second thing right after takes it for dead, but not for long."""
    with FakeServer(silence) as dead, FakeServer(zone_of(SOA)) as alive:
        watcher = observer(dead, alive)
        first = watcher.sight(ZONE, {MX: LIVE})
        assert watcher.sight(ZONE, {MX: LIVE}) == first
        assert len(dead.queries) == QUICK.tries
        assert any(isinstance(said, Silence) for _, said in watcher.each(ZONE, MX))
        assert len(dead.queries) == QUICK.tries
        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 1.1)
        watcher.sight(ZONE, {MX: LIVE})
        assert len(dead.queries) > QUICK.tries


def test_server_that_dies_midway_is_not_waited_for_again() -> None:
    """Once a server fell silent, the other questions to it are not asked."""
    keys: list[Key] = [(f"a{number}.{ZONE}", "A") for number in range(64)]

    def answering(query: dns.message.Message, tcp: bool) -> bytes | None:
        if query.question[0].rdtype == dns.rdatatype.SOA:
            return reply(query, SOA).to_wire()
        return None

    with FakeServer(answering) as server:
        sighting = observer(server).sight(ZONE, dict.fromkeys(keys))
        assert len(server.queries) < 1 + len(keys)
    assert set(sighting.lagging) == set(keys)


def test_many_lagging_servers_are_counted() -> None:
    """A text names four servers at most."""
    servers = [FakeServer(zone_of(SOA)) for _ in range(6)]
    for server in servers:
        server.__enter__()
    try:
        text = observer(*servers).sight(ZONE, {MX: LIVE}).lagging[MX]
    finally:
        for server in servers:
            server.__exit__(None, None, None)
    assert text.count("does not serve it yet") == 4
    assert text.endswith("; and 2 more")


def test_server_of_another_zone_lags() -> None:
    """An authoritative answer without the zone's SOA comes from the wrong server."""
    with FakeServer(zone_of(LINE)) as server:
        sighting = observer(server).sight(ZONE, {MX: LIVE})
        assert sighting.lagging[MX].endswith("has no SOA there: it serves another zone")
        assert sighting.negative_ttl is None


@pytest.fixture
def no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no route to any IPv6 address."""
    udp = dns.query.udp_with_fallback

    def routed(query: object, where: str, *arguments: object, **terms: object) -> object:
        if ":" in where:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return udp(query, where, *arguments, **terms)  # type: ignore[arg-type]

    monkeypatch.setattr(dns.query, "udp_with_fallback", routed)


@pytest.mark.usefixtures("no_ipv6")
def test_missing_address_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server reached over IPv4 is not waited for over IPv6 where there is none; others are."""
    both = {"ns1.example.net": ("127.0.0.1", "2001:db8::1"), "ns2.example.net": ("2001:db8::2",)}
    monkeypatch.setattr(delegation.Finder, "addresses", lambda self, name: both[name])
    with FakeServer(zone_of(SOA, LINE)) as server:
        one = ("ns1.example.net", server.port)
        terms = {"resolver": resolver_at(server), "patience": QUICK}
        watching = AuthoritativeObserver([one], **terms)  # type: ignore[arg-type]
        assert watching.sight(ZONE, {MX: LIVE}) == Sighting({}, 900)
        assert watching.authority(ZONE, {}).state == "pass"
        two = ("ns2.example.net", server.port)
        lagging = AuthoritativeObserver([one, two], **terms).sight(ZONE, {MX: LIVE}).lagging  # type: ignore[arg-type]
    assert lagging[MX] == (
        f"ns2.example.net ([2001:db8::2]:{server.port}) cannot be asked: "
        "this machine has no IPv6 route"
    )


def test_refused_datagram() -> None:
    """A port that nobody listens on is told, or waited for, within the time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert isinstance(ask(Server("ns", "127.0.0.1", port), ZONE, "MX", QUICK), Silence)


def test_any_other_network_error_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operating system says is passed on."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(dns.query, "udp_with_fallback", failing)
    found = ask(Server("ns", "127.0.0.1"), ZONE, "MX", QUICK)
    assert found == Silence("cannot be asked: Operation not permitted")


def test_private_name_servers_pass_when_they_answer() -> None:
    """Servers given in the configuration need no delegation, only authority."""
    with FakeServer(zone_of(SOA)) as server:
        gate = observer(server).authority(ZONE, {})
    assert (gate.name, gate.state) == ("authority", "pass")
    assert gate.detail == f"private: asked 127.0.0.1:{server.port}"


def test_private_name_servers_that_do_not_fit() -> None:
    """A server that is not the zone's fails; one that is silent is unknown."""
    with FakeServer(failing) as wrong, FakeServer(silence) as mute:
        gate = observer(wrong).authority(ZONE, {})
        assert (gate.state, gate.detail) == (
            "fail",
            f"127.0.0.1:{wrong.port} answered SERVFAIL; see observe.nameservers",
        )
        assert observer(mute).authority(ZONE, {}).state == "unknown"


def test_unknown_name_server_lags() -> None:
    """A configured name without address, or no server at all, is never taken for served."""
    with FakeServer(zone_of()) as empty:
        lost = AuthoritativeObserver(
            [("ns.example.net", 53)], resolver=resolver_at(empty), patience=QUICK
        )
        text = lost.sight(ZONE, {MX: LIVE}).lagging[MX]
        assert text == (
            "the zone's servers are not known: no address of ns.example.net "
            "(in observe.nameservers)"
        )
        assert lost.authority(ZONE, {}).state == "unknown"
    assert MX in AuthoritativeObserver([]).sight(ZONE, {MX: LIVE}).lagging


def test_machine_without_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a resolver nothing is known; the same resolver is kept otherwise."""

    def failing() -> None:
        raise dns.resolver.NoResolverConfiguration

    with monkeypatch.context() as patch:
        patch.setattr(dns.resolver, "Resolver", failing)
        with pytest.raises(LookupFailed, match="no resolver on this machine"):
            system_resolver(1.0)
    watching = AuthoritativeObserver()
    monkeypatch.setattr(
        authoritative, "system_resolver", lambda _: dns.resolver.Resolver(configure=False)
    )
    assert watching.authority(ZONE, {}).state == "unknown"


def test_system_resolver_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's resolver gets twice the time of one server, not its own default."""
    plain = dns.resolver.Resolver(configure=False)
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: plain)
    assert system_resolver(1.5).lifetime == 3.0


def test_no_observer_says_so() -> None:
    """With nameservers: none nothing lags, and the gate says that nobody was asked."""
    assert NoObserver().sight(ZONE, {MX: LIVE}) == Sighting({}, None)
    gate = NoObserver().authority(ZONE, {})
    assert gate.state == "unknown"
    assert "what was read back counts as served" in gate.detail
