"""`mailsync github`: the action's commands, with the example's files and a fake GitHub."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsync.__main__ import main
from mailsync.cli import apply, console, github, github_step
from mailsync.cli.github_markdown import ROOM_MIN, Report, markdown
from mailsync.cli.github_step import Note, Step
from mailsync.errors import MailsyncError, Refused
from mailsync.lint.model import Finding
from mailsync.observe.observations import to_json as observations_json
from mailsync.plan.document import from_json
from mailsync.plan.model import DomainPlan, Plan
from mailsync.plan.printable import printable
from tests.fakes.github import BODY_LIMIT, FakeGitHub

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """A GitHub of its own for each test."""
    with FakeGitHub() as server:
        yield server


class Checkout:
    """A repository on a runner: the example's files, and what the runner sets and collects."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.workspace = root / "workspace"
        self.temporary = root / "temp"
        self.summary = root / "summary.md"
        self.outputs_file = root / "outputs"
        self.event = root / "event.json"
        self.workspace.mkdir()
        self.temporary.mkdir()
        shutil.copy(ROOT / "mailsync.yaml", self.workspace)
        for name in ("zones", "live"):
            shutil.copytree(ROOT / name, self.workspace / name)
        self.event.write_text('{"pull_request": {"number": 7}}')
        self.patch = patch
        patch.chdir(self.workspace)
        self.set(
            GITHUB_ACTIONS="true",
            GITHUB_WORKSPACE=str(self.workspace),
            GITHUB_STEP_SUMMARY=str(self.summary),
            GITHUB_OUTPUT=str(self.outputs_file),
            GITHUB_EVENT_PATH=str(self.event),
            GITHUB_EVENT_NAME="pull_request",
            GITHUB_REPOSITORY="example/mail",
            RUNNER_TEMP=str(self.temporary),
        )

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self.patch.setenv(name, value)

    def run(self, *arguments: str) -> int:
        self.patch.setattr(sys, "argv", ["mailsync", "github", *arguments])
        return main()

    def outputs(self) -> dict[str, str]:
        lines = self.outputs_file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def break_file(self) -> None:
        zone = self.workspace / "zones" / "example.net.yaml"
        zone.write_text("mail: none\nmxx: [10 mx1]\n")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeGitHub) -> Checkout:
    """A pull request's checkout, whose API is the fake one."""
    made = Checkout(tmp_path, monkeypatch)
    made.set(
        GITHUB_API_URL=fake.url, GITHUB_GRAPHQL_URL=f"{fake.url}/graphql", GITHUB_TOKEN=fake.token
    )
    return made


# ---- plan ---------------------------------------------------------------------------------------


def test_plan_is_one_comment_updated_in_place(checkout: Checkout, fake: FakeGitHub) -> None:
    """However often a pull request is pushed to, the plan is one comment, and the newest plan."""
    assert checkout.run("plan", "example.jp") == 0
    (first,) = fake.bodies()
    (checkout.workspace / "zones" / "example.jp.yaml").write_text("dmarc: v=DMARC1; p=reject\n")
    assert checkout.run("plan", "example.jp") == 0
    (second,) = fake.bodies()
    assert first.startswith("<!-- mailsync:mailsync.yaml%20example.jp -->\n## Mail plan\n")
    assert "mx1.example.jp." in first
    assert "mx1.example.jp." not in second
    assert "p=reject" in second


def test_plan_sets_outputs_and_saves_what_apply_takes(checkout: Checkout) -> None:
    """The outputs sum the plan up, and name the file that `mailsync apply` would take."""
    assert checkout.run("plan") == 0
    file = checkout.temporary / "mailsync-plan.json"
    text = file.read_text()
    assert len(from_json(text).domains) == 3
    assert checkout.outputs() == {
        "status": "changes",
        "changes": "true",
        "digest": json.loads(text)["digest"],
        "plan": str(file),
    }


def test_summary_is_appended(checkout: Checkout) -> None:
    """What an earlier command of the step wrote into the summary stays."""
    checkout.summary.write_text("before\n")
    checkout.run("plan")
    assert checkout.summary.read_text().startswith("before\n## Mail plan\n")


def test_summary_keeps_to_what_the_runner_takes(checkout: Checkout) -> None:
    """A summary of more than 1 MiB would be dropped as a whole: it gets no longer."""
    before = "x" * (github_step.SUMMARY_LIMIT - ROOM_MIN - 1)
    checkout.summary.write_text(before)
    checkout.run("plan")
    assert len(before) < checkout.summary.stat().st_size <= github_step.SUMMARY_LIMIT
    full = "x" * (github_step.SUMMARY_LIMIT - ROOM_MIN + 1)
    checkout.summary.write_text(full)
    checkout.run("plan")
    assert checkout.summary.read_text() == full


