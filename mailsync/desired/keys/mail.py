"""``mail``: a domain that neither takes nor sends mail (RFC 7505; M3AAWG on parked domains)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Word
from mailsync.desired.tree import Node
from mailsync.dns.rrset import txt_value
from mailsync.mail import mx

SPF = "v=spf1 -all"
DMARC = "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"
NULL_KEY = "v=DKIM1; p="
"""A revoked key under every selector: nothing that claims a signature verifies (RFC 6376 §3.6.1)"""


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``none``; a file's own ``spf`` and ``dmarc`` win over what it stands for."""
    if reading.word(node, context.faults, "value", ("none",)) is None:
        return ()
    domain = context.domain
    return (
        context.wish("mx", (domain, "MX"), (mx.format(mx.NULL),), node.place),
        context.wish("spf", (domain, "TXT"), (txt_value(SPF),), node.place),
        context.wish("dmarc", (f"_dmarc.{domain}", "TXT"), (txt_value(DMARC),), node.place),
        context.wish(
            "null-key", (f"*._domainkey.{domain}", "TXT"), (txt_value(NULL_KEY),), node.place
        ),
    )


KEY = Key(
    "mail",
    "'none': the domain takes and sends no mail. Gives it the null MX, an SPF record that lets "
    "nothing send, a DMARC policy of reject, and a revoked key under every DKIM selector.",
    read,
    shape=Word("value", ("none",)),
    kinds=frozenset({"mx", "spf", "dmarc", "dkim"}),
    example="none",
)
