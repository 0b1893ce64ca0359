"""Zone files of any content: read or refused, never anything else."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired import registry, syntax, window, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar

PLACE = Place("z.yaml", 1, 1)
YAMLISH = st.text("ab1: -[]{},'\"\n|>#&*!%?~\t.", max_size=120)
WORDS = st.sampled_from(
    [
        *("absent", "none", "true", "all", "p", "fail", "reject", "always", "@", ".", "600", "1h"),
        *(
            "txt",
            "cname",
            "ttl",
            "values",
            "type",
            "value",
            "host",
            "preference",
            "ip4",
            "A",
            "TXT",
        ),
        *("10 mx1", "192.0.2.1", "2001:db8::1", "v=spf1 -all", "v=DKIM1; p=", "v=DMARC1; p=none"),
    ]
)
NAMES = st.sampled_from([*registry.known(), "at", "window", "timezone", "s1", "www", "@", "*"])


def trees(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Values such as a YAML file may hold."""
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(NAMES | WORDS, inner, max_size=3)
        ),
        max_leaves=8,
    )


def read(text: str | bytes) -> tuple[Faults, Node | None]:
    """Read a zone file; whatever it holds, faults are lines with a place."""
    faults = Faults()
    octets = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    root = syntax.parse(octets, "z.yaml", faults)
    found = zone.read("example.com.", root, Layers(), PLACE, faults)
    for error in faults.errors():
        line = str(error)
        assert line.startswith("z.yaml")
        assert line.isprintable() or "\u00a0" in line
    if not faults:
        for wish in (wish for domain in found for wish in domain.wishes):
            assert wish.name.endswith(("example.com.", ".arpa."))
            assert 0 <= wish.ttl < 2**31
    return faults, root


@given(st.one_of(st.text(), YAMLISH))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Text of any kind ends in a tree or in errors that name a place in the file."""
    read(text)


@given(st.binary())
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """So do octets that are no text."""
    read(octets)


@settings(max_examples=300)
@given(st.dictionaries(NAMES, trees(WORDS), max_size=4))
def test_any_values_under_known_keys_are_read_or_refused(content: dict[str, object]) -> None:
    """Every key takes any shape of value without falling over."""
    read(yaml.safe_dump(content))


@settings(max_examples=200)
@given(st.dictionaries(NAMES, trees(st.text(max_size=20)), max_size=3))
def test_hostile_texts_under_known_keys_are_read_or_refused(content: dict[str, object]) -> None:
    """So it does with texts of any characters."""
    read(yaml.safe_dump(content))


PLAIN = st.text("abcxyz \u00e9\u4f8b.-_:#'\"", min_size=1, max_size=12)


@given(st.recursive(PLAIN, lambda inner: st.dictionaries(PLAIN, inner, max_size=3), max_leaves=6))
def test_what_is_written_is_read_back(content: object) -> None:
    """A tree of texts that another writer of YAML wrote is read as it was, text for text."""
    faults = Faults()
    text = yaml.safe_dump(content, default_style="'", allow_unicode=True)
    root = syntax.parse(text.encode(), "z.yaml", faults)
    assert faults.errors() == ()
    assert root is not None
    assert plain(root) == content


def plain(node: Node) -> object:
    """A tree without its places."""
    if isinstance(node, Scalar):
        return node.text
    assert isinstance(node, Mapping)
    return {key.text: plain(value) for key, value in node}


MINUTES = st.integers(0, 1439)


@given(st.sets(st.integers(0, 6), min_size=1), MINUTES, MINUTES.filter(bool))
def test_a_window_is_open_as_long_as_it_says(days: set[int], start: int, length: int) -> None:
    """Whatever the days and hours, over midnight or not, the openings last as long in all."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    end = (start + length) % 1440
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    found = window.parse(f"{','.join(names[day] for day in days)} {hours}")
    total = sum(len(o.days) * (o.end - o.start) for o in found.openings)
    assert total == len(days) * length
    assert all(0 <= o.start < o.end <= 1440 for o in found.openings)
