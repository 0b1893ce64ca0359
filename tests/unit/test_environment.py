"""script/environment and script/mailsync, with a stand-in for uv: no network, no minutes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mailsync

ROOT = Path(__file__).parents[2]

# Makes an environment without packages, and notes each call.
UV = f"""#!/bin/sh
echo "$@" >>calls
if [ "$1" = venv ]; then exec "{sys.executable}" -m venv --without-pip .venv; fi
"""

OLD_PYTHON = """#!/bin/sh
if [ "$1" = -V ]; then echo Python 3.10.12; else exit 1; fi
"""

# Accepts what does not mention ensurepip, and answers its version.
PYTHON_WITHOUT_ENSUREPIP = """#!/bin/sh
case $2 in *ensurepip*) exit 1 ;; *venv*) echo python3.12-venv ;; esac
"""

APT_GET = """#!/bin/sh
[ "$DEBIAN_FRONTEND" = noninteractive ] && echo "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a path with a space, where uv is the stand-in."""
    root = tmp_path / "check out"
    shutil.copytree(ROOT / "script", root / "script")
    shutil.copytree(
        ROOT / "requirements", root / "requirements", ignore=shutil.ignore_patterns("local.txt")
    )
    (root / "mailsync").mkdir()
    for name in ("pyproject.toml", "mailsync/__init__.py", "mailsync/__main__.py"):
        shutil.copy(ROOT / name, root / name)
    program(tmp_path / "bin" / "uv", UV)
    for name in ("cat", "chmod", "cksum", "dirname", "flock", "readlink", "rm", "sh"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return root


def program(path: Path, text: str) -> None:
    """Write a program that stands in for a real one."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)  # a link leads to the real one
    path.write_text(text)
    path.chmod(0o755)


def run(
    checkout: Path,
    script: Path | str = "script/mailsync",
    *arguments: str,
    path: str = "/usr/bin:/bin",
) -> subprocess.CompletedProcess[str]:
    """Run a script of the checkout from another directory, with the stand-ins before `path`.

    An empty `path` leaves nothing but the stand-ins, and what the scripts themselves are made of.
    """
    return subprocess.run(
        [checkout / script, *(arguments or ["--version"])],
        cwd=checkout.parent,
        env={"HOME": str(checkout.parent), "PATH": f"{checkout.parent / 'bin'}:{path}"},
        capture_output=True,
        text=True,
        check=False,
    )


def made(checkout: Path) -> list[str]:
    """The requirements files that were installed, in order."""
    lines = (checkout / "calls").read_text().splitlines()
    return [line.rpartition(" ")[2] for line in lines if line.startswith("pip install")]


def test_first_run_makes_the_environment_and_then_is_mailsync(checkout: Path) -> None:
    """The first run says on stderr what it makes; stdout is the command's alone."""
    first = run(checkout)
    assert (first.returncode, first.stdout) == (0, f"mailsync {mailsync.__version__}\n")
    assert first.stderr == "mailsync: making the environment .venv (once, about half a minute) …\n"
    assert made(checkout) == ["requirements/run.txt"]


def test_later_runs_make_nothing_and_say_nothing(checkout: Path) -> None:
    """Once made, the environment is used as it is, through a symbolic link too."""
    run(checkout)
    link = checkout.parent / "bin" / "mailsync"
    link.symlink_to(checkout / "script" / "mailsync")
    again = run(checkout, link)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == f"mailsync {mailsync.__version__}\n"
    assert made(checkout) == ["requirements/run.txt"]


def test_modules_where_the_user_stands_are_not_imported(checkout: Path) -> None:
    """A directory `mailsync` or `dns` in the working directory is the user's, not ours."""
    (checkout.parent / "mailsync").mkdir()
    (checkout.parent / "mailsync" / "__init__.py").write_text("raise SystemExit(9)")
    assert run(checkout).returncode == 0


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements/run.txt", "requirements/dev.txt"])
def test_a_change_of_what_it_is_made_from_makes_it_anew(checkout: Path, name: str) -> None:
    """After a `git pull` that changed requirements, the next run has them."""
    run(checkout)
    with (checkout / name).open("a") as file:
        file.write("# changed\n")
    run(checkout)
    assert made(checkout) == ["requirements/run.txt"] * 2


def test_a_moved_checkout_gets_a_new_environment(checkout: Path) -> None:
    """An environment cannot be moved; a checkout can."""
    run(checkout)
    moved = checkout.rename(checkout.parent / "moved")
    assert run(moved).returncode == 0
    assert made(moved) == ["requirements/run.txt"] * 2


def test_an_environment_for_tests_serves_for_running_too(checkout: Path) -> None:
    """script/test widens the environment once; script/mailsync leaves it wide."""
    run(checkout)
    run(checkout, "script/environment", "dev")
    run(checkout)
    assert made(checkout) == ["requirements/run.txt", "requirements/dev.txt"]
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    run(checkout)
    assert made(checkout)[2:] == ["requirements/dev.txt"]


def test_own_providers_are_installed_beside(checkout: Path) -> None:
    """requirements/local.txt adds octoDNS providers, and is seen when it changes."""
    run(checkout)
    (checkout / "requirements" / "local.txt").write_text("octodns-cloudflare\n")
    run(checkout)
    assert made(checkout)[1:] == ["requirements/run.txt", "requirements/local.txt"]


def test_first_runs_at_once_make_one_environment(checkout: Path) -> None:
    """Two cron jobs that start together on a fresh checkout both work."""
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda _: run(checkout), range(3)))
    assert {done.stdout for done in runs} == {f"mailsync {mailsync.__version__}\n"}
    assert made(checkout) == ["requirements/run.txt"]


