"""The gates of senders that validate: TLSA records that match, names that DNSSEC lets pass."""

from __future__ import annotations

from pathlib import Path
from threading import Event as Flag

import pytest

from mailsync.desired.model import Desired, Place, Wish
from mailsync.mail import dane, public_key
from mailsync.observe import gates
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Settings
from mailsync.observe.looking import Prober
from mailsync.observe.observations import Sight
from tests.unit.observe.certificates import Authority
from tests.unit.observe.internet import NOW, QUICK, SOA, Internet, mail_domain
from tests.unit.observe.mail_servers import mail_server

DOMAIN, HOST = "example.com.", "mx1.example.com."
ABROAD = "mx.provider.example."
PLACE = Place("zones/example.com.yaml", 1, 1)
WRONG = "3 1 1 " + "ab" * 32


def seen(net: Internet, subject: Subject, port: int, *hosts: str) -> dict[str, Sight]:
    """Look at hosts; give what was seen by gate."""
    settings = Settings(seconds=3, patience=QUICK, smtp_port=port, canaries=(net.resolver,))
    found = gates.look_at(hosts, subject, net.gatherer(settings), lambda: NOW).sights
    return {sight.gate: sight for sight in found}


def asking_for(*values: str) -> Subject:
    """A file that asks for the host's address and these TLSA records."""
    wishes = [Wish("host", HOST, "A", ("127.0.0.1",), 300, PLACE)]
    if values:
        wishes.append(Wish("tlsa", dane.owner(HOST), "TLSA", values, 300, PLACE))
    return Subject(DOMAIN, DOMAIN, Desired(DOMAIN, DOMAIN, tuple(wishes), PLACE))


def test_records_of_the_file_are_compared_with_what_is_presented(tmp_path: Path) -> None:
    """One that matches is enough; none that matches stops mail of senders that validate."""
    path = Authority(tmp_path).issue("mx1.example.com")
    right = public_key.tlsa_value(public_key.read(path.read_bytes()))
    with mail_server(certificate=path) as endpoint, Internet(*mail_domain()) as net:
        both = seen(net, asking_for(right, WRONG), endpoint.port, HOST)
        assert both["tlsa-matches"].state == "pass"
        found = seen(net, asking_for(WRONG), endpoint.port, HOST)
        assert found["tlsa-matches"].state == "fail"
        assert "matches no TLSA record" in found["tlsa-matches"].detail
        chain = found["smtp-tls"]
        assert chain.state == "pass"
        assert "tlsa-matches" not in seen(net, asking_for(), endpoint.port, HOST)
        assert "tlsa-matches" not in seen(net, asking_for("9 9 9 00"), endpoint.port, HOST)


def test_a_server_without_tls_has_nothing_that_could_match() -> None:
    """Its records ask for a certificate; one that cannot be reached is unknown."""
    with mail_server() as endpoint, Internet(*mail_domain()) as net:
        port = endpoint.port
        assert seen(net, asking_for(WRONG), port, HOST)["tlsa-matches"].state == "fail"
    with Internet(*mail_domain()) as net:
        assert seen(net, asking_for(WRONG), port, HOST)["tlsa-matches"].state == "unknown"


@pytest.mark.parametrize("secure", [True, False])
def test_records_of_another_zone_count_only_when_validated(secure: bool, tmp_path: Path) -> None:
    """Senders go by no others (RFC 7672 §2.2)."""
    records = (f"{ABROAD} 60 A 127.0.0.1", f"{dane.owner(ABROAD)} 60 TLSA {WRONG}")
    with (
        mail_server(certificate=Authority(tmp_path).issue("mx.provider.example")) as endpoint,
        Internet(*mail_domain(*records)) as net,
    ):
        net.secure = secure
        found = seen(net, asking_for(), endpoint.port, ABROAD)
    assert ("tlsa-matches" in found) == secure


def test_what_validating_resolvers_refuse_fails() -> None:
    """The domain's MX, and a host's address that is not about to be created."""
    with mail_server() as endpoint, Internet(*mail_domain(f"{ABROAD} 60 A 127.0.0.1")) as net:
        assert "dnssec" not in seen(net, asking_for(), endpoint.port, ABROAD)
        net.bogus.add(ABROAD)
        found = seen(net, asking_for(), endpoint.port, ABROAD)
        assert found["dnssec"].state == "fail"
        assert found["dnssec"].host == ABROAD
        assert "SERVFAIL" in found["dnssec"].detail
        net.bogus.clear()
        net.bogus.add(DOMAIN)
        assert seen(net, asking_for(), endpoint.port, HOST)["dnssec"].host == DOMAIN


def test_a_name_about_to_be_created_is_asked_of_nobody() -> None:
    """Its absence would be remembered; also that of an address of the other family."""
    with mail_server() as endpoint, Internet(*mail_domain()) as net:
        for family, address in (("A", "127.0.0.1"), ("AAAA", "::1")):
            wish = Wish("host", HOST, family, (address,), 300, PLACE)
            subject = Subject(DOMAIN, DOMAIN, Desired(DOMAIN, DOMAIN, (wish,), PLACE))
            seen(net, subject, endpoint.port, HOST)
            assert not any(name.endswith(HOST) for name, _ in net.asked(recursive=True))


def test_an_mx_about_to_be_created_is_asked_of_no_resolver() -> None:
    """Of a domain without mail so far: a resolver would go on saying that there is none."""
    wishes = (
        Wish("mx", DOMAIN, "MX", (f"10 {HOST}",), 300, PLACE),
        Wish("host", HOST, "A", ("127.0.0.1",), 300, PLACE),
    )
    desired = Desired(DOMAIN, DOMAIN, wishes, PLACE)
    with mail_server() as endpoint, Internet(SOA) as net:
        server = net.server
        look = Prober(((server.address, server.port),), (), lambda: NOW, Flag(), endpoint.port)
        assert {one.state for one in look(desired, frozenset({HOST})) if one.host == HOST} == {
            "pass",
            "fail",
        }
        assert net.asked(recursive=True) == {(DOMAIN, "SOA")}
        net.bogus.add(DOMAIN)
        broken = [one for one in look(desired, frozenset({HOST})) if one.gate == "dnssec"]
        assert [(one.host, one.state) for one in broken] == [(DOMAIN, "fail")]


def test_a_resolver_that_fails_all_the_same_says_nothing() -> None:
    """SERVFAIL without validation is another fault; silence is silence."""
    with mail_server() as endpoint, Internet(*mail_domain(f"{ABROAD} 60 A 127.0.0.1")) as net:
        net.bogus.add(ABROAD)
        net.broken.add(ABROAD)
        assert "dnssec" not in seen(net, asking_for(), endpoint.port, ABROAD)
