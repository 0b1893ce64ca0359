"""Kind by kind: how what is live is written, and why some of it is not."""

from __future__ import annotations

import pytest

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.tree import Mapping
from mailsync.dns.rrset import Key, RRset
from mailsync.importing.names import owner, relative
from mailsync.mail.mta_sts import Policy, record
from mailsync.plan.live import Capability, ServedPolicy

from .corpus import found, tried, zone_of

ZONE = "example.com."


def text(*lines: str, **more: object) -> str:
    """The file of example.com with these records, without its title."""
    return tried(found(zone_of(*lines), ZONE, **more)).text


def left(about: str, *lines: str, **more: object) -> list[str]:
    """Why the values that would stand under a key are left."""
    return tried(found(zone_of(*lines), ZONE, **more)).left(about)


@pytest.mark.parametrize(
    ("name", "domain", "written"),
    [
        ("mx1.example.com.", ZONE, "mx1"),
        ("a.b.example.com.", ZONE, "a.b"),
        ("mx.example.net.", ZONE, "mx.example.net."),
        (ZONE, ZONE, ZONE),
        ("example.com.example.com.", ZONE, "example.com.example.com."),
        ("mx.example.com.", "news.example.com.", "mx.example.com."),
        ("mx.", ".", "mx."),
    ],
)
def test_names_are_relative_where_that_reads_well(name: str, domain: str, written: str) -> None:
    """A name that would look as if it had lost its dot is written whole."""
    assert relative(name, domain) == written
    assert owner(name, domain) == ("@" if name == domain else written)


def test_ttl_that_most_records_have_is_the_files() -> None:
    """Others carry their own; one that holds already is not written."""
    lines = ("@ 300 MX 10 mx.example.net.", "_dmarc TXT v=DMARC1; p=none", "@ TXT v=spf1 -all")
    assert text(*lines) == (
        "mx: {values: [10 mx.example.net.], ttl: 5m}\nspf: {all: fail}\ndmarc: v=DMARC1; p=none\n"
    )
    assert text("@ 7200 MX 10 mx.example.net.") == "ttl: 2h\nmx: [10 mx.example.net.]\n"


def test_ttl_of_the_defaults_needs_no_word() -> None:
    """What mailsync.yaml says for all files is not said again."""
    layers = Layers(_mapping("ttl: 2h"))
    zone = found(zone_of("@ 7200 MX 10 mx.example.net."), ZONE)
    assert tried(zone, layers).text == "mx: [10 mx.example.net.]\n"


def _mapping(text: str) -> Mapping:
    root = syntax.parse(text.encode(), "mailsync.yaml", Faults())
    assert isinstance(root, Mapping)
    return root


def test_hosts_are_those_that_mail_and_clients_go_to() -> None:
    """Named by MX or SRV; not below a delegation, not the zone itself, not just any."""
    lines = (
        "@ MX 10 mx1.example.com.",
        "@ MX 20 mx.cut.example.com.",
        "_imaps._tcp SRV 0 1 993 imap.example.com.",
        "mx1 A 192.0.2.1",
        "mx1 300 AAAA 2001:db8::1",
        "imap A 192.0.2.2",
        "autodiscover A 192.0.2.3",
        "cut NS ns.example.net.",
        "mx.cut A 192.0.2.4",
        "www A 192.0.2.5",
    )
    assert text(*lines) == (
        "mx: [10 mx1, 20 mx.cut]\n"
        "hosts: {autodiscover: [192.0.2.3], imap: [192.0.2.2], mx1: [192.0.2.1]}\n"
        "srv: {imaps: 0 1 993 imap}\n"
        'records: {mx1: {type: AAAA, values: ["2001:db8::1"], ttl: 5m}}\n'
    )


def test_the_zones_own_address_is_the_web_servers_too() -> None:
    """MX at the apex is written, the address is not, unless all records are asked for."""
    lines = ("@ MX 0 example.com.", "@ A 192.0.2.80")
    (reason,) = left("hosts", *lines)
    assert "may be the web server's" in reason
    assert text(*lines, everything=True) == (
        'mx: [0 example.com.]\nrecords: {"@": {type: A, value: 192.0.2.80}}\n'
    )


