"""The directory of zone files: which are read, and whose errors stop whom."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailsync.desired import files
from mailsync.desired.faults import Faults
from mailsync.desired.model import Level, Place
from mailsync.desired.target import Target
from mailsync.desired.tree import Mapping
from tests.unit.desired.reads import keys

HERE = Place("mailsync.yaml", 1, 1)


@dataclass
class Source:
    """What of mailsync.yaml bears on zone files."""

    zones: Path
    targets: tuple[Target, ...] = (
        Target("b.*", ("second", "third"), HERE),
        Target("*.example", ("first",), HERE),
    )
    defaults: Mapping | None = None
    profiles: ByName[str, Mapping] = field(default_factory=dict)
    severities: tuple[tuple[str, Level], ...] = (("spf-ptr", "error"),)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Three good zones, a note and an editor's backup."""
    monkeypatch.chdir(tmp_path)
    zones = Path("zones")
    zones.mkdir()
    for name in ("b.example.yaml", "A.Example.yml", "\u4f8b.example.yaml"):
        (zones / name).write_text("mx: 10 mx1")
    for name in ("README.md", "b.example.yaml~", ".hidden.yaml"):
        (zones / name).write_text("- no zone")
    return Source(zones)


def domains(loaded: files.Loaded) -> list[str]:
    """The domains that came out right."""
    return [desired.domain for desired in loaded.desired]


def messages(loaded: files.Loaded) -> list[str]:
    """The errors as a user sees them."""
    return [str(error) for error in loaded.errors]


def test_every_zone_file_is_read(source: Source) -> None:
    """A file is named for its zone, in any case, as U-label or A-label; the rest is left alone."""
    loaded = files.load(source)
    assert messages(loaded) == []
    assert domains(loaded) == ["a.example.", "b.example.", "xn--fsq.example."]
    assert files.domains(source) == ("a.example", "b.example", "xn--fsq.example")


def test_every_domain_carries_what_the_configuration_says_of_findings(source: Source) -> None:
    """Severities are set for all domains at once."""
    loaded = files.load(source)
    assert {desired.severities for desired in loaded.desired} == {source.severities}


def test_first_matching_target_serves(source: Source) -> None:
    """Targets are tried in their order, and a zone that none matches is an error."""
    assert [d.targets for d in files.load(source).desired] == [
        ("first",),
        ("second", "third"),
        ("first",),
    ]
    loaded = files.load(Source(source.zones, source.targets[:1]))
    assert domains(loaded) == ["b.example."]
    assert messages(loaded) == [
        f"zones/{file}:1:1: no DNS host serves {zone}: add it under targets in mailsync.yaml"
        for file, zone in (
            ("A.Example.yml", "a.example"),
            ("\u4f8b.example.yaml", "xn--fsq.example"),
        )
    ]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["b.example"], ["b.example."]),
        (["B.example."], ["b.example."]),
        (["\u4f8b.example"], ["xn--fsq.example."]),
        (["?.example", "b.*"], ["a.example.", "b.example."]),
    ],
)
def test_globs_choose_domains(source: Source, patterns: list[str], found: list[str]) -> None:
    """A domain is named in any form, or by a glob; each is read once, in the order of names."""
    (source.zones / "broken.example.yaml").write_text("x")
    (source.zones / "stray.txt").write_text("")
    loaded = files.load(source, patterns)
    assert (domains(loaded), messages(loaded)) == (found, [])


def test_a_glob_without_a_match_is_an_error(source: Source) -> None:
    """Nothing is planned in silence for a domain that is misspelt; the others still are."""
    loaded = files.load(source, ["b.exmaple", "a.*", "zzz"])
    assert domains(loaded) == ["a.example."]
    assert messages(loaded) == [
        "no domain matches 'b.exmaple': did you mean 'b.example'?",
        "no domain matches 'zzz': there is no such file under zones",
    ]


def test_one_bad_file_does_not_stop_the_others(source: Source) -> None:
    """All errors of all files are told, and the good domains can be planned."""
    (source.zones / "b.example.yaml").write_text("mx: [x, y]")
    (source.zones / "c.example.yaml").write_text("[")
    loaded = files.load(source)
    assert domains(loaded) == ["a.example.", "xn--fsq.example."]
    assert tuple(loaded.failed) == ("b.example", "c.example")
    assert [message.split(": ")[0] for message in messages(loaded)] == [
        "zones/b.example.yaml:1:6",
        "zones/b.example.yaml:1:9",
        "zones/c.example.yaml:2:1",
    ]


def test_an_error_in_the_defaults_is_told_once(source: Source) -> None:
    """What is wrong for every zone is one line, not one for each."""
    from mailsync.desired import syntax

    defaults = syntax.parse(b"ttl: soon", "mailsync.yaml", Faults())
    assert isinstance(defaults, Mapping)
    source.defaults = defaults
    loaded = files.load(source)
    assert len(loaded.failed) == 3
    assert [message[:22] for message in messages(loaded)] == ["mailsync.yaml:1:6: 'so"]


