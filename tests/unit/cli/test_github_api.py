"""The comment on a pull request, against a fake GitHub: one comment, whatever goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mailsync.cli import github_api
from mailsync.cli.github_api import ApiError, Placed, place_comment
from mailsync.cli.github_step import PullRequest, Step
from tests.fakes.github import BODY_LIMIT, BOT, FakeGitHub, Fault

MARKER = "<!-- mailsync:mailsync.yaml -->"


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """A GitHub of its own for each test."""
    with FakeGitHub() as server:
        yield server


def place(fake: FakeGitHub, text: str = "plan", **step: str) -> tuple[Placed, list[float]]:
    """Place the comment; gives what became of it, and the pauses that were made, in seconds."""
    pauses: list[float] = []
    settings = {"token": fake.token, "api_url": fake.url, "graphql_url": f"{fake.url}/graphql"}
    made = Step(repository=fake.repository, **(settings | step))  # type: ignore[arg-type]
    pull_request = PullRequest(fake.repository, 7)
    return place_comment(made, pull_request, MARKER, text, pauses.append), pauses


def writes(fake: FakeGitHub) -> list[str]:
    """The requests that asked for a change."""
    asked = [request.partition(" ") for request in fake.requests]
    return [method for method, _, path in asked if method != "GET" and path != "/graphql"]


def test_first_created_then_updated(fake: FakeGitHub) -> None:
    """The first run creates the comment, later ones change that very comment."""
    fake.add("a person's comment", login="alice")
    assert place(fake, "first")[0] == Placed("created")
    number = fake.comments[-1]["id"]
    assert place(fake, "second")[0] == Placed("updated")
    assert [c["id"] for c in fake.comments] == [1000, number]
    assert fake.bodies() == [f"{MARKER}\nsecond"]
    assert writes(fake) == ["POST", "PATCH"]


def test_all_pages_are_looked_through(fake: FakeGitHub) -> None:
    """The comment is found behind hundreds of others; ten are asked for in no page of a hundred."""
    for _ in range(250):
        fake.add("talk", login="alice")
    fake.add(f"{MARKER}\nold")
    assert place(fake)[0].action == "updated"
    assert len([r for r in fake.requests if r.startswith("GET")]) == 3


@pytest.mark.parametrize(
    ("body", "login"),
    [
        (f"{MARKER}\ncopied", "alice"),
        (f"{MARKER}\ncopied", "other-app[bot]"),
        (f"{MARKER}\ncopied", "github-actions"),
        (f"> {MARKER}\nquoted", BOT),
        (f"of another tool\n{MARKER}", BOT),
        ("<!-- mailsync:other.yaml -->\nanother configuration", BOT),
    ],
)
def test_only_our_own_comment_is_written_over(fake: FakeGitHub, body: str, login: str) -> None:
    """The marker in somebody else's comment, or not in the first line, is not believed."""
    fake.add(body, login)
    assert place(fake)[0].action == "created"
    assert fake.comments[0]["body"] == body


def test_line_ends_do_not_hide_the_marker(fake: FakeGitHub) -> None:
    """A comment that came back with CR LF is still ours."""
    fake.add(f"{MARKER}\r\nold")
    assert place(fake)[0].action == "updated"


def test_of_two_the_first_is_updated_and_the_other_told(fake: FakeGitHub) -> None:
    """Two runs at once may have made two: the older one lives on, the other is left and named."""
    fake.add(f"{MARKER}\none")
    fake.add(f"{MARKER}\ntwo")
    placed, _ = place(fake, "new")
    assert fake.bodies() == [f"{MARKER}\nnew", f"{MARKER}\ntwo"]
    assert placed.others == (fake.comments[1]["html_url"],)


@pytest.mark.parametrize("odd", [{"user": None}, {"body": None}, {"id": "x"}, {"html_url": None}])
def test_odd_comments_are_passed_over(fake: FakeGitHub, odd: dict[str, object]) -> None:
    """A comment of a deleted account, or one that is not as documented, breaks nothing."""
    fake.add("talk")
    fake.comments[0] |= odd
    fake.comments.append("no comment")  # type: ignore[arg-type]
    assert place(fake)[0].action == "created"


@pytest.mark.parametrize("status", [0, 500, 502, 503])
@pytest.mark.parametrize("existing", [True, False])
def test_a_write_that_was_not_answered_is_not_made_twice(
    fake: FakeGitHub, status: int, existing: bool
) -> None:
    """The answer is lost after GitHub made the comment: the next attempt finds it."""
    if existing:
        fake.add(f"{MARKER}\nold")
    about = f"/repos/{fake.repository}/issues/7/comments"
    method = "PATCH" if existing else f"POST {about}"
    fake.faults.append(Fault(method, status, late=True))
    placed, pauses = place(fake)
    assert placed.action == "updated"
    assert fake.bodies() == [f"{MARKER}\nplan"]
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [403, 429])
def test_rate_limits_are_waited_out_as_long_as_github_says(fake: FakeGitHub, status: int) -> None:
    """Retry-After counts first, then the time of reset, then a minute."""
    soon = str(int(time.time()) + 30)
    for headers in (
        {"Retry-After": "7", "x-ratelimit-remaining": "0", "x-ratelimit-reset": soon},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": soon},
        {"Retry-After": "Sun, 22 Nov 2026 00:00:00 GMT"},
    ):
        message = "You have exceeded a secondary rate limit."
        fake.faults.append(Fault("GET", status, message, headers))
    placed, (first, second, third) = place(fake)
    assert placed.action == "created"
    assert first == 7
    assert 25 < second <= 30
    assert third == 60


