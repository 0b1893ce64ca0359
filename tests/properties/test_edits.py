"""Changes value by value: whatever is changed into whatever, nobody sees an RRset that is wrong."""

from typing import Any

import dns.name
import pytest
from dns.rdata import Rdata
from hypothesis import given
from hypothesis import strategies as st

from mailsync_providers._edits import Create, Delete, Edit, Update, edits, in_order
from mailsync_providers._records import Row, RRsetChange, Values, mx, presented, txt

OWNER = dns.name.from_text("example.test.")
TTLS = st.sampled_from([60, 300, 3600])
MX = st.builds(mx, st.sampled_from([0, 10, 20]), st.sampled_from([".", "a.test", "b.test"]))
TEXTS = st.sampled_from(
    ["v=spf1 -all", "v=spf1 mx ~all", "v=DKIM1; p=A", "V=DKIM1;p=B", "x=1", "x=2", "", "v=spf10"]
)
TYPES: dict[str, st.SearchStrategy[Rdata]] = {
    "MX": MX,
    "TXT": st.builds(txt, TEXTS),
    "CNAME": st.sampled_from([presented("CNAME", "a.test."), presented("CNAME", "b.test.")]),
    "A": st.sampled_from([presented("A", f"192.0.2.{n}") for n in range(4)]),
}


def row(number: int, rdtype: str, rdata: Rdata, ttl: int) -> Row:
    """A record as an API lists it."""
    return Row(OWNER, rdtype, ttl, rdata, str(number))


@st.composite
def cases(draw: st.DrawFn) -> tuple[RRsetChange, list[Row]]:
    """A change, and the records that the API has for the RRset; some of them twice."""
    rdtype = draw(st.sampled_from(sorted(TYPES)))
    most = 1 if rdtype == "CNAME" else 4
    some = st.frozensets(TYPES[rdtype], min_size=1, max_size=most)
    before = draw(st.none() | st.builds(Values, TTLS, some))
    after = draw(st.none() | st.builds(Values, TTLS, some))
    held = sorted(before.rdatas) if before else []
    twice = draw(st.lists(st.sampled_from(held), max_size=1)) if held else []
    ttl = before.ttl if before else 0
    rows = [row(number, rdtype, rdata, ttl) for number, rdata in enumerate([*held, *twice])]
    return RRsetChange(OWNER, rdtype, before, after), draw(st.permutations(rows))


def carried_out(rows: list[Row], edit: Edit) -> list[Row]:
    """What the API has after an edit."""
    match edit:
        case Create(rdata, ttl):
            return [*rows, row(100 + len(rows), "X", rdata, ttl)]
        case Update(old, rdata, ttl):
            assert old in rows
            return [row(int(one.id), "X", rdata, ttl) if one is old else one for one in rows]
        case Delete(old):
            assert old in rows
            return [one for one in rows if one is not old]


@given(cases(), st.booleans())
def test_edits(case: tuple[RRsetChange, list[Row]], one_per_preference: bool) -> None:
    """The edits end at what was asked for, and every state on the way is a good one."""
    change, rows = case
    states = [list(rows)]
    for edit in edits(change, rows, one_per_preference=one_per_preference):
        states.append(carried_out(states[-1], edit))
    last = states[-1]
    wanted = change.after.rdatas if change.after else frozenset()
    assert {one.rdata for one in last} == wanted
    assert len(last) == len(wanted)
    assert all(change.after and one.ttl == change.after.ttl for one in last)
    known = wanted | {one.rdata for one in rows}
    for state in states:
        assert {one.rdata for one in state} <= known
        if change.before and change.after:
            assert state
    single = {"CNAME": lambda _: "", "TXT": _kind}.get(change.rdtype)
    if single and change.before and change.after:
        _never_more(single, states, change)


def _kind(rdata: Any) -> str:
    text = b"".join(rdata.strings).decode().lower()
    return text[:6] if text.startswith(("v=spf1 ", "v=dkim1;")) else ""


def _never_more(kind: Any, states: list[list[Row]], change: RRsetChange) -> None:
    """Of what voids its like there are never more than there were, or will be."""
    for what in {kind(one.rdata) for state in states for one in state} - {""} | {""}:
        if what == "" and change.rdtype == "TXT":
            continue
        counts = [sum(kind(one.rdata) == what for one in state) for state in states]
        assert max(counts) <= max(counts[0], counts[-1])


@given(cases(), st.booleans())
def test_a_null_mx_stands_alone(
    case: tuple[RRsetChange, list[Row]], one_per_preference: bool
) -> None:
    """A null MX never stands beside another MX, unless it did before or shall (RFC 7505 §3)."""
    change, rows = case
    if change.rdtype != "MX" or len({one.rdata for one in rows}) != len(rows):
        return
    ends = [change.before.rdatas if change.before else frozenset()]
    ends.append(change.after.rdatas if change.after else frozenset())
    mixed = any(len(end) > 1 and any(_is_null(one) for one in end) for end in ends)
    if mixed:
        return
    state = list(rows)
    for edit in edits(change, rows, one_per_preference=one_per_preference):
        state = carried_out(state, edit)
        values = [one.rdata for one in state]
        assert len(values) == 1 or not any(_is_null(value) for value in values)


def _is_null(rdata: Any) -> bool:
    return bool(rdata.exchange == dns.name.root)


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["+x MX", "+y A", "-z A"], ["+y A", "+x MX", "-z A"]),
        (["+x CNAME", "-x TXT", "-y A"], ["-x TXT", "+x CNAME", "-y A"]),
        (["+x TXT", "-x CNAME"], ["-x CNAME", "+x TXT"]),
    ],
)
def test_order(names: list[str], order: list[str]) -> None:
    """Hosts come before the MX that name them and go after; what a CNAME replaces goes first."""

    def change(text: str) -> RRsetChange:
        name, rdtype = text[1:].split()
        values = Values(60, frozenset())
        new, old = (values, None) if text[0] == "+" else (None, values)
        return RRsetChange(dns.name.from_text(name), rdtype, old, new)

    made = {name: change(name) for name in names}
    found = in_order(list(made.values()))
    assert [next(n for n, c in made.items() if c is one) for one in found] == order
