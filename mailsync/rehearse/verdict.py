"""Judges a rehearsal: what became of every message, and whether every invariant held.

Resolvers are asked at the worst of times: just before a name server begins to serve something else;
messages come just before what was kept then runs out, and in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from random import Random

from mailsync.dns.rrset import Key, RRset
from mailsync.plan import policy as policies
from mailsync.plan.invariants import Broken, Instant, broken
from mailsync.rehearse.forecast import Toll
from mailsync.rehearse.published import Published
from mailsync.rehearse.receivers import Receiver
from mailsync.rehearse.resolver import NoAnswer, Resolver, Traits
from mailsync.rehearse.senders import Fate, Sender
from mailsync.rehearse.services import Servers, Stream, Web

VERIFIER_DELAY = 172800
"""How long after delivery a signature may still be checked, in seconds."""

_DAY = 86400
_PRIMES = 2
"""How many changes each resolver is asked about just before."""


@dataclass(frozen=True)
class Evidence:
    """What happened, as far as mail is concerned; times in seconds from ``start``.

    ``since`` and ``until`` bound the time in which messages are sent. ``timezone`` is for telling.
    ``inbound``: somebody sends to the domain, too.
    """

    domain: str
    zone: str
    truth: Published
    servers: Servers
    web: Web
    streams: Sequence[Stream]
    since: int
    until: int
    start: datetime
    timezone: tzinfo = UTC
    inbound: bool = True


@dataclass
class Verdict:
    """What became of the messages; ``examples`` are the first ``kept`` that went wrong, in words.

    ``deliveries``: for each message to the domain, when and to which host it went.
    """

    delivered: int = 0
    lost: int = 0
    misdelivered: int = 0
    rejected: int = 0
    delayed: int = 0
    examples: list[str] = field(default_factory=list)
    deliveries: list[tuple[int, str]] = field(default_factory=list)
    kept: int = 3

    @property
    def toll(self) -> Toll:
        """The counts."""
        return Toll(self.delivered, self.lost, self.misdelivered, self.rejected, self.delayed)

    def wrong(self, evidence: Evidence, at: int, words: str) -> None:
        """Keep an example."""
        if len(self.examples) < self.kept:
            time = (evidence.start + timedelta(seconds=at)).astimezone(evidence.timezone)
            self.examples.append(f"{time:%Y-%m-%d %H:%M:%S %Z}: {words}")


def judge(evidence: Evidence, resolvers: int, seed: int, *, examples: int = 3) -> Verdict:
    """Send messages through so many resolvers, and count what becomes of them.

    ``examples``: how many of those that went wrong are told at most.
    """
    random = Random(seed)  # noqa: S311  # no secret: one seed replays one story
    changes = [change for change in evidence.truth.changes() if evidence.since <= change[0]] or [
        (evidence.since, 0, (evidence.domain, "MX"))
    ]
    keys = sorted(evidence.truth.rrsets())
    verdict = Verdict(kept=examples)
    for _ in range(resolvers):
        _one(evidence, changes, keys, random, verdict)
    return verdict


def traits(random: Random) -> Traits:
    """Give a resolver such as there are: most keep to TTLs, some stretch or cut them."""
    return Traits(
        floor=random.choice((0, 0, 0, 300)),
        cap=random.choice((21600, 86400, 604800, 604800)),
        negative_cap=random.choice((900, 3600, 10800)),
        stale=random.choice((0, 0, 0, _DAY)),
        prefetch=random.random() < 0.25,
    )


def _one(
    evidence: Evidence,
    changes: Sequence[tuple[int, int, Key]],
    keys: Sequence[Key],
    random: Random,
    verdict: Verdict,
) -> None:
    """Follow one resolver: asked before some changes, then used by a sender and a receiver."""
    for at, server, key in sorted(random.choice(changes) for _ in range(_PRIMES)):
        kind = traits(random)

        def choose(up: list[int], server: int = server) -> int:
            return server if server in up else up[0]

        resolver = Resolver(kind, evidence.truth, choose)
        primed = at - random.choice((1, 1, 60, random.randrange(1, _DAY)))
        # Some further RRsets that the resolver happens to have been asked for.
        others = [other for other in keys if random.random() < 0.5]
        for other in (key, *others):
            earlier = primed if other == key else primed - random.randrange(7200)
            try:
                resolver.answer(other, earlier)
            except NoAnswer:
                continue  # the next time, perhaps
        ends = sorted(u for k in (key, *others) if (u := resolver.until(k)) is not None)
        times = {end - 1 for end in ends} | {primed + 1, at + 1, at + random.randrange(1, _DAY)}
        sender = Sender(
            evidence.domain,
            evidence.zone,
            resolver,
            evidence.servers,
            evidence.web,
            queue=random.choice((43200, 345600, 432000)),
            diligent=random.random() < 0.5,
        )
        sender.prepare(primed)
        begin = max(primed, evidence.since)
        for time in sorted(t for t in times if begin <= t <= evidence.until):
            if evidence.inbound:
                _inbound(evidence, sender, time, verdict)
            _outbound(evidence, resolver, time, verdict)


def _inbound(evidence: Evidence, sender: Sender, at: int, verdict: Verdict) -> None:
    fate, when = sender.send(at)
    verdict.deliveries.append((when, sender.went_to))
    if fate is Fate.DELIVERED or fate is Fate.DECLINED:
        verdict.delivered += 1
        verdict.delayed += when > at
        return
    if fate is Fate.MISDELIVERED:
        verdict.misdelivered += 1
    else:
        verdict.lost += 1
    held = sender.resolver.answer((evidence.domain, "MX"), at)
    text = "no MX" if held is None else f"{', '.join(held.values)} (TTL {held.ttl})"
    words = f"mail went to {sender.went_to}, by a resolver holding {text}: {fate.value}"
    verdict.wrong(evidence, at, words)


def _outbound(evidence: Evidence, resolver: Resolver, at: int, verdict: Verdict) -> None:
    receiver = Receiver(evidence.domain, resolver)
    for stream in evidence.streams:
        if not stream.since <= at < stream.until + stream.queue:
            continue
        why = receiver.judges(stream, at)
        if why:
            verdict.rejected += 1
            verdict.wrong(evidence, at, f"mail sent {stream.name} is refused: {why}")
        else:
            verdict.delivered += 1


# ---- Invariants ----------------------------------------------------------------------------------


def violations(evidence: Evidence, slack: int = 0) -> list[Broken]:
    """Judge every invariant whenever something may begin to be wrong.

    ``slack``: by how many seconds clocks were off; answers count as gone so much earlier.
    """
    keys = evidence.truth.rrsets()
    spans = {key: _spans(evidence, key, slack) for key in keys}
    spans[policies.key(evidence.domain)] = _policies(evidence, slack)
    times = {evidence.since, evidence.until}
    times |= {end - 1 for held in spans.values() for _, _, end in held if end is not None}
    times |= {start for held in spans.values() for _, start, _ in held}
    found = []
    for at in sorted(t for t in times if evidence.since <= t <= evidence.until):
        visible = {
            key: tuple(
                dict.fromkeys(
                    v for v, start, end in held if start <= at and (end is None or at < end)
                )
            )
            for key, held in spans.items()
        }
        found += list(broken(_instant(evidence, at, visible)))
    return found


def _instant(
    evidence: Evidence, at: int, visible: Mapping[Key, tuple[RRset | None, ...]]
) -> Instant:
    active = [s for s in evidence.streams if s.proper and s.since <= at < s.until + s.queue]
    chains = {
        host: (chain,)
        for host in evidence.servers.chains
        if (chain := evidence.servers.chain(host, at)) is not None
    }
    return Instant(
        evidence.start + timedelta(seconds=at),
        evidence.domain,
        evidence.zone,
        visible,
        takes=lambda host, address: evidence.servers.takes(host, address, at),
        may_send=tuple(s.spf for s in active if s.spf),
        signed={s.selector: s.key for s in active if s.selector is not None},
        chains=chains,
    )


def _spans(
    evidence: Evidence, key: Key, slack: int = 0
) -> list[tuple[RRset | None, int, int | None]]:
    """Give each version with the times from and until which somebody may hold it."""
    kind = Traits(floor=300)
    found = []
    for server in range(evidence.truth.servers):
        for rrset, start, end in evidence.truth.spans(key, server):
            life = kind.life(rrset, evidence.truth.negative_ttl)
            found.append((rrset, start, None if end is None else end + life - slack))
    return found


def _policies(evidence: Evidence, slack: int) -> list[tuple[RRset | None, int, int | None]]:
    """Give each policy that HTTPS served, for as long as a sender may go by it."""

    def time(second: int) -> datetime:
        return evidence.start + timedelta(seconds=second)

    announcing = _spans(evidence, (f"_mta-sts.{evidence.domain}", "TXT"), slack)
    records = [
        (None if r is None else r.values, time(first), None if gone is None else time(gone))
        for r, first, gone in announcing
    ]
    found: list[tuple[RRset | None, int, int | None]] = []
    for (start, policy), (end, _) in pairwise([*evidence.web.policies, (None, None)]):
        if policy is None or start is None:
            continue
        served = (time(start), None if end is None else time(end))
        for since, until in policies.bound(policy, served, records, timedelta(seconds=_DAY)):
            seconds = None if until is None else int((until - evidence.start).total_seconds())
            begin = int((since - evidence.start).total_seconds())
            found.append((policies.as_rrset(evidence.domain, policy), begin, seconds))
    return found
