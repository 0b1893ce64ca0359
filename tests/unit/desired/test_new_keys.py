"""MTA-STS, TLS-RPT, TLSA, SRV, PTR, ramps and tasks in a zone file."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailsync.dns.rrset import txt_text, txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from tests.unit.desired.reads import good, wishes

SHA = "ab" * 32


def test_a_policy_follows_the_files_mx() -> None:
    """Its hosts are those that take the mail; the record announces it by its id."""
    desired = good(
        "mx: [10 mx1, 20 mx.example.net.]\nmta_sts: {mode: testing, max_age: 1d, ttl: 5m}"
    )
    policy = Policy("testing", 86400, ("mx.example.net", "mx1.example.com"))
    assert desired.policy == policy
    (wish,) = [w for w in desired.wishes if w.kind == "mta-sts"]
    assert txt_text(wish.values[0]) == mta_sts.record(policy)
    assert (wish.name, wish.ttl, wish.own_ttl) == ("_mta-sts.example.com.", 300, True)


def test_a_policy_may_name_its_own_hosts() -> None:
    """Patterns included; none for mode none; absence asks for no policy."""
    desired = good("mx: 10 mx.example.net.\nmta_sts: {mode: enforce, mx: ['*.example.net']}")
    assert desired.policy == Policy("enforce", 604800, ("*.example.net",))
    assert good("mta_sts: {mode: none}").policy == Policy("none", 604800)
    assert good("mail: none\nmta_sts: {mode: none}").policy == Policy("none", 604800)
    kept = good("mta_sts: {mode: none, txt: v=STSv1;id=2020}")
    assert [wish.values for wish in kept.wishes] == [(txt_value("v=STSv1;id=2020"),)]
    absent = good("mta_sts: absent")
    assert absent.policy is None
    assert [w.values for w in absent.wishes] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "tls_rpt: mailto:a@example.com",
        "tls_rpt: [mailto:a@example.com]",
        "tls_rpt: {rua: mailto:a@example.com}",
        "tls_rpt: v=TLSRPTv1; rua=mailto:a@example.com",
    ],
)
def test_tls_reports_in_every_form(text: str) -> None:
    """An address, a list, a mapping, the record."""
    assert wishes(text) == [
        ("tls-rpt", "_smtp._tls.example.com.", "TXT", ('"v=TLSRPTv1; rua=mailto:a@example.com"',))
    ]
    assert wishes("tls_rpt: absent")[0][3] == ()


def test_a_record_on_tls_reports_is_kept_as_it_is_written() -> None:
    """With what nobody knows yet; joined with others, its addresses count."""
    text = "v=TLSRPTv1;rua=mailto:a@example.com; x=y"
    assert wishes(f"tls_rpt: {text}")[0][3] == (f'"{text}"',)
    assert wishes(f"tls_rpt: [{text}, mailto:b@example.com]")[0][3] == (
        '"v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com"',
    )


def test_certificates_in_every_form() -> None:
    """One, several, with a TTL, absent; written alike."""
    found = wishes(
        f"tlsa:\n  a: 3 1 1 {SHA.upper()}\n  b: [3 1 1 {SHA}, 2 0 1 {SHA}]\n"
        f"  c: {{values: 3 1 1 {SHA}, ttl: 5m}}\n  d: absent"
    )
    assert [(name, values) for _, name, _, values in found] == [
        ("_25._tcp.a.example.com.", (f"3 1 1 {SHA}",)),
        ("_25._tcp.b.example.com.", (f"2 0 1 {SHA}", f"3 1 1 {SHA}")),
        ("_25._tcp.c.example.com.", (f"3 1 1 {SHA}",)),
        ("_25._tcp.d.example.com.", ()),
    ]


def test_services_in_every_form() -> None:
    """One, several, with a TTL, not offered, absent."""
    found = wishes(
        "srv:\n  imaps: 0 1 993 mx1\n  pop3s: 0 0 0 .\n  sieve: absent\n"
        "  submissions: {values: [0 1 465 mx1, 10 1 465 mx.example.net.], ttl: 5m}"
    )
    assert [(name, values) for _, name, _, values in found] == [
        ("_imaps._tcp.example.com.", ("0 1 993 mx1.example.com.",)),
        ("_pop3s._tcp.example.com.", ("0 0 0 .",)),
        ("_sieve._tcp.example.com.", ()),
        (
            "_submissions._tcp.example.com.",
            ("0 1 465 mx1.example.com.", "10 1 465 mx.example.net."),
        ),
    ]


def test_names_of_addresses_in_every_form() -> None:
    """Both families, with a TTL, absent."""
    found = wishes('ptr: {192.0.2.1: mx1, "2001:db8::1": {host: mx1, ttl: 5m}, 192.0.2.2: absent}')
    assert [(kind, rdtype, values) for kind, _, rdtype, values in found] == [
        ("ptr", "PTR", ("mx1.example.com.",)),
        ("ptr", "PTR", ("mx1.example.com.",)),
        ("ptr", "PTR", ()),
    ]


def test_a_ramp_has_its_rungs_and_a_short_ttl() -> None:
    """Each policy with the same other tags; dates are read in the cutover's time zone."""
    desired = good(
        "dmarc: {p: none, rua: mailto:a@example.com, ramp: [quarantine: 30d, reject: 2027-03-01]}\n"
        "cutover: {timezone: Asia/Tokyo}\nttl: 1d"
    )
    (wish,) = desired.wishes
    assert [txt_text(rung.values[0]) for rung in wish.ramp] == [
        f"v=DMARC1; p={p}; rua=mailto:a@example.com" for p in ("none", "quarantine", "reject")
    ]
    assert [(rung.after, rung.at) for rung in wish.ramp] == [
        (None, None),
        (30 * 86400, None),
        (None, datetime(2027, 2, 28, 15, tzinfo=UTC)),
    ]
    assert wish.values == wish.ramp[-1].values
    assert wish.ttl == 3600
    assert good("dmarc: {p: none, ttl: 1d, ramp: {reject: 1d}}").wishes[0].ttl == 86400


