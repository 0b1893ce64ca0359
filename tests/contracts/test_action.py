"""action.yml and the workflows: what they promise of security, and their very scripts run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from mailsync.cli.github import app
from mailsync.cli.init_files import WORKFLOWS as WORKFLOWS_OF_INIT
from mailsync.cli.init_files import starter
from tests.fakes.github import FakeGitHub

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FILES = [ACTION, *WORKFLOWS]
USES = re.compile(r"^ *(?:- )?uses: (\S+)(.*)", re.MULTILINE)
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)

# As the runner starts `shell: bash`.
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]


def read(path: Path) -> dict[str, Any]:
    """A file's YAML, every scalar as text: `on` is a key, not true."""
    loaded = yaml.load(path.read_text(), yaml.BaseLoader)
    assert isinstance(loaded, dict)
    return loaded


def jobs(path: Path) -> list[dict[str, Any]]:
    """A workflow's jobs, or an action as if it were one."""
    content = read(path)
    return list(content["jobs"].values()) if "jobs" in content else [content["runs"]]


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a file."""
    return [step for job in jobs(path) for step in job["steps"]]


def workflow(name: str) -> dict[str, Any]:
    """One workflow."""
    return read(ROOT / ".github" / "workflows" / name)


def name(path: Path) -> str:
    """How a file is called in a test's name."""
    return path.name


# ---- What stands in the files -------------------------------------------------------------------


