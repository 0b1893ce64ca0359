"""What leads mail and clients to their servers: MX, hosts' addresses, SRV, autodiscover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsync.desired.tree import Node
from mailsync.dns.rrset import RRset
from mailsync.importing.model import Entry, Found, Left, entry
from mailsync.importing.names import owner, relative
from mailsync.importing.nodes import mapping, word, words
from mailsync.mail import dane
from mailsync.mail import mx as mx_record
from mailsync.mail import srv as srv_record


def mx(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The MX RRset, as a whole."""
    rrset = found.get(domain, "MX")
    if rrset is None:
        return
    records = sorted(map(mx_record.parse, rrset.values))
    items = [f"{one.preference} {relative(one.exchange, domain)}" for one in records]
    yield entry(domain, ("mx", None), [words(items)], rrset)


def hosts(found: Found, domains: tuple[str, ...]) -> Iterator[Entry | Left]:
    """Addresses of the hosts that MX and clients' SRV records name, inside the zone.

    The zone's own address, which is mostly the web server's, is left to whoever keeps it.
    """
    zone = found.zone
    for name in sorted(_named(found, domains)):
        families = [r for t in ("A", "AAAA") if (r := found.get(name, t)) is not None]
        if not families or not found.holds(name):
            continue
        if name == zone and found.everything:
            continue
        if name == zone:
            reason = (
                "takes mail, as MX names the domain itself; it may be the web server's, too, so "
                "it is left to whoever keeps it"
            )
            yield from (Left(zone, "hosts", one.key, one.values, reason) for one in families)
            continue
        yield from _host(found, families, ("hosts", owner(name, zone)), zone)


def _host(
    found: Found, families: Sequence[RRset], place: tuple[str, str | None], domain: str
) -> Iterator[Entry]:
    """Give the addresses of a host; one has one TTL, so another family's may stand on its own."""
    alike = [one for one in families if one.ttl == families[0].ttl]
    addresses = words(value for one in alike for value in one.values)
    yield entry(domain, place, [addresses], *alike)
    for one in families[len(alike) :]:
        record = mapping({"type": word(one.type), "values": words(one.values)})
        yield entry(found.zone, ("records", owner(one.name, found.zone)), [record], one)


def _named(found: Found, domains: tuple[str, ...]) -> set[str]:
    names = {f"autodiscover.{domain}" for domain in domains}
    for domain in domains:
        rrset = found.get(domain, "MX")
        names |= {mx_record.parse(v).exchange for v in rrset.values} if rrset else set()
        for service in srv_record.SERVICES:
            rrset = found.get(_service(service, domain), "SRV")
            names |= {srv_record.parse(v).target for v in rrset.values} if rrset else set()
    return names


def srv(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The SRV records of the services that mail clients look for."""
    for service in srv_record.SERVICES:
        rrset = found.get(_service(service, domain), "SRV")
        if rrset is None:
            continue
        records = sorted(map(srv_record.parse, rrset.values))
        items = [
            f"{one.priority} {one.weight} {one.port} {relative(one.target, domain)}"
            for one in records
        ]
        yield entry(domain, ("srv", service), [_one_or_list(items)], rrset)


def autodiscover(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The CNAME at autodiscover."""
    rrset = found.get(f"autodiscover.{domain}", "CNAME")
    if rrset is not None:
        target = word(relative(rrset.values[0], domain))
        yield entry(domain, ("autodiscover", None), [target], rrset)


def autoconfig(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The alias at autoconfig, or its addresses."""
    name = f"autoconfig.{domain}"
    alias = found.get(name, "CNAME")
    if alias is not None:
        yield entry(domain, ("autoconfig", None), [word(relative(alias.values[0], domain))], alias)
    families = [r for t in ("A", "AAAA") if (r := found.get(name, t)) is not None]
    if families and found.holds(name):
        yield from _host(found, families, ("autoconfig", None), domain)


def tlsa(found: Found) -> Iterator[Entry | Left]:
    """The TLSA records of mail hosts in the zone (RFC 7672)."""
    for (name, rdtype), rrset in found.rrsets.items():
        if rdtype == "TLSA" and name.startswith("_25._tcp.") and found.holds(name):
            host = owner(dane.host_of(name), found.zone)
            yield entry(found.zone, ("tlsa", host), [_one_or_list(rrset.values)], rrset)


def _service(service: str, domain: str) -> str:
    return f"_{service}._tcp.{domain}"


def _one_or_list(items: Sequence[str]) -> Node:
    return word(items[0]) if len(items) == 1 else words(items)
