from __future__ import annotations

import pytest

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Place
from mailsync.desired.origins import trace


def origins(text: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Give, by record, each part's text, key, service and line:column."""
    faults = Faults()
    root = syntax.parse(text.encode(), "z.yaml", faults)
    arguments = ("example.com.", root, Layers(), Place("z.yaml", 1, 1), faults)
    (desired,) = zone.read(*arguments)
    (part,) = zone.parts(*arguments)
    assert faults.errors() == ()
    return {
        f"{traced.wish.kind} {traced.wish.name} {traced.wish.type}": [
            (one.text, one.key, one.service, f"{one.place.line}:{one.place.column}")
            for one in traced.origins
        ]
        for traced in trace(desired, part.expansion.said)
    }


CASES = [
    (
        "mx: [10 a.b., 20 c.d.]",
        "mx example.com. MX",
        [("10 a.b.", "mx", "", "1:6"), ("20 c.d.", "mx", "", "1:15")],
    ),
    (
        "mx: {values: [{preference: 10, host: a.b.}], ttl: 1h}",
        "mx example.com. MX",
        [("10 a.b.", "mx", "", "1:15")],
    ),
    (
        "hosts: {mx1: [192.0.2.1, 192.0.2.2]}",
        "host mx1.example.com. A",
        [("192.0.2.1", "hosts", "", "1:15"), ("192.0.2.2", "hosts", "", "1:26")],
    ),
    (
        "hosts: {mx1: absent}",
        "host mx1.example.com. A",
        [("absent", "hosts", "", "1:9")],
    ),
    (
        "verification: [a=b: absent]",
        "verification example.com. TXT",
        [('absent: "a=b"', "verification", "", "1:16")],
    ),
    (
        "records: {x: [{type: A, value: 192.0.2.1}, {type: TXT, values: [a, b]}]}",
        "record x.example.com. TXT",
        [('"a"', "records", "", "1:44"), ('"b"', "records", "", "1:44")],
    ),
    (
        "spf: {mx: true, a: [a.b, c.d.], ip4: 192.0.2.1, redirect: e.f}",
        "spf example.com. TXT",
        [
            ("mx", "spf", "", "1:11"),
            ("a:a.b", "spf", "", "1:21"),
            ("a:c.d", "spf", "", "1:26"),
            ("ip4:192.0.2.1", "spf", "", "1:38"),
            ("redirect=e.f", "spf", "", "1:59"),
        ],
    ),
    (
        "spf: v=spf1 mx -all",
        "spf example.com. TXT",
        [("mx", "spf", "", "1:6"), ("-all", "spf", "", "1:6")],
    ),
    (
        "spf: {txt: v=spf1 -all, ttl: 1h}",
        "spf example.com. TXT",
        [("-all", "spf", "", "1:6")],
    ),
    (
        "verification: {values: [a, b], ttl: 1h}",
        "verification example.com. TXT",
        [('"a"', "verification", "", "1:25"), ('"b"', "verification", "", "1:28")],
    ),
    ("mail: none", "mx example.com. MX", [("0 .", "mail", "", "1:7")]),
    (
        "mail: none\nspf: v=spf1 ?all",
        "spf example.com. TXT",
        [("?all", "spf", "", "2:6")],
    ),
    (
        "mail: none\n",
        "spf example.com. TXT",
        [('"v=spf1 -all"', "mail", "", "1:7")],
    ),
    (
        "services: [fastmail]\nspf: {all: softfail}\ndkim: {s1: {cname: a.b.}}",
        "spf example.com. TXT",
        [
            ("include:spf.messagingengine.com", "spf", "fastmail", "1:12"),
            ("~all", "spf", "", "2:12"),
        ],
    ),
    (
        "services: [fastmail]\ndkim: {s1: {cname: a.b.}}",
        "dkim fm1._domainkey.example.com. CNAME",
        [("fm1.example.com.dkim.fmhosted.com.", "dkim", "fastmail", "1:12")],
    ),
    (
        "services: [fastmail]\ndkim: {s1: {cname: a.b.}}",
        "dkim s1._domainkey.example.com. CNAME",
        [("a.b.", "dkim", "", "2:8")],
    ),
    (
        (
            "services: [sendgrid: {subdomain: em1, target: u1.sendgrid.net}]\n"
            "records: {www: {type: A, value: 192.0.2.1}}"
        ),
        "record em1.example.com. CNAME",
        [("u1.sendgrid.net.", "records", "sendgrid", "1:12")],
    ),
    (
        "mta_sts: {mode: testing}\nmx: 10 a.b.",
        "mta-sts _mta-sts.example.com. TXT",
        None,
    ),
]


@pytest.mark.parametrize(("text", "record", "expected"), CASES)
def test_parts_have_their_places(
    text: str, record: str, expected: list[tuple[str, str, str, str]] | None
) -> None:
    """Each value, and each term of SPF, is told with its key, its service and its place."""
    found = origins(text)[record]
    if expected is None:
        ((_, key, service, place),) = found
        assert (key, service, place) == ("mta_sts", "", "1:10")
    else:
        assert sorted(found) == sorted(expected)
