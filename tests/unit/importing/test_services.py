"""Services are named where their records are live, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync.desired.layers import Layers
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.trial import Trial
from mailsync.importing.selectors import usual

from .corpus import Tried, found, tried, zone_of

ZONE = "example.com."
M365 = (
    "@ MX 0 example-com.mail.protection.outlook.com.",
    "@ TXT v=spf1 include:spf.protection.outlook.com -all",
    "autodiscover CNAME autodiscover.outlook.com.",
)
SELECTORS = tuple(
    f"selector{n}._domainkey CNAME selector{n}-example-com._domainkey.example.onmicrosoft.com."
    for n in (1, 2)
)
GOOGLE = ("@ MX 1 smtp.google.com.", "@ TXT v=spf1 include:_spf.google.com ~all")
SES = (
    "aaa._domainkey CNAME aaa.dkim.amazonses.com.",
    "bbb._domainkey CNAME bbb.dkim.amazonses.com.",
    "bounce MX 10 feedback-smtp.eu-west-1.amazonses.com.",
    "bounce TXT v=spf1 include:amazonses.com ~all",
)


def imported(*lines: str, trial: Trial | None = None) -> Tried:
    """An import of example.com whose plan is empty."""
    done = tried(found(zone_of(*lines), ZONE), trial=trial)
    assert [(plan.status, plan.stages) for plan in done.plans] == [
        ("converged", ()) for _ in done.plans
    ]
    return done


def test_a_service_stands_for_its_records() -> None:
    """All that it asks for is live: nothing else has to be written."""
    done = imported(*M365, *SELECTORS, "@ TXT MS=ms1", "@ TXT other=token")
    assert done.text == (
        "services:\n"
        "  - microsoft365:\n"
        "      mx: example-com.mail.protection.outlook.com\n"
        "      selector1: selector1-example-com._domainkey.example.onmicrosoft.com\n"
        "      selector2: selector2-example-com._domainkey.example.onmicrosoft.com\n"
        "      verification: MS=ms1\n"
        "verification: [other=token]\n"
    )


def test_what_is_optional_and_not_live_is_left_out() -> None:
    """One of two selectors is no pair; no autodiscover is a choice."""
    done = imported(*M365[:2], SELECTORS[0])
    assert done.text == (
        "services: [{microsoft365: {mx: example-com.mail.protection.outlook.com, "
        "autodiscover: none}}]\n"
        "dkim: {selector1: {cname: selector1-example-com._domainkey.example.onmicrosoft.com.}}\n"
    )


@pytest.mark.parametrize(
    ("record", "written"),
    [
        ("include:spf.protection.outlook.com -all", ""),
        ("include:spf.protection.outlook.com ~all", "spf: {all: softfail}\n"),
        (
            "ip4:192.0.2.1 include:spf.protection.outlook.com -all",
            "spf: {ip4: [192.0.2.1], all: fail}\n",
        ),
        (
            "include:a.example include:spf.protection.outlook.com -all",
            "spf: {include: [a.example], all: fail}\n",
        ),
        (
            "include:spf.protection.outlook.com include:a.example -all",
            "spf: {include: [spf.protection.outlook.com, a.example], all: fail}\n",
        ),
        (
            "mx include:spf.protection.outlook.com -all",
            "spf: {mx: true, all: fail}\n",
        ),
        (
            "include:spf.protection.outlook.com ptr -all",
            "spf: v=spf1 include:spf.protection.outlook.com ptr -all\n",
        ),
    ],
)
def test_spf_beside_a_service_is_as_short_as_it_can_be(record: str, written: str) -> None:
    """It comes out word for word, whatever of it the service brings."""
    done = imported(M365[0], f"@ TXT v=spf1 {record}", M365[2])
    assert done.one.services == ("microsoft365",)
    assert done.text.partition("]\n")[2] == written


def test_ttls_that_are_not_the_files_stand_beside_a_service() -> None:
    """MX, SPF and tokens take a TTL alone; what has no such form is written out."""
    lines = (
        "@ 300 MX 0 example-com.mail.protection.outlook.com.",
        "@ 600 TXT v=spf1 include:spf.protection.outlook.com -all",
        "@ 600 TXT MS=ms1",
        "autodiscover 60 CNAME autodiscover.outlook.com.",
        "_dmarc TXT v=DMARC1; p=none",
        "s1._domainkey CNAME a.example.",
        "s2._domainkey CNAME b.example.",
    )
    assert imported(*lines).text == (
        "services: [{microsoft365: {mx: example-com.mail.protection.outlook.com, "
        "verification: MS=ms1}}]\n"
        "mx: {ttl: 5m}\n"
        "spf: {all: fail, ttl: 10m}\n"
        "dkim: {s1: {cname: a.example.}, s2: {cname: b.example.}}\n"
        "dmarc: v=DMARC1; p=none\n"
        "autodiscover: {target: autodiscover.outlook.com., ttl: 1m}\n"
        "verification: {ttl: 10m}\n"
    )


def test_a_service_of_which_a_record_is_missing_is_a_comment() -> None:
    """The records are written out, and say whose they are."""
    assert imported(GOOGLE[0], "@ TXT v=spf1 mx -all").text == (
        "mx: [1 smtp.google.com.]  # Google Workspace\nspf: {mx: true, all: fail}\n"
    )
    odd = imported("@ MX 5 smtp.google.com.", GOOGLE[1])
    assert odd.one.services == ()
    assert "mx: [5 smtp.google.com.]  # Google Workspace\n" in odd.text


def test_a_token_alone_is_no_sign_of_a_service() -> None:
    """Every product of a vendor has such."""
    assert imported("@ TXT MS=ms1").text == "verification: [MS=ms1]\n"


def test_a_mailbox_stands_behind_the_gateway_that_has_the_mx() -> None:
    """If it is clear which: one gateway, one mailbox service."""
    gateway = "@ MX 10 mgf.cybermail.jp."
    assert imported(gateway, *M365[1:], *SELECTORS).text.startswith(
        "services:\n  - {mailgates: {mx: mgf}}\n  - microsoft365:\n      behind: mailgates\n"
    )
    alone = imported(gateway, "@ TXT v=spf1 ip4:192.0.2.1 -all")
    assert alone.text.startswith("mx: [10 mgf.cybermail.jp.]  # MAILGATES \u03a3\n")
    two = imported(
        gateway, "@ TXT v=spf1 include:_spf.google.com include:spf.protection.outlook.com ~all"
    )
    assert two.one.services == ()


def test_an_mx_that_is_nobodys_stands_beside_the_services() -> None:
    """The file's own MX wins, and is all of them; where that is an error, it has to be meant."""
    lolipop = ("@ MX 10 mx01.lolipop.jp.", "@ TXT v=spf1 include:_spf.lolipop.jp ~all")
    done = imported(*lolipop, "@ MX 50 backup.example.net.")
    assert done.text == ("services: [lolipop]\nmx: [10 mx01.lolipop.jp., 50 backup.example.net.]\n")
    done = imported(*GOOGLE, "@ MX 50 backup.example.net.")
    assert "write it with 'acknowledge: [mx-mixed-services]'" in done.left("mx")[0]
    assert done.one.services == ()


