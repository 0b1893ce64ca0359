"""What only a person can do holds the stage before which it has to be done.

The catalogue of services says what; a person says that it is done, in a file that is reviewed.
"""

from __future__ import annotations

from dataclasses import replace

from mailsync.plan.choreography import Scene, task
from mailsync.plan.model import Stage


def held(scene: Scene, stage: Stage) -> Stage:
    """Put the tasks that are still open before a stage as gates; with any that blocks, it waits."""
    mine = [one for one in sorted(scene.desired.tasks) if one.stage == stage.name]
    blocking = tuple(g for one in mine if one.blocks for g in task(scene, one.id, one.text))
    told = tuple(
        replace(gate, name="task", state="unknown")
        for one in mine
        if not one.blocks
        for gate in task(scene, one.id, f"{one.text} (nothing waits for it)")
    )
    found = replace(stage, gates=(*stage.gates, *blocking, *told))
    return replace(found, state="held") if blocking else found
