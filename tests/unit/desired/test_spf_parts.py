"""`spf` with `split`: a record in several, as the file asks for it."""

from __future__ import annotations

from mailsync.dns.rrset import txt_text
from mailsync.mail import spf
from mailsync.mail.spf_split import ANSWER_OCTETS
from tests.unit.desired.reads import errors, good, wishes

FORTY = ", ".join(f"198.51.100.{n}" for n in range(40))


def texts(text: str) -> dict[str, str]:
    """Give the SPF records that a file asks for, by name."""
    found = [w for w in good(text).wishes if w.kind == "spf"]
    return {wish.name: txt_text(wish.values[0]) for wish in found}


def test_a_long_record_is_divided_by_itself() -> None:
    """Addresses go into records of their own, which the domain's record includes."""
    found = texts(f"spf: {{ip4: [{FORTY}], include: [a.example], all: softfail, split: true}}")
    assert found["example.com."] == (
        "v=spf1 include:_spf1.example.com include:_spf2.example.com include:a.example ~all"
    )
    assert sorted(found) == ["_spf1.example.com.", "_spf2.example.com.", "example.com."]
    parts = [found["_spf1.example.com."], found["_spf2.example.com."]]
    assert all(len(part) + len("_spf1.example.com") <= ANSWER_OCTETS for part in parts)
    named = [str(term) for part in parts for term in spf.parse(part).mechanisms]
    assert sorted(named) == sorted(f"ip4:198.51.100.{n}" for n in range(40))


def test_parts_have_the_ttl_of_the_record() -> None:
    """And its place in the file; only the first record knows that it was divided."""
    desired = good(
        f"spf: {{txt: 'v=spf1 ip4:{FORTY.replace(', ', ' ip4:')} -all', split: true, ttl: 5m}}"
    )
    assert {(w.ttl, w.own_ttl, w.place.line) for w in desired.wishes} == {(300, True, 1)}
    assert {w.name: w.split for w in desired.wishes} == {
        "example.com.": ANSWER_OCTETS,
        "_spf1.example.com.": 0,
        "_spf2.example.com.": 0,
    }


def test_a_host_that_takes_one_string_can_be_named() -> None:
    """With a number, no record has more octets than that."""
    found = texts(f"spf: {{ip4: [{FORTY}], all: fail, split: 255}}")
    assert len(found) == 5
    assert all(len(text) <= 255 for text in found.values())


def test_what_stands_beside_counts() -> None:
    """All TXT of a name come in one answer: tokens leave less room (RFC 7208 §3.4)."""
    record = ", ".join(f"198.51.100.{n}" for n in range(15))
    token = "token=" + "x" * 200
    assert len(texts(f"spf: {{ip4: [{record}], all: fail, split: true}}")) == 1
    assert (
        len(texts(f"verification: {token}\nspf: {{ip4: [{record}], all: fail, split: true}}")) == 2
    )


def test_a_short_record_stays_whole() -> None:
    """And without the word, so does a long one."""
    assert wishes("spf: {ip4: 192.0.2.1, all: fail, split: true}") == wishes(
        "spf: {ip4: 192.0.2.1, all: fail, split: false}"
    )
    assert len(texts(f"spf: {{ip4: [{FORTY}], all: fail}}")) == 1


def test_a_part_is_nobody_elses() -> None:
    """A record that the file asks for at the name of a part is asked for twice."""
    (message,) = errors(
        f"spf: {{ip4: [{FORTY}], all: fail, split: true}}\n"
        "records: {_spf1: {type: TXT, value: v=spf1 -all}}"
    )
    assert "_spf1.example.com TXT is asked for twice" in message