def test_what_is_planned_names_the_comment(checkout: Checkout, fake: FakeGitHub) -> None:
    """Two configurations, or two sets of domains, have a comment each."""
    shutil.copy("mailsync.yaml", "other.yaml")
    checkout.run("plan", "example.jp")
    checkout.run("plan", "example.*")
    checkout.patch.setattr(sys, "argv", ["mailsync", "-c", "other.yaml", "github", "plan"])
    assert main() == 0
    assert len({body.partition("\n")[0] for body in fake.bodies()}) == 3


def test_a_fork_gets_the_summary(
    checkout: Checkout, fake: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token that may not comment is told as a notice; the plan's exit code stands."""
    fake.read_only = True
    assert checkout.run("plan") == 0
    said = capsys.readouterr()
    (notice,) = [line for line in said.out.splitlines() if line.startswith("::notice ")]
    assert "Resource not accessible by integration" in notice
    assert "pull-requests: write" in notice
    assert fake.comments == []
    assert "## Mail plan" in checkout.summary.read_text()
    assert fake.token not in said.out + said.err


def test_a_comment_may_be_as_long_as_github_takes(checkout: Checkout, fake: FakeGitHub) -> None:
    """The plan gets all the room of a comment but what the marker takes."""
    checkout.patch.setattr(github, "markdown", lambda _, limit: "x" * limit)
    assert checkout.run("plan", "example.jp") == 0
    assert [len(body) for body in fake.bodies()] == [BODY_LIMIT]


def test_a_second_comment_of_ours_is_told(
    checkout: Checkout, fake: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where two runs at once made two comments, the one that is no longer kept up is named."""
    for _ in range(2):
        fake.add("<!-- mailsync:mailsync.yaml -->\nold")
    assert checkout.run("plan") == 0
    assert f"may be deleted: {fake.comments[1]['html_url']}" in capsys.readouterr().out


def test_a_failure_that_is_no_lack_of_rights_is_a_warning(
    checkout: Checkout, fake: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong token, or GitHub out of order, is told as what it is; the exit code stands."""
    fake.token = "another"
    assert checkout.run("plan") == 0
    out = capsys.readouterr().out
    assert "::warning title=mailsync::no comment written: GitHub answered" in out
    assert "Bad credentials; see the job's summary" in out


@pytest.mark.parametrize("lack", ["token", "comment", "event", "push"])
def test_without_a_pull_request_or_a_token_nothing_is_asked(
    checkout: Checkout, fake: FakeGitHub, lack: str
) -> None:
    """GitHub is not asked when there is nothing to comment on, or nothing to comment with."""
    checkout.set(
        **{
            "token": {"GITHUB_TOKEN": ""},
            "comment": {"MAILSYNC_COMMENT": "false"},
            "event": {"GITHUB_EVENT_PATH": ""},
            "push": {"GITHUB_EVENT_NAME": "push"},
        }[lack]
    )
    assert checkout.run("plan") == 0
    assert fake.requests == []
    assert checkout.summary.exists()


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "names no pull request"),
        ('{"pull_request": []}', "names no pull request"),
        ('{"pull_request": {"number": "7"}}', "names no pull request"),
        ('{"pull_request": {"number": true}}', "names no pull request"),
        ('{"pull_request": {"number": 0}}', "names no pull request"),
        (" " * 65, "more than 64 octets"),
        (None, "No such file"),
    ],
)
def test_an_event_that_cannot_be_read_costs_the_comment_only(
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
    event: str | None,
    says: str,
) -> None:
    """A broken or hostile event is a warning; the plan is shown all the same."""
    if "octets" in says:
        checkout.patch.setattr(github_step, "EVENT_LIMIT", 64)
    checkout.event.unlink()
    if event is not None:
        checkout.event.write_text(event)
    assert checkout.run("plan", "example.net") == 0
    warning = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("::warning"))
    assert says in warning


def test_a_repository_of_no_such_form_is_not_asked_for(
    checkout: Checkout, fake: FakeGitHub
) -> None:
    """What is put into an API's path is a repository's name and nothing else."""
    checkout.set(GITHUB_REPOSITORY="example/mail/../../user")
    assert checkout.run("plan", "example.net") == 0
    assert fake.requests == []


