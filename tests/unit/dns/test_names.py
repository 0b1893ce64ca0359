import pytest

from mailsync.dns.names import BadName, absolute, is_at_or_below, is_host, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@", "example.com."),
        ("mx1", "mx1.example.com."),
        ("mx1.example.net.", "mx1.example.net."),
        ("MX1.Example.NET.", "mx1.example.net."),
        ("*", "*.example.com."),
        ("*._domainkey", "*._domainkey.example.com."),
        ("_25._tcp.mx1", "_25._tcp.mx1.example.com."),
        ("例え", "xn--r8jz45g.example.com."),
        ("xn--r8jz45g", "xn--r8jz45g.example.com."),
        (".", "."),
    ],
)
def test_absolute(text: str, expected: str) -> None:
    """A name is read as in a master file, and written the one way mailsync compares it."""
    assert absolute(text, "example.com.") == expected


def test_of_the_root() -> None:
    """Without an origin a name is absolute whether or not it says so."""
    assert absolute("example.com") == absolute("example.com.") == "example.com."
    assert absolute("@") == "."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a..b",
        ".a",
        "a b",
        "a\tb",
        "a\x00b",
        "a;b",
        "a(b",
        'a"b',
        "a\\046b",
        "a/b",
        "a@b",
        "a*b",
        "*a",
        "a.*",
        "a.*.b",
        "*.*.b",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "xn--\u00e9",
        "\u2028",
        "a,b",
        "a+b",
    ],
)
def test_no_name(text: str) -> None:
    """What is no domain name is an error that shows the text, or says that there is none."""
    with pytest.raises(BadName, match=r"an empty name|^'|^\""):
        absolute(text, "example.com.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mx1.example.com.", True),
        ("1.example.com.", True),
        ("xn--r8jz45g.example.com.", True),
        (".", False),
        ("_dmarc.example.com.", False),
        ("-a.example.com.", False),
        ("a-.example.com.", False),
        ("*.example.com.", False),
    ],
)
def test_host(name: str, expected: bool) -> None:
    """A host's name is letters, digits and inner hyphens (RFC 1123 §2.1)."""
    assert is_host(name) is expected


def test_at_or_below() -> None:
    """A name lies below another one at a label's boundary only."""
    assert is_at_or_below("example.com.", "example.com.")
    assert is_at_or_below("a.example.com.", "example.com.")
    assert is_at_or_below("example.com.", ".")
    assert not is_at_or_below("aexample.com.", "example.com.")
    assert not is_at_or_below("com.", "example.com.")


def test_shown() -> None:
    """People write domains without the final dot; the root is one."""
    assert shown("example.com.") == "example.com"
    assert shown(".") == "."
