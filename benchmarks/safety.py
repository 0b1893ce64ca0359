"""What random cutovers do to mail: staged by mailsync, and made at once, side by side.

    python benchmarks/safety.py --cutovers 2000 --resolvers 200
    python benchmarks/safety.py --replay 17

Each cutover is the story of its seed, and the same seeds give the same figures, on however many
cores. `--replay` plays one of them and tells it: what was published when, what happened besides,
and which messages went wrong. Ends with 1 if any message went wrong in a cutover that was staged.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from time import monotonic

from mailsync.dns.ttl import written
from mailsync.plan.reasons import named
from mailsync.rehearse import drive
from mailsync.rehearse.figures import Figures, of_story
from mailsync.rehearse.forecast import Toll
from mailsync.rehearse.scenario import INBOUND, SKEW, Scenario, scenario
from mailsync.rehearse.verdict import Evidence, judge, violations
from mailsync.rehearse.world import Rehearsal

_CHUNK = 8
"""How many cutovers a process is given at a time."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Count many cutovers, or tell one."""
    parser = argparse.ArgumentParser(description="What random cutovers do to mail.")
    parser.add_argument("--cutovers", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--resolvers", type=int, default=200, help="through how many each (200)")
    parser.add_argument("--seed", type=int, default=0, help="the first cutover's seed (0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (cores)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="tell one cutover's story")
    given = parser.parse_args(arguments)
    if given.replay is not None:
        return replay(given.replay, given.resolvers)
    begin = monotonic()
    seeds = range(given.seed, given.seed + given.cutovers)
    by_kind = count(seeds, given.resolvers, max(given.jobs, 1))
    seconds = monotonic() - begin
    total = sum(by_kind.values(), Figures())
    print(
        f"{total.cutovers} cutovers (seeds {seeds.start} to {seeds.stop - 1}), {given.resolvers} "
        f"resolvers each, {total.runs} runs of the engine"
    )
    print("\n".join(table(by_kind)))
    messages = sum(toll.delivered + toll.wrong for toll in (total.staged, total.at_once))
    print(
        f"{total.broken} invariants broken, {total.unfinished} not finished; {seconds:.1f} s with "
        f"{given.jobs} processes, {messages / seconds:,.0f} messages per second"
    )
    print("\n".join(total.examples), end="\n" * bool(total.examples))
    return int(bool(total.staged.wrong or total.broken or total.unfinished))


# ---- Many ----------------------------------------------------------------------------------------


def count(seeds: Sequence[int], resolvers: int, jobs: int) -> dict[str, Figures]:
    """Play the cutovers of these seeds on so many processes; figures by kind."""
    found = dict.fromkeys(INBOUND, Figures())
    for kind, figures in _played(seeds, resolvers, jobs):
        found[kind] += figures
    return found


def _played(seeds: Sequence[int], resolvers: int, jobs: int) -> Iterator[tuple[str, Figures]]:
    one = partial(_one, resolvers)
    if jobs == 1:
        yield from map(one, seeds)
        return
    # Spawned: a fork would share what this process has open, and is no longer anybody's default.
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(one, seeds, _CHUNK)


def _one(resolvers: int, seed: int) -> tuple[str, Figures]:
    story = scenario(seed)
    return story.inbound, of_story(story, resolvers)


_HEADS = ("delivered", "lost", "misled", "refused", "wrong")


def table(by_kind: dict[str, Figures]) -> Iterator[str]:
    """Write one line for each kind of cutover, and one for all."""
    side = "".join(f"{head:>12}" for head in _HEADS)
    yield f"{'':10}{'':>9}{'staged':>60}{'at once':>60}"
    yield f"{'kind':10}{'cutovers':>9}{side}{side}"
    for kind, figures in (*by_kind.items(), ("all", sum(by_kind.values(), Figures()))):
        sides = (_cells(toll) for toll in (figures.staged, figures.at_once))
        yield f"{kind:10}{figures.cutovers:>9}{''.join(sides)}"


def _cells(toll: Toll) -> str:
    counts = (toll.delivered, toll.lost, toll.misdelivered, toll.rejected)
    share = toll.wrong / max(toll.delivered + toll.wrong, 1)
    return "".join(f"{number:>12,}" for number in counts) + f"{share:>12.2%}"


# ---- One -----------------------------------------------------------------------------------------


def replay(seed: int, resolvers: int) -> int:
    """Tell one cutover's story, staged and then made at once."""
    story = scenario(seed)
    print("\n".join(_about(story)))
    wrong = 0
    for heading, plainly in (("staged", False), ("at once", True)):
        world = drive.at_once(story) if plainly else drive.staged(story)
        evidence = drive.evidence(story, world, plainly=plainly)
        verdict = judge(evidence, resolvers, seed, examples=sys.maxsize)
        slack = 2 * SKEW if "clock" in story.troubles else 0
        broken = violations(evidence, slack)
        print(f"\n{heading}: {verdict.toll}")
        print("\n".join(_told(world, evidence)))
        said = [f"{one.at:%Y-%m-%d %H:%M:%S}: {one.invariant}: {one.words}" for one in broken]
        print("".join(f"wrong: {words}\n" for words in _together(verdict.examples)), end="")
        print("".join(f"broken: {words}\n" for words in _together(said)), end="")
        wrong += 0 if plainly else verdict.toll.wrong + len(broken)
    return int(bool(wrong))


def _about(story: Scenario) -> Iterator[str]:
    """Say how the domain is, and how it is to become."""
    yield (
        f"seed {story.seed}: {story.inbound}; {story.servers} name servers, negative TTL "
        f"{story.negative_ttl}, low TTL {story.cutover.ttl}, soak {written(story.cutover.soak)}, "
        f"known for {written(story.known)}; troubles: {', '.join(sorted(story.troubles)) or 'none'}"
    )
    for way, wishes, policy in (
        ("home", story.home, story.home_policy),
        ("away", story.away, story.away_policy),
    ):
        for wish in wishes:
            said = ", ".join(wish.values) or "nothing"
            yield f"{way}: {wish.name} {wish.type} {said} (TTL {wish.ttl})"
        if policy is not None:
            yield f"{way}: policy: mode {policy.mode}, mx {', '.join(policy.mx)}"


def _told(world: Rehearsal, evidence: Evidence) -> Iterator[str]:
    """Tell what happened, in order: what was asked, what was published, how the run ended."""
    events = [(at, 2 if words.startswith("a run") else 0, words) for at, words in world.diary]
    serving: dict[tuple[int, str], list[int]] = {}
    for at, server, key in world.truth.changes():
        rrset = world.truth.served(server, key, at)
        said = "nothing" if rrset is None else f"{', '.join(rrset.values)} (TTL {rrset.ttl})"
        serving.setdefault((at, f"{named(key)}: {said}"), []).append(server)
    for (at, what), servers in serving.items():
        events.append((at, 1, f"{', '.join(f'ns{n}' for n in servers)}: {what}"))
    ends: dict[str, int] = dict(world.servers.host_ends)
    ends |= {f"{host} {one}": at for (host, one), at in world.servers.address_ends.items()}
    events += [(at, 3, f"{server} takes mail for the last time") for server, at in ends.items()]
    for stream in evidence.streams:
        how = stream.spf or stream.name
        how = how if stream.selector is None else f"signing with {stream.selector[0]}"
        events.append((stream.since, 4, f"somebody begins to send {stream.name}: {how}"))
    for at, _, words in sorted((event for event in events if event[0] >= 0), key=_when):
        yield f"{evidence.start + timedelta(seconds=at):%Y-%m-%d %H:%M:%S} {words}"


def _when(event: tuple[int, int, str]) -> tuple[int, int]:
    return event[:2]


def _together(examples: Sequence[str]) -> Iterator[str]:
    """Tell what went wrong in the same way once: how often, the first and the last time."""
    found: dict[str, list[str]] = {}
    for example in examples:
        time, _, words = example.partition(": ")
        found.setdefault(words, []).append(time)
    for words, times in found.items():
        yield f"{len(times)} times, {min(times)} to {max(times)}: {words}"


if __name__ == "__main__":
    sys.exit(main())
