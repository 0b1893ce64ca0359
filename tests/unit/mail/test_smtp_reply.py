"""SMTP replies: read as RFC 5321 has them, and said in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.mail.smtp_reply import (
    BadReply,
    Reply,
    explained,
    is_closing,
    is_greylisting,
    is_last,
    meaning,
    parse,
    verdict,
)


def test_a_reply_of_several_lines_is_one() -> None:
    """Its code, its texts, and the enhanced code of its first line."""
    reply = parse(["550-5.1.1 No such user", "550 5.1.1 see https://example.net/"])
    assert reply == Reply(550, ("5.1.1 No such user", "5.1.1 see https://example.net/"), "5.1.1")
    assert str(reply) == "550 5.1.1 No such user 5.1.1 see https://example.net/"
    assert [is_last("250-a"), is_last("250 b"), is_last("250")] == [False, True, True]
    assert parse(["250"]).text == ""


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["hello"],
        ["99 low"],
        ["999 high"],
        ["250-a", "220 b"],
        ["250_x"],
        ["\uff12\uff15\uff10 x"],
    ],
)
def test_what_is_no_reply_is_refused(lines: list[str]) -> None:
    """Another protocol, other digits, two codes in one."""
    with pytest.raises(BadReply):
        parse(lines)


def test_an_enhanced_code_of_another_class_is_none() -> None:
    """RFC 2034 §4: it begins with the reply's own digit."""
    assert parse(["250 5.1.1 odd"]).enhanced == ""
    assert parse(["550 5.1.1odd"]).enhanced == ""


@pytest.mark.parametrize(
    ("line", "wanted", "words"),
    [
        ("250 2.1.5 Ok", "accepted", "the recipient's address is valid"),
        ("251 elsewhere", "accepted", "forwarded elsewhere"),
        ("354 go ahead", "unclear", "waits for a message"),
        ("421 4.7.0 slow down", "deferred", "closes the connection"),
        ("450 4.2.0 Greylisted for 300 s", "deferred", "greylisting"),
        ("451 4.7.1 try again later", "deferred", "greylisting"),
        ("452 4.5.3 too many recipients", "deferred", "too many recipients at once"),
        ("499 4.9.9 odd", "deferred", "deferred, not refused"),
        ("500 what", "asker", "not understood"),
        ("521 no mail", "refused", "takes no mail at all"),
        ("530 5.7.0 Must issue STARTTLS", "asker", "who asks"),
        ("550 no", "refused", "no such mailbox, or not allowed"),
        ("550 5.1.10 null MX", "refused", "takes no mail (null MX)"),
        ("550 5.4.1 Recipient address rejected: Access denied", "refused", "no such recipient"),
        ("550 5.7.1 Your server has a poor reputation", "asker", "who asks"),
        ("550 5.7.26 unauthenticated", "asker", "who asks"),
        ("550 5.7.606 Access denied, banned sending IP", "asker", "who asks"),
        ("550 5.1.1 user blocklist unknown", "refused", "there is no such mailbox"),
        ("554 5.7.1 Client host rejected: cannot find your hostname", "asker", "who asks"),
        ("554 5.7.1 Relay access denied", "refused", "does not relay"),
        ("550 5.2.99 odd", "refused", "something is wrong with the mailbox"),
        ("550 5.9.9 odd", "refused", "no such mailbox, or not allowed"),
        ("599 odd", "refused", "refused for good"),
        ("333 odd", "unclear", "nobody expects"),
    ],
)
def test_what_a_reply_means(line: str, wanted: str, words: str) -> None:
    """Whether it is about the recipient, about who asks, or about now; and in words."""
    reply = parse([line])
    assert verdict(reply) == wanted
    assert words in meaning(reply)
    assert explained(reply).endswith(f"({line})")


def test_closing_and_greylisting_are_told() -> None:
    """421 and 521 end a session; greylisting is only ever a 450 or 451."""
    assert [is_closing(parse([f"{code} x"])) for code in (421, 521, 550)] == [True, True, False]
    assert not is_greylisting(parse(["550 5.7.1 greylisted"]))


def test_long_texts_are_cut() -> None:
    """What a person reads has an end."""
    assert len(parse(["250 " + "x" * 1000]).text) == 160


@given(st.lists(st.text(max_size=40), max_size=4))
def test_arbitrary_lines_are_read_or_refused(lines: list[str]) -> None:
    """Nothing but `BadReply` is raised, and whatever is read can be said."""
    try:
        reply = parse(lines)
    except BadReply:
        return
    assert explained(reply)
    assert verdict(reply) in {"accepted", "refused", "deferred", "asker", "unclear"}