def test_pull_request_target_is_refused(
    checkout: Checkout, fake: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workflow that would give secrets to a stranger's files stops before it reads them."""
    checkout.set(GITHUB_EVENT_NAME="pull_request_target")
    for command in ("plan", "apply"):
        assert checkout.run(command) == 1
    assert "use pull_request" in capsys.readouterr().err
    assert not checkout.summary.exists()


def test_files_that_do_not_load_are_shown_where_they_are_wrong(
    checkout: Checkout, fake: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error in one file: exit 1, shown with its place, and the other domains are planned."""
    checkout.break_file()
    assert checkout.run("plan") == 1
    (comment,) = fake.bodies()
    for text in (comment, checkout.summary.read_text()):
        assert "**The files have 1 error.**" in text
        assert "at `zones/example.net.yaml:2:1`" in text
        assert "`example.jp`" in text
    assert "::error title=mailsync,file=zones/example.net.yaml,line=2,col=1::" in (
        capsys.readouterr().out
    )
    assert checkout.outputs()["status"] == "error"


@pytest.mark.parametrize("file", ["zones/example.net.yaml", "mailsync.yaml"])
def test_with_nothing_to_plan_the_errors_are_the_comment(
    checkout: Checkout, fake: FakeGitHub, file: str
) -> None:
    """When nothing loads, the errors take the plan's place and no plan is put out."""
    checkout.patch.setenv("MAILSYNC_COMMENT", "true")
    Path(file).write_text("mxx: [10 mx1]\n")
    assert checkout.run("plan", "example.net") == 1
    (comment,) = fake.bodies()
    assert f"`{file}:1:1`" in comment
    assert "## Mail plan" not in comment
    assert checkout.outputs() == {"status": "error", "changes": "false", "digest": "", "plan": ""}


def test_a_missing_configuration_is_an_error_of_one_line(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without mailsync.yaml there is one annotation and exit 1."""
    Path("mailsync.yaml").unlink()
    assert checkout.run("plan") == 1
    assert capsys.readouterr().out.count("::error ") == 1


def test_a_plan_that_cannot_be_saved_is_an_error(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """An --out that cannot be written is said in one line."""
    assert checkout.run("plan", "--out", "nowhere/plan.json", "example.net") == 1
    assert "nowhere/plan.json: cannot save the plan" in capsys.readouterr().err


def test_a_plan_is_saved_whole_or_not_at_all(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a disk that fills up the plan of before stays, and no temporary file is left."""
    Path("plan.json").write_text("old")
    files = sorted(Path().iterdir())

    def full(self: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with checkout.patch.context() as patch:
        patch.setattr(Path, "replace", full)
        assert checkout.run("plan", "--out", "plan.json", "example.net") == 1
    assert "plan.json: cannot save the plan: no space left" in capsys.readouterr().err
    assert Path("plan.json").read_text() == "old"
    assert sorted(Path().iterdir()) == files


def test_outside_of_actions_it_is_a_plain_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run by hand it needs nothing of GitHub's, and prints no workflow commands."""
    checkout = Checkout(tmp_path, monkeypatch)
    for name in ("ACTIONS", "STEP_SUMMARY", "OUTPUT", "EVENT_PATH", "WORKSPACE"):
        monkeypatch.delenv(f"GITHUB_{name}")
    monkeypatch.delenv("RUNNER_TEMP")
    checkout.break_file()
    assert checkout.run("plan", "--no-comment") == 1
    said = capsys.readouterr()
    assert "::" not in said.out.replace("2001:db8::", "").replace(":1::10", "")
    assert "error: zones/example.net.yaml:2:1: unknown" in said.err
    assert Path("mailsync-plan.json").exists()


# ---- apply --------------------------------------------------------------------------------------


def test_apply_does_what_is_due_and_shows_what_comes(checkout: Checkout, fake: FakeGitHub) -> None:
    """The summary has what was done and what waits; waiting is success; nothing is commented."""
    checkout.set(GITHUB_EVENT_NAME="push")
    assert checkout.run("apply") == 0
    summary = checkout.summary.read_text()
    assert summary.startswith("## Mail apply\n\nWhat was due is done.\n")
    assert "example.jp: 7 changed, switch waits until" in summary
    assert "## Mail plan\n\n**3 domains: 3 waiting.**" in summary
    assert checkout.outputs()["status"] == "waiting"
    assert checkout.outputs()["changes"] == "true"
    assert fake.requests == []
    assert "192.0.2.10" in (checkout.workspace / "live" / "example.jp.zone").read_text()


def test_what_another_machine_saw_counts_for_both_commands(checkout: Checkout) -> None:
    """As the action's input names it; a file that cannot be believed stops both, in one line."""
    seen = checkout.workspace / "seen.json"
    seen.write_text(observations_json(datetime.now(UTC), []))
    checkout.set(MAILSYNC_OBSERVATIONS="seen.json")
    assert [checkout.run(command) for command in ("plan", "apply")] == [0, 0]
    checkout.set(MAILSYNC_OBSERVATIONS_KEY="a key of sixteen octets")
    assert [checkout.run(command) for command in ("plan", "apply")] == [1, 1]
    assert "seen.json: no observations of this version: it is not signed" in (
        checkout.summary.read_text()
    )


def test_apply_goes_on_beside_a_broken_file(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with an error costs its own domain only; exit 1, annotated once."""
    checkout.break_file()
    assert checkout.run("apply") == 1
    assert capsys.readouterr().out.count("::error ") == 1
    summary = checkout.summary.read_text()
    assert "**There were errors.**" in summary
    assert "example.jp: 7 changed" in summary
    assert "**The files have 1 error.**" in summary


def test_apply_with_nothing_that_loads_shows_the_errors(checkout: Checkout) -> None:
    """Files that cannot be read at all are told in the summary too."""
    Path("mailsync.yaml").write_text("zonez: ./zones\n")
    assert checkout.run("apply") == 1
    assert "did you mean" in checkout.summary.read_text()


def test_a_refusal_is_annotated_and_its_exit_code_kept(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """When a guard says no, its reason is an annotation and stands in the summary; exit 3."""

    def refuse(*_: object, **__: object) -> int:
        console.say("refused: example.jp: too much would be removed")
        return Refused.exit_code

    checkout.patch.setattr(apply, "command", refuse)
    assert checkout.run("apply", "example.jp") == 3
    out = capsys.readouterr().out
    assert "::error title=mailsync::refused: example.jp: too much would be removed\n" in out
    assert "**Refused:**" in checkout.summary.read_text()


def test_apply_passes_on_what_is_said_at_once(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has apply's messages, between the commands that make them plain text."""
    checkout.run("apply", "example.net")
    said = capsys.readouterr()
    assert "example.net: 2 changed" in said.err
    stop, resume = said.out.splitlines()[:2]
    assert stop.startswith("::stop-commands::")
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::"


def test_plain_text_ends_with_an_error_too(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception leaves no runner that takes commands for text."""
    with pytest.raises(KeyboardInterrupt), Step(on_actions=True).as_plain_text():
        raise KeyboardInterrupt
    stop, resume = capsys.readouterr().out.splitlines()
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::"


# ---- annotations --------------------------------------------------------------------------------


def command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does: (name, properties, message).

    github.com/actions/runner, ActionCommand: properties are split at commas before they are
    unescaped, ``%25`` last.
    """

    def unescaped(text: str, **more: str) -> str:
        for escape, char in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
            text = text.replace(escape, char)
        return text

    head, _, message = line.removeprefix("::").partition("::")
    name, _, rest = head.partition(" ")
    pairs = [pair.split("=", 1) for pair in rest.split(",") if pair]
    properties = {k: unescaped(v, **{"%3A": ":", "%2C": ","}) for k, v in pairs}
    return name, properties, unescaped(message)


@given(st.text(st.characters(codec="utf-8")))
@example("100%25 %0A::error::%0D")
def test_no_message_can_break_out_of_its_annotation(message: str) -> None:
    """Whatever a finding says, the runner reads one command with that message, made printable."""
    written: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "give", written.append)
        Step(on_actions=True).annotate(Note("warning", message, "example.jp"))
    (text,) = written
    (line,) = text.splitlines()
    read = command(line)
    assert read == (
        "warning",
        {"title": "mailsync"},
        printable(f"example.jp: {message}"),
    )


@pytest.mark.parametrize("name", ["a.yaml", "50%25,a:b=c.yaml", "zones/ü.yaml"])
def test_a_place_is_told_from_the_repositorys_root(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """GitHub finds the file also when mailsync was run in a directory below, or its name is odd."""
    file = tmp_path / "mail" / name
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.chdir(tmp_path / "mail")
    step = Step(on_actions=True, workspace=tmp_path)
    step.annotate(Note("error", "100% wrong", f"{name}:3:5"))
    step.annotate(Note("error", "not YAML", name))
    first, second = map(command, capsys.readouterr().out.splitlines())
    place = {"title": "mailsync", "file": f"mail/{name}"}
    assert first == ("error", place | {"line": "3", "col": "5"}, "100% wrong")
    assert second == ("error", place, "not YAML")


def test_a_file_outside_of_the_workspace_keeps_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A configuration from elsewhere is named by its whole path."""
    file = tmp_path / "mailsync.yaml"
    file.touch()
    step = Step(on_actions=True, workspace=tmp_path / "workspace")
    step.annotate(Note("error", "wrong", str(file)))
    assert command(capsys.readouterr().out.strip())[1]["file"] == str(file)


def test_many_findings_are_counted_not_all_annotated(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors come before warnings, information is left to the summary, and the rest is counted."""
    findings = tuple(
        Finding("x", severity, f"finding {number}", "")
        for number in range(40)
        for severity in ("info", "warning", "error")
    )
    plan = Plan(NOW, (DomainPlan("example.jp", "example.jp", (), "error", findings=findings),))
    checkout.patch.setattr(github, "_planned", lambda *_: Report(plan))
    assert checkout.run("plan", "--no-comment") == 1
    lines = [x for x in capsys.readouterr().out.splitlines() if "title=mailsync" in x]
    levels = [command(line)[0] for line in lines]
    assert levels == ["error"] * 40 + ["warning"] * 10 + ["warning"]
    assert command(lines[-1])[2] == "and 30 more, see the summary"


# ---- Markdown -----------------------------------------------------------------------------------


@pytest.mark.parametrize("applied", [None, 0, 1, 3, 130])
@pytest.mark.parametrize("number", [0, 1, 5_000])
def test_markdown_keeps_to_its_limit(applied: int | None, number: int) -> None:
    """However many errors, messages and domains there are, GitHub takes the text."""
    errors = tuple(
        MailsyncError(f"unknown key \x1b`{n}`", where=f"zones/ü.yaml:{n}:1") for n in range(number)
    )
    said = tuple(f"example{n}.jp: \x1b``` {n}" for n in range(number))
    domains = tuple(
        DomainPlan(f"example{n}.jp", "example.jp", ("local",), "changes") for n in range(number)
    )
    for plan in (None, Plan(NOW, domains)):
        text = markdown(Report(plan, errors, applied, said), ROOM_MIN)
        assert len(text.encode()) <= ROOM_MIN
        assert "\x1b" not in text
        assert ("more errors" in text) == (number == 5_000)


def test_the_end_of_what_apply_said_is_kept() -> None:
    """Of a long run the last messages are shown, in their order: they tell how it ended."""
    said = tuple(f"message {n}" for n in range(10_000))
    text = markdown(Report(None, (), 0, said), ROOM_MIN)
    assert "…\n" in text
    assert text.endswith("message 9998\nmessage 9999\n```\n")


def test_an_end_that_is_not_foreseen_is_told_by_its_number() -> None:
    """An exit code without a sentence of its own is shown as it is."""
    assert "exit code 130" in markdown(Report(None, (), 130), ROOM_MIN)
    assert "at `" not in markdown(Report(None, (MailsyncError("no place"),)), ROOM_MIN)


# ---- the files of the runner --------------------------------------------------------------------


def test_a_summary_that_cannot_be_written_is_an_error(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A runner whose files cannot be written is told in one line."""
    checkout.set(GITHUB_OUTPUT=str(checkout.temporary))
    assert checkout.run("plan", "example.net") == 1
    assert "cannot write: Is a directory" in capsys.readouterr().err


def test_outputs_are_single_lines(tmp_path: Path) -> None:
    """No value can set an output of another name."""
    Step(outputs=tmp_path / "out").put({"plan": "a\nstatus=converged"})
    assert (tmp_path / "out").read_text() == "plan=a\\nstatus=converged\n"
    Step().put({"plan": "nowhere"})
    Step().summarise("nowhere")


def test_a_token_stands_in_no_text_of_the_step() -> None:
    """Not even a debugger's view of the step shows the token."""
    step = github_step.current_step({"GITHUB_TOKEN": "ghs_secret"})
    assert step.token == "ghs_secret"
    assert "ghs_secret" not in repr(step)
    assert (step.api_url, step.graphql_url) == (
        "https://api.github.com",
        "https://api.github.com/graphql",
    )
