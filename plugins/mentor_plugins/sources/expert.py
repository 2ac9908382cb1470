"""ExpertSource: references played by the environments' scripted experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_toolkit.scripts import play_expert

__all__ = ["ExpertSource"]


class ExpertSource(TrajectorySource):
    """Plays `ToolEnv.expert` on each task; tasks that have no expert are left out."""

    plays: ClassVar[bool] = True

    seed: int = Field(0, ge=0, description="seed of every episode")
    most: int | None = Field(
        None,
        ge=1,
        description="tasks of each environment to play, the first ones; not set: all",
    )

    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its reference, in a list.

        Raises:
            PluginError: an expert raised, or stopped before its episode ended; names the task.
        """
        played = {task.id: play_expert(env, task, self.seed) for task in tasks[: self.most]}
        return {task_id: [episode] for task_id, episode in played.items() if episode is not None}
