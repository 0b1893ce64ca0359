"""`mailsync apply` on a scratch copy of the example."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsync.apply.engine import Outcome, Terms
from mailsync.apply.session import Result
from mailsync.cli import apply as apply_module
from mailsync.cli.console import load
from mailsync.cli.progress import Progress
from mailsync.errors import MailsyncError
from mailsync.plan.document import from_json
from mailsync.plan.model import DomainPlan
from tests.unit.cli.site import Site, command, environment
from tests.unit.cli.terminal import Terminal

PARKED = "example.net"


def settled(site: Site) -> None:
    """Apply until everything has converged, as by cron every eight days."""
    for _ in range(5):
        site.run("apply")
        site.passes(days=8)


# ---- As by cron ---------------------------------------------------------------------------------


def test_it_converges_in_steps_as_time_passes(site: Site) -> None:
    """Prepare now, switch a day later, settle after the soak; then nothing is written any more."""
    site.only("example.jp")
    done = site.run("apply")
    assert (done.code, done.out) == (0, "")
    assert "example.jp: prepare: writing 7 RRsets" in done.err
    assert "switch waits until" in done.err
    assert "old service must keep accepting mail until" in done.err
    assert "IN MX  10 mail\n" in site.zone("example.jp")
    early = site.files
    site.passes(hours=23)
    assert site.run("apply").code == 0
    assert {n: t for n, t in site.files.items() if not n.endswith(".lock")} == {
        n: t for n, t in early.items() if not n.endswith(".lock")
    }
    site.passes(hours=2)
    assert "switch: writing" in site.run("apply").err
    assert "10 mail\n" not in site.zone("example.jp")
    site.passes(days=20)
    done = site.run("apply", "--detailed-exitcode")
    assert done.code == 0
    assert "converged" in done.err
    before = site.files
    assert site.run("apply").err == "example.jp: converged\n"
    assert {n: t for n, t in site.files.items() if not n.endswith(".lock")} == {
        n: t for n, t in before.items() if not n.endswith(".lock")
    }


def test_all_domains_of_the_example_converge(site: Site) -> None:
    """The three examples come to their end, and what is not theirs stays byte for byte."""
    foreign = [
        "shop\t300\tIN\tA\t192.0.2.81\t; ask Sato before touching this\n",
        '@\tIN\tTXT\t"apple-domain-verification=" "Zq0u1example"\n',
    ]
    settled(site)
    assert site.run("plan", "--detailed-exitcode").code == 0
    for line in foreign:
        assert line in site.zone("example.co.jp")


def test_detailed_exit_code_tells_of_what_waits(site: Site) -> None:
    """2 while a domain waits, 0 when it has converged."""
    site.only(PARKED)
    assert site.run("apply", "--detailed-exitcode").code == 2
    assert site.run("apply").code == 0


def test_only_the_named_domains_are_applied(site: Site) -> None:
    """A glob and a name; the others' files are not touched."""
    before = site.zone("example.co.jp")
    done = site.run("apply", "*.net")
    assert done.code == 0
    assert site.zone("example.co.jp") == before
    assert "v=spf1 -all" in site.zone(PARKED)
    assert "example.co.jp" not in done.err


# ---- What goes wrong ----------------------------------------------------------------------------


def test_the_good_ones_go_on_beside_a_broken_file(site: Site) -> None:
    """Desired mail that cannot be read, a master file that cannot: all errors, exit 1."""
    site.write("zones/broken.example.yaml", "mx: [10 mx1]\nmy: 1\nspff: 2\n")
    site.write("live/example.jp.zone", "no ( zone\n")
    done = site.run("apply")
    assert (done.code, done.out) == (1, "")
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert any("zones/broken.example.yaml:2:1" in line for line in errors)
    assert any("zones/broken.example.yaml:3:1" in line for line in errors)
    assert any("example.jp.zone" in line for line in errors)
    assert "v=spf1 -all" in site.zone(PARKED)
    assert "spf.protection.outlook.com" in site.zone("example.co.jp")


def test_nothing_is_written_without_a_journal(site: Site) -> None:
    """A journal that cannot be made: one line for each domain, and the zones as they were."""
    site.write(".mailsync", "a file where the directory should be")
    before = site.files
    done = site.run("apply")
    assert done.code == 1
    assert len(done.err.splitlines()) == 3
    assert all(line.startswith("error: ") and ".mailsync" in line for line in done.err.splitlines())
    assert site.files == before


