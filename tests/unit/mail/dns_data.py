"""A DNS that is plain data: what stands at which name, and which names fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mailsync.dns.answer import VOID, Answer
from mailsync.dns.rrset import canonical, txt_value

Records = Mapping[str, Mapping[str, str | Sequence[str]]]
"""By name (without the final dot), by type: one value or several; a TXT is its text."""


@dataclass
class Data:
    """A `Resolver` that knows these records and no others, and remembers what it was asked."""

    records: Records
    failing: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, name: str, rdtype: str) -> Answer:
        """Answer from the records; aliases are followed."""
        self.asked.append((name, rdtype))
        assert name == name.lower()
        assert name.endswith(".")
        bare = name.removesuffix(".")
        if bare in self.failing:
            return Answer("failed", reason="SERVFAIL")
        if bare in self.unknown:
            return Answer("unknown", reason="not asked")
        here = self.records.get(bare, {})
        if "CNAME" in here and rdtype != "CNAME":
            return self.ask(f"{here['CNAME']}.", rdtype)
        found = here.get(rdtype, ())
        values = (found,) if isinstance(found, str) else tuple(found)
        return Answer("found", tuple(_value(rdtype, v) for v in values)) if values else VOID


def _value(rdtype: str, text: str) -> str:
    return txt_value(text) if rdtype == "TXT" else canonical(rdtype, text)
