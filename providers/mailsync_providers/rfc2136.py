"""DNS dynamic updates (RFC 2136) with compare-and-set, on octodns-bind's provider.

octodns-bind replaces whole RRsets unconditionally: what someone else wrote between plan and apply
is lost. Here every message carries the RRsets as they were read as its prerequisites (RFC 2136
§2.4), so that the server itself refuses a stale write; and values that stay keep their octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dns.exception
import dns.query
import dns.rcode
import dns.rdatatype
import dns.xfr
import dns.zone
import octodns_bind
from octodns.idna import IdnaError
from octodns.record import Record
from octodns.record.rr import RdataParseError, Rrset

from . import _rfc2136_failures as failures
from ._rfc2136_failures import (
    BadConfiguration,
    OutcomeUnknown,
    StaleWrite,
    TransferFailed,
    UpdateFailed,
    UpdateRefused,
)
from ._rfc2136_update import (
    NotAsRead,
    Unwritable,
    check_cnames,
    edit,
    octodns_text,
    update_message,
)

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdataset import Rdataset
    from dns.update import UpdateMessage
    from octodns.provider.plan import Plan
    from octodns.zone import Zone

__all__ = [
    "BadConfiguration",
    "OutcomeUnknown",
    "Rfc2136Provider",
    "StaleWrite",
    "TransferFailed",
    "UpdateFailed",
    "UpdateRefused",
]

_TEXT = frozenset({"TXT", "SPF"})
"""Types of which octoDNS mangles some values without an error: looked at one by one."""


class Rfc2136Provider(octodns_bind.Rfc2136Provider):
    """A zone on BIND, Knot, PowerDNS …, read by AXFR and changed by dynamic updates.

    ::

        primary:
          class: mailsync_providers.rfc2136.Rfc2136Provider
          host: 192.0.2.53           # a name or an address
          port: 53
          ipv6: false                # which of a name's addresses to take
          timeout: 15                # seconds for a transfer, and for an update
          key_name: mailsync         # TSIG (RFC 8945); without a key nothing is signed
          key_secret: env/TSIG_SECRET
          key_algorithm: hmac-sha256

    A plan is one message, all or nothing (RFC 2136 §3.4): nobody ever sees an RRset half changed,
    and a plan that does not fit is refused. The message asks that every RRset that it changes
    still holds exactly the values transferred, or is still absent; otherwise `StaleWrite`.
    Prerequisites do not cover TTLs (§2.4.2): if someone changed nothing but a TTL in between,
    nobody notices.

    A zone is written once per reading: after an `apply`, whatever came of it, the next one needs
    a new `plan`. No write is ever repeated. SOA and the types outside of ``SUPPORTS`` are never
    part of a message; values that octoDNS cannot represent are logged when read, and stay.

    ``update_batch_size`` of octodns-bind is accepted and means nothing here. Raises
    `BadConfiguration`, and `TransferFailed` for a host that does not resolve.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' word
        host: str,
        port: int | str = 53,
        *,
        timeout: float | str = 15,
        key_name: str | None = None,
        key_secret: str | None = None,
        key_algorithm: str | None = None,
        **options: Any,
    ) -> None:
        """Check the configuration and resolve the host."""
        failures.check_key(key_name, key_secret, key_algorithm, where=id)
        port_number = failures.number(int, port, most=65535, option="port", where=id)
        self._server = f"{host} port {port_number}"
        self._transferred: dict[str, dns.zone.Zone] = {}
        super().__init__(
            id,
            host,
            port=port_number,
            timeout=failures.number(float, timeout, most=3600, option="timeout", where=id),
            key_name=key_name,
            key_secret=key_secret,
            key_algorithm=key_algorithm,
            **options,
        )

    def _host(self, host: str, ipv6: bool) -> str:  # noqa: FBT001  # octodns-bind's signature
        try:
            address: str = super()._host(host, ipv6)
        except (octodns_bind.AxfrSourceZoneTransferFailed, UnicodeError) as error:
            family = "IPv6" if ipv6 else "IPv4"
            raise TransferFailed(
                f"provider host {host!r} has no {family} address ({error}): check host and ipv6"
            ) from None
        return address

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002  # octoDNS' signature
        """Read the zone by AXFR; True, because a zone that cannot be read is `TransferFailed`."""
        self.log.debug("populate: name=%s, target=%s, lenient=%s", zone.name, target, lenient)
        self._transferred.pop(zone.name, None)
        transferred = self._transfer(zone.name)
        before = len(zone.records)
        for name, rdataset in transferred.iterate_rdatasets():
            if dns.rdatatype.to_text(rdataset.rdtype) in self.SUPPORTS:
                self._add(zone, name, rdataset, lenient=lenient)
        self._transferred[zone.name] = transferred
        self.log.info("populate:   found %s records", len(zone.records) - before)
        return True

    def _transfer(self, zone: str) -> dns.zone.Zone:
        transferred = dns.zone.Zone(zone, relativize=False)
        query, _ = dns.xfr.make_query(transferred, serial=None, **self._auth_params())
        try:
            dns.query.inbound_xfr(
                self.host,
                transferred,
                query,
                port=self.port,
                timeout=self.timeout,
                lifetime=self.timeout,
            )
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise failures.transfer_failure(zone, self._server, error) from None
        return transferred

    def _add(self, zone: Zone, name: Name, rdataset: Rdataset, *, lenient: bool) -> None:
        """Add what octoDNS can represent of one RRset to its zone."""
        rdtype = dns.rdatatype.to_text(rdataset.rdtype)

        def add(values: list[Rdata]) -> None:
            if values:
                rrset = Rrset(name.to_text(), rdtype, rdataset.ttl, [v.to_text() for v in values])
                record = Record.from_rrset(zone, rrset, lenient=lenient, source=self)
                zone.add_record(record, lenient=lenient)

        try:
            if rdtype in _TEXT:
                add(self._representable(zone, name, rdataset))
                return
            try:
                add(list(rdataset))
            except RdataParseError:
                add(self._representable(zone, name, rdataset))
        except IdnaError as error:
            self.log.warning(
                "populate: %s %s: beyond octoDNS (%s), and stays as it is", name, rdtype, error
            )

    def _representable(self, zone: Zone, name: Name, rdataset: Rdataset) -> list[Rdata]:
        values = [rdata for rdata in rdataset if octodns_text(zone, name, rdata) is not None]
        if len(values) < len(rdataset):
            self.log.warning(
                "populate: %s %s: %d of %d values are beyond octoDNS, and stay as they are",
                name,
                dns.rdatatype.to_text(rdataset.rdtype),
                len(rdataset) - len(values),
                len(rdataset),
            )
        return values

    def _apply(self, plan: Plan) -> bool:
        """Send the plan as one message; raises `StaleWrite`, `UpdateRefused`, `OutcomeUnknown`."""
        zone: str = plan.desired.name
        transferred = self._transferred.pop(zone, None)
        if transferred is None:
            raise failures.refused(zone, self._server, "the zone was not read before: plan again")
        try:
            edits = [edit(change, transferred) for change in plan.changes]
            check_cnames(edits, transferred)
        except NotAsRead as error:
            raise failures.stale(zone, str(error)) from None
        except Unwritable as error:
            raise failures.refused(zone, self._server, str(error)) from None
        if edits:
            self._send(zone, update_message(edits, transferred, **self._auth_params()))
        self.log.debug("_apply: zone=%s, changes=%d", zone, len(edits))
        return True

    def _send(self, zone: str, message: UpdateMessage) -> None:
        try:
            answer = dns.query.tcp(message, self.host, port=self.port, timeout=self.timeout)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise failures.update_error(zone, self._server, error) from None
        if message.had_tsig and not answer.had_tsig:
            # dnspython refuses such an answer itself since 2.9.
            raise failures.unknown(zone, self._server, "its answer is not signed (RFC 8945 §5.3)")
        if answer.rcode() != dns.rcode.NOERROR:
            raise failures.update_answer(zone, self._server, answer.rcode())