def test_a_profile_that_no_file_names_is_checked(source: Source) -> None:
    """Its mistakes are told with all others, and stop no zone."""
    source.profiles = {"later": keys("{mxx: 1, spf: {all: reject}}", Faults())}
    loaded = files.load(source)
    assert len(loaded.desired) == 3
    assert [message.partition(" (")[0] for message in messages(loaded)] == [
        "mailsync.yaml:1:2: unknown key 'mxx': did you mean 'mx'?",
        "mailsync.yaml:1:21: unknown verdict",
    ]
    assert messages(files.load(source, ["b.example"])) == []


def test_files_that_are_no_zone_are_told(source: Source) -> None:
    """What looks like a zone and is not read is no secret."""
    (source.zones / "sub").mkdir()
    (source.zones / "c.example.json").write_text("{}")
    (source.zones / "d e.yaml").write_text("")
    loaded = files.load(source)
    assert len(loaded.desired) == 3
    assert [message.partition(": ")[2][:30] for message in messages(loaded)] == [
        "no zone file: those are named ",
        "named for no zone: 'd e' holds",
        "no zone file: those are named ",
    ]


def test_a_zone_with_two_files_is_left_out(source: Source) -> None:
    """Nobody can know which of them is meant; the other zones are planned."""
    (source.zones / "b.example.yml").write_text("")
    (source.zones / "brands.yaml").write_text("domains: [c.example, A.example.]\nmx: 10 mx1")
    loaded = files.load(source)
    assert domains(loaded) == ["c.example.", "xn--fsq.example."]
    assert tuple(loaded.failed) == ("a.example", "b.example")
    assert messages(loaded) == [
        "zones/brands.yaml:1:22: the zone a.example has a file already: zones/A.Example.yml:1:1",
        "zones/b.example.yml:1:1: the zone b.example has a file already: zones/b.example.yaml:1:1",
    ]


def test_one_file_holds_for_several_zones(source: Source) -> None:
    """Each has all of it, relative to itself; the file's own name is only a label."""
    text = "domains: [c.example, d.example]\nmx: 10 mx1\n"
    (source.zones / "our brands.yaml").write_text(text)
    (source.zones / "escaped.yaml").write_text('"d\\x6fmains": e.example')
    loaded = files.load(source, ["[cde].example"])
    assert messages(loaded) == []
    assert [(d.domain, d.zone, str(d.place)) for d in loaded.desired] == [
        ("c.example.", "c.example.", "zones/our brands.yaml:1:11"),
        ("d.example.", "d.example.", "zones/our brands.yaml:1:22"),
        ("e.example.", "e.example.", "zones/escaped.yaml:1:15"),
    ]
    assert [wish.values for d in loaded.desired for wish in d.wishes] == [
        ("10 mx1.c.example.",),
        ("10 mx1.d.example.",),
    ]
    assert files.domains(source) == (*(f"{x}.example" for x in "abcde"), "xn--fsq.example")


def test_a_mistake_for_several_zones_is_told_once(source: Source) -> None:
    """Also where its words name the zone; each zone that nobody serves is told of."""
    text = "domains: [c.example, d.example, e.net, f.net]\nmx: 10 mx_1\n"
    (source.zones / "brands.yaml").write_text(text)
    loaded = files.load(source)
    assert tuple(loaded.failed) == ("c.example", "d.example", "e.net", "f.net")
    assert [message.partition(": ")[::2] for message in messages(loaded)] == [
        (
            "zones/brands.yaml:2:5",
            "mx_1.c.example is no host's name: letters, digits, hyphens (RFC 1123 §2.1)",
        ),
        *(
            (
                f"zones/brands.yaml:1:{column}",
                f"no DNS host serves {zone}: add it under targets in mailsync.yaml",
            )
            for zone, column in (("e.net", 33), ("f.net", 40))
        ),
    ]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("[]", "1:10: an empty list: write the name of a zone, such as example.com"),
        ("{}", "1:10: the name of a zone, such as example.com is expected here, not a mapping"),
        ("[c.example, C.example.]", "1:22: c.example stands twice"),
        ("['*.example']", "1:11: '*.example' is no zone: write the name of a zone"),
        ("[.]", "1:11: '.' is no zone"),
        ("[a b]", "1:11: 'a b.' holds a character"),
        ("[" + "x" * 300 + "]", "1:11: 'xxxx"),
    ],
)
def test_what_is_no_list_of_zones_is_told(source: Source, listed: str, message: str) -> None:
    """A file that holds for no zone is not taken for the zone of its name."""
    (source.zones / "z.example.yaml").write_text(f"domains: {listed}")
    loaded = files.load(source)
    assert "z.example." not in domains(loaded)
    (error,) = messages(loaded)
    assert error.startswith(f"zones/z.example.yaml:{message}")


def test_an_empty_file_wishes_for_nothing(source: Source) -> None:
    """A domain may be there before anything is asked for it."""
    (source.zones / "b.example.yaml").write_text("# to come\n")
    desired = files.load(source, ["b.example"]).desired[0]
    assert (desired.wishes, desired.kinds) == ((), frozenset())
    assert str(desired.place) == "zones/b.example.yaml:1:1"


def test_no_directory_and_no_file(tmp_path: Path) -> None:
    """Without zone files there is nothing to do, and that is said."""
    loaded = files.load(Source(tmp_path / "gone"))
    assert "cannot be read: No such file" in messages(loaded)[0]
    (tmp_path / "zones").mkdir()
    assert "no zone file here" in messages(files.load(Source(tmp_path / "zones")))[0]
