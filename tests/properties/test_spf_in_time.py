"""Random lives of an SPF record in parts, judged by what every receiver may hold at every instant.

The oracle shares nothing with the planner: it knows what was really published, that a resolver
keeps an answer for its TTL, at least five minutes, and absence for at most three hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired.faults import Faults
from mailsync.desired.model import Wish
from mailsync.desired.spf_parts import divided
from mailsync.dns.rrset import RRset, txt_text
from mailsync.mail.spf_split import PARTS_MAX, part_name
from tests.unit.plan.story import ZONE, Story, spf, zone

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
NAMES = (ZONE, *(part_name(number, ZONE) for number in range(1, PARTS_MAX + 1)))
ADDRESSES = [f"ip4:198.51.100.{n}" for n in range(60)]
QUEUE = timedelta(days=5)


def asked(addresses: frozenset[str], octets: int, ttl: int = 3600) -> tuple[Wish, ...]:
    """Give a file's wishes: a record of these addresses, in parts of so many octets or whole."""
    text = " ".join(["v=spf1", *sorted(addresses), "include:_spf.service.example", "~all"])
    faults = Faults()
    wishes = divided((replace(spf(text, ttl=ttl), split=octets),), faults)
    assert not faults
    return wishes


@dataclass
class Truth:
    """What was really published of each TXT: (from, version), oldest first."""

    past: dict[str, list[tuple[datetime, RRset | None]]] = field(default_factory=dict)

    def note(self, life: Story) -> None:
        """Take down what is live now, where it changed."""
        for name in NAMES:
            known = self.past.setdefault(name, [])
            if not known or known[-1][1] != life.live.get((name, "TXT")):
                known.append((life.now, life.live.get((name, "TXT"))))

    def held(self, name: str, at: datetime) -> list[str | None]:
        """Give each text that a receiver may hold at that time; None is absence."""
        found: list[str | None] = []
        past = self.past.get(name, [])
        ends = [*(start for start, _ in past[1:]), FOREVER]
        for (start, version), end in zip(past, ends, strict=True):
            ttl = 10800 if version is None else max(version.ttl, 300)
            if start <= at < (end if end == FOREVER else end + timedelta(seconds=ttl)):
                found.append(None if version is None else txt_text(version.values[0]))
        return found

    def times(self) -> list[datetime]:
        """Give the instants at which something may begin or have ceased to be wrong."""
        found = set()
        for past in self.past.values():
            for start, _ in past:
                found |= {start, start + timedelta(seconds=1)}
                found |= {start + timedelta(seconds=s - 1) for s in (300, 3600, 10800, 86400)}
        return sorted(found)

    def check(self, senders: frozenset[str], at: datetime) -> None:
        """Every sender passes for every receiver, whatever it holds, and none gives up."""
        for text in self.held(ZONE, at):
            assert text is not None
            terms = text.split()
            names = [
                t.removeprefix("include:") + "." for t in terms if t.startswith("include:_spf")
            ]
            parts = [self.held(name, at) for name in names if name in NAMES]
            assert not any(None in versions for versions in parts), f"permerror at {at}: {text}"
            everywhere = [
                frozenset.intersection(*(frozenset((v or "").split()) for v in versions))
                for versions in parts
            ]
            for sender in senders:
                assert sender in terms or any(sender in part for part in everywhere), (
                    f"{sender} does not pass at {at}: {text} {parts}"
                )


FILES = st.tuples(
    st.frozensets(st.sampled_from(ADDRESSES), min_size=4, max_size=30),
    st.sampled_from([0, 180, 255, 450]),
)
TTLS = st.sampled_from([300, 3600, 86400])


def begun(file: tuple[frozenset[str], int], ttl: int) -> tuple[Story, Truth]:
    """Give a domain that has long been as a file has it."""
    wishes = asked(*file, ttl)
    life = Story(zone(*(RRset(w.name, w.type, ttl, w.values) for w in wishes)), wishes)
    life.known_for("20d")
    truth = Truth()
    truth.note(life)
    return life, truth


def lived(life: Story, truth: Truth, until: datetime, every: int) -> None:
    """Apply again and again, as by cron."""
    while life.now < until:
        assert life.plan().status != "error", life.plan().findings
        life.apply()
        truth.note(life)
        life.now += timedelta(seconds=every)


@settings(max_examples=12, deadline=None)
@given(
    first=FILES,
    files=st.lists(st.tuples(FILES, st.integers(600, 900_000)), min_size=1, max_size=3),
    ttl=TTLS,
    every=st.sampled_from([10_000, 86_400]),
)
def test_whoever_stays_passes_all_the_time(
    first: tuple[frozenset[str], int],
    files: list[tuple[tuple[frozenset[str], int], int]],
    ttl: int,
    every: int,
) -> None:
    """Addresses that stand in every file pass at every instant, however records are divided.

    In the end there is what the last file asks for, and where it speaks of parts, no part more.
    """
    life, truth = begun(first, ttl)
    for file, wait in files:
        life.wishes = asked(*file, ttl)
        lived(life, truth, life.now + timedelta(seconds=wait), every)
    lived(life, truth, life.now + timedelta(days=30), 86_400)
    assert life.plan().status == "converged", life.plan()
    left = {name for name, _ in life.live} - {wish.name for wish in life.wishes}
    assert not left or not files[-1][0][1], "parts stay where the file does not speak of them"
    staying = frozenset.intersection(first[0], *(addresses for (addresses, _), _ in files))
    for at in truth.times():
        truth.check(staying, at)


@settings(max_examples=8, deadline=None)
@given(before=FILES, after=FILES, ttl=TTLS)
def test_whoever_is_replaced_passes_while_queues_last(
    before: tuple[frozenset[str], int], after: tuple[frozenset[str], int], ttl: int
) -> None:
    """One address for another: the old one passes for five days more, wherever the new one went."""
    life, truth = begun(before, ttl)
    life.wishes = asked(*after, ttl)
    changed = life.now
    lived(life, truth, changed + QUEUE, 10_000)
    if after[0] - before[0]:
        for at in truth.times():
            truth.check(before[0], at)
    lived(life, truth, changed + timedelta(days=30), 86_400)
    wished = {wish.name for wish in life.wishes}
    live = [rrset for (name, _), rrset in life.live.items() if name in wished]
    assert frozenset(term for rrset in live for term in _terms(rrset)) == after[0]


def _terms(rrset: RRset) -> list[str]:
    return [term for term in txt_text(rrset.values[0]).split() if term.startswith("ip4:")]
