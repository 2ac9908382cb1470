"""SavedTeacher: trajectories from files, of `mentor eval --output`, say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.teacher import Attempt, Classroom, Teacher
from mentor_core.contracts.trajectory import iterate_trajectories

__all__ = ["SavedTeacher"]


class SavedTeacher(Teacher):
    """Offers the trajectories of files; the n-th attempt at a task is its n-th trajectory."""

    files: list[Path] = Field(description="files of trajectories, .jsonl", min_length=1)

    @property
    def identity(self) -> dict[str, Any]:
        return {"files": [str(file.expanduser().absolute()) for file in self.files]}

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        """Raises DataError if a file cannot be read; names file and line."""
        wanted = {(attempt.task.key, attempt.number): attempt for attempt in attempts}
        seen: Counter[TaskKey] = Counter()
        for file in self.files:
            for trajectory in iterate_trajectories(file.expanduser()):
                attempt = wanted.get((trajectory.task_key, seen[trajectory.task_key]))
                seen[trajectory.task_key] += 1
                if attempt is not None:
                    room.keep(attempt, replace(trajectory, source="teacher", tokens=None))
