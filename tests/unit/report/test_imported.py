"""What an import tells."""

from __future__ import annotations

from mailsync.importing.model import Entry, Import, Left
from mailsync.importing.nodes import word
from mailsync.report.imported import import_text

ZONE = "example.com."


def entry(key: str, label: str | None = None, domain: str = ZONE) -> Entry:
    """An entry of the file."""
    return Entry(domain, key, label, (word("x"),), {(domain, "TXT"): ("x",)}, 60)


def left(about: str, name: str, reason: str) -> Left:
    """Something that is left."""
    return Left(ZONE, about, (name, "TXT"), ('"x"',), reason)


def test_what_was_imported_and_what_was_left() -> None:
    """By domain, in the order of files; reasons one by one, the rest in a few names."""
    one = Import(
        ZONE,
        "",
        (
            entry("dkim", "s1"),
            entry("mx"),
            entry("dkim", "s2"),
            entry("mx", domain="news.example.com."),
        ),
        (
            left("spf", ZONE, "two of them"),
            *(left("", f"h{n}.example.com.", "no mail") for n in range(7)),
        ),
        ("adds DMARC",),
        ("fastmail", "sendgrid"),
    )
    assert import_text(one, "zones/example.com.yaml", width=100) == (
        "example.com → zones/example.com.yaml\n"
        "  services: fastmail, sendgrid\n"
        "  imported: mx, dkim (s1, s2)\n"
        "  imported of news.example.com: mx\n"
        "  left as it is: example.com TXT: two of them\n"
        "  no mail, left alone (--include records takes it over): h0.example.com TXT, "
        "h1.example.com TXT,\n"
        "    h2.example.com TXT, h3.example.com TXT, h4.example.com TXT and 2 more\n"
        "  the defaults in mailsync.yaml ask for more: adds DMARC\n"
    )


def test_nothing_but_foreign_values() -> None:
    """No mail is said to be none; what only stands beside ours takes no option over."""
    one = Import(ZONE, "", (), (left("", ZONE, "other values\x1b[31m"),))
    assert import_text(one, "stdout", width=100) == (
        "example.com → stdout\n"
        "  No mail was found. If there is to be none, write 'mail: none'.\n"
        "  no mail, left alone: example.com TXT\n"
    )


def test_what_dns_says_is_safe_to_print() -> None:
    """Reasons may hold anything."""
    one = Import(ZONE, "", (entry("mx"),), (left("spf", ZONE, "\x1b[2J\u202e"),))
    assert "\\x1b[2J\\u202e" in import_text(one, "x", width=80)
