"""The command line as a whole: help, mistakes, exit codes, streams, start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mailsync import __version__
from mailsync.cli.app import COMMANDS, main, module_of
from tests.unit.cli.site import ROOT, Site, command, environment

HEAVY = {"octodns", "dns", "requests", "rich"}


def imported(*argv: str) -> set[str]:
    """Run the command in a new process; give the heavy packages that it imported."""
    code = (
        "import sys, json; from mailsync.__main__ import main\n"
        "sys.argv = ['mailsync', *sys.argv[1:]]\n"
        "main(); print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        env=os.environ | environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1])) & HEAVY


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("-c", "x.yaml", "--version")])
def test_what_needs_nothing_imports_nothing(argv: tuple[str, ...]) -> None:
    """The version and the list of commands come without octoDNS, dnspython, requests and rich."""
    assert imported(*argv) == set()


def test_the_help_of_a_command_asks_no_dns_host() -> None:
    """Reading about a command loads neither octoDNS nor requests."""
    assert imported("apply", "--help") <= {"dns"}


def test_help_lists_every_command_with_the_first_line_of_its_own_help(site: Site) -> None:
    """What the list says of a command is what the command says of itself."""
    done = site.run("--help")
    for name, summary in COMMANDS.items():
        module = module_of(name)
        own = module.app.info.help if hasattr(module, "app") else module.command.__doc__
        assert str(own).splitlines()[0] == summary
        assert summary in done.out
    assert done.code == 0
    assert "Exit codes" in done.out


@pytest.mark.parametrize(
    ("name", "teaches"),
    [
        (
            "init",
            ["--host", "--domain", "stays as it is", "env/NAME", "mailsync import"],
        ),
        ("plan", ["writes nothing", "--out", "--detailed-exitcode", "prepare", "switch", "settle"]),
        ("apply", ["journalled", "FILE", "--yes", "--wait", "--allow-removals", "exits with 3"]),
        ("status", ["old service", "--format"]),
        ("github", ["plan", "apply"]),
    ],
)
def test_the_help_of_a_command_teaches(name: str, teaches: list[str], site: Site) -> None:
    """Each command says what it reads and writes, and what its options are for."""
    done = site.run(name, "--help")
    assert done.code == 0
    text = " ".join(done.out.split())
    assert [word for word in teaches if word not in text] == []
    assert not done.err


def test_the_version_is_one_line(site: Site) -> None:
    """Also where it is not the first word."""
    done = site.run("-c", "elsewhere.yaml", "--version")
    assert (done.code, done.out, done.err) == (0, f"mailsync {__version__}\n", "")


def test_without_a_word_the_help_is_shown(site: Site) -> None:
    """Nothing was asked, so nothing is done: the help on stderr, exit code 1."""
    done = site.run()
    assert (done.code, done.out) == (1, "")
    assert "Commands:" in done.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["plan", "--fo"], "error: no such option: --fo"),
        (["plna"], "error: no such command 'plna'"),
        (["plan", "--out"], "--out"),
        (["plan", "--format", "toml"], "--format"),
        (["status", "--yes"], "error: no such option: --yes"),
        (["github", "nothing"], "error: no such command 'nothing'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(argv: list[str], says: str, site: Site) -> None:
    """What is wrong, and where to read on; exit code 1, for 2 means changes."""
    done = site.run(*argv)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert says in line
    assert line.endswith("--help`")


_NEEDED = {"import": ["example.jp"], "render": ["mta-sts", "--stdout"]}
"""What a command does not run without."""


def test_a_missing_configuration_is_one_line(site: Site) -> None:
    """The file that is not there is named."""
    for name in COMMANDS:
        if name not in {"github", "render", "schema"}:  # groups, and one that reads none
            done = site.run("-c", "nowhere.yaml", name, *_NEEDED.get(name, ()))
            assert (done.code, done.out) == (1, "")
            assert done.err.startswith("error: ")
            assert "nowhere.yaml" in done.err
            assert len(done.err.splitlines()) == 1


def test_all_errors_of_the_configuration_are_shown(site: Site) -> None:
    """Two mistakes, two lines, with their places."""
    text = (site.directory / "mailsync.yaml").read_text()
    site.write("mailsync.yaml", f"zoned: x\njurnal: y\n{text}")
    done = site.run("plan")
    assert done.code == 1
    assert [line.partition(" ")[2].partition(": ")[0] for line in done.err.splitlines()] == [
        "mailsync.yaml:1:1",
        "mailsync.yaml:2:1",
    ]


def raising(error: BaseException) -> Any:
    """Give a stand-in for a function that raises."""

    def fail(*arguments: object, **options: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted: the next run goes on from here"),
        (KeyError("two\nlines"), 1, "error: internal error (KeyError: 'two\\nlines'): please"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
    ],
)
def test_whatever_happens_is_one_line(
    error: BaseException, code: int, says: str, site: Site
) -> None:
    """Ctrl-C, a bug, the system's refusal: never a traceback."""
    site.patch.setattr("mailsync.cli.console.load", raising(error))
    with site.patch.context() as patch:
        patch.setattr(sys, "stdout", sys.stdout)
        done = site.run("plan")
    assert done.code == code
    (line,) = done.err.splitlines()
    assert says in line


@pytest.mark.parametrize("argv", [["plan"], ["plan", "-f", "json"], ["status"], ["--help"]])
def test_a_full_disk_under_stdout_is_one_line(argv: list[str], site: Site) -> None:
    """What cannot be written is said once, on stderr, without a traceback."""
    if not Path("/dev/full").exists():  # pragma: no cover  # not on macOS
        pytest.skip("no /dev/full on this system")
    with Path("/dev/full").open("w") as full:
        done = site.process(*argv, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line


def test_a_reader_that_has_seen_enough_is_no_error_to_talk_of(site: Site) -> None:
    """`mailsync plan | head -1`: nothing is said, and no traceback shown."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = site.process("plan", stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_terminal_that_knows_only_ascii_gets_escapes(site: Site) -> None:
    """No character stops a plan from being shown."""
    environ = os.environ | environment() | {"PYTHONIOENCODING": "ascii"}
    done = site.process("plan", env=environ, capture_output=True)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\\u2192" in done.stdout


def test_the_module_is_the_command() -> None:
    """`python -m mailsync` is `mailsync`."""
    done = subprocess.run(
        command("--version"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"mailsync {__version__}\n"
    assert callable(main)
