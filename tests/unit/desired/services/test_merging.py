from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.desired.services.samples import KEY, errors, good, read, wishes

APEX = ("example.com.", "MX")
SPF = ("spf", "example.com.", "TXT")
TWO = """
services:
- mailgates: {mx: mgf}
- microsoft365: {behind: mailgates, verification: MS=ms12345678}
"""
FASTMAIL = "services: [fastmail]\n"
PROTON = "services: [proton: {verification: protonmail-verification=a, dkim_token: x}]\n"


def spf(text: str) -> str:
    """Give the SPF record of a good file."""
    (value,) = wishes(text)[SPF]
    return value.strip('"')


def test_explicit_mx_replaces_the_services() -> None:
    """An MX in the file is all the MX there is, and a service keeps those of its own among it."""
    desired = good(FASTMAIL + "mx: [5 in1-smtp.messagingengine.com., 10 mx1]")
    (mx,) = [wish for wish in desired.wishes if wish.kind == "mx"]
    assert mx.values == ("10 mx1.example.com.", "5 in1-smtp.messagingengine.com.")
    assert desired.services[0].mx == ("in1-smtp.messagingengine.com.",)


@pytest.mark.parametrize("mx", ["[10 mx1]", "10 mx1", "{values: [10 mx1]}", "{host: mx1, x: y}"])
def test_explicit_mx_has_no_host_of_the_service(mx: str) -> None:
    """However an MX is written, the service knows whether it is one of its own."""
    assert read(FASTMAIL + f"mx: {mx}")[0].services[0].mx == ()


def test_ttl_of_the_services_mx_can_be_said() -> None:
    """An ``mx`` with nothing but a TTL gives it to the services' MX."""
    desired = good(FASTMAIL + "mx: {ttl: 5m}")
    (mx,) = [wish for wish in desired.wishes if wish.kind == "mx"]
    assert (mx.ttl, len(mx.values)) == (300, 2)
    assert len(desired.services[0].mx) == 2


def test_records_stand_at_the_line_of_their_service() -> None:
    """A record that a service brings is told at the line that names it."""
    places = {wish.kind: str(wish.place) for wish in good(TWO).wishes}
    assert places == {
        "mx": "z.yaml:3:3",
        "autodiscover": "z.yaml:4:3",
        "spf": "z.yaml:4:3",
        "verification": "z.yaml:4:3",
    }
    assert good(TWO).kinds == frozenset(places)


SPF_CASES = [
    (FASTMAIL, "v=spf1 include:spf.messagingengine.com ?all"),
    (TWO, "v=spf1 include:spf.protection.outlook.com -all"),
    (
        "services: [fastmail, proton]",
        "v=spf1 include:spf.messagingengine.com include:_spf.protonmail.ch ?all",
    ),
    (
        "services: [microsoft365: {mx: a.mail.protection.outlook.com}, hennge]",
        "v=spf1 include:spf.protection.outlook.com include:spf.mta.hdems.com ~all",
    ),
    (
        TWO + "spf: {ip4: [192.0.2.1], include: [SPF.protection.outlook.com.]}",
        "v=spf1 ip4:192.0.2.1 include:SPF.protection.outlook.com -all",
    ),
    (
        TWO + "spf: {include: a.example, all: softfail}",
        "v=spf1 include:a.example include:spf.protection.outlook.com ~all",
    ),
    (
        TWO + "spf: {redirect: a.example}",
        "v=spf1 include:spf.protection.outlook.com redirect=a.example",
    ),
    (
        TWO + "spf: v=spf1 include:spf.protection.outlook.com mx ~all",
        "v=spf1 include:spf.protection.outlook.com mx ~all",
    ),
    (
        TWO + "spf: {txt: v=spf1 include:spf.protection.outlook.com ?all, ttl: 1h}",
        "v=spf1 include:spf.protection.outlook.com ?all",
    ),
    (
        "services: [sakura_rental: {initial: a.sakura.ne.jp, host: www1.sakura.ne.jp}]",
        "v=spf1 mx a:www1.sakura.ne.jp ~all",
    ),
    (
        (
            "services: [sakura_rental: {initial: a.sakura.ne.jp, host: www1.sakura.ne.jp}]\n"
            "spf: {a: true, mx: [b.example]}"
        ),
        "v=spf1 mx:b.example mx:example.com a:example.com a:www1.sakura.ne.jp ~all",
    ),
    (
        (
            "services: [sakura_rental: {initial: a.sakura.ne.jp, host: www1.sakura.ne.jp}]\n"
            "spf: {a: false, mx: true}"
        ),
        "v=spf1 mx a:www1.sakura.ne.jp ~all",
    ),
    (
        "services: [mail_server: {mx: 10 mx1, spf: [a/24, ip4:192.0.2.1]}]",
        "v=spf1 a:example.com/24 ip4:192.0.2.1 ~all",
    ),
]