def test_nothing_is_written_when_the_journals_disk_is_full(site: Site) -> None:
    """The intent cannot be made to last, so there is no write."""
    site.only(PARKED)
    before = site.zone(PARKED)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with site.patch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = site.run("apply")
    assert done.code == 1
    assert "no space left on device" in done.err
    assert "Traceback" not in done.err
    assert site.zone(PARKED) == before
    assert site.run("apply").code == 0
    assert "v=spf1 -all" in site.zone(PARKED)


def test_nothing_is_lost_when_the_zones_disk_is_full(site: Site) -> None:
    """The zone file stays whole, no temporary file stays behind, and the next run goes on."""
    site.only(PARKED)
    before = site.zone(PARKED)

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with site.patch.context() as patch:
        patch.setattr(Path, "replace", full)
        done = site.run("apply")
    assert done.code == 1
    assert "No space left on device" in done.err
    assert site.zone(PARKED) == before
    assert len(list((site.directory / "live").iterdir())) == 3
    assert site.run("apply").code == 0
    assert "v=spf1 -all" in site.zone(PARKED)


@pytest.mark.parametrize("name", ["live", ".mailsync"])
def test_a_directory_that_may_not_be_written_is_one_line(name: str, site: Site) -> None:
    """Whichever it is, the zone stays as it was, and the next run goes on."""
    site.only(PARKED)
    before = site.zone(PARKED)
    opened = os.open
    (site.directory / ".mailsync").mkdir()

    def forbidden(path: str | os.PathLike[str], flags: int, *rest: Any, **more: Any) -> int:
        # Permissions would not do: tests may run as root.
        if flags & os.O_CREAT and Path(path).absolute().parent.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *rest, **more)

    with site.patch.context() as patch:
        patch.setattr(os, "open", forbidden)
        done = site.run("apply")
    assert done.code == 1
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert "permission denied" in line.lower()
    assert name in line
    assert site.zone(PARKED) == before
    assert site.run("apply").code == 0
    assert "v=spf1 -all" in site.zone(PARKED)


def test_another_run_is_not_disturbed(site: Site) -> None:
    """A zone whose lock is held is refused (exit 3); the others are applied."""
    from mailsync.journal.file_store import FileJournal

    journal = FileJournal(site.directory / ".mailsync")
    with journal.lock("example.net."):
        done = site.run("apply")
    assert done.code == 3
    assert "another run is under way" in done.err
    assert "v=spf1 -all" not in site.zone(PARKED)
    assert "spf.protection.outlook.com" in site.zone("example.co.jp")


def test_two_dns_hosts_for_a_zone_are_both_written(site: Site) -> None:
    """What the file asks for stands at both in the end."""
    text = (site.directory / "mailsync.yaml").read_text()
    twin = "  twin: {class: mailsync_providers.zonefile.ZoneFileProvider, directory: ./twin}\n"
    text = text.replace("targets:", f"{twin}targets:").replace("[local]", "[local, twin]")
    site.write("mailsync.yaml", text)
    shutil.copytree(site.directory / "live", site.directory / "twin")
    assert site.run("apply", PARKED).code == 0
    twins = [site.directory / where / f"{PARKED}.zone" for where in ("live", "twin")]
    assert "v=spf1 -all" in twins[0].read_text()
    assert twins[0].read_text() == twins[1].read_text()


# ---- Saved plans --------------------------------------------------------------------------------


def test_a_saved_plan_is_carried_out_exactly(site: Site) -> None:
    """What was reviewed is done, hours later; domains that the plan does not name are not."""
    site.run("plan", PARKED, "--out", "plan.json")
    before = site.zone("example.jp")
    site.passes(hours=3)
    done = site.run("apply", "plan.json")
    assert (done.code, done.out) == (0, "")
    assert "example.net: 2 changed" in done.err
    assert "v=spf1 -all" in site.zone(PARKED)
    assert site.zone("example.jp") == before


def test_a_saved_plan_is_carried_out_once(site: Site) -> None:
    """The second time the world differs: exit 3, in words, and nothing is done."""
    site.run("plan", PARKED, "--out", "plan.json")
    site.run("apply", "plan.json")
    before = site.zone(PARKED)
    done = site.run("apply", "plan.json")
    assert done.code == 3
    assert done.err.startswith("differs: example.net: ")
    assert "the saved plan no longer fits: nothing was done; plan and review again" in done.err
    assert site.zone(PARKED) == before


