"""Each way in which a mail server can be wrong is told apart from all others, by the whole check.

Every one is a real server behind the MX of one domain, all looked at in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from mailsync.observe.check import check
from mailsync.observe.facts import Subject
from mailsync.observe.gather import Settings
from tests.unit.observe.certificates import Authority
from tests.unit.observe.internet import QUICK, Internet, mail_domain
from tests.unit.observe.mail_servers import mail_server, raw_server

DOMAIN = "example.com."
KINDS = ("good", "name", "expired", "greylisting", "relay", "catch-all", "refusing", "closing")


def recipients(kind: str) -> Callable[[str], str]:
    """What a server of that kind says to each recipient."""

    def answer(address: str) -> str:
        if kind == "greylisting":
            return "451 4.7.1 Greylisted, come back in five minutes"
        if address == "postmaster@example.com" and kind != "refusing":
            return "250 2.1.5 Ok"
        if address.endswith("@example.com"):
            return "250 2.1.5 Ok" if kind == "catch-all" else "550 5.1.1 User unknown"
        return "250 2.1.5 Ok" if kind == "relay" else "554 5.7.1 Relay access denied"

    return answer


def test_each_kind_of_mail_server_is_told_apart(tmp_path: Path) -> None:
    """What stops mail is an error, what may pass later is unknown; nobody insists on TLS here."""
    authority = Authority(tmp_path)
    records, port = [], 0
    with ExitStack() as stack:
        for number, kind in enumerate(KINDS):
            name, address = f"{kind}.example.com", f"127.0.0.{31 + number}"
            records.append(f"{name}. 60 A {address}")
            if kind == "closing":
                stack.enter_context(raw_server(lambda _: None, address=address, port=port))
                continue
            made = authority.issue(
                "elsewhere.example.com" if kind == "name" else name,
                ends_in=timedelta(days=-3 if kind == "expired" else 30),
            )
            server = mail_server(recipients(kind), certificate=made, address=address, port=port)
            port = stack.enter_context(server).port
        mx = [f"{10 + number} {kind}.example.com." for number, kind in enumerate(KINDS)]
        net = stack.enter_context(Internet(*mail_domain(*records, mx=mx)))
        settings = Settings(
            seconds=10, patience=QUICK, smtp_port=port, roots=str(authority.root), smtp_seconds=3
        )
        found = check(Subject(DOMAIN, DOMAIN), net.gatherer(settings), ("smtp", "tls"))
    seen = {
        kind: {
            (one.id, one.severity if one.state == "fail" else one.state)
            for one in found.observations
            if f"{kind}.example.com" in one.subject and one.state != "pass"
        }
        for kind in KINDS
    }
    assert seen == {
        "good": set(),
        "name": {("certificate-name", "warning")},
        "expired": {("certificate-expiry", "warning")},
        "greylisting": {
            ("smtp-accepts", "unknown"),
            ("smtp-catch-all", "unknown"),
            ("smtp-open-relay", "unknown"),
        },
        "relay": {("smtp-open-relay", "error")},
        "catch-all": {("smtp-catch-all", "warning")},
        "refusing": {("smtp-accepts", "error")},
        "closing": {("smtp-dialogue", "unknown")},
    }
