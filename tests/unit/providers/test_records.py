"""From what an API shows to values, and back; what is none says so."""

from collections.abc import Callable
from functools import partial

import dns.name
import pytest

from mailsync_providers import _records as records

ZONE = "example.test."


@pytest.mark.parametrize(
    ("text", "owner"),
    [("", ZONE), ("@", ZONE), ("a.b", f"a.b.{ZONE}"), (f"c.{ZONE}", f"c.{ZONE}")],
)
def test_owners(text: str, owner: str) -> None:
    """Names are read as in a master file."""
    assert records.name_in(ZONE, text) == dns.name.from_text(owner)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (partial(records.name_in, ZONE, 5), "5 is no name"),
        (partial(records.name_in, ZONE, "a..b"), "is no name"),
        (partial(records.name_in, ZONE, "example.net."), "is not in the zone"),
        (partial(records.host, ""), "is no host name"),
        (partial(records.host, "a..b"), "is no name"),
        (partial(records.number, True), "True is no number"),
        (partial(records.number, "٣"), "is no number"),
        (partial(records.number, "4294967296"), "is no number"),
        (partial(records.mx, 70000, "a."), "not a uint16"),
        (partial(records.mx, 10, None), "None is no host name"),
        (partial(records.srv, 0, 0, "x", "a."), "'x' is no number"),
        (partial(records.txt, None), "None is no text"),
        (partial(records.presented, "A", 5), "5 is no text"),
        (partial(records.presented, "A", "192.0.2.256"), "is no A value"),
    ],
)
def test_what_is_none(read: Callable[[], object], said: str) -> None:
    """Whatever cannot be read says what it is not."""
    with pytest.raises(records.BadRow, match=said):
        read()


def test_types_without_a_host() -> None:
    """Only values that name a host have one."""
    assert records.host_of(records.mx(10, "a.example")) == "a.example."
    assert records.host_of(records.srv(0, 1, 993, ".")) == "."
    with pytest.raises(TypeError, match="TXT"):
        records.host_of(records.txt("a"))


def test_texts() -> None:
    """A text is cut into strings of 255 octets wherever it was cut, and read whole."""
    short, long = records.txt(""), records.presented("TXT", f'"{"a" * 200}" "{"b" * 100}"')
    assert short.to_text() == '""'
    assert [len(one) for one in long.strings] == [255, 45]  # type: ignore[attr-defined]
    assert records.text_of(long) == "a" * 200 + "b" * 100