def test_one_domain_that_differs_refuses_the_whole_plan(site: Site) -> None:
    """A value added by somebody else in one zone: no zone is written."""
    site.run("plan", "--out", "plan.json")
    with (site.directory / "live" / "example.net.zone").open("a") as file:
        file.write('@ IN TXT "added by hand"\n')
    before = site.files
    done = site.run("apply", "plan.json")
    assert done.code == 3
    assert "added by hand" in done.err
    assert {n: t for n, t in site.files.items() if n.startswith("live")} == {
        n: t for n, t in before.items() if n.startswith("live")
    }


def test_a_domain_that_the_files_no_longer_name_refuses_the_plan(site: Site) -> None:
    """The file was deleted since the review."""
    site.run("plan", "--out", "plan.json")
    site.only("example.jp")
    done = site.run("apply", "plan.json")
    assert done.code == 3
    assert "the saved plan is for example.co.jp, example.net, which the files no longer" in done.err


def test_a_host_that_cannot_be_read_stops_the_saved_plan(site: Site) -> None:
    """Where nothing can be compared, nothing is done."""
    site.run("plan", "--out", "plan.json")
    site.write("live/example.jp.zone", "no ( zone\n")
    before = site.zone(PARKED)
    done = site.run("apply", "plan.json")
    assert done.code == 1
    assert "example.jp.zone" in done.err
    assert site.zone(PARKED) == before


def test_a_saved_plan_that_is_no_longer_due_is_refused(site: Site) -> None:
    """The window closed between the review and the run."""
    site.only("example.jp")
    config = (site.directory / "mailsync.yaml").read_text()
    site.write("mailsync.yaml", config.replace("soak: 1d", 'soak: 1d, window: "Sun 00:00-12:00"'))
    site.run("apply")
    site.passes(days=5, hours=17)  # Sunday 2026-11-29 05:00 in Japan
    site.run("plan", "--out", "plan.json")
    assert "switch" in (site.directory / "plan.json").read_text()
    site.passes(hours=12)
    done = site.run("apply", "plan.json")
    assert done.code == 3
    assert "what the saved plan would do is no longer due; plan again" in done.err
    assert "IN MX  10 mail\n" in site.zone("example.jp")


def test_the_files_of_other_domains_do_not_bear_on_a_saved_plan(site: Site) -> None:
    """One domain's review holds, whatever is being written into another's file."""
    site.run("plan", PARKED, "--out", "plan.json")
    site.write("zones/example.jp.yaml", "mxx: [10 mx1]\n")
    done = site.run("apply", "plan.json")
    assert done.code == 0
    assert "error" not in done.err
    assert "v=spf1 -all" in site.zone(PARKED)


def test_a_saved_plan_whose_files_are_broken_does_nothing(site: Site) -> None:
    """All mistakes of the plan's own files, and not one of its zones is written."""
    site.run("plan", "--out", "plan.json")
    site.write("zones/example.jp.yaml", "mxx: [10 mx1]\nttl: soon\n")
    before = site.files
    done = site.run("apply", "plan.json")
    assert done.code == 1
    assert [line.split(": ")[1] for line in done.err.splitlines()] == [
        "zones/example.jp.yaml:1:1",
        "zones/example.jp.yaml:2:6",
    ]
    assert site.files == before


def test_the_plan_is_read_before_the_files_are(site: Site) -> None:
    """Whoever mistypes a plan's name is not told of zone files and configuration."""
    site.write("zones/example.jp.yaml", "mxx: [10 mx1]\n")
    done = site.run("-c", "nowhere.yaml", "apply", "nowhere.json")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith("error: nowhere.json: there is no such file")


def test_a_file_named_like_a_domain_is_no_saved_plan(site: Site) -> None:
    """The domain is applied; with a path, or with no zone file of that name, the file is read."""
    for name in (PARKED, "reviewed", "x..y"):
        site.write(name, "not json")
    assert "example.net: 2 changed" in site.run("apply", PARKED).err
    assert "example.net: switch waits" in site.run("apply", "EXAMPLE.net.").err
    for word in (f"./{PARKED}", "reviewed", "x..y"):
        done = site.run("apply", word)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"error: {Path(word)}: "), word
        assert "plan" in done.err


