"""SMTP replies (RFC 5321 §4.2) and their enhanced codes (RFC 3463, RFC 5248), said in words.

A refusal is only as good as what it is about: `verdict` tells those that are about the recipient
from those that are about whoever asks, and both from "come back later".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["accepted", "refused", "deferred", "asker", "unclear"]
"""What a reply says of what it was asked.

``refused``: never, to anybody. ``deferred``: not now (4xx). ``asker``: refused for the sake of the
client that asks, which says nothing about others. ``unclear``: none of these.
"""

_LINE = re.compile(r"(\d{3})(?:([ -])(.*))?\Z", re.ASCII | re.DOTALL)
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:[ \t]+|\Z)", re.ASCII)
_GREYLISTING = re.compile(
    r"gr[ea]y[ -]?list|postgrey|first time|not yet authori[sz]ed", re.IGNORECASE
)
_ABOUT_ASKER = re.compile(
    r"spamhaus|spamcop|barracuda|block ?list|black ?list|deny ?list|\b[dr]n?s?bl\b|reputation"
    r"|client (?:host|address|ip)|your (?:ip|host|server|network|reverse)"
    r"|sending (?:ip|server|host)|reverse (?:dns|lookup)|\bptr\b|\bhelo\b|\behlo\b"
    r"|dynamic|residential|blocked using",
    re.IGNORECASE,
)
_SYNTAX = frozenset({500, 501, 502, 503, 504, 555})
"""What the client said was not understood."""

_SHOWN = 160


class BadReply(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no SMTP reply; the message says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code, the text of each line, and the enhanced code where there is one."""

    code: int
    lines: tuple[str, ...]
    enhanced: str = ""

    @property
    def text(self) -> str:
        """The text on one line, cut to what a person reads."""
        text = " ".join(" ".join(self.lines).split())
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

    def __str__(self) -> str:
        """Write it on one line, as the server did."""
        return f"{self.code} {self.text}".rstrip()


def is_last(line: str) -> bool:
    """Tell whether a line ends a reply (§4.2.1). Raises `BadReply` when it belongs to none."""
    return _split(line)[1] != "-"


def parse(lines: Sequence[str]) -> Reply:
    """Read the lines of one reply, without their ends. Raises `BadReply`."""
    if not lines:
        raise BadReply("no line at all")
    split = [_split(line) for line in lines]
    codes = {code for code, _, _ in split}
    if len(codes) > 1:
        raise BadReply(f"one reply with {len(codes)} codes (RFC 5321 §4.2.1)")
    texts = tuple(text for _, _, text in split)
    code = int(codes.pop())
    match = _ENHANCED.match(texts[0])
    # RFC 2034 §4: its class is the reply's.
    fits = match is not None and match[1] == str(code)[0]
    return Reply(code, texts, ".".join(match.groups()) if match and fits else "")


def _split(line: str) -> tuple[str, str, str]:
    match = _LINE.match(line)
    if match is None or not "2" <= line[0] <= "5":
        raise BadReply(f"{line[:40]!r} is no reply of SMTP (RFC 5321 §4.2)")
    return match[1], match[2] or " ", match[3] or ""


def verdict(reply: Reply) -> Verdict:
    """Say what a reply to MAIL or RCPT means for others who would say the same."""
    if reply.code // 100 == 2:
        return "accepted"
    if reply.code // 100 == 4:
        return "deferred"
    if reply.code // 100 != 5:
        return "unclear"
    if reply.code in _SYNTAX or _is_about_asker(reply):
        return "asker"
    return "refused"


def is_greylisting(reply: Reply) -> bool:
    """Tell whether a server defers whom it does not know yet, and takes them later (RFC 6647)."""
    if reply.code not in {450, 451}:
        return False
    return reply.enhanced == "4.7.1" or _GREYLISTING.search(reply.text) is not None


def is_closing(reply: Reply) -> bool:
    """Tell whether the server ends the session with this reply (RFC 5321 §3.8, RFC 7504)."""
    return reply.code in {421, 521}


def _is_about_asker(reply: Reply) -> bool:
    if reply.enhanced.startswith("5.7."):
        detail = int(reply.enhanced.rpartition(".")[2])
        if 20 <= detail <= 29 or detail >= 500:  # RFC 7372; Microsoft's own
            return True
    if reply.code == 530 or reply.enhanced in {"5.5.1", "5.5.2", "5.5.4", "5.7.0"}:
        return True
    recipient = reply.enhanced.startswith(("5.1.1", "5.1.2", "5.2."))
    return not recipient and _ABOUT_ASKER.search(reply.text) is not None


def explained(reply: Reply) -> str:
    """Say in words what a reply means, and quote it."""
    return f"{meaning(reply)} ({reply})"


