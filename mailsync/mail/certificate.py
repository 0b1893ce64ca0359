"""Certificates of mail and policy servers (RFC 5280), and the names they are for (RFC 9525)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_NAMES_MAX = 100
_SHOWN_MAX = 200


class BadCertificate(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The octets are no certificate that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says; ``der`` is the whole of it, ``spki`` its public key (both DER).

    ``names`` are the DNS names of the subject alternative name, lower case, without a final dot.
    ``not_before`` and ``not_after`` are aware times.
    """

    der: bytes
    spki: bytes
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    subject: str
    issuer: str

    @property
    def is_self_issued(self) -> bool:
        """Tell whether it names itself as its issuer (RFC 5280 §3.2)."""
        return self.subject == self.issuer


def read(der: bytes) -> Certificate:
    """Read a certificate from a stranger. Raises `BadCertificate`."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            der=der,
            spki=found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            names=_names(found),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            subject=found.subject.rfc4514_string()[:_SHOWN_MAX],
            issuer=found.issuer.rfc4514_string()[:_SHOWN_MAX],
        )
    except Exception as error:  # noqa: BLE001  # what a stranger's octets do to a parser is open
        raise BadCertificate(f"no certificate that can be read: {type(error).__name__}") from None


def _names(found: object) -> tuple[str, ...]:
    from cryptography import x509

    if not isinstance(found, x509.Certificate):  # pragma: no cover  # for the type checker
        return ()
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)
    return tuple(name.lower().removesuffix(".") for name in names[:_NAMES_MAX])


def is_for(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate names a host; ``*.`` is exactly one label (RFC 9525 §6.3)."""
    wanted = host.lower().removesuffix(".")
    above = wanted.partition(".")[2]
    return any(
        name == wanted or (name.startswith("*.") and bool(above) and name[2:] == above)
        for name in certificate.names
    )


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether a certificate carries the signature of another one's key."""
    from cryptography import x509

    try:
        x509.load_der_x509_certificate(certificate.der).verify_directly_issued_by(
            x509.load_der_x509_certificate(issuer.der)
        )
    except Exception:  # noqa: BLE001  # a stranger's key may be of any kind: it signed nothing here
        return False
    return True