def test_patience_has_an_end(fake: FakeGitHub) -> None:
    """A runner is not kept waiting for an hour: the comment is given up instead."""
    fake.faults.append(Fault("GET", 429, "wait", {"Retry-After": "3600"}))
    with pytest.raises(ApiError, match="429 wait") as caught:
        place(fake)
    assert caught.value.passes


def test_attempts_have_an_end(fake: FakeGitHub) -> None:
    """A server that stays broken is given up, after pauses that grow."""
    fake.faults.extend([Fault("GET", 502, "Bad Gateway")] * 9)
    with pytest.raises(ApiError, match="502 Bad Gateway"):
        place(fake)
    assert len(fake.requests) == 2 * github_api.ATTEMPTS


def test_pauses_grow(fake: FakeGitHub) -> None:
    """Each failure makes the next pause longer."""
    fake.faults.extend([Fault("GET", 502)] * 4)
    assert place(fake)[1] == [0.5, 1, 2, 4]


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, "Problems parsing JSON"), (401, "Bad credentials"), (404, "Not Found"), (422, "no")],
)
def test_refusals_are_final(fake: FakeGitHub, status: int, message: str) -> None:
    """What GitHub refuses for good is asked once."""
    fake.faults.append(Fault("GET", status, message))
    with pytest.raises(ApiError, match=f"{status} {message}") as caught:
        place(fake)
    assert caught.value.status == status
    assert not caught.value.passes
    assert len(fake.requests) == 2


def test_a_read_only_token_is_refused_at_once(fake: FakeGitHub) -> None:
    """403 without a word of limits is no matter of time."""
    fake.read_only = True
    with pytest.raises(ApiError, match="403 Resource not accessible") as caught:
        place(fake)
    assert not caught.value.passes


def test_a_comment_too_long_is_refused(fake: FakeGitHub) -> None:
    """The fake knows GitHub's limit, so that what the commands write is held to it."""
    with pytest.raises(ApiError, match="422"):
        place(fake, "x" * BODY_LIMIT)


def test_redirects_are_not_followed(fake: FakeGitHub) -> None:
    """The token goes to the API's own address and nowhere else."""
    fake.faults.append(Fault("GET", 302, headers={"Location": "http://127.0.0.1:1/"}))
    with pytest.raises(ApiError, match="302"):
        place(fake)


def test_pages_elsewhere_are_not_followed(fake: FakeGitHub) -> None:
    """Nor does it go where a Link header points."""
    for _ in range(101):
        fake.add("talk")
    fake.next_page_at = "http://127.0.0.1:1"
    with pytest.raises(ApiError, match="elsewhere"):
        place(fake)


def test_pages_have_an_end(fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that never ends is given up."""
    monkeypatch.setattr(github_api, "PAGES_LIMIT", 2)
    for _ in range(201):
        fake.add("talk")
    with pytest.raises(ApiError, match="more than 2 pages"):
        place(fake)
    fake.comments.pop()
    assert place(fake)[0].action == "created"


@pytest.mark.parametrize("text", ["{}", "null", "not JSON", "[" * 100_000])
def test_a_list_that_is_none_is_an_error(fake: FakeGitHub, text: str) -> None:
    """An answer that is not as documented creates no comment."""
    fake.faults.append(Fault("GET", 200, text=text))
    with pytest.raises(ApiError, match="no list"):
        place(fake)
    assert writes(fake) == []


@pytest.mark.parametrize("viewer", [None, [], {"errors": []}, {"data": {"viewer": {"login": 7}}}])
def test_without_an_account_nothing_is_written(fake: FakeGitHub, viewer: object) -> None:
    """When it is not known whose comments are ours, none is touched."""
    fake.viewer = viewer
    with pytest.raises(ApiError, match="whose token"):
        place(fake)
    assert writes(fake) == []


def test_answers_are_bounded(fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without end is not read to its end."""
    monkeypatch.setattr(github_api, "ANSWER_LIMIT", 1000)
    fake.add("x" * 2000)
    with pytest.raises(ApiError, match="too long"):
        place(fake)


def test_answers_are_bounded_in_time(fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one that trickles, however often it is asked for."""
    monkeypatch.setattr(github_api, "_ANSWER_TIME", -1.0)
    with pytest.raises(ApiError, match="takes too long"):
        place(fake)


def test_an_unreachable_api_is_said_without_its_details() -> None:
    """Nobody listens: the error names the request and the kind of failure."""
    with FakeGitHub() as gone:
        pass
    with pytest.raises(ApiError, match=r"did not answer POST /graphql \(ConnectionError\)"):
        place(gone)


@pytest.mark.parametrize("token", ["ghs_a\nX-Evil: 1", "ghs_ü", ""])
def test_what_is_no_token_is_not_sent(fake: FakeGitHub, token: str) -> None:
    """A value that would break out of its header is refused, and not shown."""
    with pytest.raises(ApiError, match="holds no token") as caught:
        place(fake, token=token)
    assert "ghs_" not in str(caught.value)
    assert fake.requests == []


def test_the_token_is_in_no_error(fake: FakeGitHub) -> None:
    """Even when GitHub repeats it, with whatever would steer a terminal taken out."""
    fake.faults.append(Fault("GET", 422, f"\x1b[31m {fake.token} is odd"))
    with pytest.raises(ApiError, match=r"422 \\x1b\[31m \*\*\* is odd") as caught:
        place(fake)
    assert fake.token not in repr(caught.value)


def test_netrc_does_not_take_the_tokens_place(
    fake: FakeGitHub, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ~/.netrc with a login for the same host is not used: we write as the token's account."""
    file = f"{tmp_path}/netrc"
    with open(file, "w", encoding="utf-8") as netrc:  # noqa: PTH123
        netrc.write("machine 127.0.0.1 login alice password secret\n")
    monkeypatch.setenv("NETRC", file)
    assert place(fake)[0].action == "created"
