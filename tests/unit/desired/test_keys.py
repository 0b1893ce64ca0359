"""Each key of a zone file: what it asks for."""

from __future__ import annotations

import re

import pytest

from mailsync.desired import registry
from tests.unit.desired.reads import good, wishes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("mx: 10 mx1", ("10 mx1.example.com.",)),
        ("mx: [10 mx1, 20 MX2.example.net.]", ("10 mx1.example.com.", "20 mx2.example.net.")),
        ("mx: [{preference: 10, host: mx1}]", ("10 mx1.example.com.",)),
        ("mx: {preference: 10, host: mx1}", ("10 mx1.example.com.",)),
        ("mx: {ttl: 600, values: [10 mx1]}", ("10 mx1.example.com.",)),
        ("mx: 10 \u4f8b.example.net.", ("10 xn--fsq.example.net.",)),
        ("mx: 0 .", ("0 .",)),
        ("mx: {preference: 0, host: .}", ("0 .",)),
        ("mx: 10 @", ("10 example.com.",)),
    ],
)
def test_mx(text: str, values: tuple[str, ...]) -> None:
    """`mx` is text or mapping; names are relative to the domain unless they end in a dot."""
    assert wishes(text) == [("mx", "example.com.", "MX", values)]


def test_hosts() -> None:
    """`hosts` gives addresses of both families; absent removes both."""
    text = """
hosts:
  mx1: [192.0.2.10, "2001:DB8::10"]
  mx2: 192.0.2.11
  mx3.example.com.: {ttl: 5m, addresses: [192.0.2.12, 192.0.2.9]}
  old: absent
"""
    assert wishes(text) == [
        ("host", "mx1.example.com.", "A", ("192.0.2.10",)),
        ("host", "mx1.example.com.", "AAAA", ("2001:db8::10",)),
        ("host", "mx2.example.com.", "A", ("192.0.2.11",)),
        ("host", "mx3.example.com.", "A", ("192.0.2.12", "192.0.2.9")),
        ("host", "old.example.com.", "A", ()),
        ("host", "old.example.com.", "AAAA", ()),
    ]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("spf: v=spf1 MX  -all", "v=spf1 MX  -all"),
        ("spf: {txt: v=spf1 mx -all, ttl: 600}", "v=spf1 mx -all"),
        ("spf: {all: fail}", "v=spf1 -all"),
        (
            """
spf:
  all: softfail
  exists: ['%{i}.e.example.net']
  include: _spf.example.net.
  ip6: ['2001:db8::/32']
  ip4: [192.0.2.10, 192.0.2.0/24]
  a: [a.example.net]
  mx: true
""",
            (
                "v=spf1 mx a:a.example.net ip4:192.0.2.10 ip4:192.0.2.0/24 ip6:2001:db8::/32 "
                "include:_spf.example.net exists:%{i}.e.example.net ~all"
            ),
        ),
        (
            "spf: {mx: [m.example.net], a: true, redirect: r.example.net}",
            "v=spf1 mx:m.example.net a redirect=r.example.net",
        ),
        ("spf: {mx: false, all: neutral}", "v=spf1 ?all"),
    ],
)
def test_spf(text: str, record: str) -> None:
    """`spf` as text is kept as it is written; a mapping becomes the record in a fixed order."""
    assert wishes(text) == [("spf", "example.com.", "TXT", (f'"{record}"',))]


def test_dkim() -> None:
    """`dkim` takes keys, CNAMEs, and removes a selector whichever of the two it is."""
    text = """
dkim:
  S1: v=DKIM1; p=
  s2: {txt: "v=DKIM1; k=ed25519; p=a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", ttl: 600}
  s3.sub: {cname: s3.example.net.}
  s_4: {cname: here, ttl: 1h}
  s5: |
    v=DKIM1; k=ed25519; p=
    a2tra2tra2tra2tra2tr
    a2tra2tra2tra2tra2tra2s=
  old: absent
  gone: revoked
"""
    key = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    assert wishes(text) == [
        ("dkim", "gone._domainkey.example.com.", "TXT", ('"v=DKIM1; p="',)),
        ("dkim", "old._domainkey.example.com.", "CNAME", ()),
        ("dkim", "old._domainkey.example.com.", "NS", ()),
        ("dkim", "old._domainkey.example.com.", "TXT", ()),
        ("dkim", "s1._domainkey.example.com.", "TXT", ('"v=DKIM1; p="',)),
        ("dkim", "s2._domainkey.example.com.", "TXT", (f'"v=DKIM1; k=ed25519; p={key}"',)),
        ("dkim", "s3.sub._domainkey.example.com.", "CNAME", ("s3.example.net.",)),
        ("dkim", "s5._domainkey.example.com.", "TXT", (f'"v=DKIM1; k=ed25519; p={key}"',)),
        ("dkim", "s_4._domainkey.example.com.", "CNAME", ("here.example.com.",)),
    ]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("dmarc: v=DMARC1;p=none", "v=DMARC1;p=none"),
        ('dmarc: {txt: "v=DMARC1; p=none", ttl: 600}', "v=DMARC1; p=none"),
        (
            (
                "dmarc: {rua: ['mailto:a@b.example', 'mailto:c@d.example'], t: y, fo: 1, "
                "p: none, sp: reject}"
            ),
            "v=DMARC1; p=none; sp=reject; fo=1; t=y; rua=mailto:a@b.example,mailto:c@d.example",
        ),
        (
            "dmarc: {p: reject, ruf: 'mailto:a@b.example', ttl: 600}",
            "v=DMARC1; p=reject; ruf=mailto:a@b.example",
        ),
    ],
)
def test_dmarc(text: str, record: str) -> None:
    """`dmarc` as text is kept as it is written; a mapping becomes the record in a fixed order."""
    assert wishes(text) == [("dmarc", "_dmarc.example.com.", "TXT", (f'"{record}"',))]


