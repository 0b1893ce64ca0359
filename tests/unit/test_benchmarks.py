"""The benchmarks run, and say what they measure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks import safety
from mailsync.plan import check, holds
from mailsync.rehearse.scenario import INBOUND
from tests.properties.mutants import nothing

if TYPE_CHECKING:
    import pytest


def test_safety_counts_by_kind_staged_beside_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each kind and one for all, with what was lost; then time and speed."""
    assert safety.main(["--cutovers", "12", "--resolvers", "8", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in out.splitlines()}
    assert set(INBOUND) <= set(lines)
    assert sum(int(lines[kind][1]) for kind in INBOUND) == int(lines["all"][1]) == 12
    assert lines["all"][6] == "0.00%"
    assert float(lines["all"][11].rstrip("%")) > 5
    assert re.search(r"0 invariants broken, 0 not finished; .* messages per second\n$", out)


def test_the_same_seeds_give_the_same_figures_on_however_many_cores() -> None:
    """Also when the counting begins elsewhere and is put together."""
    one = safety.count(range(6), 5, 1)
    assert safety.count(range(6), 5, 2) == one
    halves = [safety.count(seeds, 5, 1) for seeds in (range(3), range(3, 6))]
    assert {kind: halves[0][kind] + halves[1][kind] for kind in INBOUND} == one


def test_safety_replays_one_cutover(capsys: pytest.CaptureFixture[str]) -> None:
    """Its files, what was published when, how each run ended, and what at once would lose."""
    assert safety.main(["--replay", "19", "--resolvers", "10"]) == 0
    staged, _, at_once = capsys.readouterr().out.partition("\nat once: ")
    assert staged.startswith("seed 19: stay; 2 name servers")
    assert "\naway: example.test. MX 10 mx.old.example. (TTL 60)\n" in staged
    assert re.search(r"a run is killed before its effect \d+\n", staged)
    assert re.search(r"\d ns0, ns1: _imaps\._tcp\.example\.test\. SRV: 0 1 993 mx\.new", staged)
    assert "somebody begins to send from home: v=spf1 include:_spf.old.example -all" in staged
    assert "wrong: " not in staged
    assert re.search(
        r"^wrong: \d+ times, \S+ \S+ UTC to \S+ \S+ UTC: mail sent from home", at_once, re.MULTILINE
    )
    assert re.search(r"^broken: \d+ times, .*: spf: a receiver holding ", at_once, re.MULTILINE)
    times = [line for line in staged.splitlines() if line.startswith("2026-")]
    assert times == sorted(times, key=lambda line: line[:19])


def test_a_planner_that_loses_mail_fails_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the wait for the new way taken out, messages go wrong, and it says which."""
    monkeypatch.setattr(holds, "_not_ready", nothing)
    monkeypatch.setattr(check, "findings", nothing)
    assert safety.main(["--cutovers", "8", "--resolvers", "8", "--jobs", "1"]) == 1
    seed = re.search(r"^seed (\d+) \(\w+\): ", capsys.readouterr().out, re.MULTILINE)
    assert seed is not None
    assert safety.main(["--replay", seed[1], "--resolvers", "8"]) == 1
