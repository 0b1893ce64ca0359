"""Our evaluator beside two others, on hundreds of records: where they differ, and why."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.properties.spf_judges import (
    DOMAIN,
    Examined,
    by_checkdmarc,
    by_pyspf,
    our_survey,
    ours,
)
from tests.unit.mail.dns_data import Data, Records

CLIENTS = ("192.0.2.3", "203.0.113.9", "2001:db8::9")

WORLD: Records = {
    DOMAIN: {"A": "192.0.2.3", "MX": ["10 mx1.example.org.", "20 mx2.example.org."]},
    "mx1.example.org": {"A": "192.0.2.10"},
    "mx2.example.org": {"A": ["192.0.2.11", "192.0.2.3"]},
    "pass.example": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"},
    "fail.example": {"TXT": "v=spf1 -all"},
    "soft.example": {"TXT": "v=spf1 ~all"},
    "neutral.example": {"TXT": "v=spf1 ?all"},
    "broken.example": {"TXT": "v=spf1 ip4:192.0.2.3; -all"},
    "two.example": {"TXT": ["v=spf1 -all", "v=spf1 +all"]},
    "text.example": {"TXT": "hello"},
    "deep.example": {"TXT": "v=spf1 include:pass.example include:fail.example a:mx1.example.org"},
    "loop.example": {"TXT": f"v=spf1 include:{DOMAIN} -all"},
    "3.2.0.192.in-addr.arpa": {"PTR": ["host.example.org.", "liar.example.org."]},
    "host.example.org": {"A": "192.0.2.3"},
    "liar.example.org": {"A": "192.0.2.99"},
    "many.example": {"MX": [f"{n} h{n}.example.org." for n in range(11)]},
    **{f"h{n}.example.org": {"A": f"198.51.100.{n}"} for n in range(12)},
    "strong-bad.exists.example": {"A": "127.0.0.2"},
    "3.2.0.192.in-addr.exists.example": {"A": "127.0.0.2"},
}
FAILING = frozenset({"down.example"})

TERMS = (
    "a mx ptr a/24 mx/30 mx/0 a//64 A/24//64 A:MX1.example.org a:mx2.example.org/28 a:none.example "
    "mx:many.example mx:none.example mx:pass.example ptr:example.org ptr:other.example "
    "ip4:192.0.2.3 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ip6:2001:db8::/32 ip6:::ffff:192.0.2.3 "
    "exists:%{l}.exists.example exists:%{ir}.%{v}.exists.example exists:none.example "
    "exists:%{p}.exists.example include:pass.example include:fail.example include:soft.example "
    "include:neutral.example include:broken.example include:two.example include:text.example "
    "include:deep.example include:loop.example include:none.example include:down.example "
    f"include:many.example include:{DOMAIN} INCLUDE:Pass.example"
).split()
ODD_TERMS = (
    "all all. -all; moo moo:bar moo/24 1=2 =x x--=y moo=bar ip4=192.0.2.3 exp=text.example exp= "
    "redirect=pass.example redirect=fail.example redirect=none.example redirect=broken.example "
    f"redirect=loop.example redirect={DOMAIN} redirect= include: include:%{{d2}} a: a:foo "
    "a:1.2.3.4 a:%{z}.example a:%{ a:x%(d).example a:host_1.example.org a:a..b.example a:%{d}. "
    f"a:{'x' * 64}.example a:example.1-2 a:example.a1 a:b@c.example a:b/c.example a/33 a/024 ptr: "
    "a:mx1.example.org. ip4:bogus ip4: ip4:192.0.2.3, ip4:192.0.2.3; ip4:192.0.2.3/ ip4:192.0.2.03 "
    "ip4:192.0.2.3/33 ip4:192.0.2.3//24 ipv4:192.0.2.3 mx//129 exists %{d}"
).split()
WHOLE = [
    "v=spf1", "v=spf1 ", "V=SPF1 -all", "v=spf1; -all", " v=spf1 -all", "v=spf10 -all",
    "v=spf1\t-all", '"v=spf1 -all"', "v=spf1  -all  ", "v=spf1 -all ip4:bogus",
    "v=spf1 \u2212all".encode().decode("latin-1"),
    "v=spf1 " + "+a:mx1.example.org " * 12 + "~all",
    "v=spf1 " + "?include:fail.example " * 12 + "~all",
]  # fmt: skip


def records() -> Iterator[str]:
    """Give the records: by hand, each term under each qualifier, and 400 put together by lot."""
    yield from WHOLE
    for term in (*TERMS, *ODD_TERMS):
        for qualifier in ("", "-", "?"):
            yield f"v=spf1 {qualifier}{term} ~all"
    lot = random.Random(7208)  # the same records in every run
    ends = [" -all", " ~all", " ?all", " +all", "", " redirect=pass.example"]
    for _ in range(400):
        many = range(lot.randint(0, 7))
        terms = [lot.choice(["", "", "-", "~", "?", "+"]) + lot.choice(TERMS) for _ in many]
        yield f"v=spf1 {' '.join(terms)}{lot.choice(ends)}"


RECORDS = list(dict.fromkeys(records()))


def data(record: str) -> Data:
    """Give a DNS in which the domain has this record."""
    return Data({**WORLD, DOMAIN: {**WORLD[DOMAIN], "TXT": record}}, FAILING)


@dataclass(frozen=True)
class Difference:
    """Where another judge differs: what it does, why we do not, and which records show it."""

    what: str
    why: str
    shows: Callable[[str], bool]
    theirs: str = ""


def has(pattern: str) -> Callable[[str], bool]:
    """Look for a pattern in a record."""
    return lambda record: re.search(pattern, record) is not None


PYSPF = (
    Difference(
        "takes 'exists' without a domain when a qualifier stands before it",
        '§5.7: exists = "exists" ":" domain-spec, with or without a qualifier',
        has(r"[-?]exists "),
        theirs="not permerror",
    ),
    Difference(
        "refuses a record that includes itself, though the sender matches before that term",
        "§4.6: only errors of syntax are found before the evaluation; recursion is none, and a "
        "term that is never reached asks for nothing (§4.6.2)",
        has(rf"include:{DOMAIN}"),
        theirs="permerror",
    ),
    Difference(
        "asks for the sender's names while it still reads the record, and counts what they lack",
        "§4.6.2, §7.2: terms are evaluated from left to right, and a macro is expanded when its "
        "term is",
        has(r"%\{p\}"),
        theirs="permerror",
    ),
)  # fmt: skip

CHECKDMARC_VALID = (
    Difference(
        "takes an address, a single label or a dot behind a macro for a name",
        "§7.1: a domain-spec ends in a dot and a top label that is not all digits, or in a macro",
        has(r"a:(1\.2\.3\.4|foo|%\{d\}\.) "),
        theirs="valid",
    ),
    Difference(
        "does not follow an include whose name holds a macro",
        "§5.2, §7.1: %{d2} is known without any sender; there is no record, which is a permerror",
        has(r"include:%\{d2\}"),
        theirs="valid",
    ),
    Difference(
        "only warns of a broken term behind 'all'",
        "§4.6: an error of syntax anywhere in the record is a permerror",
        has(r"-all ip4:bogus"),
        theirs="valid",
    ),
    Difference(
        "refuses a slash inside a name",
        "§7.1: a macro-literal is any visible character but %",
        has(r"a:b/c\.example"),
        theirs="invalid",
    ),
    Difference(
        "finds no SPF record in V=SPF1",
        "§12 and RFC 5234 §2.3: strings of the grammar have no case",
        has(r"^V=SPF1"),
        theirs="invalid",
    ),
    Difference(
        "counts void look-ups for ptr although nobody sends",
        "§5.5: ptr asks for the names of the sender's address, which have nothing to do with the "
        "record",
        has(r"[ +?~-]ptr"),
        theirs="invalid",
    ),
)

CHECKDMARC_VOIDS = (
    Difference("counts void look-ups for ptr", "§5.5: as above", has(r"[ +?~-]ptr")),
    Difference(
        "does not count an exists that finds nothing",
        "§4.6.4: every term of which the look-up finds nothing counts, exists among them",
        has(r"exists:none\.example"),
    ),
    Difference(
        "counts a name that cannot be asked for",
        "§4.8, RFC 1035 §2.3.4: no question can hold an empty label or one of 64 octets",
        has(r"a:(a\.\.b|x{64})\.example"),
    ),
)


def explained(record: str, table: tuple[Difference, ...], theirs: str = "") -> Difference:
    """Find what explains a difference; one that nothing explains is a fault of ours or theirs."""
    for difference in table:
        if difference.shows(record) and difference.theirs == theirs:
            return difference
    pytest.fail(f"nothing explains the difference (theirs: {theirs}) on {record!r}")


def test_pyspf_agrees_but_where_it_is_wrong() -> None:
    """Every result of pyspf is ours, or stands in the table; and all of the table is needed."""
    needed = set()
    agreed = 0
    for record in RECORDS:
        for ip in CLIENTS:
            world = data(record)
            mine, theirs = ours(world, ip).result, by_pyspf(world, ip)
            if mine == theirs:
                agreed += 1
                continue
            said = "permerror" if theirs == "permerror" else "not permerror"
            needed.add(explained(record, PYSPF, said))
    assert needed == set(PYSPF)
    assert agreed > 0.97 * len(RECORDS) * len(CLIENTS)


def test_checkdmarc_agrees_but_where_it_is_wrong() -> None:
    """What checkdmarc takes for valid, and its counts, are ours, or stand in the tables."""
    needed = set()
    agreed = 0
    for record in RECORDS:
        mine, theirs = our_survey(data(record)), by_checkdmarc(data(record))
        if mine == theirs:
            agreed += 1
        elif mine.valid != theirs.valid:
            said = "valid" if theirs.valid else "invalid"
            needed.add(explained(record, CHECKDMARC_VALID, said))
        else:
            assert mine.lookups == theirs.lookups, record
            needed.add(explained(record, CHECKDMARC_VOIDS))
    assert needed == {*CHECKDMARC_VALID, *CHECKDMARC_VOIDS}
    assert agreed > 0.85 * len(RECORDS)


def test_the_judges_can_tell_good_from_bad() -> None:
    """The records are of all kinds: a judge that always said the same would be found out."""
    results = {ours(data(record), CLIENTS[0]).result for record in RECORDS}
    assert results == {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}
    assert our_survey(data("v=spf1 a ~all")) == Examined(True, 1, 0)
    assert {our_survey(data(record)).valid for record in RECORDS} == {True, False}
