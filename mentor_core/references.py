"""References: the teacher's trajectories, verified, by task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mentor_core.env import ToolEnv
from mentor_core.source import TrajectorySource
from mentor_core.task import Task, TaskKey
from mentor_core.trajectory import Trajectory

__all__ = ["References", "find_references", "verified"]


@dataclass(frozen=True, slots=True)
class References:
    """Verified reference trajectories.

    Attributes:
        of: task → its references; tasks without any are not in it.
        refused: why references were not used → how many.
    """

    of: dict[TaskKey, list[Trajectory]]
    refused: dict[str, int]

    def joined(self, others: References) -> References:
        """These and those of another environment."""
        refused = Counter(self.refused) + Counter(others.refused)
        return References({**self.of, **others.of}, dict(refused))

    def only(self, tasks: Iterable[Task]) -> References:
        """Those of some tasks."""
        return replace(
            self, of={task.key: self.of[task.key] for task in tasks if task.key in self.of}
        )

    def get(self, task: Task) -> list[Trajectory]:
        """The references of a task; [] where there is none."""
        return self.of.get(task.key, [])


def find_references(source: TrajectorySource, tasks: Sequence[Task], env: ToolEnv) -> References:
    """Ask a source about one environment, and keep what `verified` keeps."""
    found = source.find(tasks, env)
    return verified({(env.name, task_id): offered for task_id, offered in found.items()})


def verified(found: Mapping[TaskKey, Iterable[Trajectory]]) -> References:
    """Keep only references whose own outcome was verified.

    Args:
        found: task → what is offered as its references.
    """
    refused: Counter[str] = Counter()
    kept: dict[TaskKey, list[Trajectory]] = {}
    for key, trajectories in found.items():
        for trajectory in trajectories:
            if trajectory.task_key != key:
                refused["of another task"] += 1
            elif trajectory.outcome is None:
                refused["outcome not verified"] += 1
            elif trajectory.outcome < 1.0:
                refused["outcome wrong"] += 1
            else:
                kept.setdefault(key, []).append(trajectory)
    return References(kept, dict(refused))
