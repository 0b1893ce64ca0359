from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsync.errors import AnotherRun, JournalError
from mailsync.journal import git
from mailsync.journal.events import Corrupt, Entry, Event
from mailsync.journal.git import GitError, Repository, in_one_line
from mailsync.journal.git_store import GitJournal

from .samples import SEEN_NEW, SEEN_OLD, ZONE, intent, written

BRANCH = "refs/heads/mailsync-journal"


def run(directory: Path, *arguments: str) -> str:
    """What a git command prints, run as the user would."""
    command = ["git", "-c", "user.name=User", "-c", "user.email=user@example.jp", *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests, and no name to commit under."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with a main branch, as the forge has it."""
    bare, work = tmp_path / "forge.git", tmp_path / "first"
    run(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    run(tmp_path, "init", "--quiet", "--initial-branch=main", str(work))
    for number in range(3):
        (work / "mailsync.yaml").write_text(f"# {number}\n")
        run(work, "add", "mailsync.yaml")
        run(work, "commit", "--quiet", "-m", "config")
    run(work, "push", "--quiet", str(bare), "main")
    return bare


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Callable[..., Path]:
    """Makes a fresh clone of it, as a runner does at every run."""
    count = iter(range(100))

    def make(*options: str) -> Path:
        directory = tmp_path / f"clone{next(count)}"
        run(tmp_path, "clone", "--quiet", *options, f"file://{remote}", str(directory))
        return directory

    return make


def journal(directory: Path, *, fresh: float = 0.0, timeout: float = 60.0) -> GitJournal:
    """The journal of a clone, always fetched."""
    return GitJournal(directory, fresh=fresh, timeout=timeout)


def test_runner_that_keeps_nothing(clone: Callable[..., Path]) -> None:
    """Each run, in a fresh shallow clone, goes on where the last one stopped."""
    told: list[Event] = [SEEN_OLD, intent(5), written(6), SEEN_NEW]
    for count, event in enumerate(told):
        here = journal(clone("--depth=1", "--single-branch"))
        assert list(here.read(ZONE)) == told[:count]
        here.append(ZONE, [event])
        here.append("example.net.", [written(count)])
    assert list(journal(clone()).read(ZONE)) == told
    assert len(journal(clone()).read("example.net.")) == len(told)


def test_user_s_clone_is_left_alone(clone: Callable[..., Path], remote: Path) -> None:
    """Work tree, index, branches, settings and history stay as they are."""
    directory = clone()
    (directory / "mailsync.yaml").write_text("changed\n")
    (directory / "staged").write_text("staged\n")
    run(directory, "add", "staged")
    looks = (["status", "--porcelain"], ["branch", "--list"], ["rev-parse", "HEAD"], ["diff"])
    config = (directory / ".git" / "config").read_bytes()
    before = [run(directory, *look) for look in looks]
    here = journal(directory)
    here.read(ZONE)
    here.append(ZONE, [SEEN_OLD])
    here.append(ZONE, [intent(5), written(6)])
    assert [run(directory, *look) for look in looks] == before
    assert (directory / ".git" / "config").read_bytes() == config
    assert run(directory, "rev-parse", "--is-shallow-repository") == "false"
    log = run(remote, "log", "--format=%an <%ae> %s", BRANCH)
    assert log.splitlines() == [
        "mailsync <mailsync@localhost.invalid> example.jp: intent switch, written switch",
        "mailsync <mailsync@localhost.invalid> example.jp: 1 seen",
    ]
    assert run(remote, "ls-tree", "--name-only", BRANCH).split() == [
        "README.md",
        "example.jp.jsonl",
    ]
    with pytest.raises(subprocess.CalledProcessError):
        run(remote, "merge-base", "main", BRANCH)


@pytest.mark.parametrize("begun", [True, False])
def test_race_has_one_winner(clone: Callable[..., Path], begun: bool) -> None:
    """Of two runs that read the same and both write, one wins, and the other is told so."""
    if begun:
        journal(clone()).append(ZONE, [SEEN_OLD])
    one, other = journal(clone()), journal(clone())
    before = list(one.read(ZONE))
    assert list(other.read(ZONE)) == before
    one.append(ZONE, [intent(5)])
    with pytest.raises(AnotherRun, match=r"^example\.jp: another run has pushed"):
        other.append(ZONE, [intent(6)])
    assert list(other.read(ZONE)) == [*before, intent(5)]
    other.append(ZONE, [written(7)])
    assert list(journal(clone()).read(ZONE)) == [*before, intent(5), written(7)]


def test_other_zones_are_no_race(clone: Callable[..., Path]) -> None:
    """Runs for different zones share the branch: each is pushed on top of the other."""
    one, other = journal(clone()), journal(clone())
    one.read(ZONE)
    other.read("example.net.")
    one.append(ZONE, [SEEN_OLD])
    other.append("example.net.", [written(1)])
    one.append(ZONE, [SEEN_NEW])
    last = journal(clone())
    assert list(last.read(ZONE)) == [SEEN_OLD, SEEN_NEW]
    assert list(last.read("example.net.")) == [written(1)]


def test_threads_of_one_run(clone: Callable[..., Path]) -> None:
    """One run writes many zones at once, and none of it is lost."""
    here = journal(clone(), fresh=60.0)
    failures: list[BaseException] = []

    def work(zone: str) -> None:
        try:
            here.read(zone)
            here.append(zone, [written(1)])
            here.append(zone, [written(2)])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    zones = [f"example{number}.jp." for number in range(4)]
    threads = [threading.Thread(target=work, args=(zone,)) for zone in zones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    last = journal(clone())
    assert [list(last.read(zone)) for zone in zones] == [[written(1), written(2)]] * 4


def test_zone_that_is_always_overtaken_gives_up(
    clone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An append does not try for ever while others keep coming first."""
    here = journal(clone())
    here.read(ZONE)
    monkeypatch.setattr(GitJournal, "_publish", lambda *_: False)
    with pytest.raises(AnotherRun):
        here.append(ZONE, [SEEN_OLD])


def test_fresh_reading_is_not_fetched_again(clone: Callable[..., Path]) -> None:
    """Within the given time one fetch serves all zones; what it missed is noticed by an append."""
    here = journal(clone(), fresh=60.0)
    assert here.read(ZONE) == ()
    journal(clone()).append(ZONE, [SEEN_OLD])
    assert here.read(ZONE) == ()
    with pytest.raises(AnotherRun):
        here.append(ZONE, [SEEN_NEW])
    assert list(here.read(ZONE)) == [SEEN_OLD]


def test_append_without_reading(clone: Callable[..., Path]) -> None:
    """An append reads first if nobody has; nothing to append is nothing."""
    here = journal(clone())
    here.append(ZONE, [])
    assert here.read(ZONE) == ()
    journal(clone()).append(ZONE, [SEEN_OLD])
    journal(clone()).append(ZONE, [SEEN_NEW])
    assert list(here.read(ZONE)) == [SEEN_OLD, SEEN_NEW]


def test_repository_without_remote(tmp_path: Path) -> None:
    """Without any remote the branch stays here, and compare-and-set still holds."""
    directory = tmp_path / "alone"
    run(tmp_path, "init", "--quiet", str(directory))
    one, other = journal(directory), journal(directory)
    assert one.read(ZONE) == other.read(ZONE) == ()
    one.append(ZONE, [SEEN_OLD])
    with pytest.raises(AnotherRun):
        other.append(ZONE, [SEEN_NEW])
    assert list(other.read(ZONE)) == [SEEN_OLD]
    other.append(ZONE, [SEEN_NEW])
    assert list(one.read(ZONE)) == [SEEN_OLD, SEEN_NEW]


def test_other_remote_is_an_error(clone: Callable[..., Path]) -> None:
    """A journal that would silently stay on a runner is refused."""
    directory = clone("--origin=upstream")
    with pytest.raises(JournalError, match=r"no remote 'origin' here \(there is upstream\)"):
        journal(directory).read(ZONE)
    GitJournal(directory, remote="upstream").append(ZONE, [SEEN_OLD])


def test_hand_edited_branch(clone: Callable[..., Path], tmp_path: Path) -> None:
    """What somebody broke on the branch is Corrupt, and the journal goes on after it."""
    journal(clone()).append(ZONE, [SEEN_OLD])
    directory = clone("--branch=mailsync-journal")
    path = directory / "example.jp.jsonl"
    path.write_text(path.read_text().replace("86400", "300") + "torn")
    run(directory, "commit", "--quiet", "-am", "edited")
    run(directory, "push", "--quiet")
    here = journal(clone())
    corrupt: Entry = Corrupt("example.jp.jsonl:1", "the checksum does not match")
    assert list(here.read(ZONE)) == [corrupt]
    here.append(ZONE, [SEEN_NEW])
    assert list(journal(clone()).read(ZONE)) == [corrupt, SEEN_NEW]


def test_dropped_newline_is_put_back(clone: Callable[..., Path]) -> None:
    """An editor that drops the last newline costs nothing."""
    journal(clone()).append(ZONE, [SEEN_OLD])
    directory = clone("--branch=mailsync-journal")
    path = directory / "example.jp.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    run(directory, "commit", "--quiet", "-am", "edited")
    run(directory, "push", "--quiet")
    journal(clone()).append(ZONE, [SEEN_NEW])
    assert list(journal(clone()).read(ZONE)) == [SEEN_OLD, SEEN_NEW]


def test_deleted_branch_is_an_empty_journal(clone: Callable[..., Path], remote: Path) -> None:
    """Deleting the branch is safe: the next run begins anew."""
    here = journal(clone())
    here.append(ZONE, [SEEN_OLD])
    run(remote, "branch", "-D", "mailsync-journal")
    assert here.read(ZONE) == ()
    here.append(ZONE, [SEEN_NEW])
    assert list(journal(clone()).read(ZONE)) == [SEEN_NEW]


def test_answer_that_was_lost(clone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A push that arrived counts, even if the connection broke before git knew."""
    here = journal(clone())
    here.read(ZONE)
    push = GitJournal._push

    def broken(self: GitJournal, commit: str) -> None:
        push(self, commit)
        raise GitError("git push: fatal: the remote end hung up unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(GitJournal, "_push", broken)
        here.append(ZONE, [SEEN_OLD])
    here.append(ZONE, [SEEN_NEW])
    assert list(journal(clone()).read(ZONE)) == [SEEN_OLD, SEEN_NEW]


def test_refused_push_is_an_error(clone: Callable[..., Path], remote: Path) -> None:
    """A forge that takes no push (rights, a protected branch) is told in its own words."""
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'protected branch: no' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(JournalError, match=r"git push: .*protected branch: no.*rejected"):
        journal(clone()).append(ZONE, [SEEN_OLD])


def test_user_s_hooks_are_not_asked(clone: Callable[..., Path]) -> None:
    """A pre-push hook that tests the user's work does not stand in the journal's way."""
    directory = clone()
    hook = directory / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    journal(directory).append(ZONE, [SEEN_OLD])


def test_inside_a_hook(clone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by a hook of another repository, the journal still goes into its own."""
    directory = clone()
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    journal(directory).append(ZONE, [SEEN_OLD])
    assert list(journal(directory).read(ZONE)) == [SEEN_OLD]


def test_unreachable_remote_is_one_line_without_secrets(clone: Callable[..., Path]) -> None:
    """A remote that cannot be reached is an error that never shows the token in its URL."""
    directory = clone()
    url = "http://user:s3cret@127.0.0.1:1/r.git"
    run(directory, "remote", "set-url", "origin", url)
    with pytest.raises(JournalError) as caught:
        journal(directory).read(ZONE)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "git ls-remote: fatal: unable to access 'http://" in str(caught.value)


def test_slow_remote_is_given_up(clone: Callable[..., Path], tmp_path: Path) -> None:
    """A remote that never answers costs bounded time, and nothing is left running."""
    directory = clone()
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho $$ > " + str(tmp_path / "pid") + "\nexec sleep 60\n")
    slow.chmod(0o755)
    run(directory, "config", "remote.origin.uploadpack", str(slow))
    with pytest.raises(JournalError, match=r"git ls-remote took longer than 0\.5 s"):
        journal(directory, timeout=0.5).read(ZONE)
    pid = int((tmp_path / "pid").read_text())
    assert (
        not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def test_no_git_no_directory_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the three is told apart, in one line."""
    with pytest.raises(JournalError, match="nowhere: there is no such directory"):
        journal(tmp_path / "nowhere").read(ZONE)
    with pytest.raises(JournalError, match="not a git repository"):
        journal(tmp_path).read(ZONE)
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="git cannot be run: Not a directory"):
        journal(tmp_path / "file").read(ZONE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JournalError, match="git is not installed"):
        journal(tmp_path).read(ZONE)


def test_lock_is_local(clone: Callable[..., Path]) -> None:
    """Two runs on one machine do not meet at the push; two machines do."""
    directory = clone()
    with journal(directory).lock(ZONE):
        with pytest.raises(AnotherRun, match=f"process {os.getpid()} holds"):
            journal(directory).lock(ZONE).__enter__()
        with journal(clone()).lock(ZONE):
            pass
    with journal(directory).lock(ZONE):
        pass
    assert run(directory, "status", "--porcelain") == ""


def test_lock_that_cannot_be_made(clone: Callable[..., Path]) -> None:
    """A git directory that cannot hold a lock is one line."""
    directory = clone()
    (directory / ".git" / "mailsync").write_text("")
    with pytest.raises(JournalError, match=r"mailsync: no lock can be taken: file exists"):
        journal(directory).lock(ZONE).__enter__()


def test_gist_of_complaints() -> None:
    """Git's many words become one bounded printable line."""
    said = "To file:///x\n ! [rejected] a -> b (fetch first)\nerror: failed to push\nhint: pull\n"
    assert in_one_line(said) == "! [rejected] a -> b (fetch first); error: failed to push"
    assert in_one_line("odd\n") == "odd"
    assert in_one_line("") == "it failed and did not say why"
    assert in_one_line("fatal: \x1b[31m\a") == "fatal:  [31m "
    assert len(in_one_line("fatal: " + "x" * 1000)) == git._SHOWN_MAX
    assert in_one_line("fatal: no 'https://me:s3cret@h/r'") == "fatal: no 'https://***@h/r'"
    assert "t0k" not in in_one_line("fatal: https://h/r?access_token=t0k&x=1")


def test_repository_text(clone: Callable[..., Path]) -> None:
    """A command's output comes without its last newline."""
    assert Repository(clone()).text("rev-parse", "--abbrev-ref", "HEAD") == "main"
