"""What can go wrong with a transfer or an update, each in one line: what, which server, what to do.

No message ever holds a TSIG secret.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final, TypeVar

import dns.exception
import dns.name
import dns.rcode
import dns.tsig
import dns.xfr
import octodns_bind
from dns.rcode import Rcode

_Number = TypeVar("_Number", int, float)


class BadConfiguration(octodns_bind.Rfc2136ProviderException):
    """A provider's configuration that cannot work."""


class TransferFailed(octodns_bind.AxfrSourceZoneTransferFailed):
    """The zone could not be read (AXFR, RFC 5936)."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)


class UpdateFailed(octodns_bind.Rfc2136ProviderUpdateFailed):
    """The update was not made, or is not known to have been made: see ``nothing_written``."""

    nothing_written: bool

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)


class StaleWrite(UpdateFailed):
    """The zone is no longer as it was when the plan was made; nothing was written."""

    nothing_written = True


class UpdateRefused(UpdateFailed):
    """The server, or this provider before it, refused the update; nothing was written."""

    nothing_written = True


class OutcomeUnknown(UpdateFailed):
    """The update was sent and no answer to be trusted came back: it may have been written."""

    nothing_written = False


_KEY: Final = "check key_name, key_secret and key_algorithm"
_CLOCK: Final = "set this machine's clock and the server's"
_REACH: Final = "check host, port and what filters between"

_ERRORS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (dns.tsig.PeerBadKey, f"it does not know the TSIG key (BADKEY, RFC 8945 §5.2.1): {_KEY}"),
    (dns.tsig.PeerBadSignature, f"the TSIG signature is wrong (BADSIG, RFC 8945 §5.2.2): {_KEY}"),
    (dns.tsig.PeerBadTime, f"TSIG clock skew over 300 s (BADTIME, RFC 8945 §5.2.3): {_CLOCK}"),
    (dns.tsig.PeerError, f"it refused the TSIG signature ({{error}}, RFC 8945 §5.2): {_KEY}"),
    (dns.tsig.BadTime, f"its answer's TSIG time is over 300 s off (RFC 8945 §5.2.3): {_CLOCK}"),
    (dns.tsig.BadSignature, f"its answer's TSIG signature does not verify (RFC 8945 §5.3): {_KEY}"),
    (dns.exception.Timeout, f"no answer in time: {_REACH}, or raise timeout"),
    (ConnectionRefusedError, f"nothing listens there: {_REACH}"),
    (EOFError, "it closed the connection without an answer: see its log"),
    (OSError, f"{{error}}: {_REACH}"),
    (Exception, "an answer that cannot be used ({error}): see its log"),
)
"""What an exception means; the first match counts."""

_UPDATE_RCODES: Final[dict[Rcode, str]] = {
    Rcode.FORMERR: "it does not understand the update (FORMERR): see its log",
    Rcode.SERVFAIL: "it failed (SERVFAIL): see its log",
    Rcode.NOTIMP: "it takes no dynamic updates (NOTIMP): use another server or another provider",
    Rcode.REFUSED: "it refuses (REFUSED): allow this key to update the zone, and check that an MX"
    " inside the zone has an address and is no CNAME (BIND's check-integrity)",
    Rcode.NOTAUTH: "it is not authoritative for the zone, or wants a TSIG key (NOTAUTH): check"
    " host, zone name and key_name",
    Rcode.NOTZONE: "a name is outside of its zone (NOTZONE): check the zone's name",
}
"""What an answer to an update means (RFC 2136 §2.2)."""

_TRANSFER_RCODES: Final[dict[Rcode, str]] = {
    Rcode.SERVFAIL: "it failed (SERVFAIL): see whether it could load the zone",
    Rcode.REFUSED: "it refuses (REFUSED): allow zone transfers to this key, check key_name",
    Rcode.NOTAUTH: "it is not authoritative for the zone, or wants a TSIG key (NOTAUTH): check"
    " host, zone name and key_name",
}
"""What an answer to a transfer means (RFC 5936 §2.2.1)."""

_STALE_RCODES: Final = frozenset({Rcode.NXRRSET, Rcode.YXRRSET, Rcode.NXDOMAIN, Rcode.YXDOMAIN})
"""A prerequisite does not hold (RFC 2136 §3.2)."""


def transfer_failure(zone: str, server: str, error: Exception) -> TransferFailed:
    """Say why the zone could not be read."""
    if isinstance(error, dns.xfr.TransferError):
        what = _answer(_TRANSFER_RCODES, error.rcode)
    else:
        what = _explained(error)
    return TransferFailed(f"{zone}: no zone transfer from {server}: {what}")


def update_error(zone: str, server: str, error: Exception) -> UpdateFailed:
    """Say why there is no answer to an update, and whether it can have been written."""
    if isinstance(error, dns.exception.TooBig):
        return UpdateRefused(
            f"{zone}: the changes do not fit into one DNS message (65535 octets, RFC 1035 §4.2.2),"
            " and in several they would not be atomic: change fewer records at once;"
            " nothing was written"
        )
    if isinstance(error, (dns.tsig.PeerError, ConnectionRefusedError)):
        return refused(zone, server, _explained(error))
    return unknown(zone, server, _explained(error))


def update_answer(zone: str, server: str, rcode: Rcode) -> UpdateFailed:
    """Say what an answer other than NOERROR to an update means."""
    if rcode in _STALE_RCODES:
        return stale(zone, f"{server} answers {dns.rcode.to_text(rcode)}")
    what = _answer(_UPDATE_RCODES, rcode)
    if rcode == Rcode.SERVFAIL:
        # A server that fails rolls back (RFC 2136 §3.5), but one that forwards (§6) may not know.
        return unknown(zone, server, what)
    return refused(zone, server, what)


def stale(zone: str, evidence: str) -> StaleWrite:
    """Someone else changed the zone since it was read."""
    return StaleWrite(
        f"{zone}: someone else changed the zone since it was read ({evidence});"
        " nothing was written: plan again"
    )


def refused(zone: str, server: str, what: str) -> UpdateRefused:
    """Nothing was written, for this reason."""
    return UpdateRefused(f"{zone}: no update at {server}: {what}; nothing was written")


def unknown(zone: str, server: str, what: str) -> OutcomeUnknown:
    """The update was sent, and this is all that is known."""
    return OutcomeUnknown(
        f"{zone}: no good answer to the update from {server}: {what};"
        " it may have been written: read the zone before trying again"
    )


def _answer(meanings: dict[Rcode, str], rcode: Rcode) -> str:
    return meanings.get(rcode, f"it answers {dns.rcode.to_text(rcode)}: see its log")


def _explained(error: Exception) -> str:
    text = next(text for kind, text in _ERRORS if isinstance(error, kind))
    shown = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.format(error=_one_line(shown))


def _one_line(text: str) -> str:
    """Drop line breaks and control characters: the text may come from the network."""
    return re.sub(r"[^ -~]+", " ", text).strip().rstrip(".")[:200]


def number(
    kind: Callable[[Any], _Number], value: object, *, most: int, option: str, where: str
) -> _Number:
    """Read a positive number, at most ``most``; it may be written as text (``env/NAME``)."""
    try:
        read = kind(value)
    except (TypeError, ValueError):
        read = kind(0)
    if not 0 < read <= most:
        raise BadConfiguration(
            f"provider {where}: {option} is {value!r}: give a number over 0, at most {most}"
        )
    return read


def check_key(name: str | None, secret: str | None, algorithm: str | None, *, where: str) -> None:
    """Refuse a TSIG key that cannot sign (RFC 8945), without ever showing its secret."""
    given = {"key_name": name, "key_secret": secret}
    missing = [option for option, value in given.items() if value is None]
    if missing and (len(missing) == 1 or algorithm is not None):
        raise BadConfiguration(
            f"provider {where}: a TSIG key needs {' and '.join(missing)} as well"
        )
    if name is None or secret is None:
        return
    if _name(name) is None:
        raise BadConfiguration(f"provider {where}: key_name {name!r} is no domain name: mend it")
    if not _is_base64(secret):
        raise BadConfiguration(f"provider {where}: key_secret is not base64: copy it again")
    if algorithm is not None and _name(algorithm) not in _ALGORITHMS:
        known = ", ".join(sorted(each.to_text(omit_final_dot=True) for each in _ALGORITHMS))
        raise BadConfiguration(
            f"provider {where}: key_algorithm {algorithm!r} is unknown: use one of {known}"
        )


_ALGORITHMS: Final = frozenset(
    {
        dns.tsig.HMAC_MD5,
        dns.tsig.HMAC_SHA1,
        dns.tsig.HMAC_SHA224,
        dns.tsig.HMAC_SHA256,
        dns.tsig.HMAC_SHA384,
        dns.tsig.HMAC_SHA512,
    }
)
"""The algorithms that dnspython signs with and servers know (RFC 8945 §6)."""


def _name(text: str) -> dns.name.Name | None:
    try:
        return dns.name.from_text(text)
    except dns.exception.DNSException:
        return None


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode("".join(text.split()), validate=True))
    except ValueError:
        return False
