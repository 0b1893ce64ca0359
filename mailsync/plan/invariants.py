"""What must hold at every instant, whatever caches hold: the promise, as predicates.

Each is a function of one `Instant` and gives a `Broken` for every way in which it does not hold.
They are used three times: on every plan before it is shown (`mailsync.plan.check`), on the true
past of a simulated world (`mailsync.rehearse`), and in the documentation, which states them in the
words that stand here.

The combinations of what caches hold are a cross product of versions, RRset by RRset (RFC 2181 §5);
each predicate runs through those of the RRsets that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.mail import dkim, dmarc, mta_sts, ptr, spf
from mailsync.mail import mx as mx_record
from mailsync.mail.spf_hosts import FAMILIES, Hosts, beside
from mailsync.mail.spf_tree import with_terms
from mailsync.plan import policy as policies
from mailsync.plan.reasons import named


def takes_all(_host: str, _address: str | None) -> bool:
    """Say of every server that it takes the domain's mail."""
    return True


@dataclass(frozen=True, slots=True)
class Instant:
    """What somebody may hold, and what the servers do, at one instant.

    ``visible``: for each RRset every version that some resolver may hold (for MTA-STS policies:
    some sender), None being absence; an RRset that is not named is one of which nothing is known.
    ``takes``: whether a host takes the domain's mail at an address; address None: at any.
    ``may_send``: SPF records whose senders may send or have mail queued. ``signed``: the keys under
    which mail on its way is signed, by selector. ``chains``: for a host, the TLSA records that
    match the chain which it presents; several where one of several is presented. ``changing``: the
    RRsets that are being written at this very instant.
    """

    at: datetime
    domain: str
    zone: str
    visible: Mapping[Key, tuple[RRset | None, ...]]
    takes: Callable[[str, str | None], bool] = takes_all
    may_send: tuple[str, ...] = ()
    signed: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    chains: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    changing: frozenset[Key] = frozenset()

    def versions(self, key: Key) -> tuple[RRset | None, ...]:
        """Give the visible versions of an RRset; none where nothing is known of it."""
        return self.visible.get(key, ())


@dataclass(frozen=True, slots=True)
class Broken:
    """One way in which an invariant does not hold; ``words`` go on from "at that time, "."""

    invariant: str
    at: datetime
    rrset: str
    words: str


@dataclass(frozen=True, slots=True)
class Invariant:
    """A predicate, what it states in one sentence, and where that comes from."""

    name: str
    statement: str
    source: str
    check: Callable[[Instant], Iterator[Broken]]


def accept(now: Instant) -> Iterator[Broken]:
    """Every server to which some visible version leads takes the mail."""
    key = (now.domain, "MX")
    for version in now.versions(key):
        if version is None and not _addresses(now, now.domain):
            continue  # no implicit MX either: mail waits, or was never taken
        for host in _hosts(version, now.domain):
            holder = f"a resolver holding {_said(version, key)} would lead mail to {shown(host)}"
            if not now.takes(host, None):
                yield _broken("accept", now, key, f"{holder}, which does not take it")
            else:
                yield from _at_addresses(now, host, holder)


def _at_addresses(now: Instant, host: str, holder: str) -> Iterator[Broken]:
    families = [(host, family) for family in ("A", "AAAA") if (host, family) in now.visible]
    if families and all(None in now.versions(key) for key in families):
        yield _broken("accept", now, families[0], f"{holder}, and find no address for it")
    for key in families:
        for version in now.versions(key):
            for address in version.values if version is not None else ():
                if not now.takes(host, address):
                    words = f"{holder}, and on to {address}, which does not take it"
                    yield _broken("accept", now, key, words)


def sender_policy(now: Instant) -> Iterator[Broken]:
    """Everybody who sends for the domain, or has mail queued, passes SPF."""
    for held, whole in who_may_send(now):
        for text in now.may_send:
            if whole is None or not _covers(whole, text):
                said = held or "no SPF record"
                words = f"a receiver holding {said} would not let those send whom {text} lets"
                yield _broken("spf", now, (now.domain, "TXT"), words)


def who_may_send(now: Instant) -> Iterator[tuple[str, str | None]]:
    """Give each visible SPF record as it is held, and with what it includes written out.

    None: whoever holds it gives up, or holds none.
    """
    for version in now.versions((now.domain, "TXT")):
        texts = [txt_text(v) for v in version.values] if version is not None else []
        held = [text for text in texts if spf.is_spf(text)]
        yield ", ".join(held), _with_included(held[0], now) if len(held) == 1 else None


