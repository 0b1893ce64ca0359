"""Many domains in one run."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import closing
from dataclasses import replace
from threading import Event as Flag

import pytest

from mailsync.apply.edge import Interrupted
from mailsync.apply.session import run_all
from mailsync.desired.model import Desired
from mailsync.errors import AnotherRun, FileErrors, HostError, MailsyncError, Refused
from tests.unit.plan.story import PLACE

NAMES = ("a.example.", "b.example.", "c.example.", "d.example.")
DOMAINS = tuple(Desired(name, name, (), PLACE) for name in NAMES)


def failing(name: str, error: BaseException) -> dict[str, tuple[str | None, str]]:
    """Run all domains, one of which raises; give each one's value and error."""

    def work(desired: Desired) -> str:
        if desired.domain == name:
            raise error
        return "done"

    return {
        result.desired.domain: (result.value, str(result.error or ""))
        for result in run_all(DOMAINS, work, Flag())
    }


def test_one_domains_failure_does_not_stop_the_others() -> None:
    """An error of one domain is its own; it says which domain it is about."""
    results = failing("b.example.", HostError("no answer"))
    assert results["b.example."] == (None, "b.example: no answer")
    assert [results[name] for name in NAMES if name != "b.example."] == [("done", "")] * 3


def test_an_error_keeps_its_kind_and_its_place() -> None:
    """Where an error already says what it is about, nothing is put before it."""
    assert failing("a.example.", HostError("no answer", where="live/a.zone:3"))["a.example."] == (
        None,
        "live/a.zone:3: no answer",
    )
    named = failing("a.example.", Refused("a.example. MX changed"))
    assert named["a.example."] == (None, "a.example. MX changed")
    held = failing("a.example.", AnotherRun("another run is under way"))["a.example."]
    assert held == (None, "a.example: another run is under way")


def test_the_kind_of_an_error_survives_naming_its_domain() -> None:
    """The exit code of a refusal is the refusal's."""

    def work(desired: Desired) -> str:
        raise AnotherRun("another run is under way")

    (result,) = run_all(DOMAINS[:1], work, Flag())
    assert isinstance(result.error, AnotherRun)
    assert result.error.exit_code == Refused.exit_code


def test_several_errors_of_files_stay_several() -> None:
    """`FileErrors` raised while a domain is worked on comes out as it is."""
    two = FileErrors([MailsyncError("one"), MailsyncError("two")])
    assert failing("a.example.", two)["a.example."] == (None, "one\ntwo")


def test_a_bug_is_one_line_and_stops_nobody_else() -> None:
    """An unexpected exception: one line without a traceback, and the others go on."""
    results = failing("c.example.", KeyError("two\nlines"))
    value, text = results["c.example."]
    assert value is None
    assert text.startswith("c.example: internal error (KeyError: ")
    assert "\n" not in text
    assert [results[name] for name in NAMES if name != "c.example."] == [("done", "")] * 3


def test_a_domain_that_was_stopped_says_so() -> None:
    """`Interrupted` is no bug."""
    assert failing("a.example.", Interrupted())["a.example."] == (None, "a.example: interrupted")


def test_what_has_not_begun_when_the_user_stops_never_does() -> None:
    """The flag keeps waiting domains from starting."""
    stop = Flag()
    began = []

    def work(desired: Desired) -> str:
        began.append(desired.domain)
        stop.set()
        return "done"

    results = list(run_all(DOMAINS, work, stop, workers=1))
    assert began == ["a.example."]
    assert {str(result.error) for result in results if result.error} == {
        f"{name.rstrip('.')}: interrupted" for name in NAMES[1:]
    }


def test_ctrl_c_stops_what_runs_and_returns_when_all_is_quiet() -> None:
    """`KeyboardInterrupt` where results are awaited: the flag is set, and no thread is left."""
    stop = Flag()
    running = threading.Semaphore(0)
    left = []

    def work(desired: Desired) -> str:
        running.release()
        assert stop.wait(10)
        left.append(desired.domain)
        raise Interrupted

    def interrupt() -> None:
        running.acquire()
        time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    killer = threading.Thread(target=interrupt)
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        list(run_all(DOMAINS, work, stop, workers=2))
    killer.join()
    assert stop.is_set()
    assert len(left) == 2
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPool")]


def test_whoever_leaves_early_stops_the_rest() -> None:
    """An error while a result is shown: closing the results stops what still runs."""
    stop = Flag()

    def work(desired: Desired) -> str:
        if desired.domain != "a.example.":
            assert stop.wait(10)
        return "done"

    with closing(run_all(DOMAINS, work, stop)) as results:
        assert next(results).value == "done"
        assert not stop.is_set()
    assert stop.is_set()


def test_no_domain_is_no_work() -> None:
    """Nothing in, nothing out."""
    assert list(run_all((), lambda desired: "done", Flag())) == []


def test_no_more_domains_are_under_way_than_agreed() -> None:
    """The number of workers bounds what runs at once; domains of one zone never do."""
    lock = threading.Lock()
    now = most = 0

    def work(desired: Desired) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    many = [Desired(f"d{n}.example.", f"d{n}.example.", (), PLACE) for n in range(12)]
    assert len(list(run_all(many, work, Flag(), workers=3))) == 12
    assert most == 3
    most = 0
    one_zone = [replace(one, zone="example.") for one in many]
    assert [r.desired for r in run_all(one_zone, work, Flag(), workers=3)] == one_zone
    assert most == 1
