"""MTA-STS records and policies, by RFC 8461."""

from __future__ import annotations

import pytest

from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import BadPolicy, BadRecord, Policy, Record

TEXT = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n"
POLICY = Policy("enforce", 604800, ("mail.example.com", "*.example.net"))


def test_a_policy_is_read_as_senders_read_it() -> None:
    """The RFC's own example, with either line end, unknown keys skipped, the first of two wins."""
    assert mta_sts.parse_policy(TEXT) == POLICY
    assert mta_sts.parse_policy(TEXT.replace("\n", "\r\n")) == POLICY
    assert mta_sts.parse_policy(TEXT + "other: x\nmode: none\n") == POLICY


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "version: STSv1"),
        ("x" * 70000, "longer than"),
        ("no line", "is no line"),
        (TEXT.replace("enforce", "strict"), "mode is one of"),
        (TEXT.replace("604800", "999999999"), "max_age"),
        (TEXT.replace("604800", "soon"), "max_age"),
        (TEXT.replace("*.example", "*example"), "is no host"),
        ("version: STSv1\nmode: testing\nmax_age: 1\n", "names an mx"),
    ],
)
def test_what_is_no_policy_says_why(text: str, message: str) -> None:
    """A policy that senders would not take is refused with the reason."""
    with pytest.raises(BadPolicy, match=message):
        mta_sts.parse_policy(text)


def test_a_record_is_read_with_its_extensions() -> None:
    """The id stands once; what comes besides is kept."""
    assert mta_sts.parse_record("v=STSv1; id=20160831085700Z; a=b;") == Record(
        "20160831085700Z", (("a", "b"),)
    )
    assert mta_sts.is_mta_sts("v=STSv1;id=1")
    assert not mta_sts.is_mta_sts("v=STSv12; id=1")


@pytest.mark.parametrize(
    "text", ["id=1", "v=STSv1;", "v=STSv1; id=1; id=2", "v=STSv1; id=-", "v=STSv1; x"]
)
def test_what_is_no_record_says_why(text: str) -> None:
    """A record that senders would skip is refused."""
    with pytest.raises(BadRecord, match="RFC 8461"):
        mta_sts.parse_record(text)


def test_a_wildcard_is_exactly_one_label() -> None:
    """As §4.1 says, in any case and with a final dot."""
    assert mta_sts.matches("*.example.net", "mx.EXAMPLE.net.")
    assert not mta_sts.matches("*.example.net", "a.mx.example.net")
    assert not mta_sts.matches("*.example.net", "example.net")
    assert mta_sts.matches("mail.example.com", "mail.example.com.")
    assert mta_sts.permits(POLICY, "mx.example.net.")
    assert not mta_sts.permits(POLICY, "mx.example.org.")


def test_a_union_is_as_weak_and_as_short_as_the_weakest() -> None:
    """What any permits, in the mildest mode, for the shortest time."""
    other = Policy("testing", 86400, ("mx.example.org",))
    assert mta_sts.union(POLICY, other) == Policy(
        "testing", 86400, ("*.example.net", "mail.example.com", "mx.example.org")
    )


def test_the_order_of_patterns_says_nothing() -> None:
    """Two policies that permit the same have one id; another mode has another."""
    turned = Policy("enforce", 604800, ("*.EXAMPLE.net", "mail.example.com."))
    assert mta_sts.identifier(turned) == mta_sts.identifier(POLICY)
    assert mta_sts.identifier(Policy("none", 1)) != mta_sts.identifier(POLICY)
