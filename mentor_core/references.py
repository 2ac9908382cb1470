"""References: the teacher's trajectories, verified, by task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mentor_core.env import ToolEnv
from mentor_core.source import TrajectorySource
from mentor_core.task import Task
from mentor_core.trajectory import Trajectory

__all__ = ["References", "find_references", "verified"]


@dataclass(frozen=True, slots=True)
class References:
    """Verified reference trajectories.

    Attributes:
        of: task id → its references; tasks without any are not in it.
        refused: why references were not used → how many.
    """

    of: dict[str, list[Trajectory]]
    refused: dict[str, int]

    def get(self, task: Task) -> list[Trajectory]:
        """The references of a task; [] where there is none."""
        return self.of.get(task.id, [])


def find_references(source: TrajectorySource, tasks: Sequence[Task], env: ToolEnv) -> References:
    """Ask a source, and keep only references whose own outcome was verified."""
    return verified(source.find(tasks, env))


def verified(found: Mapping[str, Iterable[Trajectory]]) -> References:
    """Keep only references whose own outcome was verified.

    Args:
        found: task id → what is offered as its references.
    """
    refused: Counter[str] = Counter()
    kept: dict[str, list[Trajectory]] = {}
    for task_id, trajectories in found.items():
        for trajectory in trajectories:
            if trajectory.task_id != task_id:
                refused["of another task"] += 1
            elif trajectory.outcome is None:
                refused["outcome not verified"] += 1
            elif trajectory.outcome < 1.0:
                refused["outcome wrong"] += 1
            else:
                kept.setdefault(task_id, []).append(trajectory)
    return References(kept, dict(refused))
