"""Looking at mail servers: each kind is told apart, and none can hold or crash the look."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import struct
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsync.mail.certificate import is_for
from mailsync.observe.dialogue import Handshake
from mailsync.observe.smtp import Endpoint, _secured, probe
from tests.unit.observe.certificates import Authority
from tests.unit.observe.fakes import BOTH_FAMILIES
from tests.unit.observe.mail_servers import HOST, drips, mail_server, raw_server, says

POSTMASTER = "postmaster@example.com"
RANDOM = "nobody-4711@example.com"
FOREIGN = "somebody@example.net"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests here."""
    return Authority(tmp_path_factory.mktemp("authority"))


def knows(*recipients: str) -> Callable[[str], str]:
    """Take these recipients, and no others of the domain, nor any of another."""

    def answer(address: str) -> str:
        if address in recipients:
            return "250 2.1.5 Ok"
        if address.endswith("@example.com"):
            return "550 5.1.1 User unknown"
        return "554 5.7.1 Relay access denied"

    return answer


@BOTH_FAMILIES
def test_a_good_server_is_told_in_full(authority: Authority, address: str) -> None:
    """Banner, extensions, TLS, chain, names and every recipient; nothing ended early."""
    certificate = authority.issue("mx.example.com")
    with mail_server(knows(POSTMASTER), certificate=certificate, address=address) as endpoint:
        found = probe(endpoint, (POSTMASTER, RANDOM, FOREIGN), roots=str(authority.root))
    assert (found.reached, found.problem) == (True, "")
    assert found.banner is not None
    assert found.banner.code == 220
    assert found.tls is not None
    assert (found.tls.state, found.tls.trust) == ("secured", "")
    assert found.tls.version.startswith("TLSv1.")
    assert [is_for(one, HOST) for one in found.tls.chain] == [True, False]
    assert "8BITMIME" in found.extensions
    assert found.takes(POSTMASTER)[0] == "pass"
    assert found.takes(RANDOM) == (
        "fail",
        "refused for good: there is no such mailbox (550 5.1.1 User unknown)",
    )
    state, words = found.takes(FOREIGN)
    assert (state, "does not relay" in words) == ("fail", True)
    assert found.takes("not-asked@example.com") == ("unknown", "was not answered")


def test_a_server_without_tls(authority: Authority) -> None:
    """No STARTTLS is a fact of its own, and no reason not to ask for recipients."""
    with mail_server() as endpoint:
        found = probe(endpoint, (POSTMASTER,))
    assert found.tls is not None
    assert found.tls.state == "absent"
    assert found.takes(POSTMASTER)[0] == "pass"


@pytest.mark.parametrize(
    ("name", "ends_in", "trusted", "words"),
    [
        ("other.example.com", timedelta(days=30), True, ""),
        ("mx.example.com", timedelta(days=-3), True, "certificate has expired"),
        ("mx.example.com", timedelta(days=30), False, "self-signed certificate in certificate"),
    ],
    ids=["other name", "expired", "unknown root"],
)
def test_faults_of_certificates_are_told_apart(
    name: str, ends_in: timedelta, trusted: bool, words: str, authority: Authority, tmp_path: Path
) -> None:
    """A wrong name, an end that has passed, a root that nobody knows; the chain is shown anyway."""
    root = authority.root if trusted else Authority(tmp_path, "Another root").root
    with mail_server(certificate=authority.issue(name, ends_in=ends_in)) as endpoint:
        found = probe(endpoint, (POSTMASTER,), roots=str(root))
    assert found.tls is not None
    assert found.tls.state == "secured"
    assert words in found.tls.trust
    assert bool(found.tls.trust) == bool(words)
    assert [one.names for one in found.tls.chain] == [(name,), ()]
    assert found.takes(POSTMASTER)[0] == "pass"


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        ("450 4.7.1 Greylisted, come back", "unknown", "greylisting"),
        ("451 4.3.0 Temporary lookup failure", "unknown", "on the server's side"),
        ("550 5.1.1 No such user", "fail", "no such mailbox"),
        ("550 5.7.1 Relaying denied", "fail", "does not relay"),
        ("550 5.7.1 Client host [192.0.2.1] blocked using example", "unknown", "who asks"),
        ("550 5.7.25 no reverse name", "unknown", "who asks"),
        ("551 User not local", "fail", "elsewhere"),
        ("552 Full", "fail", "full"),
        ("553 Bad name", "fail", "not allowed"),
        ("554 No", "fail", "refused for good"),
        ("501 Syntax", "unknown", "not understood"),
        ("252 Perhaps", "pass", "without having looked"),
    ],
)
def test_what_recipients_get_is_told_in_words(reply: str, state: str, words: str) -> None:
    """A refusal fails, anything that may be otherwise tomorrow or for others is unknown."""
    with mail_server(lambda _: reply) as endpoint:
        found = probe(endpoint, (POSTMASTER,))
    answered, told = found.takes(POSTMASTER)
    assert answered == state
    assert words in told
    assert reply in told
    assert found.answer(POSTMASTER).is_greylisted == ("Greylisted" in reply)


