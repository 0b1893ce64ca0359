"""Gates and certificates as seen from elsewhere: a file that a machine whose port 25 is open makes
for one whose is not. Pure: writing gives text, reading takes text, a key and the time.

With a key the file carries an HMAC-SHA256 over all of it, and a reader who has the key believes no
other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from mailsync.dns.names import BadName, shown, whole
from mailsync.errors import MailsyncError
from mailsync.mail import dane
from mailsync.plan.document import dumped
from mailsync.plan.model import Gate, GateState
from mailsync.plan.strict_json import At, NotAsExpected, parsed
from mailsync.plan.times import CLOCK_TOLERANCE, time_json

FORMAT = "mailsync-observations/1"
"""The version of the format; a reader knows exactly one."""

KEY_VARIABLE = "MAILSYNC_OBSERVATIONS_KEY"
"""The environment's variable with the key: any text of 16 octets or more."""

KEY_OCTETS_MIN = 16
SIZE_LIMIT = 64 * 2**20
"""The longest file that is read, in characters."""

AGE_MAX = timedelta(hours=1)
"""How old observations may be, unless the reader says otherwise."""

_PREFIX = "hmac-sha256:"
_AGAIN = "make it again with `mailsync check --gates --out`"


@dataclass(frozen=True, slots=True, order=True)
class Sight:
    """What was seen of one address of one mail host, for one domain, at ``at`` (aware).

    ``gate`` is the gate's name: ``smtp-accepts``, ``smtp-tls``, ``smtp-certificate``. ``host`` is
    an absolute name.
    """

    domain: str
    gate: str
    host: str
    address: str
    state: GateState
    detail: str
    at: datetime

    def as_gate(self) -> Gate:
        """Give it as plans have it."""
        return Gate(self.gate, self.state, f"{shown(self.host)} ({self.address}): {self.detail}")


@dataclass(frozen=True, slots=True, order=True)
class Certificate:
    """What one address of a mail host presented at ``at`` (aware), for ``tlsa: auto``.

    ``tlsa``: as the TLSA value that matches it; empty where none was seen, as ``detail`` says.
    """

    host: str
    address: str
    tlsa: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Observations:
    """A file's content. ``signed``: its signature was checked, and is the key's."""

    created: datetime
    sights: tuple[Sight, ...]
    signed: bool = False
    certificates: tuple[Certificate, ...] = ()

    def fresh(self, now: datetime) -> Observations:
        """Give what may still be believed at ``now`` (aware): a run may wait for long."""
        begin = now - AGE_MAX
        return replace(
            self,
            sights=tuple(one for one in self.sights if one.at >= begin),
            certificates=tuple(one for one in self.certificates if one.at >= begin),
        )

    def of(self, domain: str) -> tuple[Sight, ...]:
        """Give what was seen for a domain (an absolute name)."""
        return tuple(sight for sight in self.sights if sight.domain == domain)


def to_json(
    created: datetime,
    sights: Iterable[Sight],
    key: bytes | None = None,
    certificates: Iterable[Certificate] = (),
) -> str:
    """Write observations; with a key, signed. Raises `MailsyncError` where it is too short."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "created": time_json(created),
        "sights": [_sight_json(sight) for sight in sorted(sights)],
        "certificates": [_certificate_json(one) for one in sorted(certificates)],
    }
    if key is not None:
        document["signature"] = _signature(document, _checked(key))
    return dumped(document)


def _sight_json(sight: Sight) -> dict[str, Any]:
    return {
        "domain": shown(sight.domain),
        "gate": sight.gate,
        "host": sight.host,
        "address": sight.address,
        "state": sight.state,
        "detail": sight.detail,
        "at": time_json(sight.at),
    }


def _certificate_json(one: Certificate) -> dict[str, Any]:
    return {
        "host": shown(one.host),
        "address": one.address,
        "tlsa": one.tlsa,
        "detail": one.detail,
        "at": time_json(one.at),
    }


def from_json(
    text: str, now: datetime, *, key: bytes | None = None, age_max: timedelta = AGE_MAX
) -> Observations:
    """Read a file that anybody may have written; ``now`` is aware.

    With a key it has to be signed with it. What is older than ``age_max``, or from the future, is
    refused. Raises `MailsyncError`.
    """
    try:
        found = _read(text, key)
    except NotAsExpected as error:
        raise MailsyncError(f"no observations of this version: {error}; {_AGAIN}") from None
    seen = (*(one.at for one in found.sights), *(one.at for one in found.certificates))
    for time in (found.created, *seen):
        if time > now + CLOCK_TOLERANCE:
            raise MailsyncError(
                f"observations from the future ({time_json(time)}): one of the two clocks is wrong"
            )
        if now - time > age_max:
            raise MailsyncError(f"observations of {time_json(time)} are too old: {_AGAIN}")
    return found


def _read(text: str, key: bytes | None) -> Observations:
    if len(text) > SIZE_LIMIT:
        raise NotAsExpected(f"longer than {SIZE_LIMIT} characters")
    document = parsed(text)
    if document.get("format") != FORMAT:
        raise NotAsExpected(f"the format is not {FORMAT}")
    signature = document.pop("signature", None)
    if key is not None:
        expected = _signature(document, _checked(key))
        given = signature if isinstance(signature, str) else ""
        if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            raise NotAsExpected("it is not signed with the key, or was changed since")
    members = At(document, "$").members("format", "created", "sights", "certificates")
    _, created, sights, certificates = members
    return Observations(
        created.time(),
        tuple(_sight(item) for item in sights.items()),
        signed=key is not None,
        certificates=tuple(_certificate(item) for item in certificates.items()),
    )


def _sight(item: At) -> Sight:
    members = item.members("domain", "gate", "host", "address", "state", "detail", "at")
    domain, gate, host, address, state, detail, at = members
    return Sight(
        _name(domain),
        gate.text(),
        _name(host),
        address.text(),
        cast("GateState", state.one_of(GateState)),
        detail.text(),
        at.time(),
    )


def _certificate(item: At) -> Certificate:
    host, address, tlsa, detail, at = item.members("host", "address", "tlsa", "detail", "at")
    value = tlsa.text()
    try:
        canonical = dane.format(dane.parse(value)) if value else ""
    except dane.BadTlsa as error:
        tlsa.refuse(f"is no TLSA record: {error}")
    return Certificate(_name(host), address.text(), canonical, detail.text(), at.time())


def _name(at: At) -> str:
    try:
        return whole(at.text())
    except BadName as error:
        at.refuse(f"is no name: {error}")


def _checked(key: bytes) -> bytes:
    if len(key) < KEY_OCTETS_MIN:
        raise MailsyncError(
            f"the key in {KEY_VARIABLE} is too short: take {KEY_OCTETS_MIN} octets or more"
        )
    return key


def _signature(document: dict[str, Any], key: bytes) -> str:
    """Sign everything but the signature, however the file is laid out."""
    text = json.dumps(document, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return _PREFIX + hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()