@pytest.mark.parametrize(
    ("record", "written"),
    [
        ("v=spf1 mx a -all", "{mx: true, a: true, all: fail}"),
        ("v=spf1 a mx -all", "v=spf1 a mx -all"),
        ("v=spf1 a:mail.example.net mx/24 ~all", "v=spf1 a:mail.example.net mx/24 ~all"),
        (
            "v=spf1 a:mail.example.net a:b.example ?all",
            "{a: [mail.example.net, b.example], all: neutral}",
        ),
        ("v=spf1 exists:%{i}.x.example -all", '{exists: ["%{i}.x.example"], all: fail}'),
        ("v=spf1 redirect=_spf.example.net", "{redirect: _spf.example.net}"),
        ("v=spf1 mx", "v=spf1 mx"),
        ("v=spf1 ptr -all", "v=spf1 ptr -all"),
        ("v=spf1 mx exp=why.example.net -all", "v=spf1 mx exp=why.example.net -all"),
        ("v=spf1 ip6:2001:DB8::1 -all", '{ip6: ["2001:DB8::1"], all: fail}'),
        ("V=SPF1 mx -all", "V=SPF1 mx -all"),
        ("v=spf1 mx -all ", '"v=spf1 mx -all "'),
    ],
)
def test_spf_is_a_mapping_where_that_is_the_same_text(record: str, written: str) -> None:
    """And the record word for word where it is not."""
    assert text(f"@ TXT {record}") == f"spf: {written}\n"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("v=spf1 +all", "lets everybody send"),
        ("v=spf1 ip4:192.0.2.256 -all", "write ip4:ADDRESS"),
    ],
)
def test_spf_that_nobody_should_publish_is_left(record: str, reason: str) -> None:
    """With the loader's reason."""
    assert reason in left("spf", f"@ TXT {record}")[0]


def test_spf_that_is_followed_inside_the_zone_comes_along() -> None:
    """Records that SPF includes or redirects to are mail, however often they lead on."""
    lines = (
        "@ TXT v=spf1 redirect=_a.example.com",
        "_a TXT v=spf1 include:_b.example.com include:_x.example.com -all",
        "_b TXT v=spf1 ip4:192.0.2.1 -all",
        "_c TXT v=spf1 ip4:192.0.2.2 -all",
        "news TXT v=spf1 include:_b.example.com ~all",
    )
    assert text(*lines) == (
        "spf: {redirect: _a.example.com}\n"
        "records:\n"
        '  _a: {type: TXT, value: "v=spf1 include:_b.example.com include:_x.example.com -all"}\n'
        '  _b: {type: TXT, value: "v=spf1 ip4:192.0.2.1 -all"}\n'
        "subdomains: {news: {spf: {include: [_b.example.com], all: softfail}}}\n"
    )


def test_dkim_says_what_each_key_is() -> None:
    """Its kind and size behind it, or where it is kept; a revoked one is said to be so."""
    lines = (
        "a._domainkey CNAME a.dkim.example.net.",
        "b._domainkey CNAME key.example.com.",
        "c._domainkey TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "d._domainkey TXT v=DKIM1; p=",
        "e._domainkey TXT v=DKIM1;p=",
    )
    assert text(*lines) == (
        "dkim:\n"
        "  a: {cname: a.dkim.example.net.}\n"
        "  b: {cname: key}\n"
        '  c: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # Ed25519\n'
        "  d: revoked\n"
        '  e: "v=DKIM1;p="  # revoked\n'
    )


