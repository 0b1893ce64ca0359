"""From a change of one RRset to single edits, for APIs that keep one record for each value.

Between two edits resolvers see what there is. So an MX is added before another is removed, and
what must not stand beside its successor (a CNAME, an SPF record, a DKIM key, a null MX) is changed
in place. Whatever comes first: an RRset that is not to go is never without a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dns.name

from mailsync_providers._records import Row, RRsetChange, text_of

if TYPE_CHECKING:
    from dns.rdata import Rdata

_TAG = re.compile(r"v=(spf1|DMARC1|DKIM1|STSv1|TLSRPTv1|BIMI1)(?![^\s;])", re.IGNORECASE)
"""What kind a TXT value is, where two of a kind would void each other (RFC 7208 §4.5 and alike)."""


@dataclass(frozen=True)
class Create:
    """A value that comes."""

    rdata: Rdata
    ttl: int


@dataclass(frozen=True)
class Update:
    """A record that takes another value, another TTL, or both."""

    row: Row
    rdata: Rdata
    ttl: int


@dataclass(frozen=True)
class Delete:
    """A record that goes."""

    row: Row


Edit = Create | Update | Delete


def edits(
    change: RRsetChange, rows: Sequence[Row], *, one_per_preference: bool = False
) -> list[Edit]:
    """Give the edits, in order. ``rows``: those of the RRset that octoDNS can hold.

    ``one_per_preference``: the host keeps no two MX of one preference, not even for a moment.
    """
    wanted = frozenset() if change.after is None else change.after.rdatas
    ttl = 0 if change.after is None else change.after.ttl
    staying: dict[Rdata | None, Row] = {}
    going = []
    for row in rows:
        if row.rdata in wanted and row.rdata not in staying:
            staying[row.rdata] = row
        else:
            going.append(row)
    coming = sorted(wanted - staying.keys(), key=_order)
    if _is_null_mx([*coming, *(row.rdata for row in going)]):
        pairs = list(zip(going, coming, strict=False))[:1]
    elif one_per_preference and change.rdtype == "MX":
        pairs = _paired(going, coming, lambda rdata: rdata.preference)
    elif change.rdtype == "CNAME":
        pairs = list(zip(going, coming, strict=False))
    elif change.rdtype == "TXT":
        pairs = _paired(going, coming, _tag)
    else:
        pairs = []
    replaced = [row for row, _ in pairs]
    creates: list[Edit] = [Create(rdata, ttl) for rdata in coming if rdata not in _news(pairs)]
    updates: list[Edit] = [Update(row, rdata, ttl) for row, rdata in pairs]
    lowered: list[Edit] = [
        Update(row, rdata, ttl)
        for rdata, row in staying.items()
        if rdata is not None and row.ttl != ttl
    ]
    deletes: list[Edit] = [Delete(row) for row in going if row not in replaced]
    if _is_null_mx(coming):
        # A null MX stands alone (RFC 7505 §3): the others go before the last becomes it.
        return [*deletes, *updates, *creates, *lowered]
    return [*updates, *creates, *lowered, *deletes]


def _paired(going: Sequence[Row], coming: Sequence[Rdata], mark: Any) -> list[tuple[Row, Rdata]]:
    """Pair what goes with what comes: first those alike, and of TXT then whatever is left."""
    pairs: list[tuple[Row, Rdata]] = []
    left = list(coming)
    for row in going:
        for rdata in left:
            if mark(row.rdata) == mark(rdata):
                pairs.append((row, rdata))
                left.remove(rdata)
                break
    if mark is _tag:
        unpaired = [row for row in going if row not in [old for old, _ in pairs]]
        pairs += zip(unpaired, left, strict=False)
    return pairs


def _tag(rdata: Any) -> str:
    match = _TAG.match(text_of(rdata))
    return match[1].lower() if match else ""


def _is_null_mx(rdatas: Collection[Any]) -> bool:
    return any(getattr(rdata, "exchange", None) == dns.name.root for rdata in rdatas)


def _news(pairs: Sequence[tuple[Row, Rdata]]) -> list[Rdata]:
    return [rdata for _, rdata in pairs]


def _order(rdata: Rdata) -> bytes:
    return rdata.to_digestable()


def in_order(changes: Sequence[RRsetChange]) -> list[RRsetChange]:
    """Put changes into an order that is safe when somebody looks in between.

    What a CNAME cannot stand beside goes first (RFC 1034 §3.6.2); what MX may name comes before
    the MX do, and what they named goes after them.
    """
    arriving = {change.owner for change in changes if change.after is not None}

    def rank(change: RRsetChange) -> int:
        if change.after is None:
            return 0 if change.owner in arriving else 3
        return 2 if change.rdtype == "MX" else 1

    return sorted(changes, key=rank)
