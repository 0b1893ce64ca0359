from __future__ import annotations

import pytest

from mailsync.desired.faults import Faults
from mailsync.desired.services.recognition import Trace, captured, recognised
from tests.unit.desired.services.samples import CATALOGUE

KNOWN = tuple(CATALOGUE.all(Faults()))


@pytest.mark.parametrize(
    ("trace", "value", "expected"),
    [
        ("mx", "example-com.mail.protection.outlook.com", ["microsoft365"]),
        ("mx", "example-com.o-v1.MX.microsoft", ["microsoft365"]),
        ("mx", "aspmx.l.google.com", ["google_workspace"]),
        ("mx", "mgp.cybermail.jp", ["mailgates"]),
        ("mx", "mx01.lolipop.jp", ["lolipop"]),
        ("mx", "jp1-aspmx1.worksmobile.com", ["line_works"]),
        ("mx", "route1.mx.cloudflare.net", ["cloudflare_email_routing"]),
        ("mx", "mx.example.com", []),
        ("spf", "include:spf.mta.hdems.com", ["hennge"]),
        ("spf", "include:spfcm.cybermail.jp", ["cybermail"]),
        ("dkim", "selector1-a._domainkey.b.onmicrosoft.com", ["microsoft365"]),
        ("dkim", "selector2-a0b._domainkey.b.o-v1.dkim.mail.microsoft", ["microsoft365"]),
        ("dkim", "abc.dkim.amazonses.com", ["amazon_ses"]),
        ("dkim", "s1.domainkey.u1.wl1.sendgrid.net", ["sendgrid"]),
        ("verification", "MS=ms1234", ["microsoft365"]),
        ("verification", "google-site-verification=x", ["google_workspace"]),
        ("autodiscover", "autodiscover.outlook.com", ["microsoft365"]),
    ],
)
def test_live_value_is_recognised(trace: Trace, value: str, expected: list[str]) -> None:
    """A live value tells which service it belongs to; one of nobody's tells nothing."""
    assert [one.id for one in recognised(KNOWN, trace, value)] == expected


@pytest.mark.parametrize(
    ("template", "text", "inputs"),
    [
        ("{preference} {mx}.", "0 a.b.", {"preference": "0", "mx": "a.b"}),
        ("10 {host}.{domain}.", "10 mail.example.com.", {"host": "mail"}),
        ("{tokens}.{dkim_domain}.", "abc.dkim.x.", {"tokens": "abc", "dkim_domain": "dkim.x"}),
        ("{a}.x.{a}.", "b.x.b.", {"a": "b"}),
        ("{a}.x.{a}.", "b.x.c.", None),
        ("{key}", "v=DKIM1; p=", {"key": "v=DKIM1; p="}),
        ("10 mgf.cybermail.jp.", "10 MGF.cybermail.jp.", {}),
        ("10 mgf.cybermail.jp.", "10 mgfxcybermail.jp.", None),
    ],
)
def test_inputs_are_read_back(template: str, text: str, inputs: dict[str, str] | None) -> None:
    """What was put into a record's placeholders is found in the record again."""
    assert captured(template, text, "example.com") == inputs
