"""The tree of an SPF record, followed to its end."""

from __future__ import annotations

import pytest

from mailsync.dns.answer import Answer
from mailsync.mail.spf_survey import SURVEYED_MAX, survey
from tests.unit.mail.dns_data import Data, Records


def faults(
    records: Records, failing: frozenset[str] = frozenset(), unknown: frozenset[str] = frozenset()
) -> list[tuple[str, str, str]]:
    """Survey example.com: what is wrong, in whose record, in which term."""
    found = survey("example.com", Data(records, failing, unknown))
    return [(p.fault, p.at.domain, p.at.term) for p in found.problems]


def test_every_term_of_the_tree_is_counted() -> None:
    """All look-ups count, whichever sender might stop earlier, and whatever the limit is."""
    inner = "v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(9)) + " -all"
    records: Records = {
        "example.com": {"TXT": "v=spf1 ip4:192.0.2.1 include:a.example include:b.example mx -all"},
        "a.example": {"TXT": inner},
        "b.example": {"TXT": inner},
    }
    found = survey("example.com", Data(records))
    assert found.lookups == 21
    assert found.problems == ()
    hosts = [f"h{n}.example.org" for n in range(9)]
    assert found.voids == (*hosts, *hosts, "example.com")
    assert len(found.trail) == 27


def test_the_families_find_different_things_missing() -> None:
    """A host without an IPv6 address is a void look-up for senders that come by IPv6."""
    records: Records = {
        "example.com": {"TXT": "v=spf1 a mx exists:%{v}.example -all", "A": "192.0.2.1"}
    }
    assert survey("example.com", Data(records), 4).voids == ("example.com", "in-addr.example")
    assert survey("example.com", Data(records), 6).voids == ("example.com",) * 2 + ("ip6.example",)


def test_what_only_the_sender_makes_known_is_counted_and_not_asked() -> None:
    """Terms with the sender's macros count; nobody can say what stands behind them."""
    data = Data(
        {
            "example.com": {
                "TXT": "v=spf1 exists:%{i}.a.example include:%{l}.b.example ptr ptr:%{d} "
                "exists:%{p}.c.example include:%{o} redirect=%{h}"
            }
        }
    )
    found = survey("example.com", data)
    assert found.lookups == 7
    assert {name for name, _ in data.asked} == {"example.com."}
    assert [problem.fault for problem in found.problems] == ["loop"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            {"example.com": {"TXT": "v=spf1 include:a.example redirect=b.example"}},
            [
                ("none", "example.com", "include:a.example"),
                ("none", "example.com", "redirect=b.example"),
            ],
        ),
        (
            {
                "example.com": {"TXT": "v=spf1 include:a.example include:b.example ~all"},
                "a.example": {"TXT": "v=spf1 moo"},
                "b.example": {"TXT": ["v=spf1", "v=spf1 -all"]},
            },
            [("syntax", "a.example", ""), ("multiple", "b.example", "")],
        ),
        (
            {
                "example.com": {"TXT": "v=spf1 include:a.example -all"},
                "a.example": {"TXT": "v=spf1 include:B.example -all"},
                "b.example": {"TXT": "v=spf1 redirect=a.example"},
            },
            [("loop", "b.example", "redirect=a.example")],
        ),
        (
            {
                "example.com": {"TXT": "v=spf1 mx -all", "MX": [f"1 h{n}.a." for n in range(11)]},
                **{f"h{n}.a": {"A": "192.0.2.1"} for n in range(11)},
            },
            [("mx-hosts", "example.com", "mx")],
        ),
        ({}, []),
    ],
)
def test_all_that_is_broken_is_found(
    records: Records, expected: list[tuple[str, str, str]]
) -> None:
    """One problem does not hide the next."""
    assert faults(records) == expected


def test_what_the_dns_does_not_tell_is_no_fault_of_the_record() -> None:
    """A part that nobody could look at is told as such, and the rest is judged."""
    records: Records = {
        "example.com": {"TXT": "v=spf1 include:down.example include:x.example include:gone.example"}
    }
    found = faults(records, frozenset({"down.example"}), frozenset({"x.example"}))
    assert found == [
        ("failed", "down.example", ""),
        ("unknown", "x.example", ""),
        ("none", "example.com", "include:gone.example"),
    ]


def test_a_record_that_lets_all_send_ends_there() -> None:
    """Nobody gets past an include that passes everybody."""
    records: Records = {
        "example.com": {"TXT": "v=spf1 include:a.example a:gone.example -all"},
        "a.example": {"TXT": "v=spf1 +all"},
    }
    assert survey("example.com", Data(records)).lookups == 1


def test_a_bottomless_tree_ends() -> None:
    """A tree that a hostile zone makes up without end is given up after a hundred look-ups."""

    class Endless(Data):
        def ask(self, name: str, rdtype: str) -> Answer:
            text = "v=spf1 include:a.%{d} include:b.%{d}"
            return Data({name.removesuffix("."): {"TXT": text}}).ask(name, rdtype)

    found = survey("example.com", Endless({}))
    assert found.lookups == SURVEYED_MAX + 1
    assert found.problems[-1].fault == "lookups"