def test_records_below_are_a_services_and_no_domain() -> None:
    """A custom MAIL FROM is said once: by its service, if with the file's TTL."""
    done = imported(*GOOGLE, *SES)
    assert done.text == (
        "services:\n"
        "  - google_workspace\n"
        "  - {amazon_ses: {region: eu-west-1, tokens: [aaa, bbb], mail_from: bounce}}\n"
    )
    other = imported(*GOOGLE, *SES[:2], SES[2].replace("MX", "300 MX"), SES[3])
    assert other.one.services == ("google_workspace",)
    assert "subdomains:\n  bounce:\n    mx: {values: [10 feedback-smtp.eu-west-1" in other.text
    assert "  aaa: {cname: aaa.dkim.amazonses.com.}  # Amazon SES\n" in other.text


def test_a_domain_below_has_services_of_its_own() -> None:
    """Its keys are relative to it, and so are its services."""
    below = tuple(line.replace("@ ", "news ", 1) for line in GOOGLE)
    done = imported("@ MX 10 mx.example.net.", *below)
    assert done.text == (
        "mx: [10 mx.example.net.]\nsubdomains: {news: {services: [google_workspace]}}\n"
    )


_OWN = """\
names: {en: [Our relay]}
layer: relay
inputs:
  token: {kind: word, what: a token, where: here, required: true}
  mode: {kind: word, what: a mode, where: here, choices: [a, b], default: a}
records:
  - dkim: {"{token}": {cname: "{token}.{mode}.relay.example."}}
    confidence: own
    source: us
  - srv: {imaps: "0 1 993 {token}.relay.example."}
    if: {mode: b}
    confidence: own
    source: us
recognise:
  dkim: ["*.relay.example"]
sources: [us]
"""


