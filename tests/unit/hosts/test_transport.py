import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from mailsync.hosts.transport import TIMEOUT, NotSentAgainError, Timepiece, bounded, writing_once

URL = "https://api.test/v1/records?token=s3cret"


class Wire(BaseAdapter):
    """What a session sends into, and what comes back: a status each, 200 when there are no more."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.timeouts: list[Any] = []
        self.headers: list[dict[str, str]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.timeouts.append(options["timeout"])
        status = self.statuses.pop(0) if self.statuses else 200
        if not status:
            raise requests.ConnectionError("cut")
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, URL
        response.headers.update(self.headers.pop(0) if self.headers else {})
        response._content = b"<Code>Throttling</Code>" if status == 400 else b""
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def wire() -> Wire:
    """Nothing was sent yet."""
    return Wire()


@pytest.fixture
def session(wire: Wire) -> Iterator[requests.Session]:
    """A session as an adapter makes it, one that sets no timeout."""
    with requests.Session() as session:
        session.mount("https://", wire)
        yield session


class TestTimeouts:
    def test_what_sets_none_is_given_one(self, wire: Wire, session: requests.Session) -> None:
        """While a DNS host works every call ends in time, and an adapter's own word counts."""
        with bounded():
            session.get(URL)
            session.get(URL, timeout=7)
        assert wire.timeouts == [TIMEOUT, 7]

    def test_other_uses_are_left_alone(self, wire: Wire, session: requests.Session) -> None:
        """Before and after, requests does what it always does."""
        session.get(URL)
        with bounded():
            pass
        session.get(URL)
        assert wire.timeouts == [None, None]


class TestWritingOnce:
    @pytest.mark.parametrize("status", [0, 200, 401, 409, 500, 502, 504])
    def test_the_same_again(self, wire: Wire, session: requests.Session, status: int) -> None:
        """Whatever came back, the same write is not sent again, and the error shows no secret."""
        wire.statuses = [status]
        with writing_once():
            try:
                session.put(URL, data=b"mx")
            except requests.ConnectionError:
                assert status == 0
            with pytest.raises(NotSentAgainError, match="PUT /v1/records was lost") as caught:
                session.put(URL, data=b"mx")
        assert "s3cret" not in str(caught.value)
        assert len(wire.timeouts) == 1

    @pytest.mark.parametrize("later", [429, 400])
    def test_later(self, wire: Wire, session: requests.Session, later: int) -> None:
        """What was put off (429, or AWS' Throttling) did nothing, and may be sent again."""
        wire.statuses = [later, later]
        with writing_once():
            for _ in range(3):
                session.put(URL, data=b"mx")
        assert len(wire.timeouts) == 3

    @pytest.mark.parametrize(
        "between",
        [
            lambda session: session.get(URL),
            lambda session: session.put(URL, data=b"another"),
            lambda session: session.delete(URL, data=b"mx"),
        ],
        ids=["a read", "another body", "another method"],
    )
    def test_what_is_no_blind_repeat(
        self, wire: Wire, session: requests.Session, between: Callable[[requests.Session], None]
    ) -> None:
        """Writes that differ pass, and after a read the same one does."""
        with writing_once():
            between(session)
            session.put(URL, data=b"mx")
        with writing_once():
            session.put(URL, data=b"mx")
            session.get(URL)
            session.put(URL, data=b"mx")
        assert len(wire.timeouts) == 5

    def test_other_uses_are_left_alone(self, wire: Wire, session: requests.Session) -> None:
        """Outside of a DNS host's write, and while it reads, nothing is held back."""
        session.put(URL, data=b"mx")
        with bounded():
            session.put(URL, data=b"mx")
        session.put(URL, data=b"mx")
        assert len(wire.timeouts) == 3


class TestTimepiece:
    @pytest.mark.parametrize(
        ("answers", "ahead"),
        [
            ([], 0),
            ([{}], 0),
            ([0], 0),
            ([290], 0),
            ([-290], 0),
            ([7200], -7200),
            ([-7200], 7200),
            ([86400, 7200], -7200),
            ([-86400, {}, 1], 0),
            ([{"date": "Sat, 01 Jan 2000 00:00:00 GMT", "Age": "7200"}], 0),
            ([{"date": "yesterday"}], 0),
            ([{"date": "Sat, 01 Jan 2000 00:00:00 -0000"}, 7200], -7200),
        ],
    )
    def test_ahead(
        self,
        wire: Wire,
        session: requests.Session,
        answers: list[int | dict[str, str]],
        ahead: int,
    ) -> None:
        """Answers, by their headers or how far their clock is ahead of ours, judge this clock.

        The mildest counts, and none that a cache kept.
        """
        wire.headers = [
            one if isinstance(one, dict) else {"date": formatdate(time.time() + one, usegmt=True)}
            for one in answers
        ]
        with bounded() as timepiece:
            for _ in answers:
                session.get(URL)
        told, host = timepiece.ahead()
        assert told == pytest.approx(ahead, abs=30)
        assert host == ("api.test" if ahead else "")

    def test_a_slow_answer_is_no_wrong_clock(self) -> None:
        """Its time lies somewhere between the question and the answer."""
        response, now = requests.Response(), time.time()
        response.headers["date"] = formatdate(now + 2000, usegmt=True)
        timepiece = Timepiece()
        timepiece.heard(response, now, now + 4000)
        assert timepiece.ahead() == (0.0, "")
