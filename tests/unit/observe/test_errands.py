"""Work that waits for strangers ends in time, and holds nobody up."""

from __future__ import annotations

import threading
import time

import pytest

from mailsync.observe.errands import Courtesy, Crew, Errands, Outlook


def test_results_come_by_item() -> None:
    """Each item's, once, however often it was given; and whatever is started runs side by side."""
    with Errands(5) as errands:
        first = errands.start(lambda item: item * 2, [1, 2, 2])
        assert errands.all(str, [3]) == {3: "3"}
        assert first.done() == {1: 2, 2: 4}


def test_what_is_late_is_left_out() -> None:
    """The rest is given in time; the late piece ends by itself."""
    release = threading.Event()
    began = time.monotonic()
    with Errands(0.1, width=2) as errands:
        found = errands.all(lambda item: item or release.wait(5), [1, 0, 2])
        assert time.monotonic() - began < 2
        assert found == {1: 1, 2: 2}
        assert errands.left == 0.001
        late = errands.start(lambda item: item + release.wait(5), [5])
        assert late.done(lambda item: -item) == {5: -5}
    release.set()


def test_nothing_is_waited_for_when_it_is_to_stop() -> None:
    """A flag that is set ends the waiting."""
    stop, release = threading.Event(), threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with Errands(30, stop=stop) as errands:
        assert errands.all(lambda _: release.wait(5), [1]) == {}
    assert time.monotonic() - began < 2
    release.set()


def test_a_mistake_in_a_piece_of_work_is_raised() -> None:
    """It is a bug of ours, and nothing that the world did."""
    with Errands(5) as errands, pytest.raises(ZeroDivisionError):
        errands.all(lambda item: 1 // item, [0])


def test_a_crew_is_as_wide_as_it_was_made() -> None:
    """No more pieces at once; work that was called off is not done."""
    at_once: list[int] = []
    lock, most = threading.Lock(), [0]

    def work(item: int) -> int:
        with lock:
            at_once.append(item)
            most[0] = max(most[0], len(at_once))
        time.sleep(0.02)
        with lock:
            at_once.remove(item)
        return item

    crew = Crew(2)
    futures = [crew.submit(work, item) for item in range(6)]
    assert futures[5].cancel()
    assert [future.result(2) for future in futures[:5]] == [0, 1, 2, 3, 4]
    assert most[0] == 2
    crew.close()


def test_one_address_gets_few_connections_at_once() -> None:
    """Whose turn does not come in time is told so; and nothing is kept of addresses left alone."""
    courtesy = Courtesy(limit=1)
    with (
        courtesy.at("192.0.2.1", 1) as first,
        courtesy.at("192.0.2.1", 0.01) as second,
        courtesy.at("192.0.2.2", 0.01) as other,
    ):
        assert (first, second, other) == (True, False, True)
    with courtesy.at("192.0.2.1", 0.01) as again:
        assert again
    assert courtesy._doors == {}


def test_where_nobody_is_reached_the_rest_is_not_tried() -> None:
    """After several networks in vain; one server that was reached shows that the port is open."""
    closed, near, open_ = Outlook(), Outlook(), Outlook()
    open_.learn("2001:db8::1", reached=True)
    for number in range(8):
        assert not closed.is_hopeless
        closed.learn(f"198.{number}.2.1", reached=False)
        closed.learn(f"198.{number}.2.2", reached=False)
        open_.learn(f"198.{number}.2.1", reached=False)
        near.learn(f"192.0.2.{number}", reached=False)
    assert closed.is_hopeless
    assert "in 8 other networks" in closed.words
    assert not near.is_hopeless
    assert not open_.is_hopeless
