"""DKIM, DMARC and MX texts: parsers refuse what they must, and nothing else goes wrong."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from mailsync.mail import dkim, dmarc, mx, verification

TAG_TEXT = st.text('vpkhst=; DKIM1abcdMIG+/\t\n"', max_size=80)


@given(st.one_of(st.text(), TAG_TEXT, TAG_TEXT.map("v=DKIM1; p=".__add__)))
def test_dkim_text_is_read_or_refused(text: str) -> None:
    """Any text is a key record or is refused with DKIM's own error; what is read, is read back."""
    try:
        record = dkim.parse(text)
    except dkim.BadDkim:
        return
    assert dkim.parse(dkim.format(record)) == record
    assert dkim.same_key(record, dkim.parse(dkim.format(record)))
    assert all(isinstance(line, str) for line in dkim.objections(record))


@given(st.binary(max_size=400))
def test_hostile_keys_are_refused(key: bytes) -> None:
    """Octets that are no RSA key are refused, however their lengths lie."""
    with contextlib.suppress(dkim.BadDkim):
        assert dkim.rsa_bits(key) >= 0


@given(st.one_of(st.text(), TAG_TEXT.map("v=DMARC1;".__add__)))
def test_dmarc_text_is_read_or_refused(text: str) -> None:
    """Any text is a policy record or is refused with DMARC's own error."""
    try:
        record = dmarc.parse(text)
    except dmarc.BadDmarc:
        return
    assert dmarc.is_dmarc(text)
    assert dmarc.parse(dmarc.format(record)) == record
    assert all(isinstance(line, str) for line in dmarc.objections(record))


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "p": st.sampled_from([*dmarc.POLICIES, "bogus"]),
        "sp": st.sampled_from(dmarc.POLICIES),
        "np": st.sampled_from(dmarc.POLICIES),
        "adkim": st.sampled_from("rs"),
        "aspf": st.sampled_from("rs"),
        "t": st.sampled_from("yn"),
    },
).map(lambda tags: dmarc.Record((("v", "DMARC1"), *tags.items())))
OPPOSITE = {"tighter": "looser", "looser": "tighter", "same": "same", "mixed": "mixed"}


@given(st.none() | POLICIES, st.none() | POLICIES)
def test_going_back_is_the_opposite(old: dmarc.Record | None, new: dmarc.Record | None) -> None:
    """If a change tightens, its revert loosens."""
    assert dmarc.compare(new, old) == OPPOSITE[dmarc.compare(old, new)]


@given(st.one_of(st.text(), st.text("0123456789 mx.", max_size=30)))
def test_mx_text_is_read_or_refused(text: str) -> None:
    """Any text is an MX value or is refused with MX's own error."""
    try:
        record = mx.parse(text)
    except mx.BadMx:
        return
    assert mx.parse(mx.format(record)) == record
    assert 0 <= record.preference <= 65535


@given(st.text())
def test_tokens_are_printable_ascii(text: str) -> None:
    """A token that is taken can stand in any DNS host's form field."""
    try:
        token = verification.parse(text)
    except verification.BadToken:
        return
    assert token == text
    assert token.isascii()
    assert token.isprintable()
