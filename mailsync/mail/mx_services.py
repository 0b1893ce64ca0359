"""Whose mail servers an MX names, as far as the host's name tells.

Without any I/O, and of more services than the catalogue of `mailsync.desired` has; where that knows
one, too, both say the same of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """A mail service, and the endings of its hosts' names (absolute, lower case).

    ``exclusive``: its vendor says that no MX of another service may stand beside its own.
    """

    name: str
    endings: tuple[str, ...]
    exclusive: bool = False

    def owns(self, host: str) -> bool:
        """Tell whether a host (an absolute name) is one of the service's."""
        return any(host == end or host.endswith(f".{end}") for end in self.endings)


MICROSOFT_365 = Service(
    "Microsoft 365", ("mail.protection.outlook.com.", "mx.microsoft."), exclusive=True
)

SERVICES = (
    MICROSOFT_365,
    Service(
        "Google Workspace",
        ("smtp.google.com.", "aspmx.l.google.com.", "googlemail.com."),
        exclusive=True,
    ),
    Service("LINE WORKS", ("worksmobile.com.",), exclusive=True),
    Service(
        "MAILGATES Σ",
        ("mg.cybermail.jp.", "mgf.cybermail.jp.", "mgp.cybermail.jp."),
        exclusive=True,
    ),
    Service("Cloudflare Email Routing", ("mx.cloudflare.net.",), exclusive=True),
    Service("Amazon SES", ("amazonses.com.", "amazonaws.com.")),
    Service("ConoHa WING", ("conoha.ne.jp.",)),
    Service("CYBERMAIL Σ", ("cybermail.jp.",)),
    Service("Fastmail", ("messagingengine.com.",)),
    Service("heteml", ("heteml.jp.",)),
    Service("iCloud+ custom email domain", ("mail.icloud.com.",)),
    Service("KAGOYA MAIL", ("kagoya.net.",)),
    Service("Lolipop", ("lolipop.jp.",)),
    Service("Mailgun", ("mailgun.org.",)),
    Service("Mimecast", ("mimecast.com.",)),
    Service("Proofpoint", ("pphosted.com.", "ppe-hosted.com.")),
    Service("Proton Mail", ("protonmail.ch.",)),
    Service("Sakura rental server", ("sakura.ne.jp.",)),
    Service("Xserver", ("xserver.jp.",)),
    Service("Zoho Mail", ("zoho.com.", "zoho.eu.", "zoho.jp.")),
)


MISTAKEN = {"mx1.lolipop.jp.": "mx01.lolipop.jp."}
"""Hosts that guides name and no public zone does, and the ones that are meant."""


def service_of(host: str) -> Service | None:
    """Give the service whose server a host is; None where the name does not tell."""
    return next((service for service in SERVICES if service.owns(host)), None)


def is_placeholder(host: str) -> bool:
    """Tell whether an MX only proves who owns a domain: ``.invalid`` never resolves (RFC 6761)."""
    return host.endswith(".invalid.")
