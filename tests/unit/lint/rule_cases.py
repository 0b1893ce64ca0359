"""For each rule a file in which nothing is wrong, and one that it finds; the file is example.com's.

A place is the line and column of what is wrong in the second file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mailsync.lint.model import Severity
from tests.unit.mail.dns_data import Records

RSA_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDUujR60mFAmnceINLxu7gUMw7WW9NJLCVBXvzyEiSvZDPa8uwsYq0u"
    "UQF4Y/9sd8u8YzLvgXwjuSalw8xov+oZpax7r7ltx1VBag87fHdoL9mg6jbzA8kj9dzGWtuQE4zLFPhptsGuOlD6XhiljJ"
    "8oW9Zk+DfaMFOEKprSlE3zHwIDAQAB"
)
RSA_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA70ozQqQ6dncD3y4LYniKQiDxsC2u7MwjX6/x+JkMBJBlCu4b51"
    "DO0XM9xgWpFOyu1ct7WyZIbAwpKtigbHrK74rvQsBYcW94FbpDUWIPuZgtkqytUzgKtMk7avf4iq3Fr+e4aqibkZXDR1z9"
    "Jtn2AQHjMd9p4hNRO+8cHIjrIvIAv/Ruc3wSf2Xv5JRy4jBwAKScBVsKGb1iVLX0p3ZZi7Y5h7b3rgyPadhp6Hbq+ccdCW"
    "u+M201oY/5h4T7zEY7EQ7J2vKKDdzHTqPbry2DuwnhMQRpibCxYdYAvMIAB+PrKu6NOXPq52/1HpQ3eTEHnC3BQqUn8b14"
    "/LnIxQAWQQIDAQAB"
)
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ELEVEN = " ".join(f"a:h{n}.example.net" for n in range(11))
MANY = ", ".join(f"192.0.{n}.0/24" for n in range(50))
HOSTS: Records = {f"h{n}.example.net": {"A": "192.0.2.9"} for n in range(11)}


@dataclass(frozen=True)
class RuleCase:
    """One rule's two files; ``dns`` is what look-ups find, None where the files alone are judged.

    ``says`` is part of the message.
    """

    id: str
    good: str
    bad: str
    place: str
    says: str
    severity: Severity = "error"
    dns: Records | None = None
    good_dns: Records | None = field(default=None)


# A checkout may have another mask; whoever reads this key may sign for nobody.
KEYS = Path(__file__).parents[2] / "fixtures" / "keys"
(KEYS / "readable.pem").chmod(0o644)


CASES = (
    # Files
    RuleCase(
        "private-key-readable",
        f"dkim: {{s1: {{pem: {KEYS}/public.pem}}}}",
        f"dkim: {{s1: {{pem: {KEYS}/readable.pem}}}}",
        "1:18",
        "holds a private key that others on this machine may use (mode 644): chmod 600",
        "warning",
    ),
    # MX
    RuleCase(
        "mx-target-no-address",
        "mx: [10 mx1.example.net.]",
        "ttl: 1h\nmx: [10 mx1.example.net., 20 mx2.example.net.]",
        "2:5",
        "the MX host mx2.example.net has no address",
        dns={"mx1.example.net": {"AAAA": "2001:db8::1"}},
    ),
    RuleCase(
        "mx-target-no-address",
        "mx: [10 mx1]\nhosts: {mx1: [192.0.2.1]}",
        "mx: [10 mx1]\nhosts: {mx1: absent}",
        "1:5",
        "mx1.example.com has no address",
    ),
    RuleCase(
        "mx-target-cname",
        "mx: [10 mx1]\nrecords: {mx2: {type: CNAME, value: mx1.example.com.}}",
        "mx: [10 mx2]\nrecords: {mx2: {type: CNAME, value: mx1.example.com.}}",
        "1:5",
        "mx2.example.com is an alias: write 'mx1.example.com.', to which",
    ),
    RuleCase(
        "mx-target-cname",
        "mx: [10 mx.example.net.]",
        "mx: [10 alias.example.net.]",
        "1:5",
        "alias.example.net is an alias",
        dns={"alias.example.net": {"CNAME": "mx.example.net."}},
    ),
    RuleCase(
        "mx-missing",
        "spf: v=spf1 -all",
        "spf: v=spf1 mx -all",
        "1:1",
        "mail goes to its own addresses",
        "warning",
        dns={"example.com": {"A": "192.0.2.80"}},
    ),
    RuleCase(
        "mx-missing",
        "dmarc: v=DMARC1; p=none",
        "dmarc: v=DMARC1; p=none",
        "1:1",
        "mail goes nowhere",
        "warning",
        dns={},
        good_dns={"example.com": {"MX": "10 mx.example.net."}},
    ),
    RuleCase(
        "null-mx",
        "records: {news: {type: MX, value: {preference: 0, exchange: .}}}",
        "records: {news: {type: MX, value: {preference: 5, exchange: .}}}",
        "1:11",
        "null MX of news.example.com",
    ),
    RuleCase(
        "null-mx",
        "records: {news: {type: MX, value: {preference: 0, exchange: .}}}",
        "records:\n  news: {type: MX, values: [{preference: 0, exchange: .}, "
        "{preference: 9, exchange: mx.example.net.}]}",
        "2:3",
        "stands alone",
    ),
    RuleCase(
        "null-mx-sends",
        "records:\n  news:\n  - {type: MX, value: {preference: 0, exchange: .}}\n"
        '  - {type: TXT, values: [v=spf1 -all, "v=spf1 moo"]}',
        "records:\n  news:\n  - {type: MX, value: {preference: 0, exchange: .}}\n"
        "  - {type: TXT, value: v=spf1 a -all}",
        "2:3",
        "its SPF lets something send",
    ),
    RuleCase(
        "mx-malformed",
        "records: {news: {type: MX, value: {preference: 5, exchange: mx.example.net.}}}",
        "records: {news: {type: MX, values: [{preference: 5, exchange: mx.example.net.}, "
        "{preference: 6, exchange: mx.example.net.}]}}",
        "1:11",
        "mx.example.net stands twice",
    ),
    RuleCase(
        "mx-malformed",
        "mx: [10 mx.example.net., 20 ms12345678.msv1.invalid.]",
        "mx: [10 mail.]",
        "1:5",
        "it is one label",
    ),
    RuleCase(
        "mx-malformed",
        "mx: [10 mx.example.net.]",
        "mx: [10 mx.office.local.]",
        "1:5",
        "nobody finds names under local.",
    ),
    RuleCase(
        "mx-too-many-addresses",
        f"mx: [{', '.join(f'{n} mx{n}.example.net.' for n in range(1, 6))}]",
        f"mx: [{', '.join(f'{n} mx{n}.example.net.' for n in range(1, 7))}]",
        "1:5",
        "come to 6 hosts",
        "warning",
    ),
    RuleCase(
        "mx-too-many-addresses",
        "mx: [10 mx1]\nhosts: {mx1: [192.0.2.1, 192.0.2.2, 192.0.2.3]}",
        "mx: [10 mx1, 20 mx2]\nhosts:\n  mx1: [192.0.2.1, 192.0.2.2, 192.0.2.3]\n"
        '  mx2: [192.0.2.4, 192.0.2.5, "2001:db8::1"]',
        "1:5",
        "come to 6 addresses",
        "warning",
    ),
    RuleCase(
        "mx-mixed-services",
        "mx: [0 example-com.mail.protection.outlook.com., 9 ms12345678.msv1.invalid.]",
        "mx: [0 example-com.mail.protection.outlook.com., 20 smtp.google.com.]",
        "1:5",
        "belong to Google Workspace and Microsoft 365; Microsoft 365 has to be the only one",
    ),
    RuleCase(
        "mx-mixed-services",
        "mx: [10 in1-smtp.messagingengine.com., 20 in2-smtp.messagingengine.com.]",
        "mx: [10 in1-smtp.messagingengine.com., 20 mx2]",
        "1:5",
        "belong to Fastmail and servers of your own: that does not split users",
        "warning",
    ),
    RuleCase(
        "mx-mixed-services",
        "mx: [10 mx.one.example., 20 mx.two.example.]",
        "mx: [10 mgf.cybermail.jp., 20 mx.two.example.]",
        "1:5",
        "MAILGATES Σ and a server that mailsync does not know",
    ),
    RuleCase(
        "mx-mistaken",
        "mx: [10 mx01.lolipop.jp.]",
        "mx: [10 mx1.lolipop.jp.]",
        "1:5",
        "write mx01.lolipop.jp",
        "warning",
    ),
    RuleCase(
        "mx-points-to-apex",
        "mx: [10 mail]",
        "mx: [10 example.com.]",
        "1:5",
        "is example.com itself",
        "warning",
    ),
    # Services
    RuleCase(
        "service-preference",
        "services: [microsoft365: {mx: example-com.mail.protection.outlook.com}]\n"
        "mx: [5 example-com.mail.protection.outlook.com., 20 mx.example.net.]",
        "services: [microsoft365: {mx: example-com.mail.protection.outlook.com}]\n"
        "mx: [0 mx.example.net., 5 example-com.mail.protection.outlook.com.]",
        "1:12",
        "senders try mx.example.net (0) before the MX of microsoft365 (5)",
    ),
    RuleCase(
        "service-dns-host",
        "services: [cloudflare_email_routing: {mx: [5 route1.mx.cloudflare.net]}]",
        "services: [cloudflare_email_routing: {mx: [5 route1.mx.cloudflare.net]}]",
        "1:12",
        "works only in zones that Cloudflare serves, and example.com has the name server ns1.else",
        "warning",
        dns={
            "example.com": {"NS": ["ada.ns.cloudflare.com.", "ns1.else.example."]},
            "route1.mx.cloudflare.net": {"A": "192.0.2.7"},
        },
        good_dns={
            "example.com": {"NS": ["ada.ns.cloudflare.com.", "bob.ns.cloudflare.com."]},
            "route1.mx.cloudflare.net": {"A": "192.0.2.7"},
        },
    ),
    # SPF
    RuleCase(
        "spf-multiple",
        "records: {news: {type: TXT, values: [v=spf1 -all, hello]}}",
        "records: {news: {type: TXT, values: [v=spf1 -all, v=spf1 mx -all]}}",
        "1:11",
        "news.example.com has 2 SPF records",
    ),
    RuleCase(
        "spf-version",
        "records: {news: {type: TXT, values: [V=SPF1 -all, spf2.0/pra -all]}}",
        'records: {news: {type: TXT, value: " v=spf1 -all"}}',
        "1:11",
        "begins exactly 'v=spf1'",
    ),
    RuleCase(
        "spf-syntax",
        "records: {news: {type: TXT, value: v=spf1 a -all}}",
        'records: {news: {type: TXT, value: "v=spf1 -all ip4:bogus"}}',
        "1:11",
        "'ip4:bogus'",
    ),
    RuleCase(
        "semicolon",
        "records: {news: {type: TXT, value: v=spf1 a -all}}",
        'records: {news: {type: TXT, value: "v=spf1; a -all"}}',
        "1:11",
        "has a semicolon",
    ),
    RuleCase(
        "spf-modifier",
        "records: {news: {type: TXT, value: v=spf1 exp=why.example.net -all}}",
        "records: {news: {type: TXT, value: v=spf1 ip4=192.0.2.1 -all}}",
        "1:11",
        "write 'ip4:192.0.2.1'",
    ),
    RuleCase(
        "spf-lookups",
        "spf: v=spf1 include:_a.example.com -all\n"
        "records: {_a: {type: TXT, value: v=spf1 a mx ptr}}",
        "spf: v=spf1 include:_a.example.com a:h0.example.net -all\n"
        f"records: {{_a: {{type: TXT, value: 'v=spf1 {ELEVEN.rpartition(' ')[0]}'}}}}",
        "1:6",
        "takes 12 look-ups, more than 10: receivers answer permerror "
        "(include:_a.example.com: 11, a:h0.example.net: 1)",
    ),
    RuleCase(
        "spf-lookups",
        "spf: v=spf1 include:spf.example.net -all",
        "spf: v=spf1 include:spf.example.net -all",
        "1:6",
        "takes 12 look-ups",
        dns={"spf.example.net": {"TXT": f"v=spf1 {ELEVEN} -all"}, **HOSTS},
        good_dns={"spf.example.net": {"TXT": "v=spf1 a -all", "A": "192.0.2.1"}},
    ),
    RuleCase(
        "spf-lookups",
        "spf: v=spf1 mx:example.net -all",
        "spf: v=spf1 include:spf.example.net -all",
        "1:6",
        "in spf.example.net, mx:example.net: 11 MX hosts",
        dns={
            "spf.example.net": {"TXT": "v=spf1 mx:example.net -all"},
            "example.net": {"MX": [f"1 h{n}.example.net." for n in range(11)]},
            **HOSTS,
        },
        good_dns={"example.net": {"MX": ["1 h1.example.net."]}, **HOSTS},
    ),
    RuleCase(
        "spf-lookups",
        "spf: v=spf1 include:a.example.net -all",
        "spf: v=spf1 include:a.example.net -all",
        "1:6",
        "takes over a hundred look-ups",
        dns={
            "a.example.net": {"TXT": "v=spf1 " + "include:b.example.net " * 10},
            "b.example.net": {"TXT": "v=spf1 " + "a:h1.example.net " * 10},
            **HOSTS,
        },
        good_dns={"a.example.net": {"TXT": "v=spf1 -all"}},
    ),
    RuleCase(
        "spf-void",
        "spf: v=spf1 a:a.example.net a:b.example.net -all",
        "spf: v=spf1 a:a.example.net a:b.example.net exists:c.example.net -all",
        "1:6",
        "3 look-ups of the SPF of example.com find nothing, more than 2",
        dns={},
    ),
    RuleCase(
        "spf-void",
        "spf: v=spf1 a:h1.example.net a:h2.example.net -all",
        "spf: v=spf1 a:h1.example.net a:h2.example.net a:h3.example.net -all",
        "1:6",
        "to senders that come by IPv6",
        "warning",
        dns=HOSTS,
    ),
    RuleCase(
        "spf-include-none",
        "spf: v=spf1 include:_a.example.com -all\nrecords: {_a: {type: TXT, value: v=spf1 -all}}",
        "spf: v=spf1 include:_a.example.com -all\nrecords: {_a: {type: TXT, value: hello}}",
        "1:6",
        "include:_a.example.com: _a.example.com has no SPF record",
    ),
    RuleCase(
        "spf-include-none",
        "spf: v=spf1 redirect=spf.example.net",
        "spf: v=spf1 redirect=spf.example.net",
        "1:6",
        "redirect=spf.example.net: spf.example.net has no SPF record",
        dns={},
        good_dns={"spf.example.net": {"TXT": "v=spf1 -all"}},
    ),
    RuleCase(
        "spf-include-broken",
        "spf: v=spf1 include:spf.example.net -all",
        "spf: v=spf1 include:spf.example.net -all",
        "1:6",
        "includes a broken record: spf.example.net: 'moo'",
        dns={"spf.example.net": {"TXT": "v=spf1 moo"}},
        good_dns={"spf.example.net": {"TXT": "v=spf1 -all"}},
    ),
    RuleCase(
        "spf-loop",
        "spf: v=spf1 include:_a.example.com -all\nrecords: {_a: {type: TXT, value: v=spf1 -all}}",
        "spf: v=spf1 include:_a.example.com -all\n"
        "records: {_a: {type: TXT, value: v=spf1 include:example.com -all}}",
        "1:6",
        "in _a.example.com, include:example.com comes back to example.com",
    ),
    RuleCase(
        "spf-all",
        "spf: v=spf1 mx ~all",
        "spf: v=spf1 mx ?all",
        "1:6",
        "ends with '?all'",
        "warning",
    ),
    RuleCase(
        "spf-all",
        "spf: v=spf1 redirect=_spf.example.net",
        "spf: v=spf1 mx",
        "1:6",
        "ends with no 'all'",
        "warning",
    ),
    RuleCase(
        "spf-all",
        "spf: v=spf1 redirect=_spf.example.net",
        "spf: v=spf1 redirect=_spf.example.net -all",
        "1:6",
        "a redirect beside '-all'",
        "warning",
    ),
    RuleCase(
        "spf-all",
        "records: {_part: {type: TXT, value: 'v=spf1 ip4:192.0.2.1 ?all'}}",
        "records: {_part: {type: TXT, value: 'v=spf1 ip4:0.0.0.0/0 -all'}}",
        "1:11",
        "lets the whole world send ('ip4:0.0.0.0/0')",
    ),
    RuleCase(
        "spf-all",
        "records: {news: {type: TXT, value: v=spf1 -all}}",
        "records: {news: {type: TXT, value: v=spf1 +all}}",
        "1:11",
        "lets the whole world send ('+all')",
    ),
    RuleCase(
        "spf-ptr",
        "spf: v=spf1 exists:%{i}.example.net ~all",
        "spf: v=spf1 ptr ~all",
        "1:6",
        "'ptr' makes receivers look for the sender's name",
        "warning",
    ),
    RuleCase(
        "spf-ptr",
        "spf: v=spf1 exp=%{d}.example.net ~all",
        "spf: v=spf1 exists:%{P}.example.net ~all",
        "1:6",
        "'exists:%{P}.example.net'",
        "warning",
    ),
    RuleCase(
        "spf-size",
        f"spf: v=spf1 ~all\nverification: [x={'y' * 426}]",
        f"spf: v=spf1 ~all\nverification: [x={'y' * 427}]",
        "1:6",
        "example.com and all its TXT come to 451 octets",
        "warning",
    ),
    RuleCase(
        "spf-size",
        f"spf: v=spf1 ~all\nverification: [{{z={'y' * 427}: absent}}]",
        "spf: v=spf1 ~all",
        "1:6",
        "example.com and all its TXT come to 451 octets",
        "warning",
        dns={"example.com": {"TXT": ["v=spf1 include:old.example.net -all", f"z={'y' * 427}"]}},
    ),
    RuleCase(
        "spf-size",
        f"spf: {{ip4: [{MANY}], all: fail, split: true}}",
        f"spf: {{ip4: [{MANY}], all: fail}}",
        "1:6",
        "example.com and all its TXT come to 912 octets",
        "warning",
    ),
    RuleCase(
        "spf-uses-mx-or-a",
        "spf: v=spf1 mx:example.net a:example.net ip4:192.0.2.1 ~all",
        "spf: v=spf1 mx/24 ~all",
        "1:6",
        "'mx/24' in the SPF of example.com: whoever changes the MX",
        "warning",
    ),
    RuleCase(
        "spf-uses-mx-or-a",
        "records: {mx1: {type: TXT, value: v=spf1 a -all}}",
        "spf: v=spf1 a:%{d} ~all",
        "1:6",
        "whoever changes the addresses of the domain's name",
        "warning",
    ),
    RuleCase(
        "spf-helo",
        "mx: [10 mx1]\nhosts: {mx1: 192.0.2.1}\nrecords: {mx1: {type: TXT, value: v=spf1 a -all}}",
        "mx: [10 mx1]\nhosts: {mx1: 192.0.2.1}",
        "1:5",
        "no SPF record for the name of mx1.example.com itself",
        "info",
    ),
    # DKIM
    RuleCase(
        "dkim-key",
        f"dkim: {{s1: 'v=DKIM1; p={RSA_2048}'}}",
        f"dkim: {{s1: 'v=DKIM1; p={RSA_1024}'}}",
        "1:8",
        "has 1024 bits",
        "warning",
    ),
    RuleCase(
        "dkim-key",
        f"dkim: {{s1: '{ED25519}', s2: {{cname: s2.example.net.}}}}",
        f"dkim: {{s1: '{ED25519}'}}",
        "1:8",
        "holds an Ed25519 key",
        "warning",
    ),
    RuleCase(
        "dkim-key",
        f"records: {{s._domainkey.news: {{type: TXT, value: 'v=DKIM1; p={RSA_2048}'}}}}",
        "records: {s._domainkey.news: {type: TXT, value: 'v=DKIM1; p=MAoCBHd3d3cCAgAB'}}",
        "1:11",
        "has 31 bits: verifiers reject it",
    ),
    RuleCase(
        "dkim-record",
        f"records: {{s._domainkey.news: {{type: TXT, value: 'v=DKIM1; p={RSA_2048}'}}}}",
        "records: {s._domainkey.news: {type: TXT, values: [v=DKIM1; p=, v=DKIM1; s=email; p=]}}",
        "1:11",
        "has 2 key records",
    ),
    RuleCase(
        "dkim-record",
        "records: {s._domainkey.news: {type: TXT, value: p=}}",
        "records: {s._domainkey.news: {type: TXT, value: 'v=DKIM1; p=-'}}",
        "1:11",
        "p= is no base64",
    ),
    RuleCase(
        "dkim-record",
        "records: {s._domainkey.news: {type: TXT, value: 'v=DKIM1; p='}}",
        "records: {s._domainkey.news: {type: TXT, value: 'h=sha1; p=MAoCBHd3d3cCAgAB'}}",
        "1:11",
        "leaves out sha256",
    ),
    RuleCase(
        "dkim-testing",
        f"dkim: {{s1: 'v=DKIM1; t=s; p={RSA_2048}'}}",
        f"dkim: {{s1: 'v=DKIM1; t=s:y; p={RSA_2048}'}}",
        "1:8",
        "in testing mode",
        "warning",
    ),
    RuleCase(
        "dkim-revoked",
        "spf: v=spf1 mx ~all\ndkim: {s1: v=DKIM1; p=, s2: {cname: s2.example.net.}}",
        "spf: v=spf1 mx ~all\ndkim: {s1: v=DKIM1; p=}",
        "2:8",
        "s1._domainkey.example.com is revoked",
    ),
    RuleCase(
        "dkim-revoked",
        "spf: v=spf1 -all\ndkim: {s1: v=DKIM1; p=}",
        "mx: [10 mx1]\ndkim: {s1: v=DKIM1; p=}",
        "2:8",
        "has no other key here",
    ),
    RuleCase(
        "dkim-cname",
        "dkim: {s1: {cname: s1.example.net.}}",
        "dkim: {s1: {cname: s1.example.net.}}",
        "1:8",
        "there is no key at s1.example.net",
        dns={},
        good_dns={"s1.example.net": {"TXT": "v=DKIM1; p="}},
    ),
    RuleCase(
        "dkim-wildcard",
        "dkim: {s1: {cname: s1.example.net.}}\nrecords: {'*': {type: A, value: 192.0.2.80}}",
        "dkim: {s1: {cname: s1.example.net.}}\nrecords: {'*': {type: TXT, value: hello}}",
        "2:11",
        "*.example.com TXT also answers for selectors that do not exist",
        "warning",
    ),
    RuleCase(
        "dkim-wildcard",
        "records: {'*._domainkey': {type: TXT, value: v=DKIM1; p=}}",
        "records: {'*._domainkey': {type: CNAME, value: keys.example.net.}}",
        "1:11",
        "narrow it",
        "warning",
    ),
    # DMARC
    RuleCase(
        "dmarc-multiple",
        "records: {_dmarc.news: {type: TXT, values: [v=DMARC1; p=none, hello]}}",
        "records: {_dmarc.news: {type: TXT, values: [v=DMARC1; p=none, v=DMARC1; p=reject]}}",
        "1:11",
        "has 2 DMARC records",
    ),
    RuleCase(
        "dmarc-version",
        "records: {_dmarc.news: {type: TXT, value: v=DMARC1; p=none}}",
        "records: {_dmarc.news: {type: TXT, value: v=dmarc1; p=none}}",
        "1:11",
        "is no DMARC record",
    ),
    RuleCase(
        "dmarc-policy",
        "records: {_dmarc.news: {type: TXT, value: v=DMARC1; p=Reject}}",
        "records: {_dmarc.news: {type: TXT, value: v=DMARC1; p=rejekt}}",
        "1:11",
        "p=rejekt at _dmarc.news.example.com is read as none",
    ),
    RuleCase(
        "dmarc-policy",
        "records: {_dmarc.news: {type: TXT, value: v=DMARC1; p=none}}",
        "records: {_dmarc.news: {type: TXT, value: v=DMARC1; sp=none}}",
        "1:11",
        "has no p=",
        "warning",
    ),
    RuleCase(
        "dmarc-obsolete",
        "dmarc: v=DMARC1; p=none; t=y",
        "dmarc: v=DMARC1; p=none; pct=50",
        "1:8",
        "pct= at _dmarc.example.com",
        "warning",
    ),
    RuleCase(
        "dmarc-obsolete",
        "dmarc: v=DMARC1; p=reject; t=n",
        "dmarc: v=DMARC1; p=reject; t=y",
        "1:8",
        "makes p=reject one step milder",
        "warning",
    ),
    RuleCase(
        "dmarc-uri",
        "records: {_dmarc.news: {type: TXT, value: 'v=DMARC1; p=none; rua=mailto:a%2Cb@x.org'}}",
        "records: {_dmarc.news: {type: TXT, value: 'v=DMARC1; p=none; rua=a@example.com'}}",
        "1:11",
        "rua=a@example.com at _dmarc.news.example.com is no address",
        "warning",
    ),
    RuleCase(
        "dmarc-uri",
        "dmarc: v=DMARC1; p=none; ruf=mailto:a@example.com,mailto:b@example.com",
        "dmarc: v=DMARC1; p=none; ruf=mailto:a@x.example,mailto:b@x.example,mailto:c@x.example",
        "1:8",
        "ruf= at _dmarc.example.com names 3 addresses",
        "warning",
    ),
    RuleCase(
        "dmarc-external-rua",
        "dmarc: v=DMARC1; p=none; rua=mailto:d@mail.example.com,mailto:b@reports.example",
        "dmarc: v=DMARC1; p=none; rua=mailto:dmarc@elsewhere.example",
        "1:8",
        "until example.com._report._dmarc.elsewhere.example TXT is v=DMARC1",
        dns={"example.com._report._dmarc.reports.example": {"TXT": "v=DMARC1"}},
    ),
    RuleCase(
        "dmarc-spf-only",
        f"dmarc: v=DMARC1; p=reject\ndkim: {{s1: '{ED25519}'}}",
        "dmarc: v=DMARC1; p=reject\ndkim: {s1: v=DKIM1; p=, s2: absent}",
        "1:8",
        "asks to reject what fails, and the file names no DKIM key",
        "warning",
    ),
    RuleCase(
        "dmarc-spf-only",
        "dmarc: v=DMARC1; p=reject\ndkim: {s1: {cname: s1.example.net.}}",
        "dmarc: v=DMARC1; p=reject\ndkim: {s1: absent}",
        "1:8",
        "and the file names no DKIM key",
        "warning",
    ),
    RuleCase(
        "dmarc-spf-only",
        "mail: none\ndmarc: v=DMARC1; p=reject",
        "dmarc: v=DMARC1; p=quarantine",
        "1:8",
        "asks to quarantine",
        "info",
    ),
    # MTA-STS, TLS reports
    RuleCase(
        "sts-record",
        "records: {_mta-sts.news: {type: TXT, values: [v=STSv1; id=1;, hello]}}",
        "records: {_mta-sts.news: {type: TXT, value: v=STSv1; id=1-2;}}",
        "1:11",
        "id= is needed once",
    ),
    RuleCase(
        "sts-record",
        "records: {_mta-sts.news: {type: TXT, value: v=STSv1; id=1;}}",
        "records: {_mta-sts.news: {type: TXT, values: [v=STSv1; id=1;, v=STSv1; id=2;]}}",
        "1:11",
        "has 2 MTA-STS records",
    ),
    RuleCase(
        "sts-mx-mismatch",
        "mx: [10 mx1]\nmta_sts: {mode: enforce}",
        "mx: [10 mx1]\nmta_sts: {mode: enforce, mx: [mx1.example.com, old.example.net]}",
        "2:10",
        "permits old.example.net, which is no MX",
        "warning",
    ),
    RuleCase(
        "sts-max-age",
        "mx: [10 mx1]\nmta_sts: {mode: enforce, max_age: 1d}",
        "mx: [10 mx1]\nmta_sts: {mode: enforce, max_age: 6h}",
        "2:10",
        "forget the MTA-STS policy after 6 h",
        "warning",
    ),
    RuleCase(
        "sts-max-age",
        "mx: [10 mx1]\nmta_sts: {mode: none, max_age: 6h}",
        "mx: [10 mx1]\nmta_sts: {mode: testing, max_age: 6h}",
        "2:10",
        "only tests",
        "info",
    ),
    RuleCase(
        "sts-without-tlsrpt",
        "mx: [10 mx1]\nmta_sts: {mode: testing}\ntls_rpt: mailto:tls@example.com",
        "mx: [10 mx1]\nmta_sts: {mode: testing}\ntls_rpt: absent",
        "2:10",
        "MTA-STS without TLS reports (there are none)",
        "warning",
    ),
    RuleCase(
        "sts-without-tlsrpt",
        "mx: [10 mx1]\nmta_sts: {mode: none}",
        "mx: [10 mx1]\nmta_sts: {mode: testing}",
        "2:10",
        "(the file names none)",
        "info",
    ),
    RuleCase(
        "tlsrpt-record",
        "records: {_smtp._tls.news: {type: TXT, value: 'v=TLSRPTv1; rua=mailto:a@example.com'}}",
        "records: {_smtp._tls.news: {type: TXT, value: 'v=TLSRPTv1;'}}",
        "1:11",
        "rua= is needed once",
    ),
    RuleCase(
        "tlsrpt-record",
        "records: {_smtp._tls.news: {type: TXT, value: hello}}",
        "records: {_smtp._tls.news: {type: TXT, values: ['v=TLSRPTv1; rua=mailto:a@example.com', "
        "'V=TLSRPTv1; rua=mailto:b@example.com']}}",
        "1:11",
        "has 2 records",
    ),
    # DANE, BIMI
    RuleCase(
        "tlsa-usage",
        f"tlsa: {{mx1: 3 1 1 {'0a' * 32}}}",
        "tlsa: {mx1: 3 0 0 0a0b}",
        "1:8",
        "'3 0 0' puts a whole certificate or key into the DNS",
        "warning",
    ),
    RuleCase(
        "tlsa-usage",
        f"tlsa: {{mx1: 2 0 1 {'0a' * 32}}}",
        f"tlsa: {{mx1: 3 0 1 {'0a' * 32}}}",
        "1:8",
        "changes with every renewal",
        "info",
    ),
    RuleCase(
        "bimi",
        "dmarc: v=DMARC1; p=reject\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://example.com/l.svg'}}",
        "dmarc: v=DMARC1; p=reject\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=http://example.com/l.svg'}}",
        "2:11",
        "the logo is fetched over HTTPS: write https://",
        "warning",
    ),
    RuleCase(
        "bimi",
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=;'}}",
        "dmarc: v=DMARC1; p=none\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://example.com/l.svg'}}",
        "2:11",
        "the DMARC policy of example.com is not enforced",
        "warning",
    ),
    RuleCase(
        "bimi",
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://example.com/l.svg'}}",
        "records: {default._bimi: {type: TXT, values: ['v=BIMI1; l=', 'v=BIMI2; l=']}}",
        "1:11",
        "has 2 records",
        "warning",
    ),
    RuleCase(
        "bimi",
        "dmarc: v=DMARC1; p=reject\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://a.example/l.svg; a='}}",
        "dmarc: v=DMARC1; p=reject\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://a.example/l.svg; l='}}",
        "2:11",
        "the tag l= stands twice",
        "warning",
    ),
    RuleCase(
        "bimi",
        "subdomains:\n  news:\n    dmarc: absent\n    records:\n"
        "      default._bimi: {type: TXT, value: 'v=BIMI1; l=https://example.com/l.svg'}",
        "dmarc: absent\n"
        "records: {default._bimi: {type: TXT, value: 'v=BIMI1; l=https://example.com/l.svg'}}",
        "2:11",
        "is not enforced",
        "warning",
    ),
    # Reverse names
    RuleCase(
        "fcrdns",
        "hosts: {mx1: 192.0.2.1}\nptr: {192.0.2.1: mx1}",
        "hosts: {mx1: 192.0.2.2}\nptr: {192.0.2.1: mx1}",
        "2:7",
        "192.0.2.1 is named mx1.example.com, and that has 192.0.2.2",
    ),
    RuleCase(
        "fcrdns",
        'ptr: {"2001:db8::1": mx.example.net.}',
        'ptr: {"2001:db8::1": mx.example.net.}',
        "1:7",
        "and that has no such address",
        dns={"mx.example.net": {"A": "192.0.2.1"}},
        good_dns={"mx.example.net": {"AAAA": "2001:db8::1"}},
    ),
    RuleCase(
        "fcrdns",
        "ptr: {192.0.2.1: mx.example.net.}",
        "ptr: {192.0.2.1: mx1}\nrecords: {mx1: {type: CNAME, value: mx.example.net.}}",
        "1:7",
        "named mx1.example.com, which is an alias",
    ),
    RuleCase(
        "ptr-in-forward-zone",
        "ptr: {192.0.2.1: mx1}\nrecords: {_imap._tcp: {type: PTR, value: a.example.com.}}",
        "records: {10.2.0.192.in-addr.arpa: {type: PTR, value: mx1.example.com.}}",
        "1:11",
        "the PTR at 10.2.0.192.in-addr.arpa.example.com stands in a forward zone",
    ),
    # Mail clients
    RuleCase(
        "srv",
        "srv: {submission: 9 1 587 mx, submissions: 0 1 465 mx, imaps: 0 1 993 mx, pop3s: 0 0 0 .}",
        "srv: {submission: 0 1 587 mx1, submissions: 0 0 0 ., imaps: 0 1 993 mx1, pop3s: 0 0 0 .}",
        "1:7",
        "_submission is offered and _submissions is not",
        "warning",
    ),
    RuleCase(
        "srv",
        "srv: {imap: 0 0 0 ., submissions: 0 1 465 mx1, imaps: 0 1 993 mx1, pop3s: 0 0 0 .}",
        "srv: {imap: 0 1 143 mx1, submissions: 0 1 465 mx1, imaps: 5 1 993 mx1, pop3s: 0 0 0 .}",
        "1:7",
        "_imap has a lower priority than _imaps",
        "warning",
    ),
    RuleCase(
        "srv",
        "srv: {submissions: 0 1 465 mx1, imaps: 0 1 993 mx1, pop3s: 0 0 0 .}",
        "srv: {submissions: 0 1 465 mx1, imaps: 0 1 993 mx.example.net., pop3s: 0 0 0 .}",
        "1:33",
        "_imaps._tcp.example.com names mx.example.net, which is an alias",
        "warning",
        dns={"mx.example.net": {"CNAME": "mx1.example.net."}},
    ),
    RuleCase(
        "srv",
        "mx: [10 mx1]",
        "srv: {imaps: 0 1 993 mx1}",
        "1:7",
        "nothing is said of submissions, pop3s",
        "info",
    ),
    RuleCase(
        "autodiscover",
        "mx: [0 a.mail.protection.outlook.com.]\nautodiscover: autodiscover.outlook.com.",
        "mx: [0 a.mail.protection.outlook.com.]\nautodiscover: old.example.net.",
        "2:15",
        "but the mailboxes are at Microsoft 365",
        "warning",
    ),
    RuleCase(
        "autodiscover",
        "autodiscover: a.example.net.\nsrv: {autodiscover: 0 1 443 a.example.net.}",
        "autodiscover: a.example.net.\nsrv: {autodiscover: 0 1 443 b.example.net.}",
        "1:15",
        "and _autodiscover._tcp to b.example.net",
        "warning",
    ),
    # The zone
    RuleCase(
        "verification",
        "mx: [0 a.mail.protection.outlook.com.]\nverification: [MS=ms12345678]",
        "mx: [10 mx1]\nverification: [MS=ms12345678]",
        "2:15",
        "'MS=ms12345678' is Microsoft's, and nothing else here is",
        "info",
    ),
    RuleCase(
        "verification",
        "verification: [google-site-verification=abc]",
        "verification: [abc=def]",
        "1:15",
        "nobody can tell whose token 'abc=def' is",
        "info",
    ),
    RuleCase(
        "ttl",
        "spf: {all: softfail, ttl: 1h}\nverification: [docusign=1]",
        "spf: {all: softfail, ttl: 2h}\nverification: [docusign=1]",
        "2:15",
        "ask for TTL 7200 and 3600",
        "warning",
    ),
    RuleCase(
        "ttl",
        "mx: {values: [10 mx1], ttl: 7d}",
        "mx: {values: [10 mx1], ttl: 8d}",
        "1:14",
        "TTL 691200 of example.com MX is over a week",
        "warning",
    ),
    RuleCase(
        "soa-negative",
        "mx: [10 mx1]",
        "mx: [10 mx1]",
        "1:1",
        "for up to 7 d that a name of example.com does not exist",
        "warning",
        dns={"example.com": {"SOA": "ns. h. 1 7200 900 1209600 604800"}},
        good_dns={"example.com": {"SOA": "ns. h. 1 7200 900 1209600 86400"}},
    ),
    RuleCase(
        "parked",
        "mail: none",
        "mx: [0 .]\ndmarc: v=DMARC1; p=none",
        "1:5",
        "the file has not DMARC p=reject",
        "warning",
    ),
    RuleCase(
        "parked",
        "mx: [10 mx1]\ndmarc: v=DMARC1; p=none",
        "mx: [0 .]",
        "1:5",
        "the file has not 'v=spf1 -all'",
        "info",
    ),
)