def test_the_files_are_there() -> None:
    """None of the checks below passes because it has nothing to check."""
    assert [path.name for path in WORKFLOWS] == [
        "ci.yml",
        "mailsync-apply.yml",
        "mailsync-plan.yml",
    ]
    assert all(steps(path) for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    """A tag that somebody moves changes nothing here; beside each commit stands its release."""
    used = USES.findall(path.read_text())
    assert used
    for action, comment in used:
        if action != "./":
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_one_action_has_one_pin() -> None:
    """All files use the same commit of an action."""
    text = "".join(path.read_text() for path in FILES)
    pins = {action for action, _ in USES.findall(text) if action != "./"}
    assert sorted(pin.partition("@")[0] for pin in pins) == [
        "actions/checkout",
        "actions/setup-python",
    ]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_script_is_put_together_from_expressions(path: Path) -> None:
    """What a branch, a title or an input is called is never read as a script."""
    assert [step["run"] for step in steps(path) if EXPRESSION.search(step.get("run", ""))] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_workflows_start_with_no_permission(path: Path) -> None:
    """Each job names what it needs, and lasts a bounded time."""
    assert read(path)["permissions"] == {}
    for job in jobs(path):
        assert job["permissions"]
        assert int(job["timeout-minutes"]) <= 60


@pytest.mark.parametrize(
    ("file", "permissions"),
    [
        ("mailsync-plan.yml", {"contents": "read", "pull-requests": "write"}),
        ("mailsync-apply.yml", {"contents": "write"}),
        ("ci.yml", {"contents": "read"}),
    ],
)
def test_permissions_are_the_least(file: str, permissions: dict[str, str]) -> None:
    """The plan writes a comment, apply the journal's branch, and CI nothing."""
    (job,) = workflow(file)["jobs"].values()
    assert job["permissions"] == permissions


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_strangers_get_no_secrets(path: Path) -> None:
    """No workflow runs on pull_request_target or workflow_run."""
    assert set(read(path)["on"]) <= {"pull_request", "push", "schedule", "workflow_dispatch"}


def test_a_forks_plan_has_a_step_of_its_own() -> None:
    """Exactly one step plans, and the one with secrets is for branches of this repository."""
    (job,) = workflow("mailsync-plan.yml")["jobs"].values()
    own, fork = [step for step in job["steps"] if step["uses"] == "./"]
    assert own["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert fork["if"] == own["if"].replace("==", "!=")
    assert "env" not in fork
    assert fork["with"]["comment"] == "false"


def test_one_comment_has_one_writer() -> None:
    """Runs of one pull request exclude each other."""
    concurrency = workflow("mailsync-plan.yml")["concurrency"]
    assert concurrency["group"] == "mailsync-plan-${{ github.event.pull_request.number }}"


def test_apply_runs_alone_and_advances_by_itself() -> None:
    """One apply at a time, none broken off; hourly, not on the hour; from main alone."""
    content = workflow("mailsync-apply.yml")
    assert content["concurrency"] == {"group": "mailsync-apply", "cancel-in-progress": "false"}
    (when,) = content["on"]["schedule"]
    minute, *rest = when["cron"].split()
    assert rest == ["*"] * 4
    assert int(minute) % 2 == 1
    (job,) = content["jobs"].values()
    assert job["if"] == "github.ref == 'refs/heads/main'"
    assert job["environment"] == "mailsync"


def test_plan_and_apply_watch_the_same_files() -> None:
    """What is planned when it changes is applied when it is merged."""
    on = [workflow(f"mailsync-{command}.yml")["on"] for command in ("plan", "apply")]
    assert on[0]["pull_request"]["paths"] == on[1]["push"]["paths"] == ["zones/**", "mailsync.yaml"]
    assert on[1]["push"]["branches"] == ["main"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_workflows_give_the_action_what_it_takes(path: Path) -> None:
    """Each input that a workflow sets is one that action.yml has, and its command exists."""
    commands = {typer.main.get_command_name(c.name or "") for c in app.registered_commands}
    for step in steps(path):
        if step.get("uses") == "./":
            assert set(step["with"]) <= set(read(ACTION)["inputs"])
            assert step["with"]["command"] in commands


@pytest.mark.parametrize("command", WORKFLOWS_OF_INIT)
def test_init_writes_these_very_workflows(command: str) -> None:
    """What `mailsync init` makes fit for others is, octet for octet, what runs here."""
    file = f"mailsync-{command}.yml"
    assert starter(file) == (ROOT / ".github" / "workflows" / file).read_text()


def test_ci_is_what_anybody_can_run() -> None:
    """CI runs .ci/run and knows nothing more."""
    assert steps(ROOT / ".github" / "workflows" / "ci.yml")[-1]["run"] == ".ci/run"


def test_every_input_and_output_is_used() -> None:
    """Each input reaches a step, each output comes from one, and each says what it is."""
    content = read(ACTION)
    used = json.dumps(content["runs"]["steps"])
    for item, about in content["inputs"].items():
        assert "${{ inputs.%s }}" % item in used  # noqa: UP031  # braces
        assert about["description"]
        assert "default" in about
    for item, about in content["outputs"].items():
        assert about["value"] == "${{ steps.mailsync.outputs.%s }}" % item  # noqa: UP031
        assert about["description"]


def test_docs_name_every_input_and_output() -> None:
    """docs/github.md has a row for each."""
    text = (ROOT / "docs" / "github.md").read_text()
    content = read(ACTION)
    rows = set(re.findall(r"^\| `([\w-]+)`", text, re.MULTILINE))
    assert rows == {*content["inputs"], *content["outputs"]}


# ---- Run as the runner runs them ----------------------------------------------------------------


class Runner:
    """What a GitHub runner gives a step of the action, in a scratch directory."""

    def __init__(self, root: Path, fake: FakeGitHub) -> None:
        self.fake = fake
        self.workspace = root / "work space"
        self.action = root / "_actions"
        self.files = root / "_temp"
        self.workspace.mkdir()
        self.files.mkdir()
        shutil.copy(ROOT / "mailsync.yaml", self.workspace)
        for directory in ("zones", "live"):
            shutil.copytree(ROOT / directory, self.workspace / directory)
        program = self.action / ".venv" / "bin" / "mailsync"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m mailsync "$@"\n')
        program.chmod(0o755)
        (self.files / "event.json").write_text('{"number": 7, "pull_request": {"number": 7}}')
        self.context = {
            "github.token": fake.token,
            "steps.mailsync.outputs": "",
        } | {f"inputs.{k}": v["default"] for k, v in read(ACTION)["inputs"].items()}
        self.event_name = "pull_request"

    def step(self, title: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run one `run:` step with inputs; summary and outputs are new files, as for every step."""
        (step,) = [s for s in read(ACTION)["runs"]["steps"] if s["name"] == title]
        context = self.context | {f"inputs.{k.replace('_', '-')}": v for k, v in inputs.items()}

        def evaluated(text: str) -> str:
            for _ in range(2):  # an input's default is an expression too
                text = EXPRESSION.sub(lambda match: context[match[0][3:-2].strip()], text)
            return text

        for file in ("summary", "output"):
            (self.files / file).write_text("")
        script = self.files / "script.sh"
        script.write_text(step["run"])
        assert step["shell"] == "bash"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.files),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'providers'}",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_API_URL": self.fake.url,
            "GITHUB_GRAPHQL_URL": f"{self.fake.url}/graphql",
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(self.files / "event.json"),
            "GITHUB_OUTPUT": str(self.files / "output"),
            "GITHUB_REPOSITORY": self.fake.repository,
            "GITHUB_STEP_SUMMARY": str(self.files / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.files),
        }
        environment |= {k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")}
        environment |= {key: evaluated(value) for key, value in step.get("env", {}).items()}
        return subprocess.run(
            [*BASH, script],
            cwd=self.workspace / evaluated(step.get("working-directory", ".")),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the step that runs mailsync. Nothing may come on stderr, which has no order."""
        done = self.step("Run mailsync", **inputs)
        assert done.stderr == ""
        assert self.fake.token not in done.stdout + self.summary()
        return done

    def summary(self) -> str:
        """The Markdown that stands in the job's summary."""
        return (self.files / "summary").read_text()

    def outputs(self) -> dict[str, str]:
        """The action's outputs, as action.yml names them."""
        lines = (self.files / "output").read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        assert values.keys() == read(ACTION)["outputs"].keys()
        return values


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A pull request of the example's files, from a branch of the repository."""
    with FakeGitHub() as fake:
        yield Runner(tmp_path, fake)


def test_a_pull_request_gets_one_comment(runner: Runner) -> None:
    """The first run creates the comment, the second updates that one; summary and outputs stand."""
    first = runner.run()
    assert first.returncode == 0, first.stdout
    (comment,) = runner.fake.comments
    number, text = comment["id"], comment["body"]
    assert "## Mail plan" in text
    assert runner.summary() == text.partition("\n")[2]
    outputs = runner.outputs()
    assert (outputs["status"], outputs["changes"]) == ("changes", "true")
    assert json.loads(Path(outputs["plan"]).read_text())["digest"] == outputs["digest"]

    (runner.workspace / "zones" / "example.jp.yaml").write_text("dmarc: v=DMARC1; p=reject\n")
    assert runner.run().returncode == 0
    (comment,) = runner.fake.comments
    assert comment["id"] == number
    assert comment["body"] != text
    assert runner.outputs()["digest"] != outputs["digest"]


def test_what_was_planned_can_be_applied_as_reviewed(runner: Runner) -> None:
    """The file that the action puts out is a plan that `mailsync apply FILE` carries out."""
    runner.run(domains="example.jp")
    done = subprocess.run(
        [runner.action / ".venv/bin/mailsync", "apply", "--yes", runner.outputs()["plan"]],
        cwd=runner.workspace,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'providers'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "7 changed" in done.stderr


def test_a_fork_gets_its_plan_in_the_summary(runner: Runner) -> None:
    """With a token that may only read: no comment, a notice, and the plan's exit code."""
    runner.fake.read_only = True
    done = runner.run()
    assert done.returncode == 0
    assert runner.fake.comments == []
    assert "## Mail plan" in runner.summary()
    notice = r"^::notice title=mailsync::no comment written: .* 403 "
    assert re.search(notice, done.stdout, re.MULTILINE)


def test_an_error_stands_at_its_line(runner: Runner) -> None:
    """A broken zone file: annotated, in comment and summary with its place; exit 1."""
    (runner.workspace / "zones" / "example.net.yaml").write_text("mail: none\nmxx: [10 mx1]\n")
    done = runner.run()
    assert done.returncode == 1
    place = "zones/example.net.yaml"
    assert f"\n::error title=mailsync,file={place},line=2,col=1::unknown" in done.stdout
    for text in (runner.summary(), runner.fake.comments[0]["body"]):
        assert f"`{place}:2:1`" in text
    assert runner.outputs()["status"] == "error"


def test_inputs_are_words_and_never_scripts(runner: Runner) -> None:
    """Globs are mailsync's, not the shell's; quotes, `$( )` and options are taken as text."""
    (runner.workspace / "example.zone").touch()
    done = runner.run(domains="example.* \n  example.jp", comment="false")
    assert done.returncode == 0, done.stdout
    assert len(json.loads(Path(runner.outputs()["plan"]).read_text())["domains"]) == 3
    evil = "$(touch pwned) `touch pwned`; touch pwned \" ' --version"
    for inputs in (
        {"domains": evil},
        {"config": evil},
        {"command": evil},
        {"command": "plan --help"},
    ):
        assert runner.run(**inputs).returncode == 1
    assert not (runner.workspace / "pwned").exists()


def test_a_working_directory_below_the_root_is_told_from_the_root(runner: Runner) -> None:
    """Annotations name files as GitHub shows them, wherever the configuration is."""
    below = runner.workspace / "mail"
    below.mkdir()
    for item in ("mailsync.yaml", "zones", "live"):
        (runner.workspace / item).rename(below / item)
    (below / "zones" / "example.net.yaml").write_text("mxx: [10 mx1]\n")
    done = runner.run(working_directory="mail")
    assert done.returncode == 1
    assert "file=mail/zones/example.net.yaml,line=1,col=1::" in done.stdout


def test_apply_does_what_is_due_and_is_no_failure_while_it_waits(runner: Runner) -> None:
    """A push: what is due is done, the rest waits, exit 0; an hour later there is nothing due."""
    runner.event_name = "push"
    done = runner.run(command="apply")
    assert done.returncode == 0, done.stdout
    assert "What was due is done." in runner.summary()
    assert runner.outputs()["status"] == "waiting"
    zones = {path: path.read_text() for path in (runner.workspace / "live").iterdir()}
    assert "mx1" in zones[runner.workspace / "live" / "example.jp.zone"]
    assert runner.run(command="apply").returncode == 0
    assert {path: path.read_text() for path in zones} == zones
    assert runner.fake.requests == []


def test_what_servers_say_is_no_command_to_the_runner(runner: Runner) -> None:
    """A record that looks like a workflow command stands between those that make it plain text."""
    zone = runner.workspace / "live" / "example.jp.zone"
    zone.write_text(zone.read_text() + 'example.jp. 60 IN TXT "##[add-mask]mail"\n')
    (runner.workspace / "zones" / "example.jp.yaml").write_text("spf: v=spf1 -all\n")
    lines = runner.run(domains="example.jp").stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    end = lines.index(f"::{token}::")
    commands = [n for n, line in enumerate(lines) if "##[" in line or line.lstrip()[:2] == "::"]
    assert [n for n in commands if n > end and "title=mailsync" not in lines[n]] == []


def test_packages_are_installed_beside_the_pinned_ones(runner: Runner) -> None:
    """`packages` becomes requirements/local.txt, and script/environment does the rest."""
    for directory in ("requirements", "script"):
        (runner.action / directory).mkdir()
    script = runner.action / "script" / "environment"
    script.write_text('#!/bin/sh\necho "$@"\n')
    script.chmod(0o755)
    local = runner.action / "requirements" / "local.txt"
    assert runner.step("Install mailsync", packages=" \n ").stdout == "run\n"
    assert not local.exists()
    runner.step("Install mailsync", packages="octodns-cloudflare==1.2.0\n$(touch pwned)")
    assert local.read_text() == "octodns-cloudflare==1.2.0\n$(touch pwned)\n"
    assert not (runner.workspace / "pwned").exists()
