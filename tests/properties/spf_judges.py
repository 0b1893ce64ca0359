"""Other judges of SPF, asked about the same record in the same DNS: pyspf and checkdmarc."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NamedTuple
from unittest import mock

import dns.rdata
import dns.resolver

from mailsync.mail.spf import LOOKUPS_MAX
from mailsync.mail.spf_evaluation import Evaluation, Sender, check_host
from mailsync.mail.spf_lookups import VOIDS_MAX
from mailsync.mail.spf_survey import survey
from tests.unit.mail.dns_data import Data

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # they have regular expressions in strings that are not raw
    import checkdmarc.spf
    import checkdmarc.utils
    import spf as pyspf

DOMAIN = "email.example.com"
_SENDER, _HELO = f"strong-bad@{DOMAIN}", "mx.example.org"


def ours(data: Data, ip: str) -> Evaluation:
    """Ask our own evaluator for a sender of the domain."""
    return check_host(DOMAIN, Sender(ip_address(ip), _SENDER, _HELO), data)


def by_pyspf(data: Data, ip: str) -> str:
    """Ask pyspf, which looks up what it wants to know where its `DNSLookup` says."""

    def look_up(name: str, rdtype: str, *_args: Any, **_more: Any) -> list[Any]:
        answer = data.ask(f"{name.lower().removesuffix('.')}.", rdtype)
        if answer.state == "failed":
            raise pyspf.TempError("SERVFAIL")
        return [((name, rdtype), _pyspf_value(rdtype, value)) for value in answer.values]

    with mock.patch.object(pyspf, "DNSLookup", look_up):
        result: str = pyspf.query(i=ip, s=_SENDER, h=_HELO, strict=True).check()[0]
    return result


def _pyspf_value(rdtype: str, value: str) -> Any:
    rdata: Any = dns.rdata.from_text("IN", rdtype, value)
    if rdtype == "TXT":
        return rdata.strings
    if rdtype == "MX":
        return (rdata.preference, rdata.exchange.to_text(omit_final_dot=True))
    return value.removesuffix(".")


class Examined(NamedTuple):
    """What a checker says of a record, whoever sends."""

    valid: bool
    lookups: int | None = None
    voids: int | None = None


def by_checkdmarc(data: Data) -> Examined:
    """Ask checkdmarc, which takes a resolver."""
    checkdmarc.utils.DNS_CACHE.clear()
    found = checkdmarc.spf.check_spf(DOMAIN, resolver=_Resolver(data))
    if not found["valid"]:
        return Examined(valid=False)
    return Examined(True, found["dns_lookups"], found["void_dns_lookups"])


def our_survey(data: Data) -> Examined:
    """Survey the record, and say the same of it."""
    found = survey(DOMAIN, data)
    fits = found.lookups <= LOOKUPS_MAX and len(found.voids) <= VOIDS_MAX
    if found.problems or not fits or ours(data, "192.0.2.3").result == "none":
        return Examined(valid=False)
    return Examined(True, found.lookups, len(found.voids))


@dataclass
class _Resolver:
    """Answers as dnspython's resolver would."""

    data: Data
    lifetime: float = 1.0

    def resolve(self, name: str, rdtype: str, **_more: Any) -> list[Any]:
        bare = name.lower().removesuffix(".")
        answer = self.data.ask(f"{bare}.", rdtype)
        if answer.state == "failed":
            raise dns.resolver.NoNameservers
        if not answer.values:
            raise dns.resolver.NoAnswer if bare in self.data.records else dns.resolver.NXDOMAIN
        return [dns.rdata.from_text("IN", rdtype, value) for value in answer.values]
