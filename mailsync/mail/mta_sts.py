"""MTA-STS (RFC 8461): the record that announces a policy, and the policy that HTTPS serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["none", "testing", "enforce"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy (§3.2): ``max_age`` in seconds; ``mx`` are patterns, lower case, no final dot."""

    mode: Mode
    max_age: int
    mx: tuple[str, ...] = ()