def test_an_environment_half_made_is_made_anew(checkout: Path) -> None:
    """A first run that is interrupted, or cannot reach the packages, is no harm to the next."""
    uv = checkout.parent / "bin" / "uv"
    program(uv, "#!/bin/sh\necho 'no route to host' >&2; exit 1\n")
    program(uv.with_name("python3"), "#!/bin/sh\nmkdir -p .venv/bin; exit 1\n")
    failed = run(checkout, path="")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "no route to host" in failed.stderr
    program(uv, UV)
    assert run(checkout).returncode == 0


def test_too_old_a_python_is_said_in_one_line(checkout: Path) -> None:
    """Without uv and Python 3.11 the user is told what is needed, what is here, and what to do."""
    programs = checkout.parent / "bin"
    (programs / "uv").unlink()
    program(programs / "python3", OLD_PYTHON)
    failed = run(checkout, path="")
    assert (failed.returncode, failed.stdout) == (1, "")
    (line,) = failed.stderr.splitlines()[1:]
    assert line.startswith(
        "mailsync: Python 3.11 or later with venv is needed, here is Python 3.10.12"
    )
    assert "https://docs.astral.sh/uv/" in line


def test_missing_venv_is_said_in_one_line(checkout: Path) -> None:
    """Without ensurepip, and without root, the user is told the command to type."""
    programs = checkout.parent / "bin"
    (programs / "uv").unlink()
    program(programs / "python3", PYTHON_WITHOUT_ENSUREPIP)
    program(programs / "id", "#!/bin/sh\necho 1000\n")
    program(programs / "apt-get", "#!/bin/sh\nexit 9\n")
    failed = run(checkout, path="")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.splitlines()[1:] == [
        "mailsync: missing: python3.12-venv; type: sudo apt-get install python3.12-venv"
    ]


def test_packages_are_installed_as_root_without_questions(checkout: Path) -> None:
    """As root, apt-get is run without a terminal's questions; its chatter goes to stderr."""
    programs = checkout.parent / "bin"
    for name in ("chmod", "rm", "tee"):  # /usr/sbin/policy-rc.d is not the test's to write
        program(programs / name, "#!/bin/sh\n")
    program(programs / "id", "#!/bin/sh\necho 0\n")
    program(programs / "apt-get", APT_GET)
    done = run(checkout, "script/apt-install", "knot", "unbound")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1].endswith(
        "install --yes --no-install-recommends knot unbound"
    )
