"""The logo beside a message: BIMI (draft-brand-indicators-for-message-identification)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import bimi, dmarc

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
            try:
                record = bimi.parse(text)
            except bimi.BadBimi as error:
                yield Remark(wish.place, f"{name}: {error}")
                continue
            for objection in bimi.objections(record):
                yield Remark(wish.place, f"{name}: {objection}")
            # An empty logo says that there is to be none (§4.3.1).
            if record.get("l") and not _enforced(case, domain):
                yield Remark(
                    wish.place,
                    f"{name}: the DMARC policy of {shown(domain)} is not enforced, so nobody shows "
                    "the logo; bring it to quarantine or reject",
                )


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
        "A BIMI record that shows nothing: several, one that is malformed, a logo that is no SVG "
        "over HTTPS, or a DMARC policy that is not enforced.",
        why="Mailbox providers show the logo only of domains that quarantine or reject what fails.",
        source="draft-brand-indicators-for-message-identification §3, §4, §7.2",
        asks=True,
        fix="Publish one record with the HTTPS address of an SVG; bring DMARC to quarantine first.",
        judge=_bimi,
    ),
)
