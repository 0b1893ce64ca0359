"""What is found, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the user should know; an error stops the domain's plan.

    ``where``: ``file:line:column``, or the domain and RRset.
    """

    id: str
    severity: Severity
    message: str
    where: str
