"""What every DNS host keeps to, whatever stands behind it: one suite, run against each."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mailsync.dns.rrset import RRset, canonical, txt_value
from mailsync.errors import HostError, StaleWrite
from mailsync.hosts.interface import Host
from mailsync.plan.model import Change

ZONE = "example.test"
MASTER_FILE = r"""
$TTL 3600
@        SOA ns1 hostmaster 1 7200 3600 2419200 300
@        NS  ns1
@        NS  ns2.example.net.
@        MX  10 old
@        MX  20 Backup.Example.NET.
@        TXT "v=spf1 include:_spf.example.net -all"
@        TXT "google-site-verification=" "a;b"
@        TXT "say \"hi\" \\ there"
@        TXT ""
ns1      A   127.0.0.1
old      300 A 192.0.2.1
old      300 A 192.0.2.2
old      AAAA 2001:db8::1
www      CNAME host.example.net.
*.wild   TXT "star"
s1._domainkey TXT "v=DKIM1; k=rsa; p=AAAA"
_imaps._tcp SRV 0 1 993 old
_25._tcp.old TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
@        CAA 0 issue "ca.example.net"
sub      NS  ns.sub
ns.sub   A   192.0.2.53
"""


def rrset(name: str, rdtype: str, ttl: int, *values: str) -> RRset:
    """An RRset of the zone; ``@`` and names without a final dot are relative to it."""
    owner = f"{ZONE}." if name == "@" else f"{name}.{ZONE}."
    return RRset(owner, rdtype, ttl, tuple(canonical(rdtype, value) for value in values))


MX = rrset("@", "MX", 3600, "10 old.example.test.", "20 backup.example.net.")
TXT = rrset(
    "@",
    "TXT",
    3600,
    '"v=spf1 include:_spf.example.net -all"',
    '"google-site-verification=a;b"',
    r'"say \"hi\" \\ there"',
    '""',
)
WWW = rrset("www", "CNAME", 3600, "host.example.net.")
LISTED = {
    one.key: one
    for one in (
        MX,
        TXT,
        WWW,
        rrset("@", "NS", 3600, "ns1.example.test.", "ns2.example.net."),
        rrset("ns1", "A", 3600, "127.0.0.1"),
        rrset("old", "A", 300, "192.0.2.1", "192.0.2.2"),
        rrset("old", "AAAA", 3600, "2001:db8::1"),
        rrset("*.wild", "TXT", 3600, '"star"'),
        rrset("s1._domainkey", "TXT", 3600, '"v=DKIM1; k=rsa; p=AAAA"'),
        rrset("_imaps._tcp", "SRV", 3600, "0 1 993 old.example.test."),
        rrset("_25._tcp.old", "TLSA", 3600, "3 1 1 " + "00112233445566778899aabbccddeeff" * 2),
        rrset("@", "CAA", 3600, '0 issue "ca.example.net"'),
        rrset("sub", "NS", 3600, "ns.sub.example.test."),
        rrset("ns.sub", "A", 3600, "192.0.2.53"),
    )
}


def text_with(rrset: RRset, old: str, new: str) -> RRset:
    """A TXT RRset in which one value is another; both as they are written in presentation text."""
    values = tuple(new if value == old else value for value in rrset.values)
    assert values != rrset.values
    return RRset(rrset.name, rrset.type, rrset.ttl, values)


SPF = '"v=spf1 include:_spf.example.net -all"'


@dataclass(frozen=True)
class Laboratory:
    """A DNS host that holds `MASTER_FILE`; ``publish`` is what someone else does at that host.

    ``exactly`` shows all that the host holds, in whatever form of its own, but serial numbers.
    """

    host: Host
    publish: Callable[[RRset], None]
    exactly: Callable[[], object]


class HostContract:
    """Subclasses give a fixture ``lab``."""

    def test_lists_everything(self, lab: Laboratory) -> None:
        """A listing holds every RRset of the zone but the SOA, canonical."""
        assert lab.host.read(ZONE) == LISTED
        assert list(lab.host.read(f"{ZONE}.")) == sorted(LISTED)

    def test_unknown_zone(self, lab: Laboratory) -> None:
        """A zone that the host does not serve is an error, not an empty zone."""
        with pytest.raises(HostError, match=r"^missing\.test: .*\w"):
            lab.host.read("missing.test")

    def test_all_kinds_of_change_at_once(self, lab: Laboratory) -> None:
        """Creating, changing and deleting in one write leaves everything else as it was."""
        mx = rrset("@", "MX", 300, "10 new.example.net.", "20 backup.example.net.")
        new = rrset("new", "A", 60, "192.0.2.9")
        text = text_with(TXT, SPF, '"v=spf1 include:_spf.example.org ~all"')
        lab.host.write(
            ZONE,
            [
                Change(MX, mx, "switch"),
                Change(None, new, "create"),
                Change(WWW, None, "delete"),
                Change(TXT, text, "one value of a shared RRset"),
            ],
        )
        expected = {**LISTED, MX.key: mx, new.key: new, TXT.key: text}
        del expected[WWW.key]
        assert lab.host.read(ZONE) == expected

    @pytest.mark.parametrize("live", [MX, TXT, WWW], ids=lambda live: live.type)
    def test_ttl_alone(self, lab: Laboratory, live: RRset) -> None:
        """A TTL changes for every value of an RRset, and comes back."""
        lowered = live.with_ttl(60)
        lab.host.write(ZONE, [Change(live, lowered, "lower")])
        assert lab.host.read(ZONE) == {**LISTED, live.key: lowered}
        lab.host.write(ZONE, [Change(lowered, live, "restore")])
        assert lab.host.read(ZONE) == LISTED

    @pytest.mark.parametrize(
        ("name", "rdtype", "values"),
        [
            ("@", "MX", ("0 .",)),
            ("host", "MX", ("0 old.example.test.", "65535 mx.example.net.")),
            ("long._domainkey", "TXT", (txt_value("v=DKIM1; p=" + "A" * 700),)),
            ("text", "TXT", (r'"back\\slash; \"quoted\" ;end"',)),
            ("control", "TXT", (r'"tab\009bell\007"',)),
            ("octets", "TXT", (txt_value("x" * 255), txt_value("y" * 256))),
            ("alias", "CNAME", ("elsewhere.example.net.",)),
            ("v6", "AAAA", ("2001:db8::a", "2001:db8::b")),
            ("*._domainkey", "TXT", ('"v=DKIM1; p="',)),
            ("_submissions._tcp", "SRV", ("0 1 465 old.example.test.",)),
            ("_443._tcp.old", "TLSA", ("3 1 1 " + "ab" * 32,)),
        ],
    )
    def test_values_come_back(
        self, lab: Laboratory, name: str, rdtype: str, values: tuple[str, ...]
    ) -> None:
        """What is written is what is read back, octet for octet."""
        wanted = rrset(name, rdtype, 300, *values)
        lab.host.write(ZONE, [Change(LISTED.get(wanted.key), wanted, "write")])
        assert lab.host.read(ZONE) == {**LISTED, wanted.key: wanted}

    @pytest.mark.parametrize(
        "theirs",
        [
            rrset("@", "MX", 3600, "10 theirs.example.net."),
            rrset("@", "MX", 7200, *MX.values),
        ],
        ids=["values", "ttl"],
    )
    def test_someone_else_was_faster(self, lab: Laboratory, theirs: RRset) -> None:
        """One RRset that changed since it was read: nothing of the whole write is done."""
        lab.publish(theirs)
        exactly = lab.exactly()
        with pytest.raises(StaleWrite, match=r"example\.test\. MX .*plan"):
            lab.host.write(
                ZONE,
                [
                    Change(None, rrset("new", "A", 60, "192.0.2.9"), "create"),
                    Change(MX, rrset("@", "MX", 300, "10 new.example.net."), "switch"),
                ],
            )
        assert lab.exactly() == exactly

    @pytest.mark.parametrize(
        "change",
        [
            Change(None, rrset("www", "CNAME", 60, "x.example.net."), "there already"),
            Change(rrset("gone", "A", 60, "192.0.2.9"), None, "not there"),
            Change(MX.with_ttl(5), MX.with_ttl(6), "never was"),
        ],
        ids=lambda change: change.action,
    )
    def test_stale_plan(self, lab: Laboratory, change: Change) -> None:
        """What is there, or is not, must be what the change was computed from."""
        exactly = lab.exactly()
        with pytest.raises(StaleWrite):
            lab.host.write(ZONE, [change])
        assert lab.exactly() == exactly

    def test_once(self, lab: Laboratory) -> None:
        """The same write a second time is stale: it has been done."""
        change = Change(MX, rrset("@", "MX", 300, "10 new.example.net."), "switch")
        lab.host.write(ZONE, [change])
        exactly = lab.exactly()
        with pytest.raises(StaleWrite):
            lab.host.write(ZONE, [change])
        assert lab.exactly() == exactly

    @pytest.mark.parametrize("changes", [[], [Change(MX, MX, "as it is")]], ids=["none", "same"])
    def test_nothing_to_do(self, lab: Laboratory, changes: list[Change]) -> None:
        """A write that changes nothing writes nothing."""
        exactly = lab.exactly()
        lab.host.write(ZONE, changes)
        assert lab.exactly() == exactly

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (Change(None, RRset("example.net.", "A", 60, ("192.0.2.1",)), ""), "not in the zone"),
            (
                Change(None, RRset(f"www{ZONE}.", "A", 60, ("192.0.2.1",)), ""),
                "not in the zone",
            ),
            (Change(LISTED[f"{ZONE}.", "NS"], None, ""), "belongs to the DNS host"),
            (Change(None, rrset("@", "SOA", 60, "a. b. 1 2 3 4 5"), ""), "belongs to the DNS host"),
            (Change(None, rrset("x", "RP", 60, "a. b."), ""), "no type RP"),
            (Change(None, RRset(f"x.{ZONE}.", "CNAME", 60, ("a.", "b.")), ""), "exactly one"),
            (Change(None, RRset(f"x.{ZONE}.", "MX", 60, ("70000 a.",)), ""), "70000"),
            (Change(None, rrset("x", "MX", 60, "10 192.0.2.1."), ""), "IP address"),
        ],
    )
    def test_refused(self, lab: Laboratory, change: Change, why: str) -> None:
        """What must not or cannot be written is refused with the reason, before anything is."""
        exactly = lab.exactly()
        with pytest.raises(HostError, match=f"{why}.*nothing was written"):
            lab.host.write(ZONE, [change])
        assert lab.exactly() == exactly

    def test_one_change_for_each_rrset(self, lab: Laboratory) -> None:
        """Two changes of one RRset in one write contradict each other: refused."""
        change = Change(MX, MX.with_ttl(60), "")
        with pytest.raises(HostError, match="two changes"):
            lab.host.write(ZONE, [change, change])


class ExactTextContract(HostContract):
    """The same of hosts that show every text, also where octoDNS would take it for quoted."""

    def test_text_in_quotes(self, lab: Laboratory) -> None:
        """Quotes at a text's ends, and between blanks, are part of it."""
        wanted = rrset("text", "TXT", 300, r'"\"all of it\""', r'"a\" \"b"')
        lab.host.write(ZONE, [Change(None, wanted, "write")])
        assert lab.host.read(ZONE) == {**LISTED, wanted.key: wanted}
        lab.host.write(ZONE, [Change(wanted, wanted.with_ttl(60), "lower")])
        assert lab.host.read(ZONE) == {**LISTED, wanted.key: wanted.with_ttl(60)}
