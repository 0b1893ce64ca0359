"""What every DNS host keeps to, whatever stands behind it: one suite, run against each."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, StaleWrite
from mailsync.hosts.interface import Host
from mailsync.plan.model import Change
from tests.contracts.sample import MASTER_FILE, VALUES, Sample, text_with

__all__ = ["LISTED", "MASTER_FILE", "ZONE", "ExactTextContract", "HostContract", "Laboratory"]

ZONE = "example.test"
LISTED = Sample().listed
"""What a host holds that can hold everything."""


def _nothing_foreign(_keys: frozenset[Key]) -> object:
    return None


@dataclass(frozen=True)
class Laboratory:
    """A DNS host that holds the sample; ``publish`` is what someone else does at that host.

    ``exactly`` shows all that the host holds, in whatever form of its own, but serial numbers;
    ``foreign`` the same but for some RRsets.
    """

    host: Host
    publish: Callable[[RRset], None]
    exactly: Callable[[], object]
    sample: Sample = field(default_factory=Sample)
    foreign: Callable[[frozenset[Key]], object] = _nothing_foreign

    @property
    def zone(self) -> str:
        """The zone's name without the final dot."""
        return self.sample.zone.rstrip(".")

    def write(self, *changes: Change) -> None:
        """Write, and see that whatever the changes do not name stays octet for octet."""
        keys = frozenset(change.key for change in changes)
        foreign = self.foreign(keys)
        self.host.write(self.zone, changes)
        assert self.foreign(keys) == foreign

    def refuses(self, *changes: Change, why: str) -> None:
        """See a write refused with the reason, before anything is written."""
        exactly = self.exactly()
        with pytest.raises(HostError, match=rf"(?s){why}.*nothing was written") as caught:
            self.host.write(self.zone, changes)
        assert "\n" not in str(caught.value)
        assert self.exactly() == exactly


