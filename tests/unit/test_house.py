"""The house keeps its own rules: files that no other test looks at say what they should."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mailsync
from mailsync.__main__ import main

ROOT = Path(__file__).parents[2]
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text()
PYPROJECT: dict[str, Any] = tomllib.loads(PYPROJECT_TEXT)
SCRIPTS = sorted([*(ROOT / "script").iterdir(), ROOT / ".ci" / "run"])
MODULES = sorted(
    path for package in ("mailsync", "providers") for path in (ROOT / package).rglob("*.py")
)
LOCKS = {
    "run": PYPROJECT["project"]["dependencies"],
    "dev": PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"],
}


def locked(name: str) -> dict[str, tuple[str, int]]:
    """What `requirements/NAME.txt` pins: the version and the number of hashes, by package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.findall(r"^([\w.-]+)==(\S+)((?:.*\\\n)*.*)", text, re.MULTILINE)
    return {
        canonicalize_name(package): (version, rest.count("--hash=sha256:"))
        for package, version, rest in pins
    }


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_every_dependency(name: str) -> None:
    """A dependency that is added, or asked for in a newer version, is locked: run script/lock."""
    pins = locked(name)
    for line in LOCKS[name]:
        requirement = Requirement(line)
        version, _ = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{line}, but locked at {version}"


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash(name: str) -> None:
    """Nothing is installed from the locks that is not the very file that was locked."""
    pins = locked(name)
    assert len(pins) > len(LOCKS[name])
    assert [package for package, (_, hashes) in pins.items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_place(name: str) -> None:
    """The locks work for everybody: no index, no path, no URL of the machine that made them."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.findall(r"^\s*-(?!-hash=).*", text, re.MULTILINE) == []
    assert re.findall(r".*(?:://|file:|/home|/opt|/tmp|/root).*", text) == []


def test_tests_run_with_the_versions_that_users_run() -> None:
    """The dev lock holds every package of the run lock in the same version."""
    assert locked("run").items() <= locked("dev").items()


def test_every_dependency_has_a_reason() -> None:
    """Each dependency's line in pyproject.toml says what it is for."""
    for line in LOCKS["dev"]:
        assert re.search(rf'^  "{re.escape(line)}",\s+# \S', PYPROJECT_TEXT, re.MULTILINE), line


def test_every_exception_from_lint_has_a_reason() -> None:
    """Each rule that ruff is told to ignore has its reason beside it."""
    lint = PYPROJECT["tool"]["ruff"]["lint"]
    exceptions = lint["per-file-ignores"].values()
    rules = [*lint["ignore"], *(rule for rules in exceptions for rule in rules)]
    for rule in rules:
        assert re.search(rf'"{rule}"[\],]+\s+# \S', PYPROJECT_TEXT), rule


def test_version_is_answered_before_anything_is_imported() -> None:
    """`mailsync --version` is one line, and needs neither typer nor octoDNS nor dnspython."""
    code = (
        "import sys; sys.argv[1:] = ['--version']; from mailsync.__main__ import main; main();"
        "print(sorted({'typer', 'octodns', 'dns', 'yaml', 'requests', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"mailsync {mailsync.__version__}\n[]\n"


def test_version_is_the_only_answer_given_early(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything but a lone `--version` is the command line's to answer, with its exit code."""
    monkeypatch.setattr(sys, "argv", ["mailsync", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"mailsync {mailsync.__version__}\n"

    app = type(sys)("mailsync.cli.app")
    monkeypatch.setattr(app, "main", lambda: 3, raising=False)
    monkeypatch.setitem(sys.modules, "mailsync.cli.app", app)
    monkeypatch.setattr(sys, "argv", ["mailsync", "plan", "--version"])
    assert main() == 3


def test_changelog_names_the_version_or_what_comes_next() -> None:
    """CHANGELOG.md keeps an Unreleased section, and its versions are versions."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[?([^\]\n]+)\]?", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.match(r"\d+\.\d+\.\d+\b", heading) for heading in headings[1:])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_can_be_run(script: Path) -> None:
    """Every script is executable, stops at the first failure and parses."""
    text = script.read_text()
    assert script.stat().st_mode & stat.S_IXUSR
    assert re.search(r"^set -eu", text, re.MULTILINE)
    shell = "bash" if text.startswith("#!/usr/bin/env bash") else "sh"
    assert text.startswith(("#!/bin/sh\n", "#!/usr/bin/env bash\n"))
    subprocess.run([shell, "-n", script], check=True)


def test_modules_fit_on_a_few_screens() -> None:
    """No module outgrows what one reads in a sitting: 400 lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert lengths
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 400} == {}


def test_packages_are_typed_for_those_who_import_them() -> None:
    """Both packages carry py.typed (PEP 561), and `providers` itself is none."""
    assert (ROOT / "mailsync" / "py.typed").exists()
    assert (ROOT / "providers" / "mailsync_providers" / "py.typed").exists()
    assert not (ROOT / "providers" / "__init__.py").exists()


@pytest.mark.parametrize("long", [[], ["--long"]], ids=["short", "long"])
def test_long_searches_are_asked_for_by_an_option(long: list[str]) -> None:
    """`pytest --long` is the same as MAILSYNC_LONG: hypothesis says that it searches for longer."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-v", "--collect-only", __file__, *long],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "MAILSYNC_LONG"},
    )
    assert ("hypothesis profile 'long'" in done.stdout) == bool(long), done.stdout
