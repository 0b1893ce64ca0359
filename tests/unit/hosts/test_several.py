"""Several DNS hosts that serve one zone, as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, MailsyncError, StaleWrite
from mailsync.hosts.several import Several
from mailsync.plan.live import Capability, Write
from mailsync.plan.model import Change
from tests.unit.plan.story import ZONE, rrset, zone

MX, NS = (ZONE, "MX"), (ZONE, "NS")
OLD, NEW, HAND = (rrset(ZONE, "MX", 300, f"10 mx.{n}.example.") for n in ("old", "new", "hand"))
SWITCH = Change(OLD, NEW, "")


@dataclass
class Memory:
    """One DNS host in memory; ``broken`` makes its next write fail."""

    name: str
    rrsets: dict[Key, RRset] = field(default_factory=dict)
    capability: Capability = field(default_factory=Capability)
    broken: bool = False
    writes: int = 0

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """List the zone."""
        return dict(self.rrsets)

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Write, or fail."""
        if self.broken:
            self.broken = False
            raise HostError("out of order")
        self.writes += 1
        for change in changes:
            assert self.rrsets.get(change.key) == change.before
            if change.after is None:
                del self.rrsets[change.key]
            else:
                self.rrsets[change.key] = change.after


def pair(first: RRset, second: RRset | None = None) -> tuple[Memory, Memory, Several]:
    """Give two hosts, and both as one; the file asks for the new MX."""
    one, two = Memory("one", zone(first)), Memory("two", zone(second or first))
    return one, two, Several([one, two], {MX: NEW.values})


def test_together_they_can_do_what_each_can() -> None:
    """Whatever one of them cannot do, both together cannot; what one does not say is not known."""
    wide = Capability(
        ttl_min=60, types=frozenset({"A", "MX", "TXT"}), null_mx=True, ptr=True, publish_delay=5
    )
    narrow = Capability(
        ttl_max=3600,
        types=frozenset({"MX", "TXT", "TLSA"}),
        ttl_scope="zone",
        txt_max=500,
        txt_without="\\",
        txt_garbles='"',
        txt_empty=False,
        null_mx=False,
        mx_below=False,
        mx_preferences=False,
    )
    both = Several([Memory("one", capability=wide), Memory("two", capability=narrow)], {})
    assert both.capability == replace(
        narrow, ttl_min=60, types=frozenset({"MX", "TXT"}), publish_delay=5
    )


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("atomic", "in-place", "in-place"),
        ("whole-zone", "per-value", "whole-zone"),
        ("in-place", None, None),
        (None, "delete-then-create", "delete-then-create"),
    ],
)
def test_together_they_write_as_openly_as_the_more_open_one(
    one: Write | None, other: Write | None, both: Write | None
) -> None:
    """Where one host leaves a gap, or may, mail may meet it, whichever stands first."""
    for first, second in ((one, other), (other, one)):
        hosts = [
            Memory("one", capability=Capability(write=first)),
            Memory("two", capability=Capability(write=second)),
        ]
        assert Several(hosts, {}).capability.write == both


def test_alike_they_are_listed_as_one() -> None:
    """Nothing differs, and what is written is written to both."""
    one, two, both = pair(OLD)
    assert both.read(ZONE) == {MX: OLD}
    assert both.differing(ZONE) == {}
    both.write(ZONE, [SWITCH])
    assert one.rrsets == two.rrsets == {MX: NEW}
    assert both.name == "one and two"


def test_what_the_file_does_not_name_is_listed_where_any_host_has_it() -> None:
    """A record that was pruned from one host alone is still there to be pruned."""
    for hosts in (("one", "two"), ("two", "one")):
        listings = {"one": zone(OLD), "two": {}}
        both = Several([Memory(name, listings[name]) for name in hosts], {})
        assert both.read(ZONE) == zone(OLD)


def test_a_write_that_reached_one_is_completed_by_the_next_run() -> None:
    """What is not yet as asked is listed; the host that has it already is passed over."""
    one, two, both = pair(OLD)
    two.broken = True
    with pytest.raises(HostError):
        both.write(ZONE, [SWITCH])
    assert both.read(ZONE) == {MX: OLD}
    (text,) = both.differing(ZONE).values()
    assert "one lists TTL 300: 10 mx.new.example.; two lists TTL 300: 10 mx.old.example." in text
    both.write(ZONE, [SWITCH])
    assert both.read(ZONE) == {MX: NEW}
    assert (one.writes, two.writes) == (1, 1)


@pytest.mark.parametrize("first", [True, False])
def test_an_edit_at_one_host_is_listed_not_adopted(first: bool) -> None:
    """Wherever somebody edited by hand: the plan leads it back to what the file says."""
    one, two, both = pair(*((HAND, NEW) if first else (NEW, HAND)))
    assert both.read(ZONE) == {MX: HAND}
    both.write(ZONE, [Change(HAND, NEW, "")])
    assert one.rrsets == two.rrsets == {MX: NEW}


def test_a_host_that_holds_neither_stops_the_write_before_it_begins() -> None:
    """The message names the host and what it lists; nothing was written anywhere."""
    one, _, both = pair(OLD, HAND)
    with pytest.raises(StaleWrite, match=r"two lists TTL 300: 10 mx\.hand\.example\., which is"):
        both.write(ZONE, [SWITCH])
    assert one.writes == 0


def test_absence_at_one_host_is_a_difference() -> None:
    """What only one lists is not there for all."""
    one, _, both = pair(NEW)
    del one.rrsets[MX]
    assert both.read(ZONE) == {}
    assert "one lists nothing" in both.differing(ZONE)[MX]
    both.write(ZONE, [Change(None, NEW, "")])
    assert one.rrsets == {MX: NEW}


def test_the_name_servers_are_those_of_all() -> None:
    """Each host names its own; the delegation has to name them all."""
    one, two, both = pair(OLD)
    one.rrsets[NS] = rrset(ZONE, "NS", 3600, "ns.one.example.")
    two.rrsets[NS] = rrset(ZONE, "NS", 300, "ns.two.example.")
    assert both.read(ZONE)[NS] == rrset(ZONE, "NS", 300, "ns.one.example.", "ns.two.example.")
    assert both.differing(ZONE) == {}


def test_they_can_do_what_all_of_them_can() -> None:
    """The narrower bounds; none where they do not meet."""
    capabilities = (Capability(ttl_min=60), Capability(settable=False, ttl_max=3600))
    hosts = [Memory(str(n), capability=c) for n, c in enumerate(capabilities)]
    assert Several(hosts, {}).capability == Capability(False, 60, 3600)
    hosts[0].capability = Capability(ttl_min=7200)
    with pytest.raises(MailsyncError, match="no TTL fits all of the DNS hosts 0, 1"):
        Several(hosts, {})
