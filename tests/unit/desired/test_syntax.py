"""YAML, strictly: what is refused, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mailsync.desired import syntax
from mailsync.desired.faults import Faults, did_you_mean, quoted
from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence, kind


def parse(text: str | bytes) -> tuple[Node | None, list[str]]:
    """Read a file's text: its tree, and what is wrong with it."""
    faults = Faults()
    octets = text.encode() if isinstance(text, str) else text
    root = syntax.parse(octets, "f.yaml", faults)
    return root, [str(error) for error in faults.errors()]


REFUSED: list[tuple[str | bytes, str]] = [
    ("a: 1\nb: 2\na: 3", "3:1: 'a' stands twice, first at line 1"),
    ("a: {b: 1, b: 2}", "1:11: 'b' stands twice"),
    ("a: &x 1", "1:4: an anchor"),
    ("a: &x [1]", "1:4: an anchor"),
    ("a: &x {b: 1}", "1:4: an anchor"),
    ("a: *x", "1:4: an alias"),
    ("*x : 1", "1:1: an alias"),
    ("[*x]", "1:2: an alias"),
    ("<<: {b: 1}", "1:1: a merge key"),
    ("a: !!str 1", "1:4: the tag 'tag:yaml.org,2002:str'"),
    ("a: !x [1]", "1:4: the tag '!x'"),
    ("a: ! 1", "1:4: the tag '!'"),
    ("a: !!python/object:os.system x", "1:4: the tag"),
    ("? [a]\n: 1", "1:3: a key is a text"),
    ("? {a: b}\n: 1", "1:3: a key is a text"),
    ("no: 1", "1:1: the key no is no text in YAML: quote it"),
    ("1: 1", "1:1: the key 1 is no text"),
    ("1.5: 1", "1:1: the key 1.5 is no text"),
    ("1:30 : 1", "1:1: the key 1:30 is no text"),
    ("2026-12-05: 1", "1:1: the key 2026-12-05 is no text"),
    ("~: 1", "1:1: the key ~ is no text"),
    ("? \n: 1", "1:2: the key (nothing) is no text"),
    ("=: 1", "1:1: the key = is no text"),
    ("a: 1\n---\nb: 1", "2:1: a second document"),
    ("%YAML 1.1\n---\na: 1", "1:1: a directive"),
    ("[" * 25, "1:21: nested more than 20 levels deep"),
    ("a:\n\tb: 1", "2:1: a tab: use spaces"),
    ("\ufeffa: 1", "1:1: a byte order mark"),
    ("a: b\x00", "1:5: the character U+0000"),
    ("a: \x1b[2J", "1:4: the character U+001B"),
    ("\u00e9: b\u202e", "1:5: the character U+202E"),
    ("a: b\u2028", "1:5: the character U+2028"),
    ("a: \u00e9".encode("latin-1"), "1:4: no UTF-8"),
    ("a: b".encode("utf-16"), "1:1: no UTF-8"),
    ("a: [1", "2:1: no valid YAML"),
    ("a: 'x", "1:"),
    ("a: b: c", "1:5: no valid YAML: mapping values are not allowed in this context"),
    ("a\nb: 1", "2:2: no valid YAML"),
    ("a: 1\n b: 1", "2:3: no valid YAML"),
    ("a: @x", "1:4: no valid YAML"),
    ("[" + "," * 3, "1:2: no valid YAML"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda text: repr(text)[:30])
def test_what_is_not_plain_is_refused(text: str | bytes, message: str) -> None:
    """Each thing that YAML has and files need not is one error, with line and column."""
    _, errors = parse(text)
    assert [error[: len(f"f.yaml:{message}")] for error in errors] == [f"f.yaml:{message}"]
    assert "\n" not in errors[0]


def test_python_reader_is_as_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the C extension the same files are refused, at the same places."""
    monkeypatch.setattr(syntax, "_LOADER", yaml.SafeLoader)
    for text, message in REFUSED:
        _, (error,) = parse(text)
        if "no valid YAML" not in error:  # the two word syntax errors differently
            assert error.startswith(f"f.yaml:{message}")


def test_scalars_keep_their_text() -> None:
    """Nothing is cast: a scalar is what was written, and whether in quotes."""
    root, errors = parse("- 00123\n- 1:30\n- no\n- '1'\n- \"\\x41\"\n- ~\n- |\n  x\n")
    assert errors == []
    assert isinstance(root, Sequence)
    found = [(s.text, s.quoted, s.is_null) for s in root.items if isinstance(s, Scalar)]
    assert found == [
        ("00123", False, False),
        ("1:30", False, False),
        ("no", False, False),
        ("1", True, False),
        ("A", True, False),
        ("~", False, True),
        ("x\n", True, False),
    ]


@pytest.mark.parametrize("key", ["192.0.2.10", "'no'", '"1"', "s2026", "y", "2001:db8::1", "-x"])
def test_keys_that_are_text_everywhere_are_taken(key: str) -> None:
    """A key that no reader of YAML takes for something else needs no quotes."""
    root, errors = parse(f"{key}: 1")
    assert errors == []
    assert isinstance(root, Mapping)
    assert root.entries[0][0].text == key.strip("'\"")


def test_places_are_exact() -> None:
    """Lines and columns count from 1, in characters."""
    root, _ = parse("# \u4f8b\n\u00e9: {b: [1, \u4f8b, 3]}\r\n")
    assert isinstance(root, Mapping)
    inner = root.get("\u00e9")
    assert isinstance(inner, Mapping)
    items = inner.get("b")
    assert isinstance(items, Sequence)
    assert [str(item.place) for item in items.items] == ["f.yaml:2:9", "f.yaml:2:12", "f.yaml:2:15"]
    assert str(root.key("\u00e9").place) == "f.yaml:2:1"
    assert [kind(node) for node in (root, items, items.items[0])] == [
        "a mapping",
        "a list",
        "a text",
    ]
    with pytest.raises(KeyError):
        root.key("b")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~", "null\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    """A file without content is no error."""
    assert parse(text) == (None, [])


HOSTILE = {
    "deep": "[" * 10_000_000,
    "wide": "{" + "a: b, " * 1_700_000,
    "bomb": "a: &a [x]\n" + "b: [*a, *a]\n" * 900_000,
    "long": "a: " + "x" * 10_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_huge_file_never_reaches_the_parser(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten hostile megabytes are refused by their size: only the first is even read."""

    def parser(*_: Any, **__: Any) -> Any:
        pytest.fail("the parser was called")

    monkeypatch.setattr(yaml, "parse", parser)
    path = tmp_path / "f.yaml"
    path.write_text(HOSTILE[name])
    faults = Faults()
    assert syntax.read(path, faults) is None
    (error,) = faults.errors()
    assert error.message.startswith("the file is larger than 1024 KiB")


def test_a_file_of_many_values_is_given_up() -> None:
    """Within the bound of size, the number of values is bounded, too."""
    _, errors = parse("[" + "a," * 100_000)
    assert errors == [
        "f.yaml:1:40000: the file has more than 20000 values: no zone's mail needs as many"
    ]


def test_unreadable_file_is_one_error(tmp_path: Path) -> None:
    """A file that cannot be opened is told like any other mistake."""
    faults = Faults()
    assert syntax.read(tmp_path / "gone.yaml", faults) is None
    assert [str(error) for error in faults.errors()] == [
        f"{tmp_path / 'gone.yaml'}:1:1: cannot be read: No such file or directory"
    ]


def test_paths_are_shown_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below where the user stands a path is relative; elsewhere it is as given."""
    monkeypatch.chdir(tmp_path)
    assert syntax.shown(tmp_path / "zones" / "a.yaml") == "zones/a.yaml"
    assert syntax.shown(Path("zones/a.yaml")) == "zones/a.yaml"
    assert syntax.shown(Path("/elsewhere/a.yaml")) == "/elsewhere/a.yaml"


def test_guesses_and_quotes_are_bounded() -> None:
    """What a user wrote is shown escaped, shortened, and compared only while it is short."""
    assert quoted("a\x1b\u202e") == r"'a\x1b\u202e'"
    assert len(quoted("x" * 1000)) < 70
    assert did_you_mean("spff", ["spf", "mx"]) == ": did you mean 'spf'?"
    assert did_you_mean("zzzz", ["spf", "mx"]) == ""
    assert did_you_mean("x" * 65, ["x" * 65]) == ""


def test_a_fault_is_told_once() -> None:
    """What two keys find wrong at one place is one error."""
    faults = Faults()
    for _ in range(2):
        faults.add(Place("f.yaml", 1, 1), "wrong")
    assert len(faults.errors()) == faults.count() == 1
