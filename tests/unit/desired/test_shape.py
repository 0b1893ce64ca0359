"""Shapes: what each tells of a node, and what becomes of what was wrong."""

from __future__ import annotations

import pytest

from mailsync.desired import reading, shape, structure, syntax
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence, told


def checked(one: shape.Shape, text: str) -> tuple[Node, list[str]]:
    """Check a text by a shape; give what is left, and what was told."""
    faults = Faults()
    node = syntax.parse(text.encode(), "a.yaml", faults)
    assert node is not None
    found = one.checked(node, faults)
    assert (found is node) == (not faults)
    return found, [str(error).removeprefix("a.yaml:") for error in faults.errors()]


WORD = shape.Word("colour", ("red", "blue"))
LIST = structure.Items(WORD, "colours")
FIELDS = structure.Fields(
    "a thing",
    {
        "colour": structure.Field(WORD, "Its colour.", missing="write a colour"),
        "more": structure.Field(LIST, "More colours."),
    },
    gone={"hue": "hue is called colour now"},
)


@pytest.mark.parametrize(
    ("one", "text", "message"),
    [
        (WORD, "rd", "1:1: unknown colour (red, blue) 'rd': did you mean 'red'?"),
        (LIST, "[]", "1:1: an empty list: write colours, or leave out the key"),
        (LIST, "[red, 1]", "1:7: unknown colour (red, blue) '1'"),
        (FIELDS, "{colour: rd}", "1:10: unknown colour (red, blue) 'rd': did you mean 'red'?"),
        (FIELDS, "{more: red}", "1:1: colour is missing: write a colour"),
        (FIELDS, "{color: red}", "1:2: unknown key 'color': did you mean 'colour'?"),
        (FIELDS, "{colour: red, hue: 1}", "1:15: hue is called colour now"),
        (FIELDS, "{}", "1:1: an empty mapping: write a thing, or leave out the key"),
        (FIELDS, "red", "1:1: a thing is expected here, not a text"),
        (shape.Flag(), "'true'", "1:1: true is written without quotes"),
        (shape.Flag(), "yes", "1:1: unknown value (true, false) 'yes'"),
        (shape.Absent("say absent"), "gone", "1:1: say absent"),
        (shape.Never("x", "not x"), "x", "1:1: not x"),
        (
            shape.Text("a code", "[0-9]+", no="code: write digits"),
            "x",
            "1:1: 'x' is no code: write",
        ),
        (shape.Text("a code", "[0-9]+"), "x" * 99, f"1:1: '{'x' * 57}...' is no text of that form"),
        (shape.Text("a number", "[0-9]+", int), "x", "1:1: invalid literal for int()"),
        (shape.Text("a number", "[0-9]+", float), "1.5", "1:1: '1.5' is no text of that form"),
        (structure.Single(WORD, "one, please"), "[red]", "1:1: one, please"),
        (structure.Ref("x", "keys"), "[red]", "1:1: keys are expected here, not a list"),
        (structure.Cases("a case", "kind", {"a": FIELDS}), "{b: 1}", "1:1: kind is missing: write"),
        (structure.Cases("a case", "kind", {"a": FIELDS}), "[]", "1:1: a case is expected here"),
        (structure.Named("names", WORD, WORD), "{red: red, rd: blue}", "1:12: unknown colour"),
    ],
)
def test_what_is_wrong_is_told_once(one: shape.Shape, text: str, message: str) -> None:
    """In one line, at its place; and whoever reads on need not tell again."""
    found, messages = checked(one, text)
    assert [error.startswith(message) for error in messages] == [True]
    later = Faults()
    for reader in (reading.named, reading.text):
        if isinstance(found, Scalar):
            assert reader(found, later, "x") is None
    assert not later


def test_what_is_right_beside_it_stays() -> None:
    """Of lists and mappings, what was wrong says nothing, and the rest what it said."""
    found, _ = checked(LIST, "[red, x, blue]")
    assert isinstance(found, Sequence)
    texts = [item.text for item in found.items if isinstance(item, Scalar) and not item.told]
    assert texts == ["red", "blue"]
    found, _ = checked(FIELDS, "{colour: red, more: x, other: 1}")
    assert isinstance(found, Mapping)
    assert [key.text for key, _ in found] == ["colour", "more"]
    assert found["colour"] is not found.get("more")
    found, _ = checked(structure.Named("names", WORD, WORD), "{red: x, blue: red}")
    assert isinstance(found, Mapping)
    assert found["red"] == told(found["red"])


def test_the_first_shape_that_takes_a_node_checks_it() -> None:
    """The last one tells what is expected where none does."""
    one = structure.Either(shape.Absent(), FIELDS, WORD)
    assert checked(one, "absent")[1] == []
    assert checked(one, "{colour: red}")[1] == []
    assert checked(one, "[red]")[1] == ["1:1: colour is expected here, not a list"]
    assert one.takes(Scalar("red", Place("a", 1, 1)))
    only = structure.Either(shape.Word("colour", ("red",), only=True), shape.Duration("a time"))
    assert checked(only, "red")[1] == []
    assert checked(only, "5m")[1] == []
    marked = structure.Fields("m", FIELDS.fields, marks=frozenset({"more"}))
    assert not marked.takes(checked(FIELDS, "{colour: red}")[0])
    assert structure.ANYTHING.takes(told(Scalar("", Place("a", 1, 1))))
    assert checked(structure.ANYTHING, "[x]")[1] == []
    mapping, word = checked(FIELDS, "{colour: red}")[0], checked(WORD, "red")[0]
    for of_mappings in (structure.Ref("x", "x"), structure.Cases("x", "x", {})):
        assert of_mappings.takes(mapping)
        assert not of_mappings.takes(word)
    assert structure.Single(WORD, "one").takes(word)
    assert not structure.Single(WORD, "one").takes(mapping)


def test_schemas_say_the_same() -> None:
    """Types as YAML may read a text, alternatives once each, what is required."""
    assert shape.Text("a code", "[0-9]+").schema()["type"] == ["string", "integer"]
    assert shape.Text("a word", "[a-z]+").schema()["type"] == ["string", "boolean"]
    assert structure.Either(WORD, WORD).schema() == {"enum": ["red", "blue"]}
    assert structure.Either(shape.Never("x", "no"), WORD, shape.Flag()).schema() == {
        "anyOf": [{"enum": ["red", "blue"]}, {"type": "boolean"}]
    }
    assert shape.Never("x", "no").schema() == {"not": {}}
    assert FIELDS.schema()["required"] == ["colour"]
    assert structure.Fields("t", {}, rest=WORD, top=True).schema() == {
        "type": "object",
        "properties": {},
        "additionalProperties": {"enum": ["red", "blue"]},
    }
    named = structure.Named("names", shape.Text("a code", "[0-9]+"), WORD).schema()
    assert named["propertyNames"] == {"pattern": "^(?:[0-9]+)$"}
    assert "propertyNames" not in structure.Named("names", shape.Text("a"), WORD).schema()
