"""What gates want to know of mail servers, of those that are MX and of those to be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mailsync.desired.model import Desired, Place, Wish
from mailsync.observe import gates
from mailsync.observe.facts import Called, Subject
from mailsync.observe.gather import Settings
from mailsync.observe.observations import Sight
from mailsync.observe.resolving import Planned
from mailsync.observe.smtp import Endpoint, Session, Tls
from tests.unit.observe.certificates import Authority
from tests.unit.observe.internet import NOW, QUICK, Internet, mail_domain
from tests.unit.observe.mail_servers import drips, mail_server, raw_server, says

DOMAIN = "example.com."
PLACE = Place("zones/example.com.yaml", 1, 1)


def looked(
    net: Internet, subject: Subject, port: int, roots: Path | None = None
) -> dict[str, Sight]:
    """Look, and give what was seen by gate, of one host at one address."""
    settings = Settings(
        seconds=3, patience=QUICK, smtp_port=port, roots=None if roots is None else str(roots)
    )
    found = gates.look(subject, net.gatherer(settings), lambda: NOW).sights
    assert {sight.at for sight in found} == {NOW}
    assert len(found) == len(gates.OF_SERVERS)
    return {sight.gate: sight for sight in found}


def states(sights: dict[str, Sight]) -> list[str]:
    """The states, in the order of the gates."""
    return [sights[gate].state for gate in gates.OF_SERVERS]


def test_a_good_server_passes(tmp_path: Path) -> None:
    """It takes the recipients, over TLS, with a certificate for its name."""
    authority = Authority(tmp_path)
    records = mail_domain("mx1.example.com. 60 A 127.0.0.1")
    subject = Subject(DOMAIN, DOMAIN, mailboxes=("info@example.com",))
    with (
        mail_server(certificate=authority.issue("mx1.example.com")) as endpoint,
        Internet(*records) as net,
    ):
        found = looked(net, subject, endpoint.port, authority.root)
    assert states(found) == ["pass", "pass", "pass"]
    assert found["smtp-accepts"].host == "mx1.example.com."
    assert "info@example.com" in found["smtp-accepts"].detail


@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [("other.example.com", True, "not for mx1.example.com"), ("mx1.example.com", False, "self")],
)
def test_a_certificate_that_verifying_senders_refuse_fails(
    name: str, trusted: bool, words: str, tmp_path: Path
) -> None:
    """Of another name, or of an unknown authority."""
    authority = Authority(tmp_path)
    root = authority.root if trusted else Authority(tmp_path, "Another root").root
    with (
        mail_server(certificate=authority.issue(name, ends_in=timedelta(days=30))) as endpoint,
        Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net,
    ):
        found = looked(net, Subject(DOMAIN, DOMAIN), endpoint.port, root)
    assert states(found) == ["pass", "pass", "fail"]
    assert words in found["smtp-certificate"].detail


def test_a_server_that_refuses_fails_and_one_without_tls_too() -> None:
    """One recipient that is refused is enough."""
    subject = Subject(DOMAIN, DOMAIN, mailboxes=("info@example.com",))

    def answer(address: str) -> str:
        return "550 5.1.1 no" if address.startswith("info") else "250 Ok"

    with (
        mail_server(answer) as endpoint,
        Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net,
    ):
        found = looked(net, subject, endpoint.port)
    assert states(found) == ["fail", "fail", "fail"]
    assert found["smtp-accepts"].detail.startswith("info@example.com: ")


@pytest.mark.parametrize(
    "lines", [["421 busy"], ["220 hi", "250 ok", "250 ok", "450 4.7.1 grey"]], ids=["busy", "grey"]
)
def test_what_may_pass_later_is_unknown(lines: list[str]) -> None:
    """A busy server, and greylisting."""
    with (
        raw_server(says(*lines, "250 ok", "221 bye")) as endpoint,
        Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net,
    ):
        found = looked(net, Subject(DOMAIN, DOMAIN), endpoint.port)
    assert found["smtp-accepts"].state == "unknown"


def test_hosts_that_are_to_be_are_looked_at_where_the_file_puts_them() -> None:
    """Before their names exist: no resolver is asked for these."""
    wishes = tuple(
        Wish(kind, name, rdtype, (value,), 60, PLACE)  # type: ignore[arg-type]
        for kind, name, rdtype, value in (
            ("mx", DOMAIN, "MX", "10 new.example.com."),
            ("host", "new.example.com.", "A", "127.0.0.1"),
        )
    )
    subject = Subject(DOMAIN, DOMAIN, Desired(DOMAIN, DOMAIN, wishes, PLACE))
    with mail_server() as endpoint, Internet(*mail_domain(mx=["0 ."])) as net:
        gatherer = net.gatherer(
            Settings(seconds=3, patience=QUICK, smtp_port=endpoint.port),
            Planned({"new.example.com.": DOMAIN}),
        )
        found = gates.look(subject, gatherer, lambda: NOW).sights
        assert not any(name == "new.example.com." for name, _ in net.asked(recursive=True))
    assert {(sight.host, sight.address) for sight in found} == {("new.example.com.", "127.0.0.1")}


def test_what_hosts_present_is_seen_where_a_file_leaves_tlsa_to_them(tmp_path: Path) -> None:
    """At the addresses that they have and at those to come, an MX or not; nobody else's."""
    made = Authority(tmp_path).issue("mx1.example.com")
    wishes = (
        Wish("tlsa", "_25._tcp.mx1.example.com.", "TLSA", (), 60, PLACE, auto=True),
        Wish("host", "mx1.example.com.", "A", ("127.0.0.1",), 60, PLACE),
        Wish("tlsa", "_25._tcp.out.example.com.", "TLSA", (), 60, PLACE, auto=True),
    )
    subject = Subject(DOMAIN, DOMAIN, Desired(DOMAIN, DOMAIN, wishes, PLACE))
    records = mail_domain(
        "mx1.example.com. 60 A 127.0.0.9",
        "out.example.com. 60 A 127.0.0.1",
        "mx2.example.com. 60 A 127.0.0.1",
        mx=["10 mx1.example.com.", "20 mx2.example.com."],
    )
    with mail_server(certificate=made) as endpoint, Internet(*records) as net:
        settings = Settings(seconds=3, patience=QUICK, smtp_port=endpoint.port)
        found = gates.look(subject, net.gatherer(settings), lambda: NOW)
    certificates = {(one.host, one.address): one for one in found.certificates}
    assert set(certificates) == {
        ("mx1.example.com.", "127.0.0.1"),
        ("mx1.example.com.", "127.0.0.9"),
        ("out.example.com.", "127.0.0.1"),
    }
    seen = certificates["mx1.example.com.", "127.0.0.1"]
    assert seen.tlsa.startswith("3 1 1 ")
    assert certificates["out.example.com.", "127.0.0.1"].tlsa == seen.tlsa
    unseen = certificates["mx1.example.com.", "127.0.0.9"]
    assert unseen.tlsa == ""
    assert unseen.detail.startswith("mx1.example.com (127.0.0.9) refused the connection")
    assert {sight.host for sight in found.sights} == {"mx1.example.com.", "mx2.example.com."}
    assert {sight.address for sight in found.sights} == {"127.0.0.1"}


