import pytest
import requests

from mailsync.hosts.failures import in_one_line, is_stale
from mailsync.hosts.secrets import Secrets
from mailsync_providers.rfc2136 import StaleWrite, UpdateRefused
from mailsync_providers.zonefile import ZoneFileChanged, ZoneFileRefused


class ProviderError(Exception):
    pass


def http_error(status: int) -> requests.HTTPError:
    """What `raise_for_status` raises."""
    response = requests.Response()
    response.status_code, response.reason = status, "Nope"
    response.url = "https://user:pw@api.example/v4/zones?token=abc"
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ProviderError("no such zone"), "no such zone"),
        (ProviderError(), "ProviderError"),
        (ProviderError("  a\n\tb\r\n- c.  "), "a b - c"),
        (ProviderError("red \x1b[31m\u202e\x07 end"), "red [31m end"),
        (ProviderError("x" * 5000), "x" * 399 + "…"),
        (KeyError("zones"), "KeyError: 'zones'"),
        (ProviderError("401 for url: https://a.example/b?c=d&e=f, sorry"), None),
        (ProviderError("the token hunter2 is bad"), "the token $T is bad"),
        (
            ProviderError("exceeded with url: /client/v4/zones?page=1 (Caused by X)"),
            "exceeded with url: /client/v4/zones (Caused by X)",
        ),
        (ProviderError("did it? yes"), "did it? yes"),
        (
            ProviderError("see ftp://me:secret@host/x"),
            "see ftp://host/x",
        ),
        (requests.ReadTimeout("slow"), "did not answer in time (slow)"),
        (requests.ConnectTimeout("slow"), "did not answer in time (slow)"),
        (requests.ConnectionError("gone"), "cannot be reached (gone)"),
        (requests.RequestException("odd"), "odd"),
        (
            http_error(401),
            (
                "refuses the credentials, HTTP 401: check the token and what it may do "
                "(401 Client Error: Nope for url: https://api.example/v4/zones)"
            ),
        ),
        (
            http_error(429),
            (
                "asks for fewer requests, HTTP 429: try again later "
                "(429 Client Error: Nope for url: https://api.example/v4/zones)"
            ),
        ),
        (http_error(500), "500 Server Error: Nope for url: https://api.example/v4/zones"),
    ],
)
def test_one_line(error: Exception, expected: str | None) -> None:
    """Whatever a provider raises is one bounded line without secrets, queries and control codes."""
    said = in_one_line(error, Secrets({"hunter2": "$T"}))
    assert said == (expected or "401 for url: https://a.example/b sorry")


def test_stale() -> None:
    """Our own providers' refusals to overwrite what someone else wrote are told from others."""
    assert is_stale(ZoneFileChanged("x"))
    assert is_stale(StaleWrite.__new__(StaleWrite))
    assert not is_stale(ZoneFileRefused("x"))
    assert not is_stale(UpdateRefused.__new__(UpdateRefused))

    theirs = type("StaleWrite", (Exception,), {"__module__": "octodns_other"})
    assert not is_stale(theirs())
