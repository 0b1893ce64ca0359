"""The wheel, as a user gets it: installed alone, with the source tree out of sight."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

import mailsync

ROOT = Path(__file__).parents[2]
# Nothing of this process's paths or coverage may reach the installed command.
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class Installed(NamedTuple):
    """A scratch environment in which only the wheel and its dependencies are installed."""

    directory: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment; it must succeed."""
        program, *arguments = command
        done = subprocess.run(
            [self.directory / "bin" / program, *arguments],
            cwd=cwd,
            env=CLEAN,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done


def build(source: Path, kind: str, into: Path) -> Path:
    """Build the `wheel` or `sdist` of a source tree; return the file."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", into],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (built,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this tree."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel where nothing else of ours is."""
    directory = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    python = directory / "bin" / "python"
    (packages,) = directory.glob("lib/python*/site-packages")
    # The dependencies of this process, but none of its .pth files: those may lead to the source.
    (packages / "dependencies.pth").write_text(
        "".join(f"{sysconfig.get_path(name)}\n" for name in ("purelib", "platlib"))
    )
    options = ["--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", *options, wheel], check=True
    )
    return Installed(directory)


def test_wheel_installs_our_two_packages_and_nothing_else(wheel: Path) -> None:
    """Nothing of `tests`, `zones` or `providers` lands in a user's site-packages."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    metadata = f"mailsync_dns-{mailsync.__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {
        "mailsync",
        "mailsync_providers",
        metadata,
    }
    assert {"mailsync/py.typed", "mailsync_providers/py.typed"} <= set(names)
    assert f"{metadata}/licenses/LICENSE" in names
    sources = {
        str(path.relative_to(parent))
        for parent, package in ((ROOT, "mailsync"), (ROOT / "providers", "mailsync_providers"))
        for path in (parent / package).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == sources
    catalogue = {path.name for path in (ROOT / "mailsync/desired/catalogue").glob("*.yaml")}
    shipped = {name.rpartition("/")[2] for name in names if "/desired/catalogue/" in name}
    assert shipped == catalogue
    assert "mailgates.yaml" in catalogue
    starter = {path.name for path in (ROOT / "mailsync/cli/starter").iterdir()}
    assert {name.rpartition("/")[2] for name in names if "/cli/starter/" in name} == starter
    assert {"mailsync.yaml", "mailsync-plan.yml", "mailsync-apply.yml"} <= starter


def test_command_runs_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """The installed `mailsync` answers, from a directory that has nothing to do with us."""
    assert installed.run("mailsync", "--version", cwd=tmp_path).stdout == (
        f"mailsync {mailsync.__version__}\n"
    )
    assert "plan" in installed.run("mailsync", "--help", cwd=tmp_path).stdout


def test_modules_come_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """Every module of both packages is imported from where the wheel was installed."""
    code = """
import importlib, pkgutil, mailsync, mailsync_providers
for package in mailsync, mailsync_providers:
    print(package.__file__)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        print(importlib.import_module(module.name).__file__)
"""
    files = installed.run("python", "-P", "-c", code, cwd=tmp_path).stdout.splitlines()
    assert len(files) > 2
    assert [file for file in files if not Path(file).is_relative_to(installed.directory)] == []


def test_the_example_is_planned_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """`mailsync plan` on a copy of the example shows the same as in the checkout."""
    for name in ("mailsync.yaml", "zones", "live"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    plan = installed.run("mailsync", "plan", cwd=tmp_path).stdout
    assert "example.co.jp" in plan
    assert "prepare" in plan
    assert "switch" in plan


def test_a_start_is_made_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """The installed `mailsync init` writes files that `mailsync plan` takes as they are."""
    installed.run("mailsync", "init", cwd=tmp_path)
    assert (
        "example.com → local: converged" in installed.run("mailsync", "plan", cwd=tmp_path).stdout
    )
    made = installed.run("mailsync", "init", "there", "--host", "cloudflare", cwd=tmp_path).stdout
    assert "written: there/.github/workflows/mailsync-apply.yml" in made


def test_services_come_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """The catalogue is read from where the wheel was installed, and needs no configuration."""
    shown = installed.run("mailsync", "services", "mailgates", cwd=tmp_path).stdout
    assert "mgf.cybermail.jp." in shown


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """The source archive holds what it takes to build the wheel and to test it, and no more."""
    subprocess.run(["tar", "-xzf", build(ROOT, "sdist", tmp_path)], cwd=tmp_path, check=True)
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert (source / "tests" / "unit" / "test_house.py").exists()
    assert (source / "script" / "test").exists()
    assert not list(source.rglob("__pycache__"))
    assert not (source / ".venv").exists()
    rebuilt = build(source, "wheel", tmp_path / "rebuilt")
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(rebuilt) as theirs:
        assert sorted(ours.namelist()) == sorted(theirs.namelist())
