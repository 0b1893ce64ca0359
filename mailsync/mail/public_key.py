"""Public keys out of PEM files (RFC 7468): certificates, public keys, private keys.

Of a private key only the public half is given: nothing else of it is kept, shown or written.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Literal

from mailsync.mail import dane, dkim

_BEGIN = re.compile(rb"^-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t\r]*$", re.MULTILINE)
_CERTIFICATE = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"})
_PUBLIC = frozenset({b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_PRIVATE = frozenset({b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY"})

Algorithm = Literal["rsa", "ed25519", "other"]


class BadPem(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The file holds no key that can be read; the message says why, and nothing of the file."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its SubjectPublicKeyInfo (DER, RFC 5280 §4.1), and the bare key of Ed25519.

    ``secret``: the file holds a private key.
    """

    algorithm: Algorithm
    spki: bytes
    raw: bytes = b""
    secret: bool = False


def read(octets: bytes) -> PublicKey:
    """Read the first certificate of a PEM file, else its public key, else its private key's.

    Raises `BadPem`.
    """
    labels = _BEGIN.findall(octets)
    secret = any(label in _PRIVATE or label == b"ENCRYPTED PRIVATE KEY" for label in labels)
    for kind, load in ((_CERTIFICATE, _certified), (_PUBLIC, _public), (_PRIVATE, _private)):
        label = next((label for label in labels if label in kind), None)
        if label is not None:
            return _described(_loaded(load, _block(octets, label)), secret=secret)
    if b"ENCRYPTED PRIVATE KEY" in labels:
        raise BadPem("the private key is encrypted: name a file with its public key instead")
    if labels:
        raise BadPem(f"no certificate and no key, but {labels[0].decode().lower()}")
    raise BadPem("no PEM file: it begins '-----BEGIN PUBLIC KEY-----', or CERTIFICATE")


def dkim_record(key: PublicKey) -> str:
    """Write the DKIM record of a key (RFC 6376 §3.6.1, RFC 8463 §4). Raises `BadPem`."""
    if key.algorithm == "other":
        raise BadPem("DKIM keys are RSA or Ed25519 (RFC 8463): make one of these")
    octets = key.spki if key.algorithm == "rsa" else key.raw
    tags = (("v", "DKIM1"), ("k", key.algorithm), ("p", base64.b64encode(octets).decode()))
    return dkim.format(dkim.Record(tags))


def tlsa_value(key: PublicKey) -> str:
    """Write the TLSA value ``3 1 1`` of a key: its SHA-256 (RFC 7672 §3.1.1)."""
    return dane.of_key(key.spki)


def _block(octets: bytes, label: bytes) -> bytes:
    """Give one block alone: what stands around it is nobody's business."""
    start = octets.index(b"-----BEGIN " + label + b"-----")
    end = octets.find(b"-----END " + label + b"-----", start)
    if end < 0:
        raise BadPem(f"cut short: the end of the {label.decode().lower()} is missing")
    return octets[start : end + len(b"-----END " + label + b"-----")] + b"\n"


def _loaded(load: Any, block: bytes) -> Any:
    try:
        return load(block)
    except Exception as error:  # noqa: BLE001  # what is wrong in a file may show in many ways
        # Its message may quote the file.
        raise BadPem(f"no key that can be read ({type(error).__name__})") from None


def _certified(block: bytes) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(block).public_key()


def _public(block: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(block)


def _private(block: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(block, password=None).public_key()


def _described(key: Any, *, secret: bool) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, Ed25519PublicKey):
        return PublicKey("ed25519", spki, key.public_bytes_raw(), secret)
    return PublicKey("rsa" if isinstance(key, RSAPublicKey) else "other", spki, b"", secret)
