"""The zone that every DNS host holds in the contract, as far as it can hold it; as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailsync.dns.rrset import Key, RRset, canonical, txt_text, txt_value
from mailsync.dns.ttl import TTL_MAX

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
"""The sample as a master file, for hosts that can hold all of it."""

EVERY_TYPE = frozenset(
    {"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT"},
)


def any_text(_text: str) -> str:
    """Refuse no text."""
    return ""


def plain_text(text: str) -> str:
    """Refuse what most of octoDNS' adapters write wrongly, as presentation text."""
    return "" if text.isprintable() and not set('"\\') & set(text) else "takes no"


@dataclass(frozen=True)
class Traits:
    """What a DNS host can hold. What it cannot is refused, which the contract tests as well.

    ``text``: why a TXT's text (octets as Latin-1) is refused, empty if it is not; part of the
    message. ``one_ttl``: all records of a zone have one TTL, ``the_ttl``. ``mx_below``: names below
    the zone may have MX. ``own_ns``: the zone's own NS, where they are the host's; ``lists_ns``:
    they are listed. ``equal_preferences``: two MX may have one.
    """

    types: frozenset[str] = EVERY_TYPE
    zone: str = "example.test."
    elsewhere: str = "example.net."
    ttl_min: int = 0
    ttl_max: int = TTL_MAX
    one_ttl: bool = False
    the_ttl: int = 3600
    text: Callable[[str], str] = any_text
    null_mx: bool = True
    null_srv: bool = True
    mx_below: bool = True
    preference_max: int = 65535
    equal_preferences: bool = True
    own_ns: RRset | None = None
    lists_ns: bool = True

    def refusal(self, rrset: RRset) -> str:
        """Say why the host cannot hold an RRset, as its message will; empty if it can."""
        if rrset.type not in self.types:
            return f"{rrset.type} records"
        if rrset.type == "MX":
            if "0 ." in rrset.values and not self.null_mx:
                return "null MX"
            if rrset.name != self.zone and not self.mx_below:
                return "below the zone"
            preferences = [int(value.split()[0]) for value in rrset.values]
            if max(preferences) > self.preference_max:
                return "preference"
            if not self.equal_preferences and len(set(preferences)) < len(preferences):
                return "preference"
        if rrset.type == "SRV" and not self.null_srv and "0 0 0 ." in rrset.values:
            return "null SRV"
        if rrset.type == "TXT":
            return next(filter(None, (self.text(txt_text(v)) for v in rrset.values)), "")
        return ""


@dataclass(frozen=True)
class Sample:
    """The zone's records as one host can hold them, and what tests change in them."""

    traits: Traits = field(default_factory=Traits)

    @property
    def zone(self) -> str:
        """The zone, with its final dot."""
        return self.traits.zone

    def ttl(self, ttl: int) -> int:
        """Give the nearest TTL (seconds) that the host takes."""
        if self.traits.one_ttl:
            return self.traits.the_ttl
        return max(self.traits.ttl_min, min(ttl, self.traits.ttl_max))

    def rrset(self, name: str, rdtype: str, ttl: int, *values: str) -> RRset:
        """An RRset of the zone; ``@`` and names without a final dot are relative to it.

        In values, ``.here.`` and ``.elsewhere.`` stand for the zone and for another one.
        """
        owner = self.zone if name == "@" else f"{name}.{self.zone}"
        written = (
            value.replace(".here.", f".{self.zone}").replace(
                ".elsewhere.", f".{self.traits.elsewhere}"
            )
            for value in values
        )
        texts = tuple(canonical(rdtype, value) for value in written)
        return RRset(owner, rdtype, self.ttl(ttl), texts)

    @property
    def listed(self) -> Mapping[Key, RRset]:
        """All of it."""
        texts = [value for value in self._texts() if not self.traits.text(txt_text(value))]
        everything = [
            self.rrset("@", "MX", 3600, "10 old.here.", "20 backup.elsewhere."),
            self.rrset("@", "TXT", 3600, *texts),
            self.rrset("www", "CNAME", 3600, "host.elsewhere."),
            self.rrset("ns1", "A", 3600, "127.0.0.1"),
            self.rrset("old", "A", 300, "192.0.2.1", "192.0.2.2"),
            self.rrset("old", "AAAA", 3600, "2001:db8::1"),
            self.rrset("*.wild", "TXT", 3600, '"star"'),
            self.rrset("s1._domainkey", "TXT", 3600, '"v=DKIM1; k=rsa; p=AAAA"'),
            self.rrset("_imaps._tcp", "SRV", 3600, "0 1 993 old.here."),
            self.rrset(
                "_25._tcp.old", "TLSA", 3600, "3 1 1 " + "00112233445566778899aabbccddeeff" * 2
            ),
            self.rrset("@", "CAA", 3600, f'0 issue "ca.{self.traits.elsewhere.rstrip(".")}"'),
            self.rrset("sub", "NS", 3600, "ns.sub.here."),
            self.rrset("ns.sub", "A", 3600, "192.0.2.53"),
        ]
        own = self.rrset("@", "NS", 3600, "ns1.here.", "ns2.elsewhere.")
        everything += [self.traits.own_ns or own] if self.traits.lists_ns else []
        return {one.key: one for one in everything if one.type in self.traits.types}

    def _texts(self) -> tuple[str, ...]:
        elsewhere = self.traits.elsewhere.rstrip(".")
        return (
            f'"v=spf1 include:_spf.{elsewhere} -all"',
            '"google-site-verification=a;b"',
            r'"say \"hi\" \\ there"',
            '""',
        )

    @property
    def spf(self) -> str:
        """The SPF record's value."""
        return self._texts()[0]

    @property
    def mx(self) -> RRset:
        """The MX RRset."""
        return self.listed[self.zone, "MX"]

    @property
    def txt(self) -> RRset:
        """The TXT RRset at the apex, with values of several hands."""
        return self.listed[self.zone, "TXT"]

    @property
    def www(self) -> RRset:
        """A CNAME."""
        return self.listed[f"www.{self.zone}", "CNAME"]


