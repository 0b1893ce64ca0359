"""The logo beside a message: BIMI (draft-brand-indicators-for-message-identification)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "BIMI"

RULES = (
    Rule(
        "bimi",
        ("warning",),
        "A BIMI record that shows nothing: several, a logo that is no SVG over HTTPS, or a DMARC "
        "policy that is not enforced.",
        why="Mailbox providers show the logo only of domains that quarantine or reject what fails.",
        source="draft-brand-indicators-for-message-identification §3, §4, §7.2",
        fix="Publish one record with the HTTPS address of an SVG; bring DMARC to quarantine first.",
    ),
)
