"""The logo beside a message: BIMI (draft-brand-indicators-for-message-identification)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import dmarc

TOPIC = "BIMI"

_LABEL = "._bimi."


def _bimi(case: Case) -> Iterator[Remark]:
    for wish, texts in case.texts:
        if _LABEL not in wish.name:
            continue
        name, domain = shown(wish.name), wish.name.partition(_LABEL)[2]
        if len(texts) > 1:
            yield Remark(wish.place, f"{name} has {len(texts)} records: keep one")
        for text in texts:
            tags = dict(_tag(piece) for piece in text.split(";") if piece.strip())
            if tags.get("v") != "BIMI1":
                yield Remark(wish.place, f"{name}: a BIMI record begins 'v=BIMI1;'")
            logo = tags.get("l", "")
            plain = logo.partition("?")[0].lower()
            # An empty logo says that there is to be none (§4.2.1).
            if logo and not (plain.startswith("https://") and plain.endswith((".svg", ".svgz"))):
                yield Remark(wish.place, f"{name}: {logo[:60]!r} is no SVG over HTTPS")
            if logo and not _enforced(case, domain):
                yield Remark(
                    wish.place,
                    f"{name}: the DMARC policy of {shown(domain)} is not enforced, so nobody shows "
                    "the logo; bring it to quarantine or reject",
                )


def _tag(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return name.strip().lower(), value.strip()


def _enforced(case: Case, domain: str) -> bool:
    """Tell whether a domain's policy is enforced for it and what lies below; yes if not known."""
    texts = case.asked_text(f"_dmarc.{domain}")
    if texts is None:
        return True
    for text in texts:
        try:
            record = dmarc.parse(text)
        except dmarc.BadDmarc:
            continue
        return 0 not in dmarc.strictness(record)[:2]
    return domain != case.desired.zone  # below, the organisation's policy holds


RULES = (
    Rule(
        "bimi",
        ("warning",),
        "A BIMI record that shows nothing: several, a logo that is no SVG over HTTPS, or a DMARC "
        "policy that is not enforced.",
        why="Mailbox providers show the logo only of domains that quarantine or reject what fails.",
        source="draft-brand-indicators-for-message-identification §3, §4, §7.2",
        asks=True,
        fix="Publish one record with the HTTPS address of an SVG; bring DMARC to quarantine first.",
        judge=_bimi,
    ),
)
