"""The truth: what each authoritative server serves of each RRset, and since when.

Times are whole seconds of the rehearsal's own clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mailsync.dns.rrset import Key, RRset


@dataclass
class Published:
    """What ``servers`` name servers serve; ``negative_ttl`` is what their SOA says (seconds).

    ``down``: for each server the stretches of time in which it does not answer.
    """

    servers: int
    negative_ttl: int = 900
    down: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _times: dict[tuple[int, Key], list[int]] = field(default_factory=dict)
    _versions: dict[tuple[int, Key], list[RRset | None]] = field(default_factory=dict)

    def put(self, key: Key, rrset: RRset | None, at: int, lags: Sequence[int] = ()) -> None:
        """Publish a version at a time; each server serves it ``lags`` (seconds) later.

        A server that is late never goes back: what comes after waits for what came before.
        """
        for server in range(self.servers):
            lag = lags[server] if server < len(lags) else 0
            times = self._times.setdefault((server, key), [])
            versions = self._versions.setdefault((server, key), [])
            times.append(max(at + lag, times[-1] if times else at + lag))
            versions.append(rrset)

    def rrsets(self) -> frozenset[Key]:
        """Give every RRset that was ever published."""
        return frozenset(key for _, key in self._times)

    def knows(self, key: Key) -> bool:
        """Tell whether an RRset was ever published, if only as absent."""
        return (0, key) in self._times

    def served(self, server: int, key: Key, at: int) -> RRset | None:
        """Give what a server serves at a time."""
        times = self._times.get((server, key))
        index = bisect_right(times, at) if times is not None else 0
        return self._versions[server, key][index - 1] if index else None

    def answers(self, server: int, at: int) -> bool:
        """Tell whether a server answers at all."""
        return not any(start <= at < end for start, end in self.down.get(server, ()))

    def answering(self, at: int) -> list[int]:
        """Give the servers that answer at a time."""
        if not self.down:
            return list(range(self.servers))
        return [server for server in range(self.servers) if self.answers(server, at)]

    def spans(self, key: Key, server: int) -> list[tuple[RRset | None, int, int | None]]:
        """Give each version of a server with its first second and the one after its last."""
        times = self._times.get((server, key), [])
        versions = self._versions.get((server, key), [])
        ends: list[int | None] = [*times[1:], *([None] if times else [])]
        return [span for span in zip(versions, times, ends, strict=True) if span[1] != span[2]]

    def changes(self) -> list[tuple[int, int, Key]]:
        """Give every time at which a server begins to serve another version: (at, server, key)."""
        return sorted(
            (at, server, key) for (server, key), times in self._times.items() for at in times[1:]
        )


def published(
    servers: int, rrsets: Mapping[Key, RRset], at: int = 0, absent: Iterable[Key] = ()
) -> Published:
    """Begin with what every server serves from a time on."""
    found = Published(servers)
    for key, rrset in rrsets.items():
        found.put(key, rrset, at)
    for key in absent:
        found.put(key, None, at)
    return found
