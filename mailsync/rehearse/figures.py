"""Counts many random cutovers: what goes wrong when they are staged, and when made at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mailsync.rehearse import drive
from mailsync.rehearse.forecast import Toll
from mailsync.rehearse.scenario import SKEW, scenario
from mailsync.rehearse.verdict import judge, violations

_FEWER = 8
"""The contrast needs fewer resolvers than the promise does."""


_NONE = Toll(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of mail in so many cutovers.

    ``broken``: invariants that did not hold at some instant. ``unfinished``: cutovers that did not
    come to their end. ``examples``: the first messages that went wrong when staged, with the seed.
    """

    cutovers: int = 0
    runs: int = 0
    staged: Toll = _NONE
    at_once: Toll = _NONE
    broken: int = 0
    unfinished: int = 0
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in three lines."""
        return (
            f"{self.cutovers} cutovers, {self.runs} runs of the engine, "
            f"{self.broken} invariants broken, {self.unfinished} not finished\n"
            f"staged:  {_said(self.staged)}\nat once: {_said(self.at_once)}"
        )


def figures(seeds: Iterable[int], resolvers: int) -> Figures:
    """Play the scenarios of these seeds, each through so many resolvers."""
    total = Figures()
    for seed in seeds:
        total = _added(total, seed, resolvers)
    return total


def _added(total: Figures, seed: int, resolvers: int) -> Figures:
    story = scenario(seed)
    world = drive.staged(story)
    evidence = drive.evidence(story, world)
    verdict = judge(evidence, resolvers, seed)
    plainly = drive.evidence(story, drive.at_once(story), plainly=True)
    contrast = judge(plainly, max(resolvers // _FEWER, 1), seed)
    broken = violations(evidence, slack=2 * SKEW if "clock" in story.troubles else 0)
    said = [f"seed {seed} ({story.inbound}): {words}" for words in verdict.examples]
    said += [f"seed {seed} ({story.inbound}): {one.at}: {one.words}" for one in broken[:1]]
    finished = world.ended == "converged"
    return replace(
        total,
        cutovers=total.cutovers + 1,
        runs=total.runs + len(world.runs),
        staged=_sum(total.staged, verdict.toll),
        at_once=_sum(total.at_once, contrast.toll),
        broken=total.broken + len(broken),
        unfinished=total.unfinished + (not finished),
        examples=(*total.examples, *said)[:10],
    )


def _sum(one: Toll, other: Toll) -> Toll:
    return Toll(
        one.delivered + other.delivered,
        one.lost + other.lost,
        one.misdelivered + other.misdelivered,
        one.rejected + other.rejected,
        one.delayed + other.delayed,
    )


def _said(toll: Toll) -> str:
    return (
        f"{toll.delivered} messages delivered, {toll.lost} lost, {toll.misdelivered} misdelivered, "
        f"{toll.rejected} refused"
    )