def signatures(now: Instant) -> Iterator[Broken]:
    """The key of every signature on its way is the only one that is visible at its selector."""
    for key, values in now.signed.items():
        for version in now.versions(key):
            if version is None or not _same_keys(version.values, values):
                said = _said(version, key)
                words = f"a receiver holding {said} could not verify mail that is on its way"
                yield _broken("dkim", now, key, words)


def enforcement(now: Instant) -> Iterator[Broken]:
    """While some visible DMARC policy enforces, whoever sends passes what it builds on."""
    key = (f"_dmarc.{now.domain}", "TXT")
    failing = next(sender_policy(now), None)
    if failing is None or not _unsigned(now):
        return  # DMARC asks for one of the two (RFC 9989 §4)
    for version in now.versions(key):
        if version is not None and _enforces(version):
            words = (
                f"a receiver holding {_said(version, key)} would refuse mail, as {failing.words}"
            )
            yield _broken("dmarc", now, key, words)


def transport_policy(now: Instant) -> Iterator[Broken]:
    """Every MTA-STS policy that some sender may enforce permits every host of every visible MX."""
    for kept in now.versions(policies.key(now.domain)):
        if kept is None:
            continue
        policy = policies.of_rrset(kept)
        if policy.mode != "enforce":
            continue
        for version in now.versions((now.domain, "MX")):
            for host in _hosts(version, now.domain):
                if not mta_sts.permits(policy, host):
                    patterns = ", ".join(policy.mx)
                    words = (
                        f"a sender holding an MTA-STS policy for {patterns} would not deliver to "
                        f"{shown(host)}"
                    )
                    yield _broken("mta-sts", now, (now.domain, "MX"), words)


def certificates(now: Instant) -> Iterator[Broken]:
    """Every visible TLSA version matches whatever chain its host presents."""
    for host, chains in now.chains.items():
        key = (f"_25._tcp.{host}", "TLSA")
        for version in now.versions(key):
            if version is None:
                continue
            for chain in chains:
                if not _matches(version.values, chain):
                    words = (
                        f"a sender holding {_said(version, key)} would not deliver to "
                        f"{shown(host)}, whose certificate matches none of it"
                    )
                    yield _broken("dane", now, key, words)


def reverse_names(now: Instant) -> Iterator[Broken]:
    """Every visible PTR names a host all of whose visible address sets hold the address."""
    for key, versions in now.visible.items():
        if key[1] != "PTR":
            continue
        for version in versions:
            for host in version.values if version is not None else ():
                yield from _not_back(now, key, host)


def delegation(now: Instant) -> Iterator[Broken]:
    """While some resolver may ask name servers that the zone has left, its mail does not change."""
    held = {version.values for version in now.versions((now.zone, "NS")) if version is not None}
    if len(held) > 1:
        for key in sorted(now.changing):
            words = f"a resolver asking the zone's former name servers would not see {named(key)}"
            yield _broken("delegation", now, key, f"{words} change")


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "accept",
        "Every server to which some visible MX version leads, at every visible address, takes the "
        "domain's mail; where absence of MX is visible, that includes the domain's own address.",
        "RFC 5321 §5.1",
        accept,
    ),
    Invariant(
        "spf",
        "Everybody who sends for the domain, or still has mail of its queued, passes every visible "
        "SPF record, with whatever visible records it includes.",
        "RFC 7208 §4, §5.2, RFC 5321 §4.5.4.1",
        sender_policy,
    ),
    Invariant(
        "dkim",
        "While a signature is on its way, the only visible key at its selector is the one that it "
        "was made with.",
        "RFC 6376 §3.1, §6.1.2",
        signatures,
    ),
    Invariant(
        "dmarc",
        "While some visible DMARC policy asks to refuse mail, everybody who sends passes the SPF "
        "and DKIM that it builds on.",
        "RFC 9989 §5",
        enforcement,
    ),
    Invariant(
        "mta-sts",
        "Every MTA-STS policy that some sender may still enforce permits every host of every "
        "visible MX.",
        "RFC 8461 §4.1, §8.1",
        transport_policy,
    ),
    Invariant(
        "dane",
        "Every visible TLSA version has, for each usage, selector and matching type in it, a "
        "record that matches the chain which the host presents.",
        "RFC 7671 §8.1, RFC 7672 §3.1",
        certificates,
    ),
    Invariant(
        "fcrdns",
        "Every visible PTR names a host all of whose visible address sets hold the address.",
        "RFC 1912 §2.1",
        reverse_names,
    ),
    Invariant(
        "delegation",
        "While some resolver may ask name servers that the zone has left, its mail records do not "
        "change.",
        "RFC 7583 §3, RFC 2182 §7",
        delegation,
    ),
)
"""All of them. DNSSEC is not among them: mailsync writes no key, signature or DS."""