def test_an_open_relay_and_a_catch_all_are_seen() -> None:
    """Whoever takes everybody's mail says so at RCPT."""
    with mail_server() as endpoint:
        found = probe(endpoint, (POSTMASTER, RANDOM, FOREIGN))
    assert [found.takes(one)[0] for one in (POSTMASTER, RANDOM, FOREIGN)] == ["pass"] * 3


def test_a_server_that_takes_no_bounces() -> None:
    """Where the null sender is refused, nobody could be asked for: that is unknown."""
    with mail_server(sender="550 5.7.1 no null sender") as endpoint:
        found = probe(endpoint, (POSTMASTER,))
    assert found.answers == ()
    state, words = found.takes(POSTMASTER)
    assert (state, "MAIL FROM:<>" in words) == ("unknown", True)


@pytest.mark.parametrize(
    ("serve", "state", "words"),
    [
        (says("554 5.3.2 no mail service here"), "fail", "takes nothing now"),
        (says("521 mx.example.com takes no mail"), "fail", "takes no mail at all"),
        (says("421 4.3.2 too busy"), "unknown", "takes nothing now"),
        (says("554 5.7.1 your IP has a bad reputation"), "unknown", "who asks"),
        (says("220 hi", "500 what?", "250 ok", "421 4.7.0 too many"), "unknown", "4.7.0"),
        (says("220 hi", "250 ok", "250 ok", "250 ok"), "pass", "accepted"),
        (says(b"220-hi\r\nignored\r\n"), "unknown", "does not speak SMTP"),
        (says("SSH-2.0-OpenSSH_9.2"), "unknown", "does not speak SMTP"),
        (says(b"220-a\r\n250 b\r\n"), "unknown", "2 codes"),
        (says("220 hi", "250-one\r\n250-two"), "unknown", "took too long"),
        (says(b"\xff\x00\xfe\r\n"), "unknown", "does not speak SMTP"),
        (says(b"220 half"), "unknown", "took too long"),
        (drips(), "unknown", "took too long"),
        (lambda _: None, "unknown", "closed the connection"),
        (lambda s: s.sendall(b"220 ha"), "unknown", "in the middle of a line"),
        (lambda s: s.sendall(b"220-more\r\n" * 1000), "unknown", "more than 128 lines"),
        (lambda s: s.sendall(b"2" * 100_000), "unknown", "more than 4096 octets"),
    ],
)
def test_bad_manners_are_survived(
    serve: Callable[[socket.socket], None], state: str, words: str
) -> None:
    """Whatever a server does, the look ends in time, and says what happened."""
    with raw_server(serve) as endpoint:
        began = time.monotonic()
        found = probe(endpoint, (POSTMASTER,), seconds=0.3)
        assert time.monotonic() - began < 1.3
    answered, told = found.takes(POSTMASTER)
    assert answered == state
    assert words in told
    assert found.reached


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        (("454 4.7.0 no TLS now", *["250 ok"] * 4), "refused", "TLS is offered, and not"),
        ((b"220 go\r\n250 smuggled\r\n",), "broken", "before TLS began"),
        ((b"220 go\r\n", b"no handshake, but a lot of text\r\n"), "broken", "TLS failed"),
        ((b"220 go\r\n",), "stalled", "TLS failed: it took too long"),
    ],
)
def test_tls_that_does_not_come_about(
    lines: tuple[str | bytes, ...], state: str, words: str
) -> None:
    """It is told why, and as senders do the look goes on without it where there is a way."""
    hello = "250-mx.example.com\r\n250 STARTTLS"
    with raw_server(says("220 hi", hello, *lines)) as endpoint:
        found = probe(endpoint, (POSTMASTER,), seconds=0.3)
    assert found.tls is not None
    assert found.tls.state == state
    assert words in found.tls.detail


def test_a_port_where_nobody_listens_is_unknown() -> None:
    """A refused connection may be a network's doing: it is no verdict on the server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = probe(Endpoint(HOST, "127.0.0.1", port), (POSTMASTER,))
    assert not found.reached
    state, words = found.takes(POSTMASTER)
    assert (state, f"blocks port {port}" in words) == ("unknown", True)


def test_a_port_that_swallows_connections_is_unknown() -> None:
    """Nor is silence."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        found = probe(Endpoint(HOST, *address), (POSTMASTER,), seconds=0.3)
        for filler in fillers:
            filler.close()
    assert (found.reached, found.takes(POSTMASTER)[0]) == (False, "unknown")
    assert "did not answer within 0.3 s" in found.problem


