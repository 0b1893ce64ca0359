"""A second opinion on what goes wrong, from the RFCs' text: it shares no code with mailsync.

Plain values only. Nothing is clever: at every instant at which something may begin to be wrong,
every combination of what caches may hold is gone through, and each message is led through it.

Whoever asks a name server gets what it serves then, and keeps it for its TTL (RFC 1034 §3.6), some
for five minutes where that is more, nobody for more than seven days (RFC 8767 §4); that there was
nothing, for the negative TTL (RFC 2308 §5), at most three hours (§7.2 recommends one to three).
Each RRset is kept on its own (RFC 2181 §5.3), so that old and new ones meet.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import NamedTuple

Key = tuple[str, str]
Version = tuple[int, int | None, int, tuple[str, ...]]
"""From when until when it is served (None: still is), its TTL, its values; none is absence."""

Policy = tuple[str, int, tuple[str, ...]]
"""An MTA-STS policy: mode, max_age, patterns."""

FLOOR, CAP, NEGATIVE_CAP = 300, 604800, 10800
DAY = 86400
NEVER = 10**12


class Mailer(NamedTuple):
    """Somebody who sends for the domain, or whose mail is on its way, from when until when.

    ``listed`` is the name under which SPF includes its servers, or the term that names its only one
    (``a:HOST``, ``ip4:ADDRESS``); ``signs`` is the RRset of its key and ``key`` what stands there.
    Empty where receivers do not look.
    """

    since: int
    until: int
    listed: str = ""
    signs: Key | None = None
    key: tuple[str, ...] = ()


class Case(NamedTuple):
    """All that happens to a domain. An RRset that is not among ``records`` is somebody else's.

    ``last``: the last second at which a host (or a host at an address) takes the domain's mail; all
    others take it all the time. ``chains``: the TLSA values that match a host's certificate, and
    from when. ``policies``: what HTTPS serves, and from when.
    """

    domain: str
    records: Mapping[Key, Sequence[Version]]
    absence: int = 900
    last: Mapping[str, int] = {}
    chains: Mapping[str, Sequence[tuple[int, frozenset[str]]]] = {}
    policies: Sequence[tuple[int, Policy | None]] = ()
    mailers: Sequence[Mailer] = ()
    begin: int = 0
    end: int = NEVER


def gone(version: Version, absence: int) -> int:
    """Give from when on no cache holds a version any more."""
    _, end, ttl, values = version
    if end is None:
        return NEVER
    if not values:
        return end + min(max(absence, FLOOR), NEGATIVE_CAP)
    return end + min(max(ttl, FLOOR), CAP)


def held(case: Case, key: Key, at: int) -> list[tuple[str, ...]]:
    """Give all that some cache may hold of an RRset."""
    versions = case.records.get(key, ())
    found = [v[3] for v in versions if v[0] <= at < gone(v, case.absence)]
    return list(dict.fromkeys(found))


def instants(case: Case) -> list[int]:
    """Give every time at which something may begin to be wrong, and the last one before that."""
    times = {case.begin, case.end}
    for versions in case.records.values():
        for version in versions:
            times |= {version[0], gone(version, case.absence)}
    times |= set(case.last.values()) | {last + 1 for last in case.last.values()}
    times |= {since for chain in case.chains.values() for since, _ in chain}
    times |= {time for mailer in case.mailers for time in (mailer.since, mailer.until)}
    if case.policies:
        times |= {time + day for time in times for day in (DAY, 2 * DAY)}
        times |= {since for since, _ in case.policies}
        times |= {since + kept[1] for since, kept in case.policies if kept is not None}
    times |= {time - 1 for time in times}
    return sorted(time for time in times if case.begin <= time <= case.end)


def wrong(case: Case, at: int) -> frozenset[str]:
    """Say what may go wrong at one instant, in any combination of what caches hold."""
    keys = sorted(case.records)
    choices = [held(case, key, at) or [()] for key in keys]
    found: set[str] = set()
    enforced = [policy for policy in kept(case, at) if policy[0] == "enforce"]
    for combination in product(*choices):
        seen = dict(zip(keys, combination, strict=True))
        found.update(_inbound(case, seen, enforced, at))
        found.update(_outbound(case, seen, at))
        found.update(_names(seen))
    return frozenset(found)


def everything_wrong(case: Case) -> dict[int, frozenset[str]]:
    """Say what may go wrong, and when."""
    return {at: names for at in instants(case) if (names := wrong(case, at))}


# ---- Mail to the domain (RFC 5321 §5.1) ----------------------------------------------------------


def _inbound(
    case: Case, seen: Mapping[Key, tuple[str, ...]], enforced: Sequence[Policy], at: int
) -> Iterator[str]:
    records = seen.get((case.domain, "MX"))
    if records is None:
        return
    if not records and not any(seen.get((case.domain, family)) for family in ("A", "AAAA")):
        return  # no MX, and no address to take its place: there is no mail server
    hosts = [value.split()[1] for value in records] or [case.domain]
    for host in hosts:
        if host == ".":
            continue  # RFC 7505: no mail is taken, and that is meant
        if not all(_matches(policy, host) for policy in enforced):
            yield "mta-sts"
        families = [seen[host, family] for family in ("A", "AAAA") if (host, family) in seen]
        addresses = [address for family in families for address in family]
        taken = [at <= case.last.get(f"{host} {address}", at) for address in addresses]
        if at > case.last.get(host, at) or not all(taken) or (families and not addresses):
            yield "accept"
        if not _presents(case, host, seen.get((f"_25._tcp.{host}", "TLSA"), ()), at):
            yield "dane"


def _presents(case: Case, host: str, records: tuple[str, ...], at: int) -> bool:
    """RFC 7671 §8.1: of each usage, selector and matching type that is there, one matches."""
    chain = [values for since, values in case.chains.get(host, ()) if since <= at]
    if not chain:
        return True
    kinds = {record.rsplit(" ", 1)[0] for record in records}
    return all(
        any(record in chain[-1] for record in records if record.startswith(kind + " "))
        for kind in kinds
    )


def _matches(policy: Policy, host: str) -> bool:
    """RFC 8461 §4.1: a wildcard stands for exactly one label, the left-most."""
    name = host.rstrip(".")
    return any(
        name.split(".", 1)[-1] == pattern[2:] if pattern.startswith("*.") else name == pattern
        for pattern in policy[2]
    )


def kept(case: Case, at: int) -> list[Policy]:
    """Give every policy that some sender goes by (RFC 8461 §3.3, §5.1).

    It is fetched when a record announces one. It holds for its max_age; at least once a day the
    sender looks at the record, and fetches the policy anew when that has another id. Where there is
    no record any more, the policy that is kept holds.
    """
    found = []
    for (since, policy), (end, _) in pairwise([*case.policies, (NEVER, None)]):
        if policy is not None and any(
            _goes_by(case, announcing, policy[1], (since, end), at)
            for announcing in case.records.get((f"_mta-sts.{case.domain}", "TXT"), ())
        ):
            found.append(policy)
    return list(dict.fromkeys(found))


def _goes_by(
    case: Case, announcing: Version, max_age: int, served: tuple[int, int], at: int
) -> bool:
    """Tell whether some sender, led by that record, fetched the policy and goes by it still."""
    begin = max(served[0], announcing[0])
    # The latest moment: whoever fetched it earlier drops it earlier.
    fetched = min(served[1] - 1, gone(announcing, case.absence) - 1, at)
    if not announcing[3] or fetched < begin or at >= fetched + max_age:
        return False
    same = [
        (version[0], gone(version, case.absence))
        for version in case.records[f"_mta-sts.{case.domain}", "TXT"]
        if version[3] in {(), announcing[3]}
    ]
    looked = fetched
    while looked + DAY <= at:
        # As late as may be, and while the same is seen, or nothing.
        later = [min(looked + DAY, out - 1) for first, out in same if first <= looked + DAY]
        if max(later, default=looked) <= looked:
            return False
        looked = max(later)
    return True


# ---- Mail from the domain ------------------------------------------------------------------------


def _outbound(case: Case, seen: Mapping[Key, tuple[str, ...]], at: int) -> Iterator[str]:
    for mailer in case.mailers:
        if not mailer.since <= at < mailer.until:
            continue
        listed = not mailer.listed or _lists(
            seen.get((case.domain, "TXT")), mailer.listed, _by_mx(case, seen)
        )
        signed = mailer.signs is None or _verifies(seen.get(mailer.signs), mailer.key)
        if not listed:
            yield "spf"
        if not signed:
            yield "dkim"
        passes = (bool(mailer.listed) and listed) or (mailer.signs is not None and signed)
        if not passes and _refuses(seen.get((f"_dmarc.{case.domain}", "TXT"), ())):
            yield "dmarc"


def _by_mx(case: Case, seen: Mapping[Key, tuple[str, ...]]) -> set[str]:
    """Give the terms that say of each server by itself what ``mx`` says of all (RFC 7208 §5.4)."""
    hosts = {value.split()[1] for value in seen.get((case.domain, "MX"), ())}
    addresses = {address for host in hosts for address in seen.get((host, "A"), ())}
    return {f"a:{host.rstrip('.')}" for host in hosts} | {f"ip4:{one}" for one in addresses}


def _lists(values: tuple[str, ...] | None, name: str, by_mx: Container[str]) -> bool:
    """RFC 7208 §4.5, §4.6.2: one record, its terms from left to right, the first match decides."""
    if values is None:
        return True
    records = [text for text in map(_text, values) if text.split(" ")[0] == "v=spf1"]
    if len(records) != 1:
        return False
    for term in records[0].split(" ")[1:]:
        if term in {name, f"include:{name}"} or (term == "mx" and name in by_mx):
            return True
        if term.endswith("all"):
            return term in {"all", "+all"}
    return f"redirect={name}" in records[0].split(" ")


def _verifies(values: tuple[str, ...] | None, key: tuple[str, ...]) -> bool:
    """RFC 6376 §3.6.1: the key data decide, whatever other tags say."""
    if values is None:
        return True
    data = [_tag(value, "p") for value in values]
    return values == key or (all(data) and data == [_tag(value, "p") for value in key])


def _refuses(values: tuple[str, ...]) -> bool:
    """RFC 9989 §4.7: any policy but none."""
    return any(_tag(value, "p") in {"quarantine", "reject"} for value in values)


def _tag(value: str, name: str) -> str:
    pairs = (part.strip().partition("=") for part in _text(value).split(";"))
    return next((text.strip() for tag, _, text in pairs if tag.strip() == name), "")


def _text(value: str) -> str:
    return value.replace('" "', "").strip('"')


# ---- Names of addresses (RFC 1912 §2.1) ----------------------------------------------------------


def _names(seen: Mapping[Key, tuple[str, ...]]) -> Iterator[str]:
    for (owner, rdtype), hosts in seen.items():
        if rdtype != "PTR":
            continue
        address = ".".join(reversed(owner.removesuffix(".in-addr.arpa.").split(".")))
        for host in hosts:
            if (host, "A") in seen and address not in seen[host, "A"]:
                yield "fcrdns"