@pytest.mark.parametrize(
    "text", ["", "{}", "not json", '{"format": "mailsync-plan/9"}', "\x00", "[" * 5000]
)
def test_a_file_that_is_no_plan_is_one_line(text: str, site: Site) -> None:
    """It is named, and what to do; exit 1."""
    site.write("plan.json", text)
    done = site.run("apply", "plan.json")
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith("error: plan.json: ")


def test_a_plan_that_was_altered_is_refused(site: Site) -> None:
    """One digit of one value."""
    site.run("plan", "--out", "plan.json")
    text = (site.directory / "plan.json").read_text()
    site.write("plan.json", text.replace("192.0.2.10", "192.0.2.66"))
    before = site.zone("example.jp")
    done = site.run("apply", "plan.json")
    assert done.code == 1
    assert "altered" in done.err
    assert site.zone("example.jp") == before


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["nowhere.json"], "error: nowhere.json: there is no such file: `mailsync plan --out"),
        (["./example.jp"], "error: example.jp: there is no such file: "),
        (["plan.json", "example.jp"], "error: plan.json: a saved plan stands alone"),
        (["example.jp", "plan.json"], "error: plan.json: a saved plan stands alone"),
        (["plan.json", "--wait"], "error: plan.json: a saved plan is carried out once"),
        (["a" * 300], "error: no domain matches "),
        (["live.json"], "error: live.json: cannot read the saved plan: "),
    ],
)
def test_words_that_fit_nothing_are_one_line(argv: list[str], says: str, site: Site) -> None:
    """Neither a plan nor a domain, or both."""
    site.run("plan", "--out", "plan.json")
    (site.directory / "live.json").mkdir()
    before = site.files
    done = site.run("apply", *argv)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith(says)
    assert site.files == before


# ---- --wait -------------------------------------------------------------------------------------


def test_wait_stays_until_everything_has_converged(site: Site) -> None:
    """It says how it goes, looks again at least every minute, and ends with 0."""
    site.only(PARKED)

    def wait(run: apply_module.Run, results: object) -> None:
        site.slept.append(1)
        site.passes(hours=6)

    site.patch.setattr(apply_module, "_sleep", wait)
    done = site.run("apply", "--wait", "--detailed-exitcode")
    assert (done.code, done.out) == (0, "")
    assert len(site.slept) > 3
    assert done.err.index("prepare: writing") < done.err.index("switch: writing")
    assert done.err.splitlines()[-1].endswith("converged")


def test_wait_sleeps_no_longer_than_until_something_is_due(site: Site) -> None:
    """A minute at most; less when a stage is due sooner; never less than a second."""
    site.only(PARKED)
    pauses: list[float] = []

    class Stop:
        """Takes down how long it is waited for."""

        def wait(self, seconds: float) -> None:
            pauses.append(seconds)
            site.passes(seconds=seconds)

        def is_set(self) -> bool:
            return False

    site.run("apply")
    (switch,) = [
        stage
        for stage in site.run("plan", "-f", "json").domain(PARKED)["stages"]
        if stage["name"] == "switch"
    ]
    loaded = load(Path("mailsync.yaml"), [PARKED])
    run = apply_module.Run(loaded, Terms(), Stop())  # type: ignore[arg-type]
    results = apply_module._apply(run)
    apply_module._sleep(run, results)
    site.now = datetime.fromisoformat(switch["not_before"]) - timedelta(seconds=7.5)
    apply_module._sleep(run, results)
    apply_module._sleep(run, results)
    assert pauses == [60, 7.5, 1]


def test_wait_does_not_wait_for_what_has_failed(site: Site) -> None:
    """Only an error is left: exit 1 at once."""
    site.only(PARKED)
    (site.directory / "live" / "example.net.zone").unlink()
    assert site.run("apply", "--wait").code == 1


def hourly(site: Site, *, after: int = 0, then: Any = None, hours: int = 1) -> list[str]:
    """Have each round of `--wait` take an hour or more; do something once, after some rounds."""
    slept: list[str] = []

    def wait(run: apply_module.Run, results: object) -> None:
        slept.append("")
        site.passes(hours=hours)
        if len(slept) == after and then is not None:
            then()

    site.patch.setattr(apply_module, "_sleep", wait)
    return slept


