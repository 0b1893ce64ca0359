"""SPF: what is taken out of a record, and records in several parts; judged by an evaluator, too."""

from __future__ import annotations

import importlib
import ipaddress
import warnings
from collections.abc import Mapping
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.mail import spf
from mailsync.mail.spf_split import ANSWER_OCTETS, PARTS_MAX, Split, part_name, split
from mailsync.mail.spf_tree import included, total_lookups, written_out
from tests.properties.test_spf import ATOM_RECORDS, ATOMS, MECHANISMS, records, verdict

DOMAIN = "example.com."

# ---- What is taken out ---------------------------------------------------------------------------


@given(records(), records())
def test_what_is_taken_out_is_out(record: str, service: str) -> None:
    """Once is enough, and nothing is made up."""
    rest = spf.difference(record, service)
    assert spf.difference(rest, service) == rest
    assert set(map(str, spf.parse(rest).terms)) <= set(map(str, spf.parse(record).terms))


@settings(max_examples=400)
@given(
    ATOM_RECORDS,
    ATOM_RECORDS,
    st.frozensets(st.sampled_from(ATOMS)),
    st.fixed_dictionaries({n: st.sampled_from("+?~-") for n in ("r.example", "s.example")}),
)
def test_taking_out_lets_nobody_send_and_forgets_nobody(
    record: str, service: str, matched: frozenset[str], rest: dict[str, str]
) -> None:
    """Whoever passes what remains passed before; whoever passed before passes it, or the service.

    Whatever the records elsewhere say to which a redirect or an include points.
    """
    before = verdict(record, matched, rest)
    after = verdict(spf.difference(record, service), matched, rest)
    if after == "+":
        assert before == "+"
    if before == "+":
        assert "+" in {after, verdict(service, matched, rest)}
    assert verdict(spf.difference(record, record), matched, rest) != "+"


@given(records(), records())
def test_a_service_comes_out_of_what_it_was_put_into(own: str, service: str) -> None:
    """Nothing that the service lets send remains of the two put together, but what is wider."""
    rest = spf.parse(spf.difference(spf.union(own, service), service))
    for term in rest.mechanisms:
        if term.qualifier == "+":
            assert not spf.covers(service, f"v=spf1 {term} -all")


# ---- Records in parts ----------------------------------------------------------------------------

ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map("ip4:{}".format),
    st.ip_addresses(v=6).map("ip6:{}".format),
    st.tuples(st.ip_addresses(v=4), st.integers(8, 31)).map(lambda p: f"ip4:{p[0]}/{p[1]}"),
)
TERMS = st.one_of(
    *[ADDRESSES] * 6, ADDRESSES.map("-{}".format), ADDRESSES.map("?{}".format), MECHANISMS
)


@st.composite
def long_records(draw: st.DrawFn) -> str:
    """A record with many addresses, and other terms among them."""
    terms = draw(st.lists(TERMS, min_size=5, max_size=60))
    end = draw(st.sampled_from(["-all", "~all", "?all", "", "redirect=r.example", "+all"]))
    where = draw(st.integers(0, len(terms)))
    terms[where:where] = draw(st.sampled_from([[], ["exp=why.example"], ["x=%{d}"]]))
    return " ".join(["v=spf1", *terms, *filter(None, [end])])


def divided(text: str, room: int = 300, octets: int = ANSWER_OCTETS) -> Split:
    """Split as the loader does."""
    return split(text, DOMAIN, room, lambda name: min(octets, ANSWER_OCTETS - len(name)))


def known(found: Split) -> Any:
    """Give the parts by the name that an include writes."""
    by_name = {name.removesuffix("."): spf.parse(text) for name, text in found.parts}
    return by_name.get


