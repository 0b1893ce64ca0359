"""`ZoneFileProvider`, driven as octoDNS drives it: plan, then apply, on files of every layout."""

from __future__ import annotations

import logging
import os
import re
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from octodns.provider.plan import Plan
from octodns.record import Create, Record
from octodns.record.exception import ValidationError
from octodns.record.mx import MxValue
from octodns.record.txt import TxtValue
from octodns.zone import Zone

from mailsync_providers.zonefile import (
    ZoneFileChanged,
    ZoneFileError,
    ZoneFileMissing,
    ZoneFileProvider,
    ZoneFileRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZONE = "example.jp."
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = b"$TTL 3600\n@ IN SOA ns1 hostmaster 2026112200 1 2 3 4\n  IN NS ns1\n"
RAISED = HEAD.replace(b"2026112200", b"2026112201")


@pytest.fixture
def provider(tmp_path: Path) -> ZoneFileProvider:
    """A provider whose clock stands still."""
    return ZoneFileProvider("local", str(tmp_path), clock=lambda: NOON)


def live(provider: ZoneFileProvider, zone_name: str = ZONE) -> Zone:
    """The zone as the provider reads it."""
    zone = Zone(zone_name, [])
    assert provider.populate(zone, target=True, lenient=True)
    return zone


def record(zone: Zone, name: str, type_: str, ttl: int, *values: Any) -> Record:
    """A record of octoDNS."""
    data = {"type": type_, "ttl": ttl, "values": list(values)}
    if type_ in {"CNAME", "DNAME"}:
        data["value"] = values[0]
    return Record.new(zone, name, data, lenient=True)


def mx(zone: Zone, ttl: int, *hosts: str, name: str = "") -> Record:
    """An MX record, all hosts alike."""
    values = [{"preference": 10, "exchange": host} for host in hosts]
    return record(zone, name, "MX", ttl, *values)


def applied(
    provider: ZoneFileProvider, body: bytes, change: Callable[[Zone], None], head: bytes = HEAD
) -> bytes:
    """What follows ``head`` after octoDNS planned and applied ``change`` to ``head + body``."""
    path = provider.path(ZONE)
    path.write_bytes(head + body)
    desired = live(provider).copy()
    change(desired)
    plan = provider.plan(desired, lenient=True)
    assert plan is not None
    assert provider.apply(plan) == len(plan.changes)
    assert provider.plan(desired, lenient=True) is None, "a plan right after it is empty"
    new = path.read_bytes()
    raised = head.replace(b"2026112200", b"2026112201")
    assert new.startswith(raised)
    return new.removeprefix(raised)


def replacing(*args: Any) -> Callable[[Zone], None]:
    """A change: this record, instead of what is there."""
    return lambda zone: zone.add_record(record(zone, *args), replace=True, lenient=True)


def removing(name: str, type_: str) -> Callable[[Zone], None]:
    """A change: this record goes."""
    return lambda zone: zone.remove_record(zone.get_type(name, type_))


def routing(ttl: int, *hosts: str) -> Callable[[Zone], None]:
    """A change: this MX, instead of what is there."""
    return lambda zone: zone.add_record(mx(zone, ttl, *hosts), replace=True)


OLD_MX = b"  IN MX 10 mx.old.example. ; old\n"


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(
            b"; mail\n" + OLD_MX + b"\n; web\nwww A 192.0.2.1\n",
            routing(300, "mx.old.example."),
            b"; mail\n  300 IN MX 10 mx.old.example. ; old\n\n; web\nwww A 192.0.2.1\n",
            id="a TTL where none was",
        ),
        pytest.param(
            b"\t1h\tIN\tMX\t10 mx.old.example. ; old\n",
            routing(300, "mx.old.example."),
            b"\t300\tIN\tMX\t10 mx.old.example. ; old\n",
            id="a TTL in its token",
        ),
        pytest.param(
            b"@ in 1W2d mx 10 mx.old.example.\n",
            routing(300, "mx.old.example."),
            b"@ in 300 mx 10 mx.old.example.\n",
            id="a TTL after the class",
        ),
        pytest.param(
            b"\tMX\t10 mx.old.example.\n",
            routing(300, "mx.old.example."),
            b"\t300\tMX\t10 mx.old.example.\n",
            id="a TTL set off by a tab",
        ),
        pytest.param(
            OLD_MX + b"www A 192.0.2.1\n",
            routing(3600, "mx1.new.example.", "mx2.new.example."),
            b"  IN MX 10 mx1.new.example.\n  IN MX 10 mx2.new.example.\nwww A 192.0.2.1\n",
            id="new values in the layout of the old",
        ),
        pytest.param(
            OLD_MX + b"www A 192.0.2.1\n",
            routing(3600, "mx.old.example.", "mx2.new.example."),
            OLD_MX + b"  IN MX 10 mx2.new.example.\nwww A 192.0.2.1\n",
            id="a value added keeps the other's line",
        ),
        pytest.param(
            b"@ MX 10 mx.a.example.\n  MX 10 mx.b.example. ; b\n  A 192.0.2.1\n",
            routing(3600, "mx.b.example."),
            b"  MX 10 mx.b.example. ; b\n  A 192.0.2.1\n",
            id="a removed value's line vanishes",
        ),
        pytest.param(
            b"www A 192.0.2.1\n    AAAA 2001:db8::1 ; v6\n    TXT x\n",
            removing("www", "A"),
            b"www    AAAA 2001:db8::1 ; v6\n    TXT x\n",
            id="the owner is handed over",
        ),
        pytest.param(
            b"$ORIGIN a.example.jp.\nwww A 192.0.2.1\n"
            b"$ORIGIN b.example.jp.\n    AAAA 2001:db8::1\n",
            removing("www.a", "A"),
            b"$ORIGIN a.example.jp.\n$ORIGIN b.example.jp.\n"
            b"www.a.example.jp.    AAAA 2001:db8::1\n",
            id="the owner is handed over to another origin",
        ),
        pytest.param(
            b"www A 192.0.2.1\n$ORIGIN sub\nftp A 192.0.2.2\n",
            replacing("mail", "A", 60, "192.0.2.3"),
            b"www A 192.0.2.1\n$ORIGIN sub\nftp A 192.0.2.2\n"
            b"mail.example.jp.\t60\tIN\tA\t192.0.2.3\n",
            id="a new owner comes at the end, under the last origin",
        ),
        pytest.param(
            b"www A 192.0.2.1\n    AAAA 2001:db8::1\nftp A 192.0.2.2",
            replacing("ftp", "TXT", 60, "x y"),
            b'www A 192.0.2.1\n    AAAA 2001:db8::1\nftp A 192.0.2.2\nftp\t60\tIN\tTXT\t"x y"\n',
            id="a last line without an end gets one",
        ),
        pytest.param(
            b"www A 192.0.2.1\n    AAAA 2001:db8::1\nftp A 192.0.2.2\n",
            replacing("www", "TXT", 60, "x"),
            b'www A 192.0.2.1\n    AAAA 2001:db8::1\nwww\t60\tIN\tTXT\t"x"\nftp A 192.0.2.2\n',
            id="a new RRset comes after its owner's",
        ),
        pytest.param(
            b'@ TXT ( "v=spf1 mx "  ; first\n   "-all" ) ; second\n  TXT "foreign" "split"\n',
            replacing("", "TXT", 3600, "v=spf1 -all", "foreignsplit"),
            b'  TXT "foreign" "split"\n  TXT "v=spf1 -all"\n',
            id="a value over several lines vanishes whole; a split one is the same text",
        ),
        pytest.param(
            b'@ ( TXT\n "a" )\n',
            replacing("", "TXT", 60, "a", "b"),
            b'@ ( 60 TXT\n "a" )\n@\t60\tIN\tTXT\t"b"\n',
            id="a layout that cannot be copied is not",
        ),
        pytest.param(
            b"@ TYPE16 \\# 2 0161\n",
            replacing("", "TXT", 3600, "a", "b"),
            b'@ TYPE16 \\# 2 0161\n@\t3600\tIN\tTXT\t"b"\n',
            id="nor is an RFC 3597 type",
        ),
        pytest.param(
            b"WWW.Example.JP. A 192.0.2.1\nwww A 192.0.2.2\nwww A 192.0.2.1 ; again\n",
            replacing("www", "A", 3600, "192.0.2.2"),
            b"www A 192.0.2.2\n",
            id="owners in either case; a value given twice goes twice",
        ),
    ],
)
def test_a_change_touches_only_its_own_lines(
    provider: ZoneFileProvider, before: bytes, change: Callable[[Zone], None], after: bytes
) -> None:
    """Comments, order and layout of everything else stay byte for byte."""
    assert applied(provider, before, change) == after
    crlf = HEAD.replace(b"\n", b"\r\n")
    with_crlf = applied(provider, before.replace(b"\n", b"\r\n"), change, head=crlf)
    assert with_crlf == after.replace(b"\n", b"\r\n"), "lines that end with CRLF go on doing so"


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(
            b"@ 300 MX 10 mx.a.example.\n  A 192.0.2.1\n  AAAA 2001:db8::1\n",
            removing("", "MX"),
            b"  300 A 192.0.2.1\n  AAAA 2001:db8::1\n",
            id="removed: its heir is told the TTL",
        ),
        pytest.param(
            b"@ 300 MX 10 mx.a.example.\n  A 192.0.2.1\n  AAAA 2001:db8::1\n",
            routing(60, "mx.a.example."),
            b"@ 60 MX 10 mx.a.example.\n  300 A 192.0.2.1\n  AAAA 2001:db8::1\n",
            id="lowered: its heir keeps the old TTL",
        ),
        pytest.param(
            b"www A 192.0.2.1\n    AAAA 2001:db8::1\n",
            replacing("www", "TXT", 60, "x"),
            b'www A 192.0.2.1\n    AAAA 2001:db8::1\nwww\t60\tIN\tTXT\t"x"\n',
            id="added: nobody inherits",
        ),
        pytest.param(
            b"www A 192.0.2.1\nftp A 192.0.2.2\n",
            replacing("www", "TXT", 60, "x"),
            b'www A 192.0.2.1\nwww\t60\tIN\tTXT\t"x"\nftp 3600 A 192.0.2.2\n',
            id="added before an heir: it keeps its TTL",
        ),
    ],
)
def test_without_a_default_ttl_the_heirs_of_a_ttl_keep_theirs(
    provider: ZoneFileProvider, before: bytes, change: Callable[[Zone], None], after: bytes
) -> None:
    """Where a TTL is inherited from the line before (RFC 1035), no other record's TTL changes."""
    head = b"@ 3600 IN SOA ns1 hostmaster 2026112200 1 2 3 4\n@ IN NS ns1\n"
    assert applied(provider, before, change, head=head) == after