def broken(now: Instant) -> Iterator[Broken]:
    """Judge every invariant at one instant."""
    for invariant in INVARIANTS:
        yield from invariant.check(now)


def _broken(invariant: str, now: Instant, key: Key, words: str) -> Broken:
    return Broken(invariant, now.at, named(key), words)


def _hosts(version: RRset | None, domain: str) -> tuple[str, ...]:
    """Give the hosts to which an MX version leads; the null MX leads nowhere (RFC 7505 §3)."""
    if version is None:
        return (domain,)
    named_ones = (mx_record.parse(value).exchange for value in version.values)
    return tuple(host for host in named_ones if host != ".")


def _addresses(now: Instant, host: str) -> bool:
    families = ((host, "A"), (host, "AAAA"))
    return any(version is not None for key in families for version in now.versions(key))


def _said(version: RRset | None, key: Key) -> str:
    if version is None:
        return f"that there is no {named(key)}"
    return f"{', '.join(version.values)} (TTL {version.ttl})"


def _with_included(text: str, now: Instant) -> str | None:
    """Add what a record includes, as it is at worst; None where receivers would give up.

    At worst a receiver holds, of each included record, the version that lets the fewest send: what
    is sure to pass are the terms that every visible version has. Where one of the versions is no
    SPF record at all, the whole is a permanent error (RFC 7208 §5.2).
    """
    missing = []

    def surely(written: str) -> spf.Record | None:
        versions = now.versions((f"{written.lower().rstrip('.')}.", "TXT"))
        if not versions:
            return None
        texts = [[txt_text(v) for v in one.values] if one is not None else [] for one in versions]
        found = [[text for text in of_one if spf.is_spf(text)] for of_one in texts]
        if any(len(of_one) != 1 for of_one in found):
            missing.append(written)
            return None
        first, *others = (of_one[0] for of_one in found)
        terms = [t for t in spf.parse(first).mechanisms if _in_all(t, others)]
        return spf.Record(tuple(terms))

    try:
        whole = beside(spf.format(with_terms(spf.parse(text), surely)), _surely_mx(now))
    except spf.BadSpf:
        return None
    return None if missing else whole


def _surely_mx(now: Instant) -> Hosts:
    """Give the hosts that ``mx`` lets send, whatever MX and addresses a receiver holds."""
    held = [set(_hosts(version, now.domain)) for version in now.versions((now.domain, "MX"))]
    found: set[tuple[str, str]] = set()
    for host in set[str].intersection(*held) if held else ():
        found.add(("a", shown(host)))
        for family, mechanism in FAMILIES:
            versions = now.versions((host, family))
            values = [set(one.values) if one is not None else set[str]() for one in versions]
            found |= {(mechanism, a) for a in (set.intersection(*values) if values else ())}
    return frozenset(found)


def _in_all(term: spf.Mechanism, texts: list[str]) -> bool:
    return term.qualifier != "+" or all(_covers(text, f"v=spf1 {term} -all") for text in texts)


def _covers(held: str, text: str) -> bool:
    try:
        return spf.covers(held, text)
    except spf.BadSpf:
        return False


def _same_keys(held: tuple[str, ...], signed: tuple[str, ...]) -> bool:
    if set(held) == set(signed):
        return True
    try:
        one, other = (dkim.parse(txt_text(values[0])) for values in (held, signed))
    except (dkim.BadDkim, ValueError):
        return False
    return len(held) == len(signed) == 1 and dkim.same_key(one, other)


def _unsigned(now: Instant) -> bool:
    """Tell whether no signature, as far as is known, speaks for the mail."""
    return not now.signed or next(signatures(now), None) is not None


def _enforces(version: RRset) -> bool:
    for value in version.values:
        text = txt_text(value)
        try:
            if dmarc.is_dmarc(text) and any(dmarc.strictness(dmarc.parse(text))):
                return True
        except dmarc.BadDmarc:
            continue
    return False


def _matches(values: tuple[str, ...], chain: frozenset[str]) -> bool:
    forms = {tuple(value.split()[:3]) for value in values}
    matched = {tuple(value.split()[:3]) for value in values if value in chain}
    return forms == matched


def _not_back(now: Instant, key: Key, host: str) -> Iterator[Broken]:
    family = "AAAA" if key[0].endswith(".ip6.arpa.") else "A"
    try:
        address = ptr.address_of(key[0])
    except ptr.BadReverse:
        return  # a PTR may stand at any name; receivers look up addresses
    for version in now.versions((host, family)):
        if version is None or address not in version.values:
            words = (
                f"a receiver that looks up {address} would find {shown(host)}, and there "
                f"{_said(version, (host, family))}"
            )
            yield _broken("fcrdns", now, key, words)
