"""Before mail is led to a server it is asked, by this machine or by another one's file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from mailsync.desired.model import Desired, Wish
from mailsync.errors import MailsyncError
from mailsync.observe.gates import OF_SERVERS
from mailsync.observe.looking import Prober, presented_by, read, told_by
from mailsync.observe.observations import Certificate, Observations, Sight, to_json
from mailsync.observe.question import Patience
from mailsync.plan.live import Look, Presented
from tests.unit.observe.mail_servers import mail_server
from tests.unit.plan.story import PLACE

DOMAIN, HOST = "example.com.", "mx.example.com."
NOW = datetime(2026, 12, 5, 22, 0, tzinfo=UTC)
KEY = b"a key of sixteen octets"
DESIRED = Desired(
    DOMAIN,
    DOMAIN,
    (
        Wish("mx", DOMAIN, "MX", (f"10 {HOST}",), 300, PLACE),
        Wish("host", HOST, "A", ("127.0.0.1",), 300, PLACE),
    ),
    PLACE,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a resolver that is not there."""
    monkeypatch.setattr("mailsync.observe.looking._PATIENCE", Patience(timeout=0.05, tries=1))


def prober(port: int, *mailboxes: str) -> Prober:
    """Look at servers of this machine; no resolver is needed, nor there."""
    return Prober((("127.0.0.1", 9),), mailboxes, lambda: NOW, Flag(), port)


def accepts(looks: tuple[Look, ...]) -> Look:
    """What was seen for the one gate."""
    (found,) = [look for look in looks if look.gate == "smtp-accepts"]
    return found


def test_a_server_that_takes_the_domain_passes() -> None:
    """It is asked for postmaster, and for each mailbox of the domain that is declared."""
    asked = []

    def answer(address: str) -> str:
        asked.append(address)
        return "250 2.1.5 Ok"

    with mail_server(answer) as endpoint:
        looks = prober(endpoint.port, "info@example.com", "info@example.net")(
            DESIRED, frozenset({HOST})
        )
    assert accepts(looks).state == "pass"
    assert accepts(looks).host == HOST
    assert accepts(looks).detail.startswith("(127.0.0.1): takes mail for postmaster@example.com")
    assert set(asked) >= {"postmaster@example.com", "info@example.com"}
    assert "info@example.net" not in asked


def test_a_server_that_refuses_it_fails() -> None:
    """In the server's words, explained."""
    with mail_server(lambda _: "550 5.7.1 we do not relay") as endpoint:
        found = accepts(prober(endpoint.port)(DESIRED, frozenset({HOST})))
    assert found.state == "fail"
    assert "550 5.7.1 we do not relay" in found.detail


def test_a_server_that_cannot_be_reached_is_unknown() -> None:
    """As where port 25 is blocked."""
    with mail_server(lambda _: "250 Ok") as endpoint:
        closed = endpoint.port
    found = accepts(prober(closed)(DESIRED, frozenset({HOST})))
    assert (found.host, found.state) == (HOST, "unknown")


def sight(state: str = "pass", host: str = HOST, address: str = "192.0.2.1") -> Sight:
    """What another machine saw."""
    return Sight(DOMAIN, "smtp-accepts", host, address, state, "so it says", NOW)  # type: ignore[arg-type]


def test_a_file_speaks_for_the_hosts_that_it_names_and_no_others() -> None:
    """What it does not name is unknown, for every gate."""
    told = told_by(Observations(NOW, (sight(),)), DESIRED, frozenset({HOST, "other.example."}))
    assert Look("smtp-accepts", HOST, "pass", "(192.0.2.1): so it says") in told
    silent = [look for look in told if look.host == "other.example."]
    assert [look.gate for look in silent] == list(OF_SERVERS)
    assert {look.state for look in silent} == {"unknown"}
    without = told_by(Observations(NOW, (sight(address=""),)), DESIRED, frozenset({HOST}))
    assert without == (Look("smtp-accepts", HOST, "pass", "so it says"),)


def test_a_file_tells_what_a_host_presents_at_all_its_addresses() -> None:
    """The last that was seen at each; one of which it does not speak, and nothing is known."""
    certificates = tuple(
        Certificate(HOST, address, tlsa, detail, NOW - timedelta(minutes=age))
        for address, tlsa, detail, age in (
            ("192.0.2.1", "3 1 1 new", "", 0),
            ("192.0.2.1", "3 1 1 old", "", 5),
            ("192.0.2.2", "3 1 1 two", "", 0),
            ("192.0.2.3", "", "mx.example.com (192.0.2.3) took too long", 0),
        )
    )
    observations = Observations(NOW, (), certificates=certificates)

    def presented(*addresses: str, host: str = HOST) -> Presented:
        return presented_by(observations, {host: addresses})[host]

    assert presented("192.0.2.1", "192.0.2.2").values == ("3 1 1 new", "3 1 1 two")
    unseen = presented("192.0.2.1", "192.0.2.3")
    assert (unseen.values, unseen.detail) == ((), "mx.example.com (192.0.2.3) took too long")
    assert "(192.0.2.4): the observations hold no" in presented("192.0.2.1", "192.0.2.4").detail
    assert presented("192.0.2.1", host="other.example.").values == ()
    assert presented().detail == "no address of it is known"


def test_a_file_is_read_only_when_it_is_fresh_and_rightly_signed(tmp_path: Path) -> None:
    """Each refusal names the file and says what to do."""
    path = tmp_path / "seen.json"
    path.write_text(to_json(NOW, [sight()], KEY))
    assert read(path, NOW, KEY).of(DOMAIN) == (sight(),)
    assert read(path, NOW, None).signed is False
    for moment, key, said in (
        (NOW + timedelta(days=1), KEY, "too old"),
        (NOW, b"another key of sixteen", "not signed with the key"),
    ):
        with pytest.raises(MailsyncError, match=said) as refused:
            read(path, moment, key)
        assert str(path) in str(refused.value)
    with pytest.raises(MailsyncError, match="cannot read the observations"):
        read(tmp_path / "none.json", NOW, None)
