"""MX values and verification tokens."""

from __future__ import annotations

import pytest

from mailsync.mail import mx, verification


def test_values_are_read_and_written() -> None:
    """An MX value is a preference and a host, as it stands in a zone."""
    record = mx.parse(" 10\tmx1.example.net. ")
    assert record == mx.Record(10, "mx1.example.net.")
    assert mx.format(record) == "10 mx1.example.net."
    assert not record.is_null
    assert mx.parse("0 .") == mx.NULL
    assert mx.NULL.is_null


@pytest.mark.parametrize("text", ["", "mx1", "10", "ten mx1", "10 mx1 mx2", "-1 mx1", "65536 mx1"])
def test_others_are_refused(text: str) -> None:
    """What is no MX value is refused."""
    with pytest.raises(mx.BadMx):
        mx.parse(text)


def test_tokens_are_taken_as_they_are() -> None:
    """A token is the whole text of a TXT value."""
    assert verification.parse("google-site-verification=a_b; c") == (
        "google-site-verification=a_b; c"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "empty"),
        ("x" * 5000, "5000"),
        ("MS=\u00e9", "ASCII"),
        ("a\x1bb", "ASCII"),
        ('"MS=1"', "quotes"),
        ("v=spf1 -all", "'spf'"),
        ("v=DMARC1; p=none", "'dmarc'"),
    ],
)
def test_what_is_no_token_is_refused(text: str, why: str) -> None:
    """A mail policy, or what no form field takes, is no verification token."""
    with pytest.raises(verification.BadToken, match=why):
        verification.parse(text)
