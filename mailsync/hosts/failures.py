"""What a provider raised, in one line that is safe to print."""

from __future__ import annotations

import builtins
import re

from mailsync.hosts.secrets import Secrets

_LONGEST = 400
"""Characters of a message; what an API answers can be a page of HTML."""

_USER_OF_URL = re.compile(r"(?<=://)[^/\s@'\"]+@")
_QUERY_OF_URL = re.compile(r"((?:://|(?<![\w.])/)[^\s?'\"<>]*)\?[^\s'\"<>)]*")
_UNPRINTABLE = re.compile(
    r"[\x00-\x20\x7f-\xa0\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+"
)
_STALE = frozenset({"StaleWrite", "ZoneFileChanged"})


def in_one_line(error: BaseException, secrets: Secrets) -> str:
    """Say what an exception says: no secrets, no URL's query or user, one line, bounded."""
    hint = _http_hint(error)
    text = one_line(secrets.redact(str(error)))
    text = _QUERY_OF_URL.sub(r"\1", _USER_OF_URL.sub("", text)).rstrip(".: ")
    kind = type(error).__name__
    if not text:
        text = kind
    elif getattr(builtins, kind, None) is type(error):
        # "'zones'" says nothing; "KeyError: 'zones'" tells at least whose fault it is.
        text = f"{kind}: {text}"
    return f"{hint} ({text})" if hint else text


def one_line(text: str) -> str:
    """Fold white space and whatever could move a terminal's cursor; cut what is too long."""
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def is_stale(error: BaseException) -> bool:
    """Tell whether one of our own providers refused since the zone is not what was read."""
    return any(
        kind.__name__ in _STALE and kind.__module__.partition(".")[0] == "mailsync_providers"
        for kind in type(error).__mro__
    )


def _http_hint(error: BaseException) -> str:
    """Say what the common failures of HTTPS mean; told by name, as requests need not be loaded."""
    kinds = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "requests.exceptions"
    }
    if "Timeout" in kinds:
        return "did not answer in time"
    if "ConnectionError" in kinds:
        return "cannot be reached"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if kinds and status in {401, 403}:
        return f"refuses the credentials, HTTP {status}: check the token and what it may do"
    if kinds and status == 429:
        return "asks for fewer requests, HTTP 429: try again later"
    return ""