@pytest.mark.parametrize(
    "lines",
    [
        ("aaa._domainkey CNAME bbb.dkim.amazonses.com.",),
        ("mg TXT v=spf1 include:mailgun.org ~all", "mg MX 10 mxa.mailgun.org."),
        (
            "mg TXT v=spf1 include:mailgun.org ~all",
            *(f"mg MX 10 mx{n}.mailgun.org." for n in "abc"),
        ),
        ("mg TXT v=spf1 include:mailgun.org -all",),
        ("x1._domainkey CNAME x1.c.relay.example.",),
        ("@ MX 10 mx.zoho.jp.", "@ MX 20 mx2.zoho.jp.", "@ TXT v=spf1 include:zohomail.jp ~all"),
    ],
)
def test_what_is_nearly_a_services_is_not(lines: tuple[str, ...], tmp_path: Path) -> None:
    """Another token, an MX too few, another verdict, an unknown mode: nothing is made to fit."""
    (tmp_path / "relay.yaml").write_text(_OWN)
    trial = Trial(Layers(catalogue=Catalogue(tmp_path)))
    done = imported(*lines, trial=trial)
    assert done.one.services in {(), ("mailgun",)}
    if done.one.services:
        assert "receive" not in done.text


def test_terms_of_a_service_that_stand_for_the_domain_are_its_own() -> None:
    """``mx`` is Sakura's there, and is not written again."""
    done = imported(
        "@ MX 10 example.sakura.ne.jp.",
        "@ TXT v=spf1 mx a:www1.sakura.ne.jp ip4:192.0.2.1 ~all",
    )
    assert done.text == (
        "services: [{sakura_rental: {initial: example.sakura.ne.jp, host: www1.sakura.ne.jp}}]\n"
        "spf: {ip4: [192.0.2.1], all: softfail}\n"
    )


def test_services_of_the_users_own_are_recognised(tmp_path: Path) -> None:
    """Beside those that mailsync knows, with the choice that explains most."""
    (tmp_path / "relay.yaml").write_text(_OWN)
    (tmp_path / "wrong.yaml").write_text("names: 1")
    trial = Trial(Layers(catalogue=Catalogue(tmp_path)))
    assert "relay" in {one.id for one in trial.services}
    done = imported("x1._domainkey CNAME x1.a.relay.example.", trial=trial)
    assert done.text == "services: [{relay: {token: x1}}]\n"
    done = imported(
        "x1._domainkey CNAME x1.b.relay.example.",
        "_imaps._tcp SRV 0 1 993 x1.relay.example.",
        trial=trial,
    )
    assert done.text == "services: [{relay: {token: x1, mode: b}}]\n"


def test_a_service_that_the_loader_refuses_is_left_out(tmp_path: Path) -> None:
    """Its inputs fit what is live, and the file would not be right: the records are written."""
    refused = _OWN.replace("kind: word, what: a token", "kind: number, what: a token")
    (tmp_path / "relay.yaml").write_text(refused)
    trial = Trial(Layers(catalogue=Catalogue(tmp_path)))
    done = imported("x1._domainkey CNAME x1.a.relay.example.", trial=trial)
    assert done.text == "dkim:\n  x1: {cname: x1.a.relay.example.}  # Our relay\n"


def test_selectors_that_services_use_are_known() -> None:
    """Fixed ones and usual ones; not those that only the user knows."""
    known = usual(Trial().services)
    assert {"selector1", "selector2", "google", "fm1", "s1", "default"} <= set(known)
    assert list(known) == sorted(known)
    assert not any("{" in name for name in known)
