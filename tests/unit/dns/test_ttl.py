import pytest

from mailsync.dns.ttl import TTL_MAX, BadDuration, seconds, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (0, 0),
        (300, 300),
        ("300", 300),
        (" 5m ", 300),
        ("1h30m", 5400),
        ("10d", 864000),
        ("2W", 1209600),
        ("1w2d3h4m5s", 788645),
        ("90s", 90),
        (TTL_MAX, TTL_MAX),
    ],
)
def test_seconds(text: str | int, expected: int) -> None:
    """A duration is seconds, or numbers with units."""
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "5 m",
        "5x",
        "-1",
        -1,
        "1.5h",
        "٣",
        "1e3",
        True,
        "5m5",
        "inf",
        "9" * 30,
        "9" * 30 + "d",
    ],
)
def test_no_duration(text: str | int) -> None:
    """Anything else is an error that shows it and names the forms."""
    with pytest.raises(BadDuration, match="is no duration: write seconds, or such as 5m"):
        seconds(text)


@pytest.mark.parametrize("text", [TTL_MAX + 1, "100000w"])
def test_too_long(text: str | int) -> None:
    """More than a TTL can hold is an error (RFC 2181 §8)."""
    with pytest.raises(BadDuration, match="RFC 2181"):
        seconds(text)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (5400, "1 h 30 min"),
        (864000, "10 d"),
        (788645, "9 d 3 h 4 min 5 s"),
    ],
)
def test_written(duration: int, expected: str) -> None:
    """A duration is shown in the largest units that say it exactly."""
    assert written(duration) == expected