def meaning(reply: Reply) -> str:
    """Say in words what a reply means: by its enhanced code where that is known, else its code."""
    if is_greylisting(reply):
        return "deferred, greylisting most likely: it takes the same sender some minutes later"
    if verdict(reply) == "asker" and reply.code not in _SYNTAX:
        return "refused because of who asks, not of what was asked"
    if reply.enhanced == "5.4.1":
        return "refused for good: no such recipient (as Microsoft 365 says it), or no way to it"
    if reply.enhanced:
        _, subject, detail = reply.enhanced.split(".")
        words = _DETAILS.get(f"{subject}.{detail}")
        if words is None and detail != "0":  # which says no more than the code
            words = _SUBJECTS.get(subject)
        if words is not None:
            return f"{_CLASSES[reply.enhanced[0]]}: {words}"
    return _CODES.get(reply.code) or _CLASSES.get(
        str(reply.code)[0], "a reply that nobody expects here"
    )


_CLASSES: Mapping[str, str] = {
    "2": "accepted",
    "4": "deferred, not refused",
    "5": "refused for good",
}

_CODES: Mapping[int, str] = {
    220: "ready",
    221: "closes the connection, as asked",
    250: "accepted",
    251: "accepted, and forwarded elsewhere",
    252: "accepted without having looked whether the user exists",
    354: "waits for a message",
    421: "not available now, and closes the connection: overloaded, or a limit was reached",
    450: "deferred: the mailbox is busy, or the sender is not known yet",
    451: "deferred: an error on the server's side",
    452: "deferred: no room now, or too many recipients at once",
    454: "TLS is offered, and not available now",
    455: "deferred: the server cannot take these parameters now",
    500: "the command was not understood",
    501: "the command's parameters were not understood",
    502: "the command is not implemented",
    503: "the command came out of order",
    504: "a parameter is not implemented; often: a name in EHLO that is none",
    521: "takes no mail at all (RFC 7504)",
    530: "wants authentication or TLS first: this is no server for mail from strangers",
    535: "the credentials are wrong",
    550: "refused for good: no such mailbox, or not allowed",
    551: "refused for good: the user is elsewhere, and nothing is forwarded",
    552: "refused for good: the mailbox is full, or the message too large",
    553: "refused for good: the mailbox's name is not allowed",
    554: "refused for good: no mail service here, or the transaction failed",
    555: "the parameters of MAIL or RCPT were not understood",
    556: "refused for good: the recipient's domain takes no mail (RFC 7504)",
}
"""RFC 5321 §4.2.3, RFC 7504, RFC 3207."""

_SUBJECTS: Mapping[str, str] = {
    "1": "something is wrong with the address",
    "2": "something is wrong with the mailbox",
    "3": "something is wrong with the receiving system",
    "4": "something is wrong with the network or with routing",
    "5": "something is wrong in the dialogue",
    "6": "something is wrong with the content",
    "7": "policy or security forbids it",
}
"""RFC 3463 §2, second number."""

_DETAILS: Mapping[str, str] = {
    "1.1": "there is no such mailbox",
    "1.2": "the domain is not known there",
    "1.3": "the address is badly written",
    "1.4": "the address is ambiguous",
    "1.5": "the recipient's address is valid",
    "1.6": "the mailbox has moved, and nothing is forwarded",
    "1.7": "the sender's address is badly written",
    "1.8": "the sender's domain does not exist",
    "1.10": "the recipient's domain says that it takes no mail (null MX)",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the message is too large",
    "2.4": "the mailing list cannot be expanded",
    "3.1": "the mail system is full",
    "3.2": "the mail system takes nothing now",
    "3.4": "the message is too big for the system",
    "4.1": "the next host does not answer",
    "4.2": "the connection to the next host broke",
    "4.3": "the directory or DNS did not answer",
    "4.4": "the server finds no route to the recipient",
    "4.5": "the mail system is overloaded",
    "4.6": "the message goes round in a loop",
    "4.7": "the message waited too long",
    "5.1": "the command is not valid here",
    "5.2": "the command is badly written",
    "5.3": "too many recipients at once",
    "5.4": "the command's parameters are not valid",
    "7.1": "not allowed to send there: often a server that does not relay for the domain",
    "7.2": "not allowed to send to the mailing list",
    "7.8": "the credentials are wrong",
    "7.10": "the server wants encryption first",
    "7.13": "the account is disabled",
    "7.20": "no DKIM signature passed",
    "7.23": "SPF does not let the client send",
    "7.24": "the sender's SPF record is in error",
    "7.25": "the client's address has no matching reverse name",
    "7.26": "the sender is not authenticated",
    "7.27": "the sender's domain takes no mail itself (null MX)",
}
"""IANA's registry of enhanced status codes (RFC 5248), subject and detail."""