@pytest.mark.parametrize(("text", "record"), SPF_CASES)
def test_spf_is_one_record(text: str, record: str) -> None:
    """The terms of services join those of the file; the file's ``all`` wins."""
    assert spf(text) == record


@pytest.mark.parametrize(
    ("record", "where"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", "5:6"),
        ("v=spf1 -include:spf.protection.outlook.com ~all", "5:6"),
        ("absent", "5:6"),
        ("{txt: v=spf1 -all}", "5:12"),
    ],
)
def test_missing_spf_term_is_told(record: str, where: str) -> None:
    """A record as text has every term that the services need, or names the one that is missing."""
    told = errors(TWO + f"spf: {record}")
    assert told == [
        (
            f"z.yaml:{where}: include:spf.protection.outlook.com is missing, which microsoft365 "
            "at z.yaml:4:3 needs: add it, or write the record as a mapping, to which it is added"
        )
    ]


def test_broken_spf_is_told_by_its_key() -> None:
    """A text that is no SPF record is told once, as such."""
    (error,) = errors(TWO + "spf: v=spf2")
    assert "is no SPF record" in error


def test_too_many_lookups_are_told() -> None:
    """Ten terms that ask the DNS is all that receivers take, whoever brings them."""
    many = ", ".join(f"s{number}.example" for number in range(10))
    (error,) = errors(TWO + f"spf: {{include: [{many}]}}")
    assert "11 terms ask the DNS, more than 10" in error


def test_no_spf_without_a_term() -> None:
    """A service without a term leaves SPF alone."""
    desired = good("services: [mail_server: {mx: 10 mx1}]")
    assert "spf" not in desired.kinds


def test_explicit_parts_win() -> None:
    """A selector, host or token that the file names is the file's; the others are added."""
    found = wishes(
        PROTON + f'dkim: {{Protonmail: absent, s1: "{KEY}", protonmail2: {{cname: a.example.}}}}\n'
        "verification: [a, protonmail-verification=a: absent]\n"
    )
    assert found["dkim", "protonmail._domainkey.example.com.", "CNAME"] == ()
    assert found["dkim", "protonmail2._domainkey.example.com.", "CNAME"] == ("a.example.",)
    assert found["dkim", "protonmail3._domainkey.example.com.", "CNAME"] == (
        "protonmail3.domainkey.x.domains.proton.ch.",
    )
    assert found["dkim", "s1._domainkey.example.com.", "TXT"] == (f'"{KEY}"',)
    assert found["verification", "example.com.", "TXT"] == ('"a"',)


@pytest.mark.parametrize(
    "text",
    ["verification: a", "verification: [a]", "verification: {values: [a], ttl: 5m}"],
)
def test_tokens_are_joined(text: str) -> None:
    """Tokens of services stand beside the file's, however these are written."""
    desired = good(f"{PROTON}{text}")
    (wish,) = [wish for wish in desired.wishes if wish.kind == "verification"]
    assert wish.values == ('"a"', '"protonmail-verification=a"')
    assert wish.ttl == (300 if "ttl" in text else 3600)


def test_ttl_of_the_services_tokens_can_be_said() -> None:
    """A ``verification`` with nothing but a TTL gives it to the services' tokens."""
    (wish,) = [w for w in good(PROTON + "verification: {ttl: 5m}").wishes if w.kind[0] == "v"]
    assert (wish.values, wish.ttl) == (('"protonmail-verification=a"',), 300)


def test_explicit_autodiscover_wins() -> None:
    """The file's ``autodiscover`` is the one that stands."""
    found = wishes(TWO + "autodiscover: a.example.")
    assert found["autodiscover", "autodiscover.example.com.", "CNAME"] == ("a.example.",)


