"""Keys from PEM files, and delegated selectors."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mailsync.desired.model import Remark
from mailsync.dns.rrset import txt_text
from mailsync.mail import dkim
from tests.unit.desired.reads import errors, good

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM, DER = Encoding.PEM, Encoding.DER


def private(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
) -> bytes:
    """Write a private key."""
    return key.private_bytes(PEM, form, NoEncryption())


def public(key: rsa.RSAPublicKey, form: PublicFormat) -> bytes:
    """Write a public key."""
    return key.public_bytes(PEM, form)


def saved(directory: Path, octets: bytes, mode: int = 0o600) -> Path:
    """Save a file."""
    path = directory / "key.pem"
    path.write_bytes(octets)
    path.chmod(mode)
    return path


def published(path: Path | str) -> dkim.Record:
    """Give the record that a file's key makes."""
    (wish,) = good(f"dkim: {{s1: {{pem: {path}, ttl: 5m}}}}").wishes
    assert (wish.kind, wish.name, wish.type) == ("dkim", "s1._domainkey.example.com.", "TXT")
    assert (wish.ttl, wish.own_ttl) == (300, True)
    return dkim.parse(txt_text(wish.values[0]))


SPKI = RSA.public_key().public_bytes(DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "octets",
    [
        private(RSA),
        private(RSA, PrivateFormat.TraditionalOpenSSL),
        public(RSA.public_key(), PublicFormat.SubjectPublicKeyInfo),
        public(RSA.public_key(), PublicFormat.PKCS1),
        b"a comment\r\n\r\n" + private(RSA).replace(b"\n", b"\r\n") + b"more",
    ],
)
def test_rsa_keys_of_every_form_make_one_record(tmp_path: Path, octets: bytes) -> None:
    """The public half is published, whatever the file holds (RFC 6376 §3.6.1)."""
    record = published(saved(tmp_path, octets))
    assert record.tags == (
        ("v", "DKIM1"),
        ("k", "rsa"),
        ("p", base64.b64encode(SPKI).decode()),
    )
    assert dkim.objections(record) == ()


def test_ed25519_keys_are_published_bare(tmp_path: Path) -> None:
    """Thirty-two octets, without the wrapping of the file (RFC 8463 §4)."""
    record = published(saved(tmp_path, private(ED25519)))
    assert (record.key_type, record.key) == ("ed25519", ED25519.public_key().public_bytes_raw())
    assert dkim.objections(record) == ()


def test_the_path_begins_where_the_file_is_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zone file's keys lie beside it; those that the defaults name, beside mailsync.yaml."""
    saved(tmp_path, private(ED25519))
    monkeypatch.chdir(tmp_path)
    assert published("./key.pem").key_type == "ed25519"
    assert good("", "dkim: {s1: {pem: key.pem}}").wishes[0].values


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "no PEM file: it begins"),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
            "no certificate and no key, but openssh private",
        ),
        (private(RSA)[:900], "cut short: the end of the private key is missing"),
        (private(RSA).replace(b"M", b"!"), "no key that can be read"),
        (b"x" * 70000, "larger than 64 KiB"),
        (
            RSA.private_bytes(PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
            "the private key is encrypted: name a file with its public key",
        ),
        (private(ec.generate_private_key(ec.SECP256R1())), "DKIM keys are RSA or Ed25519"),
    ],
)
def test_what_is_no_key_is_told_without_a_word_of_it(
    tmp_path: Path, octets: bytes, words: str
) -> None:
    """One line, with the place in the zone file, and nothing that stands in the key file."""
    path = saved(tmp_path, octets)
    (message,) = errors(f"dkim: {{s1: {{pem: {path}}}}}")
    assert message.startswith("z.yaml:1:18: ")
    assert words in message
    for line in octets.splitlines()[1:3]:
        assert line.decode("latin-1") not in message


def test_a_small_rsa_key_is_refused(tmp_path: Path) -> None:
    """As it is where the record is written out (RFC 8301 §3.2)."""
    small = b"""-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALc/WfXui9VeJLf/AprRaoVDyW0lPlQx
m5NTLEHDwUd7idstLzPXuah0WEjgao5oO1BEUR4byjYlJ+F89Cs4BhUCAwEAAQ==
-----END PUBLIC KEY-----
"""
    (message,) = errors(f"dkim: {{s1: {{pem: {saved(tmp_path, small)}}}}}")
    assert "an RSA key of 512 bits" in message


@pytest.mark.parametrize(("mode", "told"), [(0o600, 0), (0o640, 1), (0o644, 1)])
def test_a_private_key_that_others_may_read_is_worth_a_word(
    tmp_path: Path, mode: int, told: int
) -> None:
    """It is published all the same, and the plan says who may sign."""
    path = saved(tmp_path, private(ED25519), mode)
    desired = good(f"dkim: {{s1: {{pem: {path}}}}}")
    remarks: tuple[Remark, ...] = desired.remarks
    assert [(remark.id, remark.place.column) for remark in remarks] == [
        ("private-key-readable", 18)
    ] * told
    public_half = ED25519.public_key().public_bytes(PEM, PublicFormat.SubjectPublicKeyInfo)
    assert good(f"dkim: {{s1: {{pem: {saved(tmp_path, public_half, 0o644)}}}}}").remarks == ()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Whatever a path leads to, reading it ends."""
    os.mkfifo(tmp_path / "key.pem")
    (message,) = errors(f"dkim: {{s1: {{pem: {tmp_path / 'key.pem'}}}}}")
    assert "no regular file" in message


def test_a_selector_may_be_delegated() -> None:
    """One of them, or all at once; names are relative to the domain."""
    found = good("dkim: {s1: {ns: [ns1.example.net., ns2], ttl: 5m}, s2: absent}").wishes
    assert [(w.name, w.type, w.values) for w in found if w.values] == [
        ("s1._domainkey.example.com.", "NS", ("ns1.example.net.", "ns2.example.com."))
    ]
    (wish,) = good("dkim: {_domainkey: {ns: ns1.example.net.}}").wishes
    assert (wish.name, wish.type) == ("_domainkey.example.com.", "NS")
    (wish,) = good("dkim: {_domainkey: absent}").wishes
    assert (wish.type, wish.values) == ("NS", ())


def test_selectors_may_go_while_all_are_delegated() -> None:
    """What the file removes lies in nobody's way; a server's own address may lie below a cut."""
    good("dkim: {_domainkey: {ns: ns1.example.net.}, s1: absent}")
    good(
        "records: {sub: {type: NS, value: ns.sub.example.com.}, "
        "ns.sub: {type: A, value: 192.0.2.53}}"
    )
