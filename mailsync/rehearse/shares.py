"""Which part of the world's resolvers leads mail where, and what is visible beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.reasons import named
from mailsync.rehearse.forecast import Combination, Share
from mailsync.rehearse.resolver import NoAnswer, Resolver
from mailsync.rehearse.services import FOREVER
from mailsync.rehearse.verdict import Evidence, traits

_HOUR, _DAY = 3600, 86400
_LONG_AGO = -400 * _DAY
_BEFORE = 300
"""How long before the switch its minutes begin to be told, in seconds."""

_BRIEF = 72
"""How many characters of an answer are quoted."""

_POINTS_MAX = 240
"""How many instants a picture shows at most."""


def instants(evidence: Evidence, switch: int | None) -> list[int]:
    """Give the instants of the picture: every few hours, and each hour after something changed.

    Around the switch, where there is one, it is every minute.
    """
    step = max(_HOUR, evidence.until // (_POINTS_MAX // 2))
    times = set(range(0, evidence.until + 1, step))
    for at, _, _ in evidence.truth.changes():
        if at >= 0:
            times |= {at, at + 300, *(at + hour * _HOUR for hour in range(1, 7))}
    chosen = sorted(t for t in times if t <= evidence.until)
    chosen = chosen[:: max(1, -(-len(chosen) // _POINTS_MAX))]
    closer = [] if switch is None else range(switch - _BEFORE, switch + _HOUR + 1, 60)
    changed = {at for at, _, _ in evidence.truth.changes() if at >= 0}
    return sorted({*chosen, *changed, *(at for at in closer if at >= 0)})


def around(found: Sequence[Share], start: datetime, switch: int | None) -> tuple[Share, ...]:
    """Give those around the switch; ``start``: second 0."""
    if switch is None:
        return ()
    since, until = (start + timedelta(seconds=switch + s) for s in (-_BEFORE, _HOUR))
    return tuple(share for share in found if since <= share.at <= until)


def first_days() -> list[int]:
    """Give the hours of the first two days."""
    return list(range(0, 2 * _DAY + 1, _HOUR))


def at_times(
    evidence: Evidence, times: Sequence[int], resolvers: int, seed: int
) -> tuple[Share, ...]:
    """Ask so many resolvers at each of the times (seconds) where they lead mail."""
    random = Random(seed)  # noqa: S311  # no secret: one seed replays one story
    crowd = [
        Resolver(traits(random), evidence.truth, lambda servers: servers[0])
        for _ in range(resolvers)
    ]
    # Few resolvers serve much of the mail (Zipf's law); which ones is left to chance.
    weights = [1 / (rank + 1) for rank in range(resolvers)]
    whole = sum(weights)
    # The busiest are asked every few seconds, the quietest about once a day.
    pauses = [int(10 * 8640 ** (rank / resolvers)) for rank in range(resolvers)]
    found = []
    asked = [_LONG_AGO] * resolvers
    visible = _visible(evidence)
    for at in times:
        parts: dict[str, float] = {}
        mail: dict[str, float] = {}
        for index, resolver in enumerate(crowd):
            asked[index] = max(asked[index], at - random.randrange(1, pauses[index] + 1))
            server = _leads_to(evidence, resolver, asked[index], at)
            asked[index] = at
            parts[server] = parts.get(server, 0.0) + 1 / resolvers
            mail[server] = mail.get(server, 0.0) + weights[index] / whole
        time = evidence.start + timedelta(seconds=at)
        found.append(Share(time, parts, mail, _combined(visible, at)))
    return tuple(found)


def _leads_to(evidence: Evidence, resolver: Resolver, earlier: int, at: int) -> str:
    """Say to which server a resolver leads mail at a time; it was last asked at an earlier one."""
    key = (evidence.domain, "MX")
    try:
        resolver.answer(key, earlier)
        answer = resolver.answer(key, at)
        first = _first_host(answer, evidence.domain)
        if first is None:
            return "no mail"
        addresses = sorted(
            value
            for family in ("A", "AAAA")
            if evidence.truth.knows((first, family))
            and (found := resolver.answer((first, family), at)) is not None
            for value in found.values
        )
    except NoAnswer:
        return "no answer"
    if answer is None and not addresses:
        return "no mail"
    name = shown(first)
    return f"{name} ({', '.join(addresses)})" if addresses else name


def _first_host(answer: RRset | None, domain: str) -> str | None:
    if answer is None:
        return domain
    ordered = sorted(answer.values, key=lambda value: int(value.split()[0]))
    host = ordered[0].split()[1]
    return None if host == "." else host


def _combined(visible: Mapping[Key, list[tuple[RRset | None, int, int]]], at: int) -> int:
    """Count the combinations of versions that somebody may see together."""
    product = 1
    for held in visible.values():
        product *= max(1, len({v for v, since, until in held if since <= at < until}))
    return product


def _visible(evidence: Evidence) -> dict[Key, list[tuple[RRset | None, int, int]]]:
    """Give for each RRset that changes its versions, and when somebody may hold them."""
    changing = {key for at, _, key in evidence.truth.changes() if at >= 0}
    found = {}
    for key in sorted(changing):
        spans = []
        for rrset, since, end in evidence.truth.spans(key, 0):
            ttl = min(evidence.truth.negative_ttl, 10800) if rrset is None else rrset.ttl
            life = min(max(ttl, 300), 604800)
            spans.append((rrset, since, FOREVER if end is None else end + life))
        found[key] = spans
    return found


def combinations(evidence: Evidence) -> tuple[Combination, ...]:
    """Say which versions are visible beside the one that replaced them, and for how long."""
    found = []
    for key, spans in _visible(evidence).items():
        for (old, _, until), (new, since, _) in pairwise(spans):
            if until <= since or since < 0:
                continue
            words = f"{named(key)}: {_beside(old, new)}"
            start, end = (evidence.start + timedelta(seconds=s) for s in (since, until))
            found.append(Combination(start, end, words))
    return tuple(sorted(found, key=lambda one: (one.since, one.words)))


def _beside(old: RRset | None, new: RRset | None) -> str:
    """Name two versions by what tells them apart."""
    if old is not None and new is not None and old.values == new.values:
        return f"TTL {old.ttl} beside TTL {new.ttl}"
    values = [set(rrset.values) if rrset is not None else set() for rrset in (old, new)]
    return f"{_said(old, values[1])} beside {_said(new, values[0])}"


def _said(rrset: RRset | None, others: set[str]) -> str:
    if rrset is None:
        return "nothing"
    own = ", ".join(sorted(set(rrset.values) - others) or ["fewer values"])
    brief = own if len(own) <= _BRIEF else f"{own[: _BRIEF - 1]}…"
    return f"{brief} (TTL {rrset.ttl})"
