"""The promise, with a person in the middle who types late, by halves, wrongly, or never."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.dns.rrset import RRset
from mailsync.plan.live import Capability
from mailsync.plan.model import Stage
from mailsync.plan.panel import Step, steps
from tests.unit.apply.laboratory import AWAY, MX, OLD, Laboratory, at_home
from tests.unit.plan.story import START, ZONE, mx, wish

OLD_HOST = "mx.old.example."
BACKUP = wish("host", "mx2." + ZONE, "A", "192.0.2.11")
WAYS = (
    AWAY,
    (*AWAY[1:], mx("10 mx1.example.jp.", "20 mx2.example.jp."), BACKUP),
    (mx("5 mx.elsewhere.example.", "5 mx2.elsewhere.example."),),
    (mx(OLD),),
)


@dataclass
class Person:
    """Somebody with the last printed steps on the desk, and all that was ever published."""

    life: Laboratory
    random: Random
    paper: list[Step] = field(default_factory=list)
    published: list[tuple[datetime, RRset | None]] = field(default_factory=list)

    def given(self, stage: Stage | None) -> None:
        """Put new steps on the desk; where there are none, the old ones are thrown away."""
        self.paper = [] if stage is None else list(steps(stage.changes))

    def acts(self) -> None:
        """Do nothing, one step, or all; one time in twenty mistype it."""
        count = self.random.choice([0, 0, 1, 1, len(self.paper)])
        for _ in range(min(count, len(self.paper))):
            step = self.paper.pop(self.random.randrange(len(self.paper)))
            if step.key == MX and step.after is None and self.random.random() < 0.5:
                continue
            self.types(step, mistyped=self.random.random() < 0.05)
        self.published.append((self.life.now, self.life.rrsets.get(MX)))

    def types(self, step: Step, *, mistyped: bool) -> None:
        """Change one row in the form."""
        live = self.life.rrsets.get(step.key)
        values = {value for value in (live.values if live else ()) if value != step.before}
        if step.after is not None:
            typo = mistyped and step.key == MX
            values.add("10 typo.example." if typo else step.after)
        ttl = step.ttl_after if step.ttl_after is not None else (live.ttl if live else 60)
        if values:
            self.life.rrsets[step.key] = RRset(*step.key, ttl, tuple(values))
        elif step.key != MX:
            self.life.rrsets.pop(step.key, None)

    def may_ask_the_old_server(self) -> bool:
        """Tell whether some resolver may hold an MX that names the old server now."""
        ends = [at for at, _ in self.published[1:]] + [self.life.now]
        return any(
            rrset is not None
            and any(value.endswith(OLD_HOST) for value in rrset.values)
            and end + timedelta(seconds=rrset.ttl) > self.life.now
            for (_, rrset), end in zip(self.published, ends, strict=True)
        )


@given(
    seed=st.integers(0, 2**32),
    ttl=st.sampled_from([60, 300, 3600, 86400]),
    fixed=st.booleans(),
    way=st.sampled_from(WAYS[:3]),
)
@settings(max_examples=40, deadline=None)
def test_the_old_server_is_let_go_only_when_nobody_asks_for_it(
    seed: int, ttl: int, fixed: bool, way: tuple[object, ...]
) -> None:
    """Whatever the person does, and whenever the file is changed in flight."""
    random = Random(seed)
    can = Capability(
        settable=not fixed,
        ttl_scope="none" if fixed else "rrset",
        write="by-hand",
        panel="a control panel",
    )
    life = Laboratory(rrsets=at_home(ttl), capability=can, now=START, wishes=way)  # type: ignore[arg-type]
    person = Person(life, random, published=[(START, life.rrsets[MX])])
    for _ in range(60):
        if random.random() < 0.03:
            life.wishes = random.choice(WAYS)
        outcome = life.apply()
        person.given(outcome.asked)
        wanted = [w.values for w in life.wishes if w.kind == "mx"]
        leaves = not any(value.endswith(OLD_HOST) for values in wanted for value in values)
        assert outcome.plan is not None
        until = outcome.plan.old_service_until
        if leaves and outcome.state != "failed" and person.may_ask_the_old_server():
            assert until is not None, outcome
            assert until > life.now
        life.passes(random.choice(["1m", "5m", "1h", "7h", "1d"]))
        person.acts()
        life.passes(random.choice(["1m", "20m", "3h"]))
        person.published.append((life.now, life.rrsets.get(MX)))
