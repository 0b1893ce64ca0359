"""The oracle can see: every wrong planner is caught, and every hold has a mutant of its own."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from itertools import count, islice
from pathlib import Path

import pytest

import mailsync.plan
from mailsync.desired.model import Cutover
from mailsync.rehearse import drive
from mailsync.rehearse.scenario import TROUBLES, Scenario, scenario
from mailsync.rehearse.verdict import judge, violations
from tests.properties.mutants import EQUIVALENT, MUTANTS, Mutant, wrong

STORIES = 150
"""How many stories a mutant may survive at most before it counts as not caught."""

_WISHES = {"ttl", "lead", "at", "window", "timezone", "old_until", "tasks", "gates"}
"""Terms of a cutover that are the user's wishes: no promise rests on them."""


def stories(mutant: Mutant) -> Iterator[Scenario]:
    """Give the stories in which a mutant shows soonest."""
    for seed in count():
        inbound = mutant.inbound[seed % len(mutant.inbound)] if mutant.inbound else None
        yield scenario(seed, inbound, mutant.troubles or ())


def caught(mutant: Mutant) -> str:
    """Say how a mutant was caught; empty where it was not."""
    for case in mutant.cases:
        try:
            case()
        except (AssertionError, StopIteration, KeyError):
            return f"by {case.__name__}"
    if mutant.cases:
        return ""
    for story in islice(stories(mutant), STORIES):
        world = drive.staged(story)
        evidence = drive.evidence(story, world)
        verdict = judge(evidence, 40, story.seed)
        if verdict.toll.wrong:
            return f"seed {story.seed}: {verdict.examples[0]}"
        if found := violations(evidence):
            return f"seed {story.seed}: {found[0].words}"
    return ""


@pytest.mark.parametrize("name", MUTANTS)
def test_every_wrong_planner_is_caught(name: str) -> None:
    """A message goes wrong, an invariant breaks, or a small story does not hold."""
    with wrong(MUTANTS[name]):
        assert caught(MUTANTS[name])


@pytest.mark.parametrize("name", [n for n, mutant in MUTANTS.items() if not mutant.cases])
def test_its_stories_hold_for_the_planner_as_it_is(name: str) -> None:
    """What catches a mutant is the mutation, not the story."""
    for story in islice(stories(MUTANTS[name]), 5):
        evidence = drive.evidence(story, drive.staged(story))
        assert judge(evidence, 10, story.seed).toll.wrong == 0
        assert violations(evidence) == []


def test_every_hold_has_its_mutant() -> None:
    """Whoever writes a new hold writes the mutant that drops it, or the proof that none can."""
    made = set(_places_of_holds())
    assert made
    assert made == {name for name in (*MUTANTS, *EQUIVALENT) if name in made}, made
    assert set(EQUIVALENT) <= made


def test_the_page_on_safety_counts_them() -> None:
    """As many wrong planners as it says, and no more holds without one."""
    page = (Path(__file__).parents[2] / "docs" / "safety.md").read_text(encoding="utf-8")
    assert f"{len(MUTANTS)} planners, each wrong in one thing" in page
    assert "Three holds have no such planner" in page
    assert len(EQUIVALENT) == 3


def test_every_bound_has_its_mutant() -> None:
    """Each number of a cutover on which the promise rests is got wrong by some mutant."""
    bounds = {field.name for field in fields(Cutover)} - _WISHES
    mutated = {name for name in bounds for mutant in MUTANTS.values() if _shortens(mutant, name)}
    assert mutated == bounds


def test_every_trouble_happens() -> None:
    """The random stories have all of them."""
    seen = {trouble for seed in range(200) for trouble in scenario(seed).troubles}
    assert seen == set(TROUBLES)


def _shortens(mutant: Mutant, name: str) -> bool:
    closure = getattr(mutant.patch, "__closure__", None) or ()
    functions = [cell.cell_contents for cell in closure if callable(cell.cell_contents)]
    cells = [c for f in functions for c in (getattr(f, "__closure__", None) or ())]
    return any(cell.cell_contents == name for cell in cells)


def _places_of_holds() -> Iterator[str]:
    """Give every place of the planner that makes a hold: ``module.function``, the next one ``#2``.

    Wherever the class is named counts, but for annotations, and under its own name only.
    """
    for path in sorted(Path(mailsync.plan.__file__).parent.rglob("*.py")):
        if path.stem == "document":
            continue  # reads saved plans: it makes no hold of its own
        uses = _Uses()
        uses.visit(ast.parse(path.read_text(encoding="utf-8")))
        for scope, times in Counter(uses.found).items():
            place = f"{path.stem}.{scope}"
            yield from (place, *(f"{place}#{number}" for number in range(2, times + 1)))


class _Uses(ast.NodeVisitor):
    """Finds in which functions a hold is made."""

    def __init__(self) -> None:
        self.scope = "module"
        self.found: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # ast's name
        outer, self.scope = self.scope, node.name
        for part in (*node.decorator_list, *node.args.defaults, *node.body):
            self.visit(part)
        self.scope = outer

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # ast's name
        if node.value is not None:
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:  # ast's name
        if node.id == "Hold":
            self.found.append(self.scope)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # ast's name
        if node.attr == "Hold":
            self.found.append(self.scope)
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        assert node.name != "Hold" or node.asname is None, "a hold goes by its own name here"