def test_a_server_that_presents_nothing_readable_is_unknown() -> None:
    """Nobody can say whether its certificate would do."""
    session = Session(
        Endpoint("mx1.example.com.", "192.0.2.1"), tls=Tls("secured", "", "TLSv1.3", "X")
    )
    assert gates._certificate(Called("mx", session), NOW) == (
        "unknown",
        "presented no certificate",
    )


def test_a_host_that_cannot_be_looked_at_is_told() -> None:
    """Without an address, or with one that does not answer in time: no gate is missing."""
    with Internet(*mail_domain()) as net:
        found = looked(net, Subject(DOMAIN, DOMAIN), 1)
        assert states(found) == ["unknown"] * 3
        assert found["smtp-tls"].detail == "has no address"
        net.records.append("mx1.example.com. 60 A 127.0.0.1")
        found = looked(net, Subject(DOMAIN, DOMAIN), 1)
        assert states(found) == ["unknown"] * 3
        assert "refused the connection" in found["smtp-tls"].detail


def test_an_mx_that_cannot_be_looked_up_is_told() -> None:
    """Of a domain without a file nobody knows the hosts then; one that takes no mail has none."""
    with Internet(*mail_domain()) as net:
        net.broken.add(DOMAIN)
        found = looked(net, Subject(DOMAIN), 1)
        assert states(found) == ["unknown"] * 3
        assert found["smtp-tls"].detail.startswith("its MX could not be looked up: the resolver")
    with Internet(*mail_domain(mx=["0 ."])) as net:
        settings = Settings(seconds=3, patience=QUICK)
        assert gates.look(Subject(DOMAIN), net.gatherer(settings), lambda: NOW).sights == ()


def test_a_look_that_takes_too_long_is_unknown() -> None:
    """The time of a domain ends, and with it the look."""
    with (
        raw_server(drips()) as endpoint,
        Internet(*mail_domain("mx1.example.com. 60 A 127.0.0.1")) as net,
    ):
        settings = Settings(seconds=0.3, patience=QUICK, smtp_port=endpoint.port)
        found = gates.look(Subject(DOMAIN, DOMAIN), net.gatherer(settings), lambda: NOW).sights
    assert {sight.state for sight in found} == {"unknown"}
    assert {sight.gate for sight in found} == set(gates.OF_SERVERS)
