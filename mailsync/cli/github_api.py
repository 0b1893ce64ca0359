"""GitHub's REST API, as far as one comment on a pull request needs it.

The comment is found by a hidden marker in its first line, among those that the token's own account
wrote: whoever copies the marker into a comment of theirs is not believed, and never overwritten.
Answers are bounded in size and time; the token stands in no message.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from mailsync import __version__
from mailsync.cli.github_step import PullRequest, Step
from mailsync.errors import MailsyncError
from mailsync.plan.printable import printable

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

ANSWER_LIMIT = 32 * 2**20
"""The most octets that are read of an answer: a hundred comments of 65,536 characters, in JSON."""

PAGES_LIMIT = 50
"""The most pages of a hundred comments that are read; GitHub closes a discussion at 2,500."""

ATTEMPTS = 5
"""How often a request may be made."""

PATIENCE = 180.0
"""For how many seconds, altogether, GitHub's rate limits are waited out."""

_TIMEOUTS = (10.0, 30.0)
"""Seconds to connect, and between two pieces of the answer."""

_ANSWER_TIME = 60.0
"""Seconds for the whole answer."""

_HEADERS = {
    "Accept": "application/vnd.github+json",
    "User-Agent": f"mailsync/{__version__}",
    "X-GitHub-Api-Version": "2022-11-28",
}
_RATE_LIMITED = re.compile("rate limit", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]+")


class ApiError(MailsyncError):
    """GitHub refused, or did not answer. ``status`` is HTTP's, or 0 when there was no answer.

    ``pause``: after how many seconds the request may be made again; None: it would be in vain.
    """

    def __init__(self, message: str, *, status: int = 0, pause: float | None = None) -> None:
        """Take one line of text."""
        self.status = status
        self.pause = pause
        super().__init__(message)

    @property
    def passes(self) -> bool:
        """Tell whether it is a matter of time only."""
        return self.pause is not None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that this account wrote and that carries the marker."""

    id: int
    url: str


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of the comment; ``others`` are later ones with the same marker, left alone."""

    action: Literal["created", "updated"]
    others: tuple[str, ...] = ()


