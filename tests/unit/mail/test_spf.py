"""SPF as receivers read it (RFC 7208)."""

from __future__ import annotations

import pytest

from mailsync.mail import spf
from mailsync.mail.spf_hosts import beside

GOOD = [
    "v=spf1",
    "V=SPF1 -all",
    "v=spf1  mx   -all ",
    "v=spf1 a a/24 a//64 a:mail.example.com a:mail.example.com/24//64 ~all",
    "v=spf1 +mx ?mx:example.com/0 -ptr ptr:example.com -all",
    "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.1 ip6:2001:db8::/32 ip6:2001:db8::1 -all",
    "v=spf1 include:_spf.example.com. exists:%{i}._spf.%{d2}.example.com -all",
    "v=spf1 exists:%{l1r+-}.example.com a:%{d} a:x%% -all",
    "v=spf1 redirect=_spf.example.com exp=why.example.com unknown=any-%{d}-thing",
    "v=spf1 ip4=192.0.2.1 include=x -all",
    "v=spf1 a:1-2.3-4 -all",
]
BAD = [
    "v=spf1; -all",
    "v=spf10 -all",
    " v=spf1 -all",
    '"v=spf1 -all"',
    "spf2.0/pra -all",
    "v=spf1 ip4:192.0.2.1; -all",
    "v=spf1 ip4:192.0.2.1,192.0.2.2 -all",
    "v=spf1 ip4: 192.0.2.1 -all",
    "v=spf1 ip4:192.0.2.1-all",
    "v=spf1 ipv4:192.0.2.1 -all",
    "v=spf1 ip4/24 -all",
    "v=spf1 ip4:192.0.2.1/33 -all",
    "v=spf1 ip4:192.0.2.1/ -all",
    "v=spf1 ip4:192.0.2.1/08 -all",
    "v=spf1 ip4:192.0.2.01 -all",
    "v=spf1 ip4:2001:db8::1 -all",
    "v=spf1 ip6:192.0.2.1 -all",
    "v=spf1 ip6:fe80::1%eth0 -all",
    "v=spf1 ip6:2001:db8::1/129 -all",
    "v=spf1 redirect= -all",
    "v=spf1 redirect=a.example redirect=b.example",
    "v=spf1 exp=a.example exp=a.example",
    "v=spf1 \u2212all",
    "v=spf1\t-all",
    "v=spf1 a:1.2.3.4 -all",
    "v=spf1 -all ip4:bogus",
    "v=spf1 include -all",
    "v=spf1 include:localhost -all",
    "v=spf1 include:_spf..%{z}.example -all",
    "v=spf1 include:%{c}.example -all",
    "v=spf1 exists -all",
    "v=spf1 ptr: -all",
    "v=spf1 a: -all",
    "v=spf1 a.example.com -all",
    "v=spf1 mx/33 -all",
    "v=spf1 mx//129 -all",
    "v=spf1 mx/024 -all",
    "v=spf1 all:example.com",
    "v=spf1 exmaple.com -all",
    "v=spf1 x=%{ -all",
    "v=spf1 --all",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_receivers_take_is_read(text: str) -> None:
    """Every form of the grammar is read, and read back as the same record."""
    record = spf.parse(text)
    assert spf.parse(spf.format(record)) == record


@pytest.mark.parametrize("text", BAD)
def test_what_receivers_refuse_is_refused(text: str) -> None:
    """Each permerror, wherever it stands, and each text that is no SPF at all, is refused."""
    with pytest.raises(spf.BadSpf, match=r"RFC 7208|§"):
        spf.parse(text)


def test_long_terms_are_shortened_in_messages() -> None:
    """A hostile term does not fill the screen."""
    with pytest.raises(spf.BadSpf) as error:
        spf.parse("v=spf1 " + "x" * 10_000)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("v=spf1 mx a ptr include:a.example exists:a.example ip4:192.0.2.1 ~all", 5),
        ("v=spf1 mx redirect=a.example", 2),
        ("v=spf1 mx redirect=a.example -all", 1),
        ("v=spf1 -all mx a", 0),
    ],
)
def test_lookups_are_counted_as_receivers_count(text: str, count: int) -> None:
    """Terms that ask the DNS count; what stands after all, and a redirect beside it, do not."""
    assert spf.lookups(spf.parse(text)) == count


@pytest.mark.parametrize(
    ("text", "sends"),
    [
        ("v=spf1 -all", False),
        ("v=spf1", False),
        ("v=spf1 -all mx", False),
        ("v=spf1 ?mx -all", False),
        ("v=spf1 mx -all", True),
        ("v=spf1 +all", True),
        ("v=spf1 redirect=a.example", True),
    ],
)
def test_whether_anything_may_send(text: str, sends: bool) -> None:
    """A record lets something send if an evaluated term passes, or if it points elsewhere."""
    assert spf.sends(spf.parse(text)) is sends


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("v=spf1 ip4=192.0.2.1 -all", "'ip4:192.0.2.1'"),
        ("v=spf1 include=a.example -all", "'include:a.example'"),
        ("v=spf1 +all", "everybody"),
        ("v=spf1 " + "a:h.example " * 11 + "-all", "11 terms"),
    ],
)
def test_traps_are_told(text: str, objection: str) -> None:
    """What receivers swallow but nobody can mean is objected to."""
    (told,) = spf.objections(spf.parse(text))
    assert objection in told


def test_good_records_meet_no_objection() -> None:
    """A usual record is not objected to."""
    assert spf.objections(spf.parse("v=spf1 mx include:a.example x=y ~all")) == ()


