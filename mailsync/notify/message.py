"""News as a message: one for a whole run, as JSON for a webhook and as an e-mail. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from mailsync.notify.news import KINDS, Kind, News

_HEADINGS: dict[Kind, str] = {
    "failed": "failed",
    "waits": "waits for you",
    "ran": "done",
}
_DOMAINS_MAX = 50
_LENGTH_MAX = 30_000
"""Characters of a message; Slack cuts at 40,000, with what it escapes."""


def title(found: Sequence[News]) -> str:
    """Say in one line what there is: ``mailsync: 1 failed, 2 done (example.com, …)``."""
    counts = [
        f"{number} {_HEADINGS[kind]}"
        for kind in reversed(KINDS)
        if (number := sum(one.kind == kind for one in found))
    ]
    names = list(dict.fromkeys(one.domain for one in found))
    more = ", …" if len(names) > 3 else ""
    return f"mailsync: {', '.join(counts)} ({', '.join(names[:3])}{more})"


def body(found: Sequence[News]) -> str:
    """Write it all, the most urgent first."""
    ordered = sorted(found, key=lambda one: (-KINDS.index(one.kind), one.domain))
    parts = [
        "\n".join([f"{one.domain}: {_HEADINGS[one.kind]}", *(f"  - {line}" for line in one.lines)])
        for one in ordered[:_DOMAINS_MAX]
    ]
    if len(ordered) > _DOMAINS_MAX:
        parts.append(f"and {len(ordered) - _DOMAINS_MAX} more: see `mailsync status`")
    text = "\n\n".join(parts)
    if len(text) > _LENGTH_MAX:
        text = f"{text[:_LENGTH_MAX].rstrip()}…\n\nand more: see `mailsync status`"
    return text


def webhook_json(found: Sequence[News]) -> bytes:
    """Write what Slack and whoever is compatible with it takes: ``{"text": …}``.

    Its three control characters are escaped, so that no name can mention or link anything.
    """
    text = f"{title(found)}\n\n{body(found)}"
    for char, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(char, escape)
    return json.dumps({"text": text}).encode()


def email(found: Sequence[News], sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Write an e-mail (RFC 5322), marked as made by a machine (RFC 3834)."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = sender, ", ".join(recipients)
    made["Subject"] = title(found)
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(body(found) + "\n")
    return made