@settings(max_examples=60)
@given(long_records())
def test_parts_say_what_the_record_said(text: str) -> None:
    """Written out again, the parts cover the record, and the record them; nothing else is there."""
    found = divided(text)
    whole = spf.format(written_out(spf.parse(found.text), known(found)))
    assert spf.covers(whole, text)
    assert spf.covers(text, whole)
    for name, part in found.parts:
        assert len(part) + len(name) <= ANSWER_OCTETS
        assert all(term.qualifier == "+" for term in spf.parse(part).mechanisms)
        assert spf.parse(part).all == "-"
    lookups = spf.lookups(spf.parse(text)) + len(found.parts)
    assert total_lookups(spf.parse(found.text), known(found)) == lookups
    assert spf.parse(found.text).modifiers == spf.parse(text).modifiers
    assert divided(text) == found


LISTS = st.lists(ADDRESSES, min_size=25, max_size=90, unique=True)


@settings(max_examples=60)
@given(LISTS, st.integers(0, 90))
def test_one_address_more_does_not_reshuffle(addresses: list[str], place: int) -> None:
    """Wherever it is written, few addresses move, and where a part is added, most stay."""
    another = addresses.pop()
    before = divided(f"v=spf1 {' '.join(addresses)} -all")
    more = [*addresses[:place], another, *addresses[place:]]
    after = divided(f"v=spf1 {' '.join(more)} -all")
    where_before, where_after = _places(before), _places(after)
    moved = [t for t in where_before if where_before[t] != where_after[t]]
    if len(before.parts) == len(after.parts):
        assert len(moved) <= 6
        assert before.text == after.text
    else:
        assert len(moved) <= len(addresses) * 2 // 3
        assert [name for name, _ in after.parts[:-1]] == [name for name, _ in before.parts]


@settings(max_examples=40)
@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_in_the_file_places_nothing(addresses: list[str], random: Any) -> None:
    """Sorting the list of addresses moves none of them to another part."""
    shuffled = list(addresses)
    random.shuffle(shuffled)
    before = divided(f"v=spf1 {' '.join(addresses)} -all")
    assert _places(divided(f"v=spf1 {' '.join(shuffled)} -all")) == _places(before)


def test_parts_are_as_few_as_they_can_be_but_for_some_room() -> None:
    """A hundred addresses take six parts: look-ups are scarce."""
    text = " ".join(f"ip4:203.0.{n}.{n * 7 % 256}" for n in range(100))
    assert [name for name, _ in divided(f"v=spf1 {text} -all").parts] == [
        part_name(number, DOMAIN) for number in range(1, 6)
    ]


def test_what_does_not_fit_is_refused() -> None:
    """More than ten parts are more look-ups than receivers make."""
    text = " ".join(f"ip4:203.{n // 250}.113.{n % 250}" for n in range(2000))
    with pytest.raises(spf.BadSpf, match="2000 addresses take more than 10 records"):
        divided(f"v=spf1 {text} -all")
    barely = " ".join(f"ip4:203.0.113.{n}" for n in range(38))
    assert len(divided(f"v=spf1 {barely} -all", 90, 90).parts) == PARTS_MAX


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", 300),
        ("v=spf1 ip4:192.0.2.1 -all", 0),
        ("v=spf1 include:a.example " + "x=y " * 200 + "-all", 300),
    ],
)
def test_what_cannot_become_shorter_stays_whole(text: str, room: int) -> None:
    """A short record, one without addresses, and one whose includes would take as much."""
    assert divided(text, room) == Split(text)


def test_order_is_kept_around_what_does_not_pass() -> None:
    """Only terms between which nothing stands that does not pass go into parts together."""
    few = " ".join(f"ip4:192.0.2.{n}" for n in range(3))
    many = " ".join(f"ip4:198.51.100.{n}" for n in range(30))
    before, after = f"v=spf1 {few} ?ip4:198.51.100.7 mx", "a -ip4:192.0.2.0/24 ~all ip4:9.9.9.9"
    found = divided(f"{before} {many} {after}")
    includes = " ".join(f"include:_spf{n}.example.com" for n in range(1, len(found.parts) + 1))
    assert found.text == f"{before} {includes} {after}"


# ---- An evaluator by another hand ----------------------------------------------------------------


