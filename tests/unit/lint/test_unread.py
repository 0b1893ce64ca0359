"""What reading a file refuses, as findings with the ids of rules."""

from __future__ import annotations

import pytest

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Place
from mailsync.errors import MailsyncError
from mailsync.lint.registry import RULES
from mailsync.lint.unread import FILE, unread
from tests.unit.lint.rule_cases import RSA_2048

CNAME_AND_KEY = """\
records:
  s1._domainkey.news: [{type: CNAME, value: a.example.net.}, {type: TXT, value: hello}]
"""
REFUSED = [
    ("null-mx", "mx: [5 .]"),
    ("null-mx", "mx: [0 ., 10 mx1]"),
    ("null-mx-sends", "mx: [0 .]\nspf: v=spf1 mx -all"),
    ("mx-malformed", "mx: [70000 mx1]"),
    ("mx-malformed", "mx: [10 192.0.2.1]"),
    ("mx-malformed", "mx: [10 localhost.]"),
    ("mx-malformed", "mx: [10 m_x]"),
    ("mx-malformed", "mx: [10 mx1, 20 mx1]"),
    ("spf-version", "spf: v=spf10 -all"),
    ("spf-syntax", "spf: v=spf1 -all ip4:bogus"),
    ("spf-syntax", "spf: {ip4: [bogus], all: fail}"),
    ("semicolon", "spf: v=spf1 ip4:192.0.2.1; -all"),
    ("semicolon", "spf: v=spf1; -all"),
    ("spf-modifier", "spf: v=spf1 ip4=192.0.2.1 -all"),
    ("spf-all", "spf: v=spf1 +all"),
    ("spf-lookups", "spf: v=spf1 " + " ".join(f"a:h{n}.example.net" for n in range(11))),
    ("dkim-key", "dkim: {s1: v=DKIM1; p=MAoCBHd3d3cCAgAB}"),
    ("dkim-record", "dkim: {s1: v=DKIM1; p=-}"),
    ("dkim-record", f"dkim: {{s1: h=sha1; p={RSA_2048}}}"),
    ("dkim-cname", CNAME_AND_KEY),
    ("dmarc-version", "dmarc: v=dmarc1; p=none"),
    ("dmarc-policy", "dmarc: v=DMARC1; p=rejekt"),
    ("dmarc-policy", "dmarc: v=DMARC1; sp=none"),
    ("dmarc-policy", "dmarc: {p: rejekt}"),
    ("dmarc-uri", "dmarc: v=DMARC1; p=none; rua=a@example.com"),
    ("dmarc-uri", "dmarc: {p: none, rua: [https://example.com/dmarc]}"),
    ("sts-mx-mismatch", "mx: [10 mx1]\nmta_sts: {mode: testing, mx: [mx2.example.com]}"),
    ("tlsrpt-record", "tls_rpt: tls@example.com"),
    ("tlsrpt-record", "tls_rpt: v=TLSRPTv1;"),
    ("tlsa-usage", "tlsa: {mx1: moo}"),
    ("tlsa-usage", f"tlsa: {{mx1: 1 1 1 {'0a' * 32}}}"),
    (FILE, "mxx: [10 mx1]"),
    (FILE, "mx: {}"),
    (FILE, "dmarc: v=DMARC1; p=none; p=none"),
    (FILE, "spf: {all: softfail, redirect: a.example.net}"),
]


def refused(text: str) -> list[MailsyncError]:
    """Read a file in which something is wrong: all that is."""
    faults = Faults()
    place = Place("zones/example.com.yaml", 1, 1)
    root = syntax.parse(text.encode(), place.file, faults)
    zone.read("example.com.", root, Layers(), place, faults)
    return list(faults.errors())


@pytest.mark.parametrize(("id_", "text"), REFUSED)
def test_what_the_loader_refuses_has_the_id_of_its_rule(id_: str, text: str) -> None:
    """An error of a file is a finding of that rule, at the same place, with the same words."""
    errors = refused(text)
    found = list(unread(errors))
    assert id_ in {one.finding.id for one in found}
    assert [(one.finding.where, one.finding.message) for one in found] == [
        (error.where, error.message) for error in errors
    ]
    assert {(one.domain, one.finding.severity) for one in found} == {("example.com", "error")}


def test_every_rule_that_is_refused_is_refused() -> None:
    """A rule that says so of itself is one of the loader's."""
    assert {id_ for id_, _ in REFUSED} == {rule.id for rule in RULES.values() if rule.refused}


def test_errors_without_a_place_in_a_file_are_no_findings() -> None:
    """A pattern that matches nothing is said otherwise; a whole file has its first line."""
    errors = [
        MailsyncError("no domain matches 'x'"),
        MailsyncError("and 7 more errors in this file", where="zones/a.example.yml"),
        MailsyncError("odd", where="odd:0:0"),
    ]
    found = list(unread(errors))
    assert [(one.place, one.domain) for one in found] == [
        (Place("zones/a.example.yml", 1, 1), "a.example"),
        (Place("odd:0:0", 1, 1), "odd:0:0"),
    ]