class HostContract:
    """Subclasses give a fixture ``lab``."""

    def test_lists_everything(self, lab: Laboratory) -> None:
        """A listing holds every RRset of the zone but the SOA, canonical."""
        assert lab.host.read(lab.zone) == lab.sample.listed
        assert list(lab.host.read(f"{lab.zone}.")) == sorted(lab.sample.listed)

    def test_unknown_zone(self, lab: Laboratory) -> None:
        """A zone that the host does not serve is an error, not an empty zone."""
        with pytest.raises(HostError, match=r"^missing\.test: .*\w"):
            lab.host.read("missing.test")

    def test_all_kinds_of_change_at_once(self, lab: Laboratory) -> None:
        """Creating, changing and deleting in one write leaves everything else as it was."""
        sample = lab.sample
        mx = sample.rrset("@", "MX", 300, "10 new.elsewhere.", "20 backup.elsewhere.")
        new = sample.rrset("new", "A", 60, "192.0.2.9")
        text = text_with(sample.txt, sample.spf, '"v=spf1 include:_spf.iana.org ~all"')
        lab.write(
            Change(sample.mx, mx, "switch"),
            Change(None, new, "create"),
            Change(sample.www, None, "delete"),
            Change(sample.txt, text, "one value of a shared RRset"),
        )
        expected = {**sample.listed, mx.key: mx, new.key: new, text.key: text}
        del expected[sample.www.key]
        assert lab.host.read(lab.zone) == expected

    @pytest.mark.parametrize("rdtype", ["MX", "TXT", "CNAME"])
    def test_ttl_alone(self, lab: Laboratory, rdtype: str) -> None:
        """A TTL changes for every value of an RRset, and comes back; or the host says why not."""
        live = {one.type: one for one in (lab.sample.mx, lab.sample.txt, lab.sample.www)}[rdtype]
        if lab.sample.traits.one_ttl:
            lab.refuses(Change(live, live.with_ttl(60), "lower"), why="TTL")
            return
        lowered = live.with_ttl(lab.sample.ttl(7200 if lab.sample.ttl(60) == live.ttl else 60))
        lab.write(Change(live, lowered, "lower"))
        assert lab.host.read(lab.zone) == {**lab.sample.listed, live.key: lowered}
        lab.write(Change(lowered, live, "restore"))
        assert lab.host.read(lab.zone) == lab.sample.listed

    def test_ttl_out_of_range(self, lab: Laboratory) -> None:
        """A TTL that the host does not take is refused, not bent."""
        traits, mx = lab.sample.traits, lab.sample.mx
        for ttl in {traits.ttl_min - 1, traits.ttl_max + 1} - {-1, 2**31}:
            lab.refuses(Change(mx, mx.with_ttl(ttl), "bend"), why="TTL")

    @pytest.mark.parametrize(("name", "rdtype", "values"), VALUES)
    def test_values_come_back(
        self, lab: Laboratory, name: str, rdtype: str, values: tuple[str, ...]
    ) -> None:
        """What is written is what is read back, octet for octet; what cannot be is refused."""
        wanted = lab.sample.rrset(name, rdtype, 300, *values)
        live = lab.sample.listed.get(wanted.key)
        refusal = lab.sample.traits.refusal(wanted)
        if refusal:
            lab.refuses(Change(live, wanted, "write"), why=refusal)
            return
        lab.write(Change(live, wanted, "write"))
        assert lab.host.read(lab.zone) == {**lab.sample.listed, wanted.key: wanted}
        lab.write(Change(wanted, live, "undo"))
        assert lab.host.read(lab.zone) == lab.sample.listed

    @pytest.mark.parametrize("same", ["ttl", "values"])
    def test_someone_else_was_faster(self, lab: Laboratory, same: str) -> None:
        """One RRset that changed since it was read: nothing of the whole write is done."""
        sample = lab.sample
        theirs = sample.rrset("@", "MX", 3600, "10 theirs.elsewhere.")
        if same == "values" and not sample.traits.one_ttl:
            theirs = sample.mx.with_ttl(7200)
        lab.publish(theirs)
        exactly = lab.exactly()
        with pytest.raises(StaleWrite, match=r"\. MX .*plan"):
            lab.host.write(
                lab.zone,
                [
                    Change(None, sample.rrset("new", "A", 60, "192.0.2.9"), "create"),
                    Change(sample.mx, sample.rrset("@", "MX", 3600, "10 new.elsewhere."), "switch"),
                ],
            )
        assert lab.exactly() == exactly

    @pytest.mark.parametrize("action", ["create", "update", "delete"])
    def test_stale_plan(self, lab: Laboratory, action: str) -> None:
        """What is there, or is not, must be what the change was computed from."""
        sample = lab.sample
        other = sample.rrset("@", "MX", 3600, "10 never.elsewhere.")
        change = {
            "create": Change(None, sample.rrset("www", "CNAME", 60, "x.elsewhere."), "there"),
            "update": Change(other, sample.mx, "never was"),
            "delete": Change(sample.rrset("gone", "A", 60, "192.0.2.9"), None, "not there"),
        }[action]
        exactly = lab.exactly()
        with pytest.raises(StaleWrite):
            lab.host.write(lab.zone, [change])
        assert lab.exactly() == exactly

    def test_once(self, lab: Laboratory) -> None:
        """The same write a second time is stale: it has been done."""
        new = lab.sample.rrset("@", "MX", 300, "10 new.elsewhere.")
        change = Change(lab.sample.mx, new, "switch")
        lab.host.write(lab.zone, [change])
        exactly = lab.exactly()
        with pytest.raises(StaleWrite):
            lab.host.write(lab.zone, [change])
        assert lab.exactly() == exactly

    @pytest.mark.parametrize("same", [True, False])
    def test_nothing_to_do(self, lab: Laboratory, same: bool) -> None:
        """A write that changes nothing writes nothing."""
        exactly = lab.exactly()
        mx = lab.sample.mx
        lab.host.write(lab.zone, [Change(mx, mx, "as it is")] if same else [])
        assert lab.exactly() == exactly

    @pytest.mark.parametrize(
        ("name", "rdtype", "values", "why"),
        [
            ("example.org.", "A", ("192.0.2.1",), "not in the zone"),
            ("www{zone}", "A", ("192.0.2.1",), "not in the zone"),
            ("{zone}", "NS", ("ns1.iana.org.",), "belongs to the DNS host"),
            ("{zone}", "SOA", ("a. b. 1 2 3 4 5",), "belongs to the DNS host"),
            ("x.{zone}", "RP", ("a. b.",), "RP"),
            ("x.{zone}", "CNAME", ("a.", "b."), "exactly one"),
            ("{zone}", "MX", ("70000 a.",), "70000"),
            ("{zone}", "MX", ("10 192.0.2.1.",), "IP address"),
            ("x.{zone}", "TXT", (r'"caf\195\169"',), "non ASCII"),
        ],
    )
    def test_refused(
        self, lab: Laboratory, name: str, rdtype: str, values: tuple[str, ...], why: str
    ) -> None:
        """What must not or cannot be written is refused with the reason, before anything is."""
        owner = name.format(zone=lab.sample.zone)
        wanted = RRset(owner, rdtype, lab.sample.ttl(60), values)
        lab.refuses(Change(lab.sample.listed.get(wanted.key), wanted, ""), why=why)

    def test_one_change_for_each_rrset(self, lab: Laboratory) -> None:
        """Two changes of one RRset in one write contradict each other: refused."""
        mx = lab.sample.mx
        change = Change(mx, lab.sample.rrset("@", "MX", 3600, "10 new.elsewhere."), "")
        with pytest.raises(HostError, match="two changes"):
            lab.host.write(lab.zone, [change, change])


class ExactTextContract(HostContract):
    """The same of hosts that show every text, also where octoDNS would take it for quoted."""

    def test_text_in_quotes(self, lab: Laboratory) -> None:
        """Quotes at a text's ends, and between blanks, are part of it."""
        wanted = lab.sample.rrset("text", "TXT", 300, r'"\"all of it\""', r'"\"a\" \"b"')
        lab.write(Change(None, wanted, "write"))
        assert lab.host.read(lab.zone) == {**lab.sample.listed, wanted.key: wanted}
        if not lab.sample.traits.one_ttl:
            lab.write(Change(wanted, wanted.with_ttl(60), "lower"))
            assert lab.host.read(lab.zone) == {
                **lab.sample.listed,
                wanted.key: wanted.with_ttl(60),
            }
