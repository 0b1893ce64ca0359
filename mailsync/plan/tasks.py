"""What only a person can do holds the stage before which it has to be done.

The catalogue of services says what; a person says that it is done, in a file that is reviewed.
"""

from __future__ import annotations

from dataclasses import replace

from mailsync.plan.choreography import Scene, task
from mailsync.plan.model import Stage


def held(scene: Scene, stage: Stage) -> Stage:
    """Put the gates of the tasks that are still open before a stage; with any, it is not due."""
    open_ones = tuple(
        gate
        for one in sorted(scene.desired.tasks)
        if one.blocks and one.stage == stage.name
        for gate in task(scene, one.id, one.text)
    )
    if not open_ones:
        return stage
    return replace(stage, state="held", gates=(*stage.gates, *open_ones))