def test_wait_says_only_what_is_new(site: Site) -> None:
    """However often it looks, a wait is told once."""
    site.only(PARKED)
    slept = hourly(site)
    done = site.run("apply", "--wait")
    lines = done.err.splitlines()
    assert len(slept) > 40
    assert [line.split(" waits")[0] for line in lines if " waits until " in line] == [
        "example.net: 2 changed, switch",
        "example.net: 1 changed, settle",
    ]
    assert len(lines) == 8


def test_wait_ends_when_the_files_change(site: Site) -> None:
    """A revert is not undone by a run that began before it: exit 3, and nothing more is written."""
    site.only(PARKED)
    revert = "mx: [10 mx1.example.jp.]\n"
    slept = hourly(site, after=3, then=lambda: site.write("zones/example.net.yaml", revert))
    done = site.run("apply", "--wait")
    assert (done.code, len(slept)) == (3, 3)
    assert done.err.splitlines()[-1] == (
        "error: mailsync.yaml: the files have changed since this run began: it ends here;"
        " start it again"
    )
    assert "switch: writing" not in done.err


def test_a_failure_is_told_once_and_again_when_it_is_another(site: Site) -> None:
    """While the others are waited for, an error is not repeated every minute."""
    site.only("example.net", "example.jp")
    parked = site.directory / "live" / "example.net.zone"
    whole = parked.read_text()
    parked.unlink()
    slept = hourly(site, after=2, then=lambda: parked.write_text("no ( zone\n"), hours=12)
    done = site.run("apply", "--wait")
    assert done.code == 1
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(slept) > 3
    assert len(errors) == 2
    parked.write_text(whole)


