"""SavedSource: references from files of trajectories, a large model's episodes, say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory, iterate_trajectories
from mentor_core.support.errors import ConfigError

__all__ = ["SavedSource"]


class SavedSource(TrajectorySource):
    """The trajectories that `mentor eval --output FILE` kept, as the teacher's.

    The trajectories are claims: every user of a source replays them (see
    `mentor_runs.assembly.references`).
    """

    files: list[Path] = Field(description="files of trajectories, .jsonl", min_length=1)

    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its trajectories, in the order of the files.

        Raises:
            DataError: a file cannot be read; names file and line.
            ConfigError: no trajectory is of one of the tasks.
        """
        wanted = {task.key for task in tasks}
        found: dict[str, list[Trajectory]] = {}
        seen = 0
        for file in self.files:
            for trajectory in iterate_trajectories(file.expanduser()):
                seen += 1
                if trajectory.task_key in wanted:
                    own = replace(trajectory, source="teacher", tokens=None)
                    found.setdefault(trajectory.task_id, []).append(own)
        if tasks and not found:
            raise ConfigError(
                f"source=saved: none of {seen} trajectories in "
                f"{', '.join(map(str, self.files))} is of a training task of {env.name!r}"
            )
        return found