def test_every_supported_type_survives_the_way_to_octodns_and_back(
    provider: ZoneFileProvider,
) -> None:
    """Each type is read, removed, written again with the same value, and its TTL changed."""
    texts = {
        "A": "192.0.2.1",
        "AAAA": "2001:db8::1",
        "CAA": '0 issue "ca.example; policy=x"',
        "CNAME": "target.example.",
        "DNAME": "target.example.",
        "DS": "1 8 2 " + "ab" * 32,
        "HTTPS": '1 . alpn="h2,h3" ipv4hint="192.0.2.1"',
        "LOC": "31 58 52.100 S 115 49 11.700 E 20.00m 10.00m 10.00m 2.00m",
        "MX": "0 .",
        "NAPTR": '100 50 "S" "SIP+D2U" "" _sip._udp.example.jp.',
        "NS": "ns.example.",
        "OPENPGPKEY": "QUJD" * 40,
        "PTR": "host.example.",
        "SPF": '"v=spf1 -all"',
        "SRV": "0 1 465 mx.example.",
        "SSHFP": "4 2 " + "cd" * 32,
        "SVCB": "0 target.example.",
        "TLSA": "3 0 0 " + "ef" * 100,
        "TXT": '"' + "a" * 255 + '" "b; \\"c\\" \\\\ d"',
        "URI": '10 1 "https://example.jp/x;y"',
    }
    assert set(texts) == ZoneFileProvider.SUPPORTS
    body = "".join(f"{t.lower()}-record {t} {text}\n" for t, text in texts.items()).encode()
    path = provider.path(ZONE)
    path.write_bytes(HEAD + body)
    full = live(provider)
    assert {r._type for r in full.records if r.name} == set(texts)
    for type_ in texts:
        path.write_bytes(HEAD + body)
        without = live(provider).copy()
        without.remove_record(without.get_type(f"{type_.lower()}-record", type_))
        provider.apply(provider.plan(without, lenient=True))
        assert path.read_bytes().count(b"\n") == (HEAD + body).count(b"\n") - 1
        provider.apply(provider.plan(full, lenient=True))
        assert provider.plan(full, lenient=True) is None
        lower = without.copy()
        lower.add_record(
            Record.new(
                lower,
                f"{type_.lower()}-record",
                {**full.get_type(f"{type_.lower()}-record", type_).data, "type": type_, "ttl": 60},
                lenient=True,
            )
        )
        before = path.read_bytes()
        provider.apply(provider.plan(lower, lenient=True))
        changed = set(path.read_bytes().splitlines()) - set(before.splitlines())
        assert len(changed) == 2, "only the TTL of the record's line, and the serial"


