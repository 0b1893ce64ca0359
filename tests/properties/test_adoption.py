"""Adoption: whatever is written into whatever zone, what is foreign stays exactly as it was."""

import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import dns.rdata
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from octodns.zone import Zone

from mailsync.dns.rrset import Key, RRset, canonical, txt_value
from mailsync.errors import StaleWrite
from mailsync.hosts.capabilities import Adapter
from mailsync.hosts.loading import load_host
from mailsync.hosts.octodns_host import OctodnsHost
from mailsync.hosts.records import record_of, rrset_of, texts
from mailsync.plan.live import Capability
from mailsync.plan.model import Change
from tests.contracts.memory import MemoryProvider, WholeZoneProvider, snapshot, stored

ZONE = "example.test."
NS = RRset(ZONE, "NS", 3600, ("ns1.example.net.", "ns2.example.net."))
OWNERS = st.sampled_from(["", "www.", "mx1.", "a.b.", "*.", "_dmarc."]).map(lambda n: n + ZONE)
TTLS = st.sampled_from([0, 1, 60, 300, 3600, 86400])
HOSTS = st.sampled_from(["mx1.example.test.", "mx2.example.net.", "xn--r8jz45g.test."])
PREFERENCES = st.integers(0, 65535)

TEXT = st.one_of(
    st.sampled_from(
        ["v=spf1 -all", "", ";", "a;b", "a\\b", '"quoted"', 'a" "b', "MS=ms1", "x" * 600, "é" * 200]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
)
VALUES = {
    "A": st.integers(1, 254).map("192.0.2.{}".format),
    "AAAA": st.integers(1, 65535).map("2001:db8::{:x}".format),
    "MX": st.builds("{} {}".format, PREFERENCES, HOSTS),
    "TXT": TEXT.map(lambda text: txt_value(text.encode())),
    "CAA": st.sampled_from(['0 issue "ca.example"', '128 issuewild ";"']),
}
NEW_TEXT = st.sampled_from(["v=spf1 ~all", "v=DMARC1; p=none", "v=DKIM1; p=" + "A" * 500, "MS=ms2"])
NEW_VALUES = VALUES | {"TXT": NEW_TEXT.map(txt_value)}
METADATA = st.sampled_from([{}, {"cloudflare": {"proxied": True, "comment": "ours; keep"}}])


@st.composite
def rrsets(draw: st.DrawFn) -> dict[Key, RRset]:
    """A zone's RRsets, with the NS at its apex."""
    drawn = {NS.key: NS}
    for rdtype in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=8)):
        values = draw(st.lists(VALUES[rdtype], min_size=1, max_size=4))
        canonicals = tuple(canonical(rdtype, value) for value in values)
        rrset = RRset(draw(OWNERS), rdtype, draw(TTLS), canonicals)
        drawn[rrset.key] = rrset
    return drawn


@st.composite
def zones_and_changes(draw: st.DrawFn) -> tuple[dict[Key, RRset], list[Change]]:
    """A zone and changes of some of its RRsets, values kept, replaced and added."""
    live = draw(rrsets())
    changes: dict[Key, Change] = {}
    for rdtype in draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4)):
        same_type = sorted(key for key in live if key[1] == rdtype)
        owner = draw(
            st.sampled_from([key[0] for key in same_type]) | OWNERS if same_type else OWNERS
        )
        before = live.get((owner, rdtype))
        kept = draw(st.lists(st.sampled_from(before.values), unique=True)) if before else []
        added = [canonical(rdtype, v) for v in draw(st.lists(NEW_VALUES[rdtype], max_size=2))]
        values = tuple(kept + added)
        after = RRset(owner, rdtype, draw(TTLS), values) if values else None
        if before or after:
            changes[owner, rdtype] = Change(before, after, "")
    return live, list(changes.values())


def after_all(live: dict[Key, RRset], changes: list[Change]) -> dict[Key, RRset]:
    """What a zone is to hold in the end."""
    result = live | {change.key: change.after for change in changes}
    return {key: rrset for key, rrset in result.items() if rrset is not None}


def assert_done_once(host: OctodnsHost, changes: list[Change]) -> None:
    """A second write of the same is stale, if it changes anything."""
    if any(change.before != change.after for change in changes):
        with pytest.raises(StaleWrite):
            host.write(ZONE, changes)
    else:
        host.write(ZONE, changes)


