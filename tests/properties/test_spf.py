"""SPF: parsing hostile text, and the laws of the union."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.mail import spf, spf_hosts

DOMAINS = st.sampled_from(
    ["a.example", "b.example", "_spf.c.example", "D.example.", "%{i}.e.example"]
)
NETWORKS = st.sampled_from(["192.0.2.0/24", "192.0.2.10", "192.0.2.10/32", "198.51.100.0/25"])
NETWORKS_6 = st.sampled_from(["2001:db8::/32", "2001:db8::10", "2001:DB8::10/128"])
MECHANISMS = st.one_of(
    st.sampled_from(["mx", "a", "ptr", "a/24", "mx:b.example//64"]),
    DOMAINS.map("include:{}".format),
    DOMAINS.map("a:{}".format),
    DOMAINS.map("exists:{}".format),
    NETWORKS.map("ip4:{}".format),
    NETWORKS_6.map("ip6:{}".format),
)
DIRECTIVES = st.tuples(st.sampled_from(["", "", "", "+", "?", "~", "-"]), MECHANISMS).map("".join)
ENDS = st.sampled_from(
    ["", "-all", "~all", "?all", "+all", "redirect=a.example", "redirect=f.example"]
)


@st.composite
def records(draw: st.DrawFn) -> str:
    """A record as people write them."""
    terms = [*draw(st.lists(DIRECTIVES, max_size=6)), draw(ENDS)]
    if draw(st.booleans()):
        terms.append("exp=why.a.example")
    return " ".join(["v=spf1", *filter(None, terms)])


@given(
    st.one_of(st.text(), st.text("v=spf1 +-~?alinc:ude/%{}.4", max_size=60).map("v=spf1 ".__add__))
)
def test_hostile_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in a TXT, parsing gives a record or its own error, never another one."""
    try:
        record = spf.parse(text)
    except spf.BadSpf:
        return
    assert spf.parse(spf.format(record)) == record
    assert spf.is_spf(text)


@given(records())
def test_what_is_written_is_read_back(text: str) -> None:
    """Parsing what was formatted gives the same record."""
    record = spf.parse(text)
    assert spf.parse(spf.format(record)) == record


@settings(max_examples=400)
@given(records(), records())
def test_union_covers_both(live: str, desired: str) -> None:
    """Whoever may send by one of two records may send by their union."""
    union = spf.union(live, desired)
    assert spf.covers(union, live)
    assert spf.covers(union, desired)


@settings(max_examples=400)
@given(records(), records())
def test_union_is_reached_in_one_step(live: str, desired: str) -> None:
    """Once the union is live it is the union: a plan made again asks for nothing more."""
    union = spf.union(live, desired)
    assert spf.union(union, desired) == union


@given(records())
def test_record_covers_itself(text: str) -> None:
    """A record lets send whatever it lets send; with itself it makes no other record."""
    assert spf.covers(text, text)
    assert spf.union(text, text) == text
    assert spf.terms_removed(text, text) == ()


SENDERS = st.frozensets(st.integers(0, 7), max_size=8)


def verdict(record: str, matched: frozenset[str], rest: dict[str, str]) -> str:
    """Evaluate a record (§4.6.2), as text, for a sender that matches just these terms."""
    redirect = ""
    for word in record.split()[1:]:
        name, equals, target = word.partition("=")
        if equals:
            redirect = target if name == "redirect" else redirect
            continue
        qualifier = word[0] if word[0] in "+-~?" else "+"
        term = word.lstrip("+-~?")
        if term == "all" or (
            rest.get(term[8:]) == "+" if term.startswith("include:") else term in matched
        ):
            return qualifier
    return rest[redirect] if redirect else "?"


ATOMS = ["a:a.example", "a:b.example", "ip4:192.0.2.1", "exists:c.example", "include:r.example"]
ATOM_RECORDS = st.tuples(
    st.lists(st.tuples(st.sampled_from("+?~-"), st.sampled_from(ATOMS)).map("".join), max_size=5),
    st.sampled_from(["", "-all", "~all", "?all", "redirect=r.example", "redirect=s.example"]),
).map(lambda parts: " ".join(["v=spf1", *parts[0], *filter(None, [parts[1]])]))


@settings(max_examples=400)
@given(
    ATOM_RECORDS,
    ATOM_RECORDS,
    st.frozensets(st.sampled_from(ATOMS)),
    st.fixed_dictionaries({n: st.sampled_from("+?~-") for n in ("r.example", "s.example")}),
)
def test_a_difference_takes_out_the_service_and_nothing_else(
    record: str, service: str, matched: frozenset[str], rest: dict[str, str]
) -> None:
    """Nobody may send who could not; whom the service does not let send fares as before.

    Taken out again nothing more goes, and with the service put back nobody is missing.
    """
    left = spf.difference(record, service)
    of_record, of_service = (verdict(r, matched, rest) == "+" for r in (record, service))
    of_left = verdict(left, matched, rest) == "+"
    assert of_record or not of_left
    if not of_service:
        assert of_left == of_record
    assert spf.difference(left, service) == left
    if of_record:
        assert verdict(spf.union(left, service), matched, rest) == "+"
    terms = {str(term) for term in spf.parse(service).mechanisms if term.name != "all"}
    if not any(term[0] in "-~?" for term in terms):
        assert not terms & {str(term) for term in spf.parse(left).mechanisms}


@settings(max_examples=600)
@given(
    ATOM_RECORDS,
    ATOM_RECORDS,
    st.frozensets(st.sampled_from(ATOMS)),
    st.fixed_dictionaries({n: st.sampled_from("+?~-") for n in ("r.example", "s.example")}),
)
def test_nobody_fares_worse_by_the_union(
    live: str, desired: str, matched: frozenset[str], rest: dict[str, str]
) -> None:
    """Evaluated as a receiver does, no sender gets a stricter verdict than from either record.

    Whatever the records elsewhere say to which a redirect or an include points.
    """
    union = verdict(spf.union(live, desired), matched, rest)
    for record in (live, desired):
        assert "+?~-".index(union) <= "+?~-".index(verdict(record, matched, rest))


HOSTS = st.frozensets(
    st.sampled_from(
        [("a", "mx.a.example"), ("ip4", "192.0.2.10"), ("ip6", "2001:db8::10"), ("a", "b.example")]
    )
)


@given(records(), HOSTS)
def test_hosts_beside_mx_take_nothing_away(text: str, named: spf_hosts.Hosts) -> None:
    """Whoever may send by a record may send by it with hosts beside its ``mx``; once is enough."""
    wide = spf_hosts.beside(text, named)
    assert spf.covers(wide, text)
    assert spf_hosts.beside(wide, named) == wide
    assert spf_hosts.follows_mx(text) or wide == text
