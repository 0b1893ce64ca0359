"""One module per kind of mail change; each is a `Choreography`."""

from __future__ import annotations

from collections.abc import Mapping

from mailsync.desired.model import Kind
from mailsync.plan.choreography import Choreography
from mailsync.plan.kinds import (
    autodiscover,
    bimi,
    dkim,
    dmarc,
    host,
    mta_sts,
    mx,
    ptr,
    record,
    spf,
    srv,
    tls_rpt,
    tlsa,
    verification,
)

CHOREOGRAPHIES: Mapping[Kind, Choreography] = {
    "mx": mx,
    "host": host,
    "spf": spf,
    "dkim": dkim,
    "dmarc": dmarc,
    "mta-sts": mta_sts,
    "tls-rpt": tls_rpt,
    "tlsa": tlsa,
    "srv": srv,
    "ptr": ptr,
    "bimi": bimi,
    "verification": verification,
    "autodiscover": autodiscover,
    "record": record,
    "null-key": record,
}

ROUTING: frozenset[Kind] = frozenset({"mx", "host"})
"""The kinds whose switch moves mail from one server to another."""
