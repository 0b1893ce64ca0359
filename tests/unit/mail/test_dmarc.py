"""DMARC policy records as receivers read them (RFC 9989)."""

from __future__ import annotations

import pytest

from mailsync.mail import dmarc


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=DMARC1", True),
        ("v = DMARC1 ; p=none", True),
        ("v=dmarc1; p=none", False),
        ("v=DMARC12; p=none", False),
        (" v=DMARC1; p=none", False),
        ("p=none; v=DMARC1", False),
    ],
)
def test_what_is_a_policy_record(text: str, is_one: bool) -> None:
    """The version comes first and in capitals, or receivers see no record."""
    assert dmarc.is_dmarc(text) is is_one


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("v=dmarc1; p=none", "capitals"),
        ("v=DMARC1; p=none; p=none", "twice"),
        ("v=DMARC1; p", "tag=value"),
        ("v=DMARC1;; p=none", "tag=value"),
        ("v=DMARC1; p=" + "\u00e9" * 100, r"\.\.\."),
    ],
)
def test_what_receivers_cannot_read_is_refused(text: str, why: str) -> None:
    """A broken record is refused, with the reason."""
    with pytest.raises(dmarc.BadDmarc, match=why):
        dmarc.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("v=DMARC1", "p= is missing"),
        ("v=DMARC1; p=rejekt", "none, quarantine, reject"),
        ("v=DMARC1; p=none; adkim=x", "adkim=x"),
        ("v=DMARC1; p=none; fo=0:2", "fo=0:2"),
        ("v=DMARC1; p=none; rua=dmarc@example.com", "mailto:"),
        ("v=DMARC1; p=none; rua=mailto:dmarc", "mailto:"),
        ("v=DMARC1; p=none; rua=mailto:a@example.com,https://x.example", "https"),
        ("v=DMARC1; p=none; ruf=http://[bad", "mailto:"),
        ("v=DMARC1; p=none; rau=mailto:a@example.com", "did you mean rua or ruf"),
        ("v=DMARC1; p=none; wwwww=1", "unknown tag wwwww"),
    ],
)
def test_traps_are_told(text: str, why: str) -> None:
    """What receivers would skip or read as something else is objected to."""
    (told,) = dmarc.objections(dmarc.parse(text))
    assert why in told


def test_good_records_meet_no_objection() -> None:
    """A usual record, also one with tags that are obsolete by now, is not objected to."""
    text = (
        "v=DMARC1; p=Reject; sp=none; pct=50; fo=0:d:s; rua=mailto:a@b.example, mailto:c@d.example;"
    )
    assert dmarc.objections(dmarc.parse(text)) == ()


def parsed(tags: str | None) -> dmarc.Record | None:
    """The record of these tags, if any."""
    return None if tags is None else dmarc.parse(f"v=DMARC1; {tags}")


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (None, "p=none", "same"),
        (None, "p=reject", "tighter"),
        ("p=none", "p=none; rua=mailto:a@b.example", "same"),
        ("p=none", "p=none; adkim=s", "same"),
        ("p=quarantine", "p=quarantine; adkim=s", "tighter"),
        ("p=reject", "p=quarantine", "looser"),
        ("p=reject", "p=reject; t=y", "looser"),
        ("p=none", "p=none; t=y", "same"),
        ("p=none", "p=none; np=reject", "tighter"),
        ("p=reject; sp=none", "p=quarantine; sp=quarantine", "mixed"),
        ("p=bogus", "p=quarantine", "tighter"),
    ],
)
def test_changes_are_weighed(old: str | None, new: str | None, change: str) -> None:
    """A change is tighter exactly when receivers may refuse mail that they took before."""
    assert dmarc.compare(parsed(old), parsed(new)) == change
