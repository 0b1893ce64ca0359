"""Somebody who types what `mailsync apply` prints into a control panel: here, into BIND.

Nothing is taken from anywhere but the printed steps, as a person has nothing else.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from mailsync.dns.rrset import txt_value

from .primary import Primary

_STEP: Final = re.compile(r"  (\d+)\. (add|change|delete) a record: (\S+) (\S+)\Z")
_FIELD: Final = re.compile(r"     ([^:!]+): (.*)\Z")


@dataclass
class Step:
    """One numbered step, as printed: the fields by their labels, old and new where they differ."""

    action: str
    name: str
    type: str
    fields: dict[str, str] = field(default_factory=dict)

    def value(self, *, new: bool) -> str:
        """The record's value in presentation text, before or after."""
        text = _side(self.fields["VALUE"], new=new)
        if self.type == "MX":
            return f"{_side(self.fields['優先'], new=new)} {text}."
        return txt_value(text) if self.type == "TXT" else text


def _side(text: str, *, new: bool) -> str:
    before, arrow, after = text.partition(" → ")
    return after if arrow and new else before


def printed(text: str) -> list[Step]:
    """Read the steps off what was printed."""
    steps: list[Step] = []
    for line in text.splitlines():
        if begun := _STEP.match(line):
            assert int(begun[1]) == len(steps) + 1
            steps.append(Step(begun[2], f"{begun[3]}.", begun[4]))
        elif steps and (filled := _FIELD.match(line)):
            steps[-1].fields[filled[1]] = filled[2]
    return steps


def types(primary: Primary, zone: str, *steps: Step) -> None:
    """Type steps into the panel, and press what is to be pressed last."""
    for step in steps:
        found = primary.zone(zone).get((step.name, step.type))
        values = set(found.values if found else ())
        if step.action != "add":
            assert step.value(new=False) in values, f"there is no such row: {step}"
            values.discard(step.value(new=False))
        if step.action != "delete":
            values.add(step.value(new=True))
        primary.replace(step.name, step.type, int(_side(step.fields["TTL"], new=True)), *values)