def test_keys_that_name_servers_of_a_service_keep() -> None:
    """One selector, or all of them; what lies below is no more this zone's."""
    lines = ("s1._domainkey NS ns1.keys.example.", "s1._domainkey NS ns2.keys.example.")
    assert text(*lines, "x.s1._domainkey TXT v=DKIM1; p=") == (
        "# x.s1._domainkey.example.com TXT is left as it is: below a delegation: it is its zone's "
        "that counts\n"
        "dkim: {s1: {ns: [ns1.keys.example., ns2.keys.example.]}}\n"
    )
    assert text("_domainkey NS ns1.keys.example.", "_domainkey.a NS ns2.keys.example.") == (
        "dkim: {_domainkey: {ns: [ns1.keys.example.]}}\n"
        "subdomains: {a: {dkim: {_domainkey: {ns: [ns2.keys.example.]}}}}\n"
    )


def test_dkim_that_no_verifier_can_use_is_left() -> None:
    """Two records, no record, another zone's: each with its reason."""
    assert (
        "2 records under one selector"
        in left("dkim", "a._domainkey TXT x", "a._domainkey TXT y")[0]
    )
    assert "no tag=value" in left("dkim", "a._domainkey TXT x")[0]
    lines = ("cut NS ns.example.net.", "a._domainkey.cut CNAME b.example.net.")
    assert tried(found(zone_of(*lines), ZONE)).left("dkim") == []
    lines = ("_domainkey NS ns.example.net.", "a._domainkey CNAME b.example.net.")
    assert any("below a delegation" in reason for reason in left("dkim", *lines))


@pytest.mark.parametrize(
    ("name", "about"), [("_dmarc", "dmarc"), ("_mta-sts", "mta_sts"), ("_smtp._tls", "tls_rpt")]
)
def test_what_stands_in_a_records_place_and_is_none_is_told(name: str, about: str) -> None:
    """Another text, an alias, two at once."""
    assert left(about, f"{name} TXT hello") == ["no such record: nobody reads it as one"]
    assert "an alias of x.example" in left(about, f"{name} CNAME x.example.")[0]
    good = {
        "dmarc": "v=DMARC1; p=none",
        "mta_sts": "v=STSv1; id=1;",
        "tls_rpt": "v=TLSRPTv1; rua=mailto:a@b.example",
    }[about]
    other = good.replace("none", "reject").replace("=1", "=2").replace("a@", "b@")
    assert "2 records" in left(about, f"{name} TXT {good}", f"{name} TXT {other}")[0]


def test_tls_rpt_in_its_own_words() -> None:
    """Addresses where that is the same text, else the record."""
    assert text("_smtp._tls TXT v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/r") == (
        "tls_rpt: [mailto:a@b.example, https://c.example/r]\n"
    )
    assert text("_smtp._tls TXT v=TLSRPTv1;rua=mailto:a@b.example") == (
        "tls_rpt: v=TLSRPTv1;rua=mailto:a@b.example\n"
    )


def _sts(policy: Policy, said: str) -> dict[Key, RRset]:
    return zone_of("@ MX 10 mx.example.net.", f"_mta-sts TXT {said}")


def test_mta_sts_is_written_with_the_id_that_it_has() -> None:
    """A policy that mailsync has named needs none in the file; any other keeps its record."""
    policy = Policy("enforce", 604800, ("mx.example.net",))
    served = ServedPolicy("served", policy, "fetched")
    done = tried(found(_sts(policy, record(policy)), ZONE, policy=served))
    assert done.text == "mx: [10 mx.example.net.]\nmta_sts: {mode: enforce, max_age: 7d}\n"
    wide = Policy("testing", 86400, ("*.example.net",))
    served = ServedPolicy("served", wide, "fetched")
    done = tried(found(_sts(wide, record(wide)), ZONE, policy=served))
    assert 'mta_sts: {mode: testing, max_age: 1d, mx: ["*.example.net"]}' in done.text
    served = ServedPolicy("served", policy, "fetched")
    for said in ("v=STSv1; id=2026;", "v=STSv1;id=2026", "v=STSv1; id=2026; x=y;"):
        done = tried(found(_sts(policy, said), ZONE, policy=served))
        assert f"mta_sts: {{mode: enforce, max_age: 7d, txt: {said}}}" in done.text.replace('"', "")
    (reason,) = tried(found(_sts(policy, "v=STSv1; id=-;"), ZONE, policy=served)).left("mta_sts")
    assert "id= is needed once" in reason
    gone = ServedPolicy("unknown", None, "the web server slept")
    (reason,) = tried(found(_sts(policy, "v=STSv1; id=2;"), ZONE, policy=gone)).left("mta_sts")
    assert "could not be had: the web server slept" in reason


