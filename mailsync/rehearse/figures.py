"""Counts many random cutovers: what goes wrong when they are staged, and when made at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailsync.rehearse import drive
from mailsync.rehearse.forecast import Toll
from mailsync.rehearse.scenario import SKEW, Scenario, scenario
from mailsync.rehearse.verdict import judge, violations

_FEWER = 8
"""The contrast needs so many times fewer resolvers than the promise does."""

_EXAMPLES = 10
"""How many messages that went wrong are told."""

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

    def __add__(self, other: Figures) -> Figures:
        """Put the figures of different cutovers together."""
        return Figures(
            self.cutovers + other.cutovers,
            self.runs + other.runs,
            self.staged + other.staged,
            self.at_once + other.at_once,
            self.broken + other.broken,
            self.unfinished + other.unfinished,
            (*self.examples, *other.examples)[:_EXAMPLES],
        )


def figures(seeds: Iterable[int], resolvers: int) -> Figures:
    """Play the scenarios of these seeds, each through so many resolvers."""
    total = Figures()
    for seed in seeds:
        total += of_story(scenario(seed), resolvers)
    return total


def of_story(story: Scenario, resolvers: int) -> Figures:
    """Play one scenario through so many resolvers, staged; and at once, through fewer."""
    world = drive.staged(story)
    evidence = drive.evidence(story, world)
    verdict = judge(evidence, resolvers, story.seed)
    plainly = drive.evidence(story, drive.at_once(story), plainly=True)
    contrast = judge(plainly, max(resolvers // _FEWER, 1), story.seed)
    broken = violations(evidence, slack=2 * SKEW if "clock" in story.troubles else 0)
    said = [*verdict.examples, *(f"{one.at}: {one.words}" for one in broken[:1])]
    return Figures(
        1,
        len(world.runs),
        verdict.toll,
        contrast.toll,
        len(broken),
        int(world.ended != "converged"),
        tuple(f"seed {story.seed} ({story.inbound}): {words}" for words in said),
    )


def _said(toll: Toll) -> str:
    return (
        f"{toll.delivered} messages delivered, {toll.lost} lost, {toll.misdelivered} misdelivered, "
        f"{toll.rejected} refused"
    )
