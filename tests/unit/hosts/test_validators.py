"""octoDNS' own validators over desired mail: what they say, and what is left out."""

from __future__ import annotations

import pytest

from mailsync.desired.model import Desired, Place, Wish
from mailsync.hosts.validators import UNHEARD, ids, judge, story
from tests.unit.desired.reads import read_all


def found(text: str) -> list[tuple[str, str, str]]:
    """Judge a file of example.com: place, id, severity."""
    domains, errors = read_all(text)
    assert errors == []
    return [(one.finding.where, one.finding.id, one.finding.severity) for one in judge(domains)]


LOOP = """\
records:
  a: {type: CNAME, value: b.example.com.}
  b: {type: CNAME, value: a.example.com.}
"""
WEAK_DS = """\
records:
  sub: {type: DS, value: {key_tag: 1, algorithm: 5, digest_type: 1, digest: %s}}
""" % ("0a" * 20)
ODD_SRV = """\
records:
  odd.name: {type: SRV, value: {priority: 0, weight: 0, port: 1, target: a.example.net.}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("records: {'': {type: CNAME, value: www.example.net.}}", "octodns-root-cname"),
        (LOOP, "octodns-no-cname-loop"),
        (LOOP, "octodns-cname-target-not-cname"),
        ("records: {sub: {type: NS, values: [ns1.example.net.]}}", "octodns-multi-value-ns"),
        (
            "records: {'': {type: CAA, value: {flags: 0, tag: issue, value: ca.example.net}}}",
            "octodns-caa-best-practices",
        ),
        (WEAK_DS, "octodns-ds-value-best-practice"),
        (ODD_SRV, "octodns-srv-name-rfc"),
        ("mx: [10 mx1]", "octodns-mail"),
    ],
)
def test_octodns_says_what_mailsync_does_not(text: str, expected: str) -> None:
    """What only octoDNS knows to be wrong is told under its validator's id."""
    assert expected in {id_ for _, id_, _ in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        # said by mailsync's own rules, or by the loader
        "mx: [10 a, 20 b]\nrecords: {a: {type: CNAME, value: mx.example.net.}}",
        "srv: {imaps: 0 1 993 a}\nrecords: {a: {type: CNAME, value: mx.example.net.}}",
        "tlsa: {mx1: 3 0 0 0a0b}",
        # octoDNS takes the file for the whole zone
        "mx: [10 a, 20 b]",
        "srv: {imaps: 0 1 993 a}",
        "autodiscover: www",
        "spf: v=spf1 -all",
        "dmarc: v=DMARC1; p=none",
        # it takes a redirect for a missing 'all'
        "mx: [10 a, 20 b]\nspf: v=spf1 redirect=_spf.example.net\ndmarc: v=DMARC1; p=none",
        # one MX of a service with many servers behind it
        "mx: [10 mgf.cybermail.jp.]",
        "mx: [0 example-com.mail.protection.outlook.com.]",
        "mail: none",
        # semicolons, long keys and underscores are nothing odd
        "dkim: {s1: {cname: s1.example.net.}}\nrecords: {_x: {type: TXT, value: 'a;b; c'}}",
    ],
)
def test_octodns_is_not_heard_where_it_is_wrong_or_late(text: str) -> None:
    """Nothing is told twice, and nothing that takes what the file does not name for missing."""
    assert found(text) == []


def test_findings_stand_at_their_wish() -> None:
    """The place is that of the record, the domain the one that asks for it."""
    text = "mx: [10 mx1]\nsubdomains:\n  news:\n    mx: [10 mx2]"
    domains, _ = read_all(text)
    said = [(one.domain, str(one.place), one.finding.message) for one in judge(domains)]
    assert [(domain, place) for domain, place, _ in said] == [
        ("example.com", "z.yaml:1:5"),
        ("news.example.com", "z.yaml:4:9"),
    ]
    assert "at least 2 values for redundancy, found 1" in said[0][2]


def test_what_octodns_cannot_hold_is_no_crash() -> None:
    """Types and values that it does not know are left to whoever writes them."""
    place = Place("z.yaml", 1, 1)
    wishes = tuple(
        Wish("record", "a.example.com.", rdtype, values, 60, place)
        for rdtype, values in [
            ("TYPE65534", ("\\# 0",)),
            ("MX", ("70000 mx.example.net.",)),
            ("TLSA", ("moo",)),
            ("TXT", ("unquoted \u20ac",)),
            ("PTR", ("a.", "b.")),
        ]
    )
    elsewhere = Wish("ptr", "1.2.0.192.in-addr.arpa.", "PTR", ("a.",), 60, place)
    judged = judge([Desired("example.com.", "example.com.", (*wishes, elsewhere), place)])
    assert {one.domain for one in judged} <= {"example.com"}


def test_every_validator_is_told_or_left_out_with_a_reason() -> None:
    """Ids are octoDNS' own; each tells its story, and what is left out is no id."""
    for id_ in ids():
        assert id_.startswith("octodns-")
        assert story(id_)
    assert not {f"octodns-{id_}" for id_ in UNHEARD} & set(ids())
    assert "octodns-mx-value" not in ids(), "the lenient set is not asked"
    assert all(story(f"octodns-{id_}") and why for id_, why in UNHEARD.items())
    assert story("octodns-moo") == ""