@pytest.mark.parametrize(
    ("presentation", "raw"),
    [
        (rb'"a; b;c"', "a; b;c"),
        (rb"a\;b", "a;b"),
        (rb'"\"quoted\""', '"quoted"'),
        (rb'"back\\slash \\; \\"', "back\\slash \\; \\"),
        (rb'"\097\098 \"x\" \" \" y"', 'ab "x" " " y'),
        (b'"v=DKIM1; p=' + b"A" * 243 + b'" "' + b"B" * 255 + b'" C', None),
        (b'"caf\xc3\xa9"', "café"),
        (b'"caf\\\xc3\xa9"', "café"),
        (b'""', ""),
    ],
)
def test_txt_text_is_exact(
    provider: ZoneFileProvider, presentation: bytes, raw: str | None
) -> None:
    """Semicolons, quotation marks, backslashes, escapes and splits mean what they mean in DNS."""
    raw = raw if raw is not None else "v=DKIM1; p=" + "A" * 243 + "B" * 255 + "C"
    path = provider.path(ZONE)
    path.write_bytes(HEAD + b"t TXT " + presentation + b"\n")
    zone = live(provider)
    assert [v.to_raw_text() for v in zone.get_type("t", "TXT").values] == [raw]
    path.write_bytes(HEAD)
    provider.populate(Zone(ZONE, []), target=True)
    desired = live(provider).copy()
    text = record(desired, "t", "TXT", 60, "placeholder")
    text.values = [TxtValue(TxtValue.normalize_raw_text(raw))]
    desired.add_record(text, lenient=True)
    provider.apply(provider.plan(desired))
    assert [v.to_raw_text() for v in live(provider).get_type("t", "TXT").values] == [raw]