def test_verification() -> None:
    """`verification` names its own values only: those that stay and those that go."""
    (wish,) = good("verification: [MS=ms1, b, {c=d: absent}]").wishes
    assert (wish.kind, wish.name, wish.type) == ("verification", "example.com.", "TXT")
    assert wish.values == ('"MS=ms1"', '"b"')
    assert wish.named == ('"c=d"',)
    (wish,) = good("verification: {ttl: 300, values: one}").wishes
    assert (wish.values, wish.ttl, wish.own_ttl) == (('"one"',), 300, True)
    (wish,) = good("verification: {token: absent}").wishes
    assert (wish.values, wish.named) == ((), ('"token"',))


def test_autodiscover() -> None:
    """`autodiscover` is a CNAME at its fixed name."""
    name = "autodiscover.example.com."
    assert wishes("autodiscover: a.example.net.") == [
        ("autodiscover", name, "CNAME", ("a.example.net.",))
    ]
    (wish,) = good("autodiscover: {target: a, ttl: 60}").wishes
    assert (wish.values, wish.ttl) == (("a.example.com.",), 60)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("spf: absent", ("spf", "example.com.", "TXT", ())),
        ("dmarc: absent", ("dmarc", "_dmarc.example.com.", "TXT", ())),
        ("autodiscover: absent", ("autodiscover", "autodiscover.example.com.", "CNAME", ())),
        ("records: {www: {type: A, absent: true}}", ("host", "www.example.com.", "A", ())),
        ("records: {www: [{type: TXT, absent: true}]}", ("record", "www.example.com.", "TXT", ())),
    ],
)
def test_absent_asks_for_removal(text: str, wish: tuple[str, str, str, tuple[str, ...]]) -> None:
    """`absent` is a wish for nothing at that name."""
    assert wishes(text) == [wish]


@pytest.mark.parametrize(
    ("record", "kind", "values"),
    [
        ("type: A, value: 192.0.2.80", "host", ("192.0.2.80",)),
        (
            "type: AAAA, values: ['2001:DB8::1', '2001:db8::2']",
            "host",
            ("2001:db8::1", "2001:db8::2"),
        ),
        ("type: CNAME, value: Web.example.net.", "record", ("web.example.net.",)),
        ("type: NS, values: [ns1.example.net.]", "record", ("ns1.example.net.",)),
        ("type: PTR, value: h.example.net.", "record", ("h.example.net.",)),
        ("type: TXT, value: 'v=x\\; y'", "record", ('"v=x; y"',)),
        ("type: TXT, value: 'v=x; \"y\\'", "record", ('"v=x; \\"y\\\\"',)),
        ("type: MX, value: {preference: 5, exchange: m.example.net.}", "mx", ("5 m.example.net.",)),
        ("type: MX, value: {priority: 5, value: m.example.net.}", "mx", ("5 m.example.net.",)),
        ("type: MX, value: {preference: 0, exchange: .}", "mx", ("0 .",)),
        (
            "type: SRV, value: {priority: 0, weight: 1, port: 465, target: m.example.net.}",
            "record",
            ("0 1 465 m.example.net.",),
        ),
        (
            "type: CAA, value: {flags: 0, tag: issue, value: ca.example; a=b}",
            "record",
            ('0 issue "ca.example; a=b"',),
        ),
        (
            (
                "type: TLSA, value: {certificate_usage: 3, selector: 1, matching_type: 1, "
                f"certificate_association_data: {'AB' * 32}}}"
            ),
            "record",
            (f"3 1 1 {'ab' * 32}",),
        ),
        (
            "type: SSHFP, value: {algorithm: 4, fingerprint_type: 2, fingerprint: "
            + "ab" * 32
            + "}",
            "record",
            (f"4 2 {'ab' * 32}",),
        ),
        (
            "type: DS, value: {key_tag: 1, algorithm: 13, digest_type: 2, digest: "
            + "ab" * 32
            + "}",
            "record",
            (f"1 13 2 {'ab' * 32}",),
        ),
        ("type: DNAME, value: d.example.net.", "record", ("d.example.net.",)),
    ],
)
def test_records(record: str, kind: str, values: tuple[str, ...]) -> None:
    """`records` reads octoDNS' syntax of each type, and knows addresses and MX."""
    (wish,) = good(f"records: {{www: {{{record}}}}}").wishes
    assert (wish.kind, wish.name, wish.values) == (kind, "www.example.com.", values)


