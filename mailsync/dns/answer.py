"""What a question to the DNS came to, as a plain value; whoever asks stands in a higher room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["found", "void", "failed", "unknown"]
"""``void``: no such name, or none of that type (RFC 7208 §4.6.4 calls it so). ``failed``: the DNS
did not tell. ``unknown``: nobody asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``values`` are canonical presentation texts (`mailsync.dns.rrset`), aliases followed.

    ``reason``: why it failed or is not known, in a few words.
    """

    state: State
    values: tuple[str, ...] = ()
    reason: str = ""


VOID = Answer("void")


class Resolver(Protocol):
    """Answers questions about names; never raises."""

    def ask(self, name: str, rdtype: str) -> Answer:
        """Give what stands at a name (absolute, lower case), aliases followed."""
