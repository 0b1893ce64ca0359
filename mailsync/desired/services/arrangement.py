"""How the services of one domain stand to each other: who is in front of whom."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync.desired.faults import Faults, quoted
from mailsync.desired.services.demand import Demand


def check(demands: Sequence[Demand], faults: Faults) -> None:
    """Tell what cannot work, whatever the records say.

    Two services that each want the domain's MX are not told here: that is the lint finding
    mx-mixed-services, which can be acknowledged.
    """
    by_name: dict[str, Demand] = {}
    for demand in demands:
        if demand.service in by_name:
            first = by_name[demand.service].place.line
            message = f"{demand.service} stands twice, first at line {first}"
            faults.add(demand.place, message)
        by_name.setdefault(demand.service, demand)
    before = faults.count()
    for demand in by_name.values():
        _check_behind(demand, by_name, faults)
    if faults.count() == before:
        _check_circles(by_name, faults)
    if faults.count() == before:
        _check_gateways(by_name, faults)
        _check_mailboxes(by_name, faults)


def _check_behind(demand: Demand, by_name: dict[str, Demand], faults: Faults) -> None:
    if demand.behind is None or demand.behind_place is None:
        return
    front = by_name.get(demand.behind)
    if not demand.takes_mail:
        message = f"{demand.service} takes no mail: it stands behind nothing"
        faults.add(demand.behind_place, message)
    elif front is None:
        others = ", ".join(name for name in by_name if name != demand.service) or "none"
        message = (
            f"{quoted(demand.behind)} is not among the services of this domain (others here: "
            f"{others}): name the one that takes the mail first"
        )
        faults.add(demand.behind_place, message)
    elif not front.takes_mail:
        message = f"{demand.behind} takes no mail here: nothing stands behind it"
        faults.add(demand.behind_place, message)


def _check_circles(by_name: dict[str, Demand], faults: Faults) -> None:
    for demand in by_name.values():
        if demand.service in _in_front(demand, by_name) and demand.behind_place is not None:
            message = f"{demand.service} stands behind itself: no mail would ever arrive"
            faults.add(demand.behind_place, message)


def _check_gateways(by_name: dict[str, Demand], faults: Faults) -> None:
    """A gateway keeps no mail: something has to stand behind it."""
    served = {demand.behind for demand in by_name.values()}
    for demand in by_name.values():
        if demand.layer != "inbound_gateway" or demand.service in served:
            continue
        mailbox = next((d.service for d in by_name.values() if d.layer == "mailbox"), None)
        at = f"at {mailbox}" if mailbox else "at the mailbox service (mail_server for your own)"
        message = (
            f"nothing stands behind {demand.service}, which keeps no mail: write "
            f"'behind: {demand.service}' {at}"
        )
        faults.add(demand.place, message)


def _check_mailboxes(by_name: dict[str, Demand], faults: Faults) -> None:
    """Two mailbox services behind the same one: who knows which user is where?"""
    mailboxes = [d for d in by_name.values() if d.layer == "mailbox" and d.behind is not None]
    for index, later in enumerate(mailboxes):
        for earlier in mailboxes[:index]:
            if later.behind != earlier.behind:
                continue
            message = (
                f"{earlier.service} and {later.service} both keep the domain's mail behind "
                f"{later.behind}: write 'behind: {earlier.service}' here if {earlier.service} "
                "hands over what is not its own, or the other way round"
            )
            faults.add(later.place, message)


def _in_front(demand: Demand, by_name: dict[str, Demand]) -> list[str]:
    """Name the services in front of one, the nearest first; a circle is walked once."""
    found: list[str] = []
    name = demand.behind
    while name is not None and name not in found:
        found.append(name)
        name = by_name[name].behind
    return found
