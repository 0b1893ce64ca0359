import copy

import pytest

from mailsync.errors import MailsyncError
from mailsync.hosts.secrets import Secrets, resolve

WHERE = "providers.cloudflare"


@pytest.mark.parametrize("text", ["00123", "1.10", "12_34", "true", "", " a ", "env/OTHER", "a/b"])
def test_text_stays_text(text: str) -> None:
    """What the environment holds reaches the provider as that text, whatever it looks like."""
    assert resolve({"token": "env/T"}, {"T": text}, where=WHERE)[0] == {"token": text}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("env/SET", "there"),
        ("env/SET/default", "there"),
        ("env/EMPTY/default", ""),
        ("env/UNSET/default", "default"),
        ("env/UNSET/a/b", "a/b"),
        ("env/UNSET/", ""),
        ("env/UNSET/00", "00"),
        ("environment/SET", "environment/SET"),
        ("ENV/SET", "ENV/SET"),
        ("https://example.com/env/SET", "https://example.com/env/SET"),
        ("env", "env"),
        ("plain", "plain"),
        (53, 53),
        (True, True),
        (None, None),
        (["env/SET", {"a": "env/SET"}], ["there", {"a": "there"}]),
        ({"deep": {"er": "env/SET"}}, {"deep": {"er": "there"}}),
    ],
)
def test_syntax(value: object, expected: object) -> None:
    """``env/NAME`` and ``env/NAME/DEFAULT`` are resolved at any depth, and nothing else is."""
    settings = {"key": value}
    before = copy.deepcopy(settings)
    resolved, _ = resolve(settings, {"SET": "there", "EMPTY": ""}, where=WHERE)
    assert resolved == {"key": expected}
    assert settings == before


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"token": "env/T"}, "token: the environment variable T is not set"),
        ({"a": {"b": "env/T"}}, r"a\.b: the environment variable T is not set"),
        ({"a": ["x", "env/T"]}, r"a\[1\]: the environment variable T is not set"),
        ({"token": "env/"}, "token: no variable is named: write env/NAME"),
    ],
)
def test_not_set(settings: dict[str, object], path: str) -> None:
    """A variable that is not set is an error that says which, where, and what to do."""
    with pytest.raises(MailsyncError, match=rf"^providers\.cloudflare: {path}"):
        resolve(settings, {}, where=WHERE)


@pytest.mark.parametrize(
    "said",
    [
        "bad s3cr+t/x= here",
        "bad 's3cr+t/x='",
        "?t=s3cr%2Bt%2Fx%3D",
        "/s3cr%2Bt/x%3D",
        "a\ns3cr+t/x=",
    ],
)
def test_redacted(said: str) -> None:
    """A resolved secret is shown as its variable, also where it stands percent-encoded."""
    _, secrets = resolve({"t": "env/TOKEN"}, {"TOKEN": "s3cr+t/x="}, where=WHERE)
    assert "$TOKEN" in secrets.redact(said)
    assert "s3cr" not in secrets.redact(said)


@pytest.mark.parametrize(
    ("settings", "hidden"),
    [
        ({"token": "abc"}, True),
        ({"password": "abc"}, True),
        ({"key_secret": "abc"}, True),
        ({"secret_access_key": "abc"}, True),
        ({"api_key": "abc"}, True),
        ({"passwords": {"example.com.": "abc"}}, True),
        ({"tokens": ["abc"]}, True),
        ({"deep": {"token": "abc"}}, True),
        ({"key_name": "abc"}, False),
        ({"access_key_id": "abc"}, False),
        ({"host": "abc"}, False),
    ],
)
def test_written_in_the_file(settings: dict[str, object], hidden: bool) -> None:
    """A secret that stands in mailsync.yaml itself is known by its key."""
    _, secrets = resolve(settings, {}, where=WHERE)
    assert ("abc" not in secrets.redact("is abc bad?")) is hidden


def test_what_hides_nothing() -> None:
    """Short values that are no secrets, and blank ones, do not garble every message."""
    _, secrets = resolve(
        {"port": "env/PORT", "token": "env/BLANK", "host": "env/UNSET/ns1.example"},
        {"PORT": "53", "BLANK": " "},
        where=WHERE,
    )
    assert secrets.redact("port 53 of ns1.example") == "port 53 of ns1.example"


def test_several_lines() -> None:
    """A private key is hidden as a whole and line by line."""
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n=\n-----END KEY-----\n"
    _, secrets = resolve({"key": "env/PEM"}, {"PEM": pem}, where=WHERE)
    assert secrets.redact(f"bad {pem}") == "bad $PEM"
    assert secrets.redact("line 2: MIIEvQIBADANBgkq =") == "line 2: $PEM ="


def test_longest_first() -> None:
    """A secret that holds another one is hidden whole."""
    _, secrets = resolve({"a": "env/A", "b": "env/B"}, {"A": "abcd", "B": "abcdefgh"}, where=WHERE)
    assert secrets.redact("abcdefgh abcd") == "$B $A"


def test_not_in_a_repr() -> None:
    """Printing the object that knows the secrets shows none."""
    assert "hunter2" not in repr(Secrets({"hunter2": "$P"}))