def text_with(rrset: RRset, old: str, new: str) -> RRset:
    """A TXT RRset in which one value is another; both as they are written in presentation text."""
    values = tuple(new if value == old else value for value in rrset.values)
    assert values != rrset.values
    return RRset(rrset.name, rrset.type, rrset.ttl, values)


RSA_2048 = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" * 12 + "IDAQAB=="
RSA_4096 = "v=DKIM1; k=rsa; p=" + "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8A" * 23
"""As long as such keys are: 410 and 754 octets."""

VALUES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("@", "MX", ("0 .",)),
    ("@", "MX", ("5 mx.elsewhere.", "5 mx2.elsewhere.", "10 old.here.")),
    ("host", "MX", ("0 old.here.", "65535 mx.elsewhere.")),
    ("news", "MX", ("10 feedback-smtp.elsewhere.",)),
    ("new", "A", ("192.0.2.9", "192.0.2.10")),
    ("v6", "AAAA", ("2001:db8::a", "2001:db8::b")),
    ("rsa2048._domainkey", "TXT", (txt_value(RSA_2048),)),
    ("rsa4096._domainkey", "TXT", (txt_value(RSA_4096),)),
    ("ed25519._domainkey", "TXT", (txt_value("v=DKIM1; k=ed25519; p=" + "A" * 44),)),
    ("*._domainkey", "TXT", ('"v=DKIM1; p="',)),
    ("s2._domainkey", "CNAME", ("s2.dkim.elsewhere.",)),
    ("_dmarc", "TXT", ('"v=DMARC1; p=none; rua=mailto:a@b.org,mailto:c@d.org!10m"',)),
    ("_mta-sts", "TXT", ('"v=STSv1; id=20261122T000000;"',)),
    ("_smtp._tls", "TXT", ('"v=TLSRPTv1; rua=https://tls.org/a?b=c&d=%20"',)),
    ("default._bimi", "TXT", ('"v=BIMI1; l=https://logo.org/logo.svg; a="',)),
    ("autodiscover", "CNAME", ("autodiscover.elsewhere.",)),
    ("_autodiscover._tcp", "SRV", ("0 0 443 autodiscover.elsewhere.",)),
    ("_submissions._tcp", "SRV", ("0 1 465 old.here.", "10 1 465 mx.elsewhere.")),
    ("_pop3s._tcp", "SRV", ("0 0 0 .",)),
    ("_443._tcp.old", "TLSA", ("3 1 1 " + "ab" * 32, "2 0 1 " + "cd" * 32)),
    ("10", "PTR", ("old.here.",)),
    ("xn--eckwd4c7c", "MX", ("10 xn--mx-9f4a.elsewhere.",)),
    ("text", "TXT", (r'"back\\slash; \"quoted\" ;end"',)),
    ("spaces", "TXT", ('"two  blanks, and one at the end "',)),
    ("empty", "TXT", ('""',)),
    ("control", "TXT", (r'"tab\009bell\007"',)),
    ("octets", "TXT", (txt_value("x" * 255), txt_value("y" * 256))),
)
"""What is written and read back: every kind of mail record, and odd ones."""