@pytest.mark.parametrize("kind", [MemoryProvider, WholeZoneProvider])
@settings(deadline=None)
@given(case=zones_and_changes(), metadata=st.lists(METADATA, min_size=9, max_size=9))
def test_records(
    kind: type[MemoryProvider],
    case: tuple[dict[Key, RRset], list[Change]],
    metadata: list[dict[str, Any]],
) -> None:
    """Foreign records and their metadata stay; in changed ones the kept values are the very same
    objects, and metadata stays.
    """
    live, changes = case
    zone = Zone(ZONE, [])
    records = [record_of(zone, rrset, lenient=True) for rrset in live.values()]
    for record, noted in zip(records, metadata, strict=False):
        record.octodns = deepcopy(noted)
    before = snapshot(records)
    with stored("property", {ZONE: records}) as zones:
        host = OctodnsHost("memory", Capability(), lambda: kind("memory", "property"), Adapter())
        assert host.read(ZONE) == live
        host.write(ZONE, changes)

        written = {rrset_of(record).key: record for record in zones[ZONE]}
        assert {key: rrset_of(record) for key, record in written.items()} == after_all(
            live, changes
        )
        now = snapshot(zones[ZONE])
        changed = {change.key for change in changes if change.before != change.after}
        assert {k: v for k, v in now.items() if k not in changed} == {
            k: v for k, v in before.items() if k not in changed
        }
        for record in records:
            new = written.get(rrset_of(record).key)
            if new is not None:
                assert new.octodns == record.octodns
                values = {id(value) for _, value in texts(new)}
                wanted = set(rrset_of(new).values)
                assert all(id(value) in values for text, value in texts(record) if text in wanted)
        # Nothing that was read has been changed in place either.
        assert snapshot(records) == before
        assert_done_once(host, changes)


def master_file(live: dict[Key, RRset], cut: int) -> str:
    """A zone as a master file, its TXT cut into strings in a way of its own."""
    lines = ["$TTL 3600", f"@ SOA ns1.example.net. hostmaster.{ZONE} 1 7200 3600 2419200 300"]
    for rrset in live.values():
        for value in rrset.values:
            text = recut(value, cut) if rrset.type == "TXT" else value
            lines.append(f"{rrset.name} {rrset.ttl} {rrset.type} {text} ; as it was")
    return "\n".join(lines) + "\n"


def recut(value: str, cut: int) -> str:
    """The same text in strings of ``cut`` octets."""
    octets = b"".join(dns.rdata.from_text("IN", "TXT", value).strings)  # type: ignore[attr-defined]
    pieces = [octets[start : start + cut] for start in range(0, len(octets), cut)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in piece) + '"' for piece in pieces)


def exactly(path: Path) -> dict[Key, set[tuple[int, str]]]:
    """All of a master file but its SOA: TTL and text of every value, strings as they are cut."""
    zone = dns.zone.from_file(str(path), ZONE, relativize=False)
    found: dict[Key, set[tuple[int, str]]] = {}
    for name, ttl, rdata in zone.iterate_rdatas():
        if rdata.rdtype != dns.rdatatype.SOA:
            key = (name.to_text(), dns.rdatatype.to_text(rdata.rdtype))
            found.setdefault(key, set()).add((ttl, rdata.to_text()))
    return found


@settings(deadline=None, max_examples=50)
@given(case=zones_and_changes(), cut=st.sampled_from([7, 100, 255]))
def test_zone_file(case: tuple[dict[Key, RRset], list[Change]], cut: int) -> None:
    """In a master file foreign RRsets stay as they are cut into strings, and so do the kept values
    of changed ones.
    """
    live, changes = case
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "example.test.zone"
        path.write_text(master_file(live, cut))
        before = exactly(path)
        host = load_host(
            "local",
            {"class": "mailsync_providers.zonefile.ZoneFileProvider", "directory": "."},
            Path(directory),
        )
        assert isinstance(host, OctodnsHost)
        assert host.read(ZONE) == live
        host.write(ZONE, changes)
        assert host.read(ZONE) == after_all(live, changes)

        after = exactly(path)
        changed = {change.key: change for change in changes if change.before != change.after}
        assert {k: v for k, v in after.items() if k not in changed} == {
            k: v for k, v in before.items() if k not in changed
        }
        for key, change in changed.items():
            kept = {
                text
                for _, text in before.get(key, ())
                if change.after and canonical(key[1], text) in change.after.values
            }
            assert kept <= {text for _, text in after.get(key, ())}
        assert_done_once(host, changes)
