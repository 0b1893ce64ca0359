"""Files of any content: what the loader takes, editors take; which layer wins; several zones."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from mailsync.desired import files, registry, syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.shape import (
    Absent,
    Address,
    Duration,
    Flag,
    Integer,
    Never,
    Shape,
    Text,
    Word,
)
from mailsync.desired.structure import Cases, Either, Fields, Items, Named, Ref, Single
from mailsync.desired.target import Target
from mailsync.desired.tree import Mapping
from tests.unit.desired.instances import refusals
from tests.unit.desired.test_files import Source

PLACE = Place("z.yaml", 1, 1)
VALUES = st.sampled_from(
    [
        *("10 mx1", "0 .", "20 mx.example.net.", "mx1", "a", "a.example.net.", "192.0.2.1", "::1"),
        *("v=spf1 -all", "v=DKIM1; p=", "v=DMARC1; p=none", "mailto:a@example.net", "absent"),
        *("0 1 993 mx1", "3 1 1 " + "ab" * 32, "MS=ms1", "true", "12", "0.5", "1h", "30d", "fail"),
        *("2026-12-05T22:00+09:00", "2026-12-31", "Sat 10:00-12:00", "always", "Asia/Tokyo", ""),
    ]
)
FORMS = [
    ("mx: @", ("10 mx1", "0 .", "65535 mx1.a.example.")),
    ("mx: {preference: 10, host: @}", ("mx1.a.example.",)),
    ("hosts: {@: 192.0.2.1}", ("mx1",)),
    (
        "spf: @",
        (
            "v=spf1 a mx:a.example ip4:192.0.2.0/24 include:_spf.a.example ?all",
            "v=spf1 -exists:%{i}.a.example redirect=_spf.a.example",
            "v=spf1 ip4:192.0.2.1 -all exp=a.example",
        ),
    ),
    ("spf: {all: fail, ip4: @}", ("192.0.2.0/24",)),
    ("spf: {all: fail, ip6: @}", ("2001:db8::/32",)),
    ("spf: {all: fail, include: @}", ("a.example",)),
    ("spf: {redirect: @}", ("a.example", "%{d}.a")),
    ("dkim: {@: absent}", ("s1", "_domainkey", "a.b")),
    ("dkim: {s1: {ns: @}}", ("ns1.a.example.",)),
    ("dmarc: @", ("v=DMARC1; p=none; sp=Reject; fo=1:d; rua=mailto:a@b.example",)),
    ("dmarc: {p: none, rua: @}", ("mailto:a@b.example",)),
    ("dmarc: {p: none, fo: @}", ("1:d",)),
    ("dmarc: {p: none, ramp: {reject: @}}", ("2027-01-01", "30d")),
    ("bimi: {default: @}", ("v=BIMI1; l=https://a.example/l.svg; avp=brand",)),
    ("bimi: {default: {logo: @}}", ("https://a.example/l.svg",)),
    ("mx: 10 a.example.\nmta_sts: {mode: testing, mx: @}", ("*.example", "a.example")),
    ("mx: 10 a.example.\nmta_sts: {mode: testing, txt: @}", ("v=STSv1; id=20261122;",)),
    ("tls_rpt: @", ("v=TLSRPTv1; rua=mailto:a@b.example", "mailto:a@b.example", "https://a.b/x")),
    ("tlsa: {mx1: @}", (f"3 1 1 {'ab' * 32}", "2 0 0 ab")),
    ("tlsa: {@: auto}", ("mx1",)),
    ("srv: {imaps: @}", ("0 1 993 mx1", "0 0 0 .", "65535 0 1 a.example.")),
    ("ptr: {192.0.2.1: @}", ("mx1",)),
    ("verification: @", ("MS=ms1", "v=spf2")),
    ("autodiscover: @", ("a.example.", "auto")),
    ("autoconfig: @", ("a.example.",)),
    ("records: {@: {type: TXT, value: a}}", ("w", "_dmarc", "a._domainkey", "")),
    ("records: {w: {type: TXT, value: @}}", ("abc def",)),
    ("records: {w: {type: CNAME, value: @}}", ("a.example.",)),
    ("records: {w: {type: MX, value: {preference: 1, exchange: @}}}", ("a.example.", ".")),
    ("cutover: {window: @}", ("Mon,Wed-Fri 22:00-04:00; Sun 00:00-24:00", "always")),
    ("cutover: {at: @}", ("2026-12-05T22:00+09:00", "2026-12-05 22:00:30Z")),
    ("cutover: {old_until: @}", ("2026-12-31",)),
    ("cutover: {timezone: @}", ("Asia/Tokyo", "Etc/GMT+5", "UTC")),
]
"""Files with a place for a text, and right texts for it."""
CHARACTERS = [*" .,;:=/-_*@?+~%\"'[]{}()0156aAblx\u00e9", "", "", "  ", "all", "localhost."]
EDITS = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from(CHARACTERS), st.booleans()), max_size=3
)
Tree = Any
"""Texts, lists of trees, and trees by text."""


def edited(text: str, edits: list[tuple[int, str, bool]]) -> str:
    """Put characters into a text, each beside or instead of one that is there."""
    for place, character, instead in edits:
        at = place % (len(text) + 1)
        text = text[:at] + character + text[at + instead :]
    return text


def texts(shape: Shape) -> st.SearchStrategy[str]:
    """Give texts for a shape of a single text, not all of them right."""
    match shape:
        case Text():
            return VALUES | st.sampled_from(shape.examples or ("a",))
        case Word():
            return st.sampled_from(shape.words)
        case Integer():
            return st.integers(0, min(shape.highest, 300)).map(str)
        case Duration():
            return st.sampled_from(["0", "300", "5m", "1h30m", "2w", "soon"])
        case Address():
            return st.sampled_from(["192.0.2.1", "2001:db8::1", "192.0.2.300"])
        case Flag():
            return st.sampled_from(["true", "false"])
    assert isinstance(shape, Absent | Never)
    return st.just("absent")


def trees(shape: Shape) -> st.SearchStrategy[Tree]:
    """Give what is of a shape, as far as that can be had without meaning."""
    match shape:
        case Items():
            return trees(shape.item) | st.lists(trees(shape.item), max_size=2)
        case Single():
            return trees(shape.item)
        case Either():
            return st.one_of(*map(trees, shape.shapes))
        case Fields():
            required = {n: trees(f.shape) for n, f in shape.fields.items() if f.missing}
            optional = {n: trees(f.shape) for n, f in shape.fields.items() if not f.missing}
            return st.fixed_dictionaries(required, optional=optional)
        case Named():
            return st.dictionaries(texts(shape.key).filter(bool), trees(shape.value), max_size=2)
        case Cases():
            return st.one_of(*map(trees, shape.cases.values()))
        case Ref():
            return st.sampled_from([{}, {"mx": "10 mx1"}, {"spf": {"all": "fail"}}])
    return texts(shape)


def under(key: registry.Key) -> st.SearchStrategy[Tree]:
    """Give a file with one key."""
    return trees(key.shape).map(lambda tree: {key.name: tree})


KEYS = [
    key for key in registry.known().values() if key.name not in {"profile", "domains", "services"}
]
DOCUMENTS = st.one_of(
    *map(under, KEYS),
    st.fixed_dictionaries({}, optional={key.name: trees(key.shape) for key in KEYS}),
)


def written(tree: Tree) -> str:
    """Write a tree as YAML, texts without quotes where that is possible."""
    if isinstance(tree, dict):
        entries = (f"{json.dumps(key)}: {written(value)}" for key, value in tree.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(tree, list):
        return f"[{', '.join(map(written, tree))}]"
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .=;/@+-]*", tree, re.ASCII)
    return tree if plain and not tree.endswith(" ") else json.dumps(tree)


def read(text: str, layers: Layers | None = None) -> tuple[tuple[Desired, ...], Faults]:
    """Read a zone file."""
    faults = Faults()
    root = syntax.parse(text.encode(), "z.yaml", faults)
    return zone.read("example.com.", root, layers or Layers(), PLACE, faults), faults


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_what_the_loader_takes_the_schema_takes(tree: Tree) -> None:
    """An editor marks nothing as wrong that is right."""
    takes_what_the_loader_takes(written(tree))


@settings(max_examples=1000)
@given(
    st.sampled_from(FORMS).flatmap(lambda f: st.tuples(st.just(f[0]), st.sampled_from(f[1]))), EDITS
)
def test_the_schema_takes_what_is_almost_wrong(
    one: tuple[str, str], edits: list[tuple[int, str, bool]]
) -> None:
    """The same of texts that are an edit or two away from others that are right."""
    form, text = one
    takes_what_the_loader_takes(form.replace("@", json.dumps(edited(text, edits)), 1))


def takes_what_the_loader_takes(text: str) -> None:
    """Hold a file against both."""
    _, faults = read(text)
    event("right" if not faults else "wrong")
    if not faults:
        assert refusals(text) == []


# ---- Layers --------------------------------------------------------------------------------------

SIMPLE = {
    "ttl": "ttl: {}",
    "tls_rpt": "tls_rpt: mailto:a{}@example.net",
    "verification": "verification: t{}",
    "autodiscover": "autodiscover: a{}.example.net.",
    "acknowledge": "acknowledge: octodns-{}",
    "spf": "spf: v=spf1 ip4:192.0.2.{} -all",
    "mx": "mx: 10 m{}.example.net.",
    "mail": "mail: none",
}
LAYER = st.sets(st.sampled_from(sorted(SIMPLE)), max_size=5).filter(
    lambda keys: not {"mx", "mail"} <= keys
)


def keys(names: set[str], number: int) -> Mapping:
    """Write and read a layer, whose values tell it from others by their number."""
    text = "\n".join(SIMPLE[name].format(number) for name in sorted(names))
    found = syntax.parse(text.encode(), f"{number}.yaml", Faults())
    return found if isinstance(found, Mapping) else Mapping((), PLACE)


@given(LAYER, LAYER, LAYER)
def test_the_highest_layer_that_has_a_key_has_its_say(
    file: set[str], profile: set[str], defaults: set[str]
) -> None:
    """Whole keys, from the file, its profile or the defaults; but there is mail, or there is none.

    Whether there is says the highest layer that speaks of it, and of lower ones goes what speaks
    against it.
    """
    layers = Layers(keys(defaults, 3), {"p": keys(profile, 2)})
    faults = Faults()
    name = syntax.parse(b"profile: p", "1.yaml", faults)
    assert isinstance(name, Mapping)
    top = Mapping((*name.entries, *keys(file, 1).entries), PLACE)
    found = {key.text: key.place.file for key, _ in layers.under(top, faults)}
    assert not faults
    stack = [("1.yaml", file), ("2.yaml", profile), ("3.yaml", defaults)]
    spoken = next(
        (("mail" in said) for _, said in stack if said & {"mx", "mail", "autodiscover"}), None
    )
    for one in SIMPLE:
        expected = None
        above = False
        for where, said in stack:
            if one in said:
                against = above and (
                    one == "mail" if not spoken else one in {"mx", "autodiscover", "spf"}
                )
                expected = None if against else where
                break
            above = above or bool(said & {"mx", "mail", "autodiscover"})
        assert found.get(one) == expected, (one, stack)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(SIMPLE)), st.just(1), max_size=4))
def test_domains_of_one_are_a_plain_file(names: dict[str, int]) -> None:
    """A file that lists one zone is that zone's file, but for the place of its name."""
    body = "\n".join(SIMPLE[name].format(1) for name in sorted(names))
    with TemporaryDirectory() as directory:
        found = []
        for file, text in (("a.example.yaml", body), ("x.yaml", f"{body}\ndomains: [a.example]")):
            zones = Path(directory) / file.partition(".")[0]
            zones.mkdir()
            (zones / file).write_text(text)
            source = Source(zones, (Target("*", ("first",), PLACE),))
            loaded = files.load(source)
            told = [error.message for error in loaded.errors]
            found.append((told, [nowhere(one) for one in loaded.desired]))
            assert bool(told) == bool(loaded.failed)
        assert found[0] == found[1]


def nowhere(desired: Desired) -> Desired:
    """Take the places out of what a file asks for."""
    wishes = tuple(replace(wish, place=PLACE) for wish in desired.wishes)
    return replace(desired, place=PLACE, wishes=wishes)


@settings(max_examples=150)
@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_any_layers_are_read_or_refused(file: Tree, profile: Tree, defaults: Tree) -> None:
    """Whatever lies under a file, its faults have a place, and nothing falls over."""
    found = [
        syntax.parse(written(tree).encode(), "m.yaml", Faults()) for tree in (profile, defaults)
    ]
    below = [one if isinstance(one, Mapping) else Mapping((), PLACE) for one in found]
    assert isinstance(file, dict)
    text = written({**file, "profile": "p", "subdomains": {"news": {"profile": "p"}}})
    domains, faults = read(text, Layers(below[1], {"p": below[0]}))
    assert [one.domain for one in domains] == ["example.com.", "news.example.com."]
    assert all(str(error).startswith(("z.yaml:", "m.yaml:")) for error in faults.errors())