def test_hosts_of_one_service_are_joined() -> None:
    """Both addresses of a server stand at its name, unless the file says where it is."""
    synology = 'services: [synology_mailplus: {host: mail, ipv4: 192.0.2.1, ipv6: "2001:db8::1"}]\n'
    found = wishes(synology)
    assert found["host", "mail.example.com.", "A"] == ("192.0.2.1",)
    assert found["host", "mail.example.com.", "AAAA"] == ("2001:db8::1",)
    assert found["ptr", "1.2.0.192.in-addr.arpa.", "PTR"] == ("mail.example.com.",)
    explicit = wishes(synology + "hosts: {Mail.example.com.: 198.51.100.1}")
    assert explicit["host", "mail.example.com.", "A"] == ("198.51.100.1",)
    assert ("host", "mail.example.com.", "AAAA") not in explicit


def test_records_are_joined_by_name_and_type() -> None:
    """An RRset of the file wins over a service's of the same name and type, and no other."""
    ses = "services: [amazon_ses: {region: eu-west-1, tokens: [a], mail_from: bounce}]\n"
    found = wishes(
        ses + "records: {bounce: {type: TXT, value: mine}, www: {type: A, value: 192.0.2.1}}"
    )
    assert found["record", "bounce.example.com.", "TXT"] == ('"mine"',)
    assert found["mx", "bounce.example.com.", "MX"] == (
        "10 feedback-smtp.eu-west-1.amazonses.com.",
    )
    assert found["host", "www.example.com.", "A"] == ("192.0.2.1",)


@pytest.mark.parametrize("key", ["dkim", "records", "verification", "spf", "mx", "autodiscover"])
def test_misshapen_key_is_told_by_itself(key: str) -> None:
    """What the file says wrongly is told at its key, whatever services bring to it."""
    text = (
        "services: [proton: {verification: protonmail-verification=a, dkim_token: x}, "
        "amazon_ses: {region: eu-west-1, tokens: [a], mail_from: b}]\n"
    )
    assert errors(f"{text}{key}: [[]]") != []
    assert all(one.startswith("z.yaml:2:") for one in errors(f"{text}{key}: [[]]"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            (
                "services: [amazon_ses: {region: eu-west-1, tokens: [a], mail_from: mg}, "
                "mailgun: {subdomain: mg}]"
            ),
            "amazon_ses and mailgun both want mg: write it yourself, and yours counts",
        ),
        (
            (
                f'services: [xserver: {{host: sv1.xserver.jp, dkim_key: "{KEY}"}}, '
                f'conoha_wing: {{host: mail1.conoha.ne.jp, dkim_key: "{KEY}"}}]'
            ),
            "xserver and conoha_wing both want default: write it yourself, and yours counts",
        ),
        (
            (
                "services: [sendgrid: {subdomain: em1, target: u1.wl1.sendgrid.net}, "
                "mailgun: {subdomain: em1}]"
            ),
            "em1.example.com TXT stands beside the CNAME at z.yaml:1:12",
        ),
    ],
)
def test_clash_of_two_services_is_told(text: str, error: str) -> None:
    """Two services that want the same name are told; nobody can know which is meant."""
    assert any(error in one for one in errors(text)), errors(text)


def test_two_values_for_one_record_are_told(tmp_path: Path) -> None:
    """Where two services want another autodiscover each, the file has to say which."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"names: [x]\nlayer: relay\nrecords: [{{autodiscover: {name}.example.}}]\n"
        )
    told = errors("services: [one, two]", tmp_path)
    assert told == [
        (
            "z.yaml:1:17: one has another value than two for the same record: write it yourself, "
            "and it is yours that counts"
        )
    ]
    assert errors("services: [one, two]\nautodiscover: three.example.", tmp_path) == []
    (tmp_path / "two.yaml").write_text((tmp_path / "one.yaml").read_text())
    assert errors("services: [one, two]", tmp_path) == []


def test_terms_that_inputs_break_are_told(tmp_path: Path) -> None:
    """A term that is none once the inputs stand in it is told at the service."""
    (tmp_path / "ours.yaml").write_text(
        "names: [x]\nlayer: relay\nrecords: [{spf: 'include:{a}'}]\n"
        "inputs: {a: {kind: word, what: w, where: w, required: true}}\n"
    )
    (error,) = errors("services: [ours: {a: b}]", tmp_path)
    assert error.startswith("z.yaml:1:12: ours: 'include:b': 'b' is no whole domain name")


def test_bad_names_are_told_by_their_key() -> None:
    """A name that is none is told under ``records``, beside whatever services bring."""
    ses = "services: [amazon_ses: {region: eu-west-1, tokens: [a], mail_from: b}]\n"
    (error,) = errors(ses + "records: {'a b': {type: A, value: 192.0.2.1}}")
    assert error.startswith("z.yaml:2:11: 'a b' holds a character")
