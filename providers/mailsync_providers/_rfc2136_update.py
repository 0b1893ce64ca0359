"""From octoDNS changes to one UPDATE message (RFC 2136): its prerequisites and its edits; no I/O.

octoDNS knows a value as text; a server keeps octets, and those of a TXT are cut into
character-strings of someone's choice. So every value is matched with the exact rdata that the zone
transfer showed, and only that rdata, or a wholly new one, is ever put into a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.update
import dns.zone
from dns.rdtypes.txtbase import TXTBase
from octodns.record import Record
from octodns.record.rr import RdataParseError, Rrset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType
    from octodns.record.change import Change
    from octodns.zone import Zone

_BESIDE_CNAME = frozenset({dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.KEY})
"""What may stand beside a CNAME (RFC 4035 §2.5, RFC 3007 §3)."""


class NotAsRead(Exception):  # noqa: N818  # never leaves the provider
    """What a change expects to find is not what was transferred; the text names the RRset."""


class Unwritable(Exception):  # noqa: N818  # never leaves the provider
    """A change that a server would drop silently, or that has no wire form."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one RRset: its rdata as transferred, of which some stays, and what is new.

    ``held`` is empty if there was no such RRset. TTLs are in seconds; ``ttl`` is the new one.
    """

    name: Name
    rdtype: RdataType
    held: tuple[Rdata, ...]
    held_ttl: int
    removed: tuple[Rdata, ...]
    added: tuple[Rdata, ...]
    ttl: int

    @property
    def remaining(self) -> tuple[Rdata, ...]:
        """What the RRset holds in the end."""
        return tuple(rdata for rdata in self.held if rdata not in self.removed) + self.added

    @property
    def rewrites(self) -> bool:
        """Whether values that stay get another TTL."""
        return bool(self.held) and self.ttl != self.held_ttl and bool(self.remaining)

    def __str__(self) -> str:
        return f"{self.name} {dns.rdatatype.to_text(self.rdtype)}"


def octodns_text(zone: Zone, name: Name, rdata: Rdata) -> str | None:
    """Give one value as octoDNS would write it; None if it cannot represent it.

    Both sides of every comparison are made this way: octoDNS lowers names, joins TXT strings and
    orders parameters by rules of its own. A TXT that it does not give back as it was is beyond it:
    octets over 127 (octoDNS 1.22 never returns from writing "é" and a backslash), and an opening
    quotation mark, which it drops, one more each time that a record is copied.
    """
    if isinstance(rdata, TXTBase) and not _octets(rdata).isascii():
        return None
    rdtype = dns.rdatatype.to_text(rdata.rdtype)
    try:
        record = Record.from_rrset(
            zone, Rrset(name.to_text(), rdtype, 0, [rdata.to_text()]), lenient=True
        )
    except RdataParseError:
        return None
    text: str = record.to_rrset().rdatas[0]
    if isinstance(rdata, TXTBase) and _octets(_rdata(name, rdata.rdtype, text)) != _octets(rdata):
        return None
    return text


def _octets(rdata: Rdata) -> bytes:
    """What a TXT says: its character-strings joined (RFC 7208 §3.3)."""
    strings: tuple[bytes, ...] = rdata.strings  # type: ignore[attr-defined]  # TXTBase has them
    return b"".join(strings)


def edit(change: Change, transferred: dns.zone.Zone) -> Edit:
    """Find the exact rdata that a change removes, keeps and adds.

    Values that octoDNS cannot represent are nobody's to remove, and stay. Raises `NotAsRead` if
    the change was not made from this transfer, `Unwritable` for a value without a wire form.
    """
    record, existing, new = change.record, change.existing, change.new
    name = dns.name.from_text(record.fqdn)
    rdtype = dns.rdatatype.from_text(record._type)  # noqa: SLF001  # octoDNS' only name for it
    rdataset = transferred.get_rdataset(name, rdtype)
    held, held_ttl = ((), 0) if rdataset is None else (tuple(rdataset), rdataset.ttl)
    texts = {rdata: octodns_text(record.zone, name, rdata) for rdata in held}
    before = existing.to_rrset().rdatas if existing else []
    after = dict.fromkeys(new.to_rrset().rdatas if new else [])
    if set(before) != set(texts.values()) - {None} or (existing and existing.ttl != held_ttl):
        shown = f"{name} {dns.rdatatype.to_text(rdtype)}"
        raise NotAsRead(f"{shown} is not what the plan started from")
    return Edit(
        name,
        rdtype,
        held,
        held_ttl,
        removed=tuple(r for r, text in texts.items() if text is not None and text not in after),
        added=tuple(_rdata(name, rdtype, text) for text in after if text not in before),
        ttl=new.ttl if new else held_ttl,
    )


def _rdata(name: Name, rdtype: RdataType, text: str) -> Rdata:
    try:
        return dns.rdata.from_text(
            dns.rdataclass.IN, rdtype, text, origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException as error:
        shown = f"{name} {dns.rdatatype.to_text(rdtype)}"
        raise Unwritable(f"{shown}: octoDNS' value has no wire form ({error}): mend it") from None


def check_cnames(edits: Sequence[Edit], transferred: dns.zone.Zone) -> None:
    """Refuse a CNAME beside other data: servers drop such an addition silently (RFC 2136 §3.4.2.2).

    Raises `Unwritable`. A name's other RRsets may go in the same message.
    """
    gone = {(each.name, each.rdtype) for each in edits if not each.remaining}
    for each in edits:
        node = transferred.get_node(each.name)
        if node is None or not each.added:
            continue
        is_cname = each.rdtype == dns.rdatatype.CNAME
        for other in node:
            if other.rdtype in {each.rdtype} | _BESIDE_CNAME or (each.name, other.rdtype) in gone:
                continue
            if is_cname or other.rdtype == dns.rdatatype.CNAME:
                shown = dns.rdatatype.to_text(other.rdtype)
                raise Unwritable(
                    f"{each} cannot stand beside the name's {shown} (RFC 1034 §3.6.2):"
                    " remove one of them"
                )


def update_message(
    edits: Sequence[Edit], transferred: dns.zone.Zone, **tsig: Any
) -> dns.update.UpdateMessage:
    """Write the edits of one zone as one message, which a server carries out whole or not at all.

    Deletions come first, so that a CNAME can make room. Only the apex's NS come the other way
    round, because a server never deletes the last of them (RFC 2136 §3.4.2.4).
    """
    message = dns.update.UpdateMessage(transferred.origin, **tsig)
    edited = {(each.name, each.rdtype) for each in edits}
    for each in edits:
        _require(message, each, edited, transferred)
    late = [e for e in edits if e.name == transferred.origin and e.rdtype == dns.rdatatype.NS]
    for each in edits:
        for rdata in _deleted_first(each, late=each in late):
            message.delete(each.name, rdata)
    for each in edits:
        for rdata in each.remaining if each.rewrites else each.added:
            message.add(each.name, each.ttl, rdata)
    for each in late:
        for rdata in each.removed:
            message.delete(each.name, rdata)
    return message


def _deleted_first(edit: Edit, *, late: bool) -> tuple[Rdata, ...]:
    """Which values have to go before others are added.

    To give a value another TTL, RFC 2136 §3.4.2.2 only asks to add it again, and BIND then changes
    the whole RRset; Knot 3.2 ignores that, and changes it only when a value is really new. Deleted
    and added in one message, both do it. At the apex one NS is enough (and if it is the only one,
    Knot keeps the old TTL).
    """
    if late:
        return edit.held[:1] if edit.rewrites else ()
    return edit.held if edit.rewrites else edit.removed


def _require(
    message: dns.update.UpdateMessage,
    edit: Edit,
    edited: set[tuple[Name, RdataType]],
    transferred: dns.zone.Zone,
) -> None:
    """Ask that the RRset is as transferred (RFC 2136 §2.4.2) or absent still (§2.4.3)."""
    if edit.held:
        # As rdata, not as an Rdataset: the TTL of a prerequisite has to be 0.
        message.present(edit.name, *edit.held)
    elif edit.rdtype == dns.rdatatype.CNAME and transferred.get_node(edit.name) is None:
        message.absent(edit.name)
    else:
        message.absent(edit.name, edit.rdtype)
        cname = (edit.name, dns.rdatatype.CNAME)
        if cname not in edited and edit.added:
            # Had someone put a CNAME here, the addition would be dropped silently (§3.4.2.2).
            message.absent(*cname)
