"""Rfc2136Provider without a network: the messages it writes, and what it says when things fail."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import octodns_bind
import pytest
from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.record.exception import ValidationError
from octodns.zone import Zone

from mailsync_providers.rfc2136 import (
    BadConfiguration,
    OutcomeUnknown,
    Rfc2136Provider,
    StaleWrite,
    TransferFailed,
    UpdateFailed,
    UpdateRefused,
)

if TYPE_CHECKING:
    from dns.transaction import TransactionManager

ZONE = "example.test."
MASTER_FILE = """\
$TTL 3600
@ SOA ns root 1 3600 600 86400 60
@ NS ns
@ NS ns.example.net.
ns A 127.0.0.1
@ MX 10 mail
@ MX 20 backup.example.net.
@ TXT "v=spf1 -all"
@ TXT "cut " "in two"
@ TXT "\\195\\169\\\\"
@ TXT "\\"\\"quoted\\"\\""
mail A 192.0.2.1
plain TXT "x"
www CNAME web.example.net.
signed CNAME web.example.net.
signed NSEC www CNAME NSEC
both A 192.0.2.1
both AAAA 2001:db8::1
"""
SECRET = base64.b64encode(b"never to be shown").decode()

Change = Callable[[Zone], None]


class Server:
    """Stands in for the network: gives out the zone above, and takes updates."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.master_file = MASTER_FILE
        self.transfer_error: Exception | None = None
        self.answer: dns.rcode.Rcode | Exception = dns.rcode.NOERROR
        self.updates: list[dns.update.UpdateMessage] = []
        self.addresses: set[tuple[str, int, float]] = set()
        monkeypatch.setattr(dns.query, "inbound_xfr", self.transfer)
        monkeypatch.setattr(dns.query, "tcp", self.update)

    def transfer(
        self,
        where: str,
        manager: TransactionManager,
        query: dns.message.Message,
        *,
        port: int,
        timeout: float,
        lifetime: float,
    ) -> None:
        """Stand in for `dns.query.inbound_xfr`."""
        self.addresses.add((where, port, timeout))
        if self.transfer_error:
            raise self.transfer_error
        zone = dns.zone.from_text(self.master_file, ZONE, relativize=False)
        with manager.writer(True) as transaction:
            for name, rdataset in zone.iterate_rdatasets():
                transaction.add(name, rdataset)

    def update(
        self, message: dns.update.UpdateMessage, where: str, *, port: int, timeout: float
    ) -> dns.message.Message:
        """Stand in for `dns.query.tcp`."""
        message.to_wire()
        self.updates.append(message)
        self.addresses.add((where, port, timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        answer = dns.message.Message(id=message.id)
        answer.set_rcode(self.answer)
        return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is not there."""
    return Server(monkeypatch)


@pytest.fixture
def provider() -> Rfc2136Provider:
    """A provider without a key."""
    return Rfc2136Provider("primary", "192.0.2.53", 5353, timeout="2.5")


def planned(provider: Rfc2136Provider, *changes: Change) -> Plan:
    """The plan that makes these changes."""
    existing = Zone(ZONE, [])
    provider.populate(existing, target=True, lenient=True)
    desired = existing.copy()
    for change in changes:
        change(desired)
    return Plan(existing, desired, existing.changes(desired, provider), exists=True)


def put(name: str, rdtype: str, ttl: int, *values: object) -> Change:
    """Make this the RRset of that name and type."""

    def change(zone: Zone) -> None:
        data: dict[str, object] = {"type": rdtype, "ttl": ttl, "values": list(values)}
        if rdtype == "CNAME":
            data["value"] = values[0]
        zone.add_record(Record.new(zone, name, data, lenient=True), replace=True, lenient=True)

    return change


def remove(name: str, rdtype: str) -> Change:
    """Remove the RRset."""
    return lambda zone: zone.remove_record(zone.get_type(name, rdtype))


def mx(preference: int, exchange: str) -> dict[str, object]:
    """An MX value in octoDNS' form."""
    return {"preference": preference, "exchange": exchange}


def lines(server: Server, section: str) -> list[str]:
    """One section of the only message, in order, parsed back from its wire form."""
    (message,) = server.updates
    parsed = dns.message.from_wire(message.to_wire())
    return [str(rrset) for rrset in getattr(parsed, section)]


def test_a_replaced_mx_is_deleted_by_value_and_asked_for_exactly(
    server: Server, provider: Rfc2136Provider
) -> None:
    """Prerequisites are the values as transferred, with TTL 0; what stays is not in the update."""
    provider.apply(
        planned(
            provider, put("", "MX", 3600, mx(5, "new.example.test."), mx(10, "mail.example.test."))
        )
    )
    assert lines(server, "prerequisite") == [
        "example.test. 0 IN MX 10 mail.example.test.",
        "example.test. 0 IN MX 20 backup.example.net.",
    ]
    assert lines(server, "update") == [
        "example.test. 0 NONE MX 20 backup.example.net.",
        "example.test. 3600 IN MX 5 new.example.test.",
    ]
    assert server.addresses == {("192.0.2.53", 5353, 2.5)}


def test_a_ttl_change_rewrites_each_value_exactly(
    server: Server, provider: Rfc2136Provider
) -> None:
    """All values, also those that octoDNS cannot represent, are deleted and added as they are."""
    provider.apply(planned(provider, put("", "TXT", 60, "v=spf1 -all", "cut in two")))
    values = ['"v=spf1 -all"', '"cut " "in two"', r'"\195\169\\"', r'"\"\"quoted\"\""']
    assert lines(server, "update") == [
        *(f"example.test. 0 NONE TXT {value}" for value in values),
        *(f"example.test. 60 IN TXT {value}" for value in values),
    ]


def test_what_octodns_cannot_represent_outlives_the_rest(
    server: Server, provider: Rfc2136Provider
) -> None:
    """Removing a TXT record removes the values that octoDNS showed, and no other."""
    provider.apply(planned(provider, remove("", "TXT")))
    assert lines(server, "update") == [
        'example.test. 0 NONE TXT "v=spf1 -all"',
        'example.test. 0 NONE TXT "cut " "in two"',
    ]


def test_a_new_rrset_has_to_be_absent_and_its_name_no_alias(
    server: Server, provider: Rfc2136Provider
) -> None:
    """An address asks that there is none, and no CNAME beside which it would be dropped."""
    provider.apply(planned(provider, put("new", "A", 300, "192.0.2.7")))
    assert lines(server, "prerequisite") == [
        "new.example.test. NONE A",
        "new.example.test. NONE CNAME",
    ]
    assert lines(server, "update") == ["new.example.test. 300 IN A 192.0.2.7"]


def test_a_new_alias_asks_for_an_unused_name(server: Server, provider: Rfc2136Provider) -> None:
    """A CNAME asks that the name holds nothing at all (RFC 2136 §2.4.5)."""
    provider.apply(planned(provider, put("new", "CNAME", 300, "web.example.net.")))
    assert lines(server, "prerequisite") == ["new.example.test. NONE ANY"]


def test_deletions_come_first_so_that_an_alias_makes_room(
    server: Server, provider: Rfc2136Provider
) -> None:
    """A CNAME and the address in its place: both asked for, the CNAME deleted first."""
    provider.apply(planned(provider, put("www", "A", 300, "192.0.2.7"), remove("www", "CNAME")))
    assert sorted(lines(server, "prerequisite")) == [
        "www.example.test. 0 IN CNAME web.example.net.",
        "www.example.test. NONE A",
    ]
    assert lines(server, "update") == [
        "www.example.test. 0 NONE CNAME web.example.net.",
        "www.example.test. 300 IN A 192.0.2.7",
    ]


def test_an_alias_takes_a_name_over(server: Server, provider: Rfc2136Provider) -> None:
    """A CNAME in the place of an address asks for the address as it was, and for no CNAME."""
    provider.apply(
        planned(provider, remove("mail", "A"), put("mail", "CNAME", 300, "web.example.net."))
    )
    assert sorted(lines(server, "prerequisite")) == [
        "mail.example.test. 0 IN A 192.0.2.1",
        "mail.example.test. NONE CNAME",
    ]
    assert lines(server, "update") == [
        "mail.example.test. 0 NONE A 192.0.2.1",
        "mail.example.test. 300 IN CNAME web.example.net.",
    ]


def test_name_servers_are_added_before_the_old_ones_go(
    server: Server, provider: Rfc2136Provider
) -> None:
    """The apex always keeps an NS within the message, or the server would keep an old one."""
    provider.apply(planned(provider, put("", "NS", 3600, "a.example.net.")))
    assert lines(server, "update") == [
        "example.test. 3600 IN NS a.example.net.",
        "example.test. 0 NONE NS ns.example.test.",
        "example.test. 0 NONE NS ns.example.net.",
    ]


def test_all_changes_are_one_signed_message(server: Server) -> None:
    """However many changes, one message goes out, signed if there is a key."""
    provider = Rfc2136Provider(
        "primary", "192.0.2.53", key_name="k", key_secret=SECRET, update_batch_size=1
    )
    with pytest.raises(OutcomeUnknown, match="its answer is not signed"):
        provider.apply(planned(provider, *(put(f"n{n}", "A", 300, "192.0.2.7") for n in range(20))))
    (message,) = server.updates
    assert len(message.update) == 20
    assert str(message.keyname) == "k."


def test_what_does_not_fit_into_one_message_is_refused(
    server: Server, provider: Rfc2136Provider
) -> None:
    """More than 65535 octets are never split: nothing is sent."""
    plan = planned(provider, put("", "TXT", 60, *(f"{n:03}" + "x" * 250 for n in range(300))))
    with pytest.raises(UpdateRefused, match=r"do not fit into one DNS message.*nothing was"):
        provider.apply(plan)
    assert server.updates == []


def test_nothing_to_change_sends_nothing(server: Server, provider: Rfc2136Provider) -> None:
    """An empty plan is no message."""
    provider.apply(planned(provider))
    assert server.updates == []


def test_soa_and_unknown_types_are_not_even_read(server: Server, provider: Rfc2136Provider) -> None:
    """OctoDNS sees the types that it supports, without a word about the others."""
    zone = Zone(ZONE, [])
    assert provider.populate(zone) is True
    assert {record._type for record in zone.records} == {"NS", "A", "AAAA", "MX", "TXT", "CNAME"}
    assert {record.source for record in zone.records} == {provider}


def test_as_a_source_it_validates_unless_lenient(server: Server, provider: Rfc2136Provider) -> None:
    """What octoDNS finds wrong with a record is an error for a strict reader."""
    server.master_file += "odd SRV 0 0 25 mail\n"
    provider.populate(Zone(ZONE, []), lenient=True)
    with pytest.raises(ValidationError):
        provider.populate(Zone(ZONE, []))


def test_an_rrset_wholly_beyond_octodns_is_skipped(
    server: Server, provider: Rfc2136Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """A long TLSA alone is logged, and what is put beside it takes nothing from it."""
    server.master_file += f"_25._tcp TLSA 3 0 0 {'ab' * 100}\n"
    new = {
        "certificate_usage": 3,
        "selector": 1,
        "matching_type": 1,
        "certificate_association_data": "ef" * 32,
    }
    provider.apply(planned(provider, put("_25._tcp", "TLSA", 3600, new)))
    assert "_25._tcp.example.test. TLSA: 1 of 1 values are beyond octoDNS" in caplog.text
    assert lines(server, "update") == [f"_25._tcp.example.test. 3600 IN TLSA 3 1 1 {'ef' * 32}"]
    (prerequisite,) = lines(server, "prerequisite")
    assert prerequisite.startswith("_25._tcp.example.test. 0 IN TLSA 3 0 0 abab")


def test_a_name_that_is_no_idna_is_skipped(
    server: Server, provider: Rfc2136Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """One such name, and it does not keep the zone from being read."""
    server.master_file += 'xn--zzzzzz9999 TXT "x"\nxn--zzzzzz9998 TXT "\\233"\n'
    zone = Zone(ZONE, [])
    provider.populate(zone, lenient=True)
    assert "xn--zzzzzz9999.example.test. TXT: beyond octoDNS" in caplog.text
    assert "xn--zzzzzz9998.example.test. TXT: 1 of 1 values are beyond octoDNS" in caplog.text
    assert zone.get_type("mail", "A")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([put("mail", "CNAME", 300, "x.example.net.")], "CNAME cannot stand beside the name's A"),
        ([put("www", "A", 300, "192.0.2.1")], "A cannot stand beside the name's CNAME"),
        (
            [remove("both", "A"), put("both", "CNAME", 300, "x.example.net.")],
            "CNAME cannot stand beside the name's AAAA",
        ),
    ],
)
def test_an_alias_beside_other_data_is_refused_here(
    server: Server, provider: Rfc2136Provider, changes: list[Change], told: str
) -> None:
    """A server would drop it and answer NOERROR; it is refused before anything is sent."""
    with pytest.raises(UpdateRefused, match=told):
        provider.apply(planned(provider, *changes))
    assert server.updates == []


def test_an_alias_may_be_changed_beside_its_signatures(
    server: Server, provider: Rfc2136Provider
) -> None:
    """What DNSSEC puts beside a CNAME is not in its way."""
    provider.apply(planned(provider, put("signed", "CNAME", 3600, "x.example.net.")))
    assert len(server.updates) == 1


def test_a_value_without_a_wire_form_is_refused(server: Server, provider: Rfc2136Provider) -> None:
    """A label over 63 octets passes octoDNS when lenient; it is refused with its RRset."""
    change = put("", "MX", 300, mx(5, "x" * 64 + ".example.test."))
    with pytest.raises(UpdateRefused, match=r"example\.test\. MX: octoDNS' value has no wire form"):
        provider.apply(planned(provider, change))
    assert server.updates == []


@pytest.mark.parametrize("theirs", ["@ MX 30 x.example.net.", "late A 192.0.2.9"])
def test_a_plan_from_an_older_reading_is_stale(
    server: Server, provider: Rfc2136Provider, theirs: str
) -> None:
    """Prerequisites come from the reading that the plan was made from, or there is no update."""
    plan = planned(
        provider,
        put("", "MX", 3600, mx(5, "new.example.test.")),
        put("late", "A", 3600, "192.0.2.1"),
    )
    server.master_file += theirs + "\n"
    provider.populate(Zone(ZONE, []), target=True, lenient=True)
    with pytest.raises(StaleWrite, match="is not what the plan started from"):
        provider.apply(plan)
    assert server.updates == []


def test_a_ttl_that_changed_between_two_readings_is_stale(
    server: Server, provider: Rfc2136Provider
) -> None:
    """Of two readings the TTL is compared too, although prerequisites cannot."""
    plan = planned(provider, put("mail", "A", 300, "192.0.2.7"))
    server.master_file = server.master_file.replace("mail A", "mail 60 A")
    provider.populate(Zone(ZONE, []), target=True, lenient=True)
    with pytest.raises(StaleWrite):
        provider.apply(plan)


def test_without_a_reading_nothing_is_written(server: Server, provider: Rfc2136Provider) -> None:
    """A provider that did not read the zone has nothing to compare with."""
    plan = planned(provider, put("mail", "A", 300, "192.0.2.7"))
    other = Rfc2136Provider("other", "192.0.2.53")
    with pytest.raises(UpdateRefused, match="was not read before: plan again"):
        other.apply(plan)
    assert server.updates == []


def test_a_failed_reading_forgets_the_one_before(server: Server, provider: Rfc2136Provider) -> None:
    """After a transfer that failed, the older one is not written from."""
    plan = planned(provider, put("mail", "A", 300, "192.0.2.7"))
    server.transfer_error = EOFError()
    with pytest.raises(TransferFailed):
        provider.populate(Zone(ZONE, []), target=True)
    with pytest.raises(UpdateRefused, match="plan again"):
        provider.apply(plan)


ERRORS = [
    (dns.tsig.PeerBadKey, (), "BADKEY", UpdateRefused),
    (dns.tsig.PeerBadSignature, (), "BADSIG", UpdateRefused),
    (dns.tsig.PeerBadTime, (), r"clock skew over 300 s \(BADTIME, RFC 8945", UpdateRefused),
    (dns.tsig.PeerBadTruncation, (), "refused the TSIG signature", UpdateRefused),
    (ConnectionRefusedError, (111, "refused"), "nothing listens there", UpdateRefused),
    (dns.tsig.BadTime, (), "answer's TSIG time is over 300 s off", OutcomeUnknown),
    (dns.tsig.BadSignature, (), "does not verify", OutcomeUnknown),
    (dns.exception.Timeout, (), "no answer in time: check host", OutcomeUnknown),
    (EOFError, (), "closed the connection without an answer", OutcomeUnknown),
    (ConnectionResetError, (104, "reset by peer"), "reset by peer: ", OutcomeUnknown),
    (dns.exception.FormError, ("a\nb\x1b[31m",), r"\(a b \[31m\)", OutcomeUnknown),
    (dns.query.BadResponse, (), "does not respond to the question asked", OutcomeUnknown),
]


@pytest.mark.parametrize(("error", "arguments", "told", "kind"), ERRORS)
def test_an_update_without_an_answer_is_told_in_one_line(
    server: Server,
    provider: Rfc2136Provider,
    error: type[Exception],
    arguments: tuple[object, ...],
    told: str,
    kind: type[UpdateFailed],
) -> None:
    """What happened, at which server, and whether anything can have been written; never again."""
    plan = planned(provider, put("mail", "A", 300, "192.0.2.7"))
    server.answer = error(*arguments)
    with pytest.raises(kind, match=told) as caught:
        provider.apply(plan)
    text = str(caught.value)
    assert text.startswith(ZONE)
    assert "192.0.2.53 port 5353" in text
    assert text.isprintable()
    assert ("nothing was written" in text) == caught.value.nothing_written
    assert ("may have been written: read the zone" in text) == (kind is OutcomeUnknown)
    assert len(server.updates) == 1


@pytest.mark.parametrize(("error", "arguments", "told", "kind"), ERRORS)
def test_a_failed_transfer_is_told_in_one_line(
    server: Server,
    provider: Rfc2136Provider,
    error: type[Exception],
    arguments: tuple[object, ...],
    told: str,
    kind: type[UpdateFailed],
) -> None:
    """What happened, at which server, as octodns-bind's own exception."""
    server.transfer_error = error(*arguments)
    with pytest.raises(octodns_bind.AxfrSourceZoneTransferFailed, match=told) as caught:
        provider.populate(Zone(ZONE, []), target=True)
    assert str(caught.value).startswith(f"{ZONE}: no zone transfer from 192.0.2.53 port 5353: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("rcode", "told", "kind"),
    [
        ("NXRRSET", "someone else changed the zone", StaleWrite),
        ("YXRRSET", "someone else changed the zone", StaleWrite),
        ("NXDOMAIN", "someone else changed the zone", StaleWrite),
        ("YXDOMAIN", "someone else changed the zone", StaleWrite),
        ("REFUSED", "allow this key to update the zone", UpdateRefused),
        ("NOTAUTH", "not authoritative for the zone", UpdateRefused),
        ("NOTZONE", "outside of its zone", UpdateRefused),
        ("NOTIMP", "takes no dynamic updates", UpdateRefused),
        ("FORMERR", "does not understand", UpdateRefused),
        ("BADVERS", "it answers BADVERS", UpdateRefused),
        ("SERVFAIL", "it failed", OutcomeUnknown),
    ],
)
def test_what_an_answer_means(
    server: Server, provider: Rfc2136Provider, rcode: str, told: str, kind: type[UpdateFailed]
) -> None:
    """Each answer code of RFC 2136 is an error of its own, and octodns-bind's as well."""
    plan = planned(provider, put("mail", "A", 300, "192.0.2.7"))
    server.answer = dns.rcode.from_text(rcode)
    with pytest.raises(octodns_bind.Rfc2136ProviderUpdateFailed, match=told) as caught:
        provider.apply(plan)
    assert type(caught.value) is kind
    assert rcode in str(caught.value)


@pytest.mark.parametrize(
    ("rcode", "told"),
    [
        ("REFUSED", "allow zone transfers to this key"),
        ("NOTAUTH", "not authoritative for the zone"),
        ("SERVFAIL", "could load the zone"),
        ("NOTIMP", "it answers NOTIMP"),
    ],
)
def test_what_an_answer_to_a_transfer_means(
    server: Server, provider: Rfc2136Provider, rcode: str, told: str
) -> None:
    """A transfer that is refused says by what code, and what to allow."""
    kind: Callable[[dns.rcode.Rcode], Exception] = dns.xfr.TransferError
    server.transfer_error = kind(dns.rcode.from_text(rcode))
    with pytest.raises(TransferFailed, match=told) as caught:
        provider.populate(Zone(ZONE, []), target=True)
    assert rcode in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"port": "many"}, "port is 'many'"),
        ({"port": 0}, "port is 0"),
        ({"port": None}, "port is None"),
        ({"port": 65536}, "port is 65536"),
        ({"timeout": "nan"}, "timeout is 'nan'"),
        ({"timeout": -1}, "timeout is -1"),
        ({"key_name": "k"}, "needs key_secret as well"),
        ({"key_secret": SECRET}, "needs key_name as well"),
        ({"key_algorithm": "hmac-sha256"}, "needs key_name and key_secret as well"),
        ({"key_name": "k..", "key_secret": SECRET}, r"key_name 'k\.\.' is no domain name"),
        ({"key_name": "k", "key_secret": SECRET + "*"}, "key_secret is not base64"),
        ({"key_name": "k", "key_secret": " "}, "key_secret is not base64"),
        (
            {"key_name": "k", "key_secret": SECRET, "key_algorithm": "sha256"},
            "key_algorithm 'sha256' is unknown: use one of .*hmac-sha256",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_told_at_once(
    options: dict[str, Any], told: str
) -> None:
    """A wrong option is named with the provider, and a secret is never shown."""
    with pytest.raises(BadConfiguration, match="^provider primary: .*" + told) as caught:
        Rfc2136Provider("primary", **{"host": "192.0.2.53", **options})
    assert SECRET not in str(caught.value)


def test_a_configuration_from_the_environment_is_text(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers may come as text, and the log never shows the secret."""
    caplog.set_level("DEBUG")
    provider = Rfc2136Provider(
        "primary",
        "192.0.2.53",
        port="5353",
        timeout="15",
        key_name="k",
        key_secret=SECRET,
        key_algorithm="hmac-sha512",
    )
    planned(provider)
    assert (provider.port, provider.timeout) == (5353, 15.0)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("error", "ipv6", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), False, "has no IPv4 address"),
        (UnicodeError("label too long"), True, "has no IPv6 address"),
    ],
)
def test_a_host_that_does_not_resolve_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, ipv6: bool, told: str
) -> None:
    """The error names the host as configured."""

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(TransferFailed, match=f"provider host 'ns.example.test' {told}"):
        Rfc2136Provider("primary", "ns.example.test", ipv6=ipv6)


def test_a_host_may_be_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is resolved once, and messages go to its address."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.53", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: found)
    assert Rfc2136Provider("primary", "ns.example.test").host == "192.0.2.53"


def test_it_stands_without_mailsync() -> None:
    """Plain octoDNS can use it: nothing of mailsync is imported."""
    code = (
        "import sys, mailsync_providers.rfc2136;"
        "print([name for name in sys.modules if name.split('.')[0] == 'mailsync'])"
    )
    environment = {"PYTHONPATH": "providers"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"