def place_comment(
    step: Step,
    pull_request: PullRequest,
    marker: str,
    text: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Placed:
    """Write the text into the one comment that carries the marker; create it when there is none.

    Every attempt looks first, so that a comment whose creation was not answered is found and not
    made twice. Raises `ApiError` when GitHub refuses, or after `ATTEMPTS` or `PATIENCE`.
    """
    issues = f"{step.api_url}/repos/{pull_request.repository}/issues"
    listing = f"{issues}/{pull_request.number}/comments"
    body = {"body": f"{marker}\n{text}"}

    with closing(_Connection(step)) as connection:

        def attempt() -> Placed:
            own = [*connection.comments(listing, connection.account(), marker)]
            if not own:
                connection.exchange("POST", listing, body)
                return Placed("created")
            first, *others = sorted(own, key=lambda comment: comment.id)
            connection.exchange("PATCH", f"{issues}/comments/{first.id}", body)
            return Placed("updated", tuple(other.url for other in others))

        return _patiently(attempt, sleep)


def _patiently(attempt: Callable[[], Placed], sleep: Callable[[float], None]) -> Placed:
    """Attempt again after passing failures, when GitHub says or after growing pauses."""
    waited = 0.0
    for count in range(1, ATTEMPTS):
        try:
            return attempt()
        except ApiError as error:
            if error.pause is None or waited + error.pause > PATIENCE:
                raise
            pause = max(error.pause, 0.25 * 2**count)
            sleep(pause)
            waited += pause
    return attempt()


class _Connection:
    """Requests with the step's token, each made once."""

    def __init__(self, step: Step) -> None:
        import requests

        if not _TOKEN.fullmatch(step.token):  # anything else breaks, or breaks out of, a header
            raise ApiError("GITHUB_TOKEN holds no token")
        self._step = step
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        # Not a header of the session: requests would put what ~/.netrc says in its place.
        self._session.auth = self._authorize

    def close(self) -> None:
        """Close what is open."""
        self._session.close()

    def _authorize(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._step.token}"
        return request

    def account(self) -> str:
        """Ask as whom the token writes. REST's ``/user`` is closed to a job's own token."""
        query = {"query": "query { viewer { login } }"}
        answer, _ = self.exchange("POST", self._step.graphql_url, query)
        try:
            login = answer["data"]["viewer"]["login"]
        except (TypeError, LookupError):
            login = None
        if not isinstance(login, str):
            raise ApiError("GitHub does not say whose token this is")
        return login

    def comments(self, url: str, author: str, marker: str) -> Iterator[Comment]:
        """Give the author's comments whose first line is the marker, from all pages."""
        page: str | None = f"{url}?per_page=100"
        for _ in range(PAGES_LIMIT):
            if page is None:
                return
            answer, page = self.exchange("GET", page)
            if not isinstance(answer, list):
                raise ApiError("GitHub's list of comments is no list")
            for item in answer:
                comment = _own(item, author, marker)
                if comment is not None:
                    yield comment
        if page is not None:
            raise ApiError(f"more than {PAGES_LIMIT} pages of comments")

    def exchange(
        self, method: str, url: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, str | None]:
        """Make one request; give the answer's JSON, and the next page's address if there is one."""
        import requests

        what = f"{method} {url.removeprefix(self._step.api_url)}"
        try:
            with self._session.request(
                method, url, json=body, stream=True, timeout=_TIMEOUTS, allow_redirects=False
            ) as response:
                octets = _octets(response)
        except requests.RequestException as error:
            # Its kind only: its text may hold the request's headers.
            kind = type(error).__name__
            raise ApiError(f"GitHub did not answer {what} ({kind})", pause=0) from None
        answer = _parsed(octets)
        if not response.ok or response.is_redirect:
            detail = answer.get("message") if isinstance(answer, dict) else None
            said = self._safe(detail if isinstance(detail, str) else response.reason or "")
            raise ApiError(
                f"GitHub answered {what} with {response.status_code} {said}".rstrip(),
                status=response.status_code,
                pause=_pause(response, said),
            )
        return answer, self._next_page(response)

    def _next_page(self, response: Response) -> str | None:
        """Follow a ``Link`` (RFC 8288) only to where the token is meant to go."""
        url = response.links.get("next", {}).get("url")
        if url is not None and not url.startswith(f"{self._step.api_url}/"):
            raise ApiError("GitHub's next page of comments is elsewhere: not followed")
        return url

    def _safe(self, text: str) -> str:
        return printable(text.replace(self._step.token, "***")[:200])


def _own(item: Any, author: str, marker: str) -> Comment | None:
    """Read a comment; None when it is not ours."""
    try:
        comment = Comment(int(item["id"]), str(item["html_url"]))
        login, body = item["user"]["login"], item["body"]
    except (TypeError, LookupError, ValueError):
        return None  # such as a comment whose account is gone: its user is null
    first_line, _, _ = str(body).partition("\n")
    return comment if login == author and first_line.rstrip() == marker else None


def _octets(response: Response) -> bytes:
    """Read an answer, no more than `ANSWER_LIMIT`, no longer than `_ANSWER_TIME`."""
    end = time.monotonic() + _ANSWER_TIME
    octets = bytearray()
    for piece in response.iter_content(2**16):
        octets += piece
        if len(octets) > ANSWER_LIMIT:
            raise ApiError("GitHub's answer is too long")
        if time.monotonic() > end:
            raise ApiError("GitHub's answer takes too long", pause=0)
    return bytes(octets)


def _parsed(octets: bytes) -> Any:
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        return None


def _pause(response: Response, said: str) -> float | None:
    """Tell when to ask again, as GitHub's documentation asks to ("Rate limits for the REST API").

    Retry-After, in seconds; else until x-ratelimit-reset when nothing remains; else a minute when
    it speaks of a rate limit. Server errors pass; other refusals stay.
    """
    limited = response.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
    server = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    after = response.headers.get("Retry-After", "")
    if (limited or server) and re.fullmatch(r"\d{1,9}", after, re.ASCII):
        return float(after)
    reset = response.headers.get("x-ratelimit-reset", "")
    if limited and response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset[:12]) - time.time())
    if limited and _RATE_LIMITED.search(said):
        return 60.0
    return 0.0 if server else None
