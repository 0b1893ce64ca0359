"""TLSA against certificates of an authority of the tests' own (RFC 7671, RFC 7672)."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.mail.certificate import BadCertificate, Certificate, is_for, is_issued_by, read
from mailsync.mail.dane import Record
from mailsync.mail.dane_chain import match
from tests.unit.observe.certificates import Authority

HOST = "mx.example.com."
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests here."""
    return Authority(tmp_path_factory.mktemp("dane"))


def chain_in(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a PEM file, in order."""
    end = "-----END CERTIFICATE-----"
    parts = path.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    whole = (f"-----BEGIN CERTIFICATE-----{part.partition(end)[0]}{end}\n" for part in parts)
    return tuple(read(ssl.PEM_cert_to_DER_cert(one)) for one in whole)


@pytest.fixture(scope="module")
def chain(authority: Authority) -> tuple[Certificate, ...]:
    """A server's certificate and its root."""
    return chain_in(authority.issue("mx.example.com"))


def sha256(octets: bytes) -> str:
    """The digest as TLSA has it."""
    return hashlib.sha256(octets).hexdigest()


def test_certificates_are_read(chain: tuple[Certificate, ...]) -> None:
    """Names, dates, issuer; and who signed whom."""
    leaf, root = chain
    assert leaf.names == ("mx.example.com",)
    assert leaf.not_before < NOW < leaf.not_after
    assert (leaf.issuer, root.is_self_issued, leaf.is_self_issued) == (root.subject, True, False)
    assert is_issued_by(leaf, root)
    assert not is_issued_by(root, leaf)


@pytest.mark.parametrize(
    ("names", "host", "wanted"),
    [
        (("mx.example.com",), "MX.example.com.", True),
        (("*.example.com",), "mx.example.com", True),
        (("*.example.com",), "a.mx.example.com", False),
        (("*.example.com",), "example.com", False),
        (("*.com", "other.example.com"), "mx.example.com", False),
        (("*.",), "localhost", False),
        ((), "mx.example.com", False),
    ],
)
def test_names_are_compared_label_by_label(
    names: tuple[str, ...], host: str, wanted: bool, chain: tuple[Certificate, ...]
) -> None:
    """``*.`` stands for exactly one label (RFC 9525 §6.3)."""
    assert is_for(replace(chain[0], names=names), host) == wanted


@given(st.binary(max_size=200))
def test_arbitrary_octets_are_no_certificate(octets: bytes) -> None:
    """And nothing but `BadCertificate` is raised."""
    with pytest.raises(BadCertificate):
        read(octets)


@pytest.mark.parametrize(
    ("usage", "selector", "matching"),
    [(3, 1, 1), (3, 0, 1), (3, 1, 2), (3, 1, 0), (3, 0, 0), (2, 0, 1), (2, 1, 1), (2, 0, 0)],
)
def test_what_matches(
    usage: int, selector: int, matching: int, chain: tuple[Certificate, ...]
) -> None:
    """Every form of a record that mail uses: the server's own, and a trust anchor's."""
    certificate = chain[0] if usage == 3 else chain[1]
    octets = certificate.spki if selector else certificate.der
    data = (octets, hashlib.sha256(octets).digest(), hashlib.sha512(octets).digest())[matching]
    record = Record(usage, selector, matching, data.hex())
    found = match([record], chain, HOST, NOW)
    assert (found.matching, found.unmatched, found.authenticates) == ((record,), (), True)


def test_what_does_not_match_is_told_by_form(chain: tuple[Certificate, ...]) -> None:
    """One form may match while another does not: senders may go by the other (RFC 7671 §9)."""
    right = Record(3, 1, 1, sha256(chain[0].spki))
    wrong = Record(3, 0, 1, "00" * 32)
    found = match([right, wrong, Record(3, 1, 1, "11" * 32)], chain, HOST, NOW)
    assert (found.matching, found.unmatched) == ((right,), ((3, 0, 1),))
    found = match([wrong], (), HOST, NOW)
    assert (found.unmatched, found.authenticates) == (((3, 0, 1),), False)


def test_usages_for_the_web_are_not_used(chain: tuple[Certificate, ...]) -> None:
    """0 and 1 authenticate nobody on port 25 (RFC 7672 §3.1.3), and mismatch nothing either."""
    record = Record(1, 1, 1, sha256(chain[0].spki))
    found = match([record], chain, HOST, NOW)
    assert (found.unusable, found.unmatched, found.authenticates) == ((record,), (), False)


def test_a_trust_anchor_vouches_only_for_what_it_should(
    authority: Authority, chain: tuple[Certificate, ...], tmp_path: Path
) -> None:
    """With usage 2 the name, the dates and the signature count; with usage 3 none of them."""
    anchor = Record(2, 0, 1, sha256(authority.der))
    other = match([anchor], chain, "other.example.com.", NOW)
    assert "does not name the host" in other.reasons[0]
    later = match([anchor], chain, HOST, NOW + timedelta(days=60))
    assert "not valid now" in later.reasons[0]
    stranger = Authority(tmp_path)  # of the same name, with another key
    forged = (chain[0], read(stranger.der))
    found = match([Record(2, 0, 1, sha256(stranger.der))], forged, HOST, NOW)
    assert "signature" in found.reasons[0]
    assert match([anchor], chain[:1], HOST, NOW).unmatched == ((2, 0, 1),)
    own = Record(3, 1, 1, sha256(chain[0].spki))
    assert match([own], chain, "other.example.com.", NOW + timedelta(days=60)).authenticates


def test_an_anchor_that_the_record_holds_need_not_be_sent(
    authority: Authority, chain: tuple[Certificate, ...]
) -> None:
    """2 0 0 is the certificate itself (RFC 7671 §5.2.1); garbage in its place is none."""
    whole = Record(2, 0, 0, authority.der.hex())
    assert match([whole], chain[:1], HOST, NOW).authenticates
    assert not match([Record(2, 0, 0, "00ff")], chain[:1], HOST, NOW).authenticates
    assert not match([whole], (), HOST, NOW).authenticates
