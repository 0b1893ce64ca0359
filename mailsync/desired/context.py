"""What a key knows while it reads: the domain, the default TTL, and where to tell faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from mailsync.desired import reading
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Kind, Place, Remark, Wish
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import BadName, absolute, is_at_or_below, is_host, shown

_NAME_MAX = 255  # octets of a name (RFC 1035 §2.3.4); a longer text is none


@dataclass(frozen=True, slots=True)
class Context:
    """``domain`` and ``zone`` are absolute names; ``ttl`` is the file's default, in seconds.

    ``timezone`` is the cutover's, in which dates without an offset are read. ``remarks`` collects
    what is no error and still worth a word.
    """

    domain: str
    zone: str
    ttl: int
    faults: Faults
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    remarks: list[Remark] = field(default_factory=list)

    def wish(
        self,
        kind: Kind,
        key: tuple[str, str],
        values: tuple[str, ...],
        place: Place,
        ttl: int | None = None,
        named: tuple[str, ...] = (),
    ) -> Wish:
        """Make a wish for an RRset; ``ttl`` where the record carries its own."""
        name, rdtype = key
        used = self.ttl if ttl is None else ttl
        values = tuple(sorted(set(values)))
        return Wish(kind, name, rdtype, values, used, place, ttl is not None, named)

    def own_ttl(self, fields: Mapping) -> int | None:
        """Read the TTL that stands at a record, None where it has none."""
        return reading.duration(fields.get("ttl"), self.faults, "a TTL")

    def name(self, node: Node, what: str, text: str | None = None) -> str | None:
        """Read a name, relative to the domain unless it ends in a dot."""
        found = reading.text(node, self.faults, what) if text is None else text
        if found is None:
            return None
        if len(found) > _NAME_MAX:
            self.faults.add(node.place, f"{quoted(found)} is longer than a domain name can be")
            return None
        if is_at_or_below(found.lower() + ".", self.domain):
            whole = f"{found}.{shown(self.domain)}"
            message = f"{found!r} without a final dot means {whole!r}: write '{found}.'"
            self.faults.add(node.place, message)
            return None
        try:
            return absolute(found, self.domain)
        except BadName as error:
            self.faults.add(node.place, str(error))
            return None

    def owner(self, node: Node, what: str, text: str | None = None) -> str | None:
        """Read a name at which a record is to stand: it lies in the zone."""
        name = self.name(node, what, text)
        if name is not None and not is_at_or_below(name, self.zone):
            message = f"{shown(name)} lies outside the zone {shown(self.zone)}"
            self.faults.add(node.place, message)
            return None
        return name

    def host(self, node: Node, text: str | None = None, rule: str = "") -> str | None:
        """Read the name of a host that is elsewhere or here: no address, no service name.

        ``rule``: which rule of lint it breaks where it is none.
        """
        found = reading.text(node, self.faults, "a host") if text is None else text
        if found is None:
            return None
        if reading.is_address(found):
            message = f"{quoted(found)} is an address: write the name of a host (RFC 5321 §5.1)"
            self.faults.add(node.place, message, rule)
            return None
        if found.lower().rstrip(".") == "localhost":
            message = "localhost is every machine itself: write a host's name"
            self.faults.add(node.place, message, rule)
            return None
        name = self.name(node, "a host", found)
        if name is not None and not is_host(name):
            message = f"{shown(name)} is no host's name: letters, digits, hyphens (RFC 1123 §2.1)"
            self.faults.add(node.place, message, rule)
            return None
        return name
