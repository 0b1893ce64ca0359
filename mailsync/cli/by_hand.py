"""Steps that a person carries out, where the DNS host has no API: as paper, on stdout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from mailsync.apply.wiring import Worlds
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.plan.model import Plan, Stage


def steps(
    worlds: Worlds, desired: Desired, stages: Iterable[Stage], ahead: ZoneInfo | None = None
) -> Iterator[str]:
    """Write the steps of stages; nothing for a domain whose DNS host has an API.

    ``ahead``: as a plan shows them, with times of that zone; without it they are to be done now.
    """
    from mailsync.hosts.manual import ManualHost
    from mailsync.report.steps import steps_text

    host = worlds.host(desired)
    if isinstance(host, ManualHost):  # pragma: no branch  # nobody else is asked about
        domain, zone = shown(desired.domain), shown(desired.zone)
        for stage in stages:
            yield steps_text(stage, domain, zone, host.panel, ahead)


def to_come(worlds: Worlds, domains: Iterable[Desired], plan: Plan) -> Iterator[str]:
    """Write the steps of all that is due or waits in a plan."""
    planned = {one.domain: one for one in plan.domains}
    for desired in domains:
        one = planned[shown(desired.domain)]
        if any(finding.id == "by-hand" for finding in one.findings):
            yield from steps(worlds, desired, one.stages, ZoneInfo(one.timezone))