def test_logos_are_mappings_where_that_is_the_same_text() -> None:
    """Else the record; one that mail clients would not show is left."""
    full = "v=BIMI1; l=https://a.example/l.svg; a=https://a.example/l.pem;"
    lines = (
        f"default._bimi TXT {full}",
        "a._bimi TXT v=BIMI1; l=; a=;",
        "b._bimi 300 TXT v=BIMI1;l=https://a.example/l.svg",
        "c._bimi TXT v=BIMI1; l=http://a.example/l.svg;",
        "d._bimi TXT hello",
        "e._bimi TXT v=BIMI1; l=; a=; evp=;",
    )
    assert "'nonsense' is no tag=value" in left("bimi", "x._bimi TXT v=BIMI1; nonsense")[0]
    assert text(*lines) == (
        "# c._bimi.example.com TXT is left as it is: l=http://a.example/l.svg: the logo is fetched "
        "over\n# HTTPS: write https://…\n"
        "# d._bimi.example.com TXT is left as it is: no such record: nobody reads it as one\n"
        "bimi:\n"
        "  a: declined\n"
        "  b: {txt: v=BIMI1;l=https://a.example/l.svg, ttl: 5m}\n"
        "  default: {logo: https://a.example/l.svg, authority: https://a.example/l.pem}\n"
        "  e: v=BIMI1; l=; a=; evp=;\n"
    )


def test_settings_of_mail_clients_are_an_alias_or_addresses() -> None:
    """Autoconfig takes both, each with a TTL of its own."""
    mx = "@ MX 10 mx.example.net."
    many = ("_dmarc TXT v=DMARC1; p=none", "a._domainkey CNAME a.example.")
    assert text(mx, "autoconfig CNAME ac.example.net.").endswith("autoconfig: ac.example.net.\n")
    addresses = ("autoconfig A 192.0.2.1", "autoconfig AAAA 2001:db8::1")
    assert text(mx, *addresses).endswith('autoconfig: [192.0.2.1, "2001:db8::1"]\n')
    assert text(mx, *many, "autoconfig 300 A 192.0.2.1").endswith(
        "autoconfig: {addresses: [192.0.2.1], ttl: 5m}\n"
    )
    assert text(mx, *many, "autoconfig 300 CNAME example.com.").endswith(
        "autoconfig: {target: example.com., ttl: 5m}\n"
    )
    lines = ("autoconfig NS ns.example.net.", "autoconfig A 192.0.2.1")
    assert text(mx, *lines) == "mx: [10 mx.example.net.]\n"


def test_tokens_are_taken_for_what_they_are() -> None:
    """What looks like a service's token is; any other text is somebody's, unless all is wanted."""
    lines = ("@ TXT MS=ms1", "@ TXT yandex-verification:ab1", "@ TXT hello world", "@ TXT absent")
    assert text(*lines) == "verification: [MS=ms1, yandex-verification:ab1]\n"
    assert text(*lines, everything=True) == (
        'verification: [MS=ms1, "absent", "hello world", yandex-verification:ab1]\n'
    )


