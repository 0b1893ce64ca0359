from __future__ import annotations

from mailsync.dns.rrset import txt_value
from mailsync.report.values import shortened


def test_long_keys_are_cut_in_the_middle() -> None:
    """Of a long key both ends are shown, and how much is left out."""
    value = txt_value("v=DKIM1; k=rsa; p=" + "A" * 100 + "B" * 292)
    (text,) = shortened([value]).values()
    assert text == f'"v=DKIM1; k=rsa; p={"A" * 24}…({392 - 48 + 3} more)…{"B" * 24}"'


def test_keys_that_differ_are_never_shown_alike() -> None:
    """Two keys that differ only where they would be cut are shown whole."""
    one = txt_value("p=" + "A" * 60 + "x" + "A" * 60)
    other = txt_value("p=" + "A" * 60 + "y" + "A" * 60)
    assert shortened([one, other, one]) == {one: one, other: other}


def test_what_is_no_key_is_shown_whole() -> None:
    """An SPF record, however long, and a SHA-256 are shown whole."""
    spf = txt_value(
        "v=spf1 " + " ".join(f"include:_spf{i}.example.net" for i in range(9)) + " -all"
    )
    tlsa = "3 1 1 " + "0123456789abcdef" * 4
    assert shortened([spf, tlsa]) == {spf: spf, tlsa: tlsa}
