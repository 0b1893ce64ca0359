"""What is written is read back as the same, by the strict loader and by other readers of YAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.tree import Node, Scalar, Sequence
from mailsync.importing.layout import Piece, tree, written
from mailsync.importing.nodes import duration, listed, mapping, text, word

_WORDS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.from_regex(r"[-+0-9.:a-fxo_ ]{1,8}", fullmatch=True)
    | st.text("a,[]{}:;#&*!|>'\"%@ -?1/", max_size=8)
    | st.sampled_from(["absent", "true", "no", "~", "null", ".inf", "1e3", "0x1F", "2026-12-05"])
)
_NODES: st.SearchStrategy[Node] = st.recursive(
    st.builds(word, _WORDS) | st.builds(text, _WORDS),
    lambda inner: (
        st.builds(listed, st.lists(inner, max_size=3))
        | st.builds(mapping, st.dictionaries(_WORDS, inner, max_size=3))
    ),
    max_leaves=6,
)


def _pieces(values: dict[str, Any]) -> tuple[Piece, ...]:
    return tuple(
        Piece(key, value, ("above\nit \x1b[31m",), "a note \u202e") for key, value in values.items()
    )


_PIECES = st.recursive(
    _NODES,
    lambda inner: st.dictionaries(_WORDS, inner, min_size=1, max_size=3).map(_pieces),
    max_leaves=4,
)


def plain(node: Node) -> object:
    """What a node says."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node}


def as_text(value: object) -> object:
    """What another reader of YAML has, without its casts of numbers that are meant."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@settings(max_examples=100)
@given(st.dictionaries(_WORDS, _PIECES, min_size=1, max_size=3))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    """Whatever the texts: no fault, the same values, and other readers of YAML see the same."""
    pieces = _pieces(values)
    out = written(pieces, ("a title",), ("an end",))
    faults = Faults()
    root = syntax.parse(out.encode(), "zone.yaml", faults)
    assert [str(error) for error in faults.errors()] == []
    assert root is not None
    assert plain(root) == plain(tree(pieces, "zone.yaml"))
    assert as_text(yaml.safe_load(out)) == plain(root)


def shown(**values: Node) -> str:
    """A file of these keys."""
    return written(tuple(Piece(key, value) for key, value in values.items()))


@pytest.mark.parametrize(
    ("node", "out"),
    [
        (word("10 mx1"), "10 mx1"),
        (word("0 ."), "0 ."),
        (word("1d"), "1d"),
        (word("192.0.2.1"), "192.0.2.1"),
        (word("2001:db8::1"), '"2001:db8::1"'),
        (word("true"), "true"),
        (word("v=DMARC1; p=none; rua=mailto:a@b.c,mailto:d@e.f"), None),
        (text("absent"), '"absent"'),
        (word("no"), '"no"'),
        (word("a: b"), '"a: b"'),
        (word('say "x"\\'), None),
        (text("\u00fc\u2028\U0001f4e7"), '"\\xFC\\u2028\\U0001F4E7"'),
    ],
)
def test_quotes_stand_where_some_reader_needs_them(node: Scalar, out: str | None) -> None:
    """Plain where it can be: a file is read by people."""
    assert shown(key=node) == f"key: {out if out is not None else node.text}\n"


def test_what_is_short_is_in_one_line_and_what_is_long_is_not() -> None:
    """Lists and mappings break where a line would be longer than a hundred characters."""
    short, long = word("a" * 20), word("b" * 60)
    assert shown(mx=listed([short, short])) == f"mx: [{'a' * 20}, {'a' * 20}]\n"
    assert shown(mx=listed([long, long])) == f"mx:\n  - {'b' * 60}\n  - {'b' * 60}\n"
    assert shown(m=mapping({"p": long, "q": long})) == f"m:\n  p: {'b' * 60}\n  q: {'b' * 60}\n"
    item = mapping({"s": mapping({"p": long, "q": long})})
    assert shown(list=listed([item])) == (
        f"list:\n  - s:\n      p: {'b' * 60}\n      q: {'b' * 60}\n"
    )


def test_comments_stand_where_they_belong() -> None:
    """Above a key, behind it where there is room, above it where there is none; safe to print."""
    pieces = (
        Piece("a", word("1"), ("why it is so",), "short"),
        Piece("b", word("x" * 80), note="a note that has no room any more"),
        Piece("", None, ("alone \x1b" + " word" * 30,)),
        Piece("c", (Piece("d", word("1"), note="of d"), Piece("", None, ("within",)))),
    )
    lines = written(pieces).splitlines()
    assert lines[:4] == [
        "# why it is so",
        "a: 1  # short",
        "# a note that has no room any more",
        f"b: {'x' * 80}",
    ]
    assert lines[4].startswith("# alone \\x1b word")
    assert max(map(len, lines)) <= 100
    assert lines[-3:] == ["c:", "  d: 1  # of d", "  # within"]


@pytest.mark.parametrize(
    ("seconds", "out"),
    [(0, "0s"), (59, "59s"), (300, "5m"), (5400, "1h30m"), (86400, "1d"), (90061, "90061")],
)
def test_durations_are_short(seconds: int, out: str) -> None:
    """As people write them; what would be long is a number."""
    assert duration(seconds) == out