def test_parked_domains_say_so_where_that_is_all() -> None:
    """``mail: none`` only where all that it stands for is live, at one TTL, and nothing else."""
    null = ("@ MX 0 .", "@ TXT v=spf1 -all", "*._domainkey TXT v=DKIM1; p=")
    policy = "_dmarc TXT v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"
    assert text(*null, policy) == "mail: none\n"
    assert text(*null, policy.replace("TXT", "300 TXT", 1)).startswith("mail: none\ndmarc: {txt")
    assert text(*null) == "mx: [0 .]\nspf: {all: fail}\n"
    assert text(*null[:2], policy, null[2].replace("TXT", "300 TXT")).startswith("mx: [0 .]\n")
    assert text(*null, policy, "a._domainkey CNAME b.example.").startswith("mx: [0 .]\n")
    assert text(*null[:2], policy, "*._domainkey TXT v=DKIM1; t=y; p=").startswith("mx: [0 .]")
    sends = text(null[0], "@ TXT v=spf1 mx -all", null[2], policy)
    assert sends.startswith("mx: [0 .]\n# example.com TXT is left as it is: SPF lets something")
    assert "(line" not in sends


def test_names_below_with_mail_are_domains_of_their_own() -> None:
    """With MX, SPF, DMARC or keys; all within ``subdomains``; names in them are theirs."""
    lines = (
        "@ MX 10 mx.example.com.",
        "mx A 192.0.2.1",
        "news MX 10 mx.example.com.",
        "news MX 20 in.news.example.com.",
        "in.news A 192.0.2.2",
        "_dmarc.shop TXT v=DMARC1; p=none",
        "s1._domainkey.a.b CNAME k.example.",
        "_dmarc.web TXT hello",
        "_spf TXT v=spf1 -all",
    )
    assert text(*lines) == (
        "mx: [10 mx]\n"
        "hosts: {in.news: [192.0.2.2], mx: [192.0.2.1]}\n"
        "subdomains:\n"
        "  a.b: {dkim: {s1: {cname: k.example.}}}\n"
        "  news: {mx: [10 mx.example.com., 20 in]}\n"
        "  shop: {dmarc: v=DMARC1; p=none}\n"
    )


def test_a_domain_below_of_which_nothing_can_be_said_is_a_comment() -> None:
    """No empty mapping stands where the loader wants keys."""
    done = text("@ MX 10 a.example.", "news TXT v=spf1 +all")
    assert done.startswith("mx: [10 a.example.]\n# news.example.com TXT is left as it is")
    both = text("@ MX 10 a.example.", "news TXT v=spf1 +all", "shop MX 10 b.example.")
    assert "subdomains:\n  # news.example.com TXT" in both
    assert "  shop: {mx: [10 b.example.]}\n" in both


def test_reverse_zones_are_names_of_addresses() -> None:
    """One name each; several, and what is no address's name, are left."""
    zone = "2.0.192.in-addr.arpa."
    rrsets = zone_of(
        "25 PTR mx1.example.com.",
        "26 PTR a.example.",
        "26 PTR b.example.",
        "x PTR c.example.",
        "27 300 PTR d.example.",
        zone=zone,
    )
    done = tried(found(rrsets, zone))
    assert done.text.endswith(
        "ptr: {192.0.2.25: mx1.example.com., 192.0.2.27: {host: d.example., ttl: 5m}}\n"
    )
    assert done.left("ptr") == ["2 names of one address"]


def test_all_records_in_octodns_words() -> None:
    """Every type that files have; the zone first; what they have not is told."""
    lines = (
        "@ A 192.0.2.80",
        '@ CAA 0 issue "ca.example; policy=ev"',
        "www CNAME example.com.",
        "b A 192.0.2.1",
        "b AAAA 2001:db8::1",
        "* MX 10 mx.example.net.",
        "x._tcp SRV 0 1 443 www.example.com.",
        f"h SSHFP 4 2 {'ab' * 32}",
        f"_443._tcp.www TLSA 3 1 1 {'ab' * 32}",
        f"cut DS 1 8 2 {'ab' * 32}",
        "cut NS ns1.example.net.",
        "ns.cut A 192.0.2.9",
        "loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
        't TXT say "x"; y',
    )
    done = tried(found(zone_of(*lines), ZONE, everything=True))
    assert done.text.startswith("# loc.example.com LOC is left as it is: records of type LOC")
    assert 'records:\n  "@":\n    - {type: A, value: 192.0.2.80}\n' in done.text
    assert 'value: {flags: 0, tag: issue, value: "ca.example; policy=ev"}' in done.text
    assert '  "*": {type: MX, value: {preference: 10, exchange: mx.example.net.}}' in done.text
    assert '  t: {type: TXT, value: "say \\"x\\"; y"}' in done.text
    assert [one.key for one in done.one.left if one.reason == "below a delegation"] == [
        ("ns.cut.example.com.", "A")
    ]
    assert [(plan.status, plan.stages) for plan in done.plans] == [("converged", ())]


