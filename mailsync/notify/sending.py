"""Where messages go: a webhook, a mail server. Bounded in time; no error holds a secret."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate, make_msgid
from typing import Protocol

from mailsync.errors import MailsyncError
from mailsync.hosts.secrets import Secrets, resolve
from mailsync.notify import message
from mailsync.notify.news import News

SECONDS_MAX = 20.0
"""How long one attempt may take."""

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class Way(Protocol):
    """One way to tell somebody."""

    def send(self, found: Sequence[News]) -> None:
        """Send one message for all. Raises `MailsyncError`."""


@dataclass(frozen=True)
class Webhook:
    """A URL that takes Slack's incoming JSON; the URL itself is a secret."""

    url: str
    secrets: Secrets

    def send(self, found: Sequence[News]) -> None:
        """POST it once."""
        import requests

        try:
            answer = requests.post(
                self.url,
                data=message.webhook_json(found),
                headers={"Content-Type": "application/json", "User-Agent": "mailsync"},
                timeout=SECONDS_MAX,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _failed("notify.webhook", type(error).__name__, self.secrets) from None
        if not 200 <= answer.status_code < 300:
            raise _failed("notify.webhook", f"it answers {answer.status_code}", self.secrets)


@dataclass(frozen=True)
class Email:
    """A mail server that takes messages for these recipients; ``security``: tls, starttls, none."""

    sender: str
    recipients: tuple[str, ...]
    server: str
    port: int
    security: str
    user: str
    password: str
    secrets: Secrets

    def send(self, found: Sequence[News]) -> None:
        """Submit it once (RFC 6409)."""
        made = message.email(found, self.sender, self.recipients)
        made["Date"] = formatdate(usegmt=True)
        made["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        try:
            with self._session() as session:
                if self.user:
                    session.login(self.user, self.password)
                session.send_message(made)
        except ValueError as error:  # a server's name, or a password, that cannot be said so
            raise _failed("notify.email", type(error).__name__, self.secrets) from None
        except (smtplib.SMTPException, OSError) as error:
            text = f"{self.server}:{self.port}: {' '.join(str(error).split()) or 'no answer'}"
            raise _failed("notify.email", text, self.secrets) from None

    def _session(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.server, self.port, timeout=SECONDS_MAX, context=context)
        session = smtplib.SMTP(self.server, self.port, timeout=SECONDS_MAX)
        if self.security == "starttls":
            try:
                session.starttls(context=context)
            except BaseException:
                session.close()
                raise
        return session


def ways(settings: Mapping[str, object], environment: Mapping[str, str]) -> tuple[Way, ...]:
    """Make the ways that ``notify`` in mailsync.yaml names; secrets come from the environment.

    Raises `MailsyncError` for a variable that is not set.
    """
    resolved, secrets = resolve(settings, environment, where="notify")
    found: list[Way] = []
    webhook, email = resolved.get("webhook"), resolved.get("email")
    if isinstance(webhook, str):
        found.append(Webhook(webhook, secrets))
    if isinstance(email, Mapping):
        found.append(_email(email, secrets))
    return tuple(found)


def _email(said: Mapping[str, object], secrets: Secrets) -> Email:
    to = said["to"]
    recipients = tuple(map(str, to)) if isinstance(to, list) else (str(to),)
    security = str(said.get("security", "starttls"))
    server, _, port = str(said.get("server", "localhost")).partition(":")
    return Email(
        sender=str(said["from"]),
        recipients=recipients,
        server=server,
        port=int(port) if port else _PORTS[security],
        security=security,
        user=str(said.get("user", "")),
        password=str(said.get("password", "")),
        secrets=secrets,
    )


def _failed(way: str, why: str, secrets: Secrets) -> MailsyncError:
    return MailsyncError(f"nobody was notified: {secrets.redact(why)[:300]}", where=way)