def test_a_server_that_lags_behind_is_told_once(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The dates that move on with the clock are no news; another server, or a write, is."""
    desired = load(Path("mailsync.yaml"), [PARKED]).domains[0]
    progress = Progress()

    def said(at: str, *, behind: str = "ns2", written: int = 0) -> int:
        plan: DomainPlan = from_json(
            site.run("plan", PARKED, "--now", at, "-f", "json").out
        ).domains[0]
        capsys.readouterr()
        outcome = Outcome("waiting", plan, (f"waiting: {behind} lags",), written)
        progress.tell(Result(desired, outcome))
        return len(capsys.readouterr().err.splitlines())

    assert said("2026-11-23T03:00Z") == 3
    assert said("2026-11-23T03:01Z") == 0
    assert said("2026-11-23T03:02Z", behind="ns3") == 3
    assert said("2026-11-23T03:02Z", behind="ns3", written=1) == 3
    progress.tell(Result(desired, error=MailsyncError("gone")))
    assert capsys.readouterr().err == "error: gone\n"


# ---- On a terminal ------------------------------------------------------------------------------


@pytest.fixture
def needs_setsid() -> None:
    """A terminal of its own takes setsid (util-linux)."""
    if shutil.which("setsid") is None:  # pragma: no cover  # not on macOS
        pytest.skip("setsid is not installed")


def on_terminal(site: Site, *argv: str, **environ: str) -> Terminal:
    """Run the command on a terminal."""
    variables = os.environ | environment() | {"TERM": "xterm", "NO_COLOR": ""} | environ
    return Terminal(command(*argv), site.directory, variables)


@pytest.mark.usefixtures("needs_setsid")
@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_no_does_nothing(answer: str, site: Site) -> None:
    """The plan is shown, the question asked, and the answer respected: exit 3."""
    before = site.files
    with on_terminal(site, "apply", PARKED) as terminal:
        terminal.until("Do what is due now? [y/N]: ")
        terminal.type(answer)
        assert terminal.end() == 3
    assert "not confirmed: nothing was done" in terminal.shown
    assert "v=spf1 -all" in terminal.shown
    assert site.files == before


@pytest.mark.usefixtures("needs_setsid")
def test_a_yes_does_what_was_shown(site: Site) -> None:
    """The plan in colour, the question, then the work."""
    with on_terminal(site, "apply", PARKED) as terminal:
        terminal.until("[y/N]: ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "\x1b[" in terminal.shown
    assert "v=spf1 -all" in site.zone(PARKED)


@pytest.mark.usefixtures("needs_setsid")
def test_what_changed_while_the_question_stood_is_not_done(site: Site) -> None:
    """The yes was for what was shown; now it would be something else: exit 3."""
    with on_terminal(site, "apply", PARKED) as terminal:
        terminal.until("[y/N]: ")
        with (site.directory / "live" / "example.net.zone").open("a") as file:
            file.write('@ IN TXT "added by hand"\n')
        terminal.type("y\n")
        assert terminal.end() == 3
    assert "is not what was reviewed" in terminal.shown
    assert "v=spf1 -all" not in site.zone(PARKED)


@pytest.mark.usefixtures("needs_setsid")
@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_at_the_question_do_nothing(key: str, site: Site) -> None:
    """Exit 130, one line, nothing written."""
    before = site.files
    with on_terminal(site, "apply", PARKED) as terminal:
        terminal.until("[y/N]: ")
        terminal.type(key)
        assert terminal.end() == 130, terminal.shown
    assert "interrupted" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert site.files == before


@pytest.mark.usefixtures("needs_setsid")
def test_yes_asks_nothing_and_no_color_is_respected(site: Site) -> None:
    """`--yes` on a terminal; nothing is coloured with NO_COLOR."""
    with on_terminal(site, "apply", PARKED, "--yes", NO_COLOR="1") as terminal:
        assert terminal.end() == 0
    assert "[y/N]" not in terminal.shown
    with on_terminal(site, "plan", NO_COLOR="1") as terminal:
        assert terminal.end() == 0
    assert "\x1b" not in terminal.shown


@pytest.mark.usefixtures("needs_setsid")
def test_nothing_due_asks_nothing(site: Site) -> None:
    """A question is asked only where there is something to do."""
    with on_terminal(site, "apply", PARKED, "--yes") as terminal:
        assert terminal.end() == 0
    before = site.zone(PARKED)
    with on_terminal(site, "apply", PARKED) as terminal:
        assert terminal.end() == 0
    assert "[y/N]" not in terminal.shown
    assert site.zone(PARKED) == before


@pytest.mark.usefixtures("needs_setsid")
@pytest.mark.parametrize(
    ("begun", "question"),
    [
        (False, "Do what is due now, and stay for what becomes due? [y/N]: "),
        (True, "Stay and do what becomes due? [y/N]: "),
    ],
)
def test_wait_asks_once_for_the_whole_run(begun: bool, question: str, site: Site) -> None:
    """Whether something is due already or not; after a yes it stays, after a no it does nothing."""
    if begun:
        assert site.process("apply", PARKED, capture_output=True).returncode == 0
    before = site.files
    with on_terminal(site, "apply", PARKED, "--wait") as terminal:
        terminal.until(question)
        terminal.type("n\n")
        assert terminal.end() == 3
    assert site.files == before
    with on_terminal(site, "apply", PARKED, "--wait") as terminal:
        terminal.until(question)
        terminal.type("y\n")
        terminal.until("example.net: the old service must keep accepting mail until")
        terminal.type("\x03")
        assert terminal.end() == 130, terminal.shown
    assert terminal.shown.count("[y/N]") == 1


@pytest.mark.usefixtures("needs_setsid")
def test_a_saved_plan_is_shown_and_confirmed_too(site: Site) -> None:
    """No: nothing. Yes: exactly that."""
    process = site.process("plan", PARKED, "--out", "plan.json", capture_output=True)
    assert process.returncode == 0
    before = site.zone(PARKED)
    with on_terminal(site, "apply", "plan.json") as terminal:
        terminal.until("[y/N]: ")
        terminal.type("n\n")
        assert terminal.end() == 3
    assert site.zone(PARKED) == before
    with on_terminal(site, "apply", "plan.json") as terminal:
        terminal.until("[y/N]: ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert site.zone(PARKED) != before


# ---- Ctrl-C while it runs -----------------------------------------------------------------------


def test_ctrl_c_while_it_waits_leaves_all_in_order(site: Site) -> None:
    """`--wait` is left with 130 and one line; the next run goes on where it stopped."""
    with subprocess.Popen(
        command("apply", "--wait", PARKED),
        cwd=site.directory,
        env=os.environ | environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        while "switch waits until" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "interrupted: the next run goes on from here"
    assert "Traceback" not in err
    again = site.process("apply", PARKED, capture_output=True)
    assert again.returncode == 0
    assert "switch waits until" in again.stderr
    journal = (site.directory / ".mailsync" / "example.net.jsonl").read_text()
    assert [json.loads(line) for line in journal.splitlines()]