@pytest.mark.parametrize("address", ["2001:db8::25", "not-an-address"])
def test_an_address_that_cannot_be_reached_is_unknown(address: str) -> None:
    """Without IPv6 here, and with an address that is none."""
    found = probe(Endpoint(HOST, address), (POSTMASTER,), seconds=0.3)
    assert (found.reached, found.takes(POSTMASTER)[0]) == (False, "unknown")


def test_what_cannot_stand_in_a_command_is_not_asked() -> None:
    """No line end, no bracket, nothing that is not ASCII gets into the dialogue."""
    bad = ["a@example.com>\r\nDATA", "a b@example.com", "ü@example.com", "nobody", "a" * 300 + "@b"]
    with mail_server() as endpoint:
        found = probe(endpoint, (*bad, POSTMASTER))
    assert [answer.recipient for answer in found.answers] == [POSTMASTER]


def test_a_session_that_the_server_closes_tells_what_was_said_before() -> None:
    """421 after the first recipient: the first counts, the second is unknown."""
    serve = says("220 hi", "250 ok", "250 ok", "250 ok", "421 4.7.0 enough")
    with raw_server(serve) as endpoint:
        found = probe(endpoint, (POSTMASTER, RANDOM, FOREIGN), seconds=0.3)
    assert [found.takes(one)[0] for one in (POSTMASTER, RANDOM, FOREIGN)] == [
        "pass",
        "unknown",
        "unknown",
    ]


def test_endpoints_are_written_as_people_know_them() -> None:
    """The port only where it is another one."""
    assert str(Endpoint("mx.example.com.", "192.0.2.1")) == "mx.example.com (192.0.2.1)"
    assert str(Endpoint("mx.example.com.", "::1", 2525)) == "mx.example.com ([::1]:2525)"


def test_a_machine_without_that_kind_of_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is this machine's lack, and no fault of the server's."""

    def fails(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", fails)
    for address, family in (("2001:db8::25", "IPv6"), ("192.0.2.1", "IPv4")):
        found = probe(Endpoint(HOST, address), (POSTMASTER,))
        assert found.problem == f"cannot be reached: this machine has no {family} route"
        assert found.no_route


def test_a_connection_that_is_reset_is_told() -> None:
    """With what was said before; the rest is unknown."""

    def resets(connection: socket.socket) -> None:
        connection.sendall(b"220 hi\r\n")
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_server(resets) as endpoint:
        found = probe(endpoint, (POSTMASTER,), seconds=1)
    assert found.banner is not None
    assert found.problem.startswith(("broke the connection", "closed the connection"))


def test_a_server_that_lets_nobody_in_twice_keeps_what_it_showed(authority: Authority) -> None:
    """After an untrusted certificate the second look fails: the first one counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("mx.example.com"))
    visits: list[int] = []

    def once(connection: socket.socket) -> None:
        visits.append(1)
        if len(visits) == 1:
            says("220 hi", "250-hi\r\n250 STARTTLS", "220 go")(_Upgraded(connection, context))

    with raw_server(once) as endpoint:
        found = probe(endpoint, (POSTMASTER,), seconds=2)
    assert found.tls is not None
    assert (found.tls.state, bool(found.tls.trust)) == ("broken", True)
    assert len(visits) == 3


class _Upgraded(socket.socket):
    """A connection on which the server begins TLS after its third line."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(fileno=os.dup(connection.fileno()))
        self._context, self._sent = context, 0

    def sendall(self, octets: bytes, flags: int = 0) -> None:  # type: ignore[override]
        super().sendall(octets)
        self._sent += 1
        if self._sent == 3:
            self._context.wrap_socket(self, server_side=True)


def test_a_certificate_that_cannot_be_read_is_told() -> None:
    """What was readable before it is kept."""
    found = _secured(Handshake("TLSv1.3", "X", (b"junk",)))
    assert (found.state, found.chain) == ("secured", ())
    assert "no certificate that can be read" in found.detail


SCRIPTS = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from(
            [
                b"220 hi\r\n",
                b"250 ok\r\n",
                b"250-a\r\n250 STARTTLS\r\n",
                b"220 go ahead\r\n",
                b"421 bye\r\n",
                b"550 5.1.1 no\r\n",
                b"\x16\x03\x03\x00\x7a\x02",
            ]
        ),
    ),
    max_size=8,
)


@given(script=SCRIPTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_arbitrary_octets_neither_crash_nor_hold_a_look(script: list[bytes]) -> None:
    """A value comes back, in time, and nothing that was not accepted counts as accepted."""

    def serve(connection: socket.socket) -> None:
        for octets in script:
            connection.sendall(octets)
            connection.settimeout(0.05)
            connection.recv(4096)

    with raw_server(serve) as endpoint:
        began = time.monotonic()
        found = probe(endpoint, (POSTMASTER,), seconds=0.3)
        assert time.monotonic() - began < 1.3
    state, words = found.takes(POSTMASTER)
    assert words
    if state == "pass":
        assert found.answer(POSTMASTER).reply is not None
