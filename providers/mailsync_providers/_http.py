"""HTTPS to a DNS host's API: one session, bounded in size and time, errors in a user's words.

A read is repeated a few times. A write is sent once: when its reply is lost, nobody knows whether
it was carried out, and `OutcomeUnknown` tells the caller to read back. Only an answer that says
"not now" (429) lets a write be sent again. No message ever holds a credential.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlsplit

import requests
from octodns.provider import ProviderException
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

MAX_OCTETS: Final = 32 * 2**20
"""The longest answer that is read: far more than any zone."""

_READS: Final = 4
"""How often a read is tried at most."""
_WRITES: Final = 3
"""How often a write is tried at most while the answer is 429."""
FIRST_PAUSE: Final = 0.5
"""Seconds before the second try; doubled for each further one."""
_LONGEST_PAUSE: Final = 60.0
"""Seconds that an answer's ``Retry-After`` is honoured for; more is the user's to wait."""
_SHOWN: Final = 200
"""Characters of an API's own words in a message."""
_WORTH_HIDING: Final = 4
"""The shortest credential that is hidden wherever it stands: shorter ones stand everywhere."""


class ApiError(ProviderException):
    """A DNS host's API failed, or said no; one line."""


class Refused(ApiError):  # noqa: N818  # named for what happened
    """The API refuses the request, which has therefore changed nothing. ``status``: HTTP's."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(ApiError):  # noqa: N818  # named for what happened
    """The API gives no usable answer to a read, or could not be reached to write at all."""


class OutcomeUnknown(ApiError):  # noqa: N818  # named for what happened
    """A write was sent, and its reply is lost: it may have been carried out, now or later."""


class StaleWrite(ApiError):  # noqa: N818  # named for what happened
    """The zone is not as it was when the plan was made; nothing was written."""


def user_agent() -> str:
    """Name this tool and its version, as APIs ask their clients to."""
    try:
        release = version("mailsync-dns")
    except PackageNotFoundError:  # pragma: no cover  # run from an archive that is not installed
        release = "0"
    return f"mailsync-dns/{release} (octodns/{version('octodns')})"


def one_line(text: str) -> str:
    """Fold what an API says into one printable line, cut where it is too long."""
    text = re.sub(r"[^ -~\u00a1-\u1fff\u3000-\ud7ff\uff01-\uffee]+", " ", text)
    text = re.sub(r" +", " ", text).strip().rstrip(".")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def wait(seconds: float) -> None:
    """Let time pass before something is asked again."""
    time.sleep(seconds)


class _Headers(AuthBase):
    """Credentials as headers. An ``auth`` of our own also keeps requests from reading ~/.netrc."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP's status and headers, and the body as ``octets`` and as JSON."""

    status: int
    headers: Mapping[str, str]
    octets: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.octets.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body's JSON; None where there is none. Raises `ValueError`."""
        try:
            return json.loads(self.octets) if self.octets.strip() else None
        except (RecursionError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from None


class Api:
    """One API. ``name`` is the DNS host's, for messages; ``base`` the URL that paths are added to.

    ``credentials``: headers that no message may show. ``secrets``: other texts of that kind.
    ``explain``: finds what the API says of an error in its JSON. ``definite``: tells whether an
    answer of HTTP 5xx with that JSON is a no, rather than a failure of which nobody knows how far
    it got. ``timeout``: seconds to connect and to wait for each piece of an answer; a whole answer
    may take four times as long.
    """

    def __init__(  # each is one thing that differs between APIs
        self,
        name: str,
        base: str,
        *,
        credentials: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        explain: Callable[[Any], str] = str,
        definite: Callable[[int, Any], bool] = lambda _status, _json: False,
        timeout: float | str = 30,
    ) -> None:
        """Take the API's address and credentials; raises `ApiError` where they cannot be used."""
        self.name = name
        self._base = _checked(name, base)
        self._timeout = _seconds(name, timeout)
        self._explain = explain
        self._definite = definite
        self._credentials: dict[str, str] = {}
        self._secrets = {secret for secret in secrets if secret}
        self._session = requests.Session()
        self._session.headers.update(
            {"User-Agent": user_agent(), "Accept": "application/json, */*;q=0.5"}
        )
        self.authenticate(credentials or {})

    def authenticate(self, credentials: Mapping[str, str]) -> None:
        """Send these headers from now on, and hide them in messages."""
        for header, value in credentials.items():
            if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
                raise ApiError(
                    f"{self.name}: the credentials hold a character that no HTTP header may hold, "
                    f"or are empty ({header}): copy them again"
                )
            self._secrets |= {value, *value.split()}
        self._credentials |= credentials
        self._session.auth = _Headers(self._credentials)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read, and give the JSON. Raises `Refused`, `Unreachable`."""
        return self._json(self.read(path, query))

    def read(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        method: str = "GET",
        **content: Any,
    ) -> Answer:
        """Read; what may pass (no answer, 429, 5xx) is tried again a few times.

        ``method`` and ``content`` (as `requests` takes it): of a call that changes nothing.
        """
        pause = FIRST_PAUSE
        for attempt in range(1, _READS + 1):
            try:
                answer = self._exchange(method, path, params=query, **content)
            except requests.RequestException as error:
                if attempt == _READS:
                    raise Unreachable(f"{self.name}: {self._why(error)}") from None
                wait(pause)
            else:
                if answer.status not in {429, 500, 502, 503, 504} or attempt == _READS:
                    return self._checked_answer(answer, Unreachable)
                wait(self._wanted_pause(answer, pause))
            pause *= 2
        raise AssertionError  # pragma: no cover  # the last attempt returns or raises

    def write(self, method: str, path: str, body: Any = None) -> Any:
        """Write once, and give the JSON. Raises `Refused`, `Unreachable`, `OutcomeUnknown`."""
        return self._json(self.send(method, path, json=body), OutcomeUnknown)

    def send(self, method: str, path: str, **content: Any) -> Answer:
        """Write once; ``content`` as `requests` takes it. Sent again only after a 429."""
        pause = FIRST_PAUSE
        for attempt in range(1, _WRITES + 1):
            try:
                answer = self._exchange(method, path, **content)
            except requests.RequestException as error:
                kind = Unreachable if _was_not_sent(error) else OutcomeUnknown
                raise kind(f"{self.name}: {self._why(error)}") from None
            if answer.status != 429 or attempt == _WRITES:
                return self._checked_answer(answer, OutcomeUnknown)
            wait(self._wanted_pause(answer, pause))
            pause *= 2
        raise AssertionError  # pragma: no cover  # the last attempt returns or raises

    def _exchange(self, method: str, path: str, **options: Any) -> Answer:
        deadline = time.monotonic() + 4 * self._timeout
        with self._session.request(
            method,
            self._base + path,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
            **options,
        ) as response:
            octets = bytearray()
            while piece := _piece(response):
                octets += piece
                if len(octets) > MAX_OCTETS:
                    raise requests.RequestException(f"an answer of more than {MAX_OCTETS} octets")
                if time.monotonic() > deadline:
                    raise requests.Timeout
            return Answer(response.status_code, response.headers, bytes(octets))

    def _checked_answer(self, answer: Answer, broken: type[ApiError]) -> Answer:
        status = answer.status
        if 200 <= status < 300:
            return answer
        said = self._said(answer)
        if status in {401, 403}:
            raise Refused(
                f"{self.name}: the credentials are refused, HTTP {status}{said}: check them, what "
                "they may do, and from which addresses",
                status,
            )
        if status == 429:
            raise Refused(
                f"{self.name}: too many requests, HTTP 429{said}: {_try_again(answer)}", status
            )
        if 400 <= status < 500 or self._is_definite(answer):
            raise Refused(f"{self.name}: refused, HTTP {status}{said}", status)
        if 300 <= status < 400:
            raise Refused(f"{self.name}: the API points elsewhere, HTTP {status}", status)
        raise broken(f"{self.name}: the API failed, HTTP {status}{said}")

    def _is_definite(self, answer: Answer) -> bool:
        try:
            return self._definite(answer.status, answer.json())
        except ValueError:
            return False

    def _json(self, answer: Answer, broken: type[ApiError] = Unreachable) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise broken(f"{self.name}: the API's answer is no JSON") from None

    def _said(self, answer: Answer) -> str:
        """Give what the API says of an error, in brackets; nothing where it says nothing."""
        try:
            text = one_line(self.redacted(self._explain(answer.json())))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return ""
        return f" ({text})" if text else ""

    def redacted(self, text: str) -> str:
        """Take the credentials out of a text, however they are written."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= _WORTH_HIDING:
                for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
                    text = text.replace(spelling, "***")
        return text

    def _wanted_pause(self, answer: Answer, otherwise: float) -> float:
        wanted = _retry_after(answer)
        if wanted is None:
            return otherwise
        if wanted > _LONGEST_PAUSE:
            self._checked_answer(answer, Unreachable)
        return wanted

    def _why(self, error: requests.RequestException) -> str:
        if isinstance(error, requests.Timeout):
            return f"no answer within {self._timeout:g} seconds"
        if isinstance(error, requests.exceptions.SSLError):
            return f"no trusted connection ({one_line(self.redacted(str(error)))})"
        if isinstance(error, requests.ConnectionError):
            if _was_not_sent(error):
                host = urlsplit(self._base).hostname
                return f"{host} cannot be reached: check the network and `endpoint`"
            return "the connection was cut"
        return one_line(self.redacted(str(error))) or type(error).__name__


def _piece(response: requests.Response) -> bytes:
    """Read what has come, and no more: a server may send octet by octet, without end."""
    # Before its 2.2 urllib3 has no read1, and waits for all of what is asked for.
    read = getattr(response.raw, "read1", response.raw.read)
    try:
        piece: bytes = read(65_536, decode_content=True)
    except ReadTimeoutError:
        raise requests.Timeout from None
    except (HTTPError, OSError) as error:
        raise requests.ConnectionError(error) from None
    return piece


def _was_not_sent(error: requests.RequestException) -> bool:
    """Tell whether an error came before a connection stood, so that nothing was sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return (
        isinstance(error, requests.ConnectTimeout)
        or isinstance(reason, ConnectTimeoutError | NewConnectionError)
        or "CERTIFICATE_VERIFY_FAILED" in str(error)
    )


def _retry_after(answer: Answer) -> float | None:
    """Read ``Retry-After`` (RFC 9110 §10.2.3) in seconds; None where there is none to go by."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _try_again(answer: Answer) -> str:
    wanted = _retry_after(answer)
    return "try again later" if wanted is None else f"try again in {wanted:.0f} seconds"


def _checked(name: str, base: str) -> str:
    """Refuse an address over which credentials would travel in the clear."""
    url = urlsplit(base)
    if not url.hostname or (url.scheme != "https" and not _is_loopback(url.hostname)):
        raise ApiError(f"{name}: endpoint {base!r} is no https address")
    if url.query or url.fragment or url.username:
        raise ApiError(f"{name}: endpoint holds more than a host and a path")
    return base.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(name: str, value: float | str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:
        raise ApiError(f"{name}: timeout is {value!r}: give seconds, at most 600")
    return seconds