@pytest.mark.parametrize(
    ("live", "desired", "union"),
    [
        # One that covers the other is taken as it is written.
        ("v=spf1 mx -all", "v=spf1  MX a -all", "v=spf1  MX a -all"),
        ("v=spf1 mx a ~all", "v=spf1 mx -all", "v=spf1 mx a ~all"),
        (
            "v=spf1 ip4:192.0.2.10 -all",
            "v=spf1 ip4:192.0.2.0/24 -all",
            "v=spf1 ip4:192.0.2.0/24 -all",
        ),
        # The desired order first, then what only the live one has; the weaker verdict.
        (
            "v=spf1 include:old.example a ~all",
            "v=spf1 include:new.example mx -all",
            "v=spf1 include:new.example mx include:old.example a ~all",
        ),
        ("v=spf1 mx", "v=spf1 a -all", "v=spf1 a mx ?all"),
        # Same term, two verdicts: the weaker.
        ("v=spf1 ?mx a -all", "v=spf1 mx -all", "v=spf1 mx a -all"),
        ("v=spf1 mx a -all", "v=spf1 ?mx -all", "v=spf1 mx a -all"),
        # A narrow network whose wide one is there already is not said twice.
        (
            "v=spf1 ip4:192.0.2.10 a -all",
            "v=spf1 ip4:192.0.2.0/24 -all",
            "v=spf1 ip4:192.0.2.0/24 a -all",
        ),
        # Redirects: the same one stays; the only one stays where the other record fails the rest.
        (
            "v=spf1 a redirect=R.example",
            "v=spf1 mx redirect=r.example",
            "v=spf1 mx a redirect=r.example",
        ),
        ("v=spf1 redirect=r.example", "v=spf1 mx -all", "v=spf1 mx redirect=r.example"),
        ("v=spf1 mx -all", "v=spf1 redirect=r.example", "v=spf1 mx redirect=r.example"),
        # Else it becomes an include, and nothing worse than neutral is said of the rest.
        ("v=spf1 redirect=r.example", "v=spf1 mx ~all", "v=spf1 mx include:r.example ?all"),
        (
            "v=spf1 redirect=r.example",
            "v=spf1 redirect=s.example",
            "v=spf1 include:r.example include:s.example ?all",
        ),
        # What one refuses and the other lets send comes last.
        (
            "v=spf1 ip4:192.0.2.0/24 -all",
            "v=spf1 -ip4:192.0.2.9 mx -all exp=why.example",
            "v=spf1 mx ip4:192.0.2.0/24 -all exp=why.example",
        ),
        (
            "v=spf1 ~a mx ?all",
            "v=spf1 -a b=c include:n.example ~all",
            "v=spf1 ~a include:n.example mx ?all b=c",
        ),
    ],
)
def test_union(live: str, desired: str, union: str) -> None:
    """Two records are put together so that old and new servers may send."""
    assert spf.union(live, desired) == union


@pytest.mark.parametrize(
    ("a", "b", "covers"),
    [
        ("v=spf1 mx -all", "v=spf1 mx ~all", False),
        ("v=spf1 mx ~all", "v=spf1 mx -all", True),
        ("v=spf1 -mx a -all", "v=spf1 a -all", False),
        ("v=spf1 ?mx -all", "v=spf1 mx -all", False),
        ("v=spf1 +all", "v=spf1 mx -all", True),
        ("v=spf1 redirect=r.example", "v=spf1 -all", True),
        ("v=spf1 redirect=r.example", "v=spf1 ?all", False),
        ("v=spf1 mx mx -a -all", "v=spf1 mx -a ~mx -all", True),
        ("v=spf1 include:r.example ?all", "v=spf1 redirect=r.example", True),
        ("v=spf1 include:r.example ~all", "v=spf1 redirect=r.example", False),
        ("v=spf1 a:%{D}.example -all", "v=spf1 a:%{d}.example -all", False),
        ("v=spf1 ip4:192.0.2.0/24 -all", "v=spf1 ip6:2001:db8::1 -all", False),
    ],
)
def test_covers(a: str, b: str, covers: bool) -> None:
    """One record covers another only if nobody fares worse by it."""
    assert spf.covers(a, b) is covers


def test_terms_removed_are_those_that_nothing_replaces() -> None:
    """A plan can say which terms go: not those in a wider network, and never all."""
    old = "v=spf1 ip4:192.0.2.10 include:old.example ~all"
    assert spf.terms_removed(old, "v=spf1 ip4:192.0.2.0/24 -all") == ("include:old.example",)
    redirected = "v=spf1 redirect=old.example"
    assert spf.terms_removed(redirected, "v=spf1 -all") == ("redirect=old.example",)
    assert spf.terms_removed(redirected, "v=spf1 include:old.example -all") == ()


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("v=spf1 mx -all", "v=spf1 mx a:mx.example ip4:192.0.2.1 ip6:2001:db8::1 -all"),
        (
            "v=spf1 mx/24 -all",
            "v=spf1 mx/24 a:mx.example/24 ip4:192.0.2.1/24 ip6:2001:db8::1 -all",
        ),
        (
            "v=spf1 mx//64 -all",
            "v=spf1 mx//64 a:mx.example//64 ip4:192.0.2.1 ip6:2001:db8::1/64 -all",
        ),
        ("v=spf1 a mx:other.example ~mx -all", "v=spf1 a mx:other.example ~mx -all"),
        (
            "v=spf1 ip4:192.0.2.0/24 mx a:mx.example ip6:2001:db8::/32 -all",
            "v=spf1 ip4:192.0.2.0/24 mx a:mx.example ip6:2001:db8::/32 -all",
        ),
    ],
)
def test_hosts_stand_beside_mx_with_its_lengths(text: str, wide: str) -> None:
    """They let as much send as the term does; what is let in anyway is not written twice."""
    named = frozenset({("a", "mx.example"), ("ip4", "192.0.2.1"), ("ip6", "2001:db8::1")})
    assert beside(text, named) == wide
