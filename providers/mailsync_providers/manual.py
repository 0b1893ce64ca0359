"""DNS hosts without an API: read from their name servers, and changed by a person.

Each file of `manual_hosts` describes a control panel in its own words; what is not known of it is
left out there, never guessed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import yaml
from octodns.provider import ProviderException
from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.record.rr import Rrset

from ._rfc2136_update import octodns_text

if TYPE_CHECKING:
    from dns.rrset import RRset
    from octodns.provider.plan import Plan
    from octodns.zone import Zone

__all__ = ["HOSTS", "BadConfiguration", "ByHand", "ManualProvider", "described"]

HOSTS: Final = (
    "generic",
    "interlink",
    "kagoya",
    "lolipop",
    "muumuu",
    "onamae",
    "sakura",
    "synology-ddns",
)
"""The control panels that are described."""

LANGUAGES: Final = ("both", "en", "ja")

_SETTINGS: Final = frozenset({"types", "ttl", "txt_max", "null_mx", "ptr", "nameservers"})
_USUAL: Final = (
    ("", "A AAAA MX TXT"),
    ("_dmarc", "TXT CNAME"),
    ("_mta-sts", "TXT CNAME"),
    ("_smtp._tls", "TXT CNAME"),
    ("autodiscover", "CNAME A AAAA"),
    ("mail", "A AAAA CNAME"),
    ("www", "A AAAA CNAME"),
)
"""What is asked for where nobody says which names matter: there is no listing."""

_SERVER: Final = re.compile(r"(?P<host>[^\s:]+|\[[^\]]+\])(?::(?P<port>\d{1,5}))?\Z")


class BadConfiguration(ProviderException):
    """The provider's settings are wrong; the message says which and what to write."""


class ByHand(ProviderException):
    """A write was asked for, and nothing but a person can write here."""


def described(host: str) -> dict[str, Any]:
    """Give what is known of a control panel. Raises `BadConfiguration` for an unknown one."""
    if host not in HOSTS:
        raise BadConfiguration(f"host: {host!r} is none of {', '.join(HOSTS)}")
    text = resources.files(__package__).joinpath("manual_hosts", f"{host}.yaml").read_text("utf-8")
    found = yaml.safe_load(text)
    assert isinstance(found, dict)  # noqa: S101  # a file of this package
    return found


