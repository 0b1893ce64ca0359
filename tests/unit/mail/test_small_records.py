"""TLS-RPT, TLSA, SRV and PTR: what is read, and what is refused with a reason."""

from __future__ import annotations

import pytest

from mailsync.mail import dane, ptr, srv, tls_rpt

SHA256 = "8b" * 32


def test_tls_rpt_is_read_with_all_addresses() -> None:
    """RFC 8460 §3's own example."""
    text = "v=TLSRPTv1;rua=mailto:reports@example.com, https://reporting.example.com/v1/tlsrpt"
    record = tls_rpt.parse(text)
    assert record.rua == ("mailto:reports@example.com", "https://reporting.example.com/v1/tlsrpt")
    assert tls_rpt.parse(tls_rpt.format(record)) == record


@pytest.mark.parametrize("text", ["rua=mailto:a@b.c", "v=TLSRPTv1; a=b", "v=TLSRPTv1; rua=a@b.c"])
def test_what_is_no_tls_rpt_says_why(text: str) -> None:
    """Without version, without address, with an address that is none."""
    with pytest.raises(tls_rpt.BadTlsRpt):
        tls_rpt.parse(text)


def test_tlsa_is_read_in_parts() -> None:
    """Spaces in the data and capitals mean nothing (RFC 6698 §2.2)."""
    record = dane.parse(f"3 1 1 {SHA256[:8].upper()} {SHA256[8:]}")
    assert dane.format(record) == f"3 1 1 {SHA256}"
    assert dane.objections(record) == ()
    assert dane.objections(dane.parse(f"1 0 1 {SHA256}"))
    assert dane.parse("3 0 0 abcd").data == "abcd"
    assert dane.host_of(dane.owner("mx1.example.com.")) == "mx1.example.com."


@pytest.mark.parametrize(
    "text", ["3 1 1", f"4 1 1 {SHA256}", "3 1 0 abc", "3 1 1 abcd", f"3 1 2 {SHA256}", "3 1 1 xy"]
)
def test_what_is_no_tlsa_says_why(text: str) -> None:
    """Missing parts, unknown forms, and data of a wrong length."""
    with pytest.raises(dane.BadTlsa):
        dane.parse(text)


def test_srv_is_read_in_parts() -> None:
    """The target stays as it is written."""
    record = srv.parse("0 1 465 mx1")
    assert (record.port, record.target) == (465, "mx1")
    assert srv.format(record) == "0 1 465 mx1"


@pytest.mark.parametrize("text", ["465 mx1", "0 1 65536 mx1", "0 1 x mx1"])
def test_what_is_no_srv_says_why(text: str) -> None:
    """Missing parts, and numbers that are too large."""
    with pytest.raises(srv.BadSrv):
        srv.parse(text)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.10", "10.2.0.192.in-addr.arpa."),
        (
            "2001:db8::10",
            "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
        ),
    ],
)
def test_an_address_has_a_name_and_the_name_an_address(address: str, name: str) -> None:
    """Both ways, for both families."""
    assert ptr.reverse_name(address) == name
    assert ptr.address_of(name) == address


def test_what_is_no_address_says_so() -> None:
    """Neither a host nor a part of the reverse tree."""
    with pytest.raises(ptr.BadReverse):
        ptr.reverse_name("mx1")
    for name in ("example.com.", "2.0.192.in-addr.arpa.", "1.2.ip6.arpa."):
        with pytest.raises(ptr.BadReverse):
            ptr.address_of(name)