def test_tasks_that_are_done_are_known() -> None:
    """Those that are open are not."""
    found = good("cutover: {tasks: {certificate-mx1.example.com-1a2b: done, other: open}}")
    assert found.cutover.tasks == {"certificate-mx1.example.com-1a2b"}


def test_records_of_a_key_of_their_own_are_written_there() -> None:
    """Only there are they changed in their order."""
    from tests.unit.desired.reads import errors

    for name, rest, key in (
        ("_mta-sts", "{type: TXT, value: a}", "mta_sts"),
        ("_smtp._tls", "{type: TXT, value: a}", "tls_rpt"),
        ("_imaps._tcp", "{type: SRV, absent: true}", "srv"),
        ("autoconfig", "{type: CNAME, value: a.}", "autoconfig"),
    ):
        (message,) = errors(f"records: {{{name}: {rest}}}")
        assert f"write it under '{key}'" in message


def test_logos_in_every_form() -> None:
    """By selector: as fields, as text, declined, absent; with a TTL."""
    found = wishes(
        "bimi:\n"
        "  default: {logo: https://a.example/l.svg, authority: https://a.example/v.pem, ttl: 5m}\n"
        "  Brand.x: {logo: https://a.example/l.svg, avatar: personal}\n"
        "  none: declined\n  old: absent\n"
        "  text: v=BIMI1;l=https://a.example/l.svg;x=y\n"
        "  long: {txt: v=BIMI1; l=, ttl: 1h}"
    )
    assert {name.partition("._bimi.")[0]: values for _, name, _, values in found} == {
        "default": ('"v=BIMI1; l=https://a.example/l.svg; a=https://a.example/v.pem;"',),
        "brand.x": ('"v=BIMI1; l=https://a.example/l.svg; avp=personal;"',),
        "none": ('"v=BIMI1; l=; a=;"',),
        "old": (),
        "text": ('"v=BIMI1;l=https://a.example/l.svg;x=y"',),
        "long": ('"v=BIMI1; l="',),
    }
    assert {kind for kind, _, _, _ in found} == {"bimi"}


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("autoconfig.example.net.", {"CNAME": ("autoconfig.example.net.",)}),
        ("{target: settings, ttl: 5m}", {"CNAME": ("settings.example.com.",)}),
        ("192.0.2.80", {"A": ("192.0.2.80",)}),
        ("[192.0.2.80, '2001:db8::80']", {"A": ("192.0.2.80",), "AAAA": ("2001:db8::80",)}),
        ("{addresses: 192.0.2.80, ttl: 5m}", {"A": ("192.0.2.80",)}),
        ("absent", {"A": (), "AAAA": (), "CNAME": ()}),
    ],
)
def test_autoconfig_is_an_alias_or_addresses(
    text: str, records: dict[str, tuple[str, ...]]
) -> None:
    """Like autodiscover, it is where clients go; absent removes it, whichever of them it is."""
    desired = good(f"autoconfig: {text}")
    assert {w.type: w.values for w in desired.wishes} == records
    assert {(w.kind, w.name) for w in desired.wishes} == {
        ("autodiscover", "autoconfig.example.com.")
    }
    assert {w.ttl for w in desired.wishes} == {300 if "ttl" in text else 3600}