class ManualProvider(BaseProvider):
    """A zone that a person edits in the control panel of its DNS host.

    ::

        onamae:
          class: mailsync_providers.manual.ManualProvider
          host: onamae               # or generic, interlink, kagoya, lolipop, muumuu, sakura,
                                     # synology-ddns
          language: both             # of the steps that mailsync prints: ja, en, both
          nameservers: []            # whom plain octoDNS asks, as HOST or HOST:PORT; none: the
                                     # zone's own, by the system's resolver
          names: []                  # which further names plain octoDNS asks for

    With ``host: generic`` also ``types``, ``ttl`` (``settable`` or ``fixed``), ``txt_max``,
    ``null_mx`` and ``ptr`` say what the panel can do.

    Nothing lists such a zone: it is read by asking its name servers, RRset by RRset, for the names
    of the usual mail records, those under ``names`` and those that a plan wishes for. A server that
    does not answer, or two that do not agree, are an error. ``apply`` always raises `ByHand`:
    mailsync prints the steps instead.
    """

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset(
        {"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "SSHFP", "TLSA", "TXT"}
    )

    def __init__(
        self,
        id: str,  # noqa: A002  # octoDNS' word
        host: str,
        *,
        language: str = "both",
        nameservers: Sequence[str] = (),
        names: Sequence[str] = (),
        timeout: float = 3.0,
        **settings: Any,
    ) -> None:
        """Check the settings. Raises `BadConfiguration`."""
        self.log = logging.getLogger(f"ManualProvider[{id}]")
        self.description = described(host)
        if language not in LANGUAGES:
            raise BadConfiguration(f"language: {language!r} is none of {', '.join(LANGUAGES)}")
        unknown = sorted(set(settings) - _SETTINGS)
        own = sorted(set(settings) & _SETTINGS) if host != "generic" else []
        if unknown or own:
            key = (unknown or own)[0]
            why = "no such setting" if unknown else "goes with host: generic"
            raise BadConfiguration(f"{key}: {why}")
        self.language = language
        self.host = host
        self._servers = [_server(text) for text in nameservers]
        self._names = tuple(names)
        self._timeout = timeout
        self._wished: dict[str, set[tuple[str, str]]] = {}
        self.description.update(settings)
        if host == "generic":
            self.description["nameservers"] = [re.escape(_dotted(h)) for h, _ in self._servers]
        super().__init__(id)

    def plan(self, desired: Zone, processors: Sequence[Any] = ()) -> Plan | None:
        """Plan as octoDNS does; what is wished for is what the servers are asked for."""
        self._wished[desired.name] = {
            (record.fqdn, record._type)  # noqa: SLF001  # octoDNS has no other name for it
            for record in desired.records
        }
        return super().plan(desired, processors=processors)

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: FBT001, FBT002, ARG002  # octoDNS' signature
        """Ask every name server; True, as a zone that nobody serves is an error."""
        servers = self._servers or _delegated(zone.name)
        for name, rdtype in sorted(self._keys(zone.name)):
            answers = [_asked(server, name, rdtype, self._timeout) for server in servers]
            if len({_said(answer) for answer in answers}) > 1:
                raise ProviderException(f"{name} {rdtype}: the name servers do not agree yet")
            if answers[0] is not None:
                self._add(zone, answers[0])
        return True

    def _add(self, zone: Zone, rrset: RRset) -> None:
        """Add what octoDNS can represent of an RRset."""
        texts = [rdata.to_text() for rdata in rrset if octodns_text(zone, rrset.name, rdata)]
        if texts:
            rdtype = dns.rdatatype.to_text(rrset.rdtype)
            made = Rrset(rrset.name.to_text(), rdtype, rrset.ttl, texts)
            zone.add_record(Record.from_rrset(zone, made, lenient=True, source=self), lenient=True)

    def _apply(self, plan: Plan) -> None:
        raise ByHand(
            f"{self.id} has no API: {len(plan.changes)} changes are a person's to make; "
            "`mailsync apply` prints the steps"
        )

    def _keys(self, zone: str) -> set[tuple[str, str]]:
        usual = [(_under(label, zone), types.split()) for label, types in _USUAL]
        named = [
            (_under(label, zone), ["A", "AAAA", "CNAME", "MX", "TXT"]) for label in self._names
        ]
        asked = {(name, rdtype) for name, types in (*usual, *named) for rdtype in types}
        return asked | self._wished.get(zone, set())


def _server(text: str) -> tuple[str, int]:
    match = _SERVER.match(str(text))
    if match is None or not 0 < int(match["port"] or 53) <= 65535:
        raise BadConfiguration(f"nameservers: {text!r} is neither HOST nor HOST:PORT")
    return match["host"].strip("[]"), int(match["port"] or 53)


def _dotted(name: str) -> str:
    return name.rstrip(".").lower() + "."


def _under(label: str, zone: str) -> str:
    return zone if label in {"", "@"} else f"{label}.{zone}"


def _delegated(zone: str) -> list[tuple[str, int]]:  # pragma: no cover  # needs the Internet
    try:
        names = sorted(rdata.target.to_text() for rdata in dns.resolver.resolve(zone, "NS"))
    except (dns.exception.DNSException, OSError) as error:
        raise ProviderException(f"{zone}: no name servers found ({type(error).__name__})") from None
    return [(name, 53) for name in names]


def _asked(server: tuple[str, int], name: str, rdtype: str, timeout: float) -> RRset | None:
    host, port = server
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
    query.flags &= ~dns.flags.RD
    try:
        address = host if _is_address(host) else _first_address(host)
        reply, _ = dns.query.udp_with_fallback(query, address, timeout, port)
    except (dns.exception.DNSException, OSError) as error:
        raise ProviderException(
            f"{name} {rdtype}: {host}:{port} gave no answer ({type(error).__name__})"
        ) from None
    if not reply.flags & dns.flags.AA:
        raise ProviderException(f"{name} {rdtype}: {host}:{port} answered without authority")
    return reply.get_rrset(
        reply.answer, dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(rdtype)
    )


def _is_address(host: str) -> bool:
    try:
        dns.inet.af_for_address(host)
    except ValueError:
        return False
    return True


def _first_address(host: str) -> str:  # pragma: no cover  # needs the Internet
    return str(dns.resolver.resolve(host, "A")[0])


def _said(rrset: RRset | None) -> tuple[int, tuple[str, ...]] | None:
    return None if rrset is None else (rrset.ttl, tuple(sorted(map(str, rrset))))