def test_records_of_several_types_at_a_name() -> None:
    """A name takes a list of records, and the domain itself is '' or @."""
    text = """
records:
  '': {type: A, value: 192.0.2.80, ttl: 60}
  "@": [{type: AAAA, value: "2001:db8::80"}, {type: CAA, value: {flags: 0, tag: issue, value: ;}}]
  '*.w': {type: A, value: 192.0.2.81}
"""
    assert wishes(text) == [
        ("host", "*.w.example.com.", "A", ("192.0.2.81",)),
        ("host", "example.com.", "A", ("192.0.2.80",)),
        ("host", "example.com.", "AAAA", ("2001:db8::80",)),
        ("record", "example.com.", "CAA", ('0 issue ";"',)),
    ]


def test_mail_none() -> None:
    """`mail: none` is the whole set of a parked domain, and speaks for four keys."""
    desired = good("mail: none")
    assert [(w.kind, w.name, w.type, w.values) for w in desired.wishes] == [
        ("null-key", "*._domainkey.example.com.", "TXT", ('"v=DKIM1; p="',)),
        (
            "dmarc",
            "_dmarc.example.com.",
            "TXT",
            ('"v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"',),
        ),
        ("mx", "example.com.", "MX", ("0 .",)),
        ("spf", "example.com.", "TXT", ('"v=spf1 -all"',)),
    ]
    assert desired.no_mail
    assert desired.kinds == {"mx", "spf", "dmarc", "dkim"}


def test_mail_none_beside_what_fits_it() -> None:
    """A parked domain may have its own SPF and DMARC, and may clean up after its mail."""
    desired = good(
        "{mail: none, spf: 'v=spf1 ?mx -all', dmarc: absent, dkim: {old: absent}, "
        "hosts: {mx1: absent}, autodiscover: absent, records: {www: {type: A, value: 192.0.2.1}}}"
    )
    by_kind = {wish.kind: wish.values for wish in desired.wishes}
    assert by_kind["spf"] == ('"v=spf1 ?mx -all"',)
    assert by_kind["dmarc"] == ()
    assert by_kind["mx"] == ("0 .",)


def test_ttls() -> None:
    """A record's own TTL wins over the file's, and is known for its own."""
    desired = good(
        "{ttl: 2h, mx: 10 mx1, spf: {all: fail, ttl: 600}, autodiscover: a.example.net.}"
    )
    ttls = {wish.kind: (wish.ttl, wish.own_ttl) for wish in desired.wishes}
    assert ttls == {"mx": (7200, False), "spf": (600, True), "autodiscover": (7200, False)}
    assert good("mx: 10 mx1").wishes[0].ttl == 3600


def test_defaults_hold_where_the_file_says_nothing() -> None:
    """The file wins key by key, inside `cutover` entry by entry."""
    defaults = "{ttl: 60, spf: {all: fail}, cutover: {ttl: 120, soak: 1d, timezone: Asia/Tokyo}}"
    desired = good("{mx: 10 mx1, cutover: {ttl: 30, at: 2026-12-05T22:00}}", defaults)
    assert desired.kinds == {"mx", "spf"}
    assert {wish.ttl for wish in desired.wishes} == {60}
    assert (desired.cutover.ttl, desired.cutover.soak) == (30, 86400)
    assert str(desired.cutover.at) == "2026-12-05 13:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "defaults", "kinds"),
    [
        ("mx: 10 mx1", "mail: none", {"mx"}),
        (
            "records: {www: {type: A, value: 192.0.2.1}}",
            "mail: none",
            {"mx", "spf", "dmarc", "dkim", "records"},
        ),
        ("mail: none", "{mx: 10 mx1, spf: {mx: true, all: fail}}", {"mx", "spf", "dmarc", "dkim"}),
        ("", "mx: 10 mx1", {"mx"}),
        ("", "", set()),
    ],
)
def test_a_file_decides_whether_there_is_mail(text: str, defaults: str, kinds: set[str]) -> None:
    """A file with mail wants no default `mail: none`, and one without wants no default mail."""
    desired = good(text, defaults)
    assert desired.kinds == kinds
    assert desired.no_mail is ("dkim" in kinds)


def test_every_key_says_what_it_is_for() -> None:
    """Each module of keys holds one key of its own name, with a sentence about it."""
    for name, key in registry.known().items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert key.doc.endswith(".")
        assert key.name == name
