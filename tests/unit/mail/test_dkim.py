"""DKIM key records as verifiers read them (RFC 6376, 8301, 8463)."""

from __future__ import annotations

import base64

import pytest

from mailsync.mail import dkim
from mailsync.mail.dkim import BadDkim


def der(tag: int, *parts: bytes) -> bytes:
    """One DER value; parts are joined."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def rsa(bits: int, *, bare: bool = False) -> bytes:
    """An RSA public key of that size, as SubjectPublicKeyInfo or as a bare RSAPublicKey."""
    modulus = (1 << (bits - 1)) | 1
    octets = modulus.to_bytes(bits // 8 + 1, "big")
    key = der(0x30, der(0x02, octets), der(0x02, b"\x01\x00\x01"))
    algorithm = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010101")), der(0x05))
    return key if bare else der(0x30, algorithm, der(0x03, b"\0", key))


def record(key: bytes, tags: str = "v=DKIM1; ") -> str:
    """A record that holds the key."""
    return f"{tags}p={base64.b64encode(key).decode()}"


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("bits", [512, 1024, 2048, 4096])
def test_rsa_sizes_are_seen(bits: int, bare: bool) -> None:
    """The size of an RSA key is read from both forms in which keys are published."""
    assert dkim.rsa_bits(rsa(bits, bare=bare)) == bits


@pytest.mark.parametrize(
    "text",
    [
        record(rsa(2048)),
        record(rsa(1024), "v=DKIM1;k=rsa;h=sha1:sha256;s=email;t=y:s;n=a note;"),
        record(rsa(2048, bare=True)).replace("MII", "M II\t"),
        record(b"k" * 32, "v=DKIM1; k=ed25519; "),
        "v=DKIM1; p=",
        "v=DKIM1; p=; ",
    ],
)
def test_usable_keys_meet_no_objection(text: str) -> None:
    """A key that verifiers take, or that is revoked, is not objected to."""
    parsed = dkim.parse(text)
    assert dkim.objections(parsed) == ()
    assert dkim.parse(dkim.format(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "tag=value"),
        ("v=DKIM1", "p=, the public key"),
        ("k=rsa; v=DKIM1; p=", "first tag"),
        ("v=DKIM2; p=", "first tag"),
        ("v=DKIM1; p=AA; p=AA", "twice"),
        ("v=DKIM1;; p=", "tag=value"),
        ("v=DKIM1; p=####", "base64"),
        ("v=DKIM1; p=A", "base64"),
        ('"v=DKIM1; " "p=AAAA"', "without the quotes"),
        ("v=DKIM1; n=" + "x" * 100 + "\u00e9; p=", r"\.\.\."),
    ],
)
def test_what_verifiers_cannot_read_is_refused(text: str, why: str) -> None:
    """A broken record is refused, with the reason."""
    with pytest.raises(BadDkim, match=why):
        dkim.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (record(rsa(768)), "768 bits"),
        (record(rsa(2048)[:-7]), "was it cut"),
        (record(b"nonsense"), "cut short"),
        (record(der(0x04)), "no RSA public key"),
        (record(der(0x30, der(0x02, b"\x05"))), "no RSA public key"),
        (record(der(0x30) + b"\x30"), "no RSA public key"),
        (record(b"k" * 31, "v=DKIM1; k=ed25519; "), "32 octets, not 31"),
        (record(rsa(2048), "v=DKIM1; k=dsa; "), "rsa or ed25519"),
        (record(rsa(2048), "v=DKIM1; h=sha1; "), "sha256"),
        (record(rsa(2048), "v=DKIM1; s=tlsrpt; "), "not for mail"),
        (record(rsa(2048), ""), "v=DKIM1 is missing"),
    ],
)
def test_useless_keys_meet_an_objection(text: str, why: str) -> None:
    """A key that no verifier will use is not published without a word."""
    (told,) = dkim.objections(dkim.parse(text))
    assert why in told


def test_same_key_whatever_else_is_said() -> None:
    """Two records hold the same key if type and octets agree, folded or not."""
    one = dkim.parse(record(rsa(1024)))
    folded = dkim.parse("v=DKIM1; k=rsa; t=y; p=" + " ".join(base64.b64encode(rsa(1024)).decode()))
    assert dkim.same_key(one, folded)
    assert not dkim.same_key(one, dkim.parse(record(rsa(2048))))
    assert not dkim.same_key(one, dkim.parse(record(rsa(1024), "k=ed25519; ")))
    assert dkim.is_tombstone(dkim.parse("v=DKIM1; p="))
    assert not dkim.is_tombstone(one)
