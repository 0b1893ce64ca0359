"""Random zones as master files: mail of every kind, well kept, badly kept and broken.

A seed gives the same zone always. Every part draws from its own list of habits that real zones
have; what they make together nobody has thought of.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

TTLS = (60, 300, 600, 1800, 3600, 3600, 3600, 7200, 86400, 86400)


def rsa_key(rng: random.Random, bits: int) -> str:
    """A public key of that size as base64; nobody has its other half."""
    modulus = (1 << (bits - 1)) | rng.getrandbits(bits - 1) | 1

    def der(tag: int, body: bytes) -> bytes:
        size = len(body)
        if size < 0x80:
            return bytes([tag, size]) + body
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag, 0x80 | len(octets)]) + octets + body

    number = der(2, b"\0" + modulus.to_bytes(bits // 8, "big"))
    pair = der(0x30, number + der(2, (65537).to_bytes(3, "big")))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return base64.b64encode(der(0x30, algorithm + der(3, b"\0" + pair))).decode()


def quoted(text: str) -> str:
    """A TXT's text in a master file: strings of at most 255 octets."""
    octets = text.encode("utf-8", "surrogateescape")
    pieces = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(map(_escaped, piece)) + '"' for piece in pieces)


def _escaped(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\{octet:03d}"


@dataclass
class Zone:
    """A zone that grows: name, lines, and the dice."""

    name: str
    rng: random.Random
    lines: list[str] = field(default_factory=list)

    def add(self, owner: str, rdtype: str, *values: str, ttl: int | None = None) -> None:
        """Add an RRset; now and then with a TTL of its own."""
        if ttl is None and self.rng.random() < 0.25:
            ttl = self.rng.choice(TTLS)
        for value in values:
            self.lines.append(f"{owner} {'' if ttl is None else ttl} IN {rdtype} {value}")

    def txt(self, owner: str, *texts: str, ttl: int | None = None) -> None:
        """Add a TXT RRset."""
        self.add(owner, "TXT", *map(quoted, texts), ttl=ttl)

    def maybe(self, chance: float) -> bool:
        """Throw the dice."""
        return self.rng.random() < chance

    def one(self, *of: str) -> str:
        """Choose one."""
        return self.rng.choice(of)

    def some(self, of: Iterable[str], at_most: int) -> list[str]:
        """Choose some, in any order."""
        pool = list(of)
        return self.rng.sample(pool, self.rng.randint(1, min(at_most, len(pool))))

    def address(self) -> str:
        """An address that documents have (RFC 5737)."""
        return f"{self.one('192.0.2', '198.51.100', '203.0.113')}.{self.rng.randint(1, 254)}"

    def text(self) -> str:
        """Write the master file."""
        head = [
            f"$ORIGIN {self.name}",
            f"$TTL {self.rng.choice(TTLS)}",
            "@ IN SOA ns1.dns.example. hostmaster 1 7200 900 1209600 3600",
            "@ IN NS ns1.dns.example.",
            "@ IN NS ns2.dns.example.",
        ]
        return "".join(f"{line}\n" for line in [*head, *self.lines])


def zone(seed: int) -> tuple[str, str]:
    """A zone's name and its master file."""
    rng = random.Random(seed)
    name = rng.choice(
        ("example.com", "example.co.jp", "xn--wgv71a119e.example", "mail.sub.example.net", "a.test")
    )
    made = Zone(f"{name}.", rng)
    if seed % 10 == 0:
        _parked(made)
    elif seed % 5 == 1:
        _served(made)
    else:
        for part in _PARTS:
            part(made)
    rng.shuffle(made.lines)
    return f"{name}.", made.text()


def _parked(zone: Zone) -> None:
    zone.add("@", "MX", "0 .", ttl=3600)
    zone.txt("@", zone.one("v=spf1 -all", "v=spf1 -all", "v=spf1 ~all"), ttl=3600)
    zone.txt(
        "_dmarc",
        zone.one(
            "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s",
            "v=DMARC1; p=reject; rua=mailto:d@dmarc.example",
        ),
    )
    if zone.maybe(0.7):
        zone.txt("*._domainkey", "v=DKIM1; p=", ttl=zone.rng.choice((3600, 300)))
    if zone.maybe(0.3):
        zone.add("www", "A", zone.address())


def _mx(zone: Zone) -> None:
    kind = zone.rng.randrange(12)
    if kind < 5:
        hosts = ("mx1.mail.example.", "mx2.mail.example.", "MX3.Mail.Example.", "aspmx.l.example.")
        zone.add(
            "@", "MX", *(f"{zone.rng.choice((0, 5, 10, 20))} {h}" for h in zone.some(hosts, 4))
        )
    elif kind < 8:
        zone.add("@", "MX", "10 mail", *(["20 mx2"] if zone.maybe(0.4) else []))
        zone.add("mail", "A", zone.address())
        if zone.maybe(0.5):
            zone.add("mail", "AAAA", "2001:db8::25", ttl=zone.rng.choice(TTLS))
        zone.add("mx2", "A", zone.address(), zone.address())
    elif kind == 8:
        zone.add("@", "MX", "0 @")
        zone.add("@", "A", zone.address())
    elif kind == 9:
        zone.add("@", "MX", zone.one("10 alias", "10 nowhere", "10 mx.cut", "10 xn--mller-kva"))
        zone.add("alias", "CNAME", "www.host.example.")
        zone.add("cut", "NS", "ns1.other.example.")
        zone.add("mx.cut", "A", zone.address())
        zone.add("xn--mller-kva", "A", zone.address())
    elif kind == 10:
        zone.add("@", "MX", "0 .")


_SPF = (
    "v=spf1 include:spf.protection.outlook.com -all",
    "v=spf1 include:_spf.google.com ~all",
    "v=spf1 mx a ip4:192.0.2.0/24 ip6:2001:db8::/32 include:a.example include:b.example ~all",
    "v=spf1 include:a.example mx -all",
    "v=spf1 a mx -all",
    "v=spf1 a:mail.example.net/24 ?all",
    "v=spf1 +mx -all",
    "v=spf1  mx  -all",
    "v=spf1 mx -all ",
    "V=SPF1 mx -ALL",
    "v=spf1 ip4:192.0.2.1 ip4:192.0.2.1 -all",
    "v=spf1 ~include:a.example -all",
    "v=spf1 ptr -all",
    "v=spf1 exists:%{i}._spf.mail.example -all",
    "v=spf1 redirect=_spf.mail.example",
    "v=spf1 mx exp=why.%{d} -all",
    "v=spf1 mx",
    "v=spf1",
    "v=spf1 -all",
    "v=spf1 +all",
    "v=spf1 include=_spf.google.com ~all",
    "v=spf1 includ:_spf.google.com ~all",
    "v=spf1 ip4:192.0.2.256 -all",
    "v=spf1 include:_spf -all",
    "v=spf1 -all include:never.example",
    "v=spf1 " + " ".join(f"include:s{n}.example" for n in range(11)) + " -all",
    "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(40)) + " ~all",
)

_ODD = (
    "google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ",
    "MS=ms12345678",
    "apple-domain=AbCdEf123",
    "facebook-domain-verification=abc123",
    "yandex-verification: 0123456789abcdef",
    "zoho-verification=zb12345678.zmverify.zoho.com",
    "a text; with; semicolons",
    'she said "no"',
    '"all in quotes"',
    "back\\slash \\; and \\\\ two",
    "key=value with spaces",
    "",
    " ",
    "x" * 600,
    "k=" + "y" * 300,
    "absent",
    "12345678",
    "2026-12-05",
    "~",
    "token=# no comment: here, [none]",
    "v=spf2.0/pra include:a.example -all",
    "v=STSv1; id=1;",
    "t\u00fcv=gepr\u00fcft",
    "v=verifydomain MS=1234567",
    "[list]",
    "{map: 1}",
    "&anchor",
    "*alias",
    "!tag=x",
    "%percent=x",
    "@at=x",
    "`tick`=x",
    "key: value",
    "a=b: c",
    "tail=colon:",
)


def _apex_txt(zone: Zone) -> None:
    texts = []
    if zone.maybe(0.85):
        texts.append(zone.one(*_SPF))
    if zone.maybe(0.06):
        texts.append(zone.one(*_SPF))
    if zone.maybe(0.7):
        texts += zone.some(_ODD, 5)
    if texts:
        zone.txt("@", *texts)


def _dkim(zone: Zone) -> None:
    rng = zone.rng
    habits: list[Callable[[str], None]] = [
        lambda s: zone.txt(s, f"v=DKIM1; k=rsa; p={rsa_key(rng, 2048)}"),
        lambda s: zone.txt(s, f"v=DKIM1; k=rsa; p={rsa_key(rng, 1024)}"),
        lambda s: zone.txt(s, f"v=DKIM1;k=rsa;t=s;p={rsa_key(rng, 2048)};"),
        lambda s: zone.txt(s, f"k=rsa; p={rsa_key(rng, 1024)}"),
        lambda s: zone.txt(s, f"v=DKIM1; p={rsa_key(rng, 512)}"),
        lambda s: zone.txt(s, f"v=DKIM1; h=sha1; p={rsa_key(rng, 1024)}"),
        lambda s: zone.txt(s, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
        lambda s: zone.txt(s, "v=DKIM1; p="),
        lambda s: zone.txt(s, "v=DKIM1; p=not*base64"),
        lambda s: zone.txt(s, f" v=DKIM1; p={rsa_key(rng, 1024)} "),
        lambda s: zone.txt(s, "v=DKIM1; p=", "some other text"),
        lambda s: zone.add(s, "CNAME", "s1.dkim.mail.example."),
        lambda s: zone.add(s, "CNAME", "key"),
        lambda s: zone.txt(s, "forgotten"),
    ]
    selectors = ("s1", "selector1", "google", "2026.news", "k_1", "UPPER", "default")
    for selector in zone.some(selectors, 4):
        if zone.maybe(0.8):
            rng.choice(habits)(f"{selector}._domainkey")
    if zone.maybe(0.05):
        zone.txt("*._domainkey", "v=DKIM1; p=")
    if zone.maybe(0.05):
        zone.txt("_domainkey", "o=~")


def _dmarc(zone: Zone) -> None:
    habits = (
        "v=DMARC1; p=none",
        "v=DMARC1; p=none; rua=mailto:d@example.com,mailto:x@dmarc.example!10m; fo=1",
        "v=DMARC1;p=reject;sp=none;adkim=s;aspf=s;",
        "v=DMARC1; p=quarantine; pct=50; rua=mailto:d@example.com",
        "v=DMARC1; p=rejekt",
        "v=DMARC1",
        "v=dmarc1; p=none",
        "v=DMARC1; p=none; rua=d@example.com",
        "v=DMARC1; p=none; p=reject",
        " v=DMARC1; p=none",
    )
    kind = zone.rng.randrange(10)
    if kind < 7:
        zone.txt("_dmarc", zone.one(*habits), *(["foreign"] if zone.maybe(0.1) else []))
    elif kind == 7:
        zone.txt("_dmarc", *zone.some(habits, 2))
    elif kind == 8:
        zone.add("_dmarc", "CNAME", "example.dmarc.example.")


def _transport(zone: Zone) -> None:
    if zone.maybe(0.3):
        zone.txt("_mta-sts", zone.one("v=STSv1; id=20261122;", "v=STSv1;id=1", "v=STSv1", "x"))
        zone.add("mta-sts", "A", zone.address())
    if zone.maybe(0.3):
        zone.txt(
            "_smtp._tls",
            zone.one(
                "v=TLSRPTv1; rua=mailto:tls@example.com",
                "v=TLSRPTv1;rua=mailto:tls@example.com;",
                "v=TLSRPTv1; rua=mailto:a@example.com,https://tls.example/report",
                "v=TLSRPTv1; rua=tls@example.com",
            ),
        )
    if zone.maybe(0.2):
        zone.add("_25._tcp.mail", "TLSA", f"3 1 1 {zone.rng.getrandbits(255):064x}")
    if zone.maybe(0.1):
        zone.add(
            zone.one("_25._tcp.mx2", "_443._tcp.www", "_25._tcp"),
            "TLSA",
            f"3 1 1 {zone.rng.getrandbits(255):064x}",
            zone.one("2 0 1 " + "ab" * 32, "1 0 1 " + "cd" * 32, "3 0 0 " + "ef" * 200),
        )
    if zone.maybe(0.2):
        zone.txt(
            "default._bimi",
            zone.one(
                "v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem",
                "v=BIMI1; l=https://example.com/logo.svg",
                "v=BIMI1; l=; a=;",
            ),
        )


def _clients(zone: Zone) -> None:
    if zone.maybe(0.4):
        zone.add("autodiscover", "CNAME", zone.one("autodiscover.outlook.com.", "mail", "@"))
    elif zone.maybe(0.2):
        zone.add("autodiscover", "A", zone.address())
    if zone.maybe(0.3):
        zone.add("_imaps._tcp", "SRV", zone.one("0 1 993 imap", "0 1 993 imap.mail.example."))
        zone.add("imap", "A", zone.address())
    if zone.maybe(0.2):
        zone.add("_submission._tcp", "SRV", "0 1 587 mail", "10 1 587 mx1.mail.example.")
        zone.add("_pop3._tcp", "SRV", "0 0 0 .")
    if zone.maybe(0.2):
        alias = zone.maybe(0.5)
        zone.add("autoconfig", "CNAME" if alias else "A", "mail" if alias else zone.address())
    if zone.maybe(0.1):
        zone.add("_sip._tls", "SRV", "100 1 443 sipdir.online.lync.com.")


def _below(zone: Zone) -> None:
    if zone.maybe(0.25):
        zone.add("news", "MX", "10 feedback-smtp.mail.example.")
        zone.txt("news", "v=spf1 include:amazonses.example ~all", "token=of-news")
        zone.txt("_dmarc.news", "v=DMARC1; p=none")
        zone.add("s1._domainkey.news", "CNAME", "s1.dkim.ses.example.")
    if zone.maybe(0.15):
        zone.txt(zone.one("bounce", "deep.er.bounce"), "v=spf1 mx include:a.example ~all")
    if zone.maybe(0.15):
        zone.txt("_spf", "v=spf1 ip4:192.0.2.0/24 ?all")
    if zone.maybe(0.1):
        zone.add("*", "MX", "10 mx1.mail.example.")
    if zone.maybe(0.1):
        zone.add(zone.one("_domainkey", "k9._domainkey", "_domainkey.shop"), "NS", "ns1.x.example.")


def _web(zone: Zone) -> None:
    zone.add("@", "AAAA", "2001:db8::80")
    zone.add("www", "CNAME", "@")
    if zone.maybe(0.3):
        zone.add("*", zone.one("A", "TXT"), zone.address())
    if zone.maybe(0.3):
        zone.add("@", "CAA", '0 issue "letsencrypt.org"', '128 iodef "mailto:ca@example.com"')
    if zone.maybe(0.3):
        zone.add("lab", "NS", "ns1.lab.example.", "ns2.lab.example.")
        zone.add("ns.lab", "A", zone.address())
    if zone.maybe(0.3):
        zone.txt("_acme-challenge.www", "gfj9Xq-Rg85nM", ttl=60)
    if zone.maybe(0.2):
        zone.add("host", "SSHFP", "4 2 " + "ab" * 32)
        zone.add("ftp", "DNAME", "ftp.example.net.")
        zone.add("ptr", "PTR", "www.example.net.")
    if zone.maybe(0.2):
        zone.add("place", "LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m")
        zone.add("svc", "HTTPS", "1 . alpn=h2")
        zone.add("odd\\.label", "A", zone.address())


_SERVICES = (
    (
        "@ MX 0 {dashed}.mail.protection.outlook.com.",
        '@ TXT "v=spf1 include:spf.protection.outlook.com -all"',
        "autodiscover CNAME autodiscover.outlook.com.",
        "selector1._domainkey CNAME selector1-{dashed}._domainkey.t.onmicrosoft.com.",
        "selector2._domainkey CNAME selector2-{dashed}._domainkey.t.onmicrosoft.com.",
        '@ TXT "MS=ms12345678"',
    ),
    ("@ MX 1 smtp.google.com.", '@ TXT "v=spf1 include:_spf.google.com ~all"'),
    (
        "@ MX 10 mgf.cybermail.jp.",
        '@ TXT "v=spf1 include:_spf.google.com ip4:192.0.2.1 ~all"',
    ),
    ("@ MX 10 mx01.lolipop.jp.", '@ TXT "v=spf1 include:_spf.lolipop.jp ~all"'),
    (
        "@ MX 10 in1-smtp.messagingengine.com.",
        "@ MX 20 in2-smtp.messagingengine.com.",
        '@ TXT "v=spf1 include:spf.messagingengine.com ?all"',
        "fm1._domainkey CNAME fm1.{name}dkim.fmhosted.com.",
        "fm2._domainkey CNAME fm2.{name}dkim.fmhosted.com.",
        "fm3._domainkey CNAME fm3.{name}dkim.fmhosted.com.",
    ),
    (
        "aaa._domainkey CNAME aaa.dkim.amazonses.com.",
        "bbb._domainkey CNAME bbb.dkim.amazonses.com.",
        "bounce MX 10 feedback-smtp.eu-west-1.amazonses.com.",
        'bounce TXT "v=spf1 include:amazonses.com ~all"',
    ),
    (
        "em1 CNAME u1.wl1.sendgrid.net.",
        "s1._domainkey CNAME s1.domainkey.u1.wl1.sendgrid.net.",
        "s2._domainkey CNAME s2.domainkey.u1.wl1.sendgrid.net.",
    ),
)
"""What services ask for; now and then a record is missing, or has a TTL of its own."""


def _served(zone: Zone) -> None:
    """Mail at services, kept as well as people do: these zones have little else."""
    chosen = zone.rng.sample(_SERVICES, zone.rng.randint(1, 2))
    ttl = zone.rng.choice(TTLS)
    singles: set[str] = set()
    for line in (line for service in chosen for line in service):
        owner, rest = line.split(" ", 1)
        single = f"{owner} {rest.split()[0]}" if "TXT" in rest and "spf1" in rest else ""
        if zone.maybe(0.08) or (single and single in singles):
            continue
        singles.add(single)
        own = zone.rng.choice(TTLS) if zone.maybe(0.05) else ttl
        dashed = zone.name.rstrip(".").replace(".", "-")
        zone.lines.append(f"{owner} {own} IN {rest.format(dashed=dashed, name=zone.name)}")
    for part in (_dmarc, _transport, _web):
        if zone.maybe(0.5):
            part(zone)


_PARTS = (_mx, _apex_txt, _dkim, _dmarc, _transport, _clients, _below, _web)