def test_what_the_planner_would_change_is_left() -> None:
    """A TTL that the DNS host would not take; an MX that leads to an alias."""
    zone = found(zone_of("@ 30 MX 10 mx.example.net."), ZONE, capability=Capability(ttl_min=60))
    done = tried(zone)
    assert "TTL 30 is outside what the DNS host takes" in done.left("mx")[0]
    assert all(not plan.stages for plan in done.plans)
    lines = ("@ MX 10 a.example.com.", "a CNAME b.example.", "@ TXT v=spf1 mx -all")
    assert "is an alias" in left("mx", *lines)[0]


def test_fixed_ttls_are_no_obstacle() -> None:
    """Where TTLs cannot be set, nothing would be changed."""
    fixed = Capability(settable=False)
    done = tried(found(zone_of("@ 77 MX 10 mx.example.net."), ZONE, capability=fixed))
    assert done.left("mx") == []
    assert all(not plan.stages for plan in done.plans)


def test_what_the_defaults_ask_for_is_told() -> None:
    """The file cannot help it: a plan is not empty then, and the import says so."""
    layers = Layers(_mapping("dmarc: v=DMARC1; p=none"))
    done = tried(found(zone_of("@ MX 10 mx.example.net."), ZONE), layers)
    assert done.one.still == ("a plan would change it: adds DMARC",)
    assert done.text == "mx: [10 mx.example.net.]\n"
    wrong = Layers(_mapping("ttl: soon"))
    one = tried_alone(found(zone_of("@ MX 10 mx.example.net."), ZONE), wrong)
    assert "no duration" in one[0]


def tried_alone(zone: object, layers: Layers) -> tuple[str, ...]:
    """What stands in the way of a zone whose defaults are wrong."""
    from mailsync.desired.trial import Trial
    from mailsync.importing.recognise import imported

    from .corpus import NOW

    return imported(zone, Trial(layers), NOW).still  # type: ignore[arg-type]


def test_nothing_found_is_a_file_all_the_same() -> None:
    """It says so, and what to write."""
    done = tried(found(zone_of("www A 192.0.2.1"), ZONE))
    assert done.text == "# No mail was found. If there is to be none, write 'mail: none'.\n"
    assert [one.reason for one in done.one.left] == ["no mail"]


def test_hostile_values_are_no_more_than_text() -> None:
    """Escapes, controls and quotes go through the file, or stand escaped in a comment."""
    rrsets = zone_of("@ MX 10 mx.example.net.")
    rrsets["x.example.com.", "TLSA"] = RRset("x.example.com.", "TLSA", 60, ("3 1",))
    hostile = '"v=spf1 \\027[31m -all"', '"tok=\\206\\155"', '"a=\\"b\\\\"'
    rrsets[ZONE, "TXT"] = RRset(ZONE, "TXT", 3600, hostile)
    rrsets["_dmarc.example.com.", "TXT"] = RRset(
        "_dmarc.example.com.", "TXT", 3600, ('"v=DMARC1; p=\\010x: y"',)
    )
    done = tried(found(rrsets, ZONE, everything=True))
    assert "\x1b" not in done.one.text
    assert done.one.text.isprintable() or set(done.one.text) >= {"\n"}
    assert 'a=\\"b\\\\' in done.one.text or 'a="b\\' in done.one.text