SEEN = b'  IN TXT "v=spf1 -all"\n'
HIDDEN = b'  IN TXT ( "\\233t\xe9"\n\t"\\255" ) ; no UTF-8\n'
BEYOND = (b"\\233", b'"a b"')
BESIDE = b'  300 IN TXT "v=spf1 -all"\n  900 IN TXT "\\233" ; no UTF-8\n'


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(
            SEEN + HIDDEN,
            replacing("", "TXT", 3600, "v=spf1 -all", "MS=1"),
            SEEN + HIDDEN + b'@\t3600\tIN\tTXT\t"MS=1"\n',
            id="a value added",
        ),
        pytest.param(
            HIDDEN + SEEN,
            replacing("", "TXT", 3600, "v=spf1 mx -all"),
            HIDDEN + b'  IN TXT "v=spf1 mx -all"\n',
            id="a value replaced",
        ),
        pytest.param(
            SEEN + HIDDEN,
            replacing("", "TXT", 60, "v=spf1 -all"),
            SEEN.replace(b"IN", b"60 IN") + HIDDEN.replace(b"IN", b"60 IN"),
            id="another TTL",
        ),
        pytest.param(SEEN + HIDDEN, removing("", "TXT"), HIDDEN, id="all others removed"),
        pytest.param(
            BESIDE,
            removing("", "TXT"),
            BESIDE.splitlines(keepends=True)[1],
            id="a TTL of its own",
        ),
        pytest.param(
            BESIDE,
            replacing("", "TXT", 60, "v=spf1 -all", "MS=1"),
            BESIDE.replace(b"300", b"60").replace(b"900", b"60") + b'  60 IN TXT "MS=1"\n',
            id="one TTL for all again",
        ),
        pytest.param(
            b'u URI 1 1 "a b" ; a blank\nu URI 1 1 "a"\n',
            removing("u", "URI"),
            b'u URI 1 1 "a b" ; a blank\n',
            id="not only text",
        ),
    ],
)
def test_a_value_beyond_octodns_hides_only_itself(
    provider: ZoneFileProvider,
    before: bytes,
    change: Callable[[Zone], None],
    after: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The values beside it change as ever; its own line stays but for the RRset's one TTL."""
    assert applied(provider, before, change) == after
    line = 4 + before[: min(map(before.find, filter(before.count, BEYOND)))].count(b"\n")
    assert f"{provider.path(ZONE)}:{line}: " in caplog.text
    assert ": 1 of 2 values left alone: " in caplog.text


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b't TXT "\\255"', "t.example.jp. TXT"),
        (b't HTTPS 1 . key65333="a b"', "t.example.jp. HTTPS"),
        (b't HTTPS 1 . key65333="a b=c"', "t.example.jp. HTTPS"),
        (b"xn--zzzzzz9999 A 192.0.2.1", "xn--zzzzzz9999.example.jp. A"),
    ],
)
def test_an_rrset_beyond_octodns_is_not_seen(
    provider: ZoneFileProvider, line: bytes, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever octoDNS raises: the rest of the zone is read, and a source is refused."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD + line + b"\nx HINFO cpu os\ny TYPE65400 \\# 1 00\n")
    assert [r.fqdn for r in live(provider).records] == [ZONE]
    assert f"{path}:4: {what}: 1 of 1 values left alone: " in caplog.text
    with pytest.raises(ZoneFileError, match=rf"zone:4: {re.escape(what)}: "):
        provider.populate(Zone(ZONE, []), target=False, lenient=False)


def test_a_value_that_octodns_misreads_is_not_seen(
    provider: ZoneFileProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What would come back as something else is no less beyond octoDNS than what it refuses."""
    monkeypatch.setattr(MxValue, "to_rdata_text", lambda value: f"0 {value.exchange}")
    provider.path(ZONE).write_bytes(HEAD + b"@ MX 0 a.example.\n  MX 10 b.example.\n")
    assert [v.exchange for v in live(provider).get_type("", "MX").values] == ["a.example."]
    assert (
        "zone:5: example.jp. MX: 1 of 2 values left alone: octoDNS reads it as another"
        in caplog.text
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            replacing("t", "TXT", 60, "mine"),
            "octoDNS can hold none of its values: change it by hand; nothing was written",
        ),
        (
            replacing("t", "CNAME", 60, "www.example."),
            "t.example.jp. CNAME cannot stand beside this TXT record (RFC 1034, section 3.6.2)",
        ),
        (
            replacing("c", "TXT", 60, "mine"),
            "c.example.jp. TXT cannot stand beside this CNAME record (RFC 1034, section 3.6.2)",
        ),
    ],
)
def test_nothing_is_put_over_what_is_not_seen(
    provider: ZoneFileProvider, change: Callable[[Zone], None], why: str
) -> None:
    """An RRset that the plan takes for absent is no new one; a CNAME stands alone."""
    path = provider.path(ZONE)
    before = HEAD + b't TXT "\\255"\nc CNAME xn--zzzzzz9999.example.\n'
    path.write_bytes(before)
    existing = live(provider)
    desired = existing.copy()
    change(desired)
    plan = Plan(existing, desired, existing.changes(desired, provider), exists=True)
    with pytest.raises(ZoneFileRefused, match=re.escape(why)) as caught:
        provider.apply(plan)
    assert re.match(rf"{re.escape(str(path))}:[45]: .*; nothing was written$", str(caught.value))
    assert path.read_bytes() == before


def test_a_cname_takes_the_place_of_what_goes(provider: ZoneFileProvider) -> None:
    """The name's other records may go in the same change."""

    def change(zone: Zone) -> None:
        removing("www", "A")(zone)
        replacing("www", "CNAME", 60, "host.example.")(zone)

    after = applied(provider, b"www A 192.0.2.1\n", change)
    assert after == b"www\t60\tIN\tCNAME\thost.example.\n"


@pytest.mark.parametrize(
    ("type_", "value", "why"),
    [
        ("MX", {"preference": 70000, "exchange": "a."}, "octoDNS' value has no wire form: "),
        (
            "URI",
            {"priority": 1, "weight": 1, "target": "a b"},
            'octoDNS could not read 1 1 "a b" again; nothing was written',
        ),
    ],
)
def test_a_value_that_would_not_come_back_is_not_written(
    provider: ZoneFileProvider, type_: str, value: dict[str, Any], why: str
) -> None:
    """What octoDNS takes, but the file or octoDNS' own reader does not, is refused."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(record(desired, "_a._tcp", type_, 60, value), lenient=True)
    plan = provider.plan(desired)
    with pytest.raises(ZoneFileRefused, match=rf"_a\._tcp\.example\.jp\. {type_}: {why}"):
        provider.apply(plan)
    assert path.read_bytes() == HEAD


def test_a_source_is_validated(provider: ZoneFileProvider) -> None:
    """As a source and not lenient, octoDNS' own validation speaks, with the line."""
    provider.path(ZONE).write_bytes(HEAD + b"\nt SRV 0 1 465 mx.example.\n")
    with pytest.raises(
        ZoneFileError, match=r"example\.jp\.zone:5: t\.example\.jp\. SRV: "
    ) as caught:
        provider.populate(Zone(ZONE, []))
    assert isinstance(caught.value.__cause__, ValidationError)
    assert "\n" not in str(caught.value)


def test_the_highest_of_several_ttls_counts(
    provider: ZoneFileProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """Records of one RRset that differ in TTL may be cached for the longest of them."""
    change = routing(60, "mx.a.example.", "mx.b.example.")
    caplog.set_level(logging.WARNING)
    after = applied(provider, b"@ 300 MX 10 mx.a.example.\n@ 900 MX 10 mx.b.example.\n", change)
    assert after == b"@ 60 MX 10 mx.a.example.\n@ 60 MX 10 mx.b.example.\n"
    assert "example.jp. MX has several TTLs; the highest counts" in caplog.text
    provider.path(ZONE).write_bytes(HEAD + b"@ 300 MX 10 a.\n@ 900 MX 10 b.\n")
    assert live(provider).get_type("", "MX").ttl == 900


def test_a_zone_without_a_file_does_not_exist(provider: ZoneFileProvider, tmp_path: Path) -> None:
    """A target without a file has no zone; nothing creates one; a source is missed loudly."""
    zone = Zone(ZONE, [])
    assert provider.populate(zone, target=True) is False
    desired = Zone(ZONE, [])
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)
    with pytest.raises(
        ZoneFileMissing,
        match=r"example\.jp\.zone: no such file; create it .*; nothing was written$",
    ):
        provider.apply(plan)
    with pytest.raises(ZoneFileMissing):
        provider.populate(zone)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A misspelt directory is an error, not a set of zones that do not exist."""
    provider = ZoneFileProvider("local", str(tmp_path / "nowhere"))
    with pytest.raises(ZoneFileError, match="nowhere: no such directory"):
        provider.populate(Zone(ZONE, []), target=True)
    with pytest.raises(ZoneFileError, match="nowhere: No such file or directory"):
        list(provider.list_zones())


def test_what_is_no_regular_file_is_not_waited_for(
    provider: ZoneFileProvider, tmp_path: Path
) -> None:
    """A FIFO in a zone's place is an error at once."""
    os.mkfifo(provider.path(ZONE))
    with pytest.raises(ZoneFileError, match=r"example\.jp\.zone: not a regular file"):
        provider.populate(Zone(ZONE, []), target=True)


def test_zones_are_listed_by_their_files(tmp_path: Path) -> None:
    """Every zone file is found by its zone's name, RFC 2317's slash included; others are not."""
    provider = ZoneFileProvider("local", str(tmp_path), ".db")
    names = ["0/25.2.0.192.in-addr.arpa.", "a%2fb.example.", "example.jp.", "xn--r8jz45g.jp."]
    for name in names:
        assert provider.path(name).parent == tmp_path
        provider.path(name).write_bytes(HEAD)
    for other in (".hidden.db", "note.txt", ".db"):
        (tmp_path / other).touch()
    (tmp_path / "directory.db").mkdir()
    assert sorted(provider.list_zones()) == names


def test_a_file_that_changed_since_the_plan_is_not_written(provider: ZoneFileProvider) -> None:
    """Whatever an editor saved between plan and apply, a comment even, stays."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)
    path.write_bytes(HEAD + b"; a note\n")
    with pytest.raises(
        ZoneFileChanged, match=r"example\.jp\.zone: changed since the plan .*; nothing was written$"
    ):
        provider.apply(plan)
    assert path.read_bytes() == HEAD + b"; a note\n"


def test_a_file_that_changes_at_the_last_moment_is_not_written(
    provider: ZoneFileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is compared once more when the new file is ready to take its place."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)
    monkeypatch.setattr(os, "fsync", lambda _: path.write_bytes(HEAD + b"; a note\n"))
    with pytest.raises(ZoneFileChanged, match=r"; nothing was written$"):
        provider.apply(plan)
    assert path.read_bytes() == HEAD + b"; a note\n"
    assert list(path.parent.iterdir()) == [path], "no temporary file is left"


def test_a_stale_plan_is_refused_though_the_zone_was_read_again(
    provider: ZoneFileProvider,
) -> None:
    """The plan's own idea of an RRset has to be what the file holds."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD + OLD_MX)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.new.example."), replace=True)
    plan = provider.plan(desired)
    path.write_bytes(HEAD + OLD_MX + b"  MX 20 mx.other.example.\n")
    live(provider)
    with pytest.raises(ZoneFileRefused, match=r"MX holds other values .*; nothing was written$"):
        provider.apply(plan)


def test_steps_of_one_plan_may_follow_each_other(provider: ZoneFileProvider) -> None:
    """What the provider wrote itself is no foreign change."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    existing = live(provider)
    first, second = (mx(existing, 60, "mx.example.", name=name) for name in ("a", "b"))
    for step in (first, second):
        provider.apply(Plan(existing, existing, [Create(step)], exists=True))
    assert b"2026112202" in path.read_bytes()


def test_a_plan_of_another_instance_is_refused(provider: ZoneFileProvider, tmp_path: Path) -> None:
    """Without having read the zone there is nothing to compare with."""
    provider.path(ZONE).write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)
    with pytest.raises(ZoneFileRefused, match=r"plan first, then apply; nothing was written$"):
        ZoneFileProvider("other", str(tmp_path)).apply(plan)


@pytest.mark.parametrize("type_", ["RRSIG", "NSEC", "ZONEMD"])
def test_a_signed_file_is_not_changed(provider: ZoneFileProvider, type_: str) -> None:
    """A change would leave its signatures wrong, and the zone bogus."""
    rdata = {
        "RRSIG": "A 8 2 60 20270101000000 20260101000000 1 example.jp. QUJD",
        "NSEC": "example.jp. A NSEC",
        "ZONEMD": "1 1 1 " + "ab" * 48,
    }[type_]
    provider.path(ZONE).write_bytes(HEAD + f"@ {type_} {rdata}\n".encode())
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)
    with pytest.raises(
        ZoneFileRefused,
        match=rf"zone:4: {type_} record: the file is signed.*; nothing was written$",
    ):
        provider.apply(plan)


def test_generated_records_are_read_and_not_changed(provider: ZoneFileProvider) -> None:
    """$GENERATE is understood; what it stands for is changed by writing it out, by a person."""
    body = b"$GENERATE 1-3 host$ 60 A 192.0.2.$\nhost1 TXT x\n"
    after = applied(provider, body, replacing("host2", "TXT", 60, "y"))
    assert after == body + b'host2\t60\tIN\tTXT\t"y"\n'
    assert live(provider).get_type("host3", "A").values == ["192.0.2.3"]
    desired = live(provider).copy()
    desired.remove_record(desired.get_type("host3", "A"))
    plan = provider.plan(desired)
    with pytest.raises(
        ZoneFileRefused,
        match=r"zone:4: host3\.example\.jp\. A comes from \$GEN.*; nothing was written$",
    ):
        provider.apply(plan)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (replacing("", "CNAME", 60, "www.example."), "2: .* CNAME cannot stand beside this SOA"),
        (removing("", "NS"), " not changed: .*no NS"),
    ],
)
def test_a_change_that_leaves_no_valid_zone_is_refused(
    provider: ZoneFileProvider, change: Callable[[Zone], None], why: str
) -> None:
    """What no name server would load is not written."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    existing = live(provider)
    desired = existing.copy()
    change(desired)
    plan = Plan(existing, desired, existing.changes(desired, provider), exists=True)
    with pytest.raises(ZoneFileRefused, match=rf"zone:{why}.*; nothing was written$"):
        provider.apply(plan)
    assert path.read_bytes() == HEAD


def test_a_parse_error_names_file_and_line(provider: ZoneFileProvider) -> None:
    """What is wrong, and where."""
    provider.path(ZONE).write_bytes(HEAD + b"\nwww A 192.0.2.300\n")
    with pytest.raises(ZoneFileError, match=r"example\.jp\.zone:5: bad A record: "):
        provider.populate(Zone(ZONE, []), target=True)


def test_mode_and_symbolic_link_stay(provider: ZoneFileProvider, tmp_path: Path) -> None:
    """A link's target is replaced, with the mode that it had; the link stays a link."""
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    path = provider.path(ZONE)
    path.symlink_to(real)
    real.write_bytes(HEAD)
    real.chmod(0o640)
    applied(provider, OLD_MX, routing(60, "mx.old.example."))
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert list(real.parent.iterdir()) == [real]


def test_a_file_of_another_owner_is_written_all_the_same(
    provider: ZoneFileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not give files away keeps the rest: content and mode."""

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", forbidden)
    applied(provider, OLD_MX, routing(60, "mx.old.example."))


def test_a_full_disk_leaves_the_old_file(
    provider: ZoneFileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the file system is one line, and the file is what it was."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        ZoneFileError,
        match=r"zone: cannot be written: No space left on device; nothing was written$",
    ):
        provider.apply(plan)
    assert path.read_bytes() == HEAD
    assert list(path.parent.iterdir()) == [path]


def test_a_directory_that_cannot_be_synced_is_said(
    provider: ZoneFileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file is in its place then, and nobody may say that nothing was written."""
    path = provider.path(ZONE)
    path.write_bytes(HEAD)
    desired = live(provider).copy()
    desired.add_record(mx(desired, 60, "mx.example."))
    plan = provider.plan(desired)

    def broken(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ZoneFileError, match=r"zone: written, but may not outlast .*: Input/output"):
        provider.apply(plan)
    assert b"10 mx.example." in path.read_bytes()


def test_the_clock_is_the_real_one_by_default(tmp_path: Path) -> None:
    """A serial that carries a date gets today's, in UTC."""
    provider = ZoneFileProvider("local", str(tmp_path))
    assert abs((provider.clock() - datetime.now(UTC)).total_seconds()) < 60
