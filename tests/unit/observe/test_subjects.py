"""What is declared of a domain, by its file, its journal and the user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailsync.desired.model import Desired, Place, Use, Wish
from mailsync.dns.rrset import RRset, txt_value
from mailsync.observe import reporting
from mailsync.observe.subjects import Declared, of_file, planned, stranger
from mailsync.plan.ledger import Ledger

DOMAIN = "example.com."
MX = (DOMAIN, "MX")
NOW = datetime(2026, 11, 25, tzinfo=UTC)
PLACE = Place("zones/example.com.yaml", 1, 1)
OLD, NEW = "10 old.example.net.", "10 mx1.example.com."


def wish(kind: str, name: str, rdtype: str, *values: str) -> Wish:
    """A wish of a zone file."""
    return Wish(kind, name, rdtype, values, 3600, PLACE)  # type: ignore[arg-type]


def desired(*wishes: Wish, services: tuple[Use, ...] = ()) -> Desired:
    """What a file asks for."""
    return Desired(DOMAIN, DOMAIN, wishes, PLACE, services=services)


def test_a_file_declares_much() -> None:
    """Selectors, senders, the mailboxes that get reports, and the MX to be."""
    dmarc = "v=DMARC1; p=none; rua=mailto:dmarc@example.com,mailto:x@example.net"
    found = of_file(
        desired(
            wish("mx", DOMAIN, "MX", NEW, "0 ."),
            wish("dkim", f"s1._domainkey.{DOMAIN}", "TXT", txt_value("v=DKIM1; p=")),
            wish("dkim", f"gone._domainkey.{DOMAIN}", "TXT"),
            wish("dkim", f"*._domainkey.{DOMAIN}", "TXT", txt_value("v=DKIM1; p=")),
            wish("dmarc", f"_dmarc.{DOMAIN}", "TXT", txt_value(dmarc)),
            wish("ptr", "10.2.0.192.in-addr.arpa.", "PTR", "mx1.example.com."),
        ),
        Ledger(),
        Declared(
            mailboxes=("Info@EXAMPLE.com", "other@example.org"),
            senders=("192.0.2.9",),
            selectors=("s2", "s1"),
            old_hosts=("was.example.org.",),
        ),
        NOW,
    )
    assert found.mailboxes == ("Info@EXAMPLE.com", "dmarc@example.com")
    assert found.senders == ("192.0.2.9", "192.0.2.10")
    assert found.selectors == ("s2", "s1")
    assert found.old_hosts == ("was.example.org.",)
    assert found.new_hosts == ("mx1.example.com.",)
    assert found.postmaster == "postmaster@example.com"


def test_a_stranger_is_what_the_user_says() -> None:
    """Mailboxes of other domains are not its."""
    declared = Declared(mailboxes=("a@example.com", "b@example.net"), selectors=("s1",))
    found = stranger(DOMAIN, declared)
    assert (found.desired, found.mailboxes, found.selectors) == (None, ("a@example.com",), ("s1",))


def test_a_former_host_is_one_that_nobody_holds_any_more() -> None:
    """While some resolver may lead mail there, it has to take it."""
    ledger = (
        Ledger()
        .seen(MX, RRset(*MX, 3600, (OLD,)), NOW)
        .seen(MX, RRset(*MX, 300, (NEW,)), NOW + timedelta(hours=1))
    )
    file = desired(wish("mx", DOMAIN, "MX", NEW))
    soon, later = NOW + timedelta(hours=2), NOW + timedelta(hours=3)
    assert of_file(file, ledger, Declared(), soon).old_hosts == ()
    assert of_file(file, ledger, Declared(), later).old_hosts == ("old.example.net.",)
    back = ledger.seen(MX, RRset(*MX, 300, (OLD,)), later)
    assert of_file(file, back, Declared(), later).old_hosts == ()
    assert of_file(file, back, Declared(), later + timedelta(days=1)).old_hosts == (
        "mx1.example.com.",
    )


def test_the_back_door_of_a_mailbox_service_is_known() -> None:
    """Where the catalogue names its host, that; else the form that its tenants' hosts have."""

    def behind(service: str, *mx: str, layer: str = "mailbox", front: str | None = "gw") -> Use:
        return Use(service, layer, PLACE, mx, behind=front)  # type: ignore[arg-type]

    def hosts(use: Use) -> tuple[str, ...]:
        return of_file(desired(services=(use,)), Ledger(), Declared(), NOW).mailbox_hosts

    assert hosts(behind("microsoft365")) == ("example-com.mail.protection.outlook.com.",)
    assert hosts(behind("microsoft365", "x.mx.microsoft.")) == ("x.mx.microsoft.",)
    assert hosts(behind("google_workspace")) == ("aspmx.l.google.com.",)
    assert hosts(behind("kagoya")) == ()
    assert hosts(behind("microsoft365", front=None)) == ()
    assert hosts(behind("mailgates", layer="inbound_gateway")) == ()


def test_names_that_were_never_seen_are_planned() -> None:
    """Not the apex, not what is to go, not what the journal knows to be published."""
    file = desired(
        wish("mx", DOMAIN, "MX", NEW),
        wish("host", "mx1.example.com.", "A", "192.0.2.1"),
        wish("host", "old.example.com.", "A"),
        wish("host", "mx2.example.com.", "A", "192.0.2.2"),
    )
    key = ("mx2.example.com.", "A")
    ledger = Ledger().seen(key, RRset(*key, 60, ("192.0.2.2",)), NOW)
    found = planned([(file, ledger)])
    assert found.names == {"mx1.example.com.": DOMAIN}
    assert found.keys == {MX: DOMAIN}
    assert planned([(file, ledger.seen(MX, RRset(*MX, 60, (OLD,)), NOW))]).keys == {}
    gone = ledger.seen(key, None, NOW)
    assert set(planned([(file, gone)]).names) == {"mx1.example.com.", "mx2.example.com."}


def test_where_reports_go() -> None:
    """The addresses of DMARC and TLS-RPT; what is no address, and no record, gives none."""
    assert reporting.addresses("v=DMARC1; p=none; rua=mailto:a%40b@x.example!10m,https://y/") == (
        "a@b@x.example",
    )
    assert reporting.addresses("v=TLSRPTv1; rua=mailto:t@x.example") == ("t@x.example",)
    for text in ("v=DMARC1; p", "v=TLSRPTv1; x", "hello", "v=DMARC1; rua=http://[a"):
        assert reporting.addresses(text) == ()
    dmarc = "v=DMARC1; rua=mailto:a@example.com,mailto:a@x.example.com,mailto:a@b@c d,mailto:a@e.f"
    assert reporting.outside(dmarc, DOMAIN) == ("e.f.",)
