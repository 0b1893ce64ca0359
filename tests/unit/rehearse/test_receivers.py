"""A receiving server judges by what its own resolver holds, includes and all."""

from __future__ import annotations

import pytest

from mailsync.dns.rrset import RRset, txt_value
from mailsync.rehearse.published import Published
from mailsync.rehearse.receivers import Receiver
from mailsync.rehearse.resolver import Resolver, Traits
from mailsync.rehearse.services import FOREVER, Stream

ZONE = "example.jp."
STREAM = Stream("new", 0, FOREVER, 0, "v=spf1 ip4:192.0.2.1 -all")


def spf(name: str, text: str) -> RRset:
    """Give an SPF record with a TTL of an hour."""
    return RRset(name, "TXT", 3600, (txt_value(text),))


def receiver(truth: Published) -> Receiver:
    """Give a receiver whose resolver asks the only name server."""
    return Receiver(ZONE, Resolver(Traits(), truth, lambda servers: servers[0]))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", ""),
        ("v=spf1 ip4:192.0.2.2 -all", "does not let it send"),
        ("something else", "does not let it send"),
        ("v=spf1 x", "does not let it send"),
        (None, "does not let it send"),
    ],
)
def test_an_included_record_is_asked_for(part: str | None, words: str) -> None:
    """The sender passes by it, or does not; where it is missing, everything fails."""
    truth = Published(1)
    truth.put((ZONE, "TXT"), spf(ZONE, "v=spf1 include:_spf1.example.jp include:b.example -all"), 0)
    name = f"_spf1.{ZONE}"
    truth.put((name, "TXT"), None, 0)
    if part is not None:
        truth.put((name, "TXT"), spf(name, part), 0)
    assert words in receiver(truth).judges(STREAM, 10)
    assert bool(words) == bool(receiver(truth).judges(STREAM, 10))


def test_a_receiver_goes_by_what_it_holds() -> None:
    """An old version of a part in its cache lets the new sender fail until it is out."""
    truth = Published(1)
    name = f"_spf1.{ZONE}"
    truth.put((ZONE, "TXT"), spf(ZONE, "v=spf1 include:_spf1.example.jp -all"), 0)
    truth.put((name, "TXT"), spf(name, "v=spf1 ip4:192.0.2.2 -all"), 0)
    truth.put((name, "TXT"), spf(name, "v=spf1 ip4:192.0.2.1 -all"), 100)
    one = receiver(truth)
    assert one.judges(STREAM, 50)
    assert one.judges(STREAM, 3000)
    assert not one.judges(STREAM, 3700)
