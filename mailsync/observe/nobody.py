"""The `Observer` of those who have no name servers to ask, or none that may be asked."""

from __future__ import annotations

from collections.abc import Mapping

from mailsync.dns.rrset import Key, RRset
from mailsync.observe.interface import Sighting
from mailsync.plan.live import ServedPolicy
from mailsync.plan.model import Gate


class NoObserver:
    """The `Observer` where there is nobody to ask: what the host lists counts as served."""

    def __init__(self, reason: str = "observe.nameservers is none") -> None:
        """``reason``: why nobody is asked; plans say so."""
        self._reason = reason

    def sight(self, zone: str, expected: Mapping[Key, RRset | None]) -> Sighting:  # noqa: ARG002
        """Take everything as served; nobody was asked."""
        return Sighting()

    def authority(self, zone: str, rrsets: Mapping[Key, RRset]) -> Gate:  # noqa: ARG002
        """Say that nobody was asked, and what that means."""
        return Gate(
            "authority",
            "unknown",
            f"not asked ({self._reason}): what was read back counts as served",
        )

    def policy(self, domain: str) -> ServedPolicy:  # noqa: ARG002
        """Say that nobody looks."""
        return ServedPolicy(detail=f"nobody looks ({self._reason})")
