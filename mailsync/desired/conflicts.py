"""What one file may not ask for at once, judged on all its wishes together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsync.desired.faults import Faults
from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text
from mailsync.mail import mx, spf

_SHARING = frozenset({"spf", "verification"})
"""Kinds that have values of their own in an RRset which they share."""

_TAKES_MAIL = frozenset({"mx", "host", "dkim", "autodiscover", "mta-sts", "tlsa", "srv"})


def check(wishes: Sequence[Wish], faults: Faults) -> None:
    """Tell of RRsets asked for twice, of CNAMEs with company, and of null MX with senders."""
    _twice(wishes, faults)
    _beside_cname(wishes, faults)
    _below_delegation(wishes, faults)
    _null_mx_sends(wishes, faults)


def check_no_mail(by_key: Sequence[tuple[str, Wish]], no_mail: Wish, faults: Faults) -> None:
    """Tell of keys that want mail beside ``mail: none``; what they remove may well go."""
    for key, wish in by_key:
        if wish.values and wish.kind in _TAKES_MAIL and key not in {"mail", "records"}:
            faults.add(
                wish.place,
                f"{key!r} stands beside 'mail: none' (line {no_mail.place.line}): drop one of them",
            )


def _twice(wishes: Sequence[Wish], faults: Faults) -> None:
    first: dict[tuple[str, str], Wish] = {}
    for wish in wishes:
        earlier = first.setdefault((wish.name, wish.type), wish)
        if earlier is not wish and not {earlier.kind, wish.kind} <= _SHARING:
            faults.add(
                wish.place,
                f"{shown(wish.name)} {wish.type} is asked for twice, first at {earlier.place}",
            )


def _beside_cname(wishes: Sequence[Wish], faults: Faults) -> None:
    """A name with a CNAME has nothing else (RFC 2181 §10.1)."""
    cnames = {wish.name: wish for wish in wishes if wish.type == "CNAME" and wish.values}
    for wish in wishes:
        cname = cnames.get(wish.name)
        if cname is not None and wish.type != "CNAME" and wish.values:
            faults.add(
                wish.place,
                f"{shown(wish.name)} {wish.type} stands beside the CNAME at {cname.place}: "
                "a name with a CNAME has nothing else (RFC 2181 §10.1)",
                "dkim-cname" if "._domainkey." in wish.name else "",
            )


def _below_delegation(wishes: Sequence[Wish], faults: Faults) -> None:
    """What lies below a delegation is its servers' to say, but for their addresses (RFC 1034)."""
    cuts = {wish.name: wish for wish in wishes if wish.type == "NS" and wish.values}
    for wish in wishes if cuts else ():
        cut = next((cuts[name] for name in _above(wish.name) if name in cuts), None)
        if cut is None or not wish.values or wish.type in {"NS", "DS"}:
            continue
        if wish.name in cut.values and wish.type in {"A", "AAAA"}:
            continue
        faults.add(
            wish.place,
            f"{shown(wish.name)} {wish.type} lies in what is delegated at {cut.place}: only the "
            "name servers there can publish it (RFC 1034 §4.2)",
        )


def _above(name: str) -> Iterator[str]:
    """Give a name and all names above it."""
    while name:
        yield name
        name = name.partition(".")[2]


def _null_mx_sends(wishes: Sequence[Wish], faults: Faults) -> None:
    """Who takes no mail sends none: receivers may refuse it (RFC 7505 §4.2)."""
    silent = {
        wish.name: wish
        for wish in wishes
        if wish.kind == "mx" and any(mx.parse(value).is_null for value in wish.values)
    }
    for wish in wishes:
        if wish.kind != "spf" or wish.name not in silent:
            continue
        if any(spf.sends(spf.parse(txt_text(value))) for value in wish.values):
            faults.add(
                wish.place,
                f"SPF lets something send, but {shown(wish.name)} takes no mail (line "
                f"{silent[wish.name].place.line}): receivers refuse such senders; write "
                "'v=spf1 -all' (RFC 7505 §4.2)",
                "null-mx-sends",
            )
