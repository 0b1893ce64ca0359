"""README and docs say what the code says: links, exit codes, keys, defaults, what is missing."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailsync import config
from mailsync.cli import app
from mailsync.desired import registry, terms, window
from mailsync.desired.model import Cutover
from mailsync.dns import ttl
from tests.readme import page
from tests.readme.session import ROOT

README = ROOT / "README.md"
FILES = ROOT / "docs" / "files.md"
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def prose(path: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(path: Path, heading: str) -> str:
    """What stands under a heading, up to the next one of the same or a higher level."""
    level = heading.partition(" ")[0]
    pattern = rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)"
    found = re.search(pattern, path.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name} has no {heading!r}"
    return found[1]


def rows(text: str) -> Iterator[list[str]]:
    """The rows of all tables, each as its cells."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def keys(text: str) -> dict[str, list[str]]:
    """A table's rows by the key in its first column."""
    return {row[0].strip("`"): row for row in rows(text)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link leads to a file that is there, and to a heading that is in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if target.startswith(("https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        assert place.exists(), target
        assert place.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(place), target


def test_exit_codes_are_those_of_the_help() -> None:
    """README has exactly the exit codes that `mailsync --help` has."""
    told = section(README, "## Exit codes")
    in_table = re.findall(r"^\| (\d+) \|", told, re.MULTILINE)
    in_help = re.findall(
        r"(?:^|; |: )(\d+) ", app._HELP.partition("Exit codes")[2].replace("\n", " ")
    )
    assert in_table == in_help


def test_every_command_is_listed() -> None:
    """README has a row for each command, with the first line of its help, and for no other."""
    listed = {row[0].strip("`"): row[1] for row in rows(section(README, "## Commands"))}
    assert listed == app.COMMANDS


def test_every_key_of_the_configuration_is_explained() -> None:
    """docs/files.md has a row for each key of mailsync.yaml, and for no other."""
    assert keys(section(FILES, "## mailsync.yaml")).keys() == set(config._KEYS)


def test_every_key_of_a_zone_file_is_explained() -> None:
    """docs/files.md has a row for each key of a zone file, and for no other."""
    table = section(FILES, "## Zone files").partition("### cutover")[0]
    assert keys(table).keys() == registry.known().keys()


def test_every_term_of_a_cutover_is_explained() -> None:
    """docs/files.md has a row for each key of cutover, and what holds if it is missing."""
    told = keys(section(FILES, "### cutover"))
    assert told.keys() == set(terms._KEYS)
    for field in dataclasses.fields(Cutover):
        default = told[field.name][1].strip("`")
        if field.name in terms._DURATIONS:
            assert ttl.seconds(default) == field.default, field.name
    assert told["timezone"][1] == f"`{Cutover().timezone}`"
    assert window.parse(told["window"][1].strip("`")).openings == Cutover().window.openings
    patience = timedelta(seconds=config.Observe().timeout)
    assert f"`{patience.seconds}s`" in keys(section(FILES, "## mailsync.yaml"))["observe"][2]


def test_example_with_every_key_has_every_key() -> None:
    """The whole zone file in docs/files.md uses every key of one but `mail: none`."""
    shown = next(
        block
        for block in page.blocks(FILES.read_text())
        if block.word("file") == "zones/example.org.yaml"
    )
    used = {line.partition(":")[0] for line in shown.lines if not line.startswith((" ", "#"))}
    assert used == registry.known().keys() - {"mail"}


@pytest.mark.parametrize("path", [README, *sorted((ROOT / "docs").rglob("*.md"))])
def test_configurations_are_right(path: Path, tmp_path: Path) -> None:
    """Every mailsync.yaml that is shown, also the part of one, is read without an error."""
    for number, block in enumerate(page.blocks(path.read_text())):
        if block.language != "yaml" or "providers:" not in block.lines:
            continue
        provider = next(line.strip() for line in block.lines if line.startswith("  ")).partition(
            ":"
        )
        rest = () if "targets:" in block.lines else ("targets:", f'  "*": [{provider[0]}]')
        file = tmp_path / f"{number}.yaml"
        file.write_text("\n".join([*block.lines, *rest]))
        assert provider[0] in config.load(file).providers


def test_servers_to_observe_are_right(tmp_path: Path) -> None:
    """The forms of `observe.nameservers` that docs/dns-hosts.md lists are those that are read."""
    told = keys(section(ROOT / "docs" / "dns-hosts.md", "## Observe"))
    values = told.keys() - {"observe.nameservers"}
    assert len(values) == 3
    for value in values:
        file = tmp_path / "mailsync.yaml"
        file.write_text(
            f"providers: {{p: {{class: a.B}}}}\ntargets: {{a: [p]}}\nobserve: {value}\n"
        )
        observe = config.load(file).observe
        assert observe.nameservers == value or len(observe.nameservers) == value.count(",") + 1


PAGE = """\
<!-- scene: empty -->
<!-- file: a.yaml -->
```yaml
a: 1
```
Words, and no block.
```console
$ cat a.yaml
a: 1
$ true
```
"""


class TestPage:
    """What a page may say, and how outputs are compared."""

    def test_comments_belong_to_the_next_block(self) -> None:
        """A block has the words of the comments since the block before."""
        first, second = page.blocks(PAGE)
        assert first.words == (("scene", "empty"), ("file", "a.yaml"))
        assert (first.word("file"), first.word("clock"), second.words) == ("a.yaml", None, ())
        assert PAGE.splitlines()[first.line] == "a: 1"

    def test_steps_are_commands_with_their_output(self) -> None:
        """A console block is cut at its commands."""
        assert page.steps(page.blocks(PAGE)[1]) == [
            page.Step("cat a.yaml", ("a: 1",)),
            page.Step("true", ()),
        ]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("<!-- scenery: empty -->\n", "line 1: scenery is no word"),
            ("```console\n$ true\n", "line 1: this block has no end"),
            ("```console\nfirst\n```\n", "line 2: output, and no command yet"),
        ],
    )
    def test_bad_pages_are_refused(self, text: str, why: str) -> None:
        """What cannot be played is an error with its line, never left out in silence."""
        with pytest.raises(page.BadPageError, match=why):
            _ = [page.steps(block) for block in page.blocks(text)]

    @pytest.mark.parametrize(
        ("shown", "real", "same"),
        [
            ("a\nb", "a\nb", True),
            ("a\nb", "a\nc", False),
            ("a\nb", "a\nb\nc", False),
            ("a\n…\nc", "a\nb\nb\nc", True),
            ("a\n…\nc", "a\nc", True),
            ("a\n…\nc", "a\nbc", False),
            ("…", "a", True),
            ("…\nb", "ab", False),
            ("", "a", False),
            ("a.c", "abc", False),
            ("at 10:00:01 CET", "at 10:00:02 CET", False),
            ("a\n  b", "a b", False),
        ],
    )
    def test_outputs_fit_line_by_line(self, shown: str, real: str, same: bool) -> None:
        """Every shown line is there exactly; only `…` stands for others."""
        assert page.fits(shown.splitlines(), real.splitlines(), moving=False) is same

    @pytest.mark.parametrize(
        ("shown", "real", "same"),
        [
            ("until Tue 10:00:01 CET", "until Tue 10:00:59 CET", True),
            ("until Tue 10:00:01 CET", "until Tue 10:01:01 CET", False),
            ("until Tue 10:00:01 CET (in 5 min)", "until Tue 10:00 CET (in 4 min 59 s)", True),
            ("until 10:00 (in 5 d)", "until 10:00 (in 6 d)", False),
            ("one line\n  wrapped", "one\n  line wrapped", True),
            ("a\n…\nd", "a b\nc\nd", True),
            ("a\n…\nd", "a b\nc\ne", False),
        ],
    )
    def test_seconds_do_not_count_while_the_clock_moves(
        self, shown: str, real: str, same: bool
    ) -> None:
        """Minutes, days and words have to be the same; seconds and line ends need not."""
        assert page.fits(shown.splitlines(), real.splitlines(), moving=True) is same

    @pytest.mark.parametrize(
        ("shown", "real", "kept"),
        [
            ("first\n…\nthe last line", "first\nx\ny\nthe last lines", "first\n…\nthe last lines"),
            ("first\n…", "first\nx\ny", "first\n…"),
            ("…\nlast", "x\ny\nlast", "…\nlast"),
            ("gone\n…\nlast", "x\ny\nlast", "x\ny\nlast"),
            ("first\n…\ngone", "first\nx\ny", "first\nx\ny"),
            ("one\n…\ntwo\n…\nthree", "one\nx\ntwo\ny\nthree", "one\n…\ntwo\n…\nthree"),
            ("", "x", "x"),
        ],
    )
    def test_gaps_stay_where_their_edges_are_found(self, shown: str, real: str, kept: str) -> None:
        """An output that is made anew keeps its gaps, or shows all when an edge is gone."""
        made = page.shortened(shown.splitlines(), real.splitlines())
        assert made == tuple(kept.splitlines())

    def test_words_are_explained(self) -> None:
        """The module says what each word of a session means."""
        told = inspect.getdoc(page) or ""
        assert all(f"``{word}" in told for word in page.WORDS)
