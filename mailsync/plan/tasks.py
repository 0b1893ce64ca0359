"""What only a person can do holds the stage before which it has to be done.

The catalogue of services says what; a person says that it is done, in a file that is reviewed. Only
the change that brings a service in waits for its tasks: not a later one, and none at all where the
service has the domain's mail already.
"""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired.model import Task
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.choreography import Scene, task
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import Stage


def held(scene: Scene, stage: Stage) -> Stage:
    """Put the tasks that are still open before a stage as gates; with any that blocks, it waits."""
    mine = [
        one
        for one in sorted(scene.desired.tasks)
        if one.stage == stage.name and _belongs(scene, one)
    ]
    blocking = tuple(g for one in mine if one.blocks for g in task(scene, one.id, one.text))
    told = tuple(
        replace(gate, name="task", state="unknown")
        for one in mine
        if not one.blocks
        for gate in task(scene, one.id, f"{one.text} (nothing waits for it)")
    )
    found = replace(stage, gates=(*stage.gates, *blocking, *told))
    return replace(found, state="held") if blocking else found


def _belongs(scene: Scene, one: Task) -> bool:
    """Tell whether mail is about to be led to a task's hosts, or was led there as is known.

    What is to be done after the switch waits as long as that takes; what is only told, is told
    while the move lasts.
    """
    if not one.hosts:
        return True
    if any(not _leads(scene, key, scene.live.get(key), one) for key in _routes(scene, one)):
        return True
    if one.stage != "settle" or not (one.blocks or scene.in_flight):
        return False
    return any(
        not version.unseen and not _leads(scene, key, version.rrset, one)
        for key in _routes(scene, one)
        for version in scene.history(key).versions
    )


def _routes(scene: Scene, one: Task) -> list[Key]:
    """Give the RRsets that lead mail to a task's hosts, as far as the file names them."""
    return [
        (wish.name, wish.type)
        for wish in scene.desired.wishes
        if (wish.kind == "mx" and wish.name == scene.desired.domain)
        or (wish.kind == "host" and wish.name in one.hosts and wish.values)
    ]


def _leads(scene: Scene, key: Key, rrset: RRset | None, one: Task) -> bool:
    """Tell whether a version of an RRset leads mail where the file wants it.

    A host that is only tried after others is not known to take all mail.
    """
    values = () if rrset is None else rrset.values
    if key[1] == "MX":
        best = min((int(value.split()[0]) for value in values), default=0)
        first = hosts(tuple(value for value in values if int(value.split()[0]) == best))
        return hosts(values) >= set(one.hosts) and not first.isdisjoint(one.hosts)
    wished = (wish.values for wish in scene.desired.wishes if (wish.name, wish.type) == key)
    return any(set(values) == set(these) for these in wished)