def evaluator() -> Any:
    """Give pyspf."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("spf")


def judged(module: Any, zone: Mapping[str, str], address: str) -> str:
    """Give pyspf's verdict on a sender, where these TXT are all there is in the DNS."""

    def look_up(name: str, rdtype: str, *_: object, **__: object) -> list[Any]:
        text = zone.get(name.rstrip(".").lower()) if rdtype == "TXT" else None
        return [] if text is None else [((name, "TXT"), (text.encode(),))]

    with mock.patch.object(module, "DNSLookup", look_up):
        query = module.query(i=address, s="postmaster@example.com", h="mail.example.com")
        result: str = query.check()[0]
        return result


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(*[ADDRESSES] * 8, ADDRESSES.map("-{}".format)), min_size=12, max_size=60),
    st.sampled_from(["-all", "~all", "?all", ""]),
    st.data(),
)
def test_an_evaluator_says_the_same_of_parts_and_whole(
    terms: list[str], end: str, data: st.DataObject
) -> None:
    """Of every address that is named, and of one that is not."""
    text = " ".join(["v=spf1", *terms, *filter(None, [end])])
    found = divided(text)
    split_zone = {name.removesuffix("."): part for name, part in found.parts}
    split_zone["example.com"] = found.text
    module = evaluator()
    named = [term.lstrip("-").partition(":")[2] for term in terms]
    asked = data.draw(st.lists(st.sampled_from(named), max_size=4))
    for network in [*asked, "192.0.2.99"]:
        address = str(ipaddress.ip_network(network, strict=False)[-1])
        whole = judged(module, {"example.com": text}, address)
        assert judged(module, split_zone, address) == whole
        assert whole != "permerror"


# ---- Includes written out ------------------------------------------------------------------------

KNOWN = {
    "p.example": "v=spf1 ip4:192.0.2.1 a:x.example -all",
    "deep.example": "v=spf1 include:p.example ip4:192.0.2.2 ~ip4:192.0.2.3 -all",
    "own.example": "v=spf1 a -all",
    "macro.example": "v=spf1 exists:%{D}.x.example -all",
    "mixed.example": "v=spf1 -ip4:192.0.2.4 ip4:192.0.2.0/24 -all",
    "all.example": "v=spf1 +all",
    "redirect.example": "v=spf1 redirect=p.example",
    "loop.example": "v=spf1 ip4:192.0.2.5 include:loop.example -all",
}


@pytest.mark.parametrize(
    ("text", "expected", "lookups"),
    [
        ("mx include:p.example -all", "mx ip4:192.0.2.1 a:x.example -all", 3),
        ("~include:p.example", "~ip4:192.0.2.1 ~a:x.example", 2),
        (
            "include:deep.example ?all",
            "ip4:192.0.2.1 a:x.example ip4:192.0.2.2 ?all",
            3,
        ),
        ("include:unknown.example", "include:unknown.example", 1),
        ("include:own.example", "include:own.example", 2),
        ("include:macro.example", "include:macro.example", 2),
        ("include:mixed.example", "include:mixed.example", 1),
        ("include:all.example", "include:all.example", 1),
        ("include:redirect.example", "include:redirect.example", 3),
        ("redirect=p.example", "redirect=p.example", 2),
    ],
)
def test_includes_are_written_out_where_it_says_the_same(
    text: str, expected: str, lookups: int
) -> None:
    """Terms that pass, whatever the name at which they stand; everything else stays an include."""
    record = spf.parse(f"v=spf1 {text}")
    by_name = {name: spf.parse(told) for name, told in KNOWN.items()}
    assert spf.format(written_out(record, by_name.get)) == f"v=spf1 {expected}"
    assert total_lookups(record, by_name.get) == lookups


def test_a_record_that_includes_itself_ends() -> None:
    """A loop is followed no deeper than receivers would."""
    record = spf.parse("v=spf1 include:loop.example -all")
    by_name = {name: spf.parse(told) for name, told in KNOWN.items()}
    assert included(written_out(record, by_name.get)) == ("loop.example",)
    assert total_lookups(record, by_name.get) > spf.LOOKUPS_MAX


def _places(found: Split) -> dict[str, str]:
    return {str(term): name for name, text in found.parts for term in spf.parse(text).mechanisms}
